"""Numbers of invoices as credit notes write them: "re-0012" and "# RE-12" are RE-12, if no other invoice is."""

from __future__ import annotations

import unicodedata

import pandas as pd

from saasmetrics.money import agreeing, counted

_SHOWN = 3
_DASHES = r"[‐‑‒–—―−]"


def alike(numbers: pd.Series) -> pd.Series:
    """Return numbers of documents without what people write differently: case, #, leading zeros, RE-12 or RE 12.

    Examples
    --------
    >>> alike(pd.Series(["RE-0012", " #re–12 ", None])).tolist()
    ['re12', 're12', None]
    """
    text = numbers.astype("object")
    plain = text.dropna().astype(str).map(lambda one: unicodedata.normalize("NFKC", one).casefold())
    plain = plain.str.replace(_DASHES, "-", regex=True).str.replace(r"[\s#]+", "", regex=True)
    plain = plain.str.replace(r"(?<=[^\W\d_])[-_/.](?=\d)", "", regex=True)
    plain = plain.str.replace(r"(?<!\d)0+(?=\d)", "", regex=True)
    return plain.reindex(text.index).astype("object").where(text.notna(), None)


def exact(
    cancels: pd.Series, numbers: pd.Series, customers: pd.Series
) -> tuple[pd.Series, list[str]]:
    """Return the numbers that credit notes name as the invoices write them, and in words where they differed.

    Parameters
    ----------
    cancels
        The number that each line names, missing where it names none.
    numbers, customers
        The number of the document and the customer of each line.

    Returns
    -------
    tuple
        The numbers, those that may be several invoices or none as they were, and what was done.

    Examples
    --------
    >>> named, said = exact(pd.Series([None, "re-7"]), pd.Series(["RE-007", "G-1"]), pd.Series(["Ada", "Ada"]))
    >>> named.tolist(), said
    ([None, 'RE-007'], ['1 credit note names an invoice in another spelling (re-7 for RE-007)'])
    """
    text = (
        cancels.astype("object").str.strip() if cancels.notna().any() else cancels.astype("object")
    )
    text = text.where(text.notna() & (text != ""), None)
    known = numbers.astype("object").str.strip()
    strange = text.notna() & ~text.isin(known)
    if not strange.any():
        return text, []
    there = pd.DataFrame(
        {"number": known, "alike": alike(known), "who": customers}
    ).drop_duplicates()
    asked = pd.DataFrame({"alike": alike(text[strange]), "who": customers[strange]})
    found = pd.Series(None, index=asked.index, dtype="object")
    for by in (["alike", "who"], ["alike"]):
        one = there.drop_duplicates(["number", *by])
        one = one[~one.duplicated(by, keep=False)]
        right = asked[by].merge(one, on=by, how="left")["number"].to_numpy()
        found = found.where(found.notna(), pd.Series(right, index=asked.index, dtype="object"))
    found = found[found.notna() & (found != known[found.index])]
    out = text.copy()
    out[found.index] = found
    return out, _said(known[found.index], text[found.index], found)


def _said(notes: pd.Series, written: pd.Series, found: pd.Series) -> list[str]:
    if not len(found):
        return []
    pairs = [f"{old} for {new}" for old, new in zip(written, found, strict=True)]
    first = ", ".join([*dict.fromkeys(pairs)][:_SHOWN]) + (
        ", ..." if len({*pairs}) > _SHOWN else ""
    )
    many = notes.nunique()
    verb = agreeing(many, "names an invoice", "name invoices")
    return [f"{counted(many, 'credit note')} {verb} in another spelling ({first})"]

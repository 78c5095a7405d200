"""Credit notes in a file of their own, beside the invoices: what it is called, its columns, its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.languages import said
from saasmetrics.importers.referenced import may_be_credit
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from saasmetrics.importers.layout import Parts

NOTES = "credit_notes"


def plainly_numbered(fields: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return field -> names of its column, where a file by its name has invoices: "Nummer" is theirs.

    Examples
    --------
    >>> "nummer" in plainly_numbered({"number": ("belegnr",)})["number"]
    True
    """
    return {**fields, "number": (*fields["number"], *said()["plain_numbers"])}


def of_notes(fields: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return field -> names of its column in a file of credit notes, where the number of an invoice comes last.

    Examples
    --------
    >>> of_notes({"number": ("rechnungsnummer",)})["number"][-1]
    'rechnungsnummer'
    """
    own = (*said()["note_numbers"], *said()["plain_numbers"])
    return {**fields, "number": (*own, *fields["number"])}


def column_of_invoices(columns: Iterable[str], fields: Mapping[str, str]) -> dict[str, str]:
    """Return the column of the invoices that are credited, where a file of credit notes calls it like their number.

    Examples
    --------
    >>> column_of_invoices(["nummer", "rechnungsnummer"], {"number": "nummer"})
    {'cancels': 'rechnungsnummer'}
    """
    rest = {*columns} - {*fields.values()}
    named = next((name for name in said()["note_invoices"] if name in rest), None)
    return {"cancels": named} if named and "cancels" not in fields else {}


def beside(files: Parts, invoices: pd.DataFrame, notes: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a file of credit notes that the invoices do not have, with whom and what they credit.

    Parameters
    ----------
    files
        The files, which are told what is left out.
    invoices, notes
        Rows of both, as columns of text.
    """
    label = files.labels["invoices"]
    theirs = may_be_credit(
        invoices["type"], [invoices[name] for name in ("net", "gross", "amount")]
    )
    twice = notes["number"].isin(invoices.loc[theirs, "number"])
    notes = files.keep(NOTES, ~twice, f"that {label} has too", notes)
    notes = notes.assign(customer_id=_whose(files, invoices, notes))
    same = notes["number"].isin(invoices["number"])
    if same.any() and not files.has(NOTES, "cancels"):
        name = files.names[NOTES]["number"]
        files.notes.append(f"{files.labels[NOTES]}: {name!r} names the invoices that are credited")
        number = notes["number"].astype("object")
        notes = notes.assign(
            cancels=number.where(same, None), number=number.where(~same, number + " credit")
        )
    return notes


def _whose(files: Parts, invoices: pd.DataFrame, notes: pd.DataFrame) -> pd.Series:
    """Return the customer of each credit note, by the name that the invoices give it where it has no number."""
    own, theirs = files.given[NOTES], files.given["invoices"]
    named = own.get("customer") == own["customer_id"]
    numbered = theirs.get("customer", theirs["customer_id"]) != theirs["customer_id"]
    who: pd.Series = notes["customer_id"]
    if not (named and numbered):
        return who
    pairs = invoices[["customer", "customer_id"]].drop_duplicates()
    pairs = pairs[~pairs["customer"].duplicated(keep=False)]
    known = who.map(dict(zip(pairs["customer"], pairs["customer_id"], strict=True)))
    if many := int(known.isna().sum()):
        files.notes.append(
            f"{counted(many, 'row')} of {files.labels[NOTES]} {agreeing(many, 'is', 'are')} of a customer whose name "
            f"{files.labels['invoices']} does not have, or has for several"
        )
    return known.fillna(who)


def joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the lines of invoices and credit notes; a file that names no currency has that of the other one."""
    if len(tables) == 1:
        return tables[0]
    invoices, notes = tables
    codes = invoices["currency"].dropna().unique()
    if len(codes) == 1 and invoices["currency"].notna().all() and notes["currency"].isna().all():
        notes = notes.assign(currency=codes[0])
    both = [
        table.astype({"currency": "object", "product": "object", "cancels": "object"})
        for table in (invoices, notes)
    ]
    return pd.concat(both, ignore_index=True)

"""Credit notes that name the invoice that they credit: they take from the months of that invoice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.importers.fields import words
from saasmetrics.importers.languages import said
from saasmetrics.importers.references import alike
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

WHO = ["customer_id", "currency"]
CENT = 0.005
SHOWN = 3
BILLED = ("recurring", "one_time", "usage")
_NOTE = ["number", "cancels", *WHO]
_PERIOD = ["begin", "until", "served"]
_MINUS = r"^\s*[-(−]|-\s*$"


@dataclass(frozen=True)
class Referenced:
    """What credit notes that name an invoice become.

    Parameters
    ----------
    gone
        Rows of the lines that are replaced.
    lines
        What they are replaced by, with the index of the first line that each replaces.
    pairs
        Which note cancels which invoice wholly: number, number_note, what, begin, until, date_note and whose.
    notes
        The rest that was done, in words.
    """

    gone: pd.Index
    lines: pd.DataFrame
    pairs: pd.DataFrame
    notes: list[str]


def referenced(lines: pd.DataFrame) -> Referenced:
    """Return what the credit notes that name an invoice become: lines that take from each month what it was billed.

    Parameters
    ----------
    lines
        Lines of invoices and of credit notes: number, cancels, customer_id, currency, date, amount, what, kind,
        product, begin, until, and whether they say what they serve.
    """
    noted = lines["cancels"].notna() & lines["number"].isin(
        lines.loc[lines["kind"] == "credit", "number"]
    )
    own = lines[noted & (lines["what"] != "tax")]
    bills = lines[~noted & lines["what"].isin(BILLED)]
    known, notes = _known(own, bills)
    own = own[known]
    pieces = bills[bills["number"].isin(own["cancels"])]
    alike = ["number", *WHO, "what", *_PERIOD, "product"]
    groups = pieces.groupby(alike, dropna=False)["amount"].sum().reset_index()
    chosen = _chosen(own, groups)
    taken = _taken(own, chosen)
    first = chosen["note"].map(taken.groupby("note")["row"].min())
    new = _mirrored(chosen.assign(row=first), groups)
    whole = chosen[chosen["whole"]]
    notes += _part(chosen[~chosen["whole"]]) + _too_much(own, groups)
    return Referenced(pd.Index(taken["row"]), new, _wholly(whole, groups), notes)


def _known(own: pd.DataFrame, bills: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    """Whether the invoice that a line names is there and of the same customer; what is not, in words."""
    there = own["cancels"].isin(bills["number"])
    both = own.reset_index().merge(
        bills[["number", *WHO]].drop_duplicates().rename(columns={"number": "cancels"}),
        on=["cancels", *WHO],
    )
    known = own.index.to_series().isin(both["index"])
    notes = []
    for wrong, what in (
        (~there, "an invoice that is not there"),
        (there & ~known, "an invoice of another customer or currency"),
    ):
        some = own[wrong].drop_duplicates("number")
        if len(some):
            notes.append(
                f"{counted(len(some), 'credit note')} {agreeing(len(some), 'names', 'name')} {what} "
                f"({shown(some, 'names')}), so {agreeing(len(some), 'it cancels', 'they cancel')} none and "
                f"{agreeing(len(some), 'counts', 'count')} in {agreeing(len(some), 'its', 'their')} own month; "
                "correct the number, or add the invoice"
            )
    return known, notes


def _chosen(own: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return for each note of which lines of the invoice it takes how much, and which of its own lines say so."""
    billed = groups.groupby(["number", *WHO])["amount"].sum().rename("billed").reset_index()
    kinds = groups.pivot_table(
        index=["number", *WHO], columns="what", values="amount", aggfunc="sum"
    ).reindex(columns=list(BILLED))
    billed = billed.merge(kinds.reset_index(), on=["number", *WHO], how="left")
    credit = own["kind"] == "credit"
    parts = own.assign(
        all=own["amount"],
        credit=own["amount"].where(credit, 0.0),
        undated=own["amount"].where(credit & ~own["served"], 0.0),
    )
    found = parts.groupby(_NOTE, as_index=False).agg(
        {"all": "sum", "credit": "sum", "undated": "sum", "date": "min"}
    )
    found = found.merge(
        billed.rename(columns={"number": "cancels"}), on=["cancels", *WHO], how="left"
    )

    def wholly(of: str, total: str) -> pd.Series:
        return ((found[of] + found[total]).abs() < CENT) & (found[total] > 0)

    cases = [wholly("all", "billed"), *(wholly("credit", what) for what in BILLED)]
    some = found["undated"] < 0
    recurs = some & (found["recurring"] > 0)
    cases += [recurs, some & (found["billed"] > 0)]
    names = ["", *BILLED, "recurring", ""]
    place = np.select(cases, range(len(cases)), -1)
    found = found.assign(place=place, whole=(place >= 0) & (place < len(cases) - 2))
    found = found[found["place"] >= 0]
    found["of"] = found["place"].map(dict(enumerate(names)))
    found["which"] = np.select([found["place"] == 0, found["whole"]], ["all", "credit"], "undated")
    takes = [found["all"], found["credit"]]
    found["takes"] = np.select([found["which"] == "all", found["whole"]], takes, found["undated"])
    return found.assign(note=np.arange(len(found)))


def _taken(own: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of each note that are replaced: all, those of credit, or those of credit without a period."""
    lines = own.reset_index(names="row").merge(chosen[[*_NOTE, "which", "note"]], on=_NOTE)
    credit = lines["kind"] == "credit"
    undated = credit & ~lines["served"]
    which = lines["which"]
    return lines[(which == "all") | (credit & (which == "credit")) | undated]


def _mirrored(chosen: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return what is taken from each period, kind and product of the invoices, in proportion to what they billed."""
    asked = chosen.rename(columns={"number": "number_note"})
    asked = asked[["number_note", "cancels", *WHO, "of", "takes", "row", "whole"]]
    both = asked.merge(groups, left_on=["cancels", *WHO], right_on=["number", *WHO])
    both = both[(both["of"] == "") | (both["of"] == both["what"])]
    total = both.groupby("row")["amount"].transform("sum")
    amount = (both["amount"] * (both["takes"] / total)).round(6)
    rest = both["takes"] - amount.groupby(both["row"]).transform("sum")
    amount += rest.where(~both["row"].duplicated(), 0.0)
    both = both.assign(amount=amount, several=both["row"].duplicated(keep=False))
    return both.set_index("row")[
        ["amount", "begin", "until", "what", "product", "whole", "several"]
    ]


def _wholly(whole: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return which note cancels which invoice, with its period, where it has but one."""
    both = whole.rename(columns={"number": "number_note", "date": "date_note"}).merge(
        groups, left_on=["cancels", *WHO], right_on=["number", *WHO]
    )
    both = both[(both["of"] == "") | (both["of"] == both["what"])]
    # What recurs decides whether a month was given free, so it stands for the invoice.
    both = both.assign(later=both["what"] != "recurring").sort_values("later", kind="stable")
    pairs = both.groupby(["number", "number_note", *WHO], as_index=False, sort=False).agg(
        what=("what", "first"), date_note=("date_note", "first"), begin=("begin", "first"), until=("until", "last"),
        periods=("begin", "nunique"),
    )  # fmt: skip
    one = pairs["periods"] == 1
    return pairs.assign(begin=pairs["begin"].where(one), until=pairs["until"].where(one))


def _part(some: pd.DataFrame) -> list[str]:
    if not len(some):
        return []
    one = "takes a part off the invoice that it names, over its months"
    many = "take a part off the invoices that they name, over their months"
    word = agreeing(len(some), one, many)
    return [f"{counted(len(some), 'credit note')} {word} ({shown(some, 'for')})"]


def _too_much(own: pd.DataFrame, groups: pd.DataFrame) -> list[str]:
    """Say which invoices are credited with more than they billed."""
    credited = own.groupby("cancels")["amount"].sum()
    billed = groups.groupby("number")["amount"].sum().reindex(credited.index)
    some = credited.index[(credited + billed < -CENT).to_numpy()]
    if not len(some):
        return []
    first = ", ".join([*map(str, some[:SHOWN]), *["..."] * (len(some) > SHOWN)])
    msg = f"{counted(len(some), 'invoice')} {agreeing(len(some), 'is', 'are')} credited with more than"
    it = agreeing(len(some), "it", "they")
    return [f"{msg} {it} billed ({first}); look whether a credit note is there twice"]


def shown(some: pd.DataFrame, word: str) -> str:
    """Return the first credit notes, each with the invoice that it names."""
    pairs = zip(some["number"].head(SHOWN), some["cancels"].head(SHOWN), strict=True)
    first = [f"{note} {word} {number}" for note, number in pairs]
    return ", ".join([*first, *["..."] * (len(some) > SHOWN)])


def may_be_credit(types: pd.Series, paid: Iterable[pd.Series]) -> npt.NDArray[np.bool_]:
    """Return which lines are of credit notes by their type, or begin or end with a minus.

    Examples
    --------
    >>> may_be_credit(pd.Series(["Gutschrift", None, None]), [pd.Series(["5", "5-", "5"])]).tolist()
    [True, True, False]
    """
    credit = words(types).isin(said()["credit"]).to_numpy(dtype=bool)
    for amounts in paid:
        text = pa.array(amounts, type=pa.string(), from_pandas=True)
        credit = credit | pc.fill_null(pc.match_substring_regex(text, _MINUS), False).to_numpy(
            zero_copy_only=False
        )
    return credit


def column_of_references(data: pa.Table, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the column whose values on credit notes are numbers of other invoices of the customer, as their field.

    Parameters
    ----------
    data
        Columns of text of a list of invoices.
    fields
        Field -> column of those that are known by their names.
    """
    if "cancels" in fields:
        return {}
    text = {name: data[fields[name]].to_pandas() for name in ("number", "customer_id")}
    paid = [data[fields[name]].to_pandas() for name in ("net", "gross", "amount") if name in fields]
    types = (
        data[fields["type"]].to_pandas()
        if "type" in fields
        else pd.Series(index=text["number"].index)
    )
    credit = may_be_credit(types, paid)
    if not credit.any():
        return {}
    number, who = alike(text["number"]), text["customer_id"]
    known = pd.MultiIndex.from_arrays([number, who])[~credit & number.notna()]
    for name in data.column_names:
        if name in fields.values():
            continue
        named = alike(data[name].filter(credit).to_pandas())
        some = named.notna() & (named != "")
        fits = pd.MultiIndex.from_arrays([named[some], who[credit][some.to_numpy()]]).isin(known)
        if 2 * int(fits.sum()) > int(some.sum()) and named[some][fits].is_unique:
            return {"cancels": name}
    return {}

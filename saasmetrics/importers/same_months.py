"""Credits for days of an invoice that is for whole months: they fall into the months that it falls into.

An invoice of April counts 300 a month, and a credit of 150 for 16 to 30 April, by its days, 304.17: half of April is no
month, and neither is a day of it the same share as one of May.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from saasmetrics.importers.referenced import CENT, WHO, shown
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Days = NDArray[np.datetime64]

_BILLED = ("recurring", "discount")
_PERIOD = ["service_start", "service_end"]


def in_same_months(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Let a credit for days of an invoice of whole months take from these months, each in proportion to its days.

    What is more than the days of a month that it has in part come to goes to the rest of that month, so that a credit
    never takes more from a month than was billed, unless it takes more from all of them.

    Parameters
    ----------
    table
        Lines of invoices: number, cancels, customer_id, currency, amount (credits negative), service_start,
        service_end, kind.

    Returns
    -------
    tuple
        The lines, and what was done in words.

    Examples
    --------
    >>> day = pd.to_datetime
    >>> lines = pd.DataFrame({"number": ["A", "N"], "cancels": [None, "A"], "customer_id": "x", "currency": "EUR",
    ...     "amount": [300.0, -150.0], "service_start": day(["2026-04-01", "2026-04-16"]),
    ...     "service_end": day(["2026-04-30", "2026-04-30"]), "kind": ["recurring", "credit"]})
    >>> in_same_months(lines)[0]["service_start"].dt.date.astype(str).tolist()
    ['2026-04-01', '2026-04-01']
    """
    pairs = _pairs(table.assign(currency=table["currency"].fillna("")))
    if not len(pairs):
        return table, []
    pieces = _pieces(pairs)
    new = table.loc[pieces["row"]].assign(
        amount=pieces["amount"].to_numpy(),
        service_start=pieces["begin"].to_numpy(),
        service_end=pieces["until"].to_numpy(),
    )
    out = pd.concat([table.drop(index=pairs["row"].tolist()), new]).sort_index(kind="stable")
    named = {"number_note": "number", "number": "cancels"}
    some = pairs.drop(columns="cancels").rename(columns=named).drop_duplicates("number")
    one = "is for days of an invoice of whole months, and takes from these months"
    many = "are for days of invoices of whole months, and take from these months"
    word = agreeing(len(some), one, many)
    return out.reset_index(drop=True), [
        f"{counted(len(some), 'credit note')} {word} ({shown(some, 'for')})"
    ]


def _pairs(lines: pd.DataFrame) -> pd.DataFrame:
    """Return credits that have days of their own within an invoice of whole months, each with that invoice."""
    dated = lines["service_start"].notna() & lines["service_end"].notna()
    credit = lines[dated & (lines["kind"] == "credit") & (lines["amount"] < 0)]
    billed = lines[dated & lines["kind"].isin(_BILLED)]
    bills = billed.groupby(["number", *WHO, *_PERIOD], as_index=False)["amount"].sum()
    bills = bills[bills["amount"] > CENT]
    if not len(credit) or not len(bills):
        return credit.head(0)
    bills["extra"] = _extra(bills)
    bills = bills[bills["extra"] >= 0]
    own = [*WHO, "cancels", "number", "amount", *_PERIOD]
    both = credit[own].reset_index(names="row").merge(bills, on=WHO, suffixes=("_note", ""))
    fits = both["cancels"].isna() | (both["cancels"] == both["number"])
    fits &= both["service_start_note"] >= both["service_start"]
    fits &= both["service_end_note"] <= both["service_end"]
    both = both[fits]
    left = ~_whole(
        _days(both["service_start_note"]),
        _days(both["service_end_note"]) + both["extra"].to_numpy(int),
    )
    both = both[left]
    return both[~both["row"].duplicated(keep=False)].reset_index(drop=True)


def _extra(bills: pd.DataFrame) -> NDArray[np.int64]:
    """Return 1 where an invoice of whole months serves its last day, 0 where it does not, -1 for no whole months."""
    begin, until = _days(bills["service_start"]), _days(bills["service_end"])
    return np.select([_whole(begin, until + 1), _whole(begin, until)], [1, 0], -1)


def _days(moments: pd.Series) -> Days:
    return moments.to_numpy().astype("datetime64[D]")


def _later(begin: Days, months: NDArray[np.int64]) -> Days:
    """Return days some months later, on the last day of a month that is shorter."""
    month = begin.astype("datetime64[M]")
    there = month + months
    length = (there + 1).astype("datetime64[D]") - there.astype("datetime64[D]")
    nth = np.minimum(begin - month.astype("datetime64[D]"), length - 1)
    found: Days = there.astype("datetime64[D]") + nth
    return found


def _months(begin: Days, end: Days) -> NDArray[np.int64]:
    found: NDArray[np.int64] = (end.astype("datetime64[M]") - begin.astype("datetime64[M]")).astype(
        int
    )
    return found


def _whole(begin: Days, end: Days) -> NDArray[np.bool_]:
    """Return whether periods are whole months; the end is the first day after them."""
    months = _months(begin, end)
    whole: NDArray[np.bool_] = (months > 0) & (_later(begin, months) == end)
    return whole


def _pieces(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return what each credit takes from each month of its invoice that it has days of."""
    begin, extra = _days(pairs["service_start"]), pairs["extra"].to_numpy(int)
    months = _months(begin, _days(pairs["service_end"]) + extra)
    place = np.repeat(np.arange(len(pairs)), months)
    nth = np.arange(len(place)) - np.repeat(np.cumsum(months) - months, months)
    opens, closes = _later(begin[place], nth), _later(begin[place], nth + 1)
    first = _days(pairs["service_start_note"])[place]
    last = (_days(pairs["service_end_note"]) + extra)[place]
    share = (np.minimum(closes, last) - np.maximum(opens, first)) / (closes - opens)
    pieces = pd.DataFrame(
        {
            "place": place,
            "row": pairs["row"].to_numpy()[place],
            "begin": opens,
            "until": closes - extra[place],
        }
    ).assign(share=np.clip(share, 0.0, 1.0))
    pieces = pieces[pieces["share"] > 0].reset_index(drop=True)
    at = pieces["place"].to_numpy()
    rate = (pairs["amount"].to_numpy(float) / months)[at]
    return pieces.assign(
        amount=-_taken(at, pieces["share"].to_numpy(), rate, -pairs["amount_note"].to_numpy(float))
    )


def _taken(
    at: NDArray[np.int64],
    share: NDArray[np.float64],
    rate: NDArray[np.float64],
    credit: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what is taken from each month: by its days, then from the rest of it, and more than all of it from all."""

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(at, weights=values)[at].astype(float)

    due, room = rate * share, rate * (1 - share)
    wanted = credit[at]
    within = np.minimum(wanted / total(due), 1.0) * due
    over = np.maximum(wanted - total(due), 0.0)
    some = np.where(total(room) > 0, np.minimum(over, total(room)), 0.0)
    more = np.divide(room, total(room), out=np.zeros_like(room), where=total(room) > 0) * some
    taken = (within + more + (over - some) * due / total(due)).round(6)
    rest = wanted - total(taken)
    first = np.r_[True, at[1:] != at[:-1]]
    result: NDArray[np.float64] = taken + np.where(first, rest, 0.0)
    return result

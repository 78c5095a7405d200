"""From invoice lines to spans of MRR: normalized to a month of service, or spread by days to the cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.amounts import currency_rates, scaled
from saasmetrics.engine.columns import days, has, numbers
from saasmetrics.money import MICRO, to_micro

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Pieces = tuple[
        NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], tuple[str, ...]
    ]

NOT_RECURRING = (
    "one_off",
    "one-off",
    "one-time",
    "one_time",
    "setup",
    "service",
    "services",
    "tax",
    "usage",
)
_CENT = MICRO // 100


def invoice_spans(tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str) -> Pieces:
    """Return line, start, end, MRR in micro-units and notes, one element per span."""
    data = tables["invoices"].data
    date = days(data["date"])
    first = _month(date)
    start, end = _days(first), _days(first + 1)
    if has(data, "service_start") and has(data, "service_end"):
        served = np.asarray(
            pc.and_(pc.is_valid(data["service_start"]), pc.is_valid(data["service_end"]))
        )
        extra = 1 if policy.service_end == "inclusive" else 0
        start = np.where(served, days(data["service_start"]), start).astype(np.int32)
        end = np.where(served, days(data["service_end"]) + extra, end).astype(np.int32)
    else:
        served = np.zeros(len(date), bool)
    micro = to_micro(numbers(data["amount"]) * currency_rates(tables, "invoices", as_of, currency))
    line, notes = np.arange(len(date)), []
    if has(data, "kind"):
        other = np.asarray(
            pc.fill_null(pc.is_in(pc.utf8_lower(data["kind"]), pa.array(NOT_RECURRING)), False)
        )
        if other.any():
            notes.append(
                f"{int(other.sum()):,} invoice lines are not recurring and are left out of MRR"
            )
            line = line[~other]
    if policy.recognition == "daily":
        out = _spread(line, start, end, micro)
        notes.append(
            f"{int(served.sum()):,} invoice lines are spread by days over their service dates"
        )
        return (*out, tuple(notes))
    return line, start[line], end[line], _per_month(micro, start, end)[line], tuple(notes)


def _month(day: NDArray[np.int32]) -> NDArray[np.datetime64]:
    return day.astype("datetime64[D]").astype("datetime64[M]")


def _days(month: NDArray[np.datetime64]) -> NDArray[np.int32]:
    return month.astype("datetime64[D]").astype(np.int32)


def _per_month(
    micro: NDArray[np.int64], start: NDArray[np.int32], end: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Divide by the months served: exact where the period is whole months, else by 365/12 days each."""
    first, last = _month(start), _month(end)
    whole = (start - _days(first)) == (end - _days(last))
    months = (last - first).astype(np.int64)
    whole &= months > 0
    length = np.maximum((end - start).astype(np.int64), 1)
    times = np.where(whole, 1, 365)
    parts = np.where(whole, np.maximum(months, 1), 12 * length)
    return scaled(micro, times, parts)


def _spread(
    line: NDArray[np.int64],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    micro: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Spread each line over its calendar months by days, in whole cents that add up to the line.

    The cents left over by rounding down go to the months with the largest remainders, the earliest first.
    """
    begin, until = start[line], np.maximum(end[line], start[line] + 1)
    first = _month(begin)
    months = (_month(until - 1) - first).astype(np.int64) + 1
    piece = np.repeat(np.arange(len(line)), months)
    nth = np.arange(len(piece)) - np.repeat(np.cumsum(months) - months, months)
    month = first[piece] + nth
    open_day, close_day = _days(month), _days(month + 1)
    served = (np.minimum(close_day, until[piece]) - np.maximum(open_day, begin[piece])).astype(
        np.int64
    )
    total = (until - begin).astype(np.int64)[piece]
    cents = ((np.abs(micro[line]) + _CENT // 2) // _CENT)[piece]
    share, rest = cents * served // total, cents * served % total
    left = cents - np.bincount(piece, weights=share, minlength=len(line)).astype(np.int64)[piece]
    order = np.lexsort((nth, -rest, piece))
    rank = np.empty(len(piece), np.int64)
    rank[order] = nth
    share = share + (rank < left)
    return line[piece], open_day, close_day, np.sign(micro[line])[piece] * share * _CENT

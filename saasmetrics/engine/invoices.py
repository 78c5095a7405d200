"""From invoice lines to spans of MRR: normalized to a month of service, or spread by days to the cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.amounts import currency_rates, scaled
from saasmetrics.engine.columns import days, flags, has, numbers
from saasmetrics.money import MICRO, to_micro

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Pieces = tuple[
        NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], tuple[str, ...]
    ]

USAGE = ("usage", "metered", "overage")
NOT_RECURRING = (
    "one_off",
    "one-off",
    "one-time",
    "one_time",
    "setup",
    "service",
    "services",
    "tax",
    *USAGE,
)
REFUND = ("refund", "refunds")
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
    other, notes = of_kind(data, NOT_RECURRING), []
    refund = of_kind(data, REFUND) & (policy.refunds == "ignored")
    for mask, words in ((other, "not recurring"), (refund, "refunds")):
        if mask.any():
            notes.append(f"{int(mask.sum()):,} invoice lines are {words} and are left out of MRR")
    line = np.flatnonzero(~(other | refund))
    if policy.recognition == "daily":
        notes.append(
            f"{int(served.sum()):,} invoice lines are spread by days over their service dates"
        )
    pieces = _recurring(line, start, end, micro, policy)
    if policy.usage != "excluded":
        line, start, end, micro = usage_lines(tables, policy, as_of, currency)
        notes.append(f"{len(line):,} of them are usage charges and count all the same")
        pieces = (
            np.concatenate([pieces[0], line]),
            np.concatenate([pieces[1], start]),
            np.concatenate([pieces[2], end]),
            np.concatenate([pieces[3], micro]),
        )
    return (*pieces, tuple(notes))


def of_kind(data: pa.Table, kinds: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which invoice lines are of some kinds."""
    if not has(data, "kind"):
        return np.zeros(len(data), bool)
    return flags(pc.is_in(pc.utf8_lower(data["kind"]), pa.array(kinds)))


def usage_lines(
    tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Return row, start, end and MRR of usage charges: whole in their month, or a third in each of three."""
    data = tables["invoices"].data
    rows = np.flatnonzero(of_kind(data, USAGE))
    day = days(data["date"])
    if has(data, "service_start"):
        day = np.where(flags(pc.is_valid(data["service_start"])), days(data["service_start"]), day)
    month = _month(day[rows].astype(np.int32))
    micro = to_micro(numbers(data["amount"]) * currency_rates(tables, "invoices", as_of, currency))
    months = 3 if policy.usage == "trailing_mean" else 1
    one = np.ones(len(rows), np.int64)
    return rows, _days(month), _days(month + months), scaled(micro[rows], one, months * one)


def _recurring(
    line: NDArray[np.int64],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    micro: NDArray[np.int64],
    policy: Policy,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    if policy.recognition == "daily":
        return _spread(line, start, end, micro)
    return line, start[line], end[line], _per_month(micro, start, end)[line]


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

"""From invoice lines to spans of MRR: normalized to a month of service, or spread by days to the cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.amounts import currency_rates, scaled
from saasmetrics.engine.columns import days, flags, has, numbers
from saasmetrics.money import MICRO, agreeing, counted, to_micro
from saasmetrics.tables.texts import decode

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
TAX = ("tax", "taxes", "vat", "gst", "sales_tax")
CREDIT = ("credit", "credits", "credit_note", "credit note", "credit_memo", "credit memo")
DISCOUNT = ("discount", "discounts", "coupon", "promotion")
_CENT = MICRO // 100


def invoice_spans(tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str) -> Pieces:
    """Return line, start, end, MRR in micro-units and notes, one element per span."""
    data = tables["invoices"].data
    start, end, served = service(data, policy)
    micro = to_micro(numbers(data["amount"]) * currency_rates(tables, "invoices", as_of, currency))
    other = of_kind(data, NOT_RECURRING)
    refund = of_kind(data, REFUND) & (policy.refunds == "ignored")
    line = np.flatnonzero(~(other | refund))
    pieces, used = _recurring(line, start, end, micro, policy), None
    if policy.usage != "excluded":
        line, start, end, micro = usage_lines(tables, policy, as_of, currency)
        used = len(line)
        pieces = (
            np.concatenate([pieces[0], line]),
            np.concatenate([pieces[1], start]),
            np.concatenate([pieces[2], end]),
            np.concatenate([pieces[3], micro]),
        )
    spread = int(served.sum()) if policy.recognition == "daily" else None
    return (*pieces, tuple(invoice_words(int(other.sum()), int(refund.sum()), spread, used)))


def invoice_words(other: int, refunds: int, spread: int | None, used: int | None) -> list[str]:
    """Return in words how many lines are no MRR, are refunds, are spread by days, and charge for usage.

    None: where they are not spread, or usage does not count.
    """
    one, many = "is {} and is left out of MRR", "are {} and are left out of MRR"
    kinds = ((other, "not recurring", "not recurring"), (refunds, "a refund", "refunds"))
    said = [
        f"{counted(n, 'invoice line')} {agreeing(n, one.format(this), many.format(these))}"
        for n, this, these in kinds
        if n
    ]
    if spread is not None:
        rest = agreeing(spread, "is spread by days over its", "are spread by days over their")
        said.append(f"{counted(spread, 'invoice line')} {rest} service dates")
    if used is not None:
        rest = agreeing(used, "is a usage charge and counts", "are usage charges and count")
        said.append(f"{used:,} of them {rest} all the same")
    return said


def service(
    data: pa.Table, policy: Policy
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Return from which day until which each line serves, and whether it says so; else it serves its month."""
    first = _month(days(data["date"]))
    start, end = _days(first), _days(first + 1)
    if not (has(data, "service_start") and has(data, "service_end")):
        return start, end, np.zeros(len(start), bool)
    served = np.asarray(
        pc.and_(pc.is_valid(data["service_start"]), pc.is_valid(data["service_end"]))
    )
    extra = 1 if policy.service_end == "inclusive" else 0
    start = np.where(served, days(data["service_start"]), start).astype(np.int32)
    end = np.where(served, days(data["service_end"]) + extra, end).astype(np.int32)
    return start, end, served


def of_kind(data: pa.Table, kinds: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which invoice lines are of some kinds."""
    if not has(data, "kind"):
        return np.zeros(len(data), bool)
    return flags(pc.is_in(pc.utf8_lower(decode(data["kind"])), pa.array(kinds)))


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
    return line, start[line], end[line], per_month(micro, start, end)[line]


def _month(day: NDArray[np.int32]) -> NDArray[np.datetime64]:
    return day.astype("datetime64[D]").astype("datetime64[M]")


def _days(month: NDArray[np.datetime64]) -> NDArray[np.int32]:
    return month.astype("datetime64[D]").astype(np.int32)


def per_month(
    micro: NDArray[np.int64], start: NDArray[np.int32], end: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Divide by the months served: exact where the period is whole months, else by 365/12 days each.

    A period that a short month cut is whole too: from 31 January to 28 February, from 28 February to 31 March.
    """
    first, last = _month(start), _month(end)
    begin, until = start - _days(first), end - _days(last)
    short = until == np.minimum(begin, _days(last + 1) - _days(last) - 1)
    long = (start + 1 == _days(first + 1)) & (until >= begin)
    months = (last - first).astype(np.int64)
    whole = (short | long) & (months > 0)
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

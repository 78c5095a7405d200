"""Findings about terms: their length, and terms that overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from saasmetrics.errors import Problem
from saasmetrics.tables.gate.view import Bools, Gate, View
from saasmetrics.tables.schema import SCHEMA

__all__ = [
    "half_service_periods",
    "negative_terms",
    "overlaps_in_customer",
    "overlaps_in_subscription",
    "whole_month_ends",
    "zero_length_terms",
]

_TERMS = (
    ("subscriptions", "start", "end", "end", "exclusive"),
    ("subscriptions", "pause_start", "pause_end", "", "exclusive"),
    ("contracts", "start", "end", "", "exclusive"),
    ("people", "start", "end", "", "exclusive"),
    ("trials", "start", "ended_at", "", "inclusive"),
    ("invoices", "service_start", "service_end", "service_end", "inclusive"),
)
_ENOUGH_ROWS = 5
_FAR = 2**23


def negative_terms(gate: Gate) -> Iterable[Problem]:
    """Terms that end before they start."""
    for view, start, end, _ in _terms(gate):
        yield from view.problem(
            _both(view, start, end) & (view.days(end) < view.days(start)),
            column=f"{start}, {end}",
            rule="ends before it starts",
            remedy="Correct the dates, or drop the rows.",
            code="negative-term",
            severity="error",
            show=(*SCHEMA[view.name].key, "customer_id", start, end),
        )


def zero_length_terms(gate: Gate) -> Iterable[Problem]:
    """Terms that end on the day they start, where the end is the first day without service."""
    for view, start, end, reading in _terms(gate):
        if reading == "inclusive":
            continue
        yield from view.problem(
            _both(view, start, end) & (view.days(end) == view.days(start)),
            column=f"{start}, {end}",
            rule="ends on the day it starts, so it never counts",
            remedy="Nothing to do for cancellations on the first day; else correct the end, or read ends "
            'as the last day of service: policy end="inclusive".',
            code="zero-length-term",
            severity="warning",
            show=(*SCHEMA[view.name].key, "customer_id", start, end),
        )


def half_service_periods(gate: Gate) -> Iterable[Problem]:
    """Invoice lines with only one end of their service period."""
    for view in gate.having("invoices"):
        if not view.has("service_start", "service_end"):
            continue
        yield from view.problem(
            view.valid("service_start") != view.valid("service_end"),
            column="service_start, service_end",
            rule="has only one of the two",
            remedy="Fill in both, or neither: then the line counts in the month of the invoice.",
            code="half-service-period",
            severity="warning",
            show=("invoice_id", "customer_id", "service_start", "service_end"),
        )


def whole_month_ends(gate: Gate) -> Iterable[Problem]:
    """Ends that make whole months only when read the other way round."""
    for view, start, end, reading in _terms(gate):
        if reading not in ("exclusive", "inclusive") or view.name not in (
            "subscriptions",
            "invoices",
        ):
            continue
        if start == "pause_start":
            continue
        rows = np.flatnonzero(_both(view, start, end) & (view.days(end) > view.days(start)))
        first, last = view.days(start)[rows], view.days(end)[rows]
        as_exclusive, as_inclusive = _whole_months(first, last), _whole_months(first, last + 1)
        read, other = (
            (as_inclusive, as_exclusive) if reading == "inclusive" else (as_exclusive, as_inclusive)
        )
        if len(rows) < _ENOUGH_ROWS or int((other & ~read).sum()) * 2 <= len(rows):
            continue
        opposite = "exclusive" if reading == "inclusive" else "inclusive"
        choice = "service_end" if view.name == "invoices" else "end"
        yield from view.problem(
            rows[other & ~read],
            column=end,
            rule=f"makes whole months only if it is {opposite}, and it is read as {reading}",
            remedy=f'If so, say it: book.with_policy({choice}="{opposite}").',
            code=f"end-looks-{opposite}",
            severity="warning",
            show=(*SCHEMA[view.name].key, start, end),
        )


def overlaps_in_subscription(gate: Gate) -> Iterable[Problem]:
    """Terms of one subscription that run at the same time."""
    for view in gate.having("subscriptions"):
        ids = view.table.data["subscription_id"]
        if pc.count_distinct(ids, mode="all").as_py() == view.size:
            continue
        found = _overlaps(view, view.codes("subscription_id"), gate)
        yield from view.problem(
            found.rows,
            column="subscription_id, start, end",
            rule=f"terms of one subscription overlap in {found.pairs:,} pairs",
            remedy=_what_happens(gate) + " End the earlier term where the later one starts.",
            code="overlap-in-subscription",
            severity="warning",
            show=("subscription_id", "customer_id", "start", "end", "amount"),
        )


def overlaps_in_customer(gate: Gate) -> Iterable[Problem]:
    """Subscriptions of one customer that run at the same time."""
    for view in gate.having("subscriptions"):
        found = _overlaps(view, view.codes("customer_id"), gate)
        yield from view.problem(
            found.rows,
            column="customer_id, start, end",
            rule=f"subscriptions of one customer overlap in {found.pairs:,} pairs",
            remedy=_what_happens(gate),
            code="overlap-in-customer",
            severity="note",
            show=("customer_id", "subscription_id", "start", "end", "amount"),
        )


@dataclass(frozen=True)
class _Overlaps:
    rows: npt.NDArray[np.intp]
    pairs: int


def _overlaps(view: View, groups: npt.NDArray[np.int32], gate: Gate) -> _Overlaps:
    """Rows that start while another one of their group runs, and how many pairs run together."""
    start, end = view.days("start").astype(np.int64), _open_ends(view, gate)
    kept = np.flatnonzero(view.valid("start") & (end > start) & (groups >= 0))
    group, start, end = groups[kept].astype(np.int64) << 24, start[kept] + _FAR, end[kept] + _FAR
    starts = group | start
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], (group | end)[order]
    # The group is in the high bits, so the running maximum never reaches into the next group.
    latest = np.maximum.accumulate(ends)
    late = np.flatnonzero(starts[1:] < latest[:-1]) + 1
    late = late[(starts[late] >> 24) == (latest[late - 1] >> 24)]
    if not len(late):
        return _Overlaps(late, 0)
    affected = np.zeros(len(view.names("customer_id")) + view.size + 1, np.bool_)
    affected[starts[late] >> 24] = True
    inside = affected[starts >> 24]
    return _Overlaps(np.sort(kept[order[late]]), _pairs(starts[inside], np.sort(ends[inside])))


def _pairs(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> int:
    """Pairs that run together: for each start, the earlier ones of its group that have not ended."""
    before = np.arange(len(starts))
    ended = np.searchsorted(ends, starts, side="right")
    return int((before - ended).sum())


def _open_ends(view: View, gate: Gate) -> npt.NDArray[np.int64]:
    if not view.has("end"):
        return np.full(view.size, _FAR - 1, np.int64)
    last = 1 if gate.choice("end", "exclusive") == "inclusive" else 0
    ends = view.days("end").astype(np.int64) + last
    return np.where(view.valid("end"), np.minimum(ends, _FAR - 1), _FAR - 1)


def _what_happens(gate: Gate) -> str:
    if gate.choice("overlap", "sum") == "latest":
        return 'The latest counts; policy overlap="sum" adds them up.'
    return 'Their amounts are added up; policy overlap="latest" lets the latest win.'


def _terms(gate: Gate) -> Iterable[tuple[View, str, str, str]]:
    for table, start, end, choice, usual in _TERMS:
        for view in gate.having(table):
            if view.has(start, end):
                yield view, start, end, gate.choice(choice, usual) if choice else usual


def _both(view: View, start: str, end: str) -> Bools:
    return view.valid(start) & view.valid(end)


def _whole_months(first: npt.NDArray[np.int32], after: npt.NDArray[np.int32]) -> Bools:
    """Whether a term from `first` until just before `after` is a whole number of months."""
    start, stop = first.astype("datetime64[D]"), after.astype("datetime64[D]")
    start_month, stop_month = start.astype("datetime64[M]"), stop.astype("datetime64[M]")
    start_day = (start - start_month.astype("datetime64[D]")).astype(np.int64)
    stop_day = (stop - stop_month.astype("datetime64[D]")).astype(np.int64)
    days = ((stop_month + 1).astype("datetime64[D]") - stop_month.astype("datetime64[D]")).astype(
        np.int64
    )
    same = stop_day == np.minimum(start_day, days - 1)
    return np.asarray(same & (stop_month > start_month), np.bool_)

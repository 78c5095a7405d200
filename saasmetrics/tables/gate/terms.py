"""Findings about terms: their length, and terms that overlap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saasmetrics.money import counted
from saasmetrics.tables.findings import SHOWN
from saasmetrics.tables.gate.view import View
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.errors import Problem
    from saasmetrics.tables.gate.view import Bools, Gate
    from saasmetrics.tables.table import Table

__all__ = [
    "half_service_periods",
    "negative_terms",
    "overlaps_in_customer",
    "overlaps_in_subscription",
    "whole_month_ends",
    "zero_length_terms",
]

TERMS = (
    ("subscriptions", "start", "end", "end", "exclusive"),
    ("subscriptions", "pause_start", "pause_end", "", "exclusive"),
    ("contracts", "start", "end", "", "exclusive"),
    ("people", "start", "end", "", "exclusive"),
    ("trials", "start", "ended_at", "", "inclusive"),
    ("invoices", "service_start", "service_end", "service_end", "inclusive"),
)
ENOUGH_ROWS = 5
WHOLE_MONTHS, NEXT_START = "makes whole months", "meets the same customer's next start"
_SAMPLE = 10_000
_BITS = 18

Rows = npt.NDArray[np.intp]
Numbers = npt.NDArray[np.int64]


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
        sample = rows[:: max(len(rows) // _SAMPLE, 1)]
        if (
            len(rows) >= ENOUGH_ROWS
            and _only_otherwise(view, start, end, sample, reading).mean() > 0.5
        ):
            rows = rows[_only_otherwise(view, start, end, rows, reading)]
            yield from looks_otherwise(view, rows, start, end, reading, WHOLE_MONTHS)
        elif view.name == "subscriptions" and _joins_otherwise(view, sample, reading).any():
            rows = rows[_joins_otherwise(view, rows, reading)]
            yield from looks_otherwise(view, rows, start, end, reading, NEXT_START)


def looks_otherwise(
    view: View, rows: Rows, start: str, end: str, reading: str, does: str
) -> Iterable[Problem]:
    """Say that ends do something only if they are read the other way round."""
    opposite = "exclusive" if reading == "inclusive" else "inclusive"
    choice = "service_end" if view.name == "invoices" else "end"
    return view.problem(
        rows,
        column=end,
        rule=f"{does} only if it is {opposite}, and it is read as {reading}",
        remedy=f'If so, say it: book.with_policy({choice}="{opposite}").',
        code=f"end-looks-{opposite}",
        severity="warning",
        show=(*SCHEMA[view.name].key, "customer_id", start, end),
    )


def overlaps_in_subscription(gate: Gate) -> Iterable[Problem]:
    """Terms of one subscription that run at the same time."""
    for view in gate.having("subscriptions"):
        if view.distinct("subscription_id") == view.size:
            continue
        found = _overlaps(view, "subscription_id", gate)
        yield from view.problem(
            found.first,
            count=found.rows,
            lines=partial(
                _overlapping, view.table, "subscription_id", _inclusive(gate), found.groups
            ),
            column="subscription_id, start, end",
            rule=overlap_in("terms of one subscription", found.pairs),
            remedy=_what_happens(gate) + " End the earlier term where the later one starts.",
            code="overlap-in-subscription",
            severity="warning",
            show=("subscription_id", "customer_id", "start", "end", "amount"),
        )


def overlaps_in_customer(gate: Gate) -> Iterable[Problem]:
    """Subscriptions of one customer that run at the same time."""
    for view in gate.having("subscriptions"):
        found = _overlaps(view, "customer_id", gate)
        yield from view.problem(
            found.first,
            count=found.rows,
            lines=partial(_overlapping, view.table, "customer_id", _inclusive(gate), found.groups),
            column="customer_id, start, end",
            rule=overlap_in("subscriptions of one customer", found.pairs),
            remedy=_what_happens(gate),
            code="overlap-in-customer",
            severity="warning"
            if found.pairs > view.size
            else "note",  # then it decides the numbers
            show=("customer_id", "subscription_id", "start", "end", "amount"),
        )


def overlap_in(what: str, pairs: int) -> str:
    """Return in words in how many pairs something overlaps."""
    return f"{what} overlap in {counted(pairs, 'pair')}"


@dataclass(frozen=True)
class _Overlaps:
    first: Rows
    rows: int
    pairs: int
    groups: npt.NDArray[np.uint8]  # a bit for each: whether any of its rows overlap


def _overlapping(table: Table, key: str, inclusive: bool, groups: npt.NDArray[np.uint8]) -> Rows:
    """All rows that start while another one of their group runs, looked for again rather than kept."""
    view = View.of(table)
    group = view.codes(key)
    kept, packed = _packed(view, key, inclusive, np.unpackbits(groups)[group] & (group >= 0))
    order = np.argsort(packed, kind="stable")
    _, _, late = _late(packed[order])
    return np.sort(kept[order[late]])


def _packed(view: View, key: str, inclusive: bool, among: npt.NDArray[Any]) -> tuple[Rows, Numbers]:
    """Rows that run for at least a day, and group, start and end of each in one number.

    Sorting those is much faster than sorting row numbers.
    """
    start, end = _bounded_days(view, inclusive)
    kept = np.flatnonzero((end > start) & among)
    packed = view.codes(key)[kept].astype(np.int64)
    return kept, (packed << (2 * _BITS)) | (start[kept] << _BITS) | end[kept]


def _late(ordered: Numbers) -> tuple[Numbers, Numbers, Bools]:
    """Starts and ends within their groups, and which rows start before an earlier one has ended."""
    starts, ends = ordered >> _BITS, _ends(ordered)
    # The group is in the high bits, so no end reaches into the starts of the next group.
    return starts, ends, np.append(False, starts[1:] < np.maximum.accumulate(ends)[:-1])


def _overlaps(view: View, key: str, gate: Gate) -> _Overlaps:
    """Rows that start while another one of their group runs, and how many pairs run together."""
    kept, packed = _packed(view, key, _inclusive(gate), view.codes(key) >= 0)
    ordered = np.sort(packed)
    starts, ends, late = _late(ordered)
    if not late.any():
        return _Overlaps(np.zeros(0, np.intp), 0, 0, np.zeros(0, np.uint8))
    affected = np.zeros(len(view.names(key)), np.bool_)
    affected[starts[late] >> _BITS] = True
    inside = affected[starts >> _BITS]
    pairs = _pairs(starts[inside], np.sort(ends[inside]))
    first = kept[_first_of(packed, ordered[late])]
    return _Overlaps(first, int(late.sum()), pairs, np.packbits(affected))


def _first_of(values: Numbers, wanted: Numbers) -> Rows:
    """Places of the first few of the wanted values, which are sorted, looked for piece by piece."""
    for stop in (2**10, 2**14, len(values)):
        place = np.minimum(np.searchsorted(wanted, values[:stop]), len(wanted) - 1)
        found = np.flatnonzero(wanted[place] == values[:stop])
        if len(found) >= SHOWN:
            break
    return found[:SHOWN]


def _ends(packed: Numbers) -> Numbers:
    ends: Numbers = ((packed >> (2 * _BITS)) << _BITS) | (packed & (2**_BITS - 1))
    return ends


def _pairs(starts: Numbers, ends: Numbers) -> int:
    """Pairs that run together: for each start, the earlier ones of its group that have not ended."""
    ended = np.searchsorted(ends, starts, side="right")
    return int((np.arange(len(starts)) - ended).sum())


def _bounded_days(view: View, inclusive: bool) -> tuple[Numbers, Numbers]:
    """Starts and ends as days from the first start on, an open end being the last day there is."""
    last = 2**_BITS - 1
    valid = view.valid("start")
    zero = int(view.days("start")[valid].min()) if valid.any() else 0
    start = np.where(valid, np.clip(view.days("start").astype(np.int64) - zero, 0, last), last)
    if not view.has("end"):
        return start, np.full(view.size, last, np.int64)
    end = np.clip(view.days("end").astype(np.int64) - zero + int(inclusive), 0, last)
    return start, np.where(view.valid("end"), end, last)


def _inclusive(gate: Gate) -> bool:
    return gate.choice("end", "exclusive") == "inclusive"


def _what_happens(gate: Gate) -> str:
    if gate.choice("overlap", "sum") == "latest":
        return 'The latest counts; policy overlap="sum" adds them up.'
    return 'Their amounts are added up; policy overlap="latest" lets the latest win.'


def _terms(gate: Gate) -> Iterable[tuple[View, str, str, str]]:
    for table, start, end, choice, usual in TERMS:
        for view in gate.having(table):
            if view.has(start, end):
                yield view, start, end, gate.choice(choice, usual) if choice else usual


def _both(view: View, start: str, end: str) -> Bools:
    return view.valid(start) & view.valid(end)


def _only_otherwise(view: View, start: str, end: str, rows: Rows, reading: str) -> Bools:
    """Terms that are whole months only if the end is read the other way round."""
    first, last = view.days(start)[rows], view.days(end)[rows]
    as_exclusive, as_inclusive = _whole_months(first, last), _whole_months(first, last + 1)
    if reading == "inclusive":
        return as_exclusive & ~as_inclusive
    return as_inclusive & ~as_exclusive


def _joins_otherwise(view: View, rows: Rows, reading: str) -> Bools:
    """Subscriptions that their customer's next one follows without a gap only if the end is read the other way round.

    None, where at least as many say the opposite.
    """
    if not len(rows):
        return np.zeros(0, np.bool_)
    named = np.zeros(len(view.names("customer_id")) + 1, np.bool_)
    named[view.codes("customer_id")[rows]] = True
    named[-1] = False
    other = named[view.codes("customer_id")] & view.valid("start")
    customer = view.codes("customer_id").astype(np.int64) << 32
    starts = (customer + view.days("start"))[other]
    ends = (customer + view.days("end"))[rows]
    on_end, day_after = np.isin(ends, starts), np.isin(ends + 1, starts)
    first, last = view.days("start")[rows], view.days("end")[rows]
    exclusive = on_end | (_whole_months(first, last) & ~_whole_months(first, last + 1))
    inclusive = day_after & ~exclusive
    said = on_end & ~day_after if reading == "inclusive" else inclusive
    against = day_after if reading == "inclusive" else exclusive
    return said if said.sum() > against.sum() else np.zeros(len(rows), np.bool_)


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

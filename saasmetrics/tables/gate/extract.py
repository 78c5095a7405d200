"""Findings about how the export was made: cut short, cut off, dated oddly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saasmetrics.errors import Problem, Severity
from saasmetrics.tables.gate.reach import outside_calendar
from saasmetrics.tables.gate.view import Gate, View, day_number, iso
from saasmetrics.tables.runs import begun, is_runs, lengths, levels, month_of
from saasmetrics.tables.schema import CLOCKS, REVENUE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "cliff_at_the_end",
    "dates_beside_times",
    "distant_dates",
    "empty_tables",
    "left_truncation",
    "mixed_time_zones",
    "reading_notes",
    "round_row_counts",
    "same_last_day",
]

LIMITS = (100, 500, 1_000, 5_000, 10_000, 50_000, 65_535, 65_536, 100_000, 1_048_575, 1_048_576)
"""Row counts at which exports of billing systems, warehouses and spreadsheets stop."""

_EARLIEST = day_number("1990-01-01")
_YEARS_AHEAD = 10
_ENOUGH = 5
_DAY_MICROS = 86_400_000_000
_CLIFF = 0.5
_LOOK_BACK = 3
RUNNING = "running subscriptions"
_DAY_OF_EXPORT = (
    "Nothing to do where recorded_at is when the row became known. If it is the day of the export, leave the column "
    'out, or count rows whenever they were recorded: policy knowledge="effective".'
)


def empty_tables(gate: Gate) -> Iterable[Problem]:
    """Tables without rows, unless they have some that were not known on the day."""
    for view in gate.views.values():
        if not view.size and not view.table.left_out:
            severity: Severity = "error" if view.name in REVENUE else "warning"
            remedy = "Check the export, or leave the table out."
            yield Problem(view.name, "", "has no rows", 0, (), remedy, severity, "empty-table")


def round_row_counts(gate: Gate) -> Iterable[Problem]:
    """Tables with exactly as many rows as an export gives at most."""
    for view in gate.having(*SCHEMA):
        rows = len(view.names("customer_id")) if view.name == "mrr" else view.size
        yield from at_a_limit(view.name, rows)


def at_a_limit(table: str, rows: int) -> Iterable[Problem]:
    """Say that a table has as many rows, or customers of months, as an export gives at most."""
    if rows in LIMITS:
        what = "customers" if table == "mrr" else "rows"
        yield Problem(
            table,
            "",
            f"has exactly {rows:,} {what}, a usual limit of exports",
            rows,
            (),
            "Count the rows at the source; export in parts if there are more.",
            "warning",
            "round-row-count",
        )


def distant_dates(gate: Gate) -> Iterable[Problem]:
    """Dates before 1990 or more than ten years ahead."""
    earliest, latest = near(gate.today)
    for view in gate.having(*SCHEMA):
        for column in SCHEMA[view.name].columns.values():
            if column.dtype not in ("date", "month", "timestamp") or not view.has(column.name):
                continue
            days = view.days(column.name)
            far, count = (days < earliest) | (days > latest), None
            far &= view.valid(column.name) & ~outside_calendar(view, column.name)
            if column.dtype == "month" and is_runs(view.table.data):
                far, count = _far_months(view, far, latest)
            yield from view.problem(
                far,
                count=count,
                column=column.name,
                rule=f"before {iso(earliest)} or after {iso(latest)}",
                remedy="Correct the dates. A far end that stands for 'still running' should be missing.",
                code="distant-date",
                severity="warning",
                show=(*SCHEMA[view.name].key, "customer_id", column.name),
            )


def _far_months(
    view: View, far: npt.NDArray[np.bool_], latest: int
) -> tuple[npt.NDArray[np.bool_], int]:
    """Return the runs with months that are distant, and how many months those are."""
    ahead = lengths(view.table.data) - begun(view.table.data, latest)
    late = view.valid("month") & ~outside_calendar(view, "month") & (ahead > 0)
    early = far & ~late
    return early | late, view.stand_for(early) + int(ahead[late].sum())


def near(today: int) -> tuple[int, int]:
    """Return the first and the last day that are not distant, as day numbers."""
    return _EARLIEST, today + round(_YEARS_AHEAD * 365.25)


def same_last_day(gate: Gate) -> Iterable[Problem]:
    """Most running subscriptions ending on one day, the last of the export."""
    for view in gate.having("subscriptions"):
        if not view.has("end") or not view.valid("end").any():
            continue
        start, end, ended = view.days("start"), view.days("end"), view.valid("end")
        edge = int(end[ended].max())
        running = view.valid("start") & (start < edge) & (~ended | (end >= edge))
        at_edge = running & ended
        if all_end(int(at_edge.sum()), int(running.sum())):
            yield from stops_short(view, at_edge, int(running.sum()), edge)


def all_end(ended: int, running: int) -> bool:
    """Whether so many of those that run end on one day that it looks like the day of the export."""
    return ended >= _ENOUGH and ended * 2 >= running


def stops_short(
    view: View,
    rows: npt.NDArray[np.bool_],
    running: int,
    edge: int,
    count: int | None = None,
) -> Iterable[Problem]:
    """Say that rows, or `count` of them, of those that run end on one day."""
    many = int(rows.sum()) if count is None else count
    return view.problem(
        rows,
        count=count,
        column="end",
        rule=f"{many:,} of {running:,} subscriptions still running end on {iso(edge)}",
        remedy="If that is the day of the export, they have not ended: make the end missing, "
        "or say until when you know: as_of.",
        code="extract-stops-short",
        severity="warning",
        show=("subscription_id", "customer_id", "start", "end"),
    )


def cliff_at_the_end(gate: Gate) -> Iterable[Problem]:
    """Revenue that falls by more than half within the last months."""
    for view, months, level, unit in _levels(gate):
        yield from fallen(view.name, months, level, unit)


def fallen(
    table: str, months: list[str], level: npt.NDArray[np.float64], unit: str
) -> Iterable[Problem]:
    """Say where a level by month falls by more than half at its end; `unit`: of what, "" for MRR."""
    first = max(len(level) - _LOOK_BACK, 1)
    for at in range(first, len(level)):
        before, after = level[at - 1], level[at]
        if before < (_ENOUGH if unit else 1) or after >= before * _CLIFF:
            continue
        yield Problem(
            table,
            "",
            f"falls from {before:,.0f} to {after:,.0f} {unit or 'MRR'} from {months[at - 1]} to "
            f"{months[at]}, at the end of the data",
            0,
            (),
            "If the export was made before that month was complete, say until when you know: as_of.",
            "warning",
            "cliff-at-the-end",
        )
        break


def left_truncation(gate: Gate) -> Iterable[Problem]:
    """Customers who pay from the first period on, so that nobody knows since when."""
    for table, date, amount in (("mrr", "month", "mrr"), ("invoices", "date", "amount")):
        for view in gate.having(table):
            if not view.has("customer_id", date, amount):
                continue
            months = view.months(date)
            paying = view.valid(date) & view.valid(amount) & (view.numbers(amount) > 0)
            if not paying.any():
                continue
            first = months[paying].min()
            rows = np.flatnonzero(paying & (months == first))
            _, one_each = np.unique(view.codes("customer_id")[rows], return_index=True)
            yield from view.problem(
                rows[np.sort(one_each)],
                column="customer_id",
                rule=f"customers already pay in the first month, {np.datetime64(int(first), 'M')}",
                remedy="How long they had paid before is unknown: customers.created_at tells it; else "
                "survival curves count them from the day they are first seen.",
                count=len(one_each),
                code="left-truncation",
                severity="note",
                show=("customer_id", date, amount),
            )


def mixed_time_zones(gate: Gate) -> Iterable[Problem]:
    """Times with a zone beside times without one, or of several zones."""
    for view in gate.having(*SCHEMA):
        stamps = [
            column.name
            for column in SCHEMA[view.name].columns.values()
            if column.dtype == "timestamp"
            and view.has(column.name)
            and view.valid(column.name).any()
        ]
        zones = view.table.zones
        without = [name for name in stamps if name not in zones and _has_times(view, name)]
        yield from zones_differ(view.name, zones, without)


def zones_differ(table: str, zones: Mapping[str, str], without: Sequence[str]) -> Iterable[Problem]:
    """Say that columns of a table have times of several zones, or some have times without one."""
    if not zones or (not without and len(set(zones.values())) == 1):
        return
    known = [f"{name} ({zone})" for name, zone in zones.items()]
    yield Problem(
        table,
        ", ".join([*zones, *without]),
        f"time zones differ: {', '.join(known + [f'{name} (none)' for name in without])}",
        0,
        (),
        "All were made UTC, those without a zone taken as UTC. Export all with their zone.",
        "warning",
        "mixed-time-zones",
    )


def dates_beside_times(gate: Gate) -> Iterable[Problem]:
    """A column of days beside a column of times: durations between the two are off by up to a day."""
    for view in gate.having("tickets", "trials"):
        stamps = [n for n in stamps_of(view.name, view.table.column_names) if view.valid(n).any()]
        days = [name for name in stamps if not _has_times(view, name)]
        if days and len(days) < len(stamps):
            times = [name for name in stamps if name not in days]
            yield from days_beside(view, days, times, stamps)


def stamps_of(table: str, there: Iterable[str]) -> list[str]:
    """Return the columns of times of a table, but for those of when rows were recorded, of those that are there."""
    columns, known = SCHEMA[table].columns.values(), set(there)
    stamps = (c.name for c in columns if c.dtype == "timestamp" and c.name not in CLOCKS)
    return [name for name in stamps if name in known]


def days_beside(
    view: View, days: list[str], times: list[str], stamps: list[str]
) -> Iterable[Problem]:
    """Say that some columns are days and others are times."""
    return view.problem(
        view.valid(days[0]),
        column=", ".join(days),
        rule=f"days without a time beside times in {', '.join(times)}",
        remedy="Durations between them start at midnight. Export the time of day too.",
        code="dates-beside-times",
        severity="warning",
        show=(*SCHEMA[view.name].key, *stamps),
    )


def reading_notes(gate: Gate) -> Iterable[Problem]:
    """What was understood, derived or set aside while reading."""
    for view in gate.views.values():
        for note in view.table.notes:
            yield Problem(view.name, "", note, 0, (), "", "note", "as-read")
        for words, rows in view.table.left_out.items():
            remedy = _DAY_OF_EXPORT if words.startswith("recorded after") else ""
            yield Problem(view.name, "", words, rows, (), remedy, "note", "left-out")


def _levels(gate: Gate) -> Iterable[tuple[View, list[str], npt.NDArray[np.float64], str]]:
    """Level of revenue at the last months of a table, or at every one: money, or running subscriptions."""
    for view in gate.having("mrr"):
        good = view.valid("month") & view.valid("mrr")
        (first, last), amounts = view.reach(), view.numbers("mrr")
        if not good.all():
            dated = good[view.valid("month")]
            first, last, amounts = first[dated], last[dated], amounts[good]
        if len(first):
            end = int(last.max())
            low = max(int(first.min()), end - _LOOK_BACK)
            late = np.flatnonzero(last >= low)
            first, last = np.maximum(first[late], low) - low, last[late] - low
            level = levels(first, last, amounts[late], end - low + 1)
            yield view, _labels(low, end - low + 1), level, ""
    for view in gate.having("subscriptions"):
        good = view.valid("start")
        if view.has("amount"):
            good = good & (view.numbers("amount") > 0)
        if not good.any() or not view.has("end"):
            continue
        ended = good & view.valid("end") & (view.days("end") <= gate.today)
        days = view.days("start")[good], view.days("end")[ended]
        yield (view, *running(*days, gate.today), RUNNING)


def running(
    start: npt.NDArray[np.int32],
    end: npt.NDArray[np.int32],
    today: int,
    started: npt.NDArray[np.int64] | None = None,
    ended: npt.NDArray[np.int64] | None = None,
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Return how many run at the end of each month until the last one that the export knows.

    Parameters
    ----------
    start, end
        Days on which some start, and on which some end, until today.
    today
        The last day known.
    started, ended
        How many do on each of those days; one, if not given.

    Returns
    -------
    tuple
        The months, and how many run.
    """
    # Running at the end of a month: started by then, and not ended by the first of the next.
    first, last = month_of(start), month_of(end)
    low = int(first.min())
    high = max(int(first.max()), int(last.max()) if len(last) else low)
    high = min(high, int(month_of(np.array([today]))[0]))
    size = max(high - low + 1, 1)
    up = np.bincount(np.minimum(first - low, size), started, minlength=size + 1)[:size]
    # A term that ends on the first of a month still ran at the end of the month before.
    gone = np.bincount(np.clip(last - low, 0, size), ended, minlength=size + 1)[:size]
    return _labels(low, size), np.cumsum(up - gone).astype(np.float64)


def _labels(first: int, many: int) -> list[str]:
    return [str(np.datetime64(first + n, "M")) for n in range(many)]


def _has_times(view: View, column: str) -> bool:
    return bool((view.micros(column)[view.valid(column)] % _DAY_MICROS).any())

"""Findings about what the tables reach: days past what they know, dates out of all calendars, sources unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import Problem
from saasmetrics.tables.gate.view import Bools, Gate, View, day_number, iso
from saasmetrics.tables.runs import last_month
from saasmetrics.tables.schema import REVENUE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "as_of_after_data",
    "guessed_as_of",
    "impossible_dates",
    "outside_calendar",
    "unused_mrr",
]

# Nanoseconds since 1970, which pandas counts in, reach from September 1677 to April 2262.
_FIRST, _LAST = day_number("1678-01-01"), day_number("2261-12-31")
OPEN = {
    ("subscriptions", "end"),
    ("subscriptions", "discount_end"),
    ("subscriptions", "pause_end"),
}
"""Ends where a far day such as 9999-12-31 stands for "still running"."""


def as_of_after_data(gate: Gate) -> Iterable[Problem]:
    """Months of revenue that end before the day until which all is said to be known."""
    if gate.as_of is None or "subscriptions" in gate.views:
        return
    source = "mrr" if "mrr" in gate.views else "invoices"
    column, what = ("month", "month") if source == "mrr" else ("date", "invoice")
    for view in gate.having(source):
        if not view.has(column) or not view.valid(column).any():
            continue
        known = last_month(view.table.data) if source == "mrr" else None
        day = view.days(column)[view.valid(column)].max() if known is None else known
        month = np.datetime64(int(day), "D").astype("M8[M]")
        last = day_number((month + 1).astype("M8[D]")) - 1
        if gate.as_of <= last:
            continue
        paid = " that is not paid ahead" if source == "invoices" else ""
        yield Problem(
            view.name,
            column,
            f"nothing is known after {month}, the last {what}, so everything{paid} reads as churn "
            f"after it, until {iso(gate.as_of)}",
            0,
            (),
            f'Say until when you know: as_of="{iso(last)}"; or add the months that are missing.',
            "warning",
            "as-of-after-data",
        )


def impossible_dates(gate: Gate) -> Iterable[Problem]:
    """Dates that no frame and no picture can show, such as 0001-01-01 for "no date"."""
    for view in gate.having(*SCHEMA):
        for column in SCHEMA[view.name].columns.values():
            if column.dtype not in ("date", "month", "timestamp") or not view.has(column.name):
                continue
            yield from view.problem(
                outside_calendar(view, column.name),
                column=column.name,
                rule=f"before {iso(_FIRST)} or after {iso(_LAST)}, which cannot be shown",
                remedy="Correct the dates; make one that stands for 'none' missing.",
                code="impossible-date",
                severity="error",
                show=(*SCHEMA[view.name].key, "customer_id", column.name),
            )


def outside_calendar(view: View, column: str) -> Bools:
    """Rows with a date that cannot be shown; far ends of what still runs are none.

    Parameters
    ----------
    view, column
        Table and its column of dates.

    Returns
    -------
    numpy.ndarray
        True where the date cannot be shown.
    """
    days = view.days(column)
    outside = days < _FIRST
    if (view.name, column) not in OPEN:
        outside |= days > _LAST
    return view.valid(column) & outside


def unused_mrr(gate: Gate) -> Iterable[Problem]:
    """An `mrr` table beside subscriptions, which come first."""
    if "subscriptions" in gate.views and "mrr" in gate.views:
        yield Problem(
            "mrr",
            "",
            "is not used: MRR is computed from subscriptions, which come first",
            0,
            (),
            "Leave subscriptions out to compute from mrr.",
            "note",
            "unused-mrr",
        )


def guessed_as_of(gate: Gate) -> Iterable[Problem]:
    """The last day known, where nobody said it."""
    if not gate.guessed or gate.as_of is None:
        return
    sources = [name for name in REVENUE if name in gate.views]
    if not sources or gate.views[sources[0]].table.snapshots:
        return
    yield Problem(
        sources[0],
        "",
        f"as of is taken from the last date in the tables ({iso(gate.as_of)})",
        0,
        (),
        "Say as_of= if the export is later: then the time since counts as known.",
        "note",
        "as-of-guessed",
    )

"""Findings about tables that stop before the others, and about months without a rate of exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import Problem
from saasmetrics.money import counted
from saasmetrics.tables.runs import covered, first_days, month_of
from saasmetrics.tables.schema import REVENUE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.tables.gate.view import Gate, View

__all__ = ["months_without_rate", "tables_that_stop_early"]

DATES = {
    "mrr": "month",
    "invoices": "date",
    "spend": "month",
    "finance": "month",
    "tickets": "created_at",
    "usage": "date",
    "activities": "at",
    "surveys": "at",
}
_PRICED = (*REVENUE, "spend", "contracts")
_ENOUGH = 6  # months with rows before a silence says something
_SILENT = 2  # full months without rows, and more than ever before
_SHOWN = 3


def tables_that_stop_early(gate: Gate) -> Iterable[Problem]:
    """Tables in which nothing happens any more, for longer than ever before, until the as-of date."""
    if gate.as_of is None:
        return  # today says nothing about the day of the export
    source = next(iter(gate.having(*REVENUE)), None)
    for view in gate.having(*DATES):
        at = DATES[view.name]
        if view is source or not view.has(at):
            continue  # of the source itself other findings tell
        if view.name == "mrr":
            days = first_days(covered(*view.reach()))
        else:  # few different days rather than every row: a log has millions
            there = view.table.data[at].cast(pa.date32()).cast(pa.int32())
            days = np.array(pc.unique(there).drop_null().to_pylist(), np.int64)
        months = np.unique(month_of(days[days <= gate.today]))
        if len(months) < _ENOUGH:
            continue
        silent = int(month_of(np.array([gate.today + 1]))[0]) - int(months[-1]) - 1
        longest = int(np.diff(months).max()) - 1
        if silent < _SILENT or silent <= longest:
            continue
        last = np.datetime64(int(months[-1]), "M")
        yield Problem(
            view.name,
            at,
            f"nothing after {last}, {counted(silent, 'full month')} before the as-of date, and never before so long",
            0,
            (),
            "Export the table again up to the as-of date, or say until when you know: as_of.",
            "warning",
            "table-stops-early",
        )


def months_without_rate(gate: Gate) -> Iterable[Problem]:
    """Months between the first rate of a currency and the as-of date that have none."""
    used = {word for view in gate.having(*_PRICED) for word in _currencies(view)}
    for view in gate.having("fx"):
        if not view.has("date", "currency", "rate"):
            continue
        good = view.valid("date") & view.valid("rate") & (view.days("date") <= gate.today)
        constant = gate.choice("fx", "constant") == "constant"
        for code, name in enumerate(view.names("currency").to_pylist()):
            there = np.unique(month_of(view.days("date")[good & (view.codes("currency") == code)]))
            if name not in used - {gate.currency} or not len(there):
                continue
            # Rates of a quarter or of a year are rates of the months until the next one.
            step = int(np.median(np.diff(there))) if len(there) > 2 else 1
            until = int(month_of(np.array([gate.today]))[0])
            holes = np.flatnonzero(np.diff(np.append(there, until + 1)) > max(step, 1))
            if not len(holes):
                continue
            first, stale = there[holes] + 1, bool(holes[-1] == len(there) - 1)
            ends = np.append(there, until + 1)[holes + 1] - 1
            words = ", ".join(map(_span, first[:_SHOWN], ends[:_SHOWN]))
            yield Problem(
                "fx",
                "date, currency",
                f"{name} has no rate in {words}{', ...' if len(first) > _SHOWN else ''}; the rate before is taken",
                0,
                tuple(
                    {"currency": name, "month": str(np.datetime64(int(m), "M"))}
                    for m in first[:_SHOWN]
                ),
                f"Add a row to fx with currency {name} for each month without one.",
                "warning" if stale or not constant else "note",
                "rate-gap",
            )


def _span(first: int, last: int) -> str:
    """Return months in words: "2026-01", or "2026-01 to 2026-03"."""
    months = [str(np.datetime64(int(month), "M")) for month in (first, last)]
    return " to ".join(dict.fromkeys(months))


def _currencies(view: View) -> list[str]:
    if not view.has("currency"):
        return []
    return [word for word in view.names("currency").to_pylist() if word is not None]

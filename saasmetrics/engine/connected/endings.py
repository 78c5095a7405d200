"""Ends that say something only if they are read the other way round: the last day, or the first one without service."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.engine.connected.suspects import Suspect, counted_in
from saasmetrics.engine.portable.whole import day_number, flag
from saasmetrics.tables.gate import terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables.gate.view import Gate

    Endings = tuple[Frame, Suspect]

_SHORT = (4, 6, 9, 11)  # months of 30 days


def endings(name: str, rows: Rows, policy: Policy) -> Iterator[Endings]:
    """Return the rows of a table whose ends look otherwise than they are read, marked in a frame of them."""
    for table, start, end, choice, _ in terms.TERMS:
        if table != name or name not in ("subscriptions", "invoices") or start == "pause_start":
            continue
        reading = str(getattr(policy, choice))
        if not {start, end} <= set(rows.column_names) or reading not in ("exclusive", "inclusive"):
            continue
        found = rows.once(f"ends {reading}", partial(_looked, rows, start, end, reading))
        yield from found


def _looked(rows: Rows, start: str, end: str, reading: str) -> list[Endings]:
    first, last = nw.col(start).cast(nw.Date), nw.col(end).cast(nw.Date)
    both = ~nw.col(start).is_null() & ~nw.col(end).is_null() & (last > first)
    frame = _with_months(rows.frame, first, last, both)
    exclusive, inclusive = nw.col("_exclusive") == 1, nw.col("_inclusive") == 1
    only = exclusive & ~inclusive if reading == "inclusive" else inclusive & ~exclusive
    only = both & only
    many, odd = counted_in(frame, both, only)
    if many >= terms.ENOUGH_ROWS and odd > many * 0.5:
        return [(frame, _suspect(only, start, end, reading, terms.WHOLE_MONTHS))]
    if rows.name != "subscriptions":
        return []
    frame = _with_next(frame, start, end)
    on_end, after = ~nw.col("_on_end").is_null(), ~nw.col("_day_after").is_null()
    ends = on_end | (exclusive & ~inclusive)
    said, against = (on_end & ~after, after) if reading == "inclusive" else (after & ~ends, ends)
    for_it, against_it = counted_in(frame, both & said, both & against)
    if for_it <= against_it:
        return []
    return [(frame, _suspect(both & said, start, end, reading, terms.NEXT_START))]


def _suspect(where: nw.Expr, start: str, end: str, reading: str, does: str) -> Suspect:
    opposite = "exclusive" if reading == "inclusive" else "inclusive"
    finding = partial(_said, start, end, reading, does)
    return Suspect(finding, f"end-looks-{opposite}", end, where)


def _said(start: str, end: str, reading: str, does: str, gate: Gate) -> Iterator[Problem]:
    for view in gate.views.values():
        if view.has(start, end):
            rows = np.arange(view.size)
            yield from terms.looks_otherwise(view, rows, start, end, reading, does)


def _with_months(frame: Frame, first: nw.Expr, last: nw.Expr, both: nw.Expr) -> Frame:
    """Mark the terms that are whole months with the end as the first day without service, and as the last one."""
    year, month = last.dt.year(), last.dt.month()
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    days = nw.when(month.is_in(_SHORT)).then(30).otherwise(31)
    days = nw.when(month == 2).then(28 + flag(leap)).otherwise(days)
    frame = frame.with_columns(
        _begin=first.dt.year().cast(nw.Int64) * 12 + first.dt.month().cast(nw.Int64),
        _stop=year.cast(nw.Int64) * 12 + month.cast(nw.Int64),
        _start_day=first.dt.day().cast(nw.Int64) - 1,
        _stop_day=last.dt.day().cast(nw.Int64) - 1,
        _days=days.cast(nw.Int64),
    )
    begin, stop = nw.col("_begin"), nw.col("_stop")
    start_day, stop_day, whole = nw.col("_start_day"), nw.col("_stop_day"), nw.col("_days")
    most = nw.when(start_day < whole - 1).then(start_day).otherwise(whole - 1)
    is_last = stop_day + 1 == whole
    inside = (stop_day + 1 == most) & (stop > begin) & ~is_last
    at_end = is_last & (start_day == 0) & (stop + 1 > begin)
    exclusive = (stop_day == most) & (stop > begin)
    return frame.with_columns(
        _exclusive=flag(both & exclusive), _inclusive=flag(both & (inside | at_end))
    )


def _with_next(frame: Frame, start: str, end: str) -> Frame:
    """Mark the rows on whose end, or on the day after it, a row of the same customer starts."""
    frame = frame.with_columns(_end=day_number(end, -1))
    starts = frame.filter(~nw.col(start).is_null(), ~nw.col("customer_id").is_null())
    starts = starts.select("customer_id", _next=day_number(start, 0)).unique()
    for fact, day in (("_on_end", nw.col("_next")), ("_day_after", nw.col("_next") - 1)):
        told = starts.select("customer_id", _end=day).with_columns(nw.lit(1).alias(fact))
        frame = frame.join(told, on=["customer_id", "_end"], how="left")
    return frame

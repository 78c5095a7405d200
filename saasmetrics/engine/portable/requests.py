"""Tickets and the work on them, added up where they are by day, or by customer and month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.fetched import fenced
from saasmetrics.engine.portable.instants import with_seconds
from saasmetrics.engine.portable.whole import (
    FAR,
    day_number,
    divided,
    flag,
    summed,
    with_first_day,
    with_month,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.portable.whole import Frame

SUMS = ("n", "timed", "worked", "squared")
NO_DAY = -FAR
_HANDLE = "handle_seconds"
_QUARTER = 900  # seconds
_ENDLESS = 1e15  # seconds: what is no number is above it in some systems


def kept(tickets: Frame, days: tuple[int, int], where: Mapping[str, str]) -> Frame:
    """Return the tickets created on some days of UTC, with `day`; `where` picks by the texts of columns.

    Parameters
    ----------
    tickets
        The tickets.
    days
        The first day and the last one.
    where
        Column -> value.
    """
    found = tickets.with_columns(day=day_number("created_at", FAR))
    found = found.filter(nw.col("day") >= days[0], nw.col("day") <= days[1])
    for column, value in where.items():
        found = found.filter(nw.col(column).cast(nw.String) == str(value))
    return found


def work_cells(
    tables: Mapping[str, Frame], columns: Sequence[tuple[str, str]], days: tuple[int, int]
) -> Frame:
    """Return tickets and the work on them per combination of columns and day, created on it or solved.

    Parameters
    ----------
    tables
        With tickets, and customers where columns are theirs.
    columns
        Table and name of each column.
    days
        The first day and the last one on which tickets count.

    Returns
    -------
    Frame
        `_by0`, `_by1`, ..., solved (0 for those created on the day, 1 for those solved on it), day and the sums.
        Combinations that have no ticket that counts are there too, on the day `NO_DAY`.
    """
    found = tables["tickets"].with_columns(day=day_number("created_at", FAR))
    for at, (table, own) in enumerate(columns):
        if table == "tickets":
            found = found.with_columns(nw.col(own).alias(f"_by{at}"))
            continue
        theirs = tables[table].select(_key=nw.col("customer_id"), _own=nw.col(own))
        found = found.join(theirs, left_on="customer_id", right_on="_key", how="left")
        found = found.rename({"_own": f"_by{at}"})
    by = ["solved", *(f"_by{at}" for at in range(len(columns))), "day"]
    counts = (nw.col("day") >= days[0]) & (nw.col("day") <= days[1])
    told = nw.when(counts).then(nw.col("day")).otherwise(NO_DAY).cast(nw.Int64)
    created = found.with_columns(day=told, solved=nw.lit(0).cast(nw.Int64))
    parts = [_added(created, by)]
    if "solved_at" in names(found):
        over = found.filter(counts).with_columns(day=day_number("solved_at", FAR))
        over = over.filter(nw.col("day") <= days[1])
        parts.append(_added(over.with_columns(solved=nw.lit(1).cast(nw.Int64)), by))
    cells: Frame = nw.concat(parts)
    return cells


def request_sums(found: Frame, by: Sequence[str] = (), *, months: bool = False) -> Frame:
    """Return tickets, those with a handling time, its sum and that of its squares, per day and columns.

    Parameters
    ----------
    found
        Tickets with their `day`.
    by
        Columns to keep apart.
    months
        Take the first day of the month for the day.
    """
    if months:
        found = with_first_day(with_month(found, "day", "_month"), "_month", "day")
    return _added(found, [*by, "day"])


def slot_sums(found: Frame) -> Frame:
    """Return tickets, those with a handling time, and its sum, by the second in which a quarter of an hour begins.

    Every clock on the wall is ahead of UTC by whole quarters of an hour.
    """
    found = fenced(with_seconds(found, "created_at", "_moment"))
    found = found.with_columns(second=divided(nw.col("_moment"), _QUARTER) * _QUARTER)
    return _added(fenced(found), ["second"])


def handled_sums(tickets: Frame, came: tuple[int, int], before: tuple[int, int]) -> Frame:
    """Return how many tickets took how long, by the second in which they came on some days; -1 on days before."""
    parts = []
    for days, exact in ((came, True), (before, False)):
        found = kept(tickets, days, {}).with_columns(handle=nw.col(_HANDLE).cast(nw.Float64))
        found = found.filter(nw.col("handle") > 0, nw.col("handle") < _ENDLESS)
        if exact:
            found = with_seconds(fenced(found), "created_at", "second")
        else:
            found = found.with_columns(second=nw.lit(-1).cast(nw.Int64))
        parts.append(found.select("second", "handle", n=nw.lit(1).cast(nw.Int64)))
    return summed(nw.concat(parts), ("second", "handle"), ("n",))


def _added(found: Frame, by: Sequence[str]) -> Frame:
    """Return how many tickets there are per combination of columns, and the work on them."""
    known = _HANDLE in names(found)
    seconds = nw.col(_HANDLE).fill_null(0.0).cast(nw.Float64) if known else nw.lit(0.0)
    timed = flag(~nw.col(_HANDLE).is_null()) if known else nw.lit(0)
    found = found.select(
        *by, timed=timed.cast(nw.Int64), worked=seconds, n=nw.lit(1).cast(nw.Int64)
    )
    found = found.with_columns(squared=nw.col("worked") * nw.col("worked"))
    sums = found.group_by(*by).agg(nw.col(*SUMS).sum())
    kinds = {"n": nw.Int64, "timed": nw.Int64, "worked": nw.Float64, "squared": nw.Float64}
    return sums.select(*by, *(nw.col(name).cast(kind) for name, kind in kinds.items()))

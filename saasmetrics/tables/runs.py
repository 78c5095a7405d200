"""Rows of `mrr` that stand for several months each: what is kept of a file that is larger than memory.

A run is a customer-month and the months after it in which nothing changed. How many months it has is the column `RUN`;
a table without that column has a row for each month. Whatever a run says holds for each of its months.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import DataError
from saasmetrics.memory import free, spoken
from saasmetrics.money import LIMIT, MICRO, to_micro
from saasmetrics.tables.arrays import looked_up, one_chunk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from saasmetrics.tables.table import Table

__all__ = [
    "RUN",
    "begun",
    "columns_of",
    "covered",
    "covered_days",
    "first_days",
    "is_runs",
    "last_month",
    "lengths",
    "levels",
    "month_of",
    "reach",
    "rows_in",
    "unrolled",
    "whole",
]

RUN = "_months"
"""Column of the months of a run; no column of a file has such a name, as blanks and signs before a name are dropped."""

_BLOCK = 1 << 20  # rows that are unrolled, or added up, at a time
_HALF = (
    31  # bits of the lower half of micro-units: floats add either half of a block without rounding
)
_WORKING = 2.0  # the rows, and what is made of them


def is_runs(data: pa.Table) -> bool:
    """Whether the rows stand for several months each."""
    return RUN in data.column_names


def columns_of(data: pa.Table) -> list[str]:
    """Return the columns that the file has."""
    return [name for name in data.column_names if name != RUN]


def lengths(data: pa.Table) -> NDArray[np.int32]:
    """Return how many rows of the file each row stands for.

    Examples
    --------
    >>> lengths(pa.table({"mrr": [5.0, 7.0], RUN: [3, 1]})).tolist(), lengths(pa.table({"mrr": [5.0]})).tolist()
    ([3, 1], [1])
    """
    if not is_runs(data):
        return np.ones(data.num_rows, np.int32)
    return np.asarray(data[RUN].combine_chunks()).astype(np.int32)


def rows_in(data: pa.Table, rows: Any = None) -> int:
    """Return how many rows of the file some rows stand for, by default all."""
    if not is_runs(data):
        return int(data.num_rows) if rows is None else len(rows)
    held = lengths(data)
    return int((held if rows is None else held[rows]).sum())


def reach(data: pa.Table) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the first and the last month of each row that has one, as months since 1970."""
    found = data["month"]
    there = None
    if found.null_count:
        there = np.asarray(found.is_valid())
        found = found.cast(pa.int32()).fill_null(0)
    first = month_of(np.asarray(one_chunk(found).cast(pa.int32())))
    last = first
    if is_runs(data):
        last = lengths(data)
        last += first
        last -= 1
    return (first, last) if there is None else (first[there], last[there])


def covered_days(data: pa.Table) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the first day of the first month of each row, and the day after its last month.

    Examples
    --------
    >>> rows = {"month": pa.array([0, 31], pa.int32()).cast(pa.date32()), RUN: [2, 1]}
    >>> [days.tolist() for days in covered_days(pa.table(rows))]
    [[0, 31], [59, 59]]
    """
    given = one_chunk(data["month"].cast(pa.int32()))
    start: NDArray[np.int32] = np.asarray(given.fill_null(0) if given.null_count else given)
    end = np.empty(len(start), np.int32)
    held = lengths(data) if is_runs(data) else None
    for at in range(0, len(start), _BLOCK):
        cut = slice(at, at + _BLOCK)
        month = month_of(start[cut])
        first = first_days(month)
        if (first != start[cut]).any():  # whatever day stands for the month
            start = start if start.flags.writeable else start.copy()
            start[cut] = first
        end[cut] = first_days(month + (1 if held is None else held[cut]))
    return start, end


def last_month(data: pa.Table) -> int | None:
    """Return the first day of the last month that some row is of, as a day number; None where no row has a month."""
    if not is_runs(data):
        return pc.max(data["month"]).cast(pa.int32()).as_py()  # type: ignore[no-any-return]
    ends = (reach(data.slice(at, _BLOCK))[1] for at in range(0, data.num_rows, _BLOCK))
    last = [int(end.max()) for end in ends if len(end)]
    return int(first_days(np.array([max(last)]))[0]) if last else None


def covered(first: NDArray[Any], last: NDArray[Any]) -> NDArray[np.int64]:
    """Return the months that some row is of, each once, as months since 1970, by the first and the last of each row."""
    if not len(first):
        return first.astype(np.int64)
    low = int(first.min())
    if first is last:
        return np.flatnonzero(np.bincount((first - low).astype(np.intp))) + low
    size = int(last.max()) - low + 2
    change = np.zeros(size, np.int64)
    for at in range(0, len(first), _BLOCK):
        begin, end = (each[at : at + _BLOCK].astype(np.intp) - low for each in (first, last))
        change += np.bincount(begin, minlength=size)
        change -= np.bincount(end + 1, minlength=size)
    return np.flatnonzero(np.cumsum(change)) + low


def first_days(month: NDArray[Any]) -> NDArray[np.int64]:
    """Return the day numbers of the first days of months since 1970.

    Examples
    --------
    >>> first_days(np.array([0, 1])).tolist()
    [0, 31]
    """
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def levels(
    first: NDArray[Any], last: NDArray[Any], amount: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """Return the sum of the amounts of each month, from month 0 on: the same of runs as of single months.

    Examples
    --------
    >>> levels(np.array([0, 1]), np.array([2, 1]), np.array([5.0, 1.0]), 3).tolist()
    [5.0, 6.0, 5.0]
    """
    huge = np.abs(amount) >= LIMIT
    if huge.any():
        usual = levels(first[~huge], last[~huge], amount[~huge], size)
        return usual + _exactly(first[huge], last[huge], amount[huge], size)
    single = first is last or bool((first == last).all())
    sums = np.zeros((2, size + 1), np.int64)
    for at in range(0, len(amount), _BLOCK):
        cut = slice(at, at + _BLOCK)
        micro = to_micro(amount[cut])
        halves = micro >> _HALF, micro & ((1 << _HALF) - 1)
        sums += [_each_month(first[cut], some, size + 1) for some in halves]
        if not single:
            sums -= [_each_month(last[cut] + 1, some, size + 1) for some in halves]
    high, low = (sums if single else np.cumsum(sums, axis=1))[:, :size]
    level: NDArray[np.float64] = (high * float(1 << _HALF) + low) / MICRO
    return level


def _each_month(month: NDArray[Any], some: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    return np.bincount(month.astype(np.intp), some, size).astype(np.int64)


def _exactly(
    first: NDArray[Any], last: NDArray[Any], amount: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """Return the sum of each month of a few amounts that no micro-units hold."""
    months = range(size)
    return np.array([math.fsum(amount[(first <= m) & (m <= last)]) for m in months])


def begun(data: pa.Table, day: int) -> NDArray[np.int32]:
    """Return how many months of each row begin on a day or before it.

    Examples
    --------
    >>> rows = {"month": pa.array([0, 31], pa.int32()).cast(pa.date32()), RUN: [3, 3]}
    >>> begun(pa.table(rows), 31).tolist()
    [2, 1]
    """
    months = one_chunk(data["month"].cast(pa.int32()))
    days = np.asarray(months.fill_null(0) if months.null_count else months)
    until, out = int(month_of(np.array([day]))[0]) + 1, lengths(data)
    for at in range(0, len(out), _BLOCK):
        there = until - month_of(days[at : at + _BLOCK])
        np.minimum(out[at : at + _BLOCK], np.maximum(there, 0, out=there), out=there)
        out[at : at + _BLOCK] = there
    return out


def unrolled(data: pa.Table, rows: Any = None, size: int = _BLOCK) -> Iterator[pa.Table]:
    """Yield the rows of the file that some rows stand for, a part at a time, in types and columns of the file.

    Parameters
    ----------
    data
        Runs, or rows of one month each.
    rows
        Numbers of the rows; by default all.
    size
        About how many rows at a time.

    Examples
    --------
    >>> rows = {"month": pa.array([0], pa.int32()).cast(pa.date32()), "mrr": [5.0], RUN: [3]}
    >>> [str(day) for day in pa.concat_tables(unrolled(pa.table(rows)))["month"].to_pylist()]
    ['1970-01-01', '1970-02-01', '1970-03-01']
    """
    chosen = np.arange(data.num_rows) if rows is None else np.asarray(rows, np.int64)
    if not is_runs(data):
        yield data if rows is None else data.take(pa.array(chosen))
        return
    held = lengths(data)[chosen]
    total = np.cumsum(held)
    at = 0
    while at < len(chosen):
        stop = int(np.searchsorted(total, (total[at - 1] if at else 0) + size, side="right"))
        stop = max(stop, at + 1)
        yield _unrolled(data, chosen[at:stop], held[at:stop])
        at = stop


def whole(table: Table, what: str) -> Table:
    """Return a table with a row for each month, as the file has it.

    Parameters
    ----------
    table
        The table.
    what
        What needs single rows, for the message.

    Raises
    ------
    DataError
        If they would not fit into memory.
    """
    if not is_runs(table.data):
        return table
    need, room = rows_in(table.data) * table.data.nbytes / max(table.data.num_rows, 1), free()
    if _WORKING * need > room:
        msg = (
            f"{what} needs the single rows of {table.name}: {rows_in(table.data):,} of them take about "
            f"{spoken(_WORKING * need)} of memory, and {spoken(room)} are free. Look at a part of the customers "
            "(book.where), or correct the file itself."
        )
        raise DataError(msg)
    parts = list(unrolled(table.data))
    none = table.data.select(columns_of(table.data)).slice(0, 0)
    return replace(table, data=pa.concat_tables([none, *parts]))


def _unrolled(data: pa.Table, rows: NDArray[np.int64], held: NDArray[np.int32]) -> pa.Table:
    each = np.repeat(rows, held)
    nth = np.arange(len(each)) - np.repeat(np.cumsum(held) - held, held)
    out = data.select(columns_of(data)).take(pa.array(each))
    if not nth.any():
        return out
    month = out["month"].combine_chunks()
    days = np.asarray(month.cast(pa.int32()).fill_null(0)).astype(np.int64)
    moved = nth > 0
    days[moved] = first_days(month_of(days[moved]) + nth[moved])
    later = pa.array(days.astype(np.int32), mask=np.asarray(month.is_null())).cast(pa.date32())
    return out.set_column(out.column_names.index("month"), "month", later)


def month_of(days: NDArray[Any]) -> NDArray[np.int32]:
    """Return the months of day numbers, since 1970; of many days by a calendar, which takes a tenth of the time.

    Examples
    --------
    >>> month_of(np.array([0, 30, 31])).tolist()
    [0, 0, 1]
    """
    low, high = (int(days.min()), int(days.max())) if len(days) else (0, 0)
    if high - low >= len(days):
        return _calendar(days)
    return looked_up(_calendar(np.arange(low, high + 1)), days - low)


def _calendar(days: NDArray[Any]) -> NDArray[np.int32]:
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    return months.astype(np.int64).astype(np.int32)

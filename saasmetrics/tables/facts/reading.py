"""A fact table of customer-months, read a part at a time, as a table of runs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import DataError, InvalidTablesError, Problem
from saasmetrics.memory import give_back, spoken
from saasmetrics.money import agreeing
from saasmetrics.tables.arrays import one_chunk
from saasmetrics.tables.canonical import normalize
from saasmetrics.tables.facts.ids import Ids
from saasmetrics.tables.facts.kinds import Kinds
from saasmetrics.tables.facts.parts import batches, parts_of, rows_of, size_of_part
from saasmetrics.tables.facts.sweep import Sweep
from saasmetrics.tables.findings import SHOWN
from saasmetrics.tables.runs import RUN, rows_in, unrolled
from saasmetrics.tables.separators import of_file, of_part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from saasmetrics.tables.facts.sweep import Runs
    from saasmetrics.tables.table import Table
    from saasmetrics.tables.told import Told

__all__ = ["read_runs"]

_OWN = ("customer_id", "month", "mrr")
_LOW, _HIGH = (int(np.datetime64(day).astype(np.int64)) for day in ("1990-01-01", "2080-01-01"))
_NONE = -1
_STARTS = np.arange("1990-01", "2080-01", dtype="datetime64[M]")
_MONTHS = np.full(_HIGH - _LOW, _NONE, np.int16)  # of the first days of months
_MONTHS[_STARTS.astype("datetime64[D]").astype(np.int64) - _LOW] = _STARTS.astype(np.int64)
_DAYS = _STARTS.astype("datetime64[D]").astype(np.int64).astype(np.int32)
_PLAIN = [[who, pa.date32(), pa.float64()] for who in (pa.int64(), pa.string())]
_COUNTED = re.compile(r" in ([\d,]+) rows?$")
_ROWS = re.compile(r"(?P<where>.*), rows? (?P<numbers>[\d, ]+)")
_ROW = 120.0  # bytes that a row of its own takes while it is put among the runs


def read_runs(place: Path, label: str, told: Told, limit: int) -> Table:
    """Return the table of runs of a file, or of a folder of parts.

    Parameters
    ----------
    place
        The file or folder.
    label
        What it is called in messages.
    told
        What is told of its columns.
    limit
        How much memory may be taken, in bytes.

    Raises
    ------
    InvalidTablesError
        If values cannot be read: all problems of all parts at once.
    DataError
        If what changes is too much for the memory, or a file is written meanwhile.
    """
    files = parts_of(place)
    reading, at = _Reading(limit), 0
    problems: dict[tuple[str, ...], Problem] = {}
    for batch in batches(files, size_of_part(files[0], told.columns.get("mrr", {}))):
        at += batch.num_rows
        if not problems and reading.add_plain(batch):
            continue
        placed = of_part(of_file(batch, label), *_part_at(files, at - batch.num_rows))
        rows, said = told.apply("mrr", placed)
        try:
            table = normalize("mrr", rows)
        except InvalidTablesError as error:
            _gather(problems, error.problems)
            continue
        if not problems:
            reading.add(replace(table, notes=(*said, *table.notes)))
    if problems:
        raise InvalidTablesError(problems.values())
    many = rows_of(files)
    made = reading.table(many)
    del reading
    give_back(many)
    return made


class _Reading:
    """What was read so far."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ids, self._sweep = Ids(), Sweep(limit)
        self._kinds = Kinds([])
        self._first: Table | None = None
        self._odd: list[pa.Table] = []
        self._notes: dict[str, int] = {}
        self._given: list[str] = []

    def add_plain(self, batch: pa.Table) -> bool:
        """Take a part that is as it is kept: like the first one, which needed no word, without a gap."""
        if batch.column_names != self._given or batch.schema.types not in _PLAIN:
            return False
        who, days, amount = (one_chunk(column) for column in batch.columns)
        if who.null_count or days.null_count or amount.null_count or not batch.num_rows:
            return False
        if not pa.types.is_integer(who.type) and pc.min(pc.binary_length(who)).as_py() == 0:
            return False
        money, month = np.asarray(amount), _first_months(np.asarray(days.cast(pa.int32())))
        if month is None or not np.isfinite(money.sum()):
            return False
        self._sweep.add(self._ids.numbers(who), None, month, money, len(self._ids))
        return True

    def add(self, table: Table) -> None:
        """Take a part."""
        if self._first is None:
            self._first = replace(table, data=table.data.schema.empty_table())
            self._kinds = Kinds([name for name in table.column_names if name not in _OWN])
            own = {new: old for old, new in table.renamed.items()}
            plain = not self._kinds.names and not table.notes
            self._given = [own.get(name, name) for name in _OWN] if plain else []
        for note in table.notes:
            counts = _COUNTED.search(note)
            key = note[: counts.start()] if counts else note
            many = int(counts[1].replace(",", "")) if counts else 0
            self._notes[key] = self._notes.get(key, 0) + many
        data = self._usual(table.data)
        # Of no rows too, as types are those of the first part.
        who = self._ids.numbers(one_chunk(data["customer_id"]))
        kind = self._kinds.numbers(data) if self._kinds.names else None
        if not data.num_rows:
            return
        month = _MONTHS.take(_days(data) - _LOW)
        self._sweep.add(who, kind, month, np.asarray(one_chunk(data["mrr"])), len(self._ids))

    def _usual(self, data: pa.Table) -> pa.Table:
        """Put rows without an id, month or amount, or of a far month, aside: each is a run of its own."""
        odd = np.zeros(data.num_rows, bool)
        for column in (data[name] for name in _OWN):
            if column.null_count:
                odd |= np.asarray(column.is_null())
        days = _days(data)
        if len(days) and (int(days.min()) < _LOW or int(days.max()) >= _HIGH):
            odd |= (days < _LOW) | (days >= _HIGH)
        if not odd.any():
            return data
        self._odd.append(data.filter(pa.array(odd)))
        if sum(part.num_rows for part in self._odd) * _ROW > self._limit:
            msg = (
                "mrr: too many rows to be kept have no id, no amount, or no month between 1990 and 2080. Correct "
                "them, or allow more with memory_limit=."
            )
            raise DataError(msg)
        return data.filter(pa.array(~odd))

    def table(self, rows: int) -> Table:
        """Return all that was read."""
        assert self._first is not None
        customers, self._ids = self._ids.values, Ids()
        give_back(rows)  # of the parts
        runs = self._sweep.finish()
        columns = {
            "customer_id": customers.take(pa.array(runs.who)),
            "month": pa.array(_DAYS.take(runs.first - _MONTHS[0])).cast(pa.date32()),
            "mrr": pa.array(runs.amount),
            **self._kinds.columns(runs.kind),
            RUN: pa.array(runs.many),
        }
        order = [name for name in self._first.column_names if name in columns]
        data = pa.table({name: columns[name] for name in [*order, RUN]})
        del columns
        data = self._apart(data, runs, customers)
        del runs
        if self._odd:
            odd = pa.concat_tables(self._odd, promote_options="permissive")
            one = pa.array(np.ones(odd.num_rows, np.int16))
            parts = [data, odd.append_column(RUN, one)]
            data = pa.concat_tables(parts, promote_options="permissive").combine_chunks()
        notes = [f"{key} in {_many(many)}" if many else key for key, many in self._notes.items()]
        notes.append(
            f"{rows:,} rows were read in parts, and kept as {data.num_rows:,} runs of months without a change"
        )
        return replace(self._first, data=data, notes=tuple(notes), lines=0)

    def _apart(self, data: pa.Table, runs: Runs, customers: pa.Array) -> pa.Table:
        """Give customers with several rows of a month, or with odd rows or amounts, a row for each month again.

        What the quality gate says of them hangs on single rows.
        """
        marked = np.zeros(len(customers), bool)
        for part in self._odd:
            marked |= np.asarray(pc.is_in(customers, value_set=one_chunk(part["customer_id"])))
        suspects = _suspects(runs, marked)
        if not suspects.any():
            return data
        need = int(_ROW * rows_in(data, suspects))
        if need > self._limit:
            msg = (
                f"mrr: {rows_in(data, suspects):,} rows belong to customers with several rows of a month, or with "
                f"negative amounts, and need about {spoken(need)} of memory; the limit is {spoken(self._limit)}. Sum "
                "the rows of a customer and month before, or allow more with memory_limit=."
            )
            raise DataError(msg)
        calm = data.filter(pa.array(~suspects))
        single = pa.concat_tables(unrolled(data, np.flatnonzero(suspects)))
        one = pa.array(np.ones(single.num_rows, np.int16))
        return pa.concat_tables([calm, single.append_column(RUN, one)]).combine_chunks()


def _suspects(runs: Runs, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the runs of customers with several rows of a month, with negative amounts, or that are marked."""
    marked[runs.who[runs.amount < 0]] = True
    who, first, many = runs.who, runs.first, runs.many
    if runs.kind.any():  # by which the runs of a customer are in order before months
        order = np.argsort((who.astype(np.int64) << 16) + first, kind="stable")
        who, first, many = who[order], first[order], many[order]
    # Of a customer with several rows of a month, some run begins before the one before it is over.
    meets = (who[1:] == who[:-1]) & (first[1:] < first[:-1] + many[:-1])
    marked[who[1:][meets]] = True
    return marked[runs.who]


def _part_at(files: Sequence[Path], row: int) -> tuple[str, int]:
    """Return which of several files has a row of all of them, "" where there is one, and the row there."""
    if len(files) == 1:
        return "", row
    ends = np.cumsum([rows_of([file]) for file in files])
    which = int(np.searchsorted(ends, row, side="right"))
    return files[which].name, row - int(ends[which - 1]) if which else row


def _gather(problems: dict[tuple[str, ...], Problem], more: list[Problem]) -> None:
    """Add up what several parts have in common."""
    for problem in more:
        key = (problem.table, problem.column, problem.rule, problem.code)
        known = problems.get(key)
        if known is None:
            problems[key] = problem
            continue
        shown = (*known.examples, *problem.examples)[:SHOWN]
        room = SHOWN - len(known.examples)
        place = _places(known.place, problem.place, room) if room else known.place
        rows = known.rows + problem.rows
        problems[key] = replace(known, rows=rows, examples=shown, place=place)


def _places(one: str, other: str, room: int) -> str:
    """Return the place of rows of two parts: of one file, or of each its own; so many of the other as there is room."""
    *before, last = one.split("; ")
    mine, more = _ROWS.fullmatch(last), _ROWS.fullmatch(other)
    if not (mine and more):
        return one
    numbers = more["numbers"].split(", ")[:room]
    if mine["where"] == more["where"]:
        same = f"{mine['where']}, rows {', '.join([mine['numbers'], *numbers])}"
        return "; ".join([*before, same])
    word = agreeing(len(numbers), "row", "rows")
    return f"{one}; {more['where']}, {word} {', '.join(numbers)}"


def _many(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _days(data: pa.Table) -> NDArray[np.int32]:
    days = one_chunk(data["month"]).cast(pa.int32())
    return np.asarray(pc.fill_null(days, _LOW) if days.null_count else days)


def _first_months(days: NDArray[np.int32]) -> NDArray[np.int16] | None:
    """Return the months of days that all are first days; None where some are not, or are far away."""
    low, high = int(days.min()), int(days.max())
    if low < _LOW or high >= _HIGH:
        return None
    month = np.full(len(days), _MONTHS[low - _LOW]) if low == high else _MONTHS.take(days - _LOW)
    return None if month.min() == _NONE else month

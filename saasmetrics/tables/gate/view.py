"""Columns of the tables as numpy arrays, each made once, for the findings of the gate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import Problem, Severity
from saasmetrics.tables.arrays import one_chunk, raw
from saasmetrics.tables.encoded import different, encoded
from saasmetrics.tables.findings import SHOWN, examples
from saasmetrics.tables.runs import is_runs, month_of, reach, rows_in
from saasmetrics.tables.texts import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from saasmetrics.tables.table import Table

__all__ = ["Bools", "Days", "Gate", "View", "day_number", "iso", "mask_of", "texts"]


Bools = npt.NDArray[np.bool_]
Days = npt.NDArray[np.int32]


@dataclass
class View:
    """One table, its columns as numpy arrays on demand.

    Parameters
    ----------
    table
        The table.
    """

    table: Table
    _made: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, table: Table) -> View:
        """Return the view of a table that somebody still holds, or a new one."""
        found = _HELD.get(id(table))
        if found is None or found.table is not table:
            _HELD[id(table)] = found = cls(table)
        return found

    @property
    def name(self) -> str:
        """Canonical table name."""
        return self.table.name

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.table.num_rows

    def has(self, *columns: str) -> bool:
        """Whether all of the columns are there."""
        return all(column in self.table.data.column_names for column in columns)

    def valid(self, column: str) -> Bools:
        """True where the column has a value."""
        made: Bools = self._once("valid", column, _valid)
        return made

    def days(self, column: str) -> Days:
        """Days since 1970-01-01; anything where missing."""
        made: Days = self._once("days", column, lambda array: raw(array.cast(pa.date32())))
        return made

    def months(self, column: str) -> npt.NDArray[np.int32]:
        """Months since 1970-01; anything where missing."""
        made: npt.NDArray[np.int32] = self._once(
            "months", column, lambda array: month_of(raw(array.cast(pa.date32())))
        )
        return made

    def reach(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """First and last month, in the column `month`, of each row that has one; one array where no row is a run."""
        if is_runs(self.table.data):
            return reach(self.table.data)
        months, there = self.months("month"), self.valid("month")
        months = months if there.all() else months[there]
        return months, months

    def micros(self, column: str) -> npt.NDArray[np.int64]:
        """Microseconds since 1970-01-01; anything where missing."""
        made: npt.NDArray[np.int64] = self._once(
            "micros", column, lambda array: raw(array.cast(pa.timestamp("us")))
        )
        return made

    def numbers(self, column: str) -> npt.NDArray[np.float64]:
        """Numbers; anything where missing."""
        made: npt.NDArray[np.float64] = self._once(
            "numbers", column, lambda array: raw(array.cast(pa.float64()))
        )
        return made

    def flags(self, column: str) -> Bools:
        """True where a yes/no column says yes."""
        made: Bools = self._once("flags", column, mask_of)
        return made

    def codes(self, column: str) -> npt.NDArray[np.int32]:
        """Number of each value in `names(column)`; -1 where missing."""
        made: npt.NDArray[np.int32] = self._once("codes", column, _encode)[0]
        return made

    def names(self, column: str) -> pa.Array:
        """Different values of a column, as `codes` numbers them."""
        return self._once("codes", column, _encode)[1]

    def know_codes(self, column: str, codes: npt.NDArray[np.int32], names: pa.Array) -> None:
        """Take the numbers of the values of a column from where they are known."""
        self._made["codes", column] = codes, names

    def distinct(self, column: str) -> int:
        """Number of different values, a missing one counting as a value."""
        # Customer ids are numbered for other findings anyway.
        if column == "customer_id" or ("codes", column) in self._made:
            return len(self.names(column)) + bool(self.table.data[column].null_count)
        made: int = self._once("distinct", column, different)
        return made

    def combined(self, columns: Sequence[str]) -> npt.NDArray[np.int64]:
        """Number of each combination of values of several columns, a missing one counting as a value."""
        codes = np.zeros(self.size, np.int64)
        room = 1
        for name in columns:
            more, many = self.codes(name), len(self.names(name)) + 1
            if room * many > 2**62:
                codes = np.unique(codes, return_inverse=True)[1].astype(np.int64).reshape(-1)
                room = int(codes.max()) + 1
            codes = codes * many + (more + 1)
            room *= many
        return codes

    def stored(self, column: str) -> Any:
        """Numbers of a column as they are stored; anything where missing."""
        return self._once("stored", column, raw)

    def problem(
        self,
        rows: Bools | npt.NDArray[np.intp],
        *,
        column: str,
        rule: str,
        remedy: str,
        code: str,
        severity: Severity,
        show: Sequence[str] = (),
        count: int | None = None,
        lines: Any = None,
    ) -> Iterable[Problem]:
        """One problem for rows that break a rule, or none.

        Parameters
        ----------
        rows
            True where the rule is broken, or the numbers of those rows.
        column, rule, remedy, code, severity
            As in `Problem`.
        show
            Columns to show of the first rows.
        count
            How many there are where not all rows are passed.
        lines
            A function that finds all rows, where not all are passed.

        Returns
        -------
        iterable of Problem
            At most one.
        """
        many = count if count is not None else self.stand_for(rows)
        if not many:
            return []
        numbers = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows.astype(np.intp)
        first = numbers[: min(SHOWN, many)]
        data = self.table.data
        shown = {name: data[name] for name in dict.fromkeys(show) if name in data.column_names}
        rows_shown = examples(shown, pa.chunked_array([_numbers(first)]))
        every = numbers if lines is None else lines
        place = self.table.place(column, [int(number) for number in first])
        said = (rows_shown, remedy, severity, code, every)
        return [Problem(self.name, column, rule, many, *said, place=place)]

    def stand_for(self, chosen: Bools | npt.NDArray[np.intp]) -> int:
        """Return how many rows of the file those chosen stand for."""
        if is_runs(self.table.data):
            return rows_in(self.table.data, chosen)
        return int(np.count_nonzero(chosen)) if chosen.dtype == np.bool_ else len(chosen)

    def _once(self, kind: str, column: str, make: Any) -> Any:
        if (kind, column) not in self._made:
            if ("whole", column) not in self._made:
                self._made["whole", column] = one_chunk(self.table.data[column])
            whole = self._made["whole", column]
            self._made[kind, column] = make(whole if kind == "codes" else decode(whole))
        return self._made[kind, column]


_HELD: WeakValueDictionary[int, View] = WeakValueDictionary()


@dataclass
class Gate:
    """Everything the findings may look at.

    Parameters
    ----------
    views
        Canonical table name -> columns.
    as_of
        Last day known, as days since 1970-01-01; None where it was not said.
    currency
        Reporting currency, "" where it was not said.
    policy
        Definition choices; only read through `choice`.
    guessed
        Whether the last day known was taken from the tables.
    """

    views: Mapping[str, View]
    as_of: int | None = None
    currency: str = ""
    policy: Any = None
    guessed: bool = False
    _matches: dict[tuple[str, str, str], npt.NDArray[np.int64]] = field(
        default_factory=dict, repr=False
    )

    def match(self, view: View, other: View, key: str, known_key: str) -> npt.NDArray[np.int64]:
        """For each of `view.names(key)`, its number in `other.names(known_key)`; -1 if unknown.

        Parameters
        ----------
        view, other
            The two tables.
        key, known_key
            Their columns.

        Returns
        -------
        numpy.ndarray
            One number per name; all -1 where one of the columns is text and the other is not.
        """
        place = (view.name, f"{key}={known_key}", other.name)
        if place not in self._matches:
            self._matches[place] = _positions(view.names(key), other.names(known_key))
        return self._matches[place]

    def having(self, *tables: str) -> list[View]:
        """Those of the tables that exist and have rows."""
        return [self.views[name] for name in tables if name in self.views and self.views[name].size]

    def choice(self, name: str, default: str) -> str:
        """Choice of the policy, or the usual one."""
        return str(getattr(self.policy, name, default))

    @property
    def today(self) -> int:
        """As-of day, or today's date."""
        return day_number(dt.datetime.now(dt.UTC).date()) if self.as_of is None else self.as_of


def day_number(day: Any) -> int:
    """Days since 1970-01-01.

    Parameters
    ----------
    day
        Whole number, ISO text, date or numpy datetime64.

    Returns
    -------
    int
        The number.

    Examples
    --------
    >>> day_number("1970-02-01")
    31
    """
    if isinstance(day, (int, np.integer)):
        return int(day)
    return int(np.datetime64(day, "D").astype(np.int64))


def iso(day: int) -> str:
    """Day as ISO text.

    Parameters
    ----------
    day
        Days since 1970-01-01.

    Returns
    -------
    str
        The date.

    Examples
    --------
    >>> iso(31)
    '1970-02-01'
    """
    return str(np.datetime64(int(day), "D"))


def mask_of(array: pa.Array) -> Bools:
    """Booleans of Arrow as numpy's; missing ones are false.

    Parameters
    ----------
    array
        Booleans.

    Returns
    -------
    numpy.ndarray
        The same; all false where the array holds something else.
    """
    if not pa.types.is_boolean(array.type) or not len(array):
        return np.zeros(len(array), np.bool_)
    return _bits(array.buffers()[1], array) & _valid(array)


def texts(words: Sequence[str]) -> pa.Array:
    """Words as an Arrow array; pa.array() would import pandas.

    Parameters
    ----------
    words
        Any words.

    Returns
    -------
    pyarrow.Array
        The same words.
    """
    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def _numbers(values: npt.NDArray[np.intp]) -> pa.Array:
    whole = np.ascontiguousarray(values, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(whole), [None, pa.py_buffer(whole)])


def _positions(names: pa.Array, known: pa.Array) -> npt.NDArray[np.int64]:
    if pa.types.is_integer(names.type) != pa.types.is_integer(known.type):
        return np.full(len(names), -1, np.int64)
    found = pc.index_in(names, value_set=known.cast(names.type))
    return np.where(_valid(found), raw(found), -1).astype(np.int64)


def _valid(array: pa.Array) -> Bools:
    bitmap = array.buffers()[0] if array.null_count else None
    if pa.types.is_null(array.type):
        return np.zeros(len(array), np.bool_)
    return np.ones(len(array), np.bool_) if bitmap is None else _bits(bitmap, array)


def _bits(buffer: pa.Buffer, array: pa.Array) -> Bools:
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].view(np.bool_)


def _encode(array: pa.Array) -> tuple[npt.NDArray[np.int32], pa.Array]:
    if pa.types.is_null(array.type):
        array = array.cast(pa.string())
    names, codes = encoded(array)
    return codes, names

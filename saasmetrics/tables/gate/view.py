"""Columns of the tables as numpy arrays, each made once, for the findings of the gate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from saasmetrics.errors import Problem, Severity
from saasmetrics.tables.findings import SHOWN, examples
from saasmetrics.tables.gate import arrays
from saasmetrics.tables.runs import is_runs, months_of, rows_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from saasmetrics.tables.table import Table

__all__ = ["Bools", "Days", "Gate", "View", "day_number", "iso"]

Bools = npt.NDArray[np.bool_]
Days = npt.NDArray[np.int32]
_PLAIN = (
    pa.int64(),
    pa.float64(),
    pa.date32(),
    pa.timestamp("us"),
)  # whose values are numbers as they are stored
_ODD, _MISSING = (
    0x9E3779B97F4A7C15,
    0x7FF8DEAD00000001,
)  # any odd number, and any that stands for no value


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
        made: Bools = self._once("valid", column, arrays.valid)
        return made

    def days(self, column: str) -> Days:
        """Days since 1970-01-01; anything where missing."""
        made: Days = self._once("days", column, lambda array: arrays.raw(array.cast(pa.date32())))
        return made

    def months(self, column: str) -> npt.NDArray[np.int64]:
        """Months since 1970-01; anything where missing."""
        made: npt.NDArray[np.int64] = self._once(
            "months", column, lambda array: months_of(arrays.raw(array.cast(pa.date32())))
        )
        return made

    def micros(self, column: str) -> npt.NDArray[np.int64]:
        """Microseconds since 1970-01-01; anything where missing."""
        made: npt.NDArray[np.int64] = self._once(
            "micros", column, lambda array: arrays.raw(array.cast(pa.timestamp("us")))
        )
        return made

    def numbers(self, column: str) -> npt.NDArray[np.float64]:
        """Numbers; anything where missing."""
        made: npt.NDArray[np.float64] = self._once(
            "numbers", column, lambda array: arrays.raw(array.cast(pa.float64()))
        )
        return made

    def flags(self, column: str) -> Bools:
        """True where a yes/no column says yes."""
        made: Bools = self._once("flags", column, arrays.mask_of)
        return made

    def codes(self, column: str) -> npt.NDArray[np.int32]:
        """Number of each value in `names(column)`; -1 where missing."""
        made: npt.NDArray[np.int32] = self._once("codes", column, arrays.encode)[0]
        return made

    def names(self, column: str) -> pa.Array:
        """Different values of a column, as `codes` numbers them."""
        return self._once("codes", column, arrays.encode)[1]

    def know_codes(self, column: str, codes: npt.NDArray[np.int32], names: pa.Array) -> None:
        """Take the numbers of the values of a column from where they are known."""
        self._made["codes", column] = codes, names

    def distinct(self, column: str) -> int:
        """Number of different values, a missing one counting as a value."""
        # Customer ids are numbered for other findings anyway.
        if column == "customer_id" or ("codes", column) in self._made:
            return len(self.names(column)) + bool(self.table.data[column].null_count)
        made: int = self._once("distinct", column, arrays.distinct)
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

    def mixed(self, columns: Sequence[str]) -> npt.NDArray[np.uint64]:
        """A number for each combination of values of several columns: the same for the same ones, rarely for others."""
        mixed = np.zeros(self.size, np.uint64)
        for name in columns:
            mixed ^= self._bits_of(name)
            mixed *= np.uint64(_ODD)
            mixed ^= mixed >> np.uint64(29)
        return mixed

    def _bits_of(self, column: str) -> npt.NDArray[np.uint64]:
        """The value of each row as 64 bits, equal where values are."""
        kind = self.table.data.schema.field(column).type
        if column == "customer_id" or kind not in _PLAIN:  # customer ids are numbered anyway
            return self.codes(column).astype(np.uint64)
        if kind == pa.float64():
            numbers = self.numbers(column)
            bits = np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
        else:
            raw = (
                self.days(column) if kind == pa.date32() else self._once("raw", column, arrays.raw)
            )
            bits = raw.astype(np.uint64)
        missing = np.uint64(_MISSING)
        return bits if self.valid(column).all() else np.where(self.valid(column), bits, missing)

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
        rows_shown = examples(shown, pa.chunked_array([arrays.whole_numbers(first)]))
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
                self._made["whole", column] = arrays.one_chunk(self.table.data[column])
            self._made[kind, column] = make(self._made["whole", column])
        return self._made[kind, column]


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
            self._matches[place] = arrays.positions(view.names(key), other.names(known_key))
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

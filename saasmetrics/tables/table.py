"""A table with canonical columns, and what was done to get it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from saasmetrics.money import agreeing, counted
from saasmetrics.periods import iso_day
from saasmetrics.tables.runs import columns_of, rows_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

__all__ = ["Snapshot", "Table"]


@dataclass(frozen=True)
class Snapshot:
    """What an export of one day changed in a table.

    Parameters
    ----------
    day
        Day number of the export.
    added, changed, withdrawn
        Rows that are new, that have other values than before, and that are no longer there.
    said
        What else is to be known about it.

    Examples
    --------
    >>> str(Snapshot(20_548, 12, 1, 0))
    '2026-04-05, rows: 12 added, 1 changed, 0 withdrawn'
    """

    day: int
    added: int
    changed: int = 0
    withdrawn: int = 0
    said: str = ""

    def __str__(self) -> str:
        """The day with its counts."""
        many = f"{self.added:,} added, {self.changed:,} changed, {self.withdrawn:,} withdrawn"
        return f"{iso_day(self.day)}, rows: {many}" + (f"; {self.said}" if self.said else "")


@dataclass(frozen=True, eq=False)
class Table:
    """One input table under its canonical names and dtypes.

    Parameters
    ----------
    name
        Canonical table name.
    data
        The rows. Ids are string (or large_string) or int64; dates and months date32; timestamps
        microseconds in UTC without a zone; money and numbers float64.
    renamed
        Column name in the export -> name here, where they differ.
    notes
        What was understood, derived or set aside while reading, one sentence each.
    zones
        Column -> time zone of the export, for timestamps that were converted to UTC.
    left_out
        Why rows of the history are not here -> how many.
    snapshots
        The exports that the rows were put together from; then each row has the day on which it was first and the day
        on which it was no longer there.
    source
        SHA-256 of the file that it was read from, where it was asked for.
    places
        Column -> the user's own file and column; "" -> the file or files.
    lines
        Rows that the file has, where those here are the same in the same order; else 0.
    parts
        The files that the rows are of, where they are several, with the rows of each.
    """

    name: str
    data: pa.Table
    renamed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    zones: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    left_out: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    snapshots: tuple[Snapshot, ...] = ()
    source: str = ""
    places: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    lines: int = 0
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def num_rows(self) -> int:
        """Number of rows here."""
        return int(self.data.num_rows)

    @property
    def rows(self) -> int:
        """Number of rows of the file; those of a table of runs stand for several."""
        return rows_in(self.data)

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, the unknown ones of the export last."""
        return columns_of(self.data)

    @property
    def is_away(self) -> bool:
        """Whether the rows stay in another system, from which they are brought when they are used."""
        return bool(getattr(self.data, "is_away", False))

    @cached_property
    def fingerprint(self) -> str:
        """The hash of what the table holds, whatever the order of its rows and columns."""
        from saasmetrics.tables.fingerprint import table_fingerprint

        return table_fingerprint(self.name, self.data)

    def place(self, column: str, rows: Sequence[int] = ()) -> str:
        """Return the user's own file, columns and rows in words; "" where they are not known.

        Parameters
        ----------
        column
            Column, several joined by ", ", or "".
        rows
            First positions here, from 0; in words they are counted as in a spreadsheet, whose header is row 1.

        Examples
        --------
        >>> import pyarrow as pa
        >>> known = {"amount": "invoices.csv, column 'Invoice Total'", "": "invoices.csv"}
        >>> Table("invoices", pa.table({"amount": [1, 2]}), places=known, lines=2).place("amount", [1])
        "invoices.csv, column 'Invoice Total', row 3"
        """
        whole = self.places.get("", "")
        found = [self.places.get(name, whole) for name in column.split(", ")]
        words = " and ".join(dict.fromkeys(filter(None, found)))
        if not (words and len(rows) and self.lines == self.num_rows):
            return words
        if self.parts:
            return "; ".join(_in_parts(self.parts, words.removeprefix(whole), rows))
        return f"{words}{_numbers(rows)}"

    def __contains__(self, column: object) -> bool:
        """Whether the table has a column."""
        return column in self.data.column_names

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it with all columns: those that are still in their file are read for it."""
        held = {each.name: getattr(self, each.name) for each in fields(self)}
        held["data"] = self.data.here() if hasattr(self.data, "here") else self.data
        told = ("renamed", "zones", "left_out", "places")
        return Table, tuple((held | {name: dict(held[name]) for name in told}).values())

    def __repr__(self) -> str:
        """Name, size and columns on one line."""
        return f"Table({self.name!r}, {counted(self.rows, 'row')}: {', '.join(self.column_names)})"


def _in_parts(parts: Sequence[tuple[str, int]], column: str, rows: Sequence[int]) -> Iterator[str]:
    """Yield for each file that has some of the rows its name, the column, and their numbers in it."""
    begin = 0
    for label, many in parts:
        mine = [row - begin for row in rows if begin <= row < begin + many]
        begin += many
        if mine:
            yield f"{label}{column}{_numbers(mine)}"


def _numbers(rows: Sequence[int]) -> str:
    numbers = ", ".join(f"{row + 2:,}" for row in rows)
    return f", {agreeing(len(rows), 'row', 'rows')} {numbers}"

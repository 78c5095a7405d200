"""A table with canonical columns, and what was done to get it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from saasmetrics.money import counted
from saasmetrics.periods import iso_day

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """

    name: str
    data: pa.Table
    renamed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    zones: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    left_out: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    snapshots: tuple[Snapshot, ...] = ()
    source: str = ""

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return int(self.data.num_rows)

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, the unknown ones of the export last."""
        return list(self.data.column_names)

    @cached_property
    def fingerprint(self) -> str:
        """The hash of what the table holds, whatever the order of its rows and columns."""
        from saasmetrics.tables.fingerprint import table_fingerprint

        return table_fingerprint(self.name, self.data)

    def __contains__(self, column: object) -> bool:
        """Whether the table has a column."""
        return column in self.data.column_names

    def __repr__(self) -> str:
        """Name, size and columns on one line."""
        return (
            f"Table({self.name!r}, {counted(self.num_rows, 'row')}: {', '.join(self.column_names)})"
        )

"""Tables of files of which some columns are not read until they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Make = Callable[[Any], Any]

__all__ = ["LazyColumn", "LazyTable", "assembled", "later_of", "lazily", "passing"]


@dataclass(frozen=True)
class LazyColumn:
    """A column that is read when it is asked for.

    Parameters
    ----------
    get
        A function that returns its values; whether they are kept for the next one who asks is what it is told.
    kind
        The type of the values, where it is known before they are read.
    """

    get: Callable[[bool], pa.ChunkedArray]
    kind: pa.DataType | None = None

    def then(self, make: Make) -> LazyColumn:
        """Return the column that a function makes of this one, once it is read."""
        return LazyColumn(lambda keep: make(self.get(keep)))


class LazyTable:
    """Stand in for an Arrow table of which some columns are still in their file.

    What is made of it by picking rows, or by putting in other columns, leaves them there; anything else reads all.

    Parameters
    ----------
    columns
        Name -> values, or the column that is to be read.
    rows
        How many rows there are.
    metadata
        What Arrow says beside the columns.
    later
        Names of the columns that were not read at first, whether they have been since or not.
    """

    def __init__(
        self,
        columns: Mapping[str, pa.ChunkedArray | LazyColumn],
        rows: int,
        metadata: Mapping[bytes, bytes] | None = None,
        later: Sequence[str] | None = None,
    ) -> None:
        self._columns = dict(columns)
        self._metadata = dict(metadata or {})
        self.num_rows = rows
        lazy = [name for name, column in columns.items() if isinstance(column, LazyColumn)]
        self.later = tuple(lazy if later is None else [n for n in later if n in columns])

    @property
    def column_names(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    @property
    def num_columns(self) -> int:
        """Number of columns."""
        return len(self._columns)

    @property
    def unread(self) -> list[str]:
        """Names of the columns that are not read yet."""
        return [name for name, column in self._columns.items() if isinstance(column, LazyColumn)]

    @property
    def schema(self) -> pa.Schema:
        """Names and types; columns are read whose types their values decide."""
        return pa.schema([self.field(name) for name in self._columns], self._metadata or None)

    def field(self, column: str | int) -> pa.Field:
        """Return the name and type of a column."""
        name = self._name(column)
        found = self._columns[name]
        known = found.kind if isinstance(found, LazyColumn) else found.type
        return pa.field(name, self[name].type if known is None else known)

    def __len__(self) -> int:
        return self.num_rows

    def __getitem__(self, column: str | int) -> pa.ChunkedArray:
        return self.look(column, keep=True)

    def column(self, column: str | int) -> pa.ChunkedArray:
        """Return one column."""
        return self[column]

    def look(self, column: str | int, *, keep: bool = False) -> pa.ChunkedArray:
        """Return one column; one that is not read yet is not kept, unless that is asked for."""
        name = self._name(column)
        found = self._columns[name]
        if not isinstance(found, LazyColumn):
            return found
        made = found.get(keep)
        if keep:
            self._columns[name] = made
        return made

    def lazy(self, name: str) -> LazyColumn | None:
        """Return a column that is not read yet; None for one that is."""
        found = self._columns[name]
        return found if isinstance(found, LazyColumn) else None

    def select(self, columns: Sequence[str | int]) -> pa.Table:
        """Return some columns, which are read for it."""
        return pa.table({self._name(column): self[column] for column in columns})

    def here(self) -> pa.Table:
        """Return all columns, which are read for it."""
        return self.select(self.column_names).replace_schema_metadata(self._metadata or None)

    def filter(self, mask: Any, *more: Any, **options: Any) -> Any:
        """Return the rows for which a mask is true."""
        if isinstance(mask, pc.Expression) or more or options:
            return self.here().filter(mask, *more, **options)
        rows = int(pc.sum(mask).as_py() or 0)
        return self._cut(lambda column: column.filter(mask), rows)

    def take(self, rows: Any) -> LazyTable:
        """Return rows by their numbers."""
        return self._cut(lambda column: column.take(rows), len(rows))

    def slice(self, offset: int = 0, length: int | None = None) -> LazyTable:
        """Return rows that follow each other."""
        left = max(self.num_rows - offset, 0)
        rows = left if length is None else min(length, left)
        return self._cut(lambda column: column.slice(offset, rows), rows)

    def append_column(self, name: str, values: Any) -> LazyTable:
        """Return the table with one more column."""
        return self._of({**self._columns, name: _chunked(values)})

    def set_column(self, place: int, name: str, values: Any) -> LazyTable:
        """Return the table with another column in place of one."""
        items = list(self._columns.items())
        items[place] = (name, _chunked(values))
        return self._of(dict(items))

    def drop_columns(self, names: str | Sequence[str]) -> LazyTable:
        """Return the table without some columns."""
        gone = {names} if isinstance(names, str) else set(names)
        return self._of({n: column for n, column in self._columns.items() if n not in gone})

    def rename_columns(self, names: Sequence[str]) -> LazyTable:
        """Return the table with other names of its columns, and nothing said beside them."""
        new = dict(zip(self._columns, names, strict=True))
        columns = {new[name]: column for name, column in self._columns.items()}
        return LazyTable(columns, self.num_rows, None, [new[name] for name in self.later])

    def replace_schema_metadata(self, metadata: Mapping[bytes, bytes] | None = None) -> LazyTable:
        """Return the table with something else said beside its columns."""
        return LazyTable(self._columns, self.num_rows, metadata, self.later)

    def __arrow_c_stream__(self, requested: object = None) -> object:
        return self.here().__arrow_c_stream__(requested)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(pa.Table, name):
            raise AttributeError(name)
        return getattr(self.here(), name)

    def _name(self, column: str | int) -> str:
        if isinstance(column, int):
            return self.column_names[column]
        if column not in self._columns:
            raise KeyError(column)
        return column

    def _of(self, columns: Mapping[str, pa.ChunkedArray | LazyColumn]) -> LazyTable:
        return LazyTable(columns, self.num_rows, self._metadata, self.later)

    def _cut(self, change: Make, rows: int) -> LazyTable:
        """Return other rows: of what is read now, of what is not once it is read for either table."""

        def cut(name: str) -> pa.ChunkedArray | LazyColumn:
            known = self.lazy(name)
            if known is None:
                return change(self[name])
            return LazyColumn(lambda keep: change(self.look(name, keep=keep)), known.kind)

        columns = {name: cut(name) for name in self._columns}
        return LazyTable(columns, rows, self._metadata, self.later)


def passing(data: Any, name: str) -> pa.ChunkedArray:
    """Return a column of any table for one look, after which a lazy one is let go again."""
    return data.look(name) if isinstance(data, LazyTable) else data[name]


def lazily(data: Any, name: str, make: Make | None = None) -> Any:
    """Return what a function makes of a column: of one that is not read yet, a column to be made when it is."""
    later = data.lazy(name) if isinstance(data, LazyTable) else None
    if make is None:
        return data[name] if later is None else later
    return make(data[name]) if later is None else later.then(make)


def assembled(columns: Mapping[str, Any], rows: int) -> Any:
    """Return the table of some columns: an Arrow table, unless some are not read yet."""
    if any(isinstance(column, LazyColumn) for column in columns.values()):
        made = {name: _chunked(column) for name, column in columns.items()}
        return LazyTable(made, rows)
    return pa.table(columns)


def later_of(data: Any) -> tuple[str, ...]:
    """Return the names of the columns of a table that were not read at first."""
    return data.later if isinstance(data, LazyTable) else ()


def _chunked(values: Any) -> pa.ChunkedArray | LazyColumn:
    if isinstance(values, (pa.ChunkedArray, LazyColumn)):
        return values
    return pa.chunked_array([values if isinstance(values, pa.Array) else pa.array(values)])

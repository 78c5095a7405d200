"""The rows of a table that stays where it is: an Arrow table whose columns come when they are asked for."""

from __future__ import annotations

import weakref
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.errors import DataError
from saasmetrics.tables.coerce import coerce
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.texts import decode, is_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from saasmetrics.engine.connected.link import Link
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.tables import Table

T = TypeVar("T")
_FIXED = 8  # bytes of a number or a date, at most
_SMALL = 2**31  # bytes
_HOLDERS = count(1 << 80)  # numbers that are no id of an object
_OFFSET = 5  # bytes that Arrow keeps for a text beside its letters


class Kept:
    """What rows are kept with where they are: it goes with the last of those that were made of them."""


class Rows:
    """Stand in for an Arrow table: names and types are known, rows are counted there and brought when they are used.

    What comes is sorted, so that nothing depends on the order in which a system gives rows, and columns brought later
    fit those brought before.

    Parameters
    ----------
    name
        Canonical table name.
    frame
        The rows with canonical columns, where they are.
    link
        What may be brought.
    words
        The different values of columns that have few, as found when connecting.
    empty
        A table of no rows with the types that they have when they are here, where these are known.
    kept
        What the rows are kept with where they are.
    whole
        More rows, of which these are some, chosen by their values.
    """

    is_away = True

    def __init__(
        self,
        name: str,
        frame: Frame,
        link: Link,
        words: Mapping[str, frozenset[str]] | None = None,
        empty: pa.Table | None = None,
        kept: tuple[Kept, ...] = (),
        whole: Rows | None = None,
    ) -> None:
        self.name = name
        self.frame = frame
        self.link = link
        self.words = dict(words or {})
        self._empty = empty
        self._kept = kept
        self._whole = None if whole is None else weakref.ref(whole)
        self._size: int | None = None
        self._here: pa.Table | None = None
        self._told: dict[str, Any] = {}
        weakref.finalize(self, link.release, id(self))

    @property
    def schema(self) -> pa.Schema:
        """The types that the columns have when they are here."""
        if self._empty is None:
            with self.link.asking(f"Reading the columns of {self.name}"):
                self._empty = canonical(self.name, fetched(self.frame.head(0)))
        return self._empty.schema

    @property
    def column_names(self) -> list[str]:
        """Names of the columns."""
        return list(self.schema.names)

    def field(self, column: str) -> pa.Field:
        """Return the name and type that a column has when it is here."""
        return self.schema.field(column)

    @property
    def num_columns(self) -> int:
        """Number of columns."""
        return len(self.schema)

    @property
    def num_rows(self) -> int:
        """Number of rows, counted where they are."""
        if self._size is None:
            with self.link.asking(f"Counting the rows of {self.name}"):
                found = fetched(self.frame.select(nw.len().alias("rows")))
            self._size = int(found["rows"][0].as_py())
        return self._size

    @property
    def is_part(self) -> bool:
        """Whether these were chosen among more rows by their values."""
        return self._whole is not None

    def counted(self, rows: int) -> None:
        """Know how many rows there are from a query that counted them beside other things."""
        self._size = rows

    @property
    def is_here(self) -> bool:
        """Whether rows were brought."""
        return self._here is not None

    def __len__(self) -> int:
        return self.num_rows

    def __getitem__(self, column: str | int) -> pa.ChunkedArray:
        name = self.column_names[column] if isinstance(column, int) else column
        if name not in self.column_names:
            raise KeyError(name)
        return self._with([name])[name]

    def column(self, column: str | int) -> pa.ChunkedArray:
        """Return one column."""
        return self[column]

    def select(self, columns: Sequence[str]) -> pa.Table:
        """Return some columns."""
        return self._with(columns).select(list(columns))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(pa.Table, name):
            raise AttributeError(name)
        return getattr(self.here(), name)

    def here(self) -> pa.Table:
        """Return all columns of the rows, which are brought for it."""
        return self._with(self.column_names).select(self.column_names)

    def has(self, column: str) -> bool:
        """Return whether a column has at least one value: of rows that are here by a look, of others by a query."""
        if self._here is not None and column in self._here.column_names:
            return bool(self._here[column].null_count < len(self._here))
        if column not in self.column_names:
            return False
        return self.once(f"has {column}", lambda: self._has(column))

    def _has(self, column: str) -> bool:
        with self.link.asking(f"Looking for values of {self.name}.{column}"):
            some = self.frame.select(column).filter(~nw.col(column).is_null()).head(1)
            return bool(fetched(some).num_rows)

    def distinct(self, column: str) -> pa.ChunkedArray:
        """Return the different values of a column, asked for where they are."""
        return self.once(f"distinct {column}", lambda: self._distinct(column))

    def _distinct(self, column: str) -> pa.ChunkedArray:
        with self.link.asking(f"Looking for the values of {self.name}.{column}"):
            found = fetched(self.frame.select(column).unique().sort(column))
        return canonical(self.name, found)[column]

    def once(self, what: str, make: Callable[[], T]) -> T:
        """Return what was found out about the rows before, or find it out: each question is asked once."""
        if what not in self._told:
            self._told[what] = make()
        told: T = self._told[what]
        return told

    def sought(self, what: str, make: Callable[[], Iterable[T]]) -> list[T]:
        """Return what was looked for, once: where it is not among more rows, it is not among some of them."""
        if self.of_whole(what) == []:
            return []
        return self.once(what, lambda: list(make()))

    def told(self, what: str) -> Any:
        """Return what was found out about the rows, or about more, of which these are some; None where it was not."""
        return self._told[what] if what in self._told else self.of_whole(what)

    def of_whole(self, what: str) -> Any:
        """Return what was found out about more rows, of which these are some; None where that was not asked."""
        whole = None if self._whole is None else self._whole()
        return None if whole is None else whole.told(what)

    def some(self, frame: Frame) -> Rows:
        """Return those of the rows that have certain values, or whose customers have."""
        known = self.schema.empty_table()
        return Rows(self.name, frame, self.link, self.words, known, self._kept, self)

    def cut(self, frame: Frame, kept: Kept | None = None) -> Rows:
        """Return other rows of the same table; `kept`: with what they are kept with from now on."""
        keep = self._kept if kept is None else (*self._kept, kept)
        return Rows(self.name, frame, self.link, self.words, kept=keep)

    def part(self, frame: Frame) -> Rows:
        """Return some rows of the same table, with all of its columns: their types are known already."""
        known = self.schema.empty_table()
        return Rows(self.name, frame, self.link, self.words, known, self._kept)

    def _with(self, columns: Iterable[str]) -> pa.Table:
        """Return rows with at least these columns: those of the schema, and others only once they are asked for."""
        had = [] if self._here is None else self._here.column_names
        known = [name for name in self.column_names if name in SCHEMA[self.name].columns]
        wanted = list(dict.fromkeys([*had, *known, *columns]))
        if self._here is not None and set(wanted) <= set(had):
            return self._here
        self._allow(wanted)
        with self.link.asking(f"Bringing the rows of {self.name}"):
            found = fetched(self.frame.select(*wanted))
        found = canonical(self.name, found)
        found = found.take(pc.sort_indices(found, _order(found)))
        if self._here is not None and not found.select(had).equals(self._here):
            self._here = None
            msg = f"The rows of {self.name} changed while they were read. Connect again for one state of them."
            raise DataError(msg)
        self._here = found.combine_chunks()
        return self._here

    def _allow(self, columns: Sequence[str]) -> None:
        schema = self.schema
        texts = [name for name in columns if is_text(schema.field(name).type)]
        with self.link.asking(f"Measuring the rows of {self.name}"):
            rows, letters = measured(self.frame, texts)
        self._size = rows
        self.link.allow(id(self), self.name, rows, size_of(rows, len(columns), len(texts), letters))


def brought(
    frame: Frame,
    table: str,
    link: Link,
    holder: object = None,
    made: Callable[[pa.Table], pa.Table] | None = None,
) -> pa.Table:
    """Return the rows of a frame as Arrow, once they are counted and fit beside what is here already.

    Parameters
    ----------
    frame
        What to bring.
    table
        The table that it says something of.
    link
        What may be brought.
    holder
        What keeps it; None: the rows themselves.
    made
        What is made of the rows, and kept instead of them.
    """
    kinds = frame.collect_schema()
    texts = [name for name, kind in kinds.items() if kind == nw.String]
    rows, letters = measured(frame, texts)
    key = next(_HOLDERS)
    link.allow(key, table, rows, size_of(rows, len(kinds), len(texts), letters))
    found: pa.Table = fetched(frame)
    found = found if made is None else made(found)
    weakref.finalize(found if holder is None else holder, link.release, key)
    return found


def counted_here(found: pa.Table, table: str, link: Link, holder: object) -> None:
    """Count rows that are here already among what may be brought, as long as something keeps them."""
    key = next(_HOLDERS)
    link.allow(key, table, len(found), found.nbytes)
    weakref.finalize(holder, link.release, key)


def measured(frame: Frame, texts: Sequence[str]) -> tuple[int, int]:
    """Return how many rows there are, and how many letters are in their columns of text."""
    sums = [nw.col(name).str.len_chars().sum().alias(f"n{i}") for i, name in enumerate(texts)]
    row = fetched(frame.select(nw.len().alias("rows"), *sums)).to_pylist()[0]
    return int(row["rows"]), int(sum(row[f"n{i}"] or 0 for i in range(len(texts))))


def size_of(rows: int, columns: int, texts: int, letters: int) -> int:
    """Return about how many bytes rows take here, of which some columns are text with so many letters in all."""
    return rows * ((columns - texts) * _FIXED + texts * _OFFSET) + letters


def is_there(table: Table | None) -> bool:
    """Return whether the rows of a table are not in this process."""
    return table is not None and isinstance(table.data, Rows)


def canonical(name: str, found: pa.Table) -> pa.Table:
    """Return rows that were fetched under the types that all tables have here."""
    known = SCHEMA[name].columns
    return pa.table(
        {
            column: _small(
                coerce(known[column], decode(found[column])).values
                if column in known
                else _plain(found[column])
            )
            for column in found.column_names
        }
    )


def _small(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts with offsets of 32 bits, as all tables here have, where they are not too long for it."""
    if pa.types.is_large_string(values.type) and values.nbytes < _SMALL:
        return values.cast(pa.string())
    return values


def _order(found: pa.Table) -> list[tuple[str, str]]:
    return [(f.name, "ascending") for f in found.schema if not pa.types.is_nested(f.type)]


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    values = decode(values)
    if pa.types.is_decimal(values.type):
        return values.cast(pa.string()).cast(pa.float64())
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.timestamp("us"))
    return values.cast(pa.string()) if pa.types.is_null(values.type) else values

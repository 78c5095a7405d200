"""What a reader keeps in a cache: the tables of each file, found again by its content, and how they were read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from saasmetrics.cache.keys import key_of
from saasmetrics.cache.rows import said_of, table_of
from saasmetrics.tables.facts.parts import parts_of
from saasmetrics.tables.files import looks_like_data
from saasmetrics.tables.read import content_hash, is_table
from saasmetrics.tables.steady import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pyarrow as pa

    from saasmetrics.cache.store import Cache
    from saasmetrics.tables.table import Table
    from saasmetrics.tables.told import Told

    Parts = list[tuple[str, str | None, Table]]

__all__ = ["Origin", "Shelf"]


@dataclass(frozen=True)
class Origin:
    """Where the rows of a table are from: a name for those of each file, and how many; and the types of all."""

    table: str
    parts: tuple[tuple[str, int], ...]
    kinds: str

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(many for _, many in self.parts)

    def named(self, parts: int | None = None) -> list[Any]:
        """Return the name of the rows, or of those of the first files."""
        return [self.table, [list(part) for part in self.parts[:parts]], self.kinds]


class Shelf:
    """The tables of files in a cache, for one reading.

    Parameters
    ----------
    cache
        Where they are kept.
    """

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self._content: dict[Path, tuple[list[Any], str]] = {}
        self._again: dict[Path, Parts | None] = {}
        self._names: list[tuple[pa.Table, str]] = []
        self._origins: list[tuple[pa.Table, Origin]] = []

    def content(self, file: Path) -> str:
        """Return the hash of a file, or of the names and files of a table in parts, taken once."""
        if file not in self._content:
            if file.is_dir():
                parts = parts_of(file)
                named = key_of("parts", [(part.name, self.content(part)) for part in parts])
                # The marks are those before each part was read, which may have been a while ago.
                self._content[file] = [self._content[part][0][0] for part in parts], named
            else:
                self._content[file] = _marks(file), content_hash(file)
        return self._content[file][1]

    def again(self, file: Path, told: Told) -> Parts | None:
        """Return the label, the table and its name for each part of a file as they were kept; None where they were not.

        Parameters
        ----------
        file
            The file, or the folder of a table in parts.
        told
            How it is to be read.
        """
        if file not in self._again:
            self._again[file] = self._kept(("file", *self._of(file, told)))
        return self._again[file]

    def _kept(self, names: tuple[Any, ...]) -> Parts | None:
        entry = self.cache.get(*names)
        if entry is None:
            return None
        out: Parts = []
        rows = iter(entry.tables)
        for label, said in entry.said:
            if said is None:
                out.append((label, None, None))  # type: ignore[arg-type]
                continue
            table = table_of(said, next(rows))
            self._names.append((table.data, key_of(*names, label)))
            out.append((label, table.name, table))
        return out

    def keep(self, told: Told, made: Iterable[tuple[Path, str, Table | None]]) -> None:
        """Keep what was read of files that are not kept yet, unless they were written meanwhile.

        Parameters
        ----------
        told
            How they were read.
        made
            The file, the label and the table of each part; None for one that is no table.
        """
        of_file: dict[Path, list[tuple[str, Table | None]]] = {}
        for file, label, table in made:
            of_file.setdefault(file, []).append((label, table))
        for file, parts in of_file.items():
            steady = file in self._content and self._content[file][0] == _marks(file)
            if self._again.get(file) is None and steady and any(t is not None for _, t in parts):
                self._put(parts, ("file", *self._of(file, told)))

    def _put(self, parts: Sequence[tuple[str, Table | None]], names: tuple[Any, ...]) -> None:
        said = [(label, None if table is None else said_of(table)) for label, table in parts]
        tables = [(label, table) for label, table in parts if table is not None]
        self.cache.put(said, [table.data for _, table in tables], *names)
        self._names += [(table.data, key_of(*names, label)) for label, table in tables]

    def all_again(self, place: Path, told: Told) -> dict[str, Table] | None:
        """Return the tables that all files of a folder gave together, as they were kept; None where they were not."""
        parts = self._kept(("folder", *self._of_all(place, told)))
        if parts is None:
            return None
        tables = {label: table for label, _, table in parts}
        for table in tables.values():
            self.name(table, [table])
        return tables

    def keep_all(self, place: Path, told: Told, tables: dict[str, Table]) -> None:
        """Keep the tables that all files of a folder gave together, unless one was written meanwhile."""
        if all(found[0] == _marks(file) for file, found in self._content.items()):
            self._put([*tables.items()], ("folder", *self._of_all(place, told)))
            for table in tables.values():
                self.name(table, [table])

    def _of_all(self, place: Path, told: Told) -> list[Any]:
        inner = [
            parts_of(path) if path.is_dir() and is_table(path) else [path]
            for path in _inside(place)
        ]
        files = [file for paths in inner for file in paths if file.is_file()]
        named = [(file.relative_to(place).as_posix(), file) for file in files]
        return [(name, *self._of(file, told)) for name, file in named]

    def _of(self, file: Path, told: Told) -> tuple[Any, ...]:
        words = [getattr(told, each.name) for each in fields(told)]
        return file.name, self.content(file), words

    def name(self, table: Table, parts: Sequence[Table]) -> None:
        """Name the rows of a table by those of its files, if all of them have names."""
        names = [(self._name(part.data), part.num_rows) for part in parts]
        if all(name for name, _ in names):
            kinds = str([(field.name, str(field.type)) for field in table.data.schema])
            self._origins.append((table.data, Origin(table.name, tuple(names), kinds)))

    def _name(self, data: pa.Table) -> str:
        return next((name for known, name in self._names if known is data), "")

    def origin(self, data: pa.Table) -> Origin | None:
        """Return where rows are from; None for rows that were changed, or are some of those that were read."""
        return next((origin for known, origin in self._origins if known is data), None)


def _marks(file: Path) -> list[Any]:
    """Return what tells that a file, or any part of a table, was written, or that there are more or fewer of them."""
    return [(part.name, mark(part)) for part in parts_of(file)]


def _inside(place: Path) -> list[Path]:
    """Return what decides what the tables of a folder are: its files of data, tables in parts, and what is told."""
    if not place.is_dir():
        return [place]
    return [
        path
        for path in sorted(place.iterdir())
        if looks_like_data(path) or path.suffix == ".toml" or (path.is_dir() and is_table(path))
    ]

"""Which columns of a Parquet file are read at once, and which only when somebody asks for them.

Ids, days, amounts and choices are read at once: they can be refused, and the quality gate compares them. Free text and
columns that the schema does not know are looked at by nothing before they are named: they are left in the file, as long
as leaving them is worth it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saasmetrics.tables.facts.parts import is_parquet, parts_of, read_parts, rows_of
from saasmetrics.tables.files import read_file, read_parquet
from saasmetrics.tables.lazy import LazyColumn, LazyTable
from saasmetrics.tables.months import month_columns
from saasmetrics.tables.names import match_columns
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.steady import content, mark, unchanged, written_meanwhile
from saasmetrics.tables.texts import NUMBERABLE, NUMBERED, is_text, numbered_in, plain_kind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from saasmetrics.tables.steady import Content, Mark
    from saasmetrics.tables.told import Told

__all__ = ["LEAST", "encoded", "left_in", "read_rows"]

LEAST = 1 << 25
"""Bytes of columns from which they are left in their file."""

_IMPLIED = {"subscription_id", "interval"}  # by what other columns are called
_EACH = 8  # bytes of a value that repeats, which a Parquet file says once


@dataclass(frozen=True)
class _Source:
    """A file as it was when its first columns were read."""

    file: Path
    mark: Mark | None
    said: Any
    content: Content


def read_rows(place: Path, name: str, told: Told, *, lazily: bool) -> pa.Table:
    """Return the rows of a file, or of a folder of parts, as far as they are needed.

    Parameters
    ----------
    place
        The file or folder.
    name
        The table that it is.
    told
        What is told of its columns.
    lazily
        Whether columns may be left in the file until they are asked for.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    files = parts_of(place)
    left = left_in(files, name, told) if lazily else []
    if left:
        return _lazy(files, left, numbered_texts(files, name, told))
    if place.is_dir():
        return read_parts(files)
    if is_parquet(place) and place.is_file():
        with unchanged(place):
            return read_parquet(place, texts=numbered_texts(files, name, told))[0]
    return read_file(place, told.encoding)


def numbered_texts(files: Sequence[Path], name: str, told: Told) -> list[str]:
    """Return the columns of text of a table that come numbered: those that its files hold as numbers of few texts.

    Parameters
    ----------
    files
        The Parquet file, or the parts.
    name
        The table.
    told
        What is told of its columns.
    """
    import pyarrow.parquet as pq

    try:
        said = [pq.read_metadata(file) for file in files]
    except (pa.ArrowInvalid, OSError):  # reading it will say what is wrong
        return []
    names = told.columns.get(name, {})
    own = {names.get(given, given): given for given in said[0].schema.to_arrow_schema().names}
    if told.decimal == "," or (name == "mrr" and month_columns(list(own))):
        return []
    matching = match_columns(SCHEMA[name], list(own))
    texts = [given for given, match in matching.known.values() if match.column.dtype in NUMBERABLE]
    wanted = {own[given] for given in (*texts, *matching.extra) if given in own}
    return [name for name in numbered_in(said) if name in wanted]


def left_in(files: Sequence[Path], name: str, told: Told) -> list[str]:
    """Return the columns of a table that are left in its files until they are asked for.

    Parameters
    ----------
    files
        The file, or the parts.
    name
        The table.
    told
        What is told of its columns.
    """
    if not files or not all(map(is_parquet, files)) or told.decimal == ",":
        return []
    import pyarrow.parquet as pq

    try:
        schema, *others = (pq.read_schema(file) for file in files)
        found = _unneeded(schema, name, told)
        alike = all(schema.equals(other) for other in others)
        repeated = _EACH * rows_of(files) * len(found)
        if not alike or encoded(files, found) + repeated < LEAST:
            return []
    except (pa.ArrowInvalid, OSError):  # reading it will say what is wrong
        return []
    return found


def encoded(files: Sequence[Path], columns: Collection[str]) -> int:
    """Return how many bytes some columns take in Parquet files before they are packed."""
    import pyarrow.parquet as pq

    total = 0
    for file in files if columns else ():
        said = pq.read_metadata(file)
        wanted = [n for n in range(said.num_columns) if _name(said, n) in columns]
        groups = (said.row_group(n) for n in range(said.num_row_groups))
        total += sum(g.column(n).total_uncompressed_size for g in groups for n in wanted)
    return total


def _name(said: Any, column: int) -> str:
    """Return the name of a column, or of the one that a nested value is of."""
    path: str = said.schema.column(column).path
    known = said.schema.to_arrow_schema().names if "." in path else [path]
    return next((name for name in known if path == name or path.startswith(f"{name}.")), path)


def _unneeded(schema: pa.Schema, name: str, told: Told) -> list[str]:
    """Return the columns that nothing looks at before they are named."""
    names = told.columns.get(name, {})
    own = {names.get(given, given): given for given in schema.names}
    if len(own) < len(schema) or (name == "mrr" and month_columns(list(own))):
        return []
    matching = match_columns(SCHEMA[name], list(own))
    wanted = {c.name for c in SCHEMA[name].columns.values() if c.required and not c.generated}
    if matching.problems or not wanted - _IMPLIED <= set(matching.known):
        return []
    texts = [
        given
        for given, match in matching.known.values()
        if match.column.dtype == "text"
        and not match.column.required
        and is_text(plain_kind(schema.field(own[given]).type))
    ]
    return [own[given] for given in own if given in matching.extra or given in texts]


def _lazy(files: Sequence[Path], left: Sequence[str], texts: Sequence[str]) -> Any:
    sources, parts = [], []
    for file in files:
        before = mark(file)
        with unchanged(file):
            part, said = read_parquet(file, _but(file, left), texts=texts)
            sources.append(_Source(file, before, said, content(file)))
        parts.append(part)
    data = pa.concat_tables(parts)
    schema = sources[0].said.schema.to_arrow_schema()
    columns = {
        name: LazyColumn(
            partial(_column, sources, name, name in texts),
            NUMBERED if name in texts else schema.field(name).type,
        )
        if name in left
        else data[name]
        for name in schema.names
    }
    return LazyTable(columns, data.num_rows, data.schema.metadata)


def _but(file: Path, left: Sequence[str]) -> list[str]:
    import pyarrow.parquet as pq

    return [name for name in pq.read_schema(file).names if name not in left]


def _column(sources: Sequence[_Source], name: str, by_number: bool, _: bool) -> pa.ChunkedArray:
    """Return a column of the files that other columns were read of, and of no other state of them."""
    texts = [name] if by_number else []
    parts = []
    for source in sources:
        with unchanged(source.file, source.mark):
            if not source.content.is_of(content(source.file)):
                raise written_meanwhile(source.file, since_read=True)
            parts.append(read_parquet(source.file, [name], source.said, texts)[0])
    return pa.concat_tables(parts)[name]

"""A folder of exports, one file per table."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from saasmetrics.errors import DataError
from saasmetrics.tables.canonical import normalize_all
from saasmetrics.tables.files import (
    SUFFIXES,
    infer,
    looks_like_data,
    read_file,
    why_unreadable,
)
from saasmetrics.tables.names import fold, snake_case
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.separators import ambiguous, is_semicolon, of_file
from saasmetrics.tables.table import Table
from saasmetrics.tables.told import NOTHING, Told
from saasmetrics.tables.workbooks import read_sheets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["content_hash", "has_tables", "read_folder", "table_of_stem"]

_HARMLESS = re.compile(
    r"^((export|exports|data|list|all|full|raw|final|latest|clean|cleaned|report|dump|extract|table|copy"
    r"|v\d+|\d+|q[1-4]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(_|$))*(by_.*)?$"
)


def read_folder(
    path: str | os.PathLike[str],
    before: Iterable[Table] | None = None,
    told: Told = NOTHING,
    without: Collection[str] = (),
) -> dict[str, Table]:
    """Read the tables of a folder, or of one file.

    Parameters
    ----------
    path
        Folder with one CSV, Parquet or XLSX file per table; or one such file. File names, and the
        names of sheets, say which table it is: "accounts.csv" and "acme_accounts_2025.csv" are
        `customers`.
    before
        Tables read earlier: a file with the same content is not read again. If given, even if none, tables know the
        SHA-256 of their file.
    told
        Names of columns, order of dates and decimal sign, where the files do not tell.
    without
        Names of files that are left aside; if there is no other, there is no table.

    Returns
    -------
    dict
        Canonical table name -> table. Files that are not recognized are named in the notes of the
        first table.

    Raises
    ------
    DataError
        If nothing is recognized, or two files are the same table.
    InvalidTablesError
        If the tables have problems: all of them at once.
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(fspath := os.fspath(path), bytes):
        raise DataError(
            f"read takes the path of a folder or file, not {type(path).__name__}. "
            "Tables in memory go to Book(subscriptions=...)."
        )
    place = Path(fspath)
    if not place.exists() and not place.is_symlink():
        raise DataError(f"There is no file or folder {str(place)!r}.")
    if not place.is_dir() and (not place.is_file() or not _has_suffix(place)):
        raise DataError(why_unreadable(place))
    files = sorted(_readable(place)) if place.is_dir() else [place]
    files = [file for file in files if file.name not in without]
    if without and not files:
        return {}
    found: dict[str, Found] = {}
    strangers: list[str] = []
    for file in files:
        content = "" if before is None else content_hash(file)
        known = [table for table in before or () if content and table.source == content]
        for label, name, source in _again(file, known) if known else _parts(file):
            if name is None:
                strangers.append(label)
            elif name in found:
                raise DataError(
                    f"{found[name].label} and {label} are both the table {name!r}. Put them into one "
                    "file, or rename the one that is something else."
                )
            else:
                found[name] = Found(label, source, content)
    if place.is_dir():
        _refuse_unreadable(place, found)
    if not found:
        raise DataError(_nothing(place, strangers))
    told.check(found)
    return _read(found, strangers, told)


@dataclass(frozen=True)
class Found:
    """A table of a folder: the words for where it is, its rows or the file that holds them, the file's hash."""

    label: str
    source: pa.Table | Path | Table
    content: str


def content_hash(file: Path) -> str:
    """SHA-256 of the content of a file.

    Parameters
    ----------
    file
        Any file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def table_of_stem(stem: str) -> str | None:
    """Table that the name of a file or sheet stands for.

    Parameters
    ----------
    stem
        Name without the suffix.

    Returns
    -------
    str or None
        Canonical table name; None where the name says nothing.

    Examples
    --------
    >>> table_of_stem("ravenstack_support_tickets"), table_of_stem("Accounts (2025)")
    ('tickets', 'customers')
    >>> table_of_stem("churn_events") is None
    True
    """
    tokens = snake_case(stem).split("_")
    for start in range(len(tokens)):
        for stop in range(len(tokens), start, -1):
            name = _ALIASES.get(fold("".join(tokens[start:stop])))
            if name and _HARMLESS.match("_".join(tokens[stop:])):
                return name
    return None


def _aliases() -> dict[str, str]:
    aliases = {fold(alias): name for name, schema in SCHEMA.items() for alias in schema.aliases}
    return aliases | {fold(name): name for name in SCHEMA}


_ALIASES = _aliases()


def has_tables(folder: Path) -> bool:
    """Whether a folder holds files that tables can be read from."""
    return bool(_readable(folder))


def _readable(folder: Path) -> list[Path]:
    return [
        file
        for file in folder.iterdir()
        if file.is_file() and not file.name.startswith((".", "~$")) and _has_suffix(file)
    ]


def _has_suffix(file: Path) -> bool:
    return file.name.removesuffix(".gz").lower().endswith(SUFFIXES)


def _refuse_unreadable(folder: Path, found: Collection[str]) -> None:
    """Refuse a folder with a table that cannot be read and that no other file gives."""
    readable = set(_readable(folder))
    others = [file for file in sorted(folder.iterdir()) if file not in readable]
    whys = [
        why_unreadable(file)
        for file in others
        if looks_like_data(file)
        and (not found or ((name := table_of_stem(_stem(file))) is not None and name not in found))
    ]
    if whys:
        raise DataError(" ".join(whys))


def _stem(file: Path) -> str:
    return file.name.removesuffix(".gz").rsplit(".", 1)[0]


def _parts(file: Path) -> list[tuple[str, str | None, pa.Table | Path]]:
    stem = _stem(file)
    if file.suffix.lower() not in (".xlsx", ".xlsm"):
        return [(file.name, table_of_stem(stem), file)]
    sheets = read_sheets(file)
    if len(sheets) == 1:
        title, rows = next(iter(sheets.items()))
        return [(file.name, table_of_stem(title) or table_of_stem(stem), rows)]
    return [(f"{file.name}: {title}", table_of_stem(title), rows) for title, rows in sheets.items()]


def _again(file: Path, known: list[Table]) -> list[tuple[str, str | None, Table]]:
    """Return the tables that a file of the same content gave."""
    return [(file.name, table.name, table) for table in known]


def _read(found: dict[str, Found], strangers: list[str], told: Told) -> dict[str, Table]:
    sources = {}
    notes = {}
    for name, each in found.items():
        known = isinstance(each.source, Table)
        rows = each.source
        if isinstance(rows, Path):
            rows = read_file(rows, told.encoding)
        if not isinstance(rows, Table):
            rows = of_file(rows, each.label)
        notes[name] = [] if known else [f"read from {each.label}"]
        if told is not NOTHING and not known:
            rows, said = told.apply(name, rows)
            notes[name] += said
        sources[name] = rows
    if strangers:
        notes[next(iter(notes))].append(f"not recognized and left aside: {', '.join(strangers)}")
    tables = normalize_all(sources)
    return {
        name: replace(
            table,
            data=_data(table, sources[name]),
            notes=(*notes[name], *table.notes),
            source=found[name].content,
        )
        for name, table in tables.items()
    }


def _data(table: Table, source: pa.Table | Table) -> pa.Table:
    return table.data if isinstance(source, Table) else _typed(table, is_semicolon(source))


def _typed(table: Table, semicolon: bool) -> pa.Table:
    """Extra columns of text as numbers, dates or yes/no where they are; 1.200 may be 1200."""
    known = SCHEMA[table.name].columns
    return pa.table(
        {
            name: table.data[name]
            if name in known or (semicolon and ambiguous(table.data[name]) is not None)
            else infer(table.data[name])
            for name in table.column_names
        }
    )


def _nothing(place: Path, strangers: list[str]) -> str:
    seen = (
        f"Found: {', '.join(strangers[:8])}. "
        if strangers
        else "It holds no CSV, Parquet or XLSX file. "
    )
    return (
        f"No table is recognized in {str(place)!r}. {seen}Name the files after the tables: "
        f"{', '.join(f'{name}.csv' for name in list(SCHEMA)[:5])}, ... It is enough to rename a file of "
        "subscriptions to subscriptions.csv, or to pass it in memory: sm.Book(subscriptions=df)."
    )

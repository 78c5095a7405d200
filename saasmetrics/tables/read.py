"""A folder of exports, one file per table."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.memory import free
from saasmetrics.tables import parts
from saasmetrics.tables.canonical import normalize
from saasmetrics.tables.facts.parts import in_parts, is_large, parts_of
from saasmetrics.tables.facts.reading import read_runs
from saasmetrics.tables.files import (
    SUFFIXES,
    looks_like_data,
    typed,
    why_unreadable,
)
from saasmetrics.tables.links import customers_of_subscriptions, same_key_type
from saasmetrics.tables.names import fold, snake_case
from saasmetrics.tables.needed import read_rows
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.separators import is_semicolon, of_file
from saasmetrics.tables.table import Table
from saasmetrics.tables.told import NOTHING, Told
from saasmetrics.tables.workbooks import read_sheets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import pyarrow as pa

    from saasmetrics.cache.shelf import Shelf
    from saasmetrics.errors import Problem

__all__ = ["content_hash", "has_tables", "is_table", "read_folder", "table_of_stem"]

_HARMLESS = re.compile(
    r"^((export|exports|data|list|all|full|raw|final|latest|clean|cleaned|report|dump|extract|table|copy"
    r"|v\d+|\d+|q[1-4]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(_|$))*(by_.*)?$"
)


def read_folder(
    path: str | os.PathLike[str],
    before: Iterable[Table] | None = None,
    told: Told = NOTHING,
    without: Collection[str] = (),
    shelf: Shelf | None = None,
    limit: int | None = None,
) -> dict[str, Table]:
    """Read the tables of a folder, or of one file.

    Parameters
    ----------
    path
        Folder with one CSV, Parquet or XLSX file per table; or one such file. File names, and the
        names of sheets, say which table it is: "accounts.csv" and "acme_accounts_2025.csv" are
        `customers`. Tables whose rows have dates may come in one file per month, quarter or year. A table
        may also be a folder of Parquet parts: "mrr/2024-01.parquet".
    before
        Tables read earlier: a file with the same content is not read again. If given, even if none, tables know the
        SHA-256 of their file.
    told
        Names of columns, order of dates and decimal sign, where the files do not tell.
    without
        Names of files that are left aside; if there is no other, there is no table.
    shelf
        Where tables of files are kept; a file that is there as it was is not read again.
    limit
        How much memory, in bytes, a file may take that is read a part at a time; by default what is free.

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
    files = [place] if not place.is_dir() or is_table(place) else sorted(_readable(place))
    files = [file for file in files if file.name not in without]
    if without and not files:
        return {}
    found: dict[str, list[Found]] = {}
    strangers: list[Found] = []
    for file in files:
        for name, one in _tables_of(file, before, told, shelf):
            if name is None:
                strangers.append(one)
            else:
                found.setdefault(name, []).append(one)
    found = {name: _in_order(name, each) for name, each in found.items()}
    if place.is_dir():
        _refuse_unreadable(place, found)
    if not found:
        raise DataError(_nothing(place, [one.label for one in strangers]))
    told.check(found)
    return _read(found, strangers, told, shelf, free() if limit is None else limit)


@dataclass(frozen=True)
class Found:
    """A table of a folder: the words for where it is, its rows or the file that holds them, the file and its hash."""

    label: str
    source: pa.Table | Path | Table
    content: str
    file: Path


def _tables_of(
    file: Path, before: Iterable[Table] | None, told: Told, shelf: Shelf | None
) -> list[tuple[str | None, Found]]:
    """Return the tables of a file by name; those that were read earlier as they are."""
    content = "" if before is None else _content(file)
    known = [table for table in before or () if content and table.source == content]
    if known:
        tables: Iterable[tuple[str, str | None, pa.Table | Path | Table]] = _again(file, known)
    else:
        kept = shelf.again(file, told) if shelf and _is_kept(file, content, told) else None
        tables = _parts(file) if kept is None else kept
    return [(name, Found(label, source, content, file)) for label, name, source in tables]


def _is_kept(file: Path, content: str, told: Told) -> bool:
    """Whether a file, or a folder of parts, may be kept; of several days, large ones are read otherwise than alone."""
    name = table_of_stem(file.name if file.is_dir() else _stem(file))
    if name is None and not _is_workbook(file):
        return False
    return not (content and name and is_large(name, file, told.columns.get(name, {})))


def _in_order(name: str, found: list[Found]) -> list[Found]:
    """Return the files of one table in the order of their periods; refuse those that are no parts of one."""
    if len(found) == 1:
        return found
    whole = all(one.label == one.file.name for one in found)
    order = parts.in_order(name, [_stem(one.file) for one in found]) if whole else None
    if order is None:
        raise DataError(
            f"{found[0].label} and {found[1].label} are both the table {name!r}. Put them into one "
            "file, or rename the one that is something else."
        )
    return [found[n] for n in order]


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
        if not file.name.startswith((".", "~$"))
        and ((file.is_file() and _has_suffix(file)) or (file.is_dir() and is_table(file)))
    ]


def is_table(folder: Path) -> bool:
    """Whether a folder has the name of a table and holds its parts."""
    if table_of_stem(folder.name) is None or not in_parts(folder):
        return False
    return not any(table_of_stem(_stem(part)) for part in folder.iterdir())


def _content(file: Path) -> str:
    """Return what tells whether a file, or any part of a folder, is another one."""
    if file.is_file():
        return content_hash(file)
    every = "".join(map(content_hash, parts_of(file)))
    return hashlib.sha256(every.encode()).hexdigest()


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


def _is_workbook(file: Path) -> bool:
    return file.suffix.lower() in (".xlsx", ".xlsm")


def _parts(file: Path) -> list[tuple[str, str | None, pa.Table | Path]]:
    if file.is_dir():
        return [(f"{file.name}/", table_of_stem(file.name), file)]
    stem = _stem(file)
    if not _is_workbook(file):
        return [(file.name, table_of_stem(stem), file)]
    sheets = read_sheets(file)
    if len(sheets) == 1:
        title, rows = next(iter(sheets.items()))
        return [(file.name, table_of_stem(title) or table_of_stem(stem), rows)]
    return [(f"{file.name}: {title}", table_of_stem(title), rows) for title, rows in sheets.items()]


def _again(file: Path, known: list[Table]) -> list[tuple[str, str | None, Table]]:
    """Return the tables that a file of the same content gave."""
    return [(file.name, table.name, table) for table in known]


def _read(
    found: Mapping[str, list[Found]],
    strangers: list[Found],
    told: Told,
    shelf: Shelf | None,
    limit: int,
) -> dict[str, Table]:
    made: dict[str, list[tuple[str, Table]]] = {}
    problems: list[Problem] = []
    of_others: set[Path] = set()
    for name in sorted(found, key=lambda name: name != "subscriptions"):
        payers = made["subscriptions"][0][1] if made.get("subscriptions") else None
        made[name] = []
        for one in found[name]:
            try:
                room = limit if len(found[name]) == 1 else None
                table, alone = _table(name, one, told, payers, room, lazily=shelf is None)
            except InvalidTablesError as error:
                problems.extend(error.problems)
                continue
            made[name].append((one.label, table))
            of_others.update(() if alone else (one.file,))
    if problems:
        raise InvalidTablesError(problems)
    if shelf is not None:
        every = [
            (one.file, label, table)
            for name in found
            for one, (label, table) in zip(found[name], made[name], strict=True)
            if one.file not in of_others
        ]
        shelf.keep(told, [*every, *((one.file, one.label, None) for one in strangers)])
    tables = {name: _noted(parts.joined(made[name]), found[name]) for name in found}
    if strangers:
        first = next(iter(tables))
        said = f"not recognized and left aside: {', '.join(one.label for one in strangers)}"
        notes = tables[first].notes
        tables[first] = replace(tables[first], notes=(*notes[:1], said, *notes[1:]))
    tables = same_key_type(tables)
    if shelf is not None:
        for name, table in tables.items():
            shelf.name(table, [each for _, each in made[name]])
    return tables


def _table(
    name: str, found: Found, told: Told, payers: Table | None, limit: int | None, *, lazily: bool
) -> tuple[Table, bool]:
    """Return the table of one file, and whether it is that of the file alone; `limit` is for one read in parts."""
    rows = found.source
    if isinstance(rows, Table):
        return rows, True
    if isinstance(rows, Path):
        # Exports of several days, which have a hash of their content, are compared row by row.
        alone = limit is not None and not found.content
        if alone and is_large(name, rows, told.columns.get(name, {})):
            made = read_runs(rows, found.label, told, limit or 0)
            return replace(made, data=typed(name, made.data, semicolon=False)), True
        rows = read_rows(rows, name, told, lazily=alone and lazily)
    rows = of_file(rows, found.label)
    said: list[str] = []
    if told is not NOTHING:
        rows, said = told.apply(name, rows)
    whole = rows
    if name == "usage" and payers is not None:
        whole = customers_of_subscriptions(rows, payers)
    table = normalize(name, whole)
    data = typed(name, table.data, is_semicolon(rows))
    return replace(table, data=data, notes=(*said, *table.notes)), whole is rows


def _noted(table: Table, found: list[Found]) -> Table:
    """Return a table that says which files it was read from, unless it says so already."""
    if len(found) > 1:
        said = f"read from {len(found)} files, {found[0].label} to {found[-1].label}"
        return replace(table, notes=(said, *table.notes), source="")
    one = found[0]
    if isinstance(one.source, Table) and one.source.source:
        return table
    return replace(table, notes=(f"read from {one.label}", *table.notes), source=one.content)


def _nothing(place: Path, strangers: list[str]) -> str:
    seen = (
        f"Found: {', '.join(strangers[:8])}. "
        if strangers
        else "It holds no CSV, Parquet or XLSX file. "
    )
    other = (
        f" Invoices and exports of other systems are read by saasmetrics import {place}, in Python "
        f"sm.importers.import_folder({str(place)!r})."
    )
    return (
        f"No table is recognized in {str(place)!r}. {seen}Name the files after the tables: "
        f"{', '.join(f'{name}.csv' for name in list(SCHEMA)[:5])}, ... It is enough to rename a file of "
        "subscriptions to subscriptions.csv, or to pass it in memory: sm.Book(subscriptions=df)."
        f"{other if strangers else ''}"
    )

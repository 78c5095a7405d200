"""`saasmetrics import`: raw exports to tables, with what became of every file and column."""

from __future__ import annotations

from argparse import BooleanOptionalAction
from pathlib import Path
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.money import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from saasmetrics.importers.files import File
    from saasmetrics.importers.imported import Imported
    from saasmetrics.tables import Table
    from saasmetrics.tables.told import Told


def words(parser: argparse.ArgumentParser) -> None:
    """Add what can be said after `saasmetrics import`."""
    parser.add_argument("folder", metavar="FOLDER", help="folder of raw exports")
    parser.add_argument(
        "--out", metavar="DIR", help="write the tables there as Parquet, for saasmetrics.read"
    )
    parser.add_argument(
        "--columns",
        action="store_true",
        help="show what each column became, also of files that are not recognized",
    )
    ways(parser)


def ways(parser: argparse.ArgumentParser) -> None:
    """Add what can be told of how files are read, as `saasmetrics.read` calls it."""
    parser.add_argument(
        "--dayfirst", action=BooleanOptionalAction, help="whether 03/04/2025 is 3 April"
    )
    parser.add_argument(
        "--monthfirst",
        dest="dayfirst",
        action="store_false",
        default=None,
        help="the same as --no-dayfirst",
    )
    parser.add_argument(
        "--decimal",
        choices=[",", "."],
        metavar="SIGN",
        help='decimal sign of the files: "," or "."',
    )
    parser.add_argument("--encoding", metavar="CODE", help="of text files, such as cp1252")


def run(arguments: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Import a folder and say what became of it.

    Raises
    ------
    DataError
        If nothing is recognized, or the tables would be written among the exports.
    """
    from saasmetrics.importers import import_folder
    from saasmetrics.importers.mapping import WAYS
    from saasmetrics.importers.nearest import StrangersError
    from saasmetrics.importers.needs import missing

    folder, told = Path(arguments.folder), _told(arguments)
    if arguments.out and Path(arguments.out).resolve() == folder.resolve():
        raise DataError("--out is the folder of the exports; name another one.")
    try:
        made = import_folder(folder, **{name: getattr(told, name) for name in WAYS})
    except StrangersError as error:
        if tables := _tables(folder, error.files, told):
            _need_no_import(folder, tables, arguments.out, say)
            return
        if arguments.columns:
            for line in _strange(error.files):
                say(line)
        if not folder.is_dir() or not error.files:
            raise
        raise DataError(f"{error} {_proposed(folder, error.files, told)}") from error
    say(str(made))
    if arguments.columns:
        for line in [*_columns(made), *_strange(made.strangers)]:
            say(line)
    for line in missing(made.tables):
        say(f"  {line}")
    for line in _kept(made, folder, told):
        say(line)
    for name, table in made.by_name().items():
        say(f"  {name} is the table {table}, as its name says; saasmetrics.read takes it")
    if arguments.out:
        for file in made.write(arguments.out):
            say(str(file))


def _told(arguments: argparse.Namespace) -> Told:
    from saasmetrics.tables.told import Told

    return Told(arguments.dayfirst, arguments.decimal, arguments.encoding)


def _tables(folder: Path, files: Sequence[File], told: Told) -> dict[str, Table]:
    """Return the tables that files are by their names and columns as they stand; none unless all of them are.

    Raises
    ------
    DataError
        If they have the columns of their tables and cannot be read.
    """
    from saasmetrics.importers.mapping import over, read_mapping
    from saasmetrics.tables.read import read_folder

    given = read_mapping(folder)
    if not files or given.files or not all(map(_is_table, files)):
        return {}
    return read_folder(folder, told=over(told, given.told))


def _proposed(folder: Path, files: Sequence[File], told: Told) -> str:
    """Write a mapping of files that are not recognized, and say what to do with it; what was filled in is kept."""
    from saasmetrics.export.files import write
    from saasmetrics.importers.mapping import over, read_mapping, template
    from saasmetrics.importers.targets import NAME

    given = read_mapping(folder)
    if given.files:
        first = files[0].label
        return f'Or say in {folder / NAME} which table each file is: below ["{first}"] write table = "...".'
    place = write(folder / NAME, template(files, told=over(told, given.told)), NAME)
    return f"Or fill in {place}, which says which table each file is."


def _is_table(file: File) -> bool:
    """Whether a file is named like a table and has the columns that it needs."""
    from saasmetrics.importers.targets import whole
    from saasmetrics.tables.read import table_of_stem

    table = table_of_stem(file.label.rsplit(".", 1)[0])
    if table is None:
        return False
    try:
        whole(file.label, table, [file.names.get(name, name) for name in file.columns])
    except DataError:
        return False
    return True


def _need_no_import(
    folder: Path, tables: Mapping[str, Table], out: str | None, say: Callable[[str], None]
) -> None:
    """Say of tables that are no exports what to run.

    Raises
    ------
    DataError
        If they were to be written.
    """
    has = ", ".join(f"{name} {counted(table.rows, 'row')}" for name, table in tables.items())
    words = f"{folder} has tables as they are read, which need no import: {has}."
    runs = f"saasmetrics check {folder}, or saasmetrics report {folder}"
    if out:
        raise DataError(f"{words} Nothing is written to {out}. Run {runs}.")
    say(words)
    say(f"  run {runs}; in Python sm.read({str(folder)!r})")


def _strange(files: Sequence[File]) -> list[str]:
    """Return what the columns of files that are not recognized would be of the nearest export, and what is missing."""
    from saasmetrics.importers.nearest import would_be
    from saasmetrics.importers.systems import IMPORTERS

    lines = []
    for file in files:
        lines.append(f"  not recognized, {file.label}:")
        lines += [f"    {line}" for line in would_be(file, [*IMPORTERS.values()])]
    return lines


def _kept(made: Imported, folder: Path, told: Told) -> list[str]:
    """Write what was told and what is to be filled in beside the exports, unless a mapping is there, and say so."""
    from saasmetrics.importers.mapping import as_text, read_mapping
    from saasmetrics.importers.targets import NAME
    from saasmetrics.tables.told import NOTHING

    if not folder.is_dir():
        return []
    if (folder / NAME).exists():
        ways = as_text({}, told).split("\n") if told != NOTHING else []
        there = as_text({}, read_mapping(folder).told).split("\n")
        lost = [way for way in ways if way and way not in there]
        lines = (
            [f"  not kept: write {', '.join(lost)} at the top of {folder / NAME}"] if lost else []
        )
        open_ones = ", ".join(file.label for file in made.strangers)
        return lines + ([f"  say in {folder / NAME} what it is: {open_ones}"] if open_ones else [])
    if not made.strangers and told == NOTHING:
        return []
    place = made.write_mapping(folder, told)
    lines = [f"  {place} keeps how the files are read"] if told != NOTHING else []
    if made.strangers:
        lines.append(f"  fill in {place} for the files that are not recognized")
    return lines


def _columns(made: Imported) -> list[str]:
    lines = []
    for (system, file), rows in made.columns.groupby(["system", "file"], sort=False):
        lines.append(f"  {system}, {file}:")
        used = rows[rows["field"] != ""]
        lines += [f"    {c} -> {f}" for c, f in zip(used["column"], used["field"], strict=True)]
        if unused := rows[(rows["field"] == "") & (rows["column"] != "")]["column"].tolist():
            lines.append(f"    not used: {', '.join(unused)}")
    return lines

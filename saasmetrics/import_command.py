"""`saasmetrics import`: raw exports to tables, with what became of every file and column."""

from __future__ import annotations

from argparse import BooleanOptionalAction
from pathlib import Path
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from saasmetrics.importers.imported import Imported
    from saasmetrics.tables.told import Told


def words(parser: argparse.ArgumentParser) -> None:
    """Add what can be said after `saasmetrics import`."""
    parser.add_argument("folder", metavar="FOLDER", help="folder of raw exports")
    parser.add_argument(
        "--out", metavar="DIR", help="write the tables there as Parquet, for saasmetrics.read"
    )
    parser.add_argument("--columns", action="store_true", help="show what each column became")
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
    from saasmetrics.export.files import write
    from saasmetrics.importers import import_folder
    from saasmetrics.importers.mapping import WAYS, template
    from saasmetrics.importers.nearest import StrangersError
    from saasmetrics.importers.needs import missing
    from saasmetrics.importers.targets import NAME

    folder, told = Path(arguments.folder), _told(arguments)
    if arguments.out and Path(arguments.out).resolve() == folder.resolve():
        raise DataError("--out is the folder of the exports; name another one.")
    try:
        made = import_folder(folder, **{name: getattr(told, name) for name in WAYS})
    except StrangersError as error:
        if not folder.is_dir() or (folder / NAME).exists() or not error.files:
            raise
        place = write(folder / NAME, template(error.files, told=told), NAME)
        raise DataError(
            f"{error} Or fill in {place}, which says which table each file is."
        ) from error
    say(str(made))
    if arguments.columns:
        for line in _columns(made):
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
        return (
            [f"  not kept: write {', '.join(lost)} at the top of {folder / NAME}"] if lost else []
        )
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

"""`saasmetrics import`: raw exports to tables, with what became of every file and column."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from saasmetrics.importers.imported import Imported


def words(parser: argparse.ArgumentParser) -> None:
    """Add what can be said after `saasmetrics import`."""
    parser.add_argument("folder", metavar="FOLDER", help="folder of raw exports")
    parser.add_argument(
        "--out", metavar="DIR", help="write the tables there as Parquet, for saasmetrics.read"
    )
    parser.add_argument("--columns", action="store_true", help="show what each column became")


def run(arguments: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Import a folder and say what became of it.

    Raises
    ------
    DataError
        If nothing is recognized, or the tables would be written among the exports.
    """
    from saasmetrics.export.files import write
    from saasmetrics.importers import import_folder
    from saasmetrics.importers.mapping import NAME, template
    from saasmetrics.importers.nearest import StrangersError
    from saasmetrics.importers.needs import missing

    folder = Path(arguments.folder)
    if arguments.out and Path(arguments.out).resolve() == folder.resolve():
        raise DataError("--out is the folder of the exports; name another one.")
    try:
        made = import_folder(folder)
    except StrangersError as error:
        if not folder.is_dir() or (folder / NAME).exists() or not error.files:
            raise
        place = write(folder / NAME, template(error.files), NAME)
        raise DataError(
            f"{error} Or fill in {place}, which says which table each file is."
        ) from error
    say(str(made))
    if arguments.columns:
        for line in _columns(made):
            say(line)
    for line in missing(made.tables):
        say(f"  {line}")
    if made.strangers and not (folder / NAME).exists():
        say(f"  fill in {made.write_mapping(folder)} for the files that are not recognized")
    for name, table in made.by_name().items():
        say(f"  {name} is the table {table}, as its name says; saasmetrics.read takes it")
    if arguments.out:
        for file in made.write(arguments.out):
            say(str(file))


def _columns(made: Imported) -> list[str]:
    lines = []
    for (system, file), rows in made.columns.groupby(["system", "file"], sort=False):
        lines.append(f"  {system}, {file}:")
        used = rows[rows["field"] != ""]
        lines += [f"    {c} -> {f}" for c, f in zip(used["column"], used["field"], strict=True)]
        if unused := rows[(rows["field"] == "") & (rows["column"] != "")]["column"].tolist():
            lines.append(f"    not used: {', '.join(unused)}")
    return lines

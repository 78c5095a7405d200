"""Folders in which some files are raw exports of a system and others are tables."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import size_in_bytes
from saasmetrics.errors import DataError
from saasmetrics.importers.files import files_of
from saasmetrics.importers.nearest import StrangersError
from saasmetrics.memory import free
from saasmetrics.tables import SCHEMA, Told, normalize_all, read_any
from saasmetrics.tables.facts.parts import is_large, parts_of
from saasmetrics.tables.needed import left_in
from saasmetrics.tables.read import is_table, read_folder, table_of_stem
from saasmetrics.tables.room import fit

if TYPE_CHECKING:
    from saasmetrics.cache.shelf import Shelf
    from saasmetrics.tables import Table


def read_tables(
    path: Any, memory_limit: int | str | None = None, shelf: Shelf | None = None, **words: Any
) -> dict[str, Table]:
    """Return the tables of a folder, whether its files are raw exports, tables or both; `words` are those of `Told`.

    What is on the shelf, where there is one, is taken from there, and what is not is kept there.

    Raises
    ------
    DataError
        If the files would take more than `memory_limit`, by default what is free.
    """
    told = _told_of(path, Told(**words))
    limit = free() if memory_limit is None else size_in_bytes("memory_limit", memory_limit)
    places = _places(path)
    alone = {} if isinstance(path, Mapping) else _alone(places)
    # What is read a part at a time is held to the limit while it is.
    parted = {p for p, n in alone.items() if is_large(n, p, told.columns.get(n, {}))}
    left = {} if shelf is not None else _left(path, alone, told)
    fit([place for place in places if place not in parted], limit, left)
    with nullcontext() if shelf is None else shelf.cache.gathered():
        return read_raw(path, told, shelf) or read_any(path, told, shelf, limit)


def _told_of(path: Any, told: Told) -> Told:
    """Return what is told, and what `mapping.toml` in the folder says where nothing is."""
    if not isinstance(path, (str, Path)) or not Path(path).is_dir():
        return told
    from saasmetrics.importers.mapping import over, read_mapping

    return over(told, read_mapping(Path(path)).told)


def _places(path: Any) -> list[Path]:
    """Return the files, and folders of parts, of a folder; of its folders where it has none; or of several folders."""
    if isinstance(path, Mapping):
        return [file for place in path.values() for file in _places(place)]
    if not isinstance(path, (str, Path)):
        return []
    place = Path(path)
    if not place.is_dir() or is_table(place):
        return [place] if place.exists() else []
    inner = [folder for folder in sorted(place.iterdir()) if folder.is_dir()]
    own = [*files_of(place), *filter(is_table, inner)]
    return own or [file for folder in inner for file in files_of(folder)]


def _alone(places: list[Path]) -> dict[Path, str]:
    """Return the tables that are in one file, or one folder of parts, each."""
    named = [(table_of_stem(place.name.split(".")[0]), place) for place in places]
    names = [name for name, _ in named]
    return {place: name for name, place in named if name is not None and names.count(name) == 1}


def _left(path: Any, alone: Mapping[Path, str], told: Told) -> dict[Path, list[str]]:
    """Return the columns that are left in their files; those of an export of a day are all read."""
    return {
        place: left_in(parts_of(place), name, told)
        for place, name in alone.items()
        if Path(path) in (place, place.parent)
    }


def read_raw(path: Any, told: Told, shelf: Shelf | None = None) -> dict[str, Table]:
    """Return the tables of a folder that holds raw exports; empty where it holds none.

    Parameters
    ----------
    path
        As for `saasmetrics.read`; exports of several days are no raw exports.
    told
        What is told of the files that are tables already.
    shelf
        Where what was read is kept.

    Returns
    -------
    dict
        Canonical table name -> table; the first one's notes say what became of the exports.

    Raises
    ------
    DataError
        If a raw export and a file of its own are the same table.
    """
    if isinstance(path, Mapping) or not isinstance(path, (str, Path)) or not Path(path).exists():
        return {}
    from saasmetrics.importers.folder import is_raw

    place = Path(path)
    files = [] if shelf is None else files_of(place)
    tables = [file for file in files if shelf is not None and shelf.again(file, told) is not None]
    if not is_raw(place, told.encoding, tables):
        return {}
    kept = None if shelf is None else shelf.all_again(place, told)
    if kept is not None:
        return kept
    made = _imported(place, told)
    if shelf is not None:
        shelf.keep_all(place, told, made)
    return made


def _imported(path: Path, told: Told) -> dict[str, Table]:
    from saasmetrics.importers.folder import import_folder

    try:
        made = import_folder(
            path, dayfirst=told.dayfirst, decimal=told.decimal, encoding=told.encoding
        )
    except StrangersError as error:
        if not any(table_of_stem(file.label.split(".")[0]) for file in error.files):
            raise
        left = {file.name for file in files_of(path)} - {file.label for file in error.files}
        return read_folder(path, told=told, without=left)
    known = {file.name for file in files_of(path)} - {file.label for file in made.others}
    # A file that nobody knows is said, and keeps no other from being read.
    strange = [
        file.label for file in made.others if table_of_stem(file.label.split(".")[0]) is None
    ]
    known |= set(strange)
    others = read_folder(path, told=told, without=known) if path.is_dir() else {}
    if both := sorted(set(others) & set(made.tables)):
        msg = f"{' and '.join(made.systems)} and a file of its own both give the table {both[0]}. Leave one out."
        raise DataError(msg)
    tables = normalize_all({name: frame for name, frame in made.tables.items() if name in SCHEMA})
    tables = {
        name: replace(table, places=made.places.get(name, {})) for name, table in tables.items()
    }
    first = next(iter(tables))
    aside = [f"not recognized and left aside: {', '.join(strange)}"] if strange else []
    of = f"the exports of {' and '.join(made.systems)}" if made.systems else "mapped files"
    notes = (f"made from {of}", *made.said(), *aside)
    tables[first] = replace(tables[first], notes=(*notes, *tables[first].notes))
    return tables | others

"""Exports of one company taken on different days, put together: what was known when, row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.periods import day_number, iso_day, last_day
from saasmetrics.tables.canonical import row_numbers_for
from saasmetrics.tables.gate.view import View
from saasmetrics.tables.known import Numbers, has_clocks, identity, known
from saasmetrics.tables.links import same_key_type
from saasmetrics.tables.read import has_tables, read_folder
from saasmetrics.tables.schema import CLOCKS
from saasmetrics.tables.stacking import stacked
from saasmetrics.tables.table import Snapshot, Table
from saasmetrics.tables.told import NOTHING, Told

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from saasmetrics.cache.shelf import Shelf

    Exports = Mapping[int, Mapping[str, Table]]

__all__ = ["joined", "read_any", "read_snapshots"]

_DATED = re.compile(r"(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})")
_NEVER = -1


def read_any(
    path: str | os.PathLike[str] | Mapping[Any, Any],
    told: Told = NOTHING,
    shelf: Shelf | None = None,
    limit: int | None = None,
) -> dict[str, Table]:
    """Read a folder of exports, or the exports of several days.

    Parameters
    ----------
    path
        A folder or file, as for `read_folder`; a folder that holds no tables but folders named by a day, such as
        2026-04-05; or day -> folder.
    told, shelf, limit
        As for `read_folder`.

    Returns
    -------
    dict
        Canonical table name -> table.
    """
    if isinstance(path, Mapping):
        return read_snapshots(path, told, shelf)
    if folders := _dated(path):
        return read_snapshots(folders, told, shelf)
    return read_folder(path, told=told, shelf=shelf, limit=limit)


def read_snapshots(
    folders: Mapping[Any, Any], told: Told = NOTHING, shelf: Shelf | None = None
) -> dict[str, Table]:
    """Read the exports of several days and put them together.

    Parameters
    ----------
    folders
        Day (date or ISO text; "2026-03" is the last day of March) -> folder or file.
    told, shelf
        As for `read_folder`.

    Returns
    -------
    dict
        Canonical table name -> table with all versions of its rows.

    Raises
    ------
    DataError
        If there is no day, or one day twice.
    InvalidTablesError
        If the tables of a day have problems: all of that day at once.
    """
    days = [last_day(day) for day in folders]
    if not days:
        raise DataError('There are no snapshots. Name at least one: {"2026-04-05": "exports/"}.')
    if len({*days}) < len(days):
        raise DataError(
            f"Two snapshots are of one day: {', '.join(map(str, folders))}. Keep one of them."
        )
    read: dict[int, Mapping[str, Table]] = {}
    for day, folder in sorted(zip(days, folders.values(), strict=True), key=lambda pair: pair[0]):
        before = [table for tables in read.values() for table in tables.values()]
        try:
            read[day] = read_folder(folder, before, told, shelf=shelf)
        except InvalidTablesError as error:
            of_day = f" (snapshot of {iso_day(day)})"
            raise InvalidTablesError(
                replace(problem, rule=problem.rule + of_day) for problem in error.problems
            ) from None
    return joined(read)


def joined(exports: Exports) -> dict[str, Table]:
    """Return the tables of exports of several days with all versions of their rows.

    Parameters
    ----------
    exports
        Day number -> canonical table name -> table as it was exported on that day.

    Returns
    -------
    dict
        Canonical table name -> table. `recorded_at` is the day of the export that a version was first in,
        `withdrawn_at` that of the first one that it was no longer in.

    Notes
    -----
    Rows of two exports are the same row if all values are equal, as often as they occur in both. Of the others, rows
    that share a key are the old and the new version of a row. A table that an export does not hold is taken as
    unchanged. `recorded_at` of the exports themselves is not read.
    """
    names = dict.fromkeys(name for tables in exports.values() for name in tables)
    return same_key_type({name: _history(name, exports) for name in names})


def _history(name: str, exports: Exports) -> Table:
    """Return one table with all versions of its rows."""
    own = {day: tables[name] for day, tables in exports.items() if name in tables}
    parts = {day: _plain(table) for day, table in own.items()}
    data, last = stacked(list(parts.values())).combine_chunks(), own[max(own)]
    sizes = [table.num_rows for table in parts.values()]
    content, keys, generated = _codes(Table(name, data, notes=last.notes), sizes)
    first = dict(zip(parts, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))
    recorded, withdrawn = (np.full(data.num_rows, _NEVER) for _ in CLOCKS)
    live = np.zeros(0, np.int64)
    told = []
    columns: set[str] = set()
    for day in (day for day in exports if day >= min(own)):
        if day not in own:
            told.append(Snapshot(day, 0, said=f"no file for {name}, taken as unchanged"))
            continue
        rows = first[day] + np.arange(parts[day].num_rows)
        old = live[~np.isin(content[live], content[rows])]
        new = rows[~np.isin(content[rows], content[live])]
        recorded[new], withdrawn[old] = day, day
        live = np.append(live[np.isin(content[live], content[rows])], new)
        changed = 0 if keys is None else _in_both(keys[old], keys[new])
        more = sorted({*parts[day].column_names} - columns) if columns else ()
        said = f"new columns: {', '.join(more)}" if more else ""
        columns.update(parts[day].column_names)
        told.append(Snapshot(day, len(new) - changed, changed, len(old) - changed, said))
    used = recorded != _NEVER
    data = data.append_column(CLOCKS[0], _moments(recorded))
    data = data.append_column(CLOCKS[1], _moments(withdrawn)).filter(pa.array(used))
    for column in generated:
        numbers = pa.array(np.arange(1, data.num_rows + 1))
        data = data.set_column(data.column_names.index(column), column, numbers)
    notes = dict.fromkeys(note for table in own.values() for note in table.notes)
    if any(has_clocks(table) for table in own.values()):
        notes[f"{CLOCKS[0]} is the day of the snapshot, not what the files say"] = None
    return replace(last, data=data, notes=tuple(notes), snapshots=tuple(told))


def _plain(table: Table) -> pa.Table:
    """Return the rows of an export that held when it was made, without their clocks."""
    data = known(table).data
    return data.drop_columns([name for name in CLOCKS if name in data.column_names])


def _codes(table: Table, sizes: Sequence[int]) -> tuple[Numbers, Numbers | None, list[str]]:
    """Return a number per row and export for its content, one for its key, and the columns that are row numbers.

    Rows of an export that are equal in all values are told apart by their place among them.
    """
    view = View(table)
    key = identity(table)
    generated = [name for name in key if row_numbers_for(name) in table.notes]
    content = view.combined([name for name in table.column_names if name not in generated])
    export = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((np.arange(view.size), export, content))
    again = np.append(False, (np.diff(content[order]) == 0) & (np.diff(export[order]) == 0))[
        : view.size
    ]
    place = np.arange(view.size)
    nth = np.empty(view.size, np.int64)
    nth[order] = place - np.maximum.accumulate(np.where(again, 0, place))
    _, code = np.unique(content, return_inverse=True)
    whole = code.reshape(-1) * (int(nth.max(initial=0)) + 1) + nth
    named = [name for name in key if name not in generated]
    return whole, view.combined(named) if named else None, generated


def _in_both(old: Numbers, new: Numbers) -> int:
    """Return how many rows on one side have a partner of the same key on the other."""
    keys, code = np.unique(np.append(old, new), return_inverse=True)
    code = code.reshape(-1)
    left = np.bincount(code[: len(old)], minlength=len(keys))
    right = np.bincount(code[len(old) :], minlength=len(keys))
    return int(np.minimum(left, right).sum())


def _moments(days: Numbers) -> pa.Array:
    """Return days as timestamps, missing where there is none."""
    return pa.array(days.astype("datetime64[D]").astype("datetime64[us]"), mask=days == _NEVER)


def _dated(path: Any) -> dict[str, Path]:
    """Return the folders of a folder that are named by a day; none where it holds tables itself."""
    place = Path(path) if isinstance(path, (str, Path)) else None
    if place is None or not place.is_dir() or has_tables(place):
        return {}
    found: dict[str, Path] = {}
    for folder in sorted(place.iterdir()):
        named = _DATED.fullmatch(folder.name)
        if not folder.is_dir() or named is None:
            continue
        day = iso_day(day_number("-".join(named.groups())))
        if day in found:
            raise DataError(
                f"{found[day].name} and {folder.name} are snapshots of one day. Keep one of them."
            )
        found[day] = folder
    return found

"""Tables in several files, one per month or other period: mrr-2026-09.csv, mrr-2026-10.csv."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import DataError
from saasmetrics.money import agreeing
from saasmetrics.tables.canonical import row_numbers_for
from saasmetrics.tables.names import snake_case
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.stacking import stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.tables.table import Table

__all__ = ["in_order", "joined"]

_ROWS_HAVE_DATES = frozenset({"mrr", "invoices", "spend", "finance", "activities", "tickets"})
_ROWS_HAVE_DATES |= {"usage", "surveys", "hours", "fx", "trials"}
_DATED = ("date", "month", "timestamp")
_SHOWN = 3
_WORDS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR, _MONTH = r"(?P<y>(?:19|20)\d\d)", r"(?P<m>0[1-9]|1[0-2])"
_WORD = rf"(?P<w>{'|'.join(_WORDS)})[a-z]*"
_PERIODS = (
    ("", rf"(?<!\d){_YEAR}_?{_MONTH}_?(?:0[1-9]|[12]\d|3[01])(?!\d)"),  # the day of an export
    ("month", rf"(?<!\d){_YEAR}_?{_MONTH}(?!\d)"),
    ("month", rf"(?<!\d){_YEAR}_?{_WORD}"),
    ("month", rf"(?<![a-z]){_WORD}_?{_YEAR}(?!\d)"),
    ("quarter", rf"(?<!\d){_YEAR}_?q(?P<q>[1-4])(?!\d)"),
    ("quarter", rf"(?<![a-z0-9])q(?P<q>[1-4])_?{_YEAR}(?!\d)"),
    ("year", rf"(?<!\d){_YEAR}(?!\d)"),
)


def in_order(table: str, stems: Sequence[str]) -> list[int] | None:
    """Return the order in time of files that are parts of one table; None where they are not.

    Parameters
    ----------
    table
        Canonical name. Rows of subscriptions and customers have no period: files of several days are snapshots.
    stems
        Names of the files without suffix; parts differ only in the period, and each has another one.

    Examples
    --------
    >>> in_order("mrr", ["mrr-2026-10", "mrr-2026-09"]), in_order("mrr", ["mrr", "mrr-final"])
    ([1, 0], None)
    """
    found = [_period(snake_case(stem)) for stem in stems]
    if table not in _ROWS_HAVE_DATES or None in found:
        return None
    told = [each for each in found if each is not None]
    whens = [when for _, _, when in told]
    if len({(kind, rest) for kind, rest, _ in told}) > 1 or len({*whens}) < len(whens):
        return None
    return sorted(range(len(whens)), key=lambda n: whens[n])


def _period(stem: str) -> tuple[str, str, tuple[int, ...]] | None:
    """Return the kind of period that a name has, the rest of the name, and the period as numbers."""
    for kind, pattern in _PERIODS:
        if found := re.search(pattern, stem):
            if not kind:
                return None
            told = {name: value for name, value in found.groupdict().items() if value}
            if "w" in told:
                told["m"] = str(_WORDS.index(told.pop("w")) + 1)
            rest = f"{stem[: found.start()]}#{stem[found.end() :]}"
            return kind, rest, tuple(int(told[name]) for name in "yqm" if name in told)
    return None


def joined(parts: Sequence[tuple[str, Table]]) -> Table:
    """Return the table that several files give together, the rows in the order of the files.

    Parameters
    ----------
    parts
        The name of each file, and its table.

    Raises
    ------
    DataError
        If most rows of a file lie in the time of the one before, or some files have ids and others do not.
    """
    if len(parts) == 1:
        return parts[0][1]
    _refuse_whole_exports(parts)
    tables = [table for _, table in parts]
    data = _ordered(tables[0].name, stacked([table.data for table in tables]))
    data = _numbered(parts, data)
    own = {old: new for table in tables for old, new in table.renamed.items()}
    whole = f"{parts[0][0]} to {parts[-1][0]} ({len(parts)} files)"
    return replace(
        tables[0],
        data=data,
        renamed=own,
        notes=_notes(parts, data.column_names),
        zones={name: zone for table in tables for name, zone in table.zones.items()},
        places={"": whole} | _columns(tables, whole),
        lines=data.num_rows if all(table.lines == table.num_rows for table in tables) else 0,
        parts=tuple((label, table.num_rows) for label, table in parts),
    )


def _refuse_whole_exports(parts: Sequence[tuple[str, Table]]) -> None:
    """Refuse files that hold the rows of earlier ones again, as exports of everything made every month do."""
    name = parts[0][1].name
    dated = next(c.name for c in SCHEMA[name].columns.values() if c.required and c.dtype in _DATED)
    until: tuple[str, Any] | None = None
    for label, table in parts:
        days = table.data[dated].cast(pa.date32())
        last = pc.max(days)
        if until is not None and len(days):
            again = int(pc.sum(pc.less_equal(days, until[1])).as_py() or 0)
            if again * 2 > len(days):
                msg = (
                    f"{label} and {until[0]} are both the table {name!r}, and most rows of one are of the time of the "
                    "other. If each has everything known on a day, put each into a folder named by that day "
                    "(2026-09-30, 2026-10-31) and read the folder above; else leave one out."
                )
                raise DataError(msg)
        if last.is_valid:
            until = label, last


def _ordered(name: str, data: pa.Table) -> pa.Table:
    """Return the columns of the schema first, as those of a table in one file are."""
    known = [column for column in SCHEMA[name].columns if column in data.column_names]
    return data.select([*known, *(column for column in data.column_names if column not in known)])


def _numbered(parts: Sequence[tuple[str, Table]], data: pa.Table) -> pa.Table:
    """Return the rows with numbers that run on where numbers stand for ids."""
    for column in data.column_names:
        without = [label for label, table in parts if row_numbers_for(column) in table.notes]
        if not without:
            continue
        if len(without) < len(parts):
            msg = (
                f"{', '.join(without[:_SHOWN])} {agreeing(len(without), 'has', 'have')} no {column} and other files "
                f"of {parts[0][1].name} do. Export all with it, or all without."
            )
            raise DataError(msg)
        numbers = pa.array(np.arange(1, data.num_rows + 1))
        data = data.set_column(data.column_names.index(column), column, numbers)
    return data


def _notes(parts: Sequence[tuple[str, Table]], columns: Sequence[str]) -> tuple[str, ...]:
    """Return what is to be said of all files once, and of some with how many they are."""
    said: dict[str, list[str]] = {}
    for label, table in parts:
        for note in dict.fromkeys(table.notes):
            said.setdefault(note, []).append(label)
    for name in columns:
        lacking = [label for label, table in parts if name not in table and table.num_rows]
        if lacking:
            said.setdefault(f"there is no {name}: it is missing", []).extend(lacking)
    return tuple(
        note if len(labels) == len(parts) else f"{note} ({_of(labels, len(parts))})"
        for note, labels in said.items()
    )


def _of(labels: Sequence[str], many: int) -> str:
    return ", ".join(labels) if len(labels) <= _SHOWN else f"{len(labels)} of {many} files"


def _columns(tables: Sequence[Table], whole: str) -> dict[str, str]:
    """Return the place of each column that all files call alike."""
    out = {}
    for name in dict.fromkeys(name for table in tables for name in table.places if name):
        words = {
            table.places[name].removeprefix(table.places.get("", ""))
            for table in tables
            if name in table.places
        }
        if len(words) == 1:
            out[name] = f"{whole}{words.pop()}"
    return out

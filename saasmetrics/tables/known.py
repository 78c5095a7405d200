"""The clock of knowledge: which rows of a table were known on a day.

A row is known from `recorded_at` on, until a later version replaces it or until `withdrawn_at`. An invoice line that
does not say when it was recorded is known from the day on which it was issued.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from saasmetrics.tables.gate.view import View, iso
from saasmetrics.tables.schema import CLOCKS, ISSUED, SCHEMA

if TYPE_CHECKING:
    from saasmetrics.tables.gate.view import Bools
    from saasmetrics.tables.table import Table

__all__ = [
    "ALWAYS",
    "has_clocks",
    "holding",
    "identity",
    "known",
    "moments",
    "pairs",
    "tells_when",
    "together",
    "unknown_words",
]

ALWAYS = 10**9
"""The day on which everything is known."""

_DAY = 86_400_000_000
_FIRST, _LAST = -(2**62), 2**62
_OPEN, _BITS = 2**31, 33
_LINE_IDS = {"usage": "usage_id", "activities": "activity_id", "surveys": "survey_id"}
_PLAIN = {*CLOCKS, "customer_id", "month", "mrr", "currency"}

Numbers = npt.NDArray[np.int64]


def has_clocks(table: Table) -> bool:
    """Whether a table says when its rows became known or were withdrawn."""
    return any(name in table for name in CLOCKS)


def tells_when(table: Table) -> bool:
    """Whether a table says when its rows became known or were withdrawn, if only by the day they were issued on."""
    return has_clocks(table) or table.name in ISSUED


def known(table: Table, day: int = ALWAYS) -> Table:
    """Return the rows of a table that were known at the end of a day.

    Parameters
    ----------
    table
        The table with all versions of its rows.
    day
        Day number; by default everything is known.

    Returns
    -------
    Table
        The rows in their order; `left_out` counts the others.

    Notes
    -----
    Of several versions of a key, the one recorded last holds. Terms of one subscription share its id: a term
    replaces an earlier recorded one that it overlaps. Lines of `invoices`, of `spend` and of an `mrr` table by plan
    share a key and add up: those of the day on which the key was recorded last hold. A row without `recorded_at`
    was always known, but for a line of `invoices`: it is known from its date on.

    Examples
    --------
    >>> from saasmetrics.tables import normalize
    >>> rows = {"month": ["2026-01", "2026-01"], "cogs": [5, 6], "recorded_at": ["2026-02-03", "2026-03-09"]}
    >>> finance = normalize("finance", rows)
    >>> [known(finance, day).data["cogs"].to_pylist() for day in (20_500, 20_530)]
    [[5.0], [6.0]]
    """
    if not (has_clocks(table) or (day < ALWAYS and tells_when(table))) or not table.num_rows:
        return table
    seen, replaced, gone = _places(table, day)
    said = (
        (~seen, unknown_words(table.name, "recorded_at" in table, day)),
        (replaced, "earlier versions of rows recorded again, left out"),
        (gone, "replaced or withdrawn, left out" if table.snapshots else "withdrawn and left out"),
    )
    left_out = {words: int(mask.sum()) for mask, words in said if mask.any()}
    notes = [f"snapshot of {each}" for each in table.snapshots if each.day <= day]
    holds = seen & ~replaced & ~gone
    data = table.data if holds.all() else table.data.filter(pa.array(holds))
    return replace(table, data=data, notes=(*table.notes, *notes), left_out=left_out)


def unknown_words(name: str, recorded: bool, day: int | None) -> str:
    """Return in words why rows of a table are not known on a day; `recorded`: it says when they were recorded."""
    if day is None or day >= ALWAYS:
        return "recorded never"
    clock = "recorded" if recorded or name not in ISSUED else "dated"
    return f"{clock} after {iso(day)} and left out"


def holding(table: Table, day: int) -> Bools:
    """Return which rows of a table were known, and held, at the end of a day."""
    if not tells_when(table) or not table.num_rows:
        return np.ones(table.num_rows, np.bool_)
    seen, replaced, gone = _places(table, day)
    return seen & ~replaced & ~gone


def _places(table: Table, day: int) -> tuple[Bools, Bools, Bools]:
    """Return which rows were recorded by the end of a day, which of them replaced, and which of the rest withdrawn."""
    view = View(table)
    recorded, withdrawn = moments(view)
    end = min(day + 1, _LAST // _DAY) * _DAY
    seen = recorded < end
    replaced = np.zeros(view.size, np.bool_) if table.snapshots else _replaced(view, recorded, seen)
    return seen, replaced, seen & ~replaced & (withdrawn < end)


def moments(view: View) -> tuple[Numbers, Numbers]:
    """Return when each row became known and when it was withdrawn, in microseconds."""
    recorded = np.full(view.size, _FIRST)
    withdrawn = np.full(view.size, _LAST)
    issued = ISSUED.get(view.name)
    if issued is not None and view.has(issued):
        recorded[:] = np.where(
            view.valid(issued), view.days(issued).astype(np.int64) * _DAY, _FIRST
        )
    for name, out in zip(CLOCKS, (recorded, withdrawn), strict=True):
        if view.has(name):
            out[:] = np.where(view.valid(name), view.micros(name), out)
    return recorded, withdrawn


def identity(table: Table) -> list[str]:
    """Return the columns that name a row through all its versions; none where rows have no names.

    Examples
    --------
    >>> from saasmetrics.tables import normalize
    >>> identity(normalize("usage", {"customer_id": ["a"], "date": ["2026-01-05"]}))
    []
    """
    key = [name for name in SCHEMA[table.name].key if name in table]
    if table.name == "mrr" and "product" in table:
        key.append("product")
    line = _LINE_IDS.get(table.name, "")
    return key or ([line] if line in table else [])


def together(data: pa.Table) -> tuple[Numbers, Numbers]:
    """Return the term of each subscription row as days [start, end) of at least one day."""
    start = _days(data, "start", 0)
    end = _days(data, "end", _OPEN) if "end" in data.column_names else np.full(len(start), _OPEN)
    return start, np.maximum(end, start + 1)


def pairs(codes: Numbers, left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
    """Return every pair of a row on the left and one on the right that share a code."""
    right = right[np.argsort(codes[right], kind="stable")]
    first = np.searchsorted(codes[right], codes[left], side="left")
    many = np.searchsorted(codes[right], codes[left], side="right") - first
    one = np.repeat(left, many)
    nth = np.arange(len(one)) - np.repeat(np.cumsum(many) - many, many)
    return one, right[np.repeat(first, many) + nth]


def _replaced(view: View, recorded: Numbers, seen: Bools) -> Bools:
    """True for versions that a later one, seen as well, replaces."""
    key = identity(view.table)
    out = np.zeros(view.size, np.bool_)
    if not key or not view.has("recorded_at") or (len(key) == 1 and _unique(view, key[0])):
        return out
    codes = view.combined(key)
    if view.name == "subscriptions":
        return _overtaken(view, codes, recorded, seen)
    if _of_lines(view.table):
        recorded = recorded // _DAY
    _, code = np.unique(codes, return_inverse=True)
    code = code.reshape(-1)
    latest = np.full(int(code.max()) + 1, _FIRST)
    np.maximum.at(latest, code[seen], recorded[seen])
    return seen & (recorded < latest[code])


def _overtaken(view: View, codes: Numbers, recorded: Numbers, seen: Bools) -> Bools:
    """True for terms that a term of the same subscription, recorded later, overlaps."""
    start, end = together(view.table.data)
    order = np.lexsort((start, codes))
    order = order[seen[order]]
    out = np.zeros(view.size, np.bool_)
    if not len(order):
        return out
    group = np.cumsum(np.append(0, np.diff(codes[order]) != 0))
    # The group is in the high bits, so that no end reaches into the next one.
    reach = np.maximum.accumulate((group << _BITS) + (end[order] - start.min()))
    meets = np.append(False, (group[1:] << _BITS) + (start[order][1:] - start.min()) < reach[:-1])
    rows = order[np.isin(group, group[meets])]
    old, new = pairs(codes, rows, rows)
    later = (recorded[old] < recorded[new]) & (start[new] < end[old]) & (start[old] < end[new])
    out[old[later]] = True
    return out


def _of_lines(table: Table) -> bool:
    """Whether several rows of one key are lines that add up, recorded in the course of a day."""
    several = table.name == "mrr" and not _PLAIN.issuperset(table.column_names)
    return several or table.name in ("invoices", "spend")


def _unique(view: View, column: str) -> bool:
    return view.distinct(column) == view.size


def _days(data: pa.Table, column: str, missing: int) -> Numbers:
    values = data[column].combine_chunks()
    numbers = values.cast(pa.date32()).cast(pa.int32()).cast(pa.int64()).fill_null(missing)
    return np.asarray(numbers).astype(np.int64)

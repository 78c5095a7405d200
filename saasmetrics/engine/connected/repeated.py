"""Keys and rows that are there more than once, counted where the rows are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.connected.rows import Rows, canonical
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.tables.gate import keys
from saasmetrics.tables.gate.view import Gate, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.errors import Problem
    from saasmetrics.tables import Table

_KEYS = 500  # repeated ones of which all rows are looked at; beyond, they are only counted


def repeated(table: Table) -> Iterator[Problem]:
    """Return the findings about rows that share a key, or all their values.

    Notes
    -----
    The rows of the first repeated keys come here for the words; where there are more, they are counted there.
    """
    rows: Rows = table.data
    key = [name for name in keys.key_of(table.name) if name in rows.column_names]
    if not key:
        return
    groups = rows.frame.group_by(*key).agg(nw.len().alias("_rows")).filter(nw.col("_rows") > 1)
    few = fetched(groups.sort(*key).head(_KEYS + 1))
    if not few.num_rows:
        return
    several = _sharing(rows.frame, key)
    if few.num_rows <= _KEYS:
        gate = _gate(table, several.sort(*key))
        for problem in (*keys.repeated_rows(gate), *keys.repeated_keys(gate)):
            yield replace(problem, lines=None, found=None)
        return
    different = _sharing(several.unique(), key)
    counts = {
        "repeated-row": _size(several) - _size(several.unique()),
        "repeated-key": _size(different),
    }
    copies = _sharing(several, rows.column_names)
    found = (
        *keys.repeated_rows(_gate(table, copies.sort(*key).head(_KEYS))),
        *keys.repeated_keys(_gate(table, different.sort(*key).head(_KEYS))),
    )
    for problem in found:
        yield replace(problem, rows=counts[problem.code], lines=None, found=None)


def _sharing(frame: Frame, columns: Iterable[str]) -> Frame:
    """Return the rows that have their values of some columns in common with others."""
    several = frame.with_columns(_rows=nw.len().over(*columns)).filter(nw.col("_rows") > 1)
    return several.drop("_rows")


def _gate(table: Table, rows: Frame) -> Gate:
    data = canonical(table.name, fetched(rows))
    return Gate({table.name: View(replace(table, data=data))})


def _size(frame: Frame) -> int:
    return int(fetched(frame.select(nw.len().alias("n")))["n"][0].as_py())

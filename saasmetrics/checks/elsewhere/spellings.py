"""Values to group by that are written in several ways, where the rows are elsewhere: only different values come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.checks.spellings import MANY, grouped, spelling_of, strange
from saasmetrics.engine.connected.rows import canonical
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.tables.findings import SHOWN
from saasmetrics.tables.gate.view import View
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.errors import Problem
    from saasmetrics.tables import Table


def spellings_there(tables: Mapping[str, Table]) -> Iterable[Problem]:
    """Return what `spellings` does of rows that are here."""
    for table in tables.values():
        rows: Rows = table.data
        for column in grouped(table.name, rows.schema):
            yield from _of_column(table, column)


def _of_column(table: Table, column: str) -> Iterator[Problem]:
    rows: Rows = table.data
    counts = counts_there(rows, column)
    for found in strange(counts):
        behind = rows.part(rows.frame.filter(nw.col(column).is_in(list(found.instead))))
        order = [n for n in (*SCHEMA[table.name].key, column) if n in rows.column_names]
        first = canonical(table.name, fetched(behind.frame.sort(*order).head(SHOWN)))
        many = sum(counts[word] for word in found.instead)
        view = View(replace(table, data=first))
        for problem in spelling_of(view, column, found, np.arange(view.size)):
            yield replace(problem, rows=many, lines=None, found=behind)


def counts_there(rows: Rows, column: str) -> dict[str, int]:
    """Return how often each value of a column is there; nothing where there are many.

    Parameters
    ----------
    rows, column
        The rows that are elsewhere, and their column.
    """
    found: dict[str, int] = rows.once(f"spellings {column}", lambda: _counts(rows, column))
    return found


def _counts(rows: Rows, column: str) -> dict[str, int]:
    """Return how often each value is there; nothing where there are many."""
    there = rows.frame.filter(~nw.col(column).is_null()).select(value=nw.col(column))
    each = fetched(there.group_by("value").agg(many=nw.len()).head(MANY + 1)).to_pylist()
    return {str(one["value"]): int(one["many"]) for one in each} if len(each) <= MANY else {}

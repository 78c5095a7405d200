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
    from collections.abc import Iterator

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
    several = rows.frame.with_columns(_rows=nw.len().over(*key)).filter(nw.col("_rows") > 1)
    several = several.drop("_rows")
    many = few.num_rows > _KEYS
    shown = several.sort(*key).head(_KEYS) if many else several.sort(*key)
    data = canonical(table.name, fetched(shown))
    gate = Gate({table.name: View(replace(table, data=data))})
    found = [*keys.repeated_rows(gate), *keys.repeated_keys(gate)]
    if not many:
        for problem in found:
            yield replace(problem, lines=None, found=None)
        return
    counts = _counts(several)
    for problem in found:
        yield replace(problem, rows=counts[problem.code], lines=None, found=None)


def _counts(several: Frame) -> dict[str, int]:
    """Return how many of the rows that share a key are copies, and how many are not."""
    all_rows, different = (
        int(fetched(frame.select(nw.len().alias("n")))["n"][0].as_py())
        for frame in (several, several.unique())
    )
    return {"repeated-row": all_rows - different, "repeated-key": different}

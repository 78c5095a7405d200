"""Keys and rows that are there more than once, counted where the rows are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import narwhals as nw
import pyarrow as pa

from saasmetrics.engine.connected.rows import Rows, canonical
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import flag
from saasmetrics.tables.gate import keys
from saasmetrics.tables.gate.view import Gate, View
from saasmetrics.tables.schema import SCHEMA

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
    whole = any(pa.types.is_integer(rows.schema.field(name).type) for name in key[:1])
    look = (
        rows.once if whole and len(key) == 1 else rows.sought
    )  # for some of the rows may be counted anew
    yield from look("repeated", lambda: list(_repeated(table, key)))


def _repeated(table: Table, key: list[str]) -> Iterator[Problem]:
    rows: Rows = table.data
    if len(key) == 1 and SCHEMA[table.name].key and counts_rows(rows, key[0]):
        yield from _numbered(table, key[0])
        return
    yield from _of_key(table, key)
    line = keys.LINE_IDS.get(table.name, "")
    if line in rows.column_names:
        yield from (p for p in _of_key(table, [line]) if p.code == "repeated-key")


def _numbered(table: Table, number: str) -> Iterator[Problem]:
    """Return the findings of rows whose ids only count them: copies, whatever their number."""
    rows: Rows = table.data
    others = [name for name in rows.column_names if name != number]
    plain = replace(table, data=rows.cut(rows.frame.select(*others)))
    required = [name for name in SCHEMA[table.name].required if name in others]
    for problem in _of_key(plain, required):
        if problem.code == "repeated-row":
            yield replace(problem, severity="warning")


def _of_key(table: Table, key: list[str]) -> Iterator[Problem]:
    rows: Rows = table.data
    if not key:
        return
    groups = rows.frame.group_by(*key).agg(nw.len().alias("_rows")).filter(nw.col("_rows") > 1)
    few = fetched(groups.sort(*key).head(_KEYS + 1))
    if not few.num_rows:
        return
    several = _sharing(rows.frame, key)
    different = _sharing(several.unique(), key)
    if few.num_rows <= _KEYS:
        gate = _gate(table, several.sort(*key))
        found = [*keys.repeated_rows(gate), *keys.repeated_keys(gate)]
        counts = {problem.code: problem.rows for problem in found}
    else:
        counts, found = _sizes(several, key, rows.column_names), []
        if counts["repeated-row"]:
            alike = _sharing(several, rows.column_names)
            found += keys.repeated_rows(_gate(table, alike.sort(*key).head(_KEYS)))
        if counts["repeated-key"]:
            found += keys.repeated_keys(_gate(table, different.sort(*key).head(_KEYS)))
    for problem in found:
        behind = different if problem.code == "repeated-key" else copies(several, key[0])
        yield replace(problem, rows=counts[problem.code], lines=None, found=rows.part(behind))


def copies(frame: Frame, order: str) -> Frame:
    """Return the rows that are there a second time, value for value; `order` is one of their columns."""
    names = list(frame.collect_schema())
    found = frame.with_columns(_one=nw.lit(1))
    found = found.with_columns(_nth=nw.col("_one").cum_sum().over(*names, order_by=order))
    return found.filter(nw.col("_nth") > 1).select(*names)


def counts_rows(rows: Rows, number: str) -> bool:
    """Return whether a column of ids counts the rows, as one that stands in for ids that there are none of."""
    return rows.once(f"{number} counts", lambda: _counts_rows(rows, number))


def _counts_rows(rows: Rows, number: str) -> bool:
    if not pa.types.is_integer(rows.schema.field(number).type):
        return False
    ids = nw.col(number)
    limits = rows.frame.select(ids.min().alias("least"), ids.max().alias("most"))
    found = fetched(limits).to_pylist()[0]
    if (found["least"], found["most"]) != (1, rows.num_rows):
        return False
    return rows.cut(rows.frame.select(number).unique()).num_rows == rows.num_rows


def _sharing(frame: Frame, columns: Iterable[str]) -> Frame:
    """Return the rows that have their values of some columns in common with others."""
    several = frame.with_columns(_rows=nw.len().over(*columns)).filter(nw.col("_rows") > 1)
    return several.drop("_rows")


def _gate(table: Table, rows: Frame) -> Gate:
    data = canonical(table.name, fetched(rows))
    return Gate({table.name: View(replace(table, data=data))})


def _sizes(several: Frame, key: list[str], columns: list[str]) -> dict[str, int]:
    """Return how many of the rows that share a key are copies, and how many differ: one query for both."""
    kinds = several.group_by(*columns).agg(nw.len().alias("_copies"))
    kinds = kinds.with_columns(_kinds=nw.len().over(*key))
    copied, differ = (nw.col("_copies") - 1).sum(), flag(nw.col("_kinds") > 1).sum()
    found = fetched(kinds.select(rows=copied.cast(nw.Int64), keys=differ.cast(nw.Int64)))
    return {f"repeated-{what[:-1]}": int(found[what][0].as_py() or 0) for what in ("rows", "keys")}

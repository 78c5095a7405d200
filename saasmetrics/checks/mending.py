"""What a remedy does to tables: pure functions that change the rows behind a finding and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.checks.spellings import strange_in
from saasmetrics.checks.worth import lines_of, places
from saasmetrics.tables.schema import CLOCKS, SCHEMA
from saasmetrics.tables.texts import decode, is_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from saasmetrics.errors import Problem
    from saasmetrics.tables import Table

    Tables = Mapping[str, Table]
    Mend = Callable[[Tables, Sequence[Problem]], tuple[dict[str, Table], int]]

__all__ = [
    "dropped",
    "ended_by",
    "ended_on_request",
    "kept",
    "merged",
    "positive",
    "stripped",
    "written",
]

Rows = npt.NDArray[np.intp]


def rows_of(problems: Sequence[Problem]) -> Rows:
    """Return the rows behind some findings of one table, each once, in their order."""
    lines = [found for each in problems if (found := lines_of(each)) is not None]
    return np.unique(np.concatenate(lines)) if lines else np.zeros(0, np.intp)


def dropped(tables: Tables, problems: Sequence[Problem]) -> tuple[dict[str, Table], int]:
    """Drop the rows."""
    return _without(tables, problems[0].table, rows_of(problems))


def kept(last: bool) -> Mend:
    """Keep one row of each key, the last or the first one."""

    def mend(tables: Tables, problems: Sequence[Problem]) -> tuple[dict[str, Table], int]:
        table = tables[problems[0].table]
        key = [name for name in SCHEMA[table.name].key if name in table]
        key = key or problems[0].column.split(", ")
        rows = np.arange(table.num_rows)
        part = table.data.select(key).append_column("__row", pa.array(rows))
        how = "max" if last else "min"
        one = part.group_by(key, use_threads=False).aggregate([("__row", how)])[f"__row_{how}"]
        named = part.take(pa.array(rows_of(problems))).select(key)
        several = named.group_by(key, use_threads=False).aggregate([])
        codes = _codes(part.select(key), several)
        gone = (codes >= 0) & ~np.isin(rows, one.to_numpy())
        return _without(tables, table.name, np.flatnonzero(gone))

    return mend


def _codes(data: pa.Table, known: pa.Table) -> npt.NDArray[np.int64]:
    """Return for each row of `data` the row of `known` that is the same; -1 where there is none."""
    both = pa.concat_tables([known, data])
    both = both.append_column("__row", pa.array(np.arange(len(both))))
    names = known.column_names
    first = both.group_by(names, use_threads=False).aggregate([("__row", "list")])["__row_list"]
    out = np.full(len(both), -1, np.int64)
    lists = first.combine_chunks()
    sizes = np.diff(lists.offsets.to_numpy())
    members = lists.flatten().to_numpy()
    heads = members[lists.offsets.to_numpy()[:-1] - lists.offsets.to_numpy()[0]]
    out[members] = np.repeat(np.where(heads < len(known), heads, -1), sizes)
    return out[len(known) :]


def stripped(tables: Tables, problems: Sequence[Problem]) -> tuple[dict[str, Table], int]:
    """Take the blanks off the ids."""
    return _set(tables, problems, lambda data, name: pc.utf8_trim_whitespace(data[name]))


def positive(tables: Tables, problems: Sequence[Problem]) -> tuple[dict[str, Table], int]:
    """Turn the sign of the amounts."""
    return _set(tables, problems, lambda data, name: pc.abs(data[name]))


def written(tables: Tables, problems: Sequence[Problem]) -> tuple[dict[str, Table], int]:
    """Write the words as the findings say: as most rows do, or not at all where they say that there is no value."""
    table, many = tables[problems[0].table], 0
    for problem in problems:
        values = decode(table.data[problem.column])
        instead = {
            old: new
            for found in strange_in(values)
            if found.code == problem.code
            for old, new in found.instead.items()
        }
        place = pc.index_in(values, pa.array(list(instead), values.type))
        words = pa.array(list(instead.values()), values.type).take(place.combine_chunks())
        changed = pc.if_else(pc.is_valid(place), words, values)
        kind = table.data.schema.field(problem.column).type
        table = _with_column(table, problem.column, changed.cast(kind))
        many += len(rows_of([problem]))
    return {**tables, table.name: table}, many


def ended_on_request(tables: Tables, problems: Sequence[Problem]) -> tuple[dict[str, Table], int]:
    """End the subscriptions on the day on which cancellation was requested, not before they start."""
    return _ends(tables, problems, "cancel_requested_at")


def ended_by(tables: Tables, problems: Sequence[Problem]) -> tuple[dict[str, Table], int]:
    """Take the end from the other column that has one."""
    out, many = dict(tables), 0
    for problem in problems:
        out, more = _ends(out, [problem], problem.column)
        many += more
    return out, many


def merged(tables: Tables, problems: Sequence[Problem]) -> tuple[dict[str, Table], int]:
    """Give every table the id that is suggested, and drop the rows of the other ids in customers.

    What several of them pay in one month is added up in `mrr`, where a month has one row.
    """
    found = problems[0].found
    old, new = (found[name].combine_chunks() for name in ("customer_id", "suggested_id"))
    out, many = _without(tables, "customers", rows_of(problems))
    for name in out:
        for column in ("customer_id", "parent_id"):
            if column not in out[name]:
                continue
            values = out[name].data[column].combine_chunks()
            place = places(values, old)
            if not (place >= 0).any():
                continue
            other = new.cast(values.type).take(pa.array(np.maximum(place, 0)))
            changed = pc.if_else(pa.array(place >= 0), other, values)
            out[name] = _with_column(out[name], column, changed)
            many += int((place >= 0).sum())
            if name == "mrr" and column == "customer_id":
                out[name] = _added_up(out[name], values)
    return out, many


def _added_up(table: Table, before: pa.Array) -> Table:
    """Add up rows that share all but the amount and had different ids `before`; copies under one id stay copies."""
    import pandas as pd

    data, skipped = table.data, ("mrr", *CLOCKS)
    same = [f.name for f in data.schema if f.name not in skipped and not pa.types.is_null(f.type)]
    rows = pd.DataFrame(
        {
            "key": _numbered(data.select(same)),
            "id": _numbered(pa.table({"id": before})),
            "mrr": data["mrr"].to_pandas(),
        }
    )
    rows["nth"] = rows.groupby(["key", "id"])["mrr"].rank("dense")
    rows["copy"] = rows.groupby(["key", "id", "mrr"], dropna=False).cumcount()
    once = rows["mrr"].where(rows["copy"] == 0)
    total = once.groupby([rows["key"], rows["nth"]]).transform("sum")
    added = pa.array(total.to_numpy(), from_pandas=True).cast(data["mrr"].type)
    kept = ~rows.duplicated(["key", "nth", "copy"]).to_numpy()
    return replace(table, data=_with_column(table, "mrr", added).data.filter(pa.array(kept)))


def _numbered(data: pa.Table) -> npt.NDArray[np.int64]:
    """Return a number for each row, the same for rows that are the same."""
    return _codes(data, data.group_by(data.column_names, use_threads=False).aggregate([]))


def _ends(tables: Tables, problems: Sequence[Problem], column: str) -> tuple[dict[str, Table], int]:
    table = tables["subscriptions"]
    other = decode(table.data[column])
    if is_text(other.type):
        other = pc.utf8_slice_codeunits(other, 0, 10)
    day = pc.max_element_wise(other.cast(pa.date32()), table.data["start"], skip_nulls=False)
    if "end" not in table:
        table = replace(
            table, data=table.data.append_column("end", pa.nulls(table.num_rows, pa.date32()))
        )
    rows = rows_of(problems)
    mask = np.zeros(table.num_rows, np.bool_)
    mask[rows] = True
    changed = pc.if_else(pa.array(mask), day, table.data["end"])
    return {**tables, "subscriptions": _with_column(table, "end", changed)}, len(rows)


def _without(tables: Tables, name: str, rows: Rows) -> tuple[dict[str, Table], int]:
    table = tables[name]
    keep = np.ones(table.num_rows, np.bool_)
    keep[rows] = False
    return {**tables, name: replace(table, data=table.data.filter(pa.array(keep)))}, len(rows)


def _set(
    tables: Tables, problems: Sequence[Problem], make: Callable[[pa.Table, str], Any]
) -> tuple[dict[str, Table], int]:
    """Set a column of the rows of each finding to what is made of it."""
    table, rows = tables[problems[0].table], rows_of(problems)
    for problem in problems:
        mask = np.zeros(table.num_rows, np.bool_)
        mask[rows_of([problem])] = True
        old = table.data[problem.column]
        changed = pc.if_else(pa.array(mask), make(table.data, problem.column), old)
        table = _with_column(table, problem.column, changed)
    return {**tables, table.name: table}, len(rows)


def _with_column(table: Table, name: str, values: Any) -> Table:
    data = table.data.set_column(table.column_names.index(name), name, values)
    return replace(table, data=data)

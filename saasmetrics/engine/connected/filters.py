"""A part of a connected book: the same rows as `saasmetrics.engine.filters` chooses, chosen where they are."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.connected.rows import Rows, is_there
from saasmetrics.engine.filters import (
    WHOLE,
    filtered,
    meant,
    named_values,
    no_row,
    place_of,
    typed_values,
    wanted_values,
)
from saasmetrics.engine.portable.fetched import fenced, fetched
from saasmetrics.engine.spans import source_of
from saasmetrics.tables.nested import refuse_nested

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.connected.link import Link
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.tables import Table

_SHOWN = 200  # different values that a message about a misspelt one chooses from


def filtered_there(
    tables: Mapping[str, Table], values: Mapping[str, Any], link: Link
) -> dict[str, Table]:
    """Return the tables cut to the rows with the given values, by the rules of `filtered`.

    Raises
    ------
    UnknownNameError
        If no table has the column, or no row the value.
    """
    out = dict(tables)
    for name, value in values.items():
        table, column = place_of(name, out, source_of(out))
        if not all(is_there(each) for each in out.values()):
            out = filtered(out, {name: value})  # rows were picked here before
            continue
        asked = wanted_values(name, value)
        with link.asking(f"Looking for {name}"):
            rows: Rows = out[table].data
            refuse_nested(table, column, rows.field(column).type)
            wanted = meant(asked, rows.field(column).type, partial(_has, rows.frame, column))
            keep = _keep(rows, column, wanted, name)
            if not _any(rows.frame.filter(keep)) and _any(rows.frame):
                raise no_row(name, asked, _values(rows.frame, column))
            cut = rows.frame.filter(keep)
            if table == "customers":
                gone = rows.frame.filter(~keep).select("customer_id")
                out = _of_customers(out, column, wanted, cut.select("customer_id"), gone)
            out[table] = replace(out[table], data=rows.some(cut))
    return out


def _keep(rows: Rows, column: str, wanted: Sequence[Any], name: str) -> nw.Expr:
    named = named_values(wanted)
    typed = typed_values(named, rows.schema.field(column).type, name).to_pylist()
    keep = nw.col(column).is_in(typed) & ~nw.col(column).is_null() if typed else nw.lit(False)
    keep = nw.when(keep).then(nw.lit(True)).otherwise(nw.lit(False))
    return keep | nw.col(column).is_null() if None in wanted else keep


def _has(frame: Frame, column: str, text: str) -> bool:
    return _any(frame.filter(nw.col(column) == text))


def _any(frame: Frame) -> bool:
    return bool(fetched(frame.head(1)).num_rows)


def _values(frame: Frame, column: str) -> list[Any]:
    found = fetched(frame.select(nw.col(column).alias("value")).unique().head(_SHOWN))
    values: list[Any] = found["value"].to_pylist()
    return values


def _of_customers(
    tables: Mapping[str, Table], column: str, wanted: Sequence[Any], mine: Frame, gone: Frame
) -> dict[str, Table]:
    """Cut every table that names customers; those that `customers` does not list go with the missing value."""
    out = {}
    for name, table in tables.items():
        rows: Rows = table.data
        if name == "customers" or name in WHOLE:
            out[name] = table
        elif "customer_id" in rows.column_names:
            if None in wanted:
                cut = rows.frame.join(gone, on="customer_id", how="anti")
            else:  # rows of nobody stop every number, whichever customers are looked at
                cut = rows.frame.join(mine, on="customer_id", how="semi")
                cut = nw.concat([cut, rows.frame.filter(nw.col("customer_id").is_null())])
            out[name] = replace(table, data=rows.some(fenced(cut)))  # which others are joined to
        elif column in rows.column_names:
            keep = _keep(rows, column, named_values(wanted), column)
            out[name] = replace(table, data=rows.some(rows.frame.filter(keep)))
    return out

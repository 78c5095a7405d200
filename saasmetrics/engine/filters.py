"""A part of a book: the rows of all tables that belong to some customers or subscriptions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import flat
from saasmetrics.engine.groups import NONE, columns_for
from saasmetrics.engine.spans import source_of
from saasmetrics.errors import UnknownNameError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.tables import Table

_WHOLE = ("fx", "finance", "people", "hours")  # of the company, whichever customers are looked at


def filtered(tables: Mapping[str, Table], values: Mapping[str, Any]) -> dict[str, Table]:
    """Return the tables cut to the rows with the given values.

    Notes
    -----
    A column of `customers` cuts every table that names customers, and `spend` and `targets` where they have the
    column; a `spend` table without it is left out, since the whole spend would be set against a part of the customers.
    A column of the source of MRR cuts the source alone.

    Raises
    ------
    UnknownNameError
        If no table has the column, or no row the value.
    """
    out = dict(tables)
    source = source_of(tables)
    for name, value in values.items():
        known = columns_for(out, source)
        if name not in known:
            short = sorted(n for n in known if "." not in n)
            msg = f"No table has a column {name!r} to choose by; there are {', '.join(short)}."
            raise UnknownNameError(msg + suggest(name, short))
        table, column = known[name]
        wanted = list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
        keep = _rows(out[table].data, column, wanted, name)
        out[table] = replace(out[table], data=out[table].data.filter(keep))
        if table == "customers":
            out = _of_customers(out, column, wanted)
    return out


def _rows(data: pa.Table, column: str, wanted: list[Any], name: str) -> Any:
    values = data[column]
    named = [v for v in wanted if v is not None and v != NONE]
    keep = pc.is_in(values, pa.array(named, values.type) if named else pa.array([], values.type))
    if len(named) < len(wanted):
        keep = pc.or_(keep, pc.is_null(values))
    if not pc.any(keep).as_py() and len(data):
        there = sorted({str(v) for v in values.unique().to_pylist()})
        msg = f"No row has {name} = {', '.join(map(repr, wanted))}; there are {', '.join(there[:12])}."
        raise UnknownNameError(msg + suggest(str(wanted[0]), there))
    return keep


def _of_customers(tables: dict[str, Table], column: str, wanted: list[Any]) -> dict[str, Table]:
    ids = flat(tables["customers"].data["customer_id"])
    out = {}
    for name, table in tables.items():
        names = table.data.column_names
        if name == "customers" or name in _WHOLE:
            out[name] = table
        elif "customer_id" in names:
            keep = pc.is_in(table.data["customer_id"], ids.cast(table.data["customer_id"].type))
            out[name] = replace(table, data=table.data.filter(keep))
        elif column in names:
            keep = pc.is_in(
                table.data[column],
                pa.array([w for w in wanted if w is not None], table.data[column].type),
            )
            out[name] = replace(table, data=table.data.filter(pc.fill_null(keep, False)))
    return out

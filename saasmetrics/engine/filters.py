"""A part of a book: the rows of all tables that belong to some customers or subscriptions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import flat
from saasmetrics.engine.groups import MISSING, NONE, columns_for, missing_label
from saasmetrics.engine.spans import source_of
from saasmetrics.errors import DataError, UnknownNameError, hint
from saasmetrics.tables.nested import refuse_nested
from saasmetrics.tables.texts import is_text, plain_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from saasmetrics.tables import Table

WHOLE = ("fx", "finance", "people", "hours")  # of the company, whichever customers are looked at

_MISSING = ("None", "nan", "NaT", "<NA>")  # what missing values of any library are called


def said(value: Any) -> str:
    """Return the values of a filter in words.

    Examples
    --------
    >>> said(["SMB", "Enterprise"])
    'SMB or Enterprise'
    """
    many = isinstance(value, (list, tuple, set, frozenset))
    return " or ".join(map(str, value)) if many else str(value)


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
        table, column = place_of(name, out, source)
        asked = wanted_values(name, value)
        values_of = out[table].data[column]
        refuse_nested(table, column, values_of.type)
        wanted = meant(asked, values_of.type, partial(_has, values_of))
        keep = _rows(out[table].data, column, wanted, name, asked)
        known_ids = flat(out[table].data["customer_id"])
        out[table] = replace(out[table], data=out[table].data.filter(keep))
        if table == "customers":
            gone = known_ids.filter(pc.invert(keep))
            out = _of_customers(out, column, wanted, gone)
    return out


def place_of(name: str, tables: Mapping[str, Table], source: str) -> tuple[str, str]:
    """Return the table and the column that a name chooses by; refuse a name that no table has."""
    known = columns_for(tables, source)
    if name not in known:
        short = sorted(n for n in known if "." not in n)
        msg = f"No table has a column {name!r} to choose by; there are {', '.join(short)}."
        raise UnknownNameError(msg + hint(name, short))
    return known[name]


def wanted_values(name: str, value: Any) -> list[Any]:
    """Return the values asked for as a list; any missing one as None."""
    values = value.tolist() if hasattr(value, "tolist") else value
    values = list(values) if isinstance(values, (list, tuple, set, frozenset)) else [values]
    if not values:
        msg = f"{name}=[] asks for no value; name at least one."
        raise UnknownNameError(msg)
    return [None if not isinstance(v, str) and str(v) in _MISSING else v for v in values]


def meant(asked: Sequence[Any], kind: pa.DataType, has: Callable[[str], bool]) -> list[Any]:
    """Return the values asked for, the label that groups give to missing ones as None.

    Parameters
    ----------
    asked
        Values, and labels of groups.
    kind
        The type of the column.
    has
        Whether a row has a text.
    """
    if NONE not in asked and MISSING not in asked:
        return list(asked)
    label = missing_label([NONE] if is_text(plain_kind(kind)) and has(NONE) else [])
    return [None if v == label else v for v in asked]


def _has(values: pa.ChunkedArray, text: str) -> bool:
    return bool(pc.any(pc.equal(values, text)).as_py())


def _rows(data: pa.Table, column: str, wanted: list[Any], name: str, asked: Sequence[Any]) -> Any:
    values = data[column]
    keep = pc.is_in(values, typed_values(named_values(wanted), values.type, name))
    if None in wanted:
        keep = pc.or_(keep, pc.is_null(values))
    if not pc.any(keep).as_py() and len(data):
        raise no_row(name, asked, values.unique().to_pylist())
    return keep


def named_values(wanted: Sequence[Any]) -> list[Any]:
    """Return the values asked for but the missing one."""
    return [v for v in wanted if v is not None]


def no_row(name: str, wanted: Sequence[Any], there: Iterable[Any]) -> UnknownNameError:
    """Return the error that no row has the values asked for; `there` are those that rows have."""
    words = sorted({NONE if v is None else str(v) for v in there})
    msg = f"No row has {name} = {', '.join(map(repr, wanted))}; there are {', '.join(words[:12])}."
    return UnknownNameError(msg + hint(str(wanted[0]), words))


def typed_values(values: list[Any], kind: pa.DataType, name: str) -> pa.Array:
    """Return values in the type of their column, or say which type that is."""
    kind = plain_kind(kind)
    try:
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            return pa.array([str(value) for value in values]).cast(kind)
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError) as error:
        shown = ", ".join(map(repr, values))
        msg = f"{name} holds {kind}, so {shown} cannot be looked for in it; give a value of that type."
        raise DataError(msg) from error


def _of_customers(
    tables: dict[str, Table], column: str, wanted: list[Any], gone: pa.Array
) -> dict[str, Table]:
    """Cut every table that names customers; those that `customers` does not list go with the missing value."""
    ids = flat(tables["customers"].data["customer_id"])
    out = {}
    for name, table in tables.items():
        names = table.data.column_names
        if name == "customers" or name in WHOLE:
            out[name] = table
        elif "customer_id" in names:
            mine = table.data["customer_id"]
            keep = pc.is_in(mine, ids.cast(mine.type))
            # Rows of nobody stop every number, whichever customers are looked at.
            if mine.null_count:
                keep = pc.or_(keep, mine.is_null())
            if None in wanted:
                keep = pc.invert(pc.is_in(mine, gone.cast(mine.type)))
            out[name] = replace(table, data=table.data.filter(keep))
        elif column in names:
            named = named_values(wanted)
            keep = pc.is_in(
                table.data[column], typed_values(named, table.data[column].type, column)
            )
            out[name] = replace(table, data=table.data.filter(pc.fill_null(keep, False)))
    return out

"""Keys that connect one table with another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import InvalidTablesError, Problem
from saasmetrics.tables.coerce import coerce
from saasmetrics.tables.findings import count, examples, first_rows
from saasmetrics.tables.names import match_columns
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.sources import to_arrow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.tables.table import Table

__all__ = [
    "KEYS",
    "as_text",
    "customers_of_subscriptions",
    "no_customers",
    "parents_like_customers",
    "same_key_type",
]

KEYS = ("customer_id", "subscription_id", "parent_id", "ticket_id", "csm_id", "person_id")
_WHOLE = "^-?[0-9]{1,18}$"


def customers_of_subscriptions(source: Any, subscriptions: Table) -> Any:
    """Add the customer to usage that only names the subscription.

    Parameters
    ----------
    source
        The usage table as given.
    subscriptions
        The subscriptions, which know the customer.

    Returns
    -------
    pyarrow.Table
        With `customer_id`, where it was missing and could be found.

    Raises
    ------
    InvalidTablesError
        If usage names subscriptions that do not exist.
    """
    import os

    if isinstance(source, (str, os.PathLike)):
        from saasmetrics.tables.files import read_file

        source = read_file(source)
    data = to_arrow("usage", source)
    known = match_columns(SCHEMA["usage"], data.column_names).known
    if "customer_id" in known or "subscription_id" not in known:
        return data
    given = known["subscription_id"][0]
    wanted = coerce(SCHEMA["usage"].columns["subscription_id"], data[given]).values
    ids = subscriptions.data["subscription_id"]
    if wanted.type != ids.type:
        wanted, ids = wanted.cast(pa.string()), ids.cast(pa.string())
    position = pc.index_in(wanted, value_set=ids.combine_chunks(), skip_nulls=True)
    unknown = pc.and_(position.is_null(), wanted.is_valid())  # of rows without one the gate tells
    if count(unknown):
        problem = Problem(
            "usage",
            given,
            "names no subscription that exists, so its customer is unknown",
            count(unknown),
            examples({given: data[given]}, first_rows(unknown)),
            "Add a column customer_id, or the missing subscriptions.",
            "error",
            "unknown-subscription",
        )
        raise InvalidTablesError([problem])
    return data.append_column("customer_id", subscriptions.data["customer_id"].take(position))


def same_key_type(tables: dict[str, Table]) -> dict[str, Table]:
    """Make an id text in all tables if it is text in one of them, so that tables can be joined.

    Parameters
    ----------
    tables
        Canonical table name -> table.

    Returns
    -------
    dict
        The same tables; those that changed say so in their notes.
    """
    result = dict(tables)
    for key in KEYS:
        having = {name: table for name, table in result.items() if key in table}
        kinds = {pa.types.is_integer(table.data.field(key).type) for table in having.values()}
        if kinds != {True, False}:
            continue
        for name, table in having.items():
            if pa.types.is_integer(table.data.field(key).type):
                result[name] = as_text(table, key)
    return result


def as_text(table: Table, key: str) -> Table:
    """Return a table whose ids of a column are text.

    Parameters
    ----------
    table, key
        The table and the column.

    Returns
    -------
    Table
        The same rows; the notes say so.
    """
    place = table.data.column_names.index(key)
    data = table.data.set_column(place, key, table.data[key].cast(pa.string()))
    notes = (*table.notes, f"{key}: whole numbers made text, as they are text in other tables")
    return replace(table, data=data, notes=notes)


def parents_like_customers(customers: pa.Table, kind: pa.DataType) -> Any:
    """Return the column `parent_id` in the type of the customers that it names.

    Parameters
    ----------
    customers
        The table of customers.
    kind
        The type of `customer_id`.

    Returns
    -------
    pyarrow.ChunkedArray
        The parents.

    Raises
    ------
    InvalidTablesError
        If customers are whole numbers and a parent is a text that is none.
    """
    parents = customers["parent_id"]
    if pa.types.is_integer(kind) and pa.types.is_string(parents.type):
        strange = pc.invert(pc.match_substring_regex(parents, _WHOLE))
        if rows := count(strange):
            shown = customers.select(["customer_id", "parent_id"]).take(first_rows(strange))
            raise no_customers(rows, shown.to_pylist())
    return parents.cast(kind)


def no_customers(rows: int, first: Sequence[Mapping[str, Any]]) -> InvalidTablesError:
    """Return the error of parents that are texts, where customers are whole numbers.

    Parameters
    ----------
    rows, first
        How many there are, and the first of them.

    Returns
    -------
    InvalidTablesError
        To be raised.
    """
    problem = Problem(
        "customers",
        "parent_id",
        "is a text that is no whole number, as customer_id is, so it can be no customer",
        rows,
        tuple(first),
        "Give the customer_id of the parent, clear the column there, or make customer_id a text in every table.",
        "error",
        "wrong-type",
    )
    return InvalidTablesError([problem])

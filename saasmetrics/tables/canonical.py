"""Tables of any origin under the canonical names and dtypes."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import DataError, InvalidTablesError, Problem
from saasmetrics.tables.amounts import read_numbers
from saasmetrics.tables.coerce import Column, coerce
from saasmetrics.tables.dates import common_order
from saasmetrics.tables.findings import count, examples, first_rows
from saasmetrics.tables.lazy import assembled, lazily
from saasmetrics.tables.names import (
    Match,
    Matching,
    fold,
    match_columns,
    missing_column,
    snake_case,
)
from saasmetrics.tables.nested import JOINED, is_list, is_nested, joined, kind_of, nested_refusal
from saasmetrics.tables.schema import SCHEMA, TableSchema, table_schema
from saasmetrics.tables.separators import ambiguous_amounts, file_notes, has_gaps, place_of
from saasmetrics.tables.signs import named_currency, wide_currency
from saasmetrics.tables.sources import to_arrow
from saasmetrics.tables.table import Table
from saasmetrics.tables.texts import NUMBERED, decode, is_text, numbered, without_blanks
from saasmetrics.tables.unissued import unissued

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from saasmetrics.tables.schema import ColumnSchema

__all__ = ["constant_interval", "normalize", "normalize_all", "paid_periods", "row_numbers_for"]

_DATED = ("date", "month", "timestamp")
_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600}


def normalize(name: str, source: Any) -> Table:
    """Read one table from whatever holds it.

    Parameters
    ----------
    name
        Canonical table name, such as "subscriptions".
    source
        DataFrame of pandas or Polars, Arrow table, DuckDB relation, anything that speaks the Arrow
        stream interface, dictionary of lists, or the path of a CSV, Parquet or XLSX file. It is
        not changed.

    Returns
    -------
    Table
        The same rows, in the same order, unknown columns last. A wide `mrr` table becomes long.

    Raises
    ------
    InvalidTablesError
        If columns are missing or values cannot be read: all problems at once.

    Examples
    --------
    >>> table = normalize("mrr", {"Account ID": ["a", "b"], "Jan-25": [10, 20], "Feb-25": [10, None]})
    >>> table.data.select(["customer_id", "mrr"]).to_pylist()
    [{'customer_id': 'a', 'mrr': 10.0}, {'customer_id': 'a', 'mrr': 10.0}, {'customer_id': 'b', 'mrr': 20.0}]
    """
    if isinstance(source, Table):
        return source
    schema = table_schema(name)
    if isinstance(source, (str, os.PathLike)):
        from saasmetrics.tables.files import read_file

        source = read_file(source)
    data = to_arrow(name, source)
    if problems := ambiguous_amounts(schema, data):
        raise InvalidTablesError(problems)
    notes = file_notes(data)
    read = data
    if name == "mrr":
        data, made = _long(data)
        notes += made
    table = _canonical(schema, data, notes)
    if not (whole := place_of(read, "")):
        return table
    own = {new: old for old, new in table.renamed.items()}
    places = {
        column: place_of(read, given)
        for column in table.column_names
        if (given := own.get(column, column)) in read.column_names
    }
    lines = read.num_rows if data is read and not has_gaps(read) else 0
    return replace(table, places={**places, "": whole}, lines=lines)


def normalize_all(sources: Mapping[str, Any]) -> dict[str, Table]:
    """Read several tables, with all their problems in one error.

    Parameters
    ----------
    sources
        Canonical table name -> source, as for `normalize`.

    Returns
    -------
    dict
        Canonical table name -> table. Customer ids are text in all tables if they are in one.

    Raises
    ------
    InvalidTablesError
        If any table has problems: all problems of all tables at once.

    Examples
    --------
    >>> sorted(normalize_all({"mrr": {"customer_id": [1], "month": ["2025-01"], "mrr": [5]}}))
    ['mrr']
    """
    from saasmetrics.tables.links import customers_of_subscriptions, same_key_type

    tables: dict[str, Table] = {}
    problems: list[Problem] = []
    for name in sorted(sources, key=lambda name: name != "subscriptions"):
        source = sources[name]
        try:
            if name == "usage" and "subscriptions" in tables and not isinstance(source, Table):
                source = customers_of_subscriptions(source, tables["subscriptions"])
            tables[name] = normalize(name, source)
        except InvalidTablesError as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidTablesError(problems)
    return same_key_type({name: tables[name] for name in sources})


def row_numbers_for(column: str) -> str:
    """What the notes of a table say of an id that the export does not have."""
    return f"there is no {column}: row numbers stand for it"


def _long(data: pa.Table) -> tuple[pa.Table, list[str]]:
    from saasmetrics.tables.months import month_columns
    from saasmetrics.tables.wide import melt

    matching = match_columns(SCHEMA["mrr"], data.column_names)
    months = month_columns(data.column_names)
    if not months or {"month", "mrr"} <= set(matching.known):
        return data, []
    if matching.problems and len(set(data.column_names)) < data.num_columns:
        raise InvalidTablesError(matching.problems)
    melted = melt(data, months)
    if melted.problems:
        raise InvalidTablesError(melted.problems)
    notes = melted.notes
    if "currency" not in matching.known and (code := wide_currency(data, months, notes)):
        constant = pa.repeat(pa.scalar(code), melted.data.num_rows)
        return melted.data.append_column("currency", constant), notes
    return melted.data, notes


def _canonical(schema: TableSchema, data: pa.Table, notes: list[str]) -> Table:
    if not data.column_names:
        raise DataError(f"{schema.name}: the table has no columns.")
    matching = match_columns(schema, data.column_names)
    if matching.problems:
        raise InvalidTablesError(matching.problems)
    interval = constant_interval(schema, matching, notes)
    constants = {"interval": pa.repeat(pa.scalar(interval), data.num_rows)} if interval else {}
    if currency := named_currency(schema, matching, data, notes):
        constants["currency"] = pa.repeat(pa.scalar(currency), data.num_rows)
    notes += unissued(schema, matching, data)
    constants |= _generated_ids(schema, matching, data, notes)
    columns, zones, problems = _read_columns(schema, matching, data, notes)
    columns |= constants
    missing = [
        name for name in schema.required if name not in columns and name not in matching.known
    ]
    problems = [missing_column(schema, name, matching.extra) for name in missing] + problems
    if problems:
        raise InvalidTablesError(problems)
    ordered = {name: columns[name] for name in schema.columns if name in columns}
    ordered |= {name: lazily(data, given, _extra) for given, name in matching.extra.items()}
    lists = [name for given, name in matching.extra.items() if is_list(kind_of(data, given))]
    notes += [f"{name}: {JOINED}" for name in lists]
    renamed = matching.renamed
    # "Plan Tier" read as plan_tier needs no word; "account_id" read as customer_id does.
    if aliases := [f"{old} is {new}" for old, new in renamed.items() if fold(old) != fold(new)]:
        notes.append(f"columns renamed: {', '.join(aliases)}")
    made = assembled(ordered, data.num_rows)
    return Table(schema.name, made, renamed, tuple(notes), zones)


def constant_interval(schema: TableSchema, matching: Matching, notes: list[str]) -> str:
    """Billing interval that the names of columns imply for all rows, or "".

    Parameters
    ----------
    schema, matching
        The table, and which of its columns is which; columns that the interval contradicts become extra ones.
    notes
        Where to say so.

    Returns
    -------
    str
        "month" where the amount is called "mrr".
    """
    amount = matching.known.get("amount")
    each = matching.known.get("interval_count")
    if "interval" not in schema.columns or amount is None:
        return ""
    interval = amount[1].interval
    if interval:
        told = [
            given for name in ("interval", "interval_count") if (given := _release(matching, name))
        ]
        notes.append(
            f"{amount[0]} is an amount per {interval}"
            + (f", whatever {' and '.join(told)} says" if told else "")
        )
    elif each is not None and each[1].interval and "interval" not in matching.known:
        interval = each[1].interval
        notes.append(f"{each[0]} counts {interval}s, so the interval is a {interval}")
    return interval


def _release(matching: Matching, name: str) -> str:
    """Make a recognized column an extra one again."""
    if name not in matching.known:
        return ""
    given, _ = matching.known.pop(name)
    new = snake_case(given)
    matching.extra[given] = f"{new}_as_given" if new == name else new
    return given


def _generated_ids(
    schema: TableSchema, matching: Matching, data: pa.Table, notes: list[str]
) -> dict[str, pa.Array]:
    generated = {}
    for name, column in schema.columns.items():
        if name in matching.known or not (
            column.generated
            or paid_periods(schema, name, matching, lambda end: not data[end].null_count)
        ):
            continue
        generated[name] = pa.array(np.arange(1, data.num_rows + 1))
        notes.append(row_numbers_for(name))
    return generated


def paid_periods(
    schema: TableSchema, name: str, matching: Matching, filled: Callable[[str], bool]
) -> bool:
    """Whether each row is one paid period, which needs no name of its own.

    Parameters
    ----------
    schema, name, matching
        The table, its column without a counterpart, and which of the others is which.
    filled
        Whether a column of the export has a value in every row.

    Returns
    -------
    bool
        True where row numbers can stand for the column.
    """
    if schema.name != "subscriptions" or name != "subscription_id":
        return False
    end, each = matching.known.get("end"), matching.known.get("interval_count")
    if each is not None and each[1].interval:
        return True
    return end is not None and filled(end[0])


def _read_columns(
    schema: TableSchema, matching: Matching, data: pa.Table, notes: list[str]
) -> tuple[dict[str, pa.ChunkedArray], dict[str, str], list[Problem]]:
    columns: dict[str, pa.ChunkedArray] = {}
    zones: dict[str, str] = {}
    problems: list[Problem] = []
    derived = []
    dated = [given for given, match in matching.known.values() if match.column.dtype in _DATED]
    nested = {given for given, _ in matching.known.values() if is_nested(kind_of(data, given))}
    dayfirst = common_order(decode(data[given]) for given in dated if given not in nested)
    for name, (given, match) in matching.known.items():
        if match.after:
            derived.append((name, given, match))
            continue
        text = match.column.dtype == "text"
        if given in nested and not (text and is_list(kind_of(data, given))):
            refused = Column(data[given], refusal=nested_refusal(data[given]))
            problems.append(_refused(schema, matching, data, given, refused))
            continue
        if given in nested:
            notes.append(f"{name}: {JOINED}")
        if text:  # which is never refused
            columns[name] = lazily(data, given, partial(_text, match.column))
            continue
        read = coerce(match.column, data[given], dayfirst)
        if read.refusal is not None:
            problems.append(_refused(schema, matching, data, given, read))
            continue
        columns[name] = read.values
        notes.extend(f"{name}: {note}" for note in read.notes)
        if read.zone:
            zones[name] = read.zone
    for name, given, match in derived:
        base = columns.get(match.column.aliases_after["column"])
        if base is not None:
            columns[name] = _after(base, data[given], match)
            notes.append(f"{name}: {match.column.aliases_after['column']} plus {given}")
    return columns, zones, problems


def _text(column: ColumnSchema, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return coerce(column, joined(values)).values


def _after(base: pa.ChunkedArray, values: pa.ChunkedArray, match: Match) -> pa.ChunkedArray:
    read = read_numbers(decode(values))
    if read.refusal is not None:
        return pa.chunked_array([pa.nulls(len(base), base.type)])
    micros = pc.round(pc.multiply(read.values, float(_UNITS[match.after] * 1_000_000)))
    return pc.add(base, micros.cast(pa.int64()).cast(pa.duration("us")))


def _refused(
    schema: TableSchema, matching: Matching, data: pa.Table, given: str, read: Column
) -> Problem:
    refusal = read.refusal
    if refusal is None:
        raise AssertionError
    ids = [matching.known[key][0] for key in (*schema.key, "customer_id") if key in matching.known]
    shown = {name: data[name] for name in dict.fromkeys([*ids, given])}
    rows = examples(shown, first_rows(refusal.mask))
    return Problem(
        schema.name,
        given,
        refusal.rule,
        count(refusal.mask),
        rows,
        refusal.remedy,
        "error",
        refusal.code,
        place=place_of(data, given, first_rows(refusal.mask).to_pylist()),
    )


def _extra(values: pa.ChunkedArray) -> pa.ChunkedArray:
    values = numbered(joined(values))
    if pa.types.is_decimal(values.type):
        return values.cast(pa.string()).cast(pa.float64())
    if pa.types.is_null(values.type):
        return values.cast(pa.string())
    return without_blanks(values) if is_text(values.type) or values.type == NUMBERED else values

"""From a table of any system to the canonical columns and types of the schema, without bringing its rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa

from saasmetrics.engine.connected.rows import Rows, is_there
from saasmetrics.engine.connected.types import (
    TEXTS,
    Typed,
    in_utc,
    typed,
    untyped,
    with_blanks,
    without_blanks,
    zone_of,
)
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.errors import DataError, InvalidTablesError, Problem
from saasmetrics.tables.canonical import (
    constant_interval,
    normalize,
    paid_periods,
    row_numbers_for,
)
from saasmetrics.tables.findings import SHOWN
from saasmetrics.tables.links import KEYS, as_text, no_customers
from saasmetrics.tables.names import (
    Matching,
    fold,
    match_columns,
    missing_column,
    with_currencies,
)
from saasmetrics.tables.schema import table_schema
from saasmetrics.tables.signs import headed_currency
from saasmetrics.tables.sources import to_arrow
from saasmetrics.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.engine.connected.link import Link
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.tables.schema import TableSchema

_WHOLE = "^[+-]?[0-9]{1,18}$"  # a text that every system casts to 64 bits


def connected_tables(
    natives: Mapping[str, Any], link: Link, renamed: Mapping[str, Mapping[str, str]]
) -> dict[str, Table]:
    """Return tables that stay where they are, under canonical names and types.

    Parameters
    ----------
    natives
        Canonical table name -> frame of whatever narwhals reads.
    link
        What may be brought of them.
    renamed
        Per table the columns whose names are not recognized: {"subscriptions": {"Begun": "start"}}.

    Raises
    ------
    InvalidTablesError
        If columns are missing or of types that cannot be read: all problems of all tables at once.
    """
    tables: dict[str, Table] = {}
    problems: list[Problem] = []
    for name, native in natives.items():
        schema, told = table_schema(name), renamed.get(name, {})
        try:
            if _is_here(native):
                tables[name] = normalize(name, to_arrow(name, native).rename_columns(told))
                continue
            with link.asking(f"Reading the columns of {name}"):
                tables[name] = _connected(schema, _frame(name, native), link, told)
        except InvalidTablesError as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidTablesError(problems)
    return _parents_like_customers(_same_key_type(tables), link)


def _is_here(native: Any) -> bool:
    """Whether rows are in this process already, in a library that does not count by itself."""
    home = type(native).__module__.split(".")[0]
    return home in ("pandas", "pyarrow") or isinstance(native, (dict, list))


def _frame(name: str, native: Any) -> Frame:
    try:
        found: Frame = nw.from_native(native).lazy()
    except TypeError as error:
        msg = (
            f"{name}: cannot connect to a {type(native).__name__}. Give a DuckDB relation, a frame of Polars, pandas, "
            "Arrow or Spark, or a table of Ibis; to names of tables, sm.connect(connection, ...)."
        )
        raise DataError(msg) from error
    return found


def _connected(schema: TableSchema, frame: Frame, link: Link, told: Mapping[str, str]) -> Table:
    if told:
        told = with_currencies(schema, told)
        frame = frame.rename({given: name for given, name in told.items() if given != name})
    before = frame.collect_schema()  # after which DuckDB has no zones, as its times are told in UTC
    frame = in_utc(frame)
    kinds = dict(frame.collect_schema())
    notes: list[str] = []
    matching = match_columns(schema, list(kinds))
    if matching.problems:
        raise InvalidTablesError(matching.problems)
    constants = _constants(schema, matching, notes)
    made = _numbered(schema, matching, frame, notes)
    _without_durations(matching)
    found = {
        name: typed(schema, match.column, frame, given, kinds[given])
        for name, (given, match) in matching.known.items()
    }
    problems = [each.problem for each in found.values() if each.problem is not None]
    known = {*found, *made, *constants}
    missing = [name for name in schema.required if name not in known]
    problems = [_missing(schema, name, matching) for name in missing] + problems
    if problems:
        raise InvalidTablesError(problems)
    notes += [f"{name}: {note}" for name, each in found.items() for note in each.notes]
    given = _selected(schema, matching, found, frame, constants, made)
    renamed = matching.renamed
    if aliases := [f"{old} is {new}" for old, new in renamed.items() if fold(old) != fold(new)]:
        notes.append(f"columns renamed: {', '.join(aliases)}")
    words = {name: each.words for name, each in found.items() if each.words is not None}
    words |= {name: frozenset({said}) for name, said in constants.items()}
    zones = {
        name: zone
        for name, each in found.items()
        if (zone := each.zone or ("UTC" if zone_of(before[matching.known[name][0]]) else ""))
    }
    rows = Rows(schema.name, given, link, words)
    return Table(schema.name, rows, renamed, tuple(notes), zones)


def _constants(schema: TableSchema, matching: Matching, notes: list[str]) -> dict[str, str]:
    """Return what the names of columns say of all rows: the interval and the currency of amounts."""
    interval = constant_interval(schema, matching, notes)
    currency = headed_currency(schema, matching, notes)
    return {name: said for name, said in (("interval", interval), ("currency", currency)) if said}


def _selected(
    schema: TableSchema,
    matching: Matching,
    found: Mapping[str, Typed],
    frame: Frame,
    constants: Mapping[str, str],
    made: Mapping[str, tuple[str, ...]],
) -> Frame:
    """Return the frame with canonical columns in the order of the schema, unknown ones last."""
    kinds = frame.collect_schema()
    known, ids = (
        {
            name: given
            for name, (given, match) in matching.known.items()
            if match.column.dtype == kind and isinstance(kinds[given], TEXTS)
        }
        for kind in ("text", "id")
    )
    extra = [name for name in matching.extra if isinstance(kinds[name], TEXTS)]
    blank = with_blanks(frame, [*known.values(), *extra], list(ids.values()))
    known |= ids
    expressions = {
        name: without_blanks(each.values) if known.get(name) in blank else each.values
        for name, each in found.items()
    }
    expressions |= {name: nw.lit(said) for name, said in constants.items()}
    for name, order in made.items():
        frame = frame.with_row_index(f"_{name}", order_by=list(order))
        expressions[name] = nw.col(f"_{name}").cast(nw.Int64) + 1
    ordered = [expressions[name].alias(name) for name in schema.columns if name in expressions]
    others = [
        (
            without_blanks(nw.col(n).cast(nw.String)) if n in blank else _other(frame, n, kinds[n])
        ).alias(name)
        for n, name in matching.extra.items()
    ]
    return frame.select(*ordered, *others)


def _other(frame: Frame, given: str, kind: Any) -> nw.Expr:
    """Return a column that the schema does not know, as a text where it has no type."""
    values = nw.col(given)
    return values.cast(nw.String) if untyped(frame, given, kind) else values


def _missing(schema: TableSchema, name: str, matching: Matching) -> Problem:
    found = missing_column(schema, name, matching.extra)
    return replace(found, remedy=found.remedy.replace("sm.read(", "sm.connect("))


def _numbered(
    schema: TableSchema, matching: Matching, frame: Frame, notes: list[str]
) -> dict[str, tuple[str, ...]]:
    """Return the ids that row numbers stand for, each with the columns that the rows are numbered by."""
    made = {}
    first = [name for name in schema.required if name in matching.known]
    order = tuple(matching.known[name][0] for name in dict.fromkeys([*first, *matching.known]))
    for name, column in schema.columns.items():
        if name in matching.known or not (
            column.generated
            or paid_periods(schema, name, matching, lambda end: _filled(frame, end))
        ):
            continue
        made[name] = order
        notes.append(row_numbers_for(name))
    return made


def _filled(frame: Frame, column: str) -> bool:
    return not fetched(frame.filter(nw.col(column).is_null()).head(1)).num_rows


def _without_durations(matching: Matching) -> None:
    """Leave durations that count from another column as they are: the columns they stand for are optional."""
    for name, (given, match) in list(matching.known.items()):
        if match.after:
            del matching.known[name]
            matching.extra.setdefault(given, fold(given))


def _same_key_type(tables: dict[str, Table]) -> dict[str, Table]:
    """Make an id text in all tables if it is text in one of them, so that tables can be joined."""
    out = dict(tables)
    for key in KEYS:
        having = [name for name, table in out.items() if key in table]
        whole = [n for n in having if pa.types.is_integer(out[n].data.schema.field(key).type)]
        if not whole or len(whole) == len(having):
            continue
        for name in whole:
            if not is_there(out[name]):
                out[name] = as_text(out[name], key)
                continue
            frame = out[name].data.frame.with_columns(nw.col(key).cast(nw.String))
            said = f"{key}: whole numbers made text, as they are text in other tables"
            data, notes = out[name].data.cut(frame), (*out[name].notes, said)
            out[name] = replace(out[name], data=data, notes=notes)
    return out


def _parents_like_customers(tables: dict[str, Table], link: Link) -> dict[str, Table]:
    """Give `parent_id` the type of `customer_id`, which it names, so that they can be compared.

    Raises
    ------
    InvalidTablesError
        If customers are whole numbers and a parent is a text that is none.
    """
    table = tables.get("customers")
    if table is None or "parent_id" not in table or not is_there(table):
        return tables
    kinds = [table.data.schema.field(name).type for name in ("customer_id", "parent_id")]
    whole, parents_whole = map(pa.types.is_integer, kinds)
    if whole == parents_whole:
        return tables
    rows: Rows = table.data
    if whole:
        with link.asking("Reading the parents of customers"):
            _only_whole(rows.frame)
    kind, said = (nw.Int64, "texts made whole numbers") if whole else (nw.String, "made text")
    data = rows.cut(rows.frame.with_columns(nw.col("parent_id").cast(kind())))
    notes = (*table.notes, f"parent_id: {said}, as customer_id is")
    return {**tables, "customers": replace(table, data=data, notes=notes)}


def _only_whole(frame: Frame) -> None:
    """Refuse parents that are texts other than whole numbers."""
    strange = frame.filter(~nw.col("parent_id").str.contains(_WHOLE))
    rows = int(fetched(strange.select(rows=nw.len()))["rows"][0].as_py())
    if not rows:
        return
    few = strange.select("customer_id", "parent_id").sort("customer_id", "parent_id").head(SHOWN)
    raise no_customers(rows, fetched(few).to_pylist())


__all__ = ["connected_tables"]

"""One column of a table elsewhere, as its schema wants it: an expression that its own system computes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.portable.fetched import backend_of, fetched, number
from saasmetrics.engine.portable.whole import flag
from saasmetrics.errors import Problem
from saasmetrics.money import counted
from saasmetrics.tables.coerce import spelling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.tables.schema import ColumnSchema, TableSchema

_MANY = 10_000  # more different words than a column of choices has
_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Etc/UCT", "Zulu", "Z", "+00:00"})
_RESERVED = frozenset(
    {"end", "from", "group", "order", "to", "user", "when"}
)  # which SQL reads otherwise
_MONTH = "MONTH"  # no type of SQL: the first day of the month
_IN_POLARS = {
    "DATE": "{0}.cast(pl.String).str.to_date(strict=False)",
    "TIMESTAMP": "{0}.cast(pl.String).str.to_datetime(strict=False)",
    _MONTH: "({0}.cast(pl.String) + '-01').str.to_date(strict=False)",
    "DOUBLE PRECISION": "{0}.cast(pl.Float64, strict=False)",
    "BIGINT": "{0}.cast(pl.Int64, strict=False)",
    "BOOLEAN": "{0}.cast(pl.Boolean)",
}
_CASTS = {
    **dict.fromkeys(("duckdb", "snowflake", "trino", "databricks", "pyspark", "mssql"), "TRY_CAST"),
    "bigquery": "SAFE_CAST",
}
_UNREAD = "What cannot be read, such as N/A, is missing then."
_NULLIF = "Where it says N/A or the like, that is missing: NULLIF({0}, 'N/A') in place of {0}."
TEXTS = (nw.String, nw.Categorical, nw.Enum)
"""Types of texts."""

# A sign that can be seen; the others one by one, as systems differ in what they take for white space.
_BLANKS = [chr(sign) for sign in range(0x3001) if chr(sign).isspace()]
_SEEN = f"[^{''.join(_BLANKS)}]"

# Types of columns that have none where they are, for nothing is in them; texts but for these.
_EMPTY = {
    **dict.fromkeys(("date", "month"), nw.Date()),
    **dict.fromkeys(("money", "number"), nw.Float64()),
    "timestamp": nw.Datetime(),
    "int": nw.Int64(),
    "bool": nw.Boolean(),
}


@dataclass
class Typed:
    """A column that was read.

    Parameters
    ----------
    values
        The values under the canonical type.
    notes
        What was decided, to be read after the name of the column.
    problem
        Why it cannot be read; `values` then means nothing.
    words
        The different values, where they are few.
    zone
        The time zone that its times are told in where it is, if they have one.
    """

    values: nw.Expr
    notes: tuple[str, ...] = ()
    problem: Problem | None = None
    words: frozenset[str] | None = None
    zone: str = ""


def typed(schema: TableSchema, column: ColumnSchema, frame: Frame, given: str, kind: Any) -> Typed:
    """Return a column under the type that the schema wants.

    Parameters
    ----------
    schema, column
        The table and its column.
    frame
        The rows, where they are.
    given, kind
        Name and type of the column there.
    """
    values = nw.col(given)
    if untyped(frame, given, kind) or _unwritten(column, frame, given, kind):
        words = frozenset[str]() if column.dtype in ("choice", "currency") else None
        return Typed(values.cast(_EMPTY.get(column.dtype, nw.String())), words=words)
    if column.dtype in ("choice", "currency"):
        return _words(column, frame, given, kind)
    if column.dtype in ("date", "month", "timestamp"):
        return _dates(schema, column, frame, given, kind)
    if column.dtype == "bool":
        return _booleans(schema, frame, given, kind)
    if column.dtype in ("money", "number", "int"):
        if isinstance(kind, TEXTS) or kind in (nw.Boolean, nw.Date):
            return _refused(schema, frame, given, f"is {kind}, not a number", "DOUBLE PRECISION")
        if column.dtype == "int":
            return Typed(values.cast(nw.Int64))
        return Typed(_number(values, kind))
    if column.dtype == "id":
        return _ids(schema, frame, given, kind)
    return Typed(values if kind == nw.String else values.cast(nw.String))


def with_blanks(frame: Frame, texts: Sequence[str], ids: Sequence[str]) -> frozenset[str]:
    """Return which columns of text have an empty one or one of mere blanks: one query for all.

    Of ids, which are as many as rows, the first sign is looked at: those that begin with a blank may be mere blanks.
    """
    if not (texts or ids):
        return frozenset()
    text = {name: nw.col(name).cast(nw.String).str for name in (*texts, *ids)}
    blank = {name: ~text[name].contains(_SEEN) for name in texts}
    blank |= {name: text[name].slice(0, 1).is_in(["", *_BLANKS]) for name in ids}
    found = fetched(frame.select(*(flag(each).max().alias(name) for name, each in blank.items())))
    return frozenset(name for name in blank if found[name][0].as_py())


def without_blanks(values: nw.Expr) -> nw.Expr:
    """Return texts without those that nobody can see, which are missing."""
    return nw.when(values.str.contains(_SEEN)).then(values)


def untyped(frame: Frame, given: str, kind: Any) -> bool:
    """Return whether a column has no type where it is, because nothing is in it."""
    return kind == nw.Unknown and empty(frame, given)


def _unwritten(column: ColumnSchema, frame: Frame, given: str, kind: Any) -> bool:
    """Return whether texts stand where days or numbers are due, and none was ever written: they are missing."""
    due = column.dtype in _EMPTY and column.dtype != "bool"
    return due and isinstance(kind, TEXTS) and empty(frame, given)


def empty(frame: Frame, given: str) -> bool:
    """Return whether a column has no value."""
    return not fetched(frame.filter(~nw.col(given).is_null()).head(1)).num_rows


def _number(values: nw.Expr, kind: Any) -> nw.Expr:
    """Return numbers as floats; what is no number, as some systems hold, is missing."""
    if not kind.is_float():
        return values.cast(nw.Float64)
    values = values if kind == nw.Float64 else values.cast(nw.Float64)
    return nw.when(~values.is_nan()).then(values)


def _ids(schema: TableSchema, frame: Frame, given: str, kind: Any) -> Typed:
    values = nw.col(given)
    if kind == nw.Boolean or kind.is_float():
        return _refused(schema, frame, given, f"is {kind}, not an id", "BIGINT")
    if kind.is_integer() or isinstance(kind, nw.Decimal):
        return Typed(values.cast(nw.Int64))
    return Typed(values if kind == nw.String else values.cast(nw.String))


def in_utc(frame: Frame) -> Frame:
    """Return a frame whose instants are told in UTC where its system tells them in the zone of the connection.

    DuckDB does; connections of Ibis have the zone UTC, and Polars keeps a zone with each column.
    """
    if not frame.implementation.is_duckdb():
        return frame
    native, kinds = frame.to_native(), frame.collect_schema()
    zoned = {n for n, kind in kinds.items() if getattr(kind, "time_zone", None) not in {None, *UTC}}
    if not zoned:
        return frame
    from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

    columns = {name: ColumnExpression(name) for name in kinds}
    utc = ConstantExpression("UTC")
    columns |= {name: FunctionExpression("timezone", utc, columns[name]) for name in zoned}
    found = native.select(*(column.alias(name) for name, column in columns.items()))
    told: Frame = nw.from_native(found).lazy()
    return told


def zone_of(kind: Any) -> str:
    """Return the time zone of a type of times, by one name for all that UTC has; "" where it has none."""
    zone = getattr(kind, "time_zone", None) or ""
    return "UTC" if zone in UTC else zone


def _dates(schema: TableSchema, column: ColumnSchema, frame: Frame, given: str, kind: Any) -> Typed:
    values = nw.col(given)
    notes: tuple[str, ...] = ()
    zone = zone_of(kind)
    if kind != nw.Date and not isinstance(kind, nw.Datetime):
        wanted = {"timestamp": "TIMESTAMP", "month": _MONTH}.get(column.dtype, "DATE")
        return _refused(schema, frame, given, f"is {kind}, not a date", wanted)
    if isinstance(kind, nw.Datetime) and kind.time_zone is not None:
        if kind.time_zone not in UTC and frame.implementation.is_polars():
            values = values.dt.convert_time_zone("UTC")
        values = values.dt.replace_time_zone(None)
        notes = () if kind.time_zone in UTC else (f"read from {kind.time_zone} as UTC",)
    if column.dtype == "timestamp":
        values = values if isinstance(kind, nw.Datetime) else values.cast(nw.Datetime)
        return Typed(values, notes, zone=zone)
    values = values if kind == nw.Date else values.cast(nw.Date)
    if column.dtype == "month":
        return replace(_months(frame, values, notes), zone=zone)
    return Typed(values, notes, zone=zone)


def _months(frame: Frame, values: nw.Expr, notes: tuple[str, ...]) -> Typed:
    """Return months as their first days: two days of a month are the same key."""
    inside = frame.select(moved=flag(values.dt.day() != 1)).select(nw.col("moved").sum())
    moved = int(number(inside) or 0)
    if not moved:
        return Typed(values, notes)
    said = f"moved to the first day of the month in {counted(moved, 'row')}"
    return Typed(values.dt.truncate("1mo").cast(nw.Date), (*notes, said))


def _booleans(schema: TableSchema, frame: Frame, given: str, kind: Any) -> Typed:
    values = nw.col(given)
    if kind == nw.Boolean:
        return Typed(values)
    if kind.is_integer():
        return Typed(values != 0)
    if not isinstance(kind, TEXTS):
        return _refused(schema, frame, given, f"is {kind}, neither true nor false", "BOOLEAN")
    words = values.cast(nw.String).str.strip_chars().str.to_lowercase()
    yes, no = words.is_in(list(_YES)), words.is_in(list(_NO))
    return Typed(nw.when(yes).then(nw.lit(True)).otherwise(nw.when(no).then(nw.lit(False))))


def _words(column: ColumnSchema, frame: Frame, given: str, kind: Any) -> Typed:
    """Return words as the schema spells them, from the different ones that there are."""
    text = nw.col(given) if kind == nw.String else nw.col(given).cast(nw.String)
    found = fetched(frame.select(text.alias("word")).unique().head(_MANY + 1))
    words = [word for word in found["word"].to_pylist() if word is not None]
    if len(words) > _MANY:
        return Typed(text)
    spelled = ((word, spelling(column, word)) for word in sorted(words))
    changed = {word: new for word, new in spelled if new != word or not new}
    values = text
    for old, new in changed.items():
        other = nw.when(text == old).then(nw.lit(new)) if new else nw.when(text != old).then(values)
        values = other.otherwise(values) if new else other
    shown = ", ".join(f"{old!r} as {new!r}" for old, new in changed.items() if new)
    kept = frozenset(n for word in words if (n := changed.get(word, word)))
    return Typed(values, (f"read {shown}",) if shown else (), words=kept)


def _refused(schema: TableSchema, frame: Frame, given: str, rule: str, wanted: str) -> Typed:
    """Return a column that cannot be read, with what gives it another type in the words of its own system."""
    if frame.implementation.is_polars():
        column = f"pl.col({given!r})"
        made = _IN_POLARS[wanted].format(column)
        remedy = f"Give it another type before: frame.with_columns({made}). {_UNREAD}"
    else:
        cast = _cast_of(frame)
        made = _in_sql(given, wanted, cast)
        odd = _UNREAD if cast != "CAST" else _NULLIF.format(_quoted(given))
        remedy = f"Give it another type where the table is: a view, or a query, with {made}. {odd}"
    problem = Problem(schema.name, given, rule, 0, (), remedy, "error", "wrong-type")
    return Typed(nw.col(given), problem=problem)


def _cast_of(frame: Frame) -> str:
    """Return the name of the cast that makes missing what it cannot read, where the dialect has one."""
    if frame.implementation.is_ibis():
        return _CASTS.get(backend_of(frame).name, "CAST")
    here = frame.implementation.is_duckdb() or frame.implementation.is_spark_like()
    return "TRY_CAST" if here else "CAST"


def _quoted(given: str) -> str:
    """Return a column as SQL names it."""
    if given.lower() in _RESERVED or not given.isidentifier():
        quoted = given.replace('"', '""')
        return f'"{quoted}"'
    return given


def _in_sql(given: str, wanted: str, cast: str) -> str:
    """Return the SQL that gives a column another type; a month has no day, without which it is no date.

    Examples
    --------
    >>> _in_sql("start", "DATE", "TRY_CAST"), _in_sql("end", "DATE", "CAST")
    ('TRY_CAST(start AS DATE)', 'CAST("end" AS DATE)')
    >>> _in_sql("month", _MONTH, "TRY_CAST")
    "TRY_CAST(month || '-01' AS DATE) (where it says 2026-01)"
    """
    if wanted == _MONTH:
        return f"{cast}({_quoted(given)} || '-01' AS DATE) (where it says 2026-01)"
    return f"{cast}({_quoted(given)} AS {wanted})"

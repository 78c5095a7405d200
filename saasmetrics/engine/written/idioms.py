"""What SQL says shorter than the portable definition: whole quotients, rounding, days and months."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import ibis
import narwhals as nw
import sqlglot
from ibis.expr import operations as ops
from sqlglot import exp

from saasmetrics.engine.portable import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Found = Mapping[str, Any]

_DAY = "DATE '1970-01-01'"
_INT = "CAST(x AS INT)"
_SPARK = {
    "days": f"DATEDIFF(x, {_DAY})",
    "date_of": f"DATE_ADD({_DAY}, {_INT})",
    "month_of": f"YEAR(DATE_ADD({_DAY}, {_INT})) * 12 + MONTH(DATE_ADD({_DAY}, {_INT})) - 23641",
    "first_of": f"ADD_MONTHS({_DAY}, {_INT})",
    "nearest": "RINT(x)",
}
# Of a date the days since 1970-01-01; of days the date, and the months since January 1970; of months their first date;
# of a number with a fraction the nearest whole one, the even one of two, where a function of the dialect says that.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "duckdb": {
        "days": f"DATE_DIFF('day', {_DAY}, x)",
        "date_of": f"{_DAY} + {_INT}",
        "month_of": f"DATE_DIFF('month', {_DAY}, {_DAY} + {_INT})",
        "first_of": f"CAST({_DAY} + {_INT} * INTERVAL '1 month' AS DATE)",
        "nearest": "ROUND_EVEN(x, 0)",
    },
    "postgres": {
        "days": f"CAST(x AS DATE) - {_DAY}",
        "date_of": f"{_DAY} + {_INT}",
        "month_of": f"CAST(EXTRACT(YEAR FROM {_DAY} + {_INT}) * 12 - 23641"
        f" + EXTRACT(MONTH FROM {_DAY} + {_INT}) AS BIGINT)",
        "first_of": f"CAST({_DAY} + {_INT} * INTERVAL '1 month' AS DATE)",
        "nearest": "ROUND(CAST(x AS DOUBLE PRECISION))",  # of a NUMERIC it is the larger one of two
    },
    "bigquery": {
        "days": "UNIX_DATE(CAST(x AS DATE))",
        "date_of": "DATE_FROM_UNIX_DATE(x)",
        "month_of": f"DATE_DIFF(DATE_FROM_UNIX_DATE(x), {_DAY}, MONTH)",
        "first_of": f"DATE_ADD({_DAY}, INTERVAL x MONTH)",
    },
    "snowflake": {
        "days": f"DATEDIFF(DAY, {_DAY}, x)",
        "date_of": f"DATEADD(DAY, x, {_DAY})",
        "month_of": f"DATEDIFF(MONTH, {_DAY}, DATEADD(DAY, x, {_DAY}))",
        "first_of": f"DATEADD(MONTH, x, {_DAY})",
    },
    "databricks": _SPARK,
    "spark": _SPARK,
    "clickhouse": {
        "days": "DATE_DIFF('day', toDate32('1970-01-01'), x)",
        "date_of": "DATE_ADD(DAY, x, toDate32('1970-01-01'))",
        "month_of": "DATE_DIFF('month', toDate32('1970-01-01'), DATE_ADD(DAY, x, toDate32('1970-01-01')))",
        "first_of": "DATE_ADD(MONTH, x, toDate32('1970-01-01'))",
        "nearest": "roundBankers(x)",
    },
    "trino": {
        "days": f"DATE_DIFF('day', {_DAY}, CAST(x AS DATE))",
        "date_of": f"DATE_ADD('day', x, {_DAY})",
        "month_of": f"YEAR(DATE_ADD('day', x, {_DAY})) * 12 + MONTH(DATE_ADD('day', x, {_DAY})) - 23641",
        "first_of": f"DATE_ADD('month', x, {_DAY})",
    },
}


def said(word: str, value: Any, dialect: str) -> Any:
    """Return a word of a dialect, said of a value, as an expression of sqlglot.

    Parameters
    ----------
    word
        "days", "date_of", "month_of", "first_of", or "day_of": the days of what is first of a month.
    value
        An expression.
    dialect
        The name of a dialect.
    """
    if word == "day_of":
        return said("days", said("first_of", value, dialect), dialect)

    def filled(node: Any) -> Any:
        return value.copy() if isinstance(node, exp.Column) and node.name == "x" else node

    return _parsed(word, dialect).copy().transform(filled)


def has_word(word: str, dialect: str) -> bool:
    """Return whether a dialect has a word of its own."""
    return word in _WORDS[dialect]


@cache
def _parsed(word: str, dialect: str) -> Any:
    found = sqlglot.parse_one(_WORDS[dialect][word], dialect=dialect)
    return found.transform(_plainly)


def _plainly(node: Any) -> Any:
    """Return a part of a word without parentheses; the first day as it is written by people."""
    if isinstance(node, exp.Paren):
        return node.this
    cast = isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal)
    return exp.Var(this=_DAY) if cast and node.this.name == "1970-01-01" else node


def recognized(value: Any) -> tuple[str, Found] | None:
    """Return the name of the definition that a value of Ibis was made by, and what it was given; None: by none.

    The names are "days" (of `d`, or `m` where that is missing), "nearest" (to `x`), "quotient" and "rest" (of `m` by
    `n`).
    """
    for name, pattern in _patterns():
        found: dict[str, Any] = {}
        if type(pattern) is type(value) and _fits(pattern, value, found):
            return name, found
    return None


@cache
def _patterns() -> tuple[tuple[str, Any], ...]:
    """Return what Ibis makes of each definition, of columns of a table without a connection."""
    table = ibis.table({"d": "date", "m": "int64", "n": "int64", "x": "float64"}, name="pattern")
    frame = nw.from_native(table).lazy()
    made = {
        "days": whole.day_number("d", "m"),
        "nearest": whole.nearest(nw.col("x")),
        "quotient": whole.divided(nw.col("m"), nw.col("n")),
        "rest": nw.col("m") % nw.col("n"),
    }
    return tuple(
        (name, frame.select(value=value).to_native().op().values["value"])
        for name, value in made.items()
    )


def _fits(pattern: Any, value: Any, found: dict[str, Any]) -> bool:
    """Whether a value is a pattern with something in the place of each of its columns, which is noted."""
    if isinstance(pattern, ops.Field):
        return bool(found.setdefault(pattern.name, value) == value)
    if type(pattern) is not type(value):
        return False
    if isinstance(pattern, ops.Literal):
        return bool(pattern.value == value.value)
    both = zip(parts(pattern), parts(value), strict=False)
    return len(list(parts(pattern))) == len(list(parts(value))) and all(
        _fits(one, other, found) for one, other in both
    )


def parts(value: Any) -> Iterator[Any]:
    """Yield the values that a value is made of; the relation whose rows a value counts is none."""
    for part in value.args:
        if isinstance(part, tuple):
            yield from part
        elif isinstance(part, ops.Node) and not isinstance(part, ops.Relation):
            yield part

"""From a query of Ibis and the steps that it starts from to the text of one statement."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from saasmetrics.engine.written.writer import Writer
from saasmetrics.errors import DataError, UnknownNameError, hint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.engine.portable.told import Steps
    from saasmetrics.engine.written.writer import Step

_MATERIALIZED = ("duckdb", "postgres")  # which else count again what is named twice
# ClickHouse fills what a join does not find with 0, and takes names for those of the new columns, unless it is told.
_SETTINGS = {"clickhouse": ("SETTINGS join_use_nulls = 1, prefer_column_name_to_alias = 1",)}


def compiled(
    query: Any, steps: Steps, dialect: str, tables: Mapping[str, str]
) -> tuple[str, list[str]]:
    """Return the text of a query in a dialect, its steps as common table expressions, and the tables that it reads.

    Parameters
    ----------
    query
        What is asked, over tables with canonical names and steps.
    steps
        What temporary tables are made from, and what relations are called.
    dialect
        The name of a dialect.
    tables
        Other names for tables, such as {"subscriptions": "billing.subscriptions"}.

    Raises
    ------
    UnknownNameError
        If another name is given for a table that the query does not read.
    DataError
        If it is no name of a table.
    """
    read = {name: _table(name, text, dialect) for name, text in tables.items()}
    writer = Writer(query, steps, dialect, read)
    for name in tables:
        if name not in writer.read:
            known = sorted(writer.read)
            msg = f"The SQL reads no table {name!r}; it reads {', '.join(known)}."
            raise UnknownNameError(msg + hint(name, known))
    parts = [_part(step, writer.text.name(step.name), dialect) for step in writer.steps]
    lines = ["WITH", ",\n".join(parts)] if parts else []
    whole = [*lines, "-- the answer", writer.last, *_SETTINGS.get(dialect, ())]
    return "\n".join(whole), sorted(writer.read)


def _part(step: Step, name: str, dialect: str) -> str:
    kept = "MATERIALIZED " if step.often and dialect in _MATERIALIZED else ""
    return f"-- {step.said}\n{name} AS {kept}(\n{step.text}\n)"


def _table(name: Any, text: Any, dialect: Any) -> Any:
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    wrong = f"tables={{{name!r}: {text!r}}} is no name of a table, such as 'billing.subscriptions'."
    if not isinstance(name, str) or not isinstance(text, str):
        raise DataError(wrong)
    try:
        whole = _is_whole(text, dialect)
        table = exp.to_table(text, dialect=dialect)
    except SqlglotError as error:
        raise DataError(wrong) from error
    if not whole or not all(isinstance(part, exp.Identifier) for part in table.parts):
        raise DataError(wrong)
    return table


def _is_whole(text: str, dialect: Any) -> bool:
    """Whether a text has a name on both sides of each of its dots, and no comment, which would be left out."""
    import sqlglot

    tokens = sqlglot.tokenize(text, read=dialect)
    dots = [token.token_type == sqlglot.TokenType.DOT for token in tokens]
    ends = [True, *dots, True]  # a dot beside an end of the text has no name there
    beside = any(one and next_one for one, next_one in pairwise(ends))
    return not beside and not any(token.comments for token in tokens)

"""From a query of Ibis and the steps that it starts from to the text of one statement."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError, UnknownNameError, hint

if TYPE_CHECKING:
    from collections.abc import Mapping

    Steps = Mapping[str, tuple[str, Any]]


_CHANCE = re.compile(r"row_index_[0-9a-f]{8,}")
_COMPILERS = {"spark": "databricks"}  # that of Spark itself in Ibis asks for pyspark
_WITH = "with_"  # as sqlglot calls the part of a query
_MATERIALIZED = (
    "duckdb",
    "postgres",
)  # which else put the expressions of each step into those of the next


def compiled(query: Any, steps: Steps, dialect: str, tables: Mapping[str, str]) -> str:
    """Return the text of a query in a dialect, each step that it needs as a common table expression.

    Parameters
    ----------
    query
        What is asked, over tables with canonical names and steps.
    steps
        What each temporary table is, and the query that it is made from, in the order in which they were made.
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
    from ibis.backends.sql import compilers
    from sqlglot import exp

    compiler = getattr(compilers, _COMPILERS.get(dialect, dialect)).compiler
    spoken = dialect if dialect in _COMPILERS else compiler.dialect
    trees = {name: compiler.to_sqlglot(made.unbind()) for name, (_, made) in steps.items()}
    main = compiler.to_sqlglot(query.unbind())
    needed = _needed(main, trees)
    called = _called([steps[name][0] for name in needed])
    names = dict(zip(needed, called, strict=True))
    read = {name: _table(name, text, spoken) for name, text in tables.items()}
    used: set[str] = set()
    for tree in (*(trees[name] for name in needed), main):
        used |= _rename(tree, names, read)
    for name in tables:
        if name not in used:
            msg = f"The SQL reads no table {name!r}; it reads {', '.join(sorted(used))}."
            raise UnknownNameError(msg + hint(name, sorted(used)))
    if needed:
        own = main.args.pop(_WITH, None)
        kept = True if dialect in _MATERIALIZED else None
        steps_first = [
            exp.CTE(
                this=trees[name],
                alias=exp.TableAlias(this=exp.to_identifier(names[name], quoted=True)),
                materialized=kept,
            )
            for name in needed
        ]
        main.set(_WITH, exp.With(expressions=[*steps_first, *(own.expressions if own else ())]))
    _numbered(main)
    if dialect == "snowflake":  # where names that nobody quotes are in capitals
        for identifier in main.find_all(exp.Identifier):
            identifier.set("this", identifier.name.upper())
    text: str = main.sql(dialect=spoken, pretty=True)
    return text


def _numbered(main: Any) -> None:
    """Number the columns that narwhals gives names of chance, so that the same query has the same text."""
    from sqlglot import exp

    known: dict[str, str] = {}
    for identifier in main.find_all(exp.Identifier, bfs=False):
        if _CHANCE.fullmatch(identifier.name):
            number = known.setdefault(identifier.name, f"row_index_{len(known) + 1}")
            identifier.set("this", number)


def _needed(main: Any, trees: Mapping[str, Any]) -> list[str]:
    """Return the steps that a query starts from, and those that they start from, in order."""
    from sqlglot import exp

    found: set[str] = set()
    left = [main]
    while left:
        for table in left.pop().find_all(exp.Table):
            if table.name in trees and table.name not in found:
                found.add(table.name)
                left.append(trees[table.name])
    return [name for name in trees if name in found]


def _called(words: list[str]) -> list[str]:
    """Return a name for each step: what it is, numbered where several are the same."""
    return [
        word if words.count(word) == 1 else f"{word}_{words[:place].count(word) + 1}"
        for place, word in enumerate(words)
    ]


def _rename(tree: Any, steps: Mapping[str, str], tables: Mapping[str, Any]) -> set[str]:
    """Call steps and tables by their names in the statement; return the tables that the tree reads."""
    from sqlglot import exp

    inner = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = set()
    for table in list(tree.find_all(exp.Table)):
        if table.name in inner:
            continue
        if table.name in steps:
            table.set("this", exp.to_identifier(steps[table.name], quoted=True))
            table.set("db", None)
            table.set("catalog", None)
            continue
        read.add(table.name)
        if table.name in tables:
            other = tables[table.name].copy()
            for part in ("this", "db", "catalog"):
                table.set(part, other.args.get(part))
    return read


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

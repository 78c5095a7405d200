"""What the side panel of JupyterLab is told about the books in a kernel, as plain JSON."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from saasmetrics.policy import Policy

if TYPE_CHECKING:
    from saasmetrics.book import Book
    from saasmetrics.errors import Problem

FIRST = "book"  # the variable shown where none is asked for, if there is one


class Answer(dict[str, Any]):
    """A dictionary that a frontend receives as JSON, not as text."""

    def _repr_json_(self) -> dict[str, Any]:
        return dict(self)


def books(namespace: Mapping[str, Any], name: str = "") -> Answer | None:
    """Return what a panel shows of the books in a namespace; the namespace is only read.

    Parameters
    ----------
    namespace
        Variables by name, such as `globals()`.
    name
        The variable to tell about; if it is no book, "book" or else the one made last.

    Returns
    -------
    Answer or None
        names (of all books, the last one first), name, as_of, currency, scope, policy (name, title, changed), summary
        (how many errors, warnings and notes) and tables: each with name, meaning, rows, columns and its findings
        (severity, column, finding, rows, remedy), errors first. None where there is no book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> told = books({"mine": sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})})
    >>> told["name"], told["policy"]["name"], [(t["name"], t["rows"]) for t in told["tables"]]
    ('mine', 'default', [('mrr', 1)])
    """
    module = sys.modules.get("saasmetrics.book")
    if module is None or not isinstance(namespace, Mapping):  # nobody has made a book yet
        return None
    found = {
        key: value
        for key, value in reversed(list(namespace.items()))
        # by its type, since asking a variable for its class may run code of its own
        if issubclass(type(value), module.Book)
        and isinstance(key, str)
        and key.isidentifier()
        and not key.startswith("_")
    }
    if not found:
        return None
    wanted = (name, FIRST) if isinstance(name, str) else (FIRST,)
    chosen = next((key for key in wanted if key in found), next(iter(found)))
    return Answer({"names": list(found), "name": chosen, **_told(found[chosen])})


def _told(book: Book) -> dict[str, Any]:
    checked = book.check()
    problems: tuple[Problem, ...] = checked.extra["problems"]
    return {
        "as_of": book.as_of_text,
        "currency": book.currency,
        "scope": list(book.scope),
        "policy": _policy(book.policy),
        "summary": str(checked.extra["headline"]),
        "tables": [_table(book, name, problems) for name in _names(book, problems)],
    }


def _names(book: Book, problems: tuple[Problem, ...]) -> list[str]:
    """Return the tables, and what findings call so although it is none, such as a table that is missing."""
    return list(dict.fromkeys([*book.tables, *(problem.table for problem in problems)]))


def _table(book: Book, name: str, problems: tuple[Problem, ...]) -> dict[str, Any]:
    from saasmetrics.tables import SCHEMA

    there = book.tables.get(name)
    return {
        "name": name,
        "meaning": SCHEMA[name].meaning if name in SCHEMA else "",
        "rows": 0 if there is None else len(there.data),
        "columns": 0 if there is None else len(there.data.column_names),
        "findings": [_finding(problem) for problem in problems if problem.table == name],
    }


def _finding(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "column": problem.column,
        "finding": problem.rule,
        "rows": int(problem.rows),
        "remedy": problem.remedy,
    }


def _policy(policy: Policy) -> dict[str, Any]:
    name = policy.name.removesuffix("*")
    known = name in Policy.presets()
    changed = not known or bool(Policy.named(name).differences(policy))
    return {"name": name if known else "", "title": policy.title, "changed": changed}

"""Findings that need MRR or many comparisons: looked for when the report is asked for, not before every number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.checks.agreement import billed_differs, contracts_differ
from saasmetrics.checks.names import several_ids
from saasmetrics.checks.spellings import spellings
from saasmetrics.checks.units import unit_jumps
from saasmetrics.tables.gate.names import with_control
from saasmetrics.tables.gate.view import View
from saasmetrics.tables.lazy import later_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table


def unread_texts(
    tables: Mapping[str, Table], columns: Collection[str] | None = None
) -> list[Problem]:
    """Return what the gate says of texts, of columns that were left in their files when it looked.

    Parameters
    ----------
    tables
        Normalized tables by name.
    columns
        Which columns; by default all that were left.
    """
    return [
        problem
        for table in tables.values()
        for column in later_of(table.data)
        if columns is None or column in columns
        for problem in _in_text(table, column)
    ]


def _in_text(table: Table, column: str) -> tuple[Problem, ...]:
    """Return what the gate says of a text, looked for once."""
    kept: dict[Any, tuple[Problem, ...]] = table.__dict__.setdefault("_found", {})
    key = (with_control, column)
    if key not in kept:
        kept[key] = tuple(with_control(View.of(table), column))
    return kept[key]


def later(
    tables: Mapping[str, Table],
    policy: Policy,
    as_of: int,
    currency: str,
    problems: Sequence[Problem] = (),
) -> list[Problem]:
    """Return the findings that the gate leaves to the report.

    Parameters
    ----------
    tables
        Normalized tables by name.
    policy, as_of, currency
        By which MRR is computed.
    problems
        What the gate found: with an error in it, MRR is compared with nothing.

    Returns
    -------
    list of Problem
        Warnings and notes.
    """
    found = [*several_ids(tables), *unit_jumps(tables), *unread_texts(tables), *spellings(tables)]
    if not any(problem.severity == "error" for problem in problems):
        found += billed_differs(tables, policy, as_of, currency)
        found += contracts_differ(tables, policy, as_of, currency)
    return found

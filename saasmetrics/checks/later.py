"""Findings that need MRR or many comparisons: looked for when the report is asked for, not before every number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.checks.agreement import billed_differs, contracts_differ
from saasmetrics.checks.names import several_ids
from saasmetrics.checks.units import unit_jumps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table


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
    found = [*several_ids(tables), *unit_jumps(tables)]
    if not any(problem.severity == "error" for problem in problems):
        found += billed_differs(tables, policy, as_of, currency)
        found += contracts_differ(tables, policy, as_of, currency)
    return found

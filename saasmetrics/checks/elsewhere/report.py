"""The findings of the report with what they touch, where the rows of tables are elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.checks.elsewhere.later import later_there
from saasmetrics.checks.elsewhere.worth import paid, touched_there

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.checks.worth import Touched
    from saasmetrics.engine.connected.link import Link
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table


def weighed(
    tables: Mapping[str, Table],
    policy: Policy,
    as_of: int,
    currency: str,
    problems: Sequence[Problem],
) -> list[tuple[Problem, Touched]]:
    """Return the findings, and those that only the report looks for, each with what it touches.

    Parameters
    ----------
    tables, policy, as_of, currency
        The tables, and by what MRR is counted.
    problems
        What the gate found.

    Returns
    -------
    list of tuple
        Findings and what they touch.
    """
    link: Link = next(table.data.link for table in tables.values() if table.is_away)
    with link.asking("Weighing what was found"):
        worth = paid(tables, policy, as_of, currency, link, problems)
        every = [*problems, *later_there(tables, policy, as_of, currency, problems, link)]
        return [(p, touched_there(p, tables, worth, policy, currency)) for p in every]

"""The quality gate: what is wrong, doubtful or worth knowing about the tables, before any number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.memory import give_back
from saasmetrics.tables.gate import (
    amounts,
    copies,
    cross,
    extract,
    keys,
    months,
    names,
    owners,
    reach,
    status,
    stops,
    success,
    sums,
    support,
    terms,
    values,
)
from saasmetrics.tables.gate.view import Gate, View, day_number
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from saasmetrics.errors import Problem
    from saasmetrics.tables.table import Table

    Finding = Callable[[Gate], Iterable[Problem]]

__all__ = ["FINDINGS", "OF_ONE_TABLE", "check", "found", "found_by", "in_order"]

FINDINGS: tuple[Finding, ...] = (
    extract.empty_tables,
    keys.missing_values,
    keys.mixed_key_types,
    sums.totals_row,
    keys.repeated_rows,
    keys.repeated_keys,
    keys.padded_ids,
    copies.same_lines,
    keys.customers_without_row,
    cross.customers_in_one_table,
    keys.unknown_parents,
    names.parents_of_parents,
    terms.negative_terms,
    terms.zero_length_terms,
    terms.half_service_periods,
    terms.whole_month_ends,
    status.statuses_against_dates,
    status.requests_without_end,
    status.ends_elsewhere,
    terms.overlaps_in_subscription,
    terms.overlaps_in_customer,
    amounts.negative_amounts,
    amounts.negative_customer_months,
    amounts.credits_on_invoices,
    amounts.lines_on_one_day,
    amounts.service_after_the_end,
    amounts.zero_amounts,
    names.control_characters,
    values.unknown_choices,
    values.unknown_currencies,
    values.reporting_currency,
    values.unused_rates,
    values.missing_rates,
    stops.months_without_rate,
    values.missing_currencies,
    extract.round_row_counts,
    reach.impossible_dates,
    extract.distant_dates,
    reach.as_of_after_data,
    extract.same_last_day,
    extract.cliff_at_the_end,
    stops.tables_that_stop_early,
    extract.left_truncation,
    months.empty_months,
    extract.mixed_time_zones,
    extract.dates_beside_times,
    success.before_signup,
    success.usage_outside_term,
    success.replies_after_solution,
    success.unanswered_csat,
    success.contradicting_churn_flags,
    owners.usage_after_churn,
    cross.contacts_after_churn,
    cross.billed_after_churn,
    owners.unknown_owners,
    owners.customers_without_owner,
    support.replies_before_creation,
    support.solved_before_first_solved,
    support.csat_beyond_scale,
    support.unknown_agents,
    support.unknown_channels,
    support.negative_amounts_of_work,
    support.hours_out_of_order,
    support.ends_before_starts,
    support.trials_that_run_backwards,
    keys.row_without_revenue,
    reach.unused_mrr,
    reach.guessed_as_of,
    extract.reading_notes,
    status.unused_columns,
)
"""Every finding, one function each: to add one, write a function and name it here."""

OF_ONE_TABLE = frozenset(
    {
        *(keys.missing_values, sums.totals_row, keys.repeated_rows, keys.repeated_keys),
        *(keys.padded_ids, copies.same_lines, terms.negative_terms, terms.half_service_periods),
        *(amounts.negative_amounts, amounts.negative_customer_months, amounts.credits_on_invoices),
        *(amounts.lines_on_one_day, amounts.service_after_the_end, amounts.zero_amounts),
        *(names.control_characters, values.unknown_choices, values.unknown_currencies),
        *(values.missing_currencies, extract.round_row_counts, extract.left_truncation),
        *(reach.impossible_dates, months.empty_months, extract.mixed_time_zones),
        *(extract.dates_beside_times, success.replies_after_solution, success.unanswered_csat),
        *(support.replies_before_creation, support.solved_before_first_solved),
        *(support.csat_beyond_scale, support.unknown_channels, support.negative_amounts_of_work),
        *(support.hours_out_of_order, support.ends_before_starts),
        *(support.trials_that_run_backwards, status.unused_columns),
    }
)
"""Findings that a table shows by itself, whatever the day, the policy or the other tables: looked for once."""

OF_TWO_TABLES: Mapping[Finding, str] = {
    keys.customers_without_row: "customers",
    success.before_signup: "customers",
    owners.unknown_owners: "people",
    support.unknown_agents: "people",
}
"""Findings that a table shows beside one other table, whatever the day or the policy."""

_ORDER = {"error": 0, "warning": 1, "note": 2}


def check(
    tables: Mapping[str, Table],
    *,
    as_of: Any = None,
    currency: str | None = None,
    policy: Any = None,
    guessed: bool = False,
) -> list[Problem]:
    """Look for everything that would make numbers wrong or doubtful.

    Parameters
    ----------
    tables
        Canonical table name -> table.
    as_of
        Last day known: ISO text, date, numpy datetime64 or days since 1970; today if not said.
    currency
        Reporting currency.
    policy
        Definition choices, as they decide what is odd: which end is meant, what overlaps do.
    guessed
        Whether the last day known was not said but taken from the tables.

    Returns
    -------
    list of Problem
        Errors first, then warnings, then notes; each counted, with its first rows.

    Examples
    --------
    >>> from saasmetrics.tables import normalize
    >>> mrr = normalize("mrr", {"customer_id": ["a"], "month": ["2025-01"], "mrr": [-5.0]})
    >>> [problem.code for problem in check({"mrr": mrr})]
    ['negative-amount', 'negative-customer-month']
    """
    views = {name: View(table) for name, table in tables.items()}
    day = None if as_of is None else day_number(as_of)
    found = in_order(found_by(Gate(views, day, currency or "", policy, guessed)))
    views.clear()
    give_back(max((t.num_rows for t in tables.values() if not t.is_away), default=0))
    return found


def found_by(gate: Gate) -> list[tuple[Finding, Problem]]:
    """Return every problem with the finding that found it."""
    return [(finding, problem) for finding in FINDINGS for problem in found(finding, gate)]


def in_order(problems: Iterable[tuple[Finding, Problem]]) -> list[Problem]:
    """Return problems as `check` does: errors first, then warnings, then notes."""
    return sorted((each for _, each in problems), key=lambda problem: _ORDER[problem.severity])


def found(finding: Finding, gate: Gate) -> Iterable[Problem]:
    """Return what a finding finds; what hangs on no day and no policy is kept with the table."""
    beside = gate.views.get(OF_TWO_TABLES.get(finding, ""))
    if finding not in OF_ONE_TABLE and beside is None:
        return finding(gate)
    every: list[Problem] = []
    for name in SCHEMA:
        if (view := gate.views.get(name)) is None:
            continue
        kept: dict[Any, tuple[Problem, ...]] = view.table.__dict__.setdefault("_found", {})
        key = (finding, None if beside is None else beside.table)
        if key not in kept:
            both = {view.name: view} if beside is None else {beside.name: beside, view.name: view}
            kept[key] = tuple(each for each in finding(Gate(both)) if each.table == name)
        every += kept[key]
    return every

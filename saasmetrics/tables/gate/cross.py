"""Findings about tables that contradict each other: customers that one does not have, and what comes after the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saasmetrics.money import counted
from saasmetrics.tables.gate.owners import last_ends
from saasmetrics.tables.runs import begun, is_runs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.errors import Problem, Severity
    from saasmetrics.tables.gate.view import Bools, Gate, View

__all__ = ["billed_after_churn", "contacts_after_churn", "customers_in_one_table"]

SOURCES = ("subscriptions", "mrr")
PAID: dict[str, Severity] = {"invoices": "warning", "contracts": "note"}
EVENTS = {"tickets": "created_at", "activities": "at", "surveys": "at"}
_RUNNING = 2**30
MONTH, QUARTER = 31, 92


def customers_in_one_table(gate: Gate) -> Iterable[Problem]:
    """Customers that pay by one table and that another table of customers who pay does not have."""
    for source in gate.having(*SOURCES)[:1]:
        for other in gate.having(*PAID):
            if not (source.has("customer_id") and other.has("customer_id")):
                continue
            severity = PAID[other.name]
            for one, two, rows in (
                (source, other, _paying(source, gate)),
                (other, source, _charged(other)),
            ):
                unknown = np.append(gate.match(one, two, "customer_id", "customer_id") < 0, False)
                alone = rows & unknown[one.codes("customer_id")]
                many = len(np.unique(one.codes("customer_id")[alone]))
                of = one.table.data
                runs = one is source and is_runs(of)
                yield from one.problem(
                    alone,
                    count=int(begun(of, gate.today - MONTH)[alone].sum()) if runs else None,
                    column="customer_id",
                    rule=without_row(many, two.name),
                    remedy=f"Look for them in {two.name} under another id; else one of the two exports is incomplete.",
                    code="customer-in-one-table",
                    severity=severity,
                    show=("customer_id", "subscription_id", "invoice_id", "contract_id", "amount"),
                )


def without_row(many: int, table: str) -> str:
    """Return in words that so many customers have no row in a table."""
    return f"{counted(many, 'customer')} without a row in {table}"


def _paying(view: View, gate: Gate) -> Bools:
    """Rows of the source of MRR that have begun, and cost something."""
    amount, start = ("amount", "start") if view.name == "subscriptions" else ("mrr", "month")
    if not view.has(amount, start):
        return np.zeros(view.size, np.bool_)
    paid = view.valid(amount) & (view.numbers(amount) > 0)
    begun = view.valid(start) & (view.days(start) <= gate.today - MONTH)
    return paid & begun & (view.codes("customer_id") >= 0)


def _charged(view: View) -> Bools:
    amount = "amount" if view.name == "invoices" else "arr"
    known = view.codes("customer_id") >= 0
    return known & view.valid(amount) & (view.numbers(amount) > 0) if view.has(amount) else known


def contacts_after_churn(gate: Gate) -> Iterable[Problem]:
    """Tickets, activities and surveys more than a quarter after the last subscription of the customer ended."""
    for view in gate.having(*EVENTS):
        at = EVENTS[view.name]
        for lines in gate.having("subscriptions"):
            if not view.has("customer_id", at) or not lines.has("customer_id", "end"):
                continue
            ended = _ended(gate, view, lines)
            yield from view.problem(
                view.valid(at) & (ended < _RUNNING) & (view.days(at) > ended + QUARTER),
                column=at,
                rule="more than a quarter after the last subscription of the customer ended",
                remedy="Check the end of the subscription; where the customer did leave, nothing is to be done.",
                code="contact-after-churn",
                severity="note",
                show=("ticket_id", "activity_id", "survey_id", "customer_id", at),
            )


def billed_after_churn(gate: Gate) -> Iterable[Problem]:
    """Charges for service that starts more than a month after the last subscription of the customer ended."""
    for view in gate.having("invoices"):
        for lines in gate.having("subscriptions"):
            if not view.has("customer_id", "date", "amount") or not lines.has("customer_id", "end"):
                continue
            start = view.days("date")
            if view.has("service_start"):
                start = np.where(view.valid("service_start"), view.days("service_start"), start)
            ended = _ended(gate, view, lines)
            late = view.valid("date") & (ended < _RUNNING) & (start > ended + MONTH)
            yield from view.problem(
                late & view.valid("amount") & (view.numbers("amount") > 0),
                column="service_start, date",
                rule="service more than a month after the last subscription of the customer ended",
                remedy="Correct the end of the subscription, or add the subscription that is billed.",
                code="billed-after-churn",
                severity="warning",
                show=("invoice_id", "customer_id", "date", "service_start", "amount"),
            )


def _ended(gate: Gate, view: View, lines: View) -> npt.NDArray[np.int64]:
    """Last end of the customer of each row; far off where one runs, or the customer is not known."""
    place = np.append(gate.match(view, lines, "customer_id", "customer_id"), -1)
    ended: npt.NDArray[np.int64] = np.append(last_ends(lines), _RUNNING)[
        place[view.codes("customer_id")]
    ]
    return ended

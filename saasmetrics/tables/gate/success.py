"""Findings about support, product usage and flags, against the other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.errors import Problem
    from saasmetrics.tables.gate.view import Gate, View

__all__ = [
    "before_signup",
    "contradicting_churn_flags",
    "replies_after_solution",
    "unanswered_csat",
    "usage_outside_term",
]

HAPPENS = {
    "tickets": "created_at",
    "usage": "date",
    "subscriptions": "start",
    "activities": "at",
    "surveys": "at",
}
CHURN_FLAGS = ("churn_flag", "churned", "is_churned", "churn")
_BACKWARDS = {
    "first_reply_at": "Check the export; the time to the reply still counts: without late replies it would flatter.",
    "created_at": "Check the export; such tickets have no resolution time and are left out of it and of the backlog.",
}


def before_signup(gate: Gate) -> Iterable[Problem]:
    """What happened before the customer signed up."""
    for customers in gate.having("customers"):
        if not customers.has("created_at"):
            return
        for view in gate.having(*HAPPENS):
            at = HAPPENS[view.name]
            if not view.has("customer_id", at):
                continue
            row = _row_in(gate, view, "customer_id", customers)
            known = (row >= 0) & customers.valid("created_at")[row] & view.valid(at)
            yield from view.problem(
                known & (view.days(at) < customers.days("created_at")[row]),
                column=at,
                rule="before the customer signed up (customers.created_at)",
                remedy="Check which of the two dates is right; age of a customer counts from the first payment.",
                code="before-signup",
                severity="warning",
                show=(*SCHEMA[view.name].key, "customer_id", at),
            )


def usage_outside_term(gate: Gate) -> Iterable[Problem]:
    """Usage before or after the subscription that it names."""
    for view in gate.having("usage"):
        subscriptions = gate.views.get("subscriptions")
        if subscriptions is None or not subscriptions.size or not view.has("subscription_id"):
            continue
        # With several terms per subscription, one of them alone says nothing.
        if subscriptions.distinct("subscription_id") != subscriptions.size:
            continue
        row = _row_in(gate, view, "subscription_id", subscriptions)
        day = view.days("date")
        early = day < subscriptions.days("start")[row]
        late = np.zeros(view.size, np.bool_)
        if subscriptions.has("end"):
            late = subscriptions.valid("end")[row] & (day >= subscriptions.days("end")[row])
        yield from view.problem(
            (row >= 0) & view.valid("date") & (early | late),
            column="date",
            rule="outside the term of the subscription that it names",
            remedy="Check how usage was matched with subscriptions; health scores use it by customer.",
            code="usage-outside-term",
            severity="warning",
            show=("usage_id", "subscription_id", "date"),
        )


def replies_after_solution(gate: Gate) -> Iterable[Problem]:
    """Tickets whose first reply, or creation, is after their solution."""
    for view in gate.having("tickets"):
        for earlier, code in (
            ("first_reply_at", "reply-after-solution"),
            ("created_at", "solved-before-created"),
        ):
            if not view.has(earlier, "solved_at"):
                continue
            both = view.valid(earlier) & view.valid("solved_at")
            yield from view.problem(
                both & (view.micros(earlier) > view.micros("solved_at")),
                column=f"{earlier}, solved_at",
                rule=f"{earlier} is after solved_at",
                remedy=_BACKWARDS[earlier],
                code=code,
                severity="warning",
                show=("ticket_id", "created_at", earlier, "solved_at"),
            )


def unanswered_csat(gate: Gate) -> Iterable[Problem]:
    """Tickets without a satisfaction score."""
    for view in gate.having("tickets"):
        if view.has("csat"):
            yield from view.problem(
                ~view.valid("csat"),
                column="csat",
                rule="is missing",
                remedy="They count as not answered, never as dissatisfied.",
                code="unanswered-csat",
                severity="note",
                show=("ticket_id",),
            )


def contradicting_churn_flags(gate: Gate) -> Iterable[Problem]:
    """Churn flags that contradict the dates of the subscriptions."""
    for view in gate.having("subscriptions"):
        for flag in CHURN_FLAGS:
            if not view.has(flag, "end"):
                continue
            yield from view.problem(
                view.flags(flag) != view.valid("end"),
                column=f"{flag}, end",
                rule=f"{flag} contradicts the end",
                remedy="The dates count; the flag is only kept as a column.",
                code="contradicting-churn-flag",
                severity="warning",
                show=("subscription_id", "customer_id", "end", flag),
            )
    yield from _flags_of_customers(gate)


def _flags_of_customers(gate: Gate) -> Iterable[Problem]:
    subscriptions = gate.views.get("subscriptions")
    for view in gate.having("customers"):
        flags = [flag for flag in CHURN_FLAGS if view.has(flag)]
        if not flags or subscriptions is None or not subscriptions.has("end"):
            return
        row = _row_in(gate, subscriptions, "customer_id", view)
        ended = subscriptions.valid("end") & (subscriptions.days("end") <= gate.today)
        running = np.zeros(view.size, np.bool_)
        running[row[(row >= 0) & ~ended]] = True
        for flag in flags:
            yield from view.problem(
                view.flags(flag) & running,
                column=flag,
                rule=f"{flag} is set although a subscription runs",
                remedy="The subscriptions count; the flag is only kept as a column.",
                code="contradicting-churn-flag",
                severity="warning",
                show=("customer_id", flag),
            )


def _row_in(gate: Gate, view: View, key: str, other: View) -> npt.NDArray[np.int64]:
    """For each row, the first row of another table with the same key; -1 where there is none."""
    first = np.full(len(other.names(key)) + 1, -1, np.int64)
    first[other.codes(key)[::-1]] = np.arange(other.size)[::-1]
    first[-1] = -1
    row_of_name = np.append(first[gate.match(view, other, key, key)], -1)
    rows: npt.NDArray[np.int64] = row_of_name[view.codes(key)]
    return rows

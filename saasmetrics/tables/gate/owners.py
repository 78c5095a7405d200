"""Findings about use after the end, and about who is in charge: owners that nobody knows, customers without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.errors import Problem
    from saasmetrics.tables.gate.view import Gate, View

__all__ = ["customers_without_owner", "last_ends", "unknown_owners", "usage_after_churn"]

OWNERS = {"customers": "csm_id", "activities": "csm_id", "tickets": "agent_id"}
GRACE = 31  # days in which logs of an ended customer still trickle in
_RUNNING = 2**30


def usage_after_churn(gate: Gate) -> Iterable[Problem]:
    """Use more than a month after the last subscription of the customer ended."""
    for view in gate.having("usage"):
        for lines in gate.having("subscriptions"):
            if not view.has("customer_id", "date") or not lines.has("customer_id", "end"):
                return
            last = last_ends(lines)
            place = np.append(gate.match(view, lines, "customer_id", "customer_id"), -1)
            ended = np.append(last, _RUNNING)[place[view.codes("customer_id")]]
            late = view.valid("date") & (ended < _RUNNING)
            yield from view.problem(
                late & (view.days("date") > ended + GRACE),
                column="date",
                rule="more than a month after the last subscription of the customer ended",
                remedy="Check the end of the subscription, or stop the log; health and adoption only count who pays.",
                code="usage-after-churn",
                severity="warning",
                show=("customer_id", "date", "feature"),
            )


def last_ends(lines: View) -> npt.NDArray[np.int64]:
    """Return for each customer of the subscriptions the last end; far off where one runs."""
    end = np.where(lines.valid("end"), lines.days("end"), _RUNNING).astype(np.int64)
    last = np.full(len(lines.names("customer_id")), -_RUNNING, np.int64)
    known = lines.codes("customer_id") >= 0
    np.maximum.at(last, lines.codes("customer_id")[known], end[known])
    return last


def unknown_owners(gate: Gate) -> Iterable[Problem]:
    """People in charge that the table of people does not have."""
    for people in gate.having("people"):
        for view in gate.having(*OWNERS):
            column = OWNERS[view.name]
            if not view.has(column):
                continue
            strange = np.append(gate.match(view, people, column, "person_id") < 0, False)
            yield from view.problem(
                strange[view.codes(column)] & view.valid(column),
                column=column,
                rule="is nobody of people",
                remedy="Add them to people; their books count, but not their time and cost.",
                code="unknown-owner",
                severity="warning",
                show=("customer_id", column),
            )


def customers_without_owner(gate: Gate) -> Iterable[Problem]:
    """Customers with a running subscription but without a customer success manager."""
    for view in gate.having("customers"):
        if not view.has("csm_id") or not view.valid("csm_id").any():
            return
        for lines in gate.having("subscriptions"):
            if not lines.has("customer_id"):
                return
            ends = (
                last_ends(lines)
                if lines.has("end")
                else np.full(len(lines.names("customer_id")), _RUNNING)
            )
            place = np.append(gate.match(view, lines, "customer_id", "customer_id"), -1)
            runs = np.append(ends > gate.today, False)[place[view.codes("customer_id")]]
            yield from view.problem(
                runs & ~view.valid("csm_id"),
                column="csm_id",
                rule="is missing for customers that pay",
                remedy='Assign them; until then their book is called "(none)".',
                code="customer-without-owner",
                severity="note",
                show=("customer_id",),
            )

"""Findings about amounts: negative ones, credits, zeros."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saasmetrics.money import agreeing, counted
from saasmetrics.tables.gate.view import Gate, View, iso
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.errors import Problem, Severity
    from saasmetrics.tables.table import Table

__all__ = [
    "credits_on_invoices",
    "lines_on_one_day",
    "negative_amounts",
    "negative_customer_months",
    "service_after_the_end",
    "zero_amounts",
]

NOT_NEGATIVE: tuple[tuple[str, str, Severity, str], ...] = (
    (
        "subscriptions",
        "amount",
        "error",
        "Book a credit on invoices; lower the amount for a discount.",
    ),
    ("subscriptions", "interval_count", "error", "Write how many intervals one amount pays for."),
    ("mrr", "mrr", "error", "Book credits as contraction, not as negative MRR."),
    ("contracts", "arr", "error", "Write the value of the term; a lost renewal has no row."),
    ("spend", "amount", "warning", "Costs are positive here; turn the sign unless it is a refund."),
    ("usage", "events", "warning", "Counts cannot be negative."),
    ("usage", "users", "warning", "Counts cannot be negative."),
    ("activities", "minutes", "warning", "Times cannot be negative."),
    ("tickets", "handle_seconds", "warning", "Times cannot be negative."),
    ("surveys", "score", "warning", "Scores begin at 0; an answer that is not there is missing."),
    ("people", "fte", "error", "Write 1.0 for full time."),
    ("fx", "rate", "error", "Write the price of one unit in the reporting currency."),
)
SERVED = ("service_start", "service_end")
POSITIVE = (("subscriptions", "interval_count"), ("fx", "rate"))


def negative_amounts(gate: Gate) -> Iterable[Problem]:
    """Amounts below zero where there can be none."""
    for table, column, severity, remedy in NOT_NEGATIVE:
        for view in gate.having(table):
            if not view.has(column):
                continue
            yield from view.problem(
                view.valid(column) & (view.numbers(column) < 0),
                column=column,
                rule="must not be negative",
                remedy=remedy,
                code="negative-amount",
                severity=severity,
                show=(*SCHEMA[table].key, "customer_id", column),
            )
    for table, column in POSITIVE:
        for view in gate.having(table):
            if not view.has(column):
                continue
            yield from view.problem(
                view.valid(column) & (view.numbers(column) == 0),
                column=column,
                rule="must not be zero",
                remedy="Correct it or drop the rows.",
                code="zero-divisor",
                severity="error",
                show=(*SCHEMA[table].key, column),
            )


def credits_on_invoices(gate: Gate) -> Iterable[Problem]:
    """Negative invoice lines, which are allowed."""
    for view in gate.having("invoices"):
        if not view.has("amount"):
            continue
        negative = view.valid("amount") & (view.numbers("amount") < 0)
        total = float(-view.numbers("amount")[negative].sum())
        yield from view.problem(
            negative,
            column="amount",
            rule=credited(total),
            remedy="Nothing to do if they are credits; they lower the MRR of the months that they serve.",
            code="credit",
            severity="note",
            show=("invoice_id", "customer_id", "date", "amount"),
        )


def negative_customer_months(gate: Gate) -> Iterable[Problem]:
    """Customers whose lines of a month are negative together, but for credits that say which months they give back."""
    for table, column, date in (("invoices", "amount", "date"), ("mrr", "mrr", "month")):
        for view in gate.having(table):
            if not view.has("customer_id", column, date) or not (view.numbers(column) < 0).any():
                continue
            first, rows, every = _negative_months(view, column, date)
            yield from view.problem(
                first,
                count=rows,
                lines=every,
                column=f"customer_id, {date}, {column}",
                rule=negative_months(len(first)),
                remedy="A credit belongs to the months that it gives back: set its service dates.",
                code="negative-customer-month",
                severity="warning",
                show=("customer_id", date, column),
            )


def lines_on_one_day(gate: Gate) -> Iterable[Problem]:
    """Several invoice lines of one customer on one day, which are added up."""
    for view in gate.having("invoices"):
        if not view.has("customer_id", "date"):
            continue
        good, key = _days_of_customers(view)
        _, first, size = np.unique(key, return_index=True, return_counts=True)
        repeated = size > 1
        yield from view.problem(
            good[np.sort(first[repeated])],
            count=int(size[repeated].sum()),
            lines=partial(_on_one_day, view.table),
            column="customer_id, date",
            rule=several_lines(int(repeated.sum())),
            remedy="They are added up. Check that none is there twice under another number.",
            code="lines-on-one-day",
            severity="note",
            show=("invoice_id", "customer_id", "date", "amount"),
        )


def service_after_the_end(gate: Gate) -> Iterable[Problem]:
    """Lines that pay for service after the last invoice: deferred, and not yet all of it."""
    for view in gate.having("invoices"):
        if not view.has("date", "service_end") or not view.valid("date").any():
            continue
        last = month_end(view.days("date")[view.valid("date")].max())
        yield from view.problem(
            view.valid("service_end") & (view.days("service_end") > last),
            column="service_end",
            rule=f"after the month of the last invoice, which ends on {iso(last)}",
            remedy="Those lines are prepaid. Later months show only them, so they are no full months: "
            "say until when you know: as_of.",
            code="service-after-the-end",
            severity="note",
            show=("invoice_id", "customer_id", "date", "service_end", "amount"),
        )


def zero_amounts(gate: Gate) -> Iterable[Problem]:
    """Subscriptions that cost nothing: trials and free plans."""
    for view in gate.having("subscriptions"):
        if not view.has("amount"):
            continue
        zero = view.valid("amount") & (view.numbers("amount") == 0)
        trials = int((zero & view.flags("is_trial")).sum()) if view.has("is_trial") else 0
        yield from view.problem(
            zero,
            column="amount",
            rule=is_zero(trials),
            remedy="They count as no customer: MRR needs an amount above zero.",
            code="zero-amount",
            severity="note",
            show=("subscription_id", "customer_id", "start", "amount"),
        )


def credited(total: float) -> str:
    """Return in words what the credits are together."""
    return f"negative lines of {total:,.2f} together, taken as credits"


def negative_months(many: int) -> str:
    """Return in words how many months of customers are negative."""
    return f"{counted(many, 'customer-month')} {agreeing(many, 'is', 'are')} negative in sum"


def several_lines(days: int) -> str:
    """Return in words on how many days a customer has several lines."""
    return f"several lines on {counted(days, 'day')} of a customer"


def is_zero(trials: int) -> str:
    """Return in words that an amount is zero, and for how many trials."""
    return "is zero" + (f" ({trials:,} of them trials)" if trials else "")


def month_end(day: int) -> int:
    """Return the last day of the month of a day, as day numbers."""
    month = np.datetime64(int(day), "D").astype("datetime64[M]") + 1
    return int(month.astype("datetime64[D]").astype(np.int64) - 1)


def _days_of_customers(view: View) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """Rows with a customer and a date, and both in one number."""
    good = np.flatnonzero(view.valid("date") & (view.codes("customer_id") >= 0))
    return good, view.codes("customer_id")[good].astype(np.int64) * 2**24 + view.days("date")[good]


def _on_one_day(table: Table) -> npt.NDArray[np.intp]:
    """All lines of days with several, looked for again rather than kept."""
    good, key = _days_of_customers(View(table))
    _, group, size = np.unique(key, return_inverse=True, return_counts=True)
    return good[size[group] > 1]


def _negative_months(
    view: View, column: str, date: str
) -> tuple[npt.NDArray[np.intp], int, npt.NDArray[np.intp]]:
    """First row of each customer-month below zero, how many rows those months have, and all of them."""
    months = view.days(date).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    good = view.valid(column) & view.valid(date) & (view.codes("customer_id") >= 0)
    if view.has(*SERVED):
        served = view.valid(SERVED[0]) & view.valid(SERVED[1])
        good &= ~(served & (view.numbers(column) < 0))
    valid = np.flatnonzero(good)
    key = view.codes("customer_id")[valid].astype(np.int64) * 2**20 + (months[valid] + 2**19)
    # Only months with a negative line can be negative in sum.
    suspects = np.isin(key, np.unique(key[view.numbers(column)[valid] < 0]))
    valid, key = valid[suspects], key[suspects]
    _, first, group, size = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    sums = np.bincount(group, weights=view.numbers(column)[valid], minlength=len(first))
    # Sums of cents in floats miss zero by less than this.
    below = sums < -0.005
    return np.sort(valid[first[below]]), int(size[below].sum()), valid[below[group]]

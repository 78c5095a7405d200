"""Amounts that jump by a factor of units: cents read as whole, a year read as a month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saasmetrics.money import counted
from saasmetrics.tables.arrays import looked_up
from saasmetrics.tables.gate.view import View
from saasmetrics.tables.order import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from saasmetrics.errors import Problem
    from saasmetrics.tables import Table

__all__ = [
    "DATES",
    "FACTORS",
    "LEAST",
    "NEAR",
    "SAME",
    "by_group_and_day",
    "jumped",
    "unit_jumps",
]

FACTORS = (100.0, 12.0)
NEAR = 1e-4  # what rounding to cents leaves of a factor
LEAST = 1.0  # amounts below it jump by chance
DATES = {"subscriptions": ("start", "amount"), "mrr": ("month", "mrr")}
SAME = ("product", "plan", "quantity", "interval", "interval_count", "currency")

Rows = npt.NDArray[np.intp]


def unit_jumps(tables: Mapping[str, Table]) -> Iterable[Problem]:
    """Return the rows whose amount is 100 or 12 times, or a hundredth or twelfth of, the one before.

    Parameters
    ----------
    tables
        Normalized tables by name.

    Returns
    -------
    iterable of Problem
        At most one per table: rows of one customer (of subscriptions: of one product, plan, quantity and interval)
        are compared with the one before.
    """
    for name, (date, amount) in DATES.items():
        table = tables.get(name)
        if table is None or not table.num_rows:
            continue
        view = View.of(table)
        if not view.has("customer_id", date, amount):
            continue
        rows, factor = _jumps(view, date, amount)
        yield from jumped(view, rows, {one: int((factor == one).sum()) for one in FACTORS})


def jumped(view: View, rows: Rows, by: Mapping[float, int]) -> Iterable[Problem]:
    """Say that amounts jump, and how many by which factor."""
    date, amount = DATES[view.name]
    said = [f"{counted(many, 'row')} by {one:g}" for one, many in by.items() if many]
    return view.problem(
        rows,
        count=sum(by.values()),
        column=amount,
        rule=f"jumps to a multiple or a part of the amount before that units make: {', '.join(said)}",
        remedy="By 100: cents were read as whole, or the other way round. By 12: a year was read as a month; "
        "correct the interval or the amount. Nothing is to be done where it was sold like this.",
        code="unit-jump",
        severity="warning",
        show=("subscription_id", "customer_id", date, amount),
    )


def _jumps(view: View, date: str, amount: str) -> tuple[Rows, npt.NDArray[np.float64]]:
    """Return the rows that jump, in their order, and by which factor."""
    size, customer = np.abs(view.numbers(amount)), view.codes("customer_id")
    good = view.valid(date) & view.valid(amount) & (size >= LEAST) & (customer >= 0)
    rows = np.flatnonzero(good)
    rows = rows[_far_apart(looked_up(customer, rows), looked_up(size, rows))]
    same = [name for name in SAME if view.has(name)] if view.name == "subscriptions" else []
    group = view.combined(["customer_id", *same])[rows]
    order = by_group_and_day(group, view.days(date)[rows])
    rows, group = rows[order], group[order]
    value = view.numbers(amount)[rows]
    if len(rows) < 2:
        return rows[:0], np.zeros(0)
    ratio = np.maximum(value[1:], value[:-1]) / np.minimum(value[1:], value[:-1])
    by = np.zeros(len(rows))
    for factor in FACTORS:
        near = np.abs(ratio / factor - 1) < NEAR
        by[1:][near & (group[1:] == group[:-1])] = factor
    found = np.flatnonzero(by)
    found = found[np.argsort(rows[found])]
    return rows[found], by[found]


def _far_apart(
    customer: npt.NDArray[np.int32], size: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return which rows are of customers whose amounts are a factor apart at all: the others need no order."""
    many, place = int(customer.max(initial=-1)) + 1, customer.astype(np.intp)
    least, most = np.full(many, np.inf), np.zeros(many)
    np.minimum.at(least, place, size)
    np.maximum.at(most, place, size)
    return looked_up(most >= least * (min(FACTORS) * (1 - 2 * NEAR)), place)


def by_group_and_day(group: npt.NDArray[np.int64], day: npt.NDArray[np.int32]) -> Rows:
    """Return the order by group, day and row, in one sort where both and the row fit into one number."""
    if not len(day):
        return np.zeros(0, np.intp)
    since = day.astype(np.int64) - int(day.min())
    bits = int(since.max()).bit_length()
    if int(group.max()).bit_length() + bits + len(day).bit_length() > 63:
        return np.lexsort((day, group))
    return in_order((group << bits) | since)[1]

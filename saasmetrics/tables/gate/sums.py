"""Findings about rows of totals among those of customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.gate.view import mask_of
from saasmetrics.tables.runs import lengths, levels
from saasmetrics.tables.schema import REVENUE, SCHEMA
from saasmetrics.tables.totals import LIKELY, is_doubtful, is_sum, is_total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from saasmetrics.errors import Problem
    from saasmetrics.tables.gate.view import Gate, View

__all__ = ["totals_row"]

_SCHEME = 200  # names in doubt: so many are how all customers are called, and no totals among them


def totals_row(gate: Gate) -> Iterable[Problem]:
    """A row of totals that would be counted as a customer: by its name, or in doubt by the sum of each month."""
    for view in gate.having(*REVENUE):
        if not view.has("customer_id"):
            continue
        found = _totals(view)
        if not len(found):
            continue
        yield from view.problem(
            np.isin(view.codes("customer_id"), found),
            column="customer_id",
            rule="looks like a row of totals, which would be counted as a customer",
            remedy="Drop the row of totals.",
            code="totals-row",
            severity="error",
            show=SCHEMA[view.name].required,
        )


def _totals(view: View) -> NDArray[np.int64]:
    """Return the numbers of the ids that are totals."""
    names = view.names("customer_id")
    if not (pa.types.is_string(names.type) or pa.types.is_large_string(names.type)):
        return np.zeros(0, np.int64)
    # One look at all ids by Arrow, as a million of them in Python would take seconds.
    likely = np.flatnonzero(mask_of(pc.match_substring_regex(names, LIKELY)))
    called = {int(n): names[int(n)].as_py() for n in likely}
    known = [n for n, name in called.items() if is_total(name)]
    doubtful = [n for n, name in called.items() if is_doubtful(name)]
    if 0 < len(doubtful) <= _SCHEME and view.name == "mrr" and view.has("month", "mrr"):
        known += _sums(view, known, doubtful)
    return np.array(sorted(known), np.int64)


def _sums(view: View, known: list[int], doubtful: list[int]) -> list[int]:
    """Return those in doubt that are the sum of others in each month."""
    special = np.array(sorted([*known, *doubtful]), np.int64)
    amounts, many = _by_month(view, special)
    place = {int(code): 2 * n + 1 for n, code in enumerate(special)}
    customers = np.arange(len(amounts)) % 2 == 0
    out: list[int] = []
    for code in doubtful:
        breaks = {place[n] for n in (*known, *out)}
        more = customers.copy()
        more[[place[n] for n in doubtful if n != code and n not in out]] = True
        if any(
            is_sum(amounts, these, breaks, place[code], many=many) for these in (customers, more)
        ):
            out.append(code)
        else:
            customers[place[code]] = True
    return out


def _by_month(
    view: View, special: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return what each special id has in each month, on odd rows, with all ids between two of them on even ones."""
    ids = np.arange(len(view.names("customer_id")))
    row = np.searchsorted(special, ids) + np.searchsorted(special, ids, side="right")
    there = view.valid("customer_id") & view.valid("month") & view.valid("mrr")
    month = view.months("month")[there]
    held = lengths(view.table.data)[there]
    high = 2 * len(special) + 1
    if not len(month):
        return np.zeros((high, 1)), np.bincount(row, minlength=high)
    width = int((month + held).max() - month.min()) + 1
    first = row[view.codes("customer_id")[there]] * width + month - month.min()
    sums = levels(first, first + held - 1, view.numbers("mrr")[there], high * width)
    return sums.reshape(high, width), np.bincount(row, minlength=high)

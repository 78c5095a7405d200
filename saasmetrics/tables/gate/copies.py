"""Findings about lines that are there twice, each time under another number."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saasmetrics.tables.gate.keys import identical, is_row_number
from saasmetrics.tables.gate.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.errors import Problem
    from saasmetrics.tables.gate.view import Gate
    from saasmetrics.tables.table import Table

__all__ = ["same_lines"]

LINES = {
    "subscriptions": ("subscription_id", ("customer_id", "start", "amount")),
    "invoices": ("invoice_id", ("customer_id", "date", "amount")),
}
_FACTOR = np.uint64(0x9E3779B97F4A7C15)

Rows = npt.NDArray[np.intp]


def same_lines(gate: Gate) -> Iterable[Problem]:
    """Subscriptions, or invoice lines, that are the same in all columns but their number."""
    for view in gate.having(*LINES):
        number, columns = LINES[view.name]
        if not view.has(number, *columns) or is_row_number(view, number):
            continue
        hashed = np.sort(_hashed(view, columns))
        if not (hashed[1:] == hashed[:-1]).any():
            continue
        rows = _copies(view, number, columns)
        yield from view.problem(
            rows,
            column=number,
            rule="the same line as another one in all but its number",
            remedy="Drop the copies if the line was exported twice; nothing is to be done if it was bought twice.",
            code="same-line-twice",
            severity="warning" if len(rows) * 100 >= view.size else "note",
            show=(number, *columns),
            lines=partial(_again, view.table),
        )


def _again(table: Table) -> Rows:
    return _copies(View(table), *LINES[table.name])


def _hashed(view: View, columns: tuple[str, ...]) -> npt.NDArray[np.uint64]:
    """A number of each row that is the same where a few columns are: equal numbers are looked at closely."""
    out = np.zeros(view.size, np.uint64)
    for name in columns:
        if name == "customer_id":
            part = view.codes(name).astype(np.uint64)
        elif name == "amount":
            part = view.numbers(name).view(np.uint64)
        else:
            part = view.days(name).astype(np.uint64)
        out = (out ^ part) * _FACTOR
        out ^= out >> np.uint64(29)
    return out


def _copies(view: View, number: str, columns: tuple[str, ...]) -> Rows:
    """Rows that are an earlier one again under another number; what is the same value for value is another finding."""
    hashed = _hashed(view, columns)
    _, group, size = np.unique(hashed, return_inverse=True, return_counts=True)
    rows = np.flatnonzero(
        (size[group] > 1) & view.valid(columns[1]) & (view.codes(columns[0]) >= 0)
    )
    if not len(rows):
        return rows
    again = identical(view, rows, without=(number,)) & ~identical(view, rows)
    return rows[again]

"""The order of lines of which the last counts, the same in every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.columns import days, encode, has, numbers
from saasmetrics.engine.groups import sort_key
from saasmetrics.engine.service import FAR
from saasmetrics.tables.canonical import row_numbers_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.spans import Spans
    from saasmetrics.tables import Table

# What tells lines of subscriptions apart that are equal in start, id and amount.
TOLD_BY = ("end", "interval", "interval_count", "plan", "product", "quantity")

_NAMED = {
    "subscriptions": ("subscription_id", "start", "amount"),
    "mrr": ("customer_id", "month", "mrr"),
    "invoices": ("invoice_id", "date", "amount"),
}  # the id, the date and the amount of a line


def line_order(found: Spans, table: Table) -> NDArray[np.int64]:
    """Return for each span the place of its line by start, date, id and amount; pieces of a line share one place.

    Row numbers that stand for ids are none, and lines that are equal so far go by what else they say, so that nothing
    depends on the order of rows, nor on the engine.
    """
    line, data = found.lines(), table.data
    rows = np.arange(len(data))
    begin = np.full(len(data), int(FAR))
    np.minimum.at(begin, line, found.start)
    amount = np.zeros(len(data), np.int64)
    amount[line] = found.amount
    own, dated, charged = _NAMED[found.source]
    generated = own not in data.column_names or row_numbers_for(own) in table.notes
    values, code = encode(data["customer_id" if generated else own])
    ids, date, paid = sort_key(values)[code], days(data[dated]), numbers(data[charged])
    keys: list[NDArray[Any]] = [rows, amount, paid, ids, date, begin]
    order = np.lexsort(keys)
    told_by = {"subscriptions": TOLD_BY, "mrr": ("currency",)}.get(found.source, ())
    if told_by and _alike(keys[2:], order):
        more = [_rank(data[name]) for name in reversed(told_by) if has(data, name)]
        order = np.lexsort([rows, amount, *more, *keys[2:]])
    place = np.empty(len(data), np.int64)
    place[order] = rows
    return place[line]


def _alike(keys: list[NDArray[Any]], order: NDArray[np.int64]) -> bool:
    """Return whether two rows are equal in all keys."""
    same = np.ones(max(len(order) - 1, 0), bool)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    return bool(same.any())


def _rank(column: Any) -> NDArray[np.int64]:
    """Return the place of each value among all in their order, -1 where it is missing."""
    values, code = encode(column)
    if not len(values):
        return np.full(len(code), -1, np.int64)
    return np.where(code < 0, -1, sort_key(values)[code])

"""Churn of the customers of each team in one period, against what is expected of customers like theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.columns import flat
from saasmetrics.engine.groups import encoded
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.support.exposure import Paying
from saasmetrics.metrics.support.fair import Standardized, standardized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book


def churned(
    book: Book, by: str, freq: str, number: int, mix: Sequence[str]
) -> tuple[Standardized, list[Any], tuple[str, ...]]:
    """Return lost customers per team against those expected, the teams, and the columns of the case mix.

    Raises
    ------
    DataError
        If the teams are no column of customers.
    MissingTableError
        If there are no customers.
    """
    if "customers" not in book.tables:
        raise MissingTableError.of("customers", "Churn by team")
    names = book.tables["customers"].data.column_names
    column = by.removeprefix("customers.")
    if column not in names:
        msg = f"Churn is of customers: by={by!r} is no column of the table customers, such as pod_id or csm_id."
        raise DataError(msg)
    calendar, paying = book.calendar(freq), Paying.of(book)
    start = int(calendar.first_day(np.array([number]))[0])
    end = int(calendar.last_day(np.array([number]))[0])
    customers = np.arange(len(paying.ids))
    before = paying.paid_days(customers, np.full(len(customers), start))
    there = before > paying.paid_days(customers, np.full(len(customers), start - 1))
    total = paying.paid_days(customers, np.full(len(customers), end + 1))
    lost = total == paying.paid_days(customers, np.full(len(customers), end))
    labels, group = _of(book, paying, column)
    there_mix = tuple(name for name in mix if name in names)
    stratum = np.zeros(len(customers), np.int64)
    for name in there_mix:
        values, code = _of(book, paying, name)
        _, at = np.unique(stratum * len(values) + code, return_inverse=True)
        stratum = at.reshape(-1).astype(np.int64)
    value = lost[there].astype(float)
    found = standardized(value, stratum[there], group[there].astype(np.int64), len(labels))
    return found, labels, there_mix


def _of(book: Book, paying: Paying, column: str) -> tuple[list[Any], NDArray[np.int32]]:
    data = book.tables["customers"].data
    at = pc.index_in(paying.ids, value_set=flat(data["customer_id"]).cast(paying.ids.type))
    return encoded(pc.take(flat(data[column]), flat(at)))

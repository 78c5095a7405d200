"""Sums from the first period of the fiscal year on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.periods import Calendar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.metrics.support.inbox import Inbox

    Ints = NDArray[np.int64]


def to_date(inbox: Inbox, values: Ints) -> Ints:
    """Return values per group and period added up since the fiscal year of each period began."""
    return running(values, fiscal_years(inbox))


def fiscal_years(inbox: Inbox) -> Ints:
    """Return the fiscal year of each period of an inbox, by the last day of the period."""
    first, periods, _ = inbox.extent
    last = inbox.book.calendar(inbox.freq).last_day(np.arange(first, first + periods))
    return Calendar("Y", inbox.book.fiscal_start).ordinal(last)


def running(values: Ints, year: Ints) -> Ints:
    """Return running sums along the last axis that begin anew with each year.

    Examples
    --------
    >>> running(np.array([[1, 2, 3]]), np.array([0, 0, 1])).tolist()
    [[1, 3, 3]]
    """
    total = np.cumsum(values, axis=-1)
    start = np.searchsorted(year, year, side="left")
    before = np.concatenate([np.zeros((*values.shape[:-1], 1), total.dtype), total], axis=-1)
    return np.asarray(total - before[..., start])

"""Free months in the middle of paid service: what is given away to keep a customer must not look like churn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.spans import Spans


def given_free(
    found: Spans, listed: NDArray[np.int64], until: NDArray[np.int32], far: int
) -> NDArray[np.bool_]:
    """Return which spans cost nothing for a time, while the customer goes on from paid service.

    Parameters
    ----------
    found
        One span per line.
    listed
        MRR of each line before discounts.
    until, far
        The day on which each discount ends; `far` for never.

    Notes
    -----
    A line that is free from a customer's first day is none of them: the customer begins when it pays.
    """
    free: NDArray[np.bool_] = (found.amount == 0) & (listed > 0) & (until < far)
    if not free.any():
        return free
    key = (found.entity.astype(np.int64) << 32) + found.start
    paid = np.flatnonzero((found.amount > 0) & (found.end > found.start))
    paid = paid[np.argsort(key[paid], kind="stable")]
    ends = (found.entity[paid].astype(np.int64) << 32) + found.end[paid]
    reach = np.maximum.accumulate(ends)
    at = np.flatnonzero(free)
    before = np.searchsorted(key[paid], key[at], side="left") - 1
    follows = before >= 0
    follows[follows] = reach[before[follows]] >= key[at][follows]
    free[at] = follows
    return free

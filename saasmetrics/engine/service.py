"""From which day until which a subscription is paid for: when churn happens, under a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.columns import days, encode, flags, has
from saasmetrics.engine.keys import apart

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from saasmetrics.policy import Policy

FAR = np.int32(2**30)  # the end of what still runs at the as-of date


def last_day_paid(
    data: pa.Table,
    entity: NDArray[np.int32],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    policy: Policy,
) -> NDArray[np.int32]:
    """Return the first day that each subscription is not paid for, `FAR` where there is none."""
    end = _churn_date(data, entity, start, end, policy)
    if policy.past_due == "excluded" and has(data, "past_due_since"):
        end = np.maximum(start, np.minimum(end, days(data["past_due_since"], FAR)))
    return end


def _churn_date(
    data: pa.Table,
    entity: NDArray[np.int32],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    policy: Policy,
) -> NDArray[np.int32]:
    if policy.churn_date == "cancel_requested" and has(data, "cancel_requested_at"):
        return np.maximum(start, np.minimum(end, days(data["cancel_requested_at"], FAR)))
    if policy.churn_date not in ("period_end", "dunning_end"):
        return end
    leaves, back = departures(entity, start, end)
    if policy.churn_date == "dunning_end" and has(data, "churn_cause"):
        leaves &= ~flags(pc.equal(data["churn_cause"], "involuntary"))
    paid = np.minimum(next_billing_day(start, end, interval_steps(data)), back)
    return np.where(leaves, paid, end).astype(np.int32)


def departures(
    entity: NDArray[np.int32], start: NDArray[np.int32], end: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which ends leave a customer without a subscription, and the day each customer is back after its end.

    A subscription that another one follows or outlives has not been left: the customer changed it.
    """
    high = entity.astype(np.int64) << 32
    real = end > start
    begins, ends = np.sort((high + start)[real]), np.sort((high + end)[real])
    leaves, back = np.zeros(len(end), bool), np.full(len(end), np.int64(FAR))
    ended = np.flatnonzero(end < FAR)
    # Asked for in order, what is looked up is still in the cache.
    ended = ended[np.argsort(high[ended] + end[ended])]
    at = high[ended] + end[ended]
    running = np.searchsorted(begins, at, side="right") - np.searchsorted(ends, at, side="right")
    # Every customer sorted before has started as often as it has ended, if FAR counts as an end.
    leaves[ended] = running <= 0
    following = np.searchsorted(begins, at, side="left")
    known = np.flatnonzero(following < len(begins))
    owner, day = apart(begins[following[known]])
    same = owner == entity[ended[known]]
    back[ended[known[same]]] = day[same]
    return leaves, back


def interval_steps(data: pa.Table) -> NDArray[np.int64]:
    """Return the months and the days in each row's billing interval."""
    every = {"day": (0, 1), "week": (0, 7), "month": (1, 0), "quarter": (3, 0), "year": (12, 0)}
    names, code = encode(data["interval"])
    month = every["month"]  # of a word that the gate stops at, a month: nothing comes of it
    step = np.array([*(every.get(name, month) for name in names.to_pylist()), month], np.int64)[
        code
    ]
    if has(data, "interval_count"):
        step = step * np.asarray(pc.fill_null(data["interval_count"], 1))[:, None]
    return step


def next_billing_day(
    start: NDArray[np.int32], end: NDArray[np.int32], step: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return the first billing day on or after each end; `step` is months and days per interval."""
    ended, out = end < FAR, end.copy()
    by_day = ended & (step[:, 1] > 0)
    length = end - start
    out[by_day] = (start + -(-length // np.maximum(step[:, 1], 1)) * step[:, 1])[by_day]
    by_month = ended & (step[:, 0] > 0)
    first = start[by_month].astype("datetime64[D]")
    month, day = first.astype("datetime64[M]"), first - first.astype("datetime64[M]")
    each = step[by_month, 0]
    apart = end[by_month].astype("datetime64[D]").astype("datetime64[M]").astype(
        int
    ) - month.astype(int)
    best = np.full(len(first), int(FAR))
    for extra in (0, 1):
        ahead = month + (apart // each + extra) * each
        last = (ahead + 1).astype("datetime64[D]") - 1
        due = np.minimum(ahead.astype("datetime64[D]") + day, last).astype(np.int64)
        best = np.where((due >= end[by_month]) & (due < best), due, best)
    out[by_month] = best
    return out

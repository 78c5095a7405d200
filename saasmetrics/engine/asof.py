"""Until when the tables know what happened."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.columns import days, has
from saasmetrics.engine.service import interval_steps, next_billing_day
from saasmetrics.engine.spans import source_of
from saasmetrics.periods import day_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from saasmetrics.tables import Table

_NEARLY_ALL = 0.9
_HAPPENED = ("recorded_at", "cancel_requested_at", "pause_start")


def observed_until(tables: Mapping[str, Table]) -> int:
    """Return the day number of the last day that the source of MRR shows, never later than today.

    Notes
    -----
    Months of an `mrr` table and of invoices are known to their end. Of subscriptions, starts and ends have happened,
    unless the rows are billing periods (each ends one interval after it starts): then the ends of the last ones are
    terms that may be renewed, and only starts have happened.
    """
    today = day_number(datetime.now().astimezone().date())
    source = source_of(tables)
    data = tables[source].data
    if not len(data):
        return today
    if source != "subscriptions":
        last = int(days(data["month" if source == "mrr" else "date"]).max())
        month = np.datetime64(last, "D").astype("datetime64[M]")
        return min(int((month + 1).astype("datetime64[D]").astype(int)) - 1, today)
    latest = [_latest(data, "start", today)]
    latest += [_latest(data, name, today) for name in _HAPPENED if has(data, name)]
    if has(data, "end") and not billing_periods(data):
        latest.append(_latest(data, "end", today))
    return min(max(latest), today)


def billing_periods(data: pa.Table) -> bool:
    """Return whether no subscription is open-ended and nearly all last exactly one billing interval: rows are terms."""
    if not has(data, "end") or data["end"].null_count or not has(data, "interval"):
        return False
    start, end = days(data["start"]), days(data["end"])
    due = next_billing_day(start, start + 1, interval_steps(data))
    return bool(np.mean(due == end) >= _NEARLY_ALL)


def _latest(data: pa.Table, column: str, today: int) -> int:
    known = days(data[column], -(2**30))
    known = known[known <= today]
    return int(known.max()) if len(known) else int(pc.min(data["start"]).cast("int32").as_py())

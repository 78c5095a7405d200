"""What a policy costs over another that differs in one choice; processor time, never seconds."""

from __future__ import annotations

import time

import pytest

import saasmetrics as sm
from tests.bench.data import subscriptions

ROWS = 100_000
MOST = 2.0  # 0.7 to 1.3 when this was written; sums over every day cost 4 to 17


def _seconds(book: sm.Book, policy: sm.Policy, by: str | None) -> float:
    """Return what two rates with their intervals take, the better of two runs."""
    taken = []
    for _ in range(2):
        asked = book.with_policy(policy)
        asked.engine.entities  # noqa: B018  the ledger is the same for both
        begin = time.process_time()
        sm.retention.grr(asked, by=by, interval=0.95)
        sm.revenue.quick_ratio(asked, by=by, interval=0.95)
        taken.append(time.process_time() - begin)
    return min(taken)


@pytest.mark.parametrize("by", [None, "segment"])
def test_windows_of_30_days_cost_at_most_twice_what_calendar_months_do(by: str | None) -> None:
    book = sm.Book(subscriptions=subscriptions(ROWS), as_of="2025-12-31")
    book.checks.under(book.policy)
    months, days = (
        sm.Policy.named("stripe").changed(month=month) for month in ("calendar", "30_days")
    )
    _seconds(book, months, by)  # what is loaded on first use
    assert _seconds(book, days, by) <= MOST * _seconds(book, months, by)

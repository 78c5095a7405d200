"""The period that is not over: marked, and projected where the policy says so."""

from __future__ import annotations

import pytest

import saasmetrics as sm


def book() -> sm.Book:
    """Four customers of 100 in May; one leaves on 5 June and another halves, and the tables end on 10 June."""
    lines = {
        "subscription_id": ["s1", "s2", "s3", "s4", "s5"],
        "customer_id": ["a", "b", "c", "d", "d"],
        "start": ["2026-05-01"] * 4 + ["2026-06-08"],
        "end": [None, None, "2026-06-05", "2026-06-08", None],
        "amount": [100, 100, 100, 100, 50],
        "interval": ["month"] * 5,
    }
    return sm.Book(subscriptions=lines, as_of="2026-06-10", currency="USD")


def test_the_open_period_is_marked_and_shown_as_it_is() -> None:
    for result in (
        sm.revenue.bridge(book()),
        sm.revenue.movements(book()),
        sm.revenue.committed(book()),
        sm.revenue.balances(book()),
        sm.retention.gross_churn(book(), window=1),
    ):
        df = result.df.set_index("period")
        assert not df.loc[["2026-06-01"], "complete"].any()
        assert df.loc[["2026-05-01"], "complete"].all()
    churn = sm.retention.logo_churn(book(), window=1).df.iloc[-1]
    assert churn["value"] == 0.25


def test_churn_of_the_open_period_is_projected_by_days_where_the_policy_says_so() -> None:
    # ChartMogul: the rate so far x days in the period / days elapsed, here 30 / 10.
    projected = book().with_policy(open_period="projected")
    logos = sm.retention.logo_churn(projected, window=1).df.iloc[-1]
    assert logos["value"] == pytest.approx(0.25 * 3)
    assert logos["reason"] == "projected from 10 of 30 days"
    gross = sm.retention.gross_churn(projected, window=1).df.iloc[-1]
    assert gross["value"] == pytest.approx((100 + 50) / 400 * 3)
    bridge = sm.revenue.bridge(projected).df.iloc[-1]
    assert (bridge["churn"], bridge["contraction"]) == (-100, -50)

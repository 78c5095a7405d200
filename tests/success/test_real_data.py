"""Public data of a made-up software company, whose usage and tickets say nothing about churn, and contradict it."""

from __future__ import annotations

import pytest

import saasmetrics as sm
from saasmetrics.errors import TooFewEventsError


@pytest.fixture(scope="module")
def ravenstack(real_data):
    return sm.read(real_data / "ravenstack")


def test_what_contradicts_itself_in_ravenstack_is_reported(ravenstack):
    found = ravenstack.check().df
    rows = found.groupby("code")["rows"].sum()
    assert rows["before-signup"] > 10_000  # most of usage is before the customer signed up
    assert rows["usage-outside-term"] > 10_000
    assert rows["unanswered-csat"] == 825
    assert rows["contradicting-churn-flag"] == 110


def test_most_customers_of_ravenstack_can_be_scored(ravenstack):
    found = sm.success.health(ravenstack)
    assert found.df["value"].between(0, 100).all()
    assert found.extra["means"].iloc[-1]["coverage"] > 0.99
    assert "tickets.handle_seconds is missing" in found.footnote


@pytest.mark.row("H4")
def test_too_few_customers_of_ravenstack_leave_altogether_to_test_a_score(ravenstack):
    # accounts hold ten overlapping subscriptions each, so that hardly any has lost all of them
    with pytest.raises(TooFewEventsError) as refused:
        sm.success.backtest(ravenstack)
    assert refused.value.events < 30


def test_asked_with_fewer_events_the_score_of_ravenstack_does_not_foretell_churn(ravenstack):
    found = sm.success.backtest(ravenstack, min_events=1)
    row = found.df.set_index(["measure", "population"]).loc[("auc", "all")]
    assert row["low"] < 0.5 < row["high"]
    assert "does not foretell churn" in found.text


def test_alerts_of_ravenstack_keep_their_ids(ravenstack):
    one, two = sm.success.alerts(ravenstack).df, sm.success.alerts(ravenstack).df
    assert one["alert_id"].tolist() == two["alert_id"].tolist()
    assert len(one) > 0

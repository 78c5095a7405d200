"""What people found by trying to break it, each held by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError

ONE = {"subscription_id": ["s"], "customer_id": ["a"], "start": ["2025-01-01"], "amount": [1]}
ONE |= {"interval": ["month"]}


def book(as_of: str = "2026-03-31", **tables: Any) -> sm.Book:
    return sm.Book(subscriptions=ONE, **tables, as_of=as_of, currency="USD")


def test_the_score_of_all_who_could_answer_lies_in_its_interval() -> None:
    answers = {"survey_id": ["1"], "customer_id": ["a"], "at": ["2026-02-01"], "score": [10]}
    found = sm.surveys.nps(book(surveys=answers | {"instrument": ["nps"], "scale_max": [10]})).df
    row = found[found["n"] > 0].iloc[0]
    assert row[["value", "low", "high"]].tolist() == [100.0, 100.0, 100.0]


def test_every_score_lies_in_its_interval() -> None:
    found = sm.surveys.nps(sm.demo(customers=120), freq="M").df.dropna(subset=["low"])
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()


def test_a_message_after_the_day_of_the_book_has_not_been_sent() -> None:
    later = {"activity_id": ["1"], "customer_id": ["a"], "at": ["2026-05-01"], "kind": ["message"]}
    used = {"customer_id": ["a"], "date": ["2026-03-01"], "feature": ["f"], "events": [1]}
    then = book("2025-12-31", activities=later, usage=used)
    row = sm.success.self_serve_rate(then, "f", kind="message").df.iloc[0]
    assert row[["n", "already", "open"]].tolist() == [0, 0, 0]


@pytest.mark.parametrize("uplift", [5, -2, {"SMB": 3}])
def test_a_touch_cannot_lower_a_probability_by_more_than_all_of_it(uplift: Any) -> None:
    with pytest.raises(DataError, match="uplift"):
        sm.success.worklist(sm.demo(customers=60), uplift=uplift)


def test_the_customers_of_a_list_can_be_asked_for() -> None:
    demo = sm.demo(customers=150)
    alerts = sm.success.alerts(demo)
    rule = alerts.df["rule"].iloc[0]
    assert len(alerts.rows(rule=rule)) == int((alerts.df["rule"] == rule).sum())
    first = sm.success.worklist(demo)
    assert first.rows(customer_id=first.df["customer_id"].iloc[0])["rank"].tolist() == [1]


def test_requests_to_come_lie_in_their_interval_however_rare_they_are() -> None:
    demo = sm.demo(customers=80)
    tickets = demo.frame("tickets").assign(customer_id="nobody")
    kept = {name: demo.frame(name) for name in ("subscriptions", "fx")}
    rare = sm.Book(**kept, tickets=tickets, as_of="2026-10-31")
    df = sm.capacity.demand(rare, by=None, horizon=3).df
    ahead = df[df["forecast"]]
    assert ((ahead["low"] <= ahead["value"]) & (ahead["value"] <= ahead["high"])).all()


def test_tickets_per_revenue_without_groups_have_one_row_a_period() -> None:
    found = sm.support.by_revenue(sm.demo(customers=80), by=None, freq="Q")
    assert not found.df["period"].duplicated().any()
    assert found.text != "–"


def test_working_days_are_a_list() -> None:
    with pytest.raises(DataError, match="days=5"):
        sm.support.WorkingHours(days=5)  # type: ignore[arg-type]


def test_the_code_of_a_number_says_policy_and_filter() -> None:
    demo = sm.demo(customers=80)
    found = sm.retention.nrr(demo.with_policy("stripe").where(segment="SMB"))
    code = 'sm.retention.nrr(book.with_policy("stripe").where(segment="SMB"))'
    assert found.code() == code
    again = eval(found.code(), {"sm": sm, "book": demo})
    assert np.array_equal(again.df["value"], found.df["value"], equal_nan=True)


@pytest.mark.parametrize(("freq", "before"), [("Q", "Q3 2025"), ("M", "Oct 2025"), ("Y", "2024")])
def test_a_chart_compares_with_the_same_period_a_year_before(freq: str, before: str) -> None:
    chart = sm.revenue.mrr(sm.demo(customers=80), freq=freq).chart()
    title = chart.to_dict()["title"]["text"]
    words = " ".join(title) if isinstance(title, list) else title
    assert f"in {before}" in words


def test_a_change_that_chance_explains_is_told_as_one() -> None:
    found = sm.support.before_after(sm.demo(customers=200), "2026-03-01")
    row = found.df.loc[found.df["relative"].abs().idxmax()]
    sure = row["low"] > 0 or row["high"] < 0
    assert ("no more than chance" in found.text) != sure

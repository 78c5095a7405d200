"""Odd books get an answer or an error that says what to do, never a stack trace of arithmetic."""

from __future__ import annotations

import pytest

import saasmetrics as sm
from tests.success.books import book, paying, tickets

AGENT = {"person_id": ["p"], "role": ["agent"], "start": ["2025-01-01"]}
USAGE = {"customer_id": ["a", "b", "z"], "date": ["2026-02-01"] * 3}
MONTHS = {
    "customer_id": ["a", "a", "b"],
    "month": ["2026-01", "2026-02", "2026-02"],
    "mrr": [10, 12, 5],
}
ODD = {
    "a customer cube": lambda: sm.Book(mrr=MONTHS, usage=USAGE),
    "use of strangers only": lambda: sm.Book(
        mrr=MONTHS, usage={"customer_id": ["z"], "date": ["2026-02-01"]}
    ),
    "nobody pays any more": lambda: book(
        subscriptions=paying("a") | {"end": ["2025-02-01"]}, tickets=tickets(("a", "2025-01-05"))
    ),
    "nobody pays yet": lambda: book(
        subscriptions=paying("a") | {"start": ["2099-01-01"]},
        customers={"customer_id": ["a"], "csm_id": ["p"], "segment": ["SMB"]},
        tickets=tickets(("a", "2025-01-05")),
        people=AGENT,
    ),
    "tickets before anybody pays": lambda: sm.Book(
        mrr=MONTHS, tickets=tickets(("a", "2025-01-05"), ("a", "2026-01-05")), people=AGENT
    ),
    "ids that are numbers": lambda: book(
        subscriptions=paying("a") | {"customer_id": [7]},
        usage={"customer_id": [7], "date": ["2026-03-01"], "users": [3]},
        customers={"customer_id": [7], "csm_id": [1]},
    ),
}
ASKED = {
    "health": sm.success.health,
    "health_history": sm.success.health_history,
    "backtest": lambda b: sm.success.backtest(b, min_events=1),
    "learn": lambda b: sm.success.learn(b, min_events=1),
    "validate": lambda b: sm.success.validate(b, min_events=1),
    "alerts": sm.success.alerts,
    "alert_record": sm.success.alert_record,
    "worklist": sm.success.worklist,
    "targets": sm.success.targets,
    "league": sm.success.league,
    "league of all": lambda b: sm.success.league(b, by=None),
    "levers": lambda b: sm.success.levers(b, like=()),
    "load": sm.capacity.load,
    "arr_per_csm": sm.success.arr_per_csm,
    "cost_ratio": sm.success.cost_ratio,
    "adoption": sm.success.adoption,
    "usage_daily": sm.success.usage_daily,
    "lifecycle": sm.success.lifecycle,
    "growth": sm.success.growth,
    "margin_by_age": lambda b: sm.economics.margin_by_age(b, 0.8),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("kind", ODD)
def test_an_odd_book_is_answered_or_refused_in_words(kind, name):
    said = ""
    try:
        found = ASKED[name](ODD[kind]())
        found.chart().to_dict()
    except sm.DataError as refused:
        said = str(refused)
    assert (said or found.footnote).endswith((".", "]"))


def test_parents_are_scored_with_what_their_subsidiaries_do():
    family = {"customer_id": ["a", "b"], "parent_id": [None, "a"]}
    asked = tickets(("b", "2026-03-01"), ("b", "2026-03-02"))
    one = book(subscriptions=paying("a", "b"), customers=family, tickets=asked).with_policy(
        entity="parent"
    )
    found = sm.success.health(one).df
    assert found["customer_id"].tolist() == ["a"]
    assert found["tickets"].tolist() == [2]

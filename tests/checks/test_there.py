"""Tables that stay in a warehouse: findings are counted and weighed there."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.checks.elsewhere.report import weighed as weighed_once


@pytest.fixture
def book() -> sm.Book:
    connection = duckdb.connect()
    rows = pd.DataFrame(
        {
            "subscription_id": ["s1", "s1", "s2", "s3"],
            "customer_id": ["a", "a", "b", "c"],
            "start": pd.to_datetime(["2025-01-01"] * 4).date,
            "amount": [10.0, 10.0, 20.0, 60.0],
            "interval": ["month"] * 4,
        }
    )
    relation = connection.from_df(rows)
    return sm.connect(subscriptions=relation, as_of="2026-06-30", currency="USD")


def test_a_finding_touches_what_its_rows_pay_where_they_are(book: sm.Book) -> None:
    found = book.check().df.set_index("code").loc["repeated-row"]
    # The copy is 10 of 100 that all rows pay.
    assert (found["customers"], found["mrr"], found["points"]) == (1, 10.0, 10.0)
    assert "no rows were brought" in repr(book)


def test_what_was_found_is_weighed_once_per_policy(
    book: sm.Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def counted(*given: Any) -> Any:
        asked.append(given[1])
        return weighed_once(*given)

    monkeypatch.setattr("saasmetrics.checks.elsewhere.report.weighed", counted)
    first, again = book.check(), book.check()
    assert len(asked) == 1
    assert first.df.equals(again.df)
    other = book.with_policy(view="event")
    other.check()
    assert asked == [book.policy, other.policy]


def test_of_rows_that_stay_there_the_first_are_shown(book: sm.Book) -> None:
    rows = book.check().rows(finding="repeated-row")
    assert rows["subscription_id"].tolist() == ["s1"]


def test_what_a_row_of_an_unknown_interval_pays_is_unknown_there_too() -> None:
    rows = pd.DataFrame(
        {
            "subscription_id": ["s1", "s2", "s3"],
            "customer_id": ["a", "b", "c"],
            "start": pd.to_datetime(["2025-01-01"] * 3).date,
            "amount": [10.0, 20.0, 500.0],
            "interval": ["month", "month", "bimonthly"],
        }
    )
    told = {"as_of": "2026-06-30", "currency": "USD"}
    there = sm.connect(subscriptions=duckdb.connect().from_df(rows), **told)
    for book in (sm.Book(subscriptions=rows, **told), there):
        found = book.check().df.set_index("code").loc["unknown-interval"]
        assert (found["customers"], found["share"]) == (1, 1 / 3)  # of the rows
        assert pd.isna(found["mrr"])

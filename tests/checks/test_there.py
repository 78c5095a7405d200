"""Tables that stay in a warehouse: findings are counted there, and what only rows here can tell is missing."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

import saasmetrics as sm


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


def test_findings_count_by_their_rows_where_mrr_of_them_is_not_here(book: sm.Book) -> None:
    found = book.check().df.set_index("code")
    assert found.loc["repeated-row", "points"] == 25.0  # one of four rows
    assert found["mrr"].isna().all()


def test_remedies_are_for_tables_that_were_read(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="repaired there"):
        book.repair({"repeated-row": "drop"})


def test_of_rows_that_stay_there_the_first_are_shown(book: sm.Book) -> None:
    rows = book.check().rows(finding="repeated-row")
    assert rows["subscription_id"].tolist() == ["s1"]

"""Groups whose numbers would not fit into memory are refused before the machine swaps."""

from __future__ import annotations

import numpy as np
import pytest

import saasmetrics as sm
from saasmetrics.engine import cubes


@pytest.fixture
def book() -> sm.Book:
    number = np.arange(9_000)
    return sm.Book(
        subscriptions={
            "subscription_id": number,
            "customer_id": number,
            "name": [f"customer {n}" for n in number],
            "side": np.where(number % 2, "east", "west"),
            "start": np.datetime64("2020-01-01") + number % 1800,
            "amount": np.full(len(number), 10.0),
            "interval": ["month"] * len(number),
        },
        as_of="2025-06-30",
        currency="USD",
    )


@pytest.fixture(autouse=True)
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cubes, "free", lambda: 300_000_000)


@pytest.mark.parametrize("ask", [sm.retention.nrr, sm.retention.grr, sm.revenue.mrr])
def test_a_column_of_thousands_of_values_is_refused_by_name_with_what_to_do(
    book: sm.Book, ask: object
) -> None:
    assert callable(ask)
    with pytest.raises(sm.DataError) as told:
        ask(book, by="name")
    assert "name makes 9,000 groups" in str(told.value)
    assert "300.0 MB are free" in str(told.value)
    assert "book.where(name=[...])" in str(told.value)


def test_a_column_of_few_values_is_not(book: sm.Book) -> None:
    assert len(sm.retention.nrr(book, by="side").df)


def test_a_part_of_the_book_is_not(book: sm.Book) -> None:
    some = book.where(name=["customer 7", "customer 8"])
    assert set(sm.retention.nrr(some, by="name").df["name"]) == {"customer 7", "customer 8"}


def test_a_triangle_of_every_day_is_refused_with_longer_periods_as_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = np.arange(170)
    start = np.datetime64("2008-01-01") + 37 * number
    every = sm.Book(
        subscriptions={
            "subscription_id": number,
            "customer_id": number,
            "start": start,
            "end": start + 400,
            "amount": np.full(len(number), 100.0),
            "interval": ["month"] * len(number),
        },
        as_of="2025-12-31",
        currency="USD",
    )
    with pytest.raises(sm.DataError, match="freq='M'"):
        sm.retention.cohorts(every, freq="D")
    assert len(sm.retention.cohorts(every, freq="M").df)


def test_bags_of_customers_of_thousands_of_groups_count_too(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="name makes 9,000 groups"):
        book.engine.movements("M", ("name",), 1000)

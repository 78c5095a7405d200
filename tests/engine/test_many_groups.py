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

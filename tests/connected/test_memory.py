"""What is brought here stays below the limit; what would not is refused, with what needs it and what to do."""

from __future__ import annotations

import datetime as dt
import gc

import pytest

import saasmetrics as sm
from saasmetrics.memory import free
from tests.connected.natives import brought, there

MONTH = dt.date(2026, 1, 1)
MANY = 5_000


@pytest.fixture
def tables() -> dict:
    ids = [f"customer-{i:05}" for i in range(MANY)]
    return {
        "mrr": there({"customer_id": ids, "month": [MONTH] * MANY, "mrr": [1.0] * MANY}, "polars"),
        "spend": there({"month": [MONTH], "function": ["sales"], "amount": [10.0]}, "polars"),
    }


def test_what_is_counted_there_needs_no_memory_here(tables: dict) -> None:
    book = sm.connect(**tables, memory_limit=1)
    assert sm.revenue.mrr(book).value == MANY
    assert not brought(book)


def test_rows_above_the_limit_are_refused_before_they_come(tables: dict) -> None:
    book = sm.connect(**tables, memory_limit="50KB")
    with pytest.raises(sm.DataError) as raised:
        sm.revenue.concentration(book)
    said = str(raised.value)
    assert "rows here: 5,000 rows, about 0.1 MB, and the limit is 0.1 MB" in said.replace(
        "the rows of customers here", "rows here"
    )
    assert "memory_limit=" in said
    assert "book.where" in said
    assert not brought(book)
    assert sm.revenue.mrr(book).value == MANY


def test_the_limit_is_for_all_that_is_here_at_a_time(tables: dict) -> None:
    book = sm.connect(**tables, memory_limit="200KB")
    assert len(book.frame("spend")) == 1
    assert len(book.frame("mrr")) == MANY
    with pytest.raises(sm.DataError, match=r"beside 0.2 MB that are here already"):
        book.as_of("2026-01-31").where(customer_id=[f"customer-{i:05}" for i in range(3000)]).frame(
            "mrr"
        )
    del book
    gc.collect()


def test_rows_that_nobody_holds_any_more_are_forgotten(tables: dict) -> None:
    book = sm.connect(**tables, memory_limit="200KB")
    link = book.place.link
    book.frame("mrr")
    assert len(link.brought) == 1
    del book
    gc.collect()
    assert not link.brought


@pytest.mark.parametrize("limit", ["much", "2 elephants", 0, -1, True, float("nan")])
def test_a_limit_that_is_no_amount_is_refused(tables: dict, limit: object) -> None:
    with pytest.raises(sm.DataError, match="is no amount of memory"):
        sm.connect(**tables, memory_limit=limit)


def test_by_default_half_of_the_free_memory_may_be_used(tables: dict) -> None:
    assert 0.2 * free() < sm.connect(**tables).place.link.limit < 0.8 * free()


def test_columns_that_no_number_needs_stay_where_they_are() -> None:
    rows = {"customer_id": ["a"], "month": [MONTH], "mrr": [1.0], "blob": ["x" * 1_000_000]}
    book = sm.connect(mrr=there(rows, "duckdb"), memory_limit="1MB")
    assert len(book.tables["mrr"].data["customer_id"]) == 1
    with pytest.raises(sm.DataError, match="the limit is"):
        book.frame("mrr")


def test_rows_that_change_while_they_are_read_are_refused() -> None:
    import duckdb

    connection = duckdb.connect()
    connection.execute(
        "create table mrr as select 'a' as customer_id, date '2026-01-01' as month, 1.0 as mrr, 'x' as t"
    )
    book = sm.connect(connection)
    assert len(book.tables["mrr"].data["mrr"]) == 1
    connection.execute("update mrr set mrr = 2")
    with pytest.raises(sm.DataError, match="changed while they were read"):
        book.frame("mrr")

"""Why MRR moved, and what lies ahead, is told in PostgreSQL and Spark as here, without rows of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.engine.portable import PortableEngine
from tests.connected.natives import brought
from tests.warehouse.postgres import ANALYST, Postgres

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

USED = ("subscriptions", "customers", "contracts", "fx")
ASKED: dict[str, Callable[[sm.Book], pd.DataFrame]] = {
    "subtypes": lambda book: sm.revenue.movements(book, by="segment", subtypes=True).df,
    "drivers": lambda book: sm.retention.drivers(book, "nrr", by="segment").extra["steps"],
    "organic": lambda book: sm.retention.organic_nrr(book, interval=None).df,
    "expansion": lambda book: sm.renewals.expansion(book).df,
    "committed": lambda book: sm.revenue.committed(book, by="segment").df,
}
NAMES_CUSTOMERS = {"drivers"}  # which brings the lines of those who moved in its window


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=40, seed=7)


def told(local: sm.Book) -> dict[str, Any]:
    return {"as_of": local.as_of_text, "currency": local.currency, "policy": local.policy}


@pytest.fixture(scope="module")
def there(postgres: Postgres, local: sm.Book) -> Iterator[sm.Book]:
    name = postgres.load({table: local.tables[table].data for table in USED})
    with pytest.MonkeyPatch.context() as patch, postgres.ibis(name, ANALYST) as connection:
        patch.setattr(PortableEngine, "few", 0)
        yield sm.connect(connection, **told(local))
    postgres.drop(name)


LONG = [n if n == "organic" else pytest.param(n, marks=pytest.mark.cluster) for n in ASKED]


@pytest.mark.parametrize("name", LONG)
def test_reasons_are_the_same_in_postgresql(there: sm.Book, local: sm.Book, name: str) -> None:
    before = brought(there)
    pd.testing.assert_frame_equal(ASKED[name](there), ASKED[name](local), check_dtype=False)
    assert brought(there) == before or name in NAMES_CUSTOMERS


@pytest.mark.cluster
@pytest.mark.parametrize("name", ASKED)
def test_reasons_are_the_same_in_spark(
    spark: SparkSession, local: sm.Book, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PortableEngine, "few", 0)
    frames = {table: spark.createDataFrame(local.tables[table].data) for table in USED}
    book = sm.connect(**frames, **told(local))
    pd.testing.assert_frame_equal(ASKED[name](book), ASKED[name](local), check_dtype=False)
    assert not brought(book) or name in NAMES_CUSTOMERS

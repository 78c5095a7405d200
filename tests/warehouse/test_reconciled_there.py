"""A reconciliation in PostgreSQL and Spark is that of the same tables here, and brings no rows of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.portable import PortableEngine
from tests.connected.natives import brought
from tests.engine.test_reconciled_there import Asked, agree, questions
from tests.properties.profile import quick
from tests.warehouse.postgres import ANALYST, Postgres

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EXAMPLES = 4
USED = ("subscriptions", "customers", "invoices", "fx")


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=40, seed=7)


def told(local: sm.Book) -> dict[str, Any]:
    return {"as_of": local.as_of_text, "currency": local.currency, "policy": local.policy}


@pytest.fixture(scope="module")
def there(postgres: Postgres, local: sm.Book) -> Iterator[sm.Book]:
    name = postgres.load({table: local.tables[table].data for table in USED})
    with postgres.ibis(name, ANALYST) as connection:
        yield sm.connect(connection, **told(local))
    postgres.drop(name)


def same(book: sm.Book, local: sm.Book, against: str) -> None:
    found, wanted = (sm.revenue.reconcile(b, against, by="segment") for b in (book, local))
    pd.testing.assert_frame_equal(found.df, wanted.df)
    assert not brought(book)
    rows = (made.rows(step="unexplained", segment="SMB") for made in (found, wanted))
    pd.testing.assert_frame_equal(*rows)


@pytest.mark.parametrize(
    "against", ["service", pytest.param("invoices", marks=pytest.mark.cluster)]
)
def test_a_company_reconciles_alike_in_postgresql(
    there: sm.Book, local: sm.Book, against: str
) -> None:
    same(there, local, against)


@pytest.mark.cluster
def test_a_company_reconciles_alike_in_spark(
    spark: SparkSession, local: sm.Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PortableEngine, "few", 0)
    frames: dict[str, Any] = {
        table: spark.createDataFrame(local.tables[table].data) for table in USED
    }
    same(sm.connect(**frames, **told(local)), local, "invoices")


@pytest.mark.cluster
def test_any_ledger_reconciles_alike_in_postgresql(postgres: Postgres) -> None:
    @settings(quick, max_examples=EXAMPLES)
    @given(questions(), st.data())
    def compare(asked: Asked, data: st.DataObject) -> None:
        schema = postgres.load({name: found.data for name, found in asked.tables.items()})
        with postgres.ibis(schema, ANALYST) as connection:
            frames = {name: connection.table(name) for name in asked.tables}
            agree(asked, frames, data.draw)
        postgres.drop(schema)

    compare()

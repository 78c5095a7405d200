"""A reconciliation in PostgreSQL and Spark is that of the same tables here, and brings no rows of the ledger."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from tests.connected.natives import brought
from tests.engine.test_reconciled_there import Asked, agree, questions
from tests.properties.profile import quick
from tests.warehouse.postgres import ANALYST, Postgres

EXAMPLES = 4


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
    in_postgres: sm.Book, local: sm.Book, against: str
) -> None:
    same(in_postgres, local, against)


@pytest.mark.cluster
def test_a_company_reconciles_alike_in_spark(in_spark: sm.Book, local: sm.Book) -> None:
    same(in_spark, local, "invoices")


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

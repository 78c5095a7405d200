"""Why MRR moved, and what lies ahead, is told in PostgreSQL and Spark as here, without rows of the ledger."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import saasmetrics as sm
from tests.connected.natives import brought

ASKED: dict[str, Callable[[sm.Book], pd.DataFrame]] = {
    "subtypes": lambda book: sm.revenue.movements(book, by="segment", subtypes=True).df,
    "drivers": lambda book: sm.retention.drivers(book, "nrr", by="segment").extra["steps"],
    "organic": lambda book: sm.retention.organic_nrr(book, interval=None).df,
    "expansion": lambda book: sm.renewals.expansion(book).df,
    "committed": lambda book: sm.revenue.committed(book, by="segment").df,
}
NAMES_CUSTOMERS = {"drivers"}  # which brings the lines of those who moved in its window


@pytest.mark.cluster
@pytest.mark.parametrize("name", ASKED)
def test_reasons_are_the_same_in_postgresql(
    in_postgres: sm.Book, local: sm.Book, name: str
) -> None:
    before = brought(in_postgres)
    pd.testing.assert_frame_equal(ASKED[name](in_postgres), ASKED[name](local), check_dtype=False)
    assert brought(in_postgres) == before or name in NAMES_CUSTOMERS


@pytest.mark.cluster
@pytest.mark.parametrize("name", ASKED)
def test_reasons_are_the_same_in_spark(in_spark: sm.Book, local: sm.Book, name: str) -> None:
    pd.testing.assert_frame_equal(ASKED[name](in_spark), ASKED[name](local), check_dtype=False)
    assert not brought(in_spark) or name in NAMES_CUSTOMERS

"""What is asked of connected tables can be asked of warehouses that are not here: each query in the words of each.

They are compiled by Ibis and read by sqlglot. What they find is told where they run: DuckDB, PostgreSQL and Spark.
"""

from __future__ import annotations

from typing import Any

import ibis
import pytest
import sqlglot

import saasmetrics as sm
from saasmetrics.engine.portable import fetched
from saasmetrics.errors import DataError
from tests.connected.test_every_metric import metrics, options

DIALECTS = ("bigquery", "snowflake", "databricks", "clickhouse", "trino")
PARTS = ("support", "success", "revenue", "retention", "economics", "renewals", "other")


@pytest.fixture(scope="module")
def book() -> sm.Book:
    """The demo company, connected through Ibis."""
    demo = sm.demo(customers=60, seed=7)
    connection = ibis.duckdb.connect()
    tables = {name: connection.create_table(name, t.data) for name, t in demo.tables.items()}
    return sm.connect(**tables, currency=demo.currency)


def part_of(entry: Any) -> str:
    """Return where a metric is defined."""
    return next((n for n in entry.function.__module__.split(".") if n in PARTS), "other")


@pytest.mark.cluster
@pytest.mark.parametrize("part", PARTS)
def test_every_query_is_one_in_every_dialect(
    book: sm.Book, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = watched(monkeypatch)
    for entry in metrics():
        if part_of(entry) == part:
            try:
                entry.function(book, **options(entry))
            except DataError:  # of too few customers, once the tables have answered
                continue
    assert asked
    read(asked)


@pytest.mark.cluster
def test_working_hours_are_asked_for_in_every_dialect(
    book: sm.Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    sm.support.answered(book)  # and with it what the gate asks
    asked = watched(monkeypatch)
    hours = sm.support.WorkingHours("Europe/Berlin", holidays=["2026-05-01"])
    sm.support.answered(book, young="all", hours=hours)
    sm.support.tank_tickets(book, hours=hours, freq="Q")
    assert asked
    read(asked)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the queries that are asked from now on."""
    asked: list[Any] = []
    come = fetched.come

    def noted(frame: Any) -> Any:
        asked.append(frame.to_native())
        return come(frame)

    monkeypatch.setattr(fetched, "come", noted)
    return asked


def read(asked: list[Any]) -> None:
    """Write each query in every dialect, and read it there as one."""
    for query in asked:
        for dialect in DIALECTS:
            text = str(ibis.to_sql(query, dialect=dialect))
            assert len(sqlglot.parse(text, dialect=dialect)) == 1

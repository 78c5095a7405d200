"""Warehouses that tests may ask for; each is started where a first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

import saasmetrics as sm
from saasmetrics.engine.portable import PortableEngine
from tests.warehouse import postgres as server
from tests.warehouse import spark as cluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


# What `make cluster` alone asks of Spark, and of a role that keeps no steps: each takes them a minute or more.
SLOW = ("[spark]", "[saas_reader]")
LONG = ("test_engines_agree_on", "test_contracts_are_matched_there")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long to `make cluster`; Spark leaves sockets to be collected."""
    for item in items:
        if item.name.startswith(LONG) and item.name.endswith(SLOW):
            item.add_marker(pytest.mark.cluster)
        if "spark" in getattr(item, "fixturenames", ()) or "spark" in item.name:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))


# Of the small company that is asked about where its tables are: what its revenue is told by.
USED = ("subscriptions", "customers", "contracts", "invoices", "fx")


@pytest.fixture(scope="session")
def postgres() -> Iterator[server.Postgres]:
    """A PostgreSQL server."""
    with server.started() as running:
        yield running


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A Spark session."""
    with cluster.started() as session:
        yield session


@pytest.fixture(scope="module")
def local() -> sm.Book:
    """A small company, here."""
    return sm.demo(customers=40, seed=7)


@pytest.fixture(scope="module")
def in_postgres(postgres: server.Postgres, local: sm.Book) -> Iterator[sm.Book]:
    """The small company in PostgreSQL, of which no pieces are few enough to be brought."""
    name = postgres.load({table: local.tables[table].data for table in USED})
    with pytest.MonkeyPatch.context() as patch, postgres.ibis(name, server.ANALYST) as connection:
        patch.setattr(PortableEngine, "few", 0)
        yield sm.connect(connection, **_told(local))
    postgres.drop(name)


@pytest.fixture
def in_spark(spark: SparkSession, local: sm.Book, monkeypatch: pytest.MonkeyPatch) -> sm.Book:
    """The small company in Spark, likewise."""
    monkeypatch.setattr(PortableEngine, "few", 0)
    frames: dict[str, Any] = {
        table: spark.createDataFrame(local.tables[table].data) for table in USED
    }
    return sm.connect(**frames, **_told(local))


def _told(local: sm.Book) -> dict[str, Any]:
    return {"as_of": local.as_of_text, "currency": local.currency, "policy": local.policy}

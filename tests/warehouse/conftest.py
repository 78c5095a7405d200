"""Warehouses that tests may ask for; each is started where a first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.warehouse import postgres as server
from tests.warehouse import spark as cluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


# What `make cluster` alone asks of Spark, and of a role that keeps no steps: each takes them a minute or more.
SLOW = ("[spark]", "[saas_reader]")
LONG = ("test_every_page", "test_engines_agree_on_random", "test_engines_agree_on_real")
READER = ("test_engines_agree_on_the_demo", "test_contracts_are_matched_there")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long to `make cluster`; Spark leaves sockets to be collected."""
    for item in items:
        long = item.name.startswith(LONG) and item.name.endswith(SLOW)
        if long or (item.name.startswith(READER) and item.name.endswith(SLOW[1])):
            item.add_marker(pytest.mark.cluster)
        if "spark" in getattr(item, "fixturenames", ()) or "spark" in item.name:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))


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

"""The whole board pack is the same from tables here, in DuckDB, in PostgreSQL and in Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

import saasmetrics as sm
from saasmetrics.board.asked import PAGES
from saasmetrics.tables import Table
from tests.connected.test_pack_there import differences, saved, without_data_page
from tests.warehouse.postgres import ANALYST

Frames = AbstractContextManager[Mapping[str, Any]]
CUSTOMERS = 30  # as few as still fill all pages
# The page that somebody writes, and the one that says where the data were looked through.
NOT_COMPARED = {"asks", "quality"}


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=CUSTOMERS).with_policy(fx="constant")


@pytest.fixture(scope="module")
def wanted(local: sm.Book, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return without_data_page(saved(local, tmp_path_factory.mktemp("pack") / "here.json", None))


@contextmanager
def in_duckdb(tables: Mapping[str, Table], _asked: pytest.FixtureRequest) -> Iterator[Any]:
    """Hold tables in a DuckDB."""
    with duckdb.connect() as connection:
        yield {
            name: connection.from_arrow(table.data).create_view(name)
            for name, table in tables.items()
        }


@contextmanager
def in_postgres(tables: Mapping[str, Table], asked: pytest.FixtureRequest) -> Iterator[Any]:
    """Hold tables in PostgreSQL, reached by a role that may make temporary tables."""
    server = asked.getfixturevalue("postgres")
    schema = server.load({name: table.data for name, table in tables.items()})
    with server.ibis(schema, ANALYST) as connection:
        yield {name: connection.table(name) for name in tables}
    server.drop(schema)


@contextmanager
def in_spark(tables: Mapping[str, Table], asked: pytest.FixtureRequest) -> Iterator[Any]:
    """Hold tables in Spark."""
    spark, parts = asked.getfixturevalue("spark"), "spark.sql.shuffle.partitions"
    before = spark.conf.get(parts)
    spark.conf.set(parts, "1")
    yield {name: spark.createDataFrame(table.data) for name, table in tables.items()}
    spark.conf.set(parts, before)


WAREHOUSES: dict[str, Callable[..., Frames]] = {
    "duckdb": in_duckdb,
    "postgres": in_postgres,
    "spark": in_spark,
}
WAYS = [
    way if way == "duckdb" else pytest.param(way, marks=pytest.mark.cluster) for way in WAREHOUSES
]


@pytest.mark.parametrize("way", WAYS)
def test_every_page_says_the_same_of_tables_there(
    way: str, local: sm.Book, wanted: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    told = {"as_of": local.as_of_text, "currency": "USD", "policy": local.policy}
    with WAREHOUSES[way](local.tables, request) as frames:
        found = saved(sm.connect(**frames, **told), tmp_path / "there.json", None)
    assert {page["id"] for page in wanted["pages"]} == {*PAGES} - NOT_COMPARED
    assert not differences(wanted, without_data_page(found))

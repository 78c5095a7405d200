"""The portable engine gives the digest of the local one in PostgreSQL, in Spark, and in DuckDB reached through Ibis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.digest import cells_of, digest
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.portable import PortableEngine
from tests.engine.test_exchange_rates import moving
from tests.properties.ledgers import BYS, FREQS, Case, cases
from tests.properties.profile import quick
from tests.warehouse.postgres import ANALYST, READER, Postgres

Warehouse = Callable[[Mapping[str, pa.Table]], AbstractContextManager[dict[str, Any]]]
WAYS = (ANALYST, READER, "ibis_duckdb", "spark")
EXAMPLES = {ANALYST: 2, READER: 1, "ibis_duckdb": 2, "spark": 2}
FX = st.sampled_from(("constant", "line", "spot"))
USED = ("subscriptions", "mrr", "invoices", "customers", "fx")


@pytest.fixture(params=[pytest.param(way, id=way) for way in WAYS])
def way(request: pytest.FixtureRequest) -> str:
    """How the tables are reached: in PostgreSQL with two roles, in DuckDB, in Spark."""
    found: str = request.param
    return found


@pytest.fixture
def warehouse(way: str, request: pytest.FixtureRequest) -> Warehouse:
    """What holds tables in a warehouse and hands out frames of it."""
    if way == "spark":
        spark = request.getfixturevalue("spark")

        @contextmanager
        def in_spark(tables: Mapping[str, pa.Table]) -> Iterator[dict[str, Any]]:
            yield {name: spark.createDataFrame(data) for name, data in tables.items()}

        return in_spark
    if way == "ibis_duckdb":
        return in_duckdb
    postgres = request.getfixturevalue("postgres")
    return lambda tables: in_postgres(postgres, way, tables)


@contextmanager
def in_duckdb(tables: Mapping[str, pa.Table]) -> Iterator[dict[str, Any]]:
    """Hold tables in DuckDB, reached through Ibis."""
    import ibis

    connection = ibis.duckdb.connect()
    yield {name: connection.create_table(name, data) for name, data in tables.items()}
    connection.disconnect()


@contextmanager
def in_postgres(
    postgres: Postgres, role: str, tables: Mapping[str, pa.Table]
) -> Iterator[dict[str, Any]]:
    """Hold tables in PostgreSQL, and check that nothing was written beside them."""
    schema = postgres.load(tables)
    before = objects(postgres)
    with postgres.ibis(schema, role) as connection:
        yield {name: connection.table(name) for name in tables}
        assert objects(postgres) == before
    postgres.drop(schema)


def objects(postgres: Postgres) -> list[tuple[Any, ...]]:
    """Return everything that is in the database but for what only one session sees."""
    asked = """
        select nspname, relname from pg_class join pg_namespace n on n.oid = relnamespace
        where nspname not like 'pg_t%' order by 1, 2"""
    with postgres.connect() as connection:
        return connection.execute(asked).fetchall()


def remote(
    warehouse: Warehouse, tables: Mapping[str, sm.tables.Table], local: LocalEngine
) -> AbstractContextManager[PortableEngine]:
    """Return the portable engine on the tables of a local one, held in a warehouse."""

    @contextmanager
    def held() -> Iterator[PortableEngine]:
        with warehouse({name: tables[name].data for name in USED if name in tables}) as frames:
            yield PortableEngine(
                frames, local.policy, local.as_of, local.currency, local._fiscal_start, local._since
            )

    return held()


def test_engines_agree_on_random_ledgers(way: str, warehouse: Warehouse) -> None:
    @settings(quick, max_examples=EXAMPLES[way])
    @given(cases(renews=True), FREQS.filter(lambda freq: freq != "D"), BYS, FX)
    def compare(case: Case, freq: str, by: tuple[str, ...], fx: str) -> None:
        case = moving(case, fx)
        local = case.engine()
        with remote(warehouse, case.tables, local) as engine:
            ours, theirs = (cells_of(one, [freq], [3], [by]) for one in (local, engine))
            for (title, mine), (_, other) in zip(ours, theirs, strict=True):
                assert other == mine, (way, title, sorted(other ^ mine)[:10])

    compare()


def test_engines_agree_on_the_demo_company(warehouse: Warehouse, demo_book: sm.Book) -> None:
    book = demo_book
    options = {"freqs": ("Q",), "windows": (4,), "bys": (("segment",),)}
    with remote(warehouse, book.tables, book.engine) as engine:
        assert digest(engine, **options) == digest(book.engine, **options)


def test_engines_agree_on_real_data(way: str, warehouse: Warehouse, real_data: Path) -> None:
    folder = real_data / "ravenstack"
    if not folder.is_dir():
        pytest.skip(f"the data set ravenstack is not in {real_data}")
    book = sm.read(folder).with_policy(overlap="sum", view="event")
    options = {"freqs": ("M",), "windows": (12,), "bys": ((),)}
    with remote(warehouse, book.tables, book.engine) as engine:
        assert digest(engine, **options) == digest(book.engine, **options)

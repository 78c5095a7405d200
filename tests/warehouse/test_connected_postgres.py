"""A book of tables in PostgreSQL: the same numbers and findings, nothing written, and faults are survived."""

from __future__ import annotations

import _thread
import datetime as dt
import threading
import time
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.errors import WarehouseError
from tests.connected.test_gate_there import FAULTY, TOLD, found, table
from tests.warehouse.postgres import ANALYST, READER, Postgres

OBJECTS = """select relnamespace::regnamespace::text, relname, relkind from pg_class
    where relnamespace::regnamespace::text not like 'pg_t%' order by 1, 2"""


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=60).with_policy(fx="constant")


@pytest.fixture(scope="module")
def schema(postgres: Postgres, local: sm.Book) -> Iterator[str]:
    used = ("subscriptions", "customers", "fx", "spend", "contracts", "targets")
    name = postgres.load({table: local.tables[table].data for table in used})
    yield name
    postgres.drop(name)


def company(connection: Any, local: sm.Book) -> sm.Book:
    told = {"as_of": local.as_of_text, "currency": "USD", "policy": local.policy}
    return sm.connect(connection, **told)


# A role without temporary tables computes every step anew for each question, so it is asked less.
ASKED = {READER: (sm.revenue.bridge,), ANALYST: (sm.revenue.bridge, sm.retention.nrr)}


@pytest.mark.parametrize("role", ASKED)
def test_a_role_that_may_only_read_gets_every_number_and_nothing_is_written(
    postgres: Postgres, schema: str, local: sm.Book, role: str
) -> None:
    with postgres.connect() as owner:
        before = owner.execute(OBJECTS).fetchall()
        with postgres.ibis(schema, role) as connection:
            book = company(connection, local)
            for question in ASKED[role]:
                pd.testing.assert_frame_equal(question(book).df, question(local).df)
            assert "no rows were brought" in repr(book)
            assert len(book.frame("contracts")) == local.tables["contracts"].num_rows
            assert owner.execute(OBJECTS).fetchall() == before
        assert owner.execute(OBJECTS).fetchall() == before


def test_a_part_is_chosen_there(postgres: Postgres, schema: str, local: sm.Book) -> None:
    with postgres.ibis(schema, ANALYST) as connection:
        book = company(connection, local)
        part, whole = (sm.revenue.mrr(b.where(segment="SMB")).df for b in (book, local))
        pd.testing.assert_frame_equal(part, whole)


def test_an_address_is_enough(postgres: Postgres, schema: str, local: sm.Book) -> None:
    address = f"{postgres.url(READER).replace('postgresql:', 'postgres:')}?schema={schema}"
    book = company(address, local)
    assert book.tables["subscriptions"].num_rows == local.tables["subscriptions"].num_rows
    book.place.link.backends[0].disconnect()


def test_the_gate_says_the_same_of_tables_there(postgres: Postgres) -> None:
    tables = {name: table(columns) for name, columns in FAULTY.items()}
    schema = postgres.load(tables)
    with postgres.ibis(schema) as connection:
        book = sm.connect(connection, **TOLD)
        assert found(book) == found(sm.Book(**tables, **TOLD))
        with pytest.raises(sm.DataError, match="problems in the input tables"):
            sm.revenue.mrr(book)
    postgres.drop(schema)


@pytest.fixture(scope="module")
def large(postgres: Postgres) -> Iterator[str]:
    """Enough months that a question takes a while."""
    month = dt.date(2025, 1, 1)
    schema = postgres.load(
        {"mrr": pa.table({"customer_id": ["a"], "month": [month], "mrr": [1.0]})}
    )
    rows = f"""insert into {schema}.mrr select 'c' || (i % 2000),
        date '2025-01-01' + make_interval(months => i / 2000), 10 from generate_series(1, 23999) as t(i)"""
    with postgres.connect() as owner:
        owner.execute(rows)
    yield schema
    postgres.drop(schema)


def ask(book: sm.Book) -> float:
    return sm.revenue.mrr(book).value


@pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_query_that_is_ended_there_is_said_and_the_next_one_is_answered(
    postgres: Postgres, large: str, how: str
) -> None:
    said = {"pg_cancel_backend": "the query was ended", "pg_terminate_backend": "was lost"}
    with postgres.ibis(large, ANALYST) as connection, postgres.connect() as owner:
        book = sm.connect(connection, as_of="2025-12-31", currency="USD")
        book.checks.under(book.policy)
        (pid,) = connection.raw_sql("select pg_backend_pid()").fetchone()
        connection.con.commit()
        stop = threading.Thread(target=_end_soon, args=(owner, how, pid))
        stop.start()
        with pytest.raises(WarehouseError, match=said[how]):
            ask(book)
        stop.join()
        assert ask(book) == 20_000


def _end_soon(owner: Any, how: str, pid: int) -> None:
    """End the query of a session once it runs one that is not about names of tables."""
    query = "select count(*) from pg_stat_activity where pid = %s and state = 'active' and query ilike '%%_rank%%'"
    for _ in range(3000):
        if owner.execute(query, [pid]).fetchone()[0]:
            owner.execute(f"select {how}(%s)", [pid])
            return
        time.sleep(0.005)


def test_a_time_limit_is_said(postgres: Postgres, large: str) -> None:
    with postgres.ibis(large, ANALYST) as connection:
        book = sm.connect(connection, as_of="2025-12-31", currency="USD")
        book.checks.under(book.policy)
        connection.con.execute("set statement_timeout = 30")
        connection.con.commit()
        with pytest.raises(WarehouseError, match="longer statement_timeout"):
            ask(book)
        connection.con.execute("set statement_timeout = 0")
        connection.con.commit()
        assert ask(book) == 20_000


def test_an_interruption_cancels_the_query(postgres: Postgres, large: str) -> None:
    running = "select count(*) from pg_stat_activity where state = 'active' and usename = %s"
    with postgres.ibis(large, ANALYST) as connection, postgres.connect() as owner:
        book = sm.connect(connection, as_of="2025-12-31", currency="USD")
        book.checks.under(book.policy)
        stop = threading.Timer(0.2, _thread.interrupt_main)
        stop.start()
        with pytest.raises(KeyboardInterrupt):
            _ask_often(book)
        stop.join()
        assert owner.execute(running, [ANALYST]).fetchone()[0] == 0
        assert ask(book) == 20_000


def _ask_often(book: sm.Book) -> None:
    for gap in range(100):
        ask(book.with_policy(gap_days=gap))


def test_a_table_that_was_dropped_is_named(postgres: Postgres) -> None:
    rows = pa.table({"customer_id": ["a"], "month": [dt.date(2025, 1, 1)], "mrr": [1.0]})
    schema = postgres.load({"mrr": rows})
    with postgres.ibis(schema) as connection, postgres.connect() as owner:
        book = sm.connect(connection, currency="USD")
        owner.execute(f"alter table {schema}.mrr rename to other")
        with pytest.raises(WarehouseError, match="no longer there"):
            ask(book)
        owner.execute(f"alter table {schema}.other rename to mrr")
        assert ask(book) == 1
    postgres.drop(schema)

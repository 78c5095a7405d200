"""A book of tables in PostgreSQL: the same numbers and findings, nothing written, and faults are survived."""

from __future__ import annotations

import _thread
import datetime as dt
import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.errors import WarehouseError
from tests.connected.natives import brought
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


BROUGHT = {READER: "of subscriptions", ANALYST: "no rows were brought"}


@pytest.mark.parametrize("role", BROUGHT)
def test_a_role_that_may_only_read_gets_every_number_and_nothing_is_written(
    postgres: Postgres, schema: str, local: sm.Book, role: str
) -> None:
    with postgres.connect() as owner:
        before = owner.execute(OBJECTS).fetchall()
        with postgres.ibis(schema, role) as connection:
            book = company(connection, local)
            for question in (sm.revenue.bridge, sm.retention.nrr):
                pd.testing.assert_frame_equal(question(book).df, question(local).df)
            assert BROUGHT[role] in repr(book)  # pieces, where no step may be kept
            assert len(book.frame("contracts")) == local.tables["contracts"].num_rows
            assert owner.execute(OBJECTS).fetchall() == before
        assert owner.execute(OBJECTS).fetchall() == before


@pytest.mark.parametrize("role", BROUGHT)
def test_contracts_are_matched_there_by_a_role_that_may_keep_steps_and_else_brought(
    postgres: Postgres, schema: str, local: sm.Book, role: str
) -> None:
    with postgres.ibis(schema, role) as connection:
        book = company(connection, local)
        found, wanted = (sm.renewals.waterfall(b, by="segment") for b in (book, local))
        pd.testing.assert_frame_equal(found.df, wanted.df)
        assert found.footnote == wanted.footnote
        assert ("contracts" in brought(book)) == (role == READER)
        pd.testing.assert_frame_equal(found.rows(segment="SMB"), wanted.rows(segment="SMB"))


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


PAID = 30
WAITING = "select pid from pg_stat_activity where usename = %s and wait_event_type = 'Lock'"


@pytest.fixture(scope="module")
def months(postgres: Postgres) -> Iterator[str]:
    """A few customers who pay for a year."""
    days = [dt.date(2025, month, 1) for month in range(1, 13)]
    rows = {"customer_id": ["a", "b", "c"] * 12, "month": sorted(days * 3), "mrr": [10.0] * 36}
    schema = postgres.load({"mrr": pa.table(rows)})
    yield schema
    postgres.drop(schema)


def ask(book: sm.Book) -> float:
    return sm.revenue.mrr(book).value


@contextmanager
def while_it_waits(
    postgres: Postgres, schema: str, act: Callable[[Any, int], None]
) -> Iterator[None]:
    """Let the first query of the table wait, and do something to its session once it does."""

    def watch() -> None:
        with postgres.connect() as other:
            for _ in range(6000):
                found = other.execute(WAITING, [ANALYST]).fetchone()
                if found:
                    act(other, found[0])
                    return
                time.sleep(0.01)

    with postgres.connect() as owner:
        watcher = threading.Thread(target=watch)
        with owner.transaction():
            owner.execute(f"lock table {schema}.mrr in access exclusive mode")
            watcher.start()
            yield
        watcher.join()


@pytest.mark.parametrize(
    ("how", "said"),
    [("pg_cancel_backend", "the query was ended"), ("pg_terminate_backend", "was lost")],
)
def test_a_query_that_is_ended_there_is_said_and_the_next_one_is_answered(
    postgres: Postgres, months: str, how: str, said: str
) -> None:
    def end(other: Any, pid: int) -> None:
        other.execute(f"select {how}(%s)", [pid])

    with postgres.ibis(months, ANALYST) as connection:
        book = sm.connect(connection, as_of="2025-12-31", currency="USD")
        with (
            while_it_waits(postgres, months, end),
            pytest.raises(WarehouseError, match=said),
        ):
            ask(book)
        assert ask(book) == PAID


def test_a_time_limit_is_said(postgres: Postgres, months: str) -> None:
    with postgres.ibis(months, ANALYST) as connection:
        book = sm.connect(connection, as_of="2025-12-31", currency="USD")
        connection.con.execute("set statement_timeout = 100")
        connection.con.commit()
        with (
            while_it_waits(postgres, months, lambda *_: None),
            pytest.raises(WarehouseError, match="longer statement_timeout"),
        ):
            ask(book)
        connection.con.execute("set statement_timeout = 0")
        connection.con.commit()
        assert ask(book) == PAID


def test_an_interruption_cancels_the_query(postgres: Postgres, months: str) -> None:
    def interrupt(other: Any, pid: int) -> None:
        _thread.interrupt_main()

    with postgres.ibis(months, ANALYST) as connection, postgres.connect() as owner:
        book = sm.connect(connection, as_of="2025-12-31", currency="USD")
        with while_it_waits(postgres, months, interrupt), pytest.raises(KeyboardInterrupt):
            ask(book)
        assert owner.execute(WAITING, [ANALYST]).fetchone() is None
        assert ask(book) == PAID


def test_a_table_that_was_dropped_is_named(postgres: Postgres) -> None:
    rows = pa.table({"customer_id": ["a"], "month": [dt.date(2025, 1, 1)], "mrr": [1.0]})
    schema = postgres.load({"mrr": rows})
    with postgres.ibis(schema) as connection, postgres.connect() as owner:
        book = sm.connect(connection, currency="USD")
        owner.execute(f"alter table {schema}.mrr rename to other")
        with pytest.raises(WarehouseError, match="is not there"):
            ask(book)
        owner.execute(f"alter table {schema}.other rename to mrr")
        assert ask(book) == 1
    postgres.drop(schema)


UNREADABLE = {
    "an end without end": (
        "subscriptions",
        """select 's' as subscription_id, 'a' as customer_id, date '2026-01-01' as start,
            date 'infinity' as end, 10 as amount, 'month' as interval""",
        "infinity",
    ),
    "an id beyond 64 bits": (
        "mrr",
        "select 1e30::numeric as customer_id, date '2026-01-01' as month, 5 as mrr",
        "out of range",
    ),
}


@pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")  # by Ibis
@pytest.mark.parametrize("what", UNREADABLE)
def test_a_value_that_cannot_be_converted_is_told_from_a_table_that_is_gone(
    postgres: Postgres, schema: str, what: str
) -> None:
    name, query, said = UNREADABLE[what]
    with postgres.ibis(schema, ANALYST) as connection, pytest.raises(WarehouseError) as raised:
        sm.revenue.mrr(sm.connect(**{name: connection.sql(query)}, as_of="2026-03-31"))
    assert "a value cannot be converted" in str(raised.value)
    assert said in str(raised.value)
    assert "NULLIF" in str(raised.value)
    assert "cursor" not in str(raised.value)
    del raised, connection
    gc.collect()  # of the cursor that the fault holds


def test_an_amount_that_is_no_number_is_counted_and_refused(
    postgres: Postgres, schema: str
) -> None:
    query = """select * from (values ('a', date '2026-01-01', 'NaN'::numeric),
        ('b', date '2026-01-01', 5)) as t(customer_id, month, mrr)"""
    with postgres.ibis(schema, ANALYST) as connection:
        book = sm.connect(mrr=connection.sql(query), as_of="2026-01-31")
        with pytest.raises(sm.DataError, match=r"1 amount.* missing, infinite or above 9 trillion"):
            sm.revenue.mrr(book)

"""A fault where the tables are is an error that says what was asked and what to do; the next question is answered."""

from __future__ import annotations

import _thread
import gc
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import saasmetrics as sm
from saasmetrics.engine.connected import Link
from saasmetrics.engine.portable import held
from saasmetrics.errors import WarehouseError

MRR = """create table mrr as
    select 'c' || (i % {customers}) as customer_id, date '2025-01-01' + to_months((i // {customers})::int) as month,
        10.0 as mrr from range({rows}) as t(i)"""


@pytest.fixture(autouse=True)
def stop_button() -> Iterator[None]:
    """Interruptions are felt; a shell that starts something in the background lets it ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def warehouse(customers: int = 10, months: int = 3, **config: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config=config)
    connection.execute(MRR.format(customers=customers, rows=customers * months))
    return connection


def test_a_table_that_was_dropped_is_named_and_the_book_lives_on() -> None:
    connection = warehouse()
    book = sm.connect(connection, currency="USD")
    connection.execute("alter table mrr rename to gone")
    with pytest.raises(WarehouseError, match=r"is not there .*mrr.* Look"):
        sm.revenue.mrr(book)
    connection.execute("alter table gone rename to mrr")
    assert sm.revenue.mrr(book).value == 100


def test_a_file_that_another_process_holds_is_said_with_its_pid_and_what_to_do(
    tmp_path: Path,
) -> None:
    file = str(tmp_path / "company.duckdb")
    with duckdb.connect(file) as made:
        made.execute(MRR.format(customers=10, rows=30))
    hold = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(WarehouseError) as raised:
            sm.connect(file, currency="USD")
        other.communicate()
    said = str(raised.value)
    assert f"another process, with the PID {other.pid}, holds the file" in said
    assert "Close the file there" in said
    assert "read_only=True" in said
    assert "lost" not in said
    assert sm.revenue.mrr(sm.connect(file, currency="USD")).value == 100


def test_a_file_that_this_process_has_open_for_writing_is_to_be_given_by_its_connection(
    tmp_path: Path,
) -> None:
    file = str(tmp_path / "company.duckdb")
    with duckdb.connect(file) as made:
        made.execute(MRR.format(customers=10, rows=30))
        with pytest.raises(WarehouseError, match=r"this process has the file open .*sm\.connect\("):
            sm.connect(file, currency="USD")
        assert sm.revenue.mrr(sm.connect(made, currency="USD")).value == 100


def test_a_view_of_any_name_that_an_interruption_or_a_user_left_there_changes_no_number() -> None:
    connection = warehouse()
    book = sm.connect(connection, currency="USD")
    connection.execute("create temp view found as select 1 as customer_id, 7 as mrr")
    assert sm.revenue.mrr(book).value == 100
    assert sm.revenue.mrr(book.with_policy(gap_days=7)).value == 100


def test_memory_that_does_not_suffice_there_is_said(tmp_path: Path) -> None:
    file = tmp_path / "company.duckdb"
    with duckdb.connect(str(file)) as made:
        made.execute(MRR.format(customers=50_000, rows=600_000))
    connection = duckdb.connect(str(file), config={"temp_directory": "", "memory_limit": "20MB"})
    told = {"currency": "USD", "as_of": "2025-12-31"}
    with pytest.raises(WarehouseError, match=r"its memory did not suffice .*SET temp_directory"):
        sm.revenue.mrr(sm.connect(connection, **told))
    connection.execute("set memory_limit = '4GB'")
    assert sm.revenue.mrr(sm.connect(connection, **told)).value == 500_000


def test_a_connection_that_was_closed_is_said() -> None:
    connection = warehouse()
    book = sm.connect(connection, currency="USD", as_of="2025-03-31")
    connection.close()
    with pytest.raises(WarehouseError, match=r"the connection was lost .*connect again"):
        sm.revenue.mrr(book)


def test_what_was_kept_there_may_go_and_is_made_anew() -> None:
    connection = warehouse()
    book = sm.connect(connection, currency="USD")
    before = sm.revenue.mrr(book).value
    for (name,) in connection.execute(
        "select table_name from duckdb_tables() where temporary"
    ).fetchall():
        connection.execute(f"drop table temp.{name}")
    with pytest.raises(WarehouseError):
        sm.retention.cohorts(book)
    assert sm.retention.cohorts(book).df["value"].iloc[0] == 1
    assert sm.revenue.mrr(book).value == before


def test_an_interruption_stays_one_and_the_next_question_is_answered() -> None:
    connection = warehouse(customers=60_000, months=12)
    book = sm.connect(connection, currency="USD", as_of="2025-12-31")
    book.checks.under(book.policy)
    stop = threading.Timer(0.3, _thread.interrupt_main)
    stop.start()
    begun = time.monotonic()

    def ask_for_a_minute() -> None:
        for gap in range(1000):
            sm.retention.cohorts(book.with_policy(gap_days=gap))
            assert time.monotonic() - begun < 60

    with pytest.raises(KeyboardInterrupt):
        ask_for_a_minute()
    stop.join()
    assert sm.revenue.mrr(book).value == 600_000


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), RuntimeError("INTERRUPT Error: Interrupted!")]
)
def test_an_interruption_while_something_kept_is_let_go_is_not_lost(error: BaseException) -> None:
    class Door:
        def query(self, *_: str) -> None:
            raise error

    class Owner:
        pass

    owner = Owner()
    weakref.finalize(owner, held._dropped, Door(), "a_table")
    del owner
    with pytest.raises(KeyboardInterrupt):
        _wait()


def _wait() -> None:
    """Wait in short steps, between which an interruption is felt."""
    for _ in range(1000):
        time.sleep(0.01)


def test_what_was_kept_there_goes_with_the_book() -> None:
    connection = warehouse()
    connection.execute("alter table mrr add column recorded_at timestamp default '2025-01-01'")
    kept = "select count(*) from duckdb_tables() where temporary"
    book = sm.connect(connection, currency="USD", as_of="2025-03-31")
    part = book.where(customer_id=["c1", "c2"])
    assert sm.revenue.mrr(part).value == 20
    assert sm.retention.cohorts(book).df["value"].iloc[0] == 1
    ((many,),) = connection.execute(kept).fetchall()
    assert many > 0
    del book
    gc.collect()
    assert sm.revenue.mrr(part.with_policy(gap_days=30)).value == 20  # of what is kept still
    del part
    gc.collect()
    assert connection.execute(kept).fetchall() == [(0,)]


def test_steps_to_what_is_counted_of_tickets_usage_and_activities_go_with_the_book() -> None:
    connection, local = duckdb.connect(), sm.demo(customers=40, seed=7)
    for name, table in local.tables.items():
        connection.from_arrow(table.data).create(name)
    book = sm.connect(connection, currency=local.currency, as_of=local.as_of_text)
    sm.support.times(book, zone="Europe/Berlin")
    for metric in (
        *(sm.support.channel_switches, sm.support.load, sm.support.reactive_share),
        *(sm.capacity.load, sm.capacity.staffing, sm.capacity.carve_out, sm.capacity.workload),
        *(sm.capacity.touch_workload, sm.success.adoption, sm.success.levers, sm.success.handoff),
        *(sm.success.health, sm.success.lifecycle),
        sm.retention.organic_nrr,
    ):
        metric(book)
    del book
    gc.collect()
    kept = "select table_name from duckdb_tables() where temporary"
    assert connection.execute(kept).fetchall() == []


def test_a_result_that_was_not_read_to_its_end_is_said() -> None:
    connection = warehouse()
    book = sm.connect(connection, currency="USD", as_of="2025-03-31")
    connection.execute("select * from mrr").fetchone()
    with pytest.raises(WarehouseError, match=r"in the middle of another result .*cursor"):
        sm.revenue.mrr(book)
    connection.fetchall()
    assert sm.revenue.mrr(book).value == 100


def test_errors_of_our_own_stay_what_they_are() -> None:
    book = sm.connect(warehouse(), currency="USD")
    with pytest.raises(sm.DataError, match="No table has a column 'plan'") as raised:
        sm.retention.nrr(book, by="plan")
    assert not isinstance(raised.value, WarehouseError)


def test_nothing_is_written_into_the_schema_of_the_tables() -> None:
    connection = warehouse()
    count = "select count(*) from duckdb_tables() where not temporary and not internal"
    before = connection.execute(count).fetchall()
    book = sm.connect(connection, currency="USD")
    sm.retention.nrr(book, window=1)
    sm.retention.cohorts(book.as_of("2025-02-28"))
    assert connection.execute(count).fetchall() == before
    assert [name for (name,) in connection.execute("show tables").fetchall() if name == "mrr"]


def test_an_interruption_that_a_fault_followed_stays_one() -> None:
    psycopg = pytest.importorskip("psycopg")

    def interrupted() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise psycopg.errors.InvalidCursorName

    with pytest.raises(KeyboardInterrupt), Link(0).asking("Counting"):
        interrupted()

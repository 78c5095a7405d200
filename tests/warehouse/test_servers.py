"""The warehouses of the tests are what they seem: real, on loopback, with the rights that they say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
import pytest

from tests.warehouse.postgres import ANALYST, READER, Postgres, programs

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLE = pa.table({"customer_id": ["a", "b", None], "amount": [1.5, None, -2.0]})


@pytest.fixture
def schema(postgres: Postgres) -> str:
    return postgres.load({"subscriptions": TABLE})


@pytest.mark.parametrize("role", [ANALYST, READER])
def test_postgres_hands_out_the_rows_that_were_loaded(
    postgres: Postgres, schema: str, role: str
) -> None:
    with postgres.ibis(schema, role) as connection:
        found = connection.table("subscriptions").to_pyarrow()
    assert found.to_pylist() == TABLE.to_pylist()


def test_only_the_analyst_may_make_temporary_tables(postgres: Postgres) -> None:
    with postgres.connect(ANALYST) as connection:
        connection.execute("create temporary table own (x int)")
    with (
        postgres.connect(READER) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("create temporary table own (x int)")


def test_nobody_but_the_owner_may_write_to_the_tables(postgres: Postgres, schema: str) -> None:
    for role in (ANALYST, READER):
        with (
            postgres.connect(role) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(f"create table {schema}.own (x int)")


def test_spark_hands_out_the_rows_that_were_loaded(spark: SparkSession) -> None:
    rows = spark.createDataFrame(TABLE).orderBy("customer_id", ascending=False).toArrow()
    assert rows.to_pylist() == [TABLE.to_pylist()[i] for i in (1, 0, 2)]


KEEPING = """
import time
from tests.warehouse.postgres import started
with started() as server:
    print(server.process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_a_server_ends_and_leaves_nothing_when_its_tests_are_killed() -> None:
    # Not below the folders of pytest, which only their owner may enter.
    home = Path(tempfile.mkdtemp(prefix="saasmetrics_killed_"))
    home.chmod(0o755)
    environment = {**os.environ, "TMPDIR": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", KEEPING], stdout=subprocess.PIPE, env=environment
    ) as tests:
        assert tests.stdout is not None
        server = int(tests.stdout.readline())
        assert is_running(server)
        assert list(home.iterdir())
        tests.send_signal(signal.SIGKILL)
    end = time.monotonic() + 30
    while (is_running(server) or list(home.iterdir())) and time.monotonic() < end:
        time.sleep(0.1)
    assert not is_running(server)
    home.rmdir()


def is_running(pid: int) -> bool:
    """Whether there is a process that has not ended."""
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return said.stdout.strip()[:1] not in ("", "Z")

"""The warehouses of the tests are what they seem: real, on loopback, with the rights that they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
import pytest

from tests.warehouse.postgres import ANALYST, READER, Postgres

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

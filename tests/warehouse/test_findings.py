"""The gate finds in PostgreSQL and in Spark what it finds in tables that are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import saasmetrics as sm
from tests.connected.companies import ALL
from tests.connected.test_findings_there import asked, findings
from tests.warehouse.postgres import READER, Postgres

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SHORT = {"months", "next"}  # the others are asked by `make cluster` alone
NAMES = [name if name in SHORT else pytest.param(name, marks=pytest.mark.cluster) for name in ALL]


@pytest.mark.parametrize("name", NAMES)
def test_the_gate_finds_the_same_in_postgres(postgres: Postgres, name: str) -> None:
    tables, told = asked(name)
    schema = postgres.load(tables)
    with postgres.ibis(schema, READER) as connection:
        assert findings(sm.connect(connection, **told)) == findings(sm.Book(**tables, **told))
    postgres.drop(schema)


@pytest.mark.cluster
@pytest.mark.parametrize("name", ALL)
def test_the_gate_finds_the_same_in_spark(spark: SparkSession, name: str) -> None:
    tables, told = asked(name)
    frames = {kind: frame_of(spark, rows) for kind, rows in tables.items()}
    assert findings(sm.connect(**frames, **told)) == findings(sm.Book(**tables, **told))


def frame_of(spark: SparkSession, rows: pa.Table) -> object:
    """Rows as a frame of Spark, a column without values as texts."""
    kinds = [
        field.with_type(pa.string()) if pa.types.is_null(field.type) else field
        for field in rows.schema
    ]
    plain = rows.cast(pa.schema(kinds))
    return spark.createDataFrame(plain)

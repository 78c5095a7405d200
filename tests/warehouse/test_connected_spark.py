"""A book of tables in Spark: by frame, and by name of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.engine.portable import PortableEngine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_tables_of_spark_are_connected_and_counted_there(spark: SparkSession) -> None:
    days = pd.to_datetime(["2025-01-10", "2025-02-01", "2025-03-05"])
    lines = pd.DataFrame(
        {
            "subscription_id": ["s1", "s2", "s3"],
            "customer_id": ["a", "b", "c"],
            "start": days.date,
            "amount": [100.0, 50.0, 30.0],
            "interval": ["month", "Monthly", "month"],
        }
    )
    told = {"as_of": "2025-05-31", "currency": "USD"}
    local = sm.Book(subscriptions=lines, **told)
    spark.createDataFrame(lines).createOrReplaceTempView("subscriptions")
    book = sm.connect(spark, subscriptions="subscriptions", **told)
    assert [p.code for p in book.checks.under(book.policy) if p.severity == "error"] == []
    pd.testing.assert_frame_equal(sm.revenue.mrr(book).df, sm.revenue.mrr(local).df)
    assert "no rows were brought" in repr(book)
    assert book.place.link.brought == {}


@pytest.mark.cluster
def test_contracts_are_matched_in_spark_where_they_are_many(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PortableEngine, "few", 0)
    local = sm.demo(customers=30, seed=7).with_policy(fx="constant")
    told = {"as_of": local.as_of_text, "currency": "USD", "policy": local.policy}
    used = ("subscriptions", "customers", "fx", "contracts")
    frames = {name: spark.createDataFrame(local.tables[name].data) for name in used}
    book = sm.connect(**frames, **told)
    pd.testing.assert_frame_equal(sm.renewals.waterfall(book).df, sm.renewals.waterfall(local).df)
    assert book.place.link.brought == {}

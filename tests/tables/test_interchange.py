"""Tables of any library that speaks Arrow go in, and give the same numbers as pandas does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import saasmetrics as sm


class Stream:
    """A table of a library that nobody has heard of: it speaks the Arrow stream interface and nothing else."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._source.__arrow_c_stream__(requested_schema)


def _narrow(table: pa.Table) -> pa.Table:
    """The same rows in types that other libraries use: views of text, codes, decimals, days, seconds."""
    named = dict(zip(table.column_names, table.columns, strict=True))
    for name, values in named.items():
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            codes = name in ("interval", "segment", "plan")
            named[name] = values.dictionary_encode() if codes else values.cast(pa.string_view())
        elif pa.types.is_floating(values.type):
            named[name] = values.cast(pa.decimal128(18, 6))
        elif pa.types.is_timestamp(values.type):
            named[name] = values.cast(pa.timestamp("s"))
    return pa.table(named)


KINDS: dict[str, Callable[[pa.Table], Any]] = {
    "an Arrow table": lambda table: table,
    "an Arrow reader": lambda table: table.to_reader(max_chunksize=50),
    "an Arrow dataset": ds.dataset,
    "polars": pl.from_arrow,
    "lazy polars": lambda table: pl.from_arrow(table).lazy(),
    "a duckdb relation": duckdb.from_arrow,
    "a stream of Arrow": Stream,
    "a stream of polars": lambda table: Stream(pl.from_arrow(table)),
    "narrow Arrow types": _narrow,
    "a stream of narrow Arrow types": lambda table: Stream(_narrow(table)),
    "polars categories": lambda table: pl.from_arrow(table).with_columns(
        pl.col("customer_id").cast(pl.Categorical)
    ),
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    """The subscriptions and customers of the demo company, as exports have them."""
    book = sm.demo(customers=80)
    wanted = ["subscription_id", "customer_id", "start", "end", "amount", "interval", "plan"]
    subscriptions = pa.Table.from_pandas(book.frame("subscriptions")[wanted], preserve_index=False)
    customers = book.frame("customers")[["customer_id", "segment"]]
    return {
        "subscriptions": subscriptions,
        "customers": pa.Table.from_pandas(customers, preserve_index=False),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_it_gives_the_numbers_that_pandas_gives(kind: str, tables: dict[str, pa.Table]) -> None:
    with_pandas = {name: table.to_pandas() for name, table in tables.items()}
    theirs = {name: KINDS[kind](table) for name, table in tables.items()}
    day = "2026-10-31"
    known, book = sm.Book(as_of=day, **with_pandas), sm.Book(as_of=day, **theirs)
    for asked in (sm.retention.nrr, sm.revenue.bridge):
        pd.testing.assert_frame_equal(asked(book, by="segment").df, asked(known, by="segment").df)
    assert book.data_hash == known.data_hash


def test_what_is_no_table_is_refused_with_what_would_be_one() -> None:
    with pytest.raises(sm.DataError, match="Pass a DataFrame of pandas or Polars, an Arrow table"):
        sm.Book(mrr=object())

"""The hash of the data: the same for the same content in any order, type and file; another for another cent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv, parquet

import saasmetrics as sm
from saasmetrics.tables.fingerprint import table_fingerprint
from tests.properties.profile import quick

ROWS = {
    "subscription_id": ["s1", "s2", "s3", "s4"],
    "customer_id": ["001", "1", "b", "b"],
    "start": [date(2025, 1, 1), date(2025, 2, 28), date(2025, 3, 1), date(2025, 3, 1)],
    "end": [None, date(2025, 12, 31), None, None],
    "amount": [19.99, 1200.0, 0.1, 0.1],
    "interval": ["month", "year", "month", "month"],
    "seats sold": [1, 20, 3, None],
    "ratio": [0.5, None, 1e-9, 12.0],
    "renews": [date(2026, 1, 1), None, date(2026, 3, 1), date(2026, 3, 1)],
    "trial": [True, False, None, True],
    "note": ["-0.50", "", "0012", "ünï"],
}


def _arrow() -> pa.Table:
    return pa.table(ROWS)


def _hash(subscriptions: object) -> str:
    return sm.Book(subscriptions=subscriptions, as_of="2026-01-31").data_hash


@pytest.fixture(scope="module")
def expected() -> str:
    return _hash(_arrow())


def test_the_hash_is_the_same_on_every_machine_and_in_every_version(expected: str) -> None:
    """Written down on 2026-11-26; another value would void the proofs that were handed out."""
    assert expected == "1c4c9e5d22830be74de76984a279f9dd1acc1cb45ede5d0f8a6fa428a4567805"


def _pandas() -> pd.DataFrame:
    return _arrow().to_pandas()


@pytest.mark.parametrize(
    "made",
    [
        _pandas,
        lambda: _pandas().assign(start=lambda df: pd.to_datetime(df["start"])),
        lambda: _pandas().astype({"interval": "category", "amount": object}),
        lambda: pl.DataFrame(ROWS),
        lambda: _arrow().cast(
            pa.schema(
                [
                    f.with_type(pa.large_string()) if f.type == "string" else f
                    for f in _arrow().schema
                ]
            )
        ),
        lambda: pa.concat_tables([_arrow().slice(0, 1), _arrow().slice(1)]),
        lambda: ROWS,
    ],
    ids=["pandas", "timestamps", "categories", "polars", "large strings", "chunks", "lists"],
)
def test_the_library_that_holds_the_table_does_not_matter(
    made: Callable[[], object], expected: str
) -> None:
    assert _hash(made()) == expected


def test_the_format_of_the_file_does_not_matter(tmp_path: Path, expected: str) -> None:
    parquet.write_table(_arrow(), tmp_path / "subscriptions.parquet")
    assert sm.read(tmp_path, as_of="2026-01-31").data_hash == expected
    (tmp_path / "subscriptions.parquet").unlink()
    csv.write_csv(_arrow(), tmp_path / "subscriptions.csv")
    assert sm.read(tmp_path, as_of="2026-01-31").data_hash == expected


def test_a_column_without_a_value_is_like_none(expected: str) -> None:
    assert _hash(_arrow().append_column("empty", pa.nulls(4, pa.string()))) == expected


def test_the_name_of_a_column_in_the_export_does_not_matter(expected: str) -> None:
    names = ["Account ID" if n == "customer_id" else n for n in ROWS]
    assert _hash(_arrow().rename_columns(names)) == expected


def test_neither_policy_nor_date_is_data(expected: str) -> None:
    book = sm.Book(subscriptions=_arrow(), as_of="2026-01-31", policy="stripe")
    assert book.data_hash == expected
    assert book.as_of("2025-06-30").with_policy(view="event").data_hash == expected


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [
        ("amount", 0, 20.00),
        ("customer_id", 1, "001"),
        ("end", 1, None),
        ("end", 1, date(2025, 12, 30)),
        ("start", 2, date(2025, 3, 2)),
        ("note", 0, "-0.51"),
        ("note", 3, "unï"),
        ("seats sold", 3, 0),
    ],
)
def test_one_changed_cell_changes_the_hash(
    column: str, row: int, value: object, expected: str
) -> None:
    changed = {**ROWS, column: [value if i == row else v for i, v in enumerate(ROWS[column])]}
    assert _hash(pa.table(changed)) != expected


def test_a_row_more_or_twice_changes_the_hash(expected: str) -> None:
    table = _arrow().slice(2, 2)
    assert (
        len({_hash(_arrow().slice(0, 3)), _hash(pa.concat_tables([table, table])), expected}) == 3
    )


def test_values_that_change_places_change_the_hash() -> None:
    one, two = ({"a": ["x", "y"], "b": ["y", "x"]}, {"a": ["x", "x"], "b": ["y", "y"]})
    swapped = {"a": ["y", "x"], "b": ["x", "y"]}
    hashes = [table_fingerprint("any", pa.table(rows)) for rows in (one, two, swapped)]
    assert hashes[0] == hashes[2] != hashes[1]  # swapped has the rows of the first in another order


@settings(quick, max_examples=25)
@given(
    rows=st.lists(
        st.tuples(
            st.text(max_size=20),
            st.one_of(st.none(), st.integers(-(10**9), 10**9)),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        ),
        min_size=1,
        max_size=8,
    ),
    seed=st.integers(0, 99),
)
def test_no_order_of_rows_or_columns_matters(rows: list[tuple], seed: int) -> None:
    names = ("name", "count", "share")
    table = pa.table(
        {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    )
    order = np.random.default_rng(seed)
    mixed = table.take(pa.array(order.permutation(len(rows))))
    mixed = mixed.select([names[i] for i in order.permutation(3)])
    assert table_fingerprint("any", mixed) == table_fingerprint("any", table)


def test_the_hash_is_computed_when_it_is_asked_for() -> None:
    book = sm.Book(subscriptions=_arrow(), as_of="2026-01-31")
    result = sm.revenue.mrr(book)
    assert "fingerprint" not in book.tables["subscriptions"].__dict__
    assert result.context.data_hash == book.data_hash
    assert "fingerprint" in book.tables["subscriptions"].__dict__


def test_the_policy_has_a_hash_of_its_choices() -> None:
    default = sm.Policy()
    assert default.hash == sm.Policy(name="ours", version=3).hash
    assert default.hash != sm.Policy(gap_days=30).hash

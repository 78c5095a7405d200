"""Values numbered by looking them up are numbered as Arrow's hashing does; keys told apart by hashes as by values."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saasmetrics.tables import Table, normalize
from saasmetrics.tables.encoded import encoded
from saasmetrics.tables.gate.alike import repeated
from saasmetrics.tables.gate.view import View
from tests.properties.profile import quick

NUMBERS = st.one_of(st.integers(-9, 9), st.sampled_from((-(2**62), 2**62, 2**63 - 1)))


@quick
@given(st.lists(NUMBERS), st.integers(0, 3), st.booleans())
def test_whole_numbers_are_numbered_as_they_first_come(
    numbers: list[int], offset: int, missing: bool
) -> None:
    array = pa.array([*numbers, None] if missing else numbers, pa.int64())[offset:]
    values, codes = encoded(array)
    hashed = array.dictionary_encode()
    assert values.equals(hashed.dictionary)
    assert codes.tolist() == hashed.indices.fill_null(-1).to_pylist()


IDS = st.one_of(st.none(), st.sampled_from(("a", "b", "a ")))
DAYS = st.one_of(st.none(), st.sampled_from((date(2026, 1, 1), date(2026, 2, 1))))
AMOUNTS = st.sampled_from((None, 0.0, 1.0, -1.0))


@quick
@given(st.lists(st.tuples(IDS, DAYS, AMOUNTS), max_size=9))
def test_rows_share_a_key_where_all_its_values_are_the_same(
    rows: list[tuple[str | None, date | None, float | None]],
) -> None:
    kinds = {"customer_id": pa.string(), "month": pa.date32(), "mrr": pa.float64()}
    columns = zip(kinds, zip(*rows, strict=True) if rows else ((),) * 3, strict=True)
    data = pa.table({name: pa.array(values, kinds[name]) for name, values in columns})
    many = Counter(rows)
    expected = [place for place, row in enumerate(rows) if many[row] > 1]
    assert repeated(View(Table("mrr", data, {}, ())), list(kinds)).tolist() == expected


@pytest.mark.parametrize("column", ["customer_id", "month"])
def test_rows_share_a_key_of_one_column(column: str) -> None:
    table = normalize(
        "mrr",
        {"customer_id": [1, 2, 1], "month": ["2026-01", "2026-02", "2026-01"], "mrr": [1.0] * 3},
    )
    assert repeated(View(table), [column]).tolist() == [0, 2]

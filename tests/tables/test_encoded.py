"""Values numbered by looking them up are numbered as Arrow's hashing does; keys told apart by hashes as by values."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saasmetrics.tables import Table, normalize
from saasmetrics.tables.encoded import _of_words, encoded
from saasmetrics.tables.gate.alike import repeated
from saasmetrics.tables.gate.view import View
from saasmetrics.tables.words import first_rows, words_of
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


@quick
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 5)), min_size=1))
def test_whole_numbers_that_stand_together_are_numbered_as_they_first_come(
    runs: list[tuple[int, int]],
) -> None:
    array = pa.array([number for number, many in runs for _ in range(many)], pa.int64())
    values, codes = encoded(array)
    hashed = array.dictionary_encode()
    assert values.equals(hashed.dictionary)
    assert codes.tolist() == hashed.indices.to_pylist()


@quick
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=300), st.integers(8, 20), st.integers(0, 3)
)
def test_texts_of_one_length_are_numbered_as_they_first_come(
    numbers: list[int], length: int, offset: int
) -> None:
    array = pa.array([f"{number:0{length}}" for number in (*range(offset), *numbers)])[offset:]
    words = words_of(array)
    assert words is not None
    hashed = array.dictionary_encode()
    first = [numbers.index(number) for number in numbers]
    assert first_rows(words).tolist() == first
    values, codes = _of_words(array, words)
    assert values.equals(hashed.dictionary)
    assert codes.tolist() == hashed.indices.to_pylist()


def test_many_ids_that_are_text_are_numbered_by_their_words_as_by_hashing() -> None:
    array = pa.array([f"cus_{number * 7919 % 6000:010}" for number in range(9000)])
    values, codes = encoded(array)
    hashed = array.dictionary_encode()
    assert values.equals(hashed.dictionary)
    assert codes.tolist() == hashed.indices.to_pylist()


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

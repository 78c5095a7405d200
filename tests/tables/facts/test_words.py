"""Texts of one length are numbered by their bytes: the same numbers as by a dictionary, in the order of coming."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saasmetrics.tables.facts.ids import Ids
from saasmetrics.tables.words import words_of


def numbered(parts: list[list[str]]) -> tuple[list[list[int]], list[str]]:
    """Return what a dictionary says: numbers of the texts of each part, and the texts as they are numbered."""
    known: dict[str, int] = {}
    numbers = [[known.setdefault(text, len(known)) for text in part] for part in parts]
    return numbers, list(known)


def found(parts: list[list[str]]) -> tuple[list[list[int]], list[str]]:
    ids = Ids()
    numbers = [ids.numbers(pa.array(part, pa.string())).tolist() for part in parts]
    return numbers, ids.values.to_pylist()


LETTERS = st.sampled_from("ab\u00e9")
LENGTHS = st.integers(7, 42)


@given(
    LENGTHS.flatmap(
        lambda n: st.lists(
            st.lists(st.text("ab", min_size=n, max_size=n), min_size=1, max_size=9),
            min_size=1,
            max_size=5,
        )
    )
)
def test_texts_of_one_length_have_the_numbers_of_a_dictionary(parts):
    assert found(parts) == numbered(parts)


@given(
    st.lists(
        st.lists(st.text(LETTERS, max_size=18), min_size=1, max_size=9), min_size=1, max_size=6
    )
)
def test_texts_of_any_length_have_the_numbers_of_a_dictionary(parts):
    assert found(parts) == numbered(parts)


def test_texts_of_another_length_are_others_though_their_first_and_last_bytes_are_the_same():
    parts = [["a" * 14], ["a" * 15], ["a" * 14, "a" * 15]]
    assert found(parts) == numbered(parts)


@pytest.mark.parametrize("text", ["cus_{:010}", "{:036x}", "{0:04x}-{0:04x}"])
def test_many_ids_find_their_numbers_while_the_table_of_slots_grows(text):
    rng = np.random.default_rng(3)
    parts = [
        [text.format(int(n)) for n in rng.integers(0, top, 3_000)] for top in (500, 9_000, 60_000)
    ]
    assert all(words_of(pa.array(part)) is not None for part in parts)
    assert found(parts) == numbered(parts)


def test_a_part_of_an_array_is_read_from_where_it_begins():
    whole = pa.array(["xx", "cus_000001", "cus_000002", "cus_000001"])
    assert Ids().numbers(whole[1:]).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "texts",
    [["short"], ["cus_000001", None], [], ["x" * 41], ["cus_000001", "cus_0000012"]],
    ids=["short", "missing", "none", "long", "different"],
)
def test_other_texts_have_no_words(texts):
    assert words_of(pa.array(texts, pa.string())) is None

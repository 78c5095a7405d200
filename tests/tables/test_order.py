"""Keys are in order, and so is where they came from, whether they were counted, parted before, or merged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saasmetrics.tables import order as module
from saasmetrics.tables.order import by_key, in_order
from tests.properties.profile import quick


@quick
@given(
    st.integers(0, 63).flatmap(lambda bits: st.lists(st.integers(0, 2**bits - 1))),
    st.booleans(),
    st.booleans(),
)
def test_keys_are_those_of_a_stable_sort(keys: list[int], runs: bool, many: bool) -> None:
    parts = np.array_split(np.array(keys, np.int64), 2)
    key = np.concatenate([np.sort(part) for part in parts] if runs else parts)
    order = np.argsort(key, kind="stable")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CACHED", 0 if many else 1 << 18)
        found, place = in_order(key.copy())
    assert (found == key[order]).all()
    assert (place == order).all()


@pytest.mark.parametrize("runs", [1, 7, 5_000])
def test_many_keys_in_some_runs_are_those_of_a_stable_sort(runs: int) -> None:
    random = np.random.default_rng(1).integers(0, 9_000, 300_000)
    key = np.concatenate([np.sort(part) for part in np.array_split(random, runs)])
    order = np.argsort(key, kind="stable")
    found, place = in_order(key.copy())
    assert (found == key[order]).all()
    assert (place == order).all()


@quick
@given(
    st.integers(0, 32).flatmap(lambda bits: st.lists(st.integers(0, 2**bits - 1))), st.booleans()
)
def test_columns_go_with_their_short_keys(keys: list[int], many: bool) -> None:
    key = np.array(keys, np.uint32)
    order = np.argsort(key, kind="stable")
    columns = [np.arange(len(key), dtype=np.int32), np.arange(len(key)) * 0.5]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CACHED", 0 if many else 1 << 18)
        patch.setattr(module, "_AT_ONCE", 7)
        found, (places, halves) = by_key(key.copy(), columns)
    assert found.dtype == np.uint32
    assert (found == key[order]).all()
    assert (places == order).all()
    assert (halves == order * 0.5).all()

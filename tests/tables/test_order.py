"""Keys are in order, and so is where they came from, whether they were sorted or merged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saasmetrics.tables.order import in_order
from tests.properties.profile import quick


@quick
@given(st.lists(st.integers(0, 2**40)), st.integers(0, 2))
def test_keys_are_those_of_a_stable_sort(keys: list[int], runs: int) -> None:
    parts = np.array_split(np.array(keys, np.int64), 2)
    key = np.concatenate([np.sort(part) for part in parts] if runs else parts)
    order = np.argsort(key, kind="stable")
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

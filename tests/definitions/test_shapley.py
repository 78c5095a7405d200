"""The part of each factor is its effect averaged over every order, and what parts sum to is the difference."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.definitions.shapley import MOST, Block, attribute
from tests.properties.profile import quick

Subset = frozenset[str]
Sums = dict[Subset, tuple[list[float], list[float]]]


@st.composite
def numbers(draw: st.DrawFn, zero: bool = False) -> tuple[str, Sums]:
    """Up to four factors, and for each subset of them what three customers add to both sides."""
    factors = "abcd"[: draw(st.integers(1, 4))]
    cents = st.integers(-500, 500).map(float)
    below = st.integers(0 if zero else 1, 400).map(float)
    out: Sums = {}
    for mask in range(2 ** len(factors)):
        on = frozenset(f for n, f in enumerate(factors) if mask >> n & 1)
        top = draw(st.lists(cents, min_size=3, max_size=3))
        out[on] = (top, draw(st.lists(below, min_size=3, max_size=3)))
    return factors, out


def value(sums: Sums, on: Subset) -> float:
    return sum(sums[on][0]) / sum(sums[on][1])


@quick
@given(numbers())
def test_a_part_is_the_mean_effect_over_every_order(made: tuple[str, Sums]) -> None:
    factors, sums = made
    found = attribute(factors, lambda on: (Block(*(np.array(side) for side in sums[on])),))
    orders = list(permutations(factors))
    mean = dict.fromkeys(factors, 0.0)
    for order in orders:
        on: Subset = frozenset()
        for factor in order:
            mean[factor] += (value(sums, on | {factor}) - value(sums, on)) / len(orders)
            on |= {factor}
    assert found.by_factor == pytest.approx([mean[f] for f in factors], abs=1e-9)
    difference = value(sums, frozenset(factors)) - value(sums, frozenset())
    assert found.parts[0].sum() == pytest.approx(difference, abs=1e-9)
    alone = [value(sums, frozenset(f)) - value(sums, frozenset()) for f in factors]
    assert found.first_order == pytest.approx(alone, abs=1e-9)


@quick
@given(numbers())
def test_the_way_back_has_the_same_parts_with_the_other_sign(made: tuple[str, Sums]) -> None:
    factors, sums = made
    everything = frozenset(factors)
    there = attribute(factors, lambda on: (Block(*(np.array(side) for side in sums[on])),))
    back = attribute(
        factors, lambda on: (Block(*(np.array(side) for side in sums[everything - on])),)
    )
    assert there.parts[0] == pytest.approx(-back.parts[0], abs=1e-9)


@quick
@given(numbers(zero=True))
def test_orders_through_a_number_that_has_none_are_left_out(made: tuple[str, Sums]) -> None:
    factors, sums = made
    known = {on for on, (_, below) in sums.items() if sum(below) > 0}
    ways = [
        order
        for order in permutations(factors)
        if all(frozenset(order[:n]) in known for n in range(len(factors) + 1))
    ]

    def evaluate(on: Subset) -> tuple[Block, ...]:
        return (Block(*(np.array(side) for side in sums[on])),)

    if not ways:
        with pytest.raises(sm.DataError, match="denominator is 0"):
            attribute(factors, evaluate)
        return
    found = attribute(factors, evaluate)
    difference = value(sums, frozenset(factors)) - value(sums, frozenset())
    assert found.by_factor.sum() == pytest.approx(difference, abs=1e-9)


def test_a_sum_of_money_has_no_denominator() -> None:
    # 10 with nothing, 12 with a, 20 with b, 26 with both: a adds (2 + 6) / 2, b adds (10 + 14) / 2.
    sums = {"": 10.0, "a": 12.0, "b": 20.0, "ab": 26.0}
    found = attribute("ab", lambda on: (Block(np.array([sums["".join(sorted(on))]])),))
    assert found.by_factor.tolist() == [4, 12]


def test_more_factors_than_can_be_told_apart_are_refused() -> None:
    many = [str(n) for n in range(MOST + 1)]
    with pytest.raises(sm.DataError, match=f"{MOST + 1} things differ"):
        attribute(many, lambda _: (Block(np.zeros(1)),))


def test_no_factor_leaves_no_difference() -> None:
    found = attribute([], lambda _: (Block(np.array([3.0])),))
    assert (found.start, found.end) == (3, 3)
    assert found.by_factor.tolist() == []

"""Each alternative of each choice changes what its sentence says: on ledgers small enough to reckon by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics.policies import choices
from tests.policies.combining import COMBINING
from tests.policies.looks import Seen, subscriptions
from tests.policies.reading import READING

EXPECTED = (*READING, *COMBINING)

# Formulas of economics under each method: tests/metrics/test_economics.py, test_efficiency.py, test_lifetime_value.py
# and test_payback.py reckon each one; here only that the policy decides which one it is.
METHODS: tuple[tuple[str, str, Any], ...] = (
    ("ltv", "ltv", "method"),
    ("cac", "cac", "method"),
    ("cac_ratio", "cac_ratio", "method"),
    ("payback", "payback", "method"),
    ("magic_number", "magic_number", "method"),
    ("rule_of_40", "rule_of_40", "method"),
    ("lag", "cac", "lag"),
    ("ltv_churn_months", "ltv", "churn_months"),
)
VALUES = {"lag": (0, 2), "ltv_churn_months": (1, 3)}
ELSEWHERE = {"knowledge"}  # which rows are read at all

CASES = [
    pytest.param(choice, made, seen, value, expected, id=f"{choice}={value} ({n})")
    for n, (choice, made, seen, told) in enumerate(EXPECTED)
    for value, expected in told.items()
]


@pytest.mark.parametrize(("choice", "made", "seen", "value", "expected"), CASES)
def test_an_alternative_changes_exactly_what_it_says(
    choice: str, made: Callable[[], sm.Book], seen: Seen, value: Any, expected: Any
) -> None:
    assert seen(made().with_policy(**{choice: value})) == expected


@pytest.fixture(scope="module")
def demo() -> sm.Book:
    return sm.demo(customers=150)


@pytest.mark.parametrize(("choice", "metric", "option"), METHODS)
def test_the_policy_decides_what_an_option_would(
    demo: sm.Book, choice: str, metric: str, option: str
) -> None:
    function = getattr(sm.economics, metric)
    found = {}
    for value in VALUES.get(choice) or choices()[choice]["options"]:
        under = function(demo.with_policy(**{choice: value}))
        asked = function(demo, **{option: value})
        assert under.df.equals(asked.df)
        found[value] = under.df.to_json()
    assert len(set(found.values())) > 1


def test_no_alternative_is_left_out() -> None:
    told: dict[str, set[Any]] = {name: set() for name in choices()}
    for choice, _, _, expected in EXPECTED:
        told[choice] |= set(expected)
    by_option = {choice for choice, _, _ in METHODS}
    for choice, info in choices().items():
        if choice not in by_option | ELSEWHERE:
            assert told[choice] >= set(info.get("options", {})), choice
            assert len(told[choice]) > 1, choice


def test_uplifts_cannot_be_left_out_of_a_method_that_does_not_know_them() -> None:
    book = subscriptions({}).with_policy(escalators="excluded", nrr="movements")
    with pytest.raises(sm.DataError, match='nrr="cohort"'):
        sm.retention.nrr(book, window=1)

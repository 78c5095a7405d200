"""Policy: choices with their words, refused when unknown, told apart from the default."""

from __future__ import annotations

import copy
import pickle
from dataclasses import fields

import pytest

import saasmetrics as sm
from saasmetrics.policy import Policy, choices, presets

ALL = [(name, value) for name, info in choices().items() for value in info.get("options", [])]


def test_every_choice_of_the_policy_is_explained() -> None:
    assert {f.name for f in fields(Policy)} - {"name", "version"} == set(choices())


@pytest.mark.parametrize(("name", "value"), ALL)
def test_every_value_has_a_sentence(name: str, value: str) -> None:
    assert Policy(**{name: value}).sentence(name)[0].isalpha()


@pytest.mark.parametrize("name", presets())
def test_every_preset_loads_under_its_name(name: str) -> None:
    assert Policy.named(name).name == name


def test_a_changed_policy_says_so_in_its_name_and_in_words() -> None:
    changed = Policy().changed(gap_days=30)
    assert changed.name == "default*"
    assert "a gap in paid service of up to 30 days" in str(changed)


def test_changing_to_the_same_choice_changes_nothing() -> None:
    assert Policy().changed(view="snapshot") == Policy()


def test_an_unknown_choice_suggests_the_nearest() -> None:
    with pytest.raises(sm.DataError, match="overlap"):
        Policy().changed(overlaps="sum")


def test_an_unknown_value_names_the_known_ones() -> None:
    with pytest.raises(sm.DataError, match="'snapshot', 'event'"):
        Policy(view="events")


@pytest.mark.parametrize("value", [-1, 1.5, True, "30"])
def test_a_number_of_days_is_a_whole_number(value: object) -> None:
    with pytest.raises(sm.DataError, match="whole number"):
        Policy(gap_days=value)


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(sm.DataError, match="default"):
        Policy.named("defualt")


def test_a_policy_made_by_hand_is_not_called_default() -> None:
    assert Policy(overlap="latest").name == "custom"


def test_a_policy_made_with_a_choice_that_there_is_not_says_which_there_are() -> None:
    with pytest.raises(sm.DataError, match=r"no choice called 'ltvs'.*Did you mean 'ltv'"):
        Policy(ltvs="margin")
    again = pickle.loads(pickle.dumps(Policy.named("stripe")))
    assert (again, copy.deepcopy(again)) == (Policy.named("stripe"), again)

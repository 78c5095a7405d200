"""`help(sm)` and tab completion lead to every topic, and the help of a topic to everything in it."""

from __future__ import annotations

import inspect
import re
from types import ModuleType

import pytest

import saasmetrics as sm

TOPICS = [name for name in sm.__all__ if inspect.ismodule(getattr(sm, name))]


def _listed(module: ModuleType) -> set[str]:
    """Every word of a docstring: a name that is not among them is not told."""
    return set(re.findall(r"\b[A-Za-z]\w*\b", inspect.getdoc(module) or ""))


def test_help_names_everything_that_is_public() -> None:
    assert set(sm.__all__) - _listed(sm) == set()


def test_help_has_one_line_for_each_topic_and_none_for_what_is_not_there() -> None:
    assert sorted(re.findall(r"^- (\w+): ", sm.__doc__ or "", re.MULTILINE)) == sorted(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_the_help_of_a_topic_says_what_is_in_it(topic: str) -> None:
    module = getattr(sm, topic)
    assert set(module.__all__) - _listed(module) == set()


@pytest.mark.parametrize("topic", TOPICS)
def test_tab_completion_of_a_topic_shows_what_is_in_it_and_nothing_else(topic: str) -> None:
    module = getattr(sm, topic)
    assert sorted(n for n in dir(module) if not n.startswith("_")) == sorted(module.__all__)


def test_tab_completion_shows_the_public_names() -> None:
    assert set(dir(sm)) == {*sm.__all__, "__version__"}


def test_tab_completion_of_a_book_shows_what_people_ask_of_it() -> None:
    book = sm.demo(customers=20)
    offered = set(dir(book))
    assert {"check", "where", "between", "as_of", "with_policy", "explore", "policy"} <= offered
    assert not {name for name in offered if name.startswith("_") or not hasattr(book, name)}
    assert not offered & {"engines", "cuts", "told_day", "of_rows"}


@pytest.mark.parametrize("kind", [sm.Book, sm.Result, sm.Policy])
def test_everything_that_can_be_called_on_a_thing_explains_itself(kind: type) -> None:
    public = [name for name in vars(kind) if not name.startswith("_")]
    asked = [name for name in public if callable(inspect.getattr_static(kind, name))]
    assert [name for name in asked if not inspect.getdoc(getattr(kind, name))] == []

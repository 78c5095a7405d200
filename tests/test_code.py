"""Every result can say the call that makes it, and that call makes the same numbers."""

from __future__ import annotations

import inspect
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.calls import Call, public, quoted
from saasmetrics.catalogue import Metric

ASKED: dict[
    str, dict[str, Any]
] = {  # what the metrics need beside the book, and options of each kind
    "nrr": {"window": 3, "by": ["segment"], "freq": "Q", "interval": None},
    "compare_cohorts": {"a": "2024-01", "b": "2024-02"},
    "compare": {"by": "segment"},
    "scenarios": {"given": [None, sm.forecast.Scenario("save", churn=0.8)]},
    "fit_shares": {"shares": [1.0, 0.87, 0.74, 0.65, 0.59]},
    "cox": {"covariates": "segment"},
    "tiers": {"bands": (1000, 10_000)},
    "flexible_staffing": {"fixed_cost": 40, "flexible_cost": 70},
    "csm_coverage": {"ratios": {"Enterprise": 12, "Mid-Market": 50, "SMB": 500}},
    "assign": {"customers": {"customer_id": ["a", "b", "c", "d"]}, "seed": 1},
    "attribution": {"treatment": "success_plan", "cluster": "csm_id", "randomized": True},
    "learn": {"penalty": 2.0},
    "ltv_cac_change": {"then": "2025-06-30"},
    "before_after": {"date": "2025-06-01"},
}
# What they need is a table that no text says, or one that the made-up company has not.
NEED_A_TABLE = {"deflection", "untagged", "root_cause", "self_serve_rate"}
PROGRAMS = {  # of whose effect a result is asked about
    "balance": {"treatment": "qbr"},
    "event_study": {"treatment": "success_plan", "cluster": "csm_id"},
    "value_of": ASKED["attribution"],
}


def _id(entry: Metric) -> str:
    return entry.id


def _calls() -> list[Metric]:
    """The metrics that answer with a Result; a formula answers with a number."""
    entries = [e for e in sm.CATALOGUE.values() if e.function.__module__ != "saasmetrics.quality"]
    return [e for e in entries if ".formulas" not in e.function.__module__]


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=120, seed=7)


@pytest.mark.parametrize(
    "entry", [e for e in _calls() if e.function.__name__ not in NEED_A_TABLE], ids=_id
)
def test_the_code_of_a_metric_makes_the_same_numbers(entry: Metric, book: sm.Book) -> None:
    name, first = entry.function.__name__, next(iter(inspect.signature(entry.function).parameters))
    asked = ASKED.get(entry.id, {} if name == "nrr" else ASKED.get(name, {}))
    known = {k: v for k, v in asked.items() if k in inspect.signature(entry.function).parameters}
    if name == "learn":  # from at least 30 customers who left
        book = sm.demo(customers=300)
    arguments = [book] if first == "book" else []
    if first == "result":
        arguments = [sm.success.attribution(book, **PROGRAMS[name])]
    result = entry.function(*arguments, **known)
    again = eval(result.code("ours"), {"sm": sm, "ours": book})
    pd.testing.assert_frame_equal(again.df, result.df)
    assert again.definition is result.definition is entry


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (sm.definitions.compare, ("nrr", ["default", sm.Policy(name="ours", gap_days=30)])),
        (sm.definitions.explain, (sm.retention.nrr, "default", "stripe")),
        (sm.definitions.restatement, ("nrr", "2026-03-31")),
    ],
)
def test_the_code_of_definitions_is_theirs_not_that_of_the_metric_inside(
    function: Any, given: tuple[Any, ...], book: sm.Book
) -> None:
    result = function(book, *given)
    assert result.code().startswith(f"sm.definitions.{function.__name__}(book, ")
    again = eval(result.code(), {"sm": sm, "book": book})
    pd.testing.assert_frame_equal(again.df, result.df)


def test_the_report_on_the_data_is_a_call_of_the_book(book: sm.Book) -> None:
    assert book.check().code("ours") == "ours.check()"


def test_an_argument_without_a_text_is_named(book: sm.Book) -> None:
    result = sm.definitions.sources(book, book)
    with pytest.raises(sm.DataError, match="its b is no text, number, date or list"):
        result.code()


def test_a_result_that_no_call_made_says_so() -> None:
    from dataclasses import replace

    bare = replace(sm.retention.nrr(sm.demo(customers=30)), call=None)
    with pytest.raises(sm.DataError, match="was not made by one call"):
        bare.code()


def test_a_metric_asked_by_another_is_not_what_the_code_says(book: sm.Book) -> None:
    assert sm.economics.ltv_cac(book).code() == "sm.economics.ltv_cac(book)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('a "b" \\ ü', '"a \\"b\\" \\\\ ü"'),
        (np.int64(3), "3"),
        (np.float64(0.5), "0.5"),
        (float("nan"), 'float("nan")'),
        (date(2026, 1, 31), '"2026-01-31"'),
        (pd.Timestamp("2026-01-31"), '"2026-01-31"'),
        (("a", 1, None), '["a", 1, None]'),
        ({"a": [True]}, '{"a": [True]}'),
    ],
)
def test_values_are_written_as_python(value: Any, text: str) -> None:
    assert quoted(value) == text


def test_a_result_that_is_asked_about_is_written_as_its_own_call(book: sm.Book) -> None:
    found = sm.success.attribution(book, "qbr")
    asked = 'sm.success.balance(result=sm.success.attribution(ours, treatment="qbr"))'
    assert sm.success.balance(found).code("ours") == asked


def test_a_table_has_no_text() -> None:
    with pytest.raises(sm.DataError, match="DataFrame"):
        quoted(pd.DataFrame({"a": [1]}))


def test_a_name_that_is_none_of_python_is_passed_all_the_same() -> None:
    call = Call("retention.nrr", (("plan tier", '"a"'),), "book")
    assert call.code() == 'sm.retention.nrr(book, **{"plan tier": "a"})'


@pytest.mark.parametrize("entry", _calls(), ids=_id)
def test_a_metric_is_where_its_code_says(entry: Metric) -> None:
    topic, name = public(entry.function).split(".")
    assert getattr(getattr(sm, topic), name) is entry.function

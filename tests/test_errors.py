"""The errors and what they say."""

from __future__ import annotations

import pickle

import pytest

from saasmetrics.errors import (
    DataError,
    InvalidTablesError,
    MissingExtraError,
    MissingTableError,
    Problem,
    UnknownNameError,
    suggest,
)

NEGATIVE = Problem(
    "mrr",
    "mrr",
    "must not be negative",
    1,
    ({"customer_id": "b", "month": "2026-01-01", "mrr": -5.0},),
    "Book credits as contraction, not as negative MRR.",
    "error",
    "negative-amount",
)
MISSING = Problem("mrr", "month", "is missing", remedy="Add the column.")


def test_the_message_names_place_rule_rows_examples_and_remedy_of_every_problem():
    assert str(InvalidTablesError([NEGATIVE, MISSING])) == (
        "2 problems in the input tables:\n"
        "  1. mrr.mrr: must not be negative, broken by 1 row.\n"
        "     e.g. customer_id=b, month=2026-01-01, mrr=-5.0\n"
        "     Book credits as contraction, not as negative MRR.\n"
        "  2. mrr.month: is missing.\n"
        "     Add the column."
    )


def test_the_error_carries_its_problems_as_data():
    assert InvalidTablesError(iter([NEGATIVE, MISSING])).problems == [NEGATIVE, MISSING]


def test_every_error_can_be_caught_as_a_value_error():
    for kind in (DataError, UnknownNameError, MissingTableError, MissingExtraError):
        assert issubclass(kind, DataError)
        assert issubclass(kind, ValueError)


def test_a_missing_extra_can_be_caught_as_an_import_error():
    assert issubclass(MissingExtraError, ImportError)


def test_errors_survive_pickling_so_that_worker_processes_can_raise_them():
    assert pickle.loads(pickle.dumps(InvalidTablesError([NEGATIVE]))).problems == [NEGATIVE]


def test_more_than_three_examples_are_cut_to_three():
    rows = tuple({"n": n} for n in range(5))
    problem = Problem("mrr", "mrr", "rule", 5, rows)
    assert "e.g. n=0; n=1; n=2\n" in f"{problem}\n"


def test_a_problem_of_the_whole_table_names_only_the_table():
    assert str(Problem("mrr", "", "has no rows")) == "mrr: has no rows."


def test_a_misspelt_name_gets_the_nearest_existing_one():
    assert suggest("Custmer_id", ["customer_id", "month"]) == "Did you mean 'customer_id'?"


def test_a_name_near_to_nothing_gets_the_list_instead():
    error = UnknownNameError.of("table", "zzz", ["mrr", "spend"])
    assert str(error) == "There is no table called 'zzz'. There are: 'mrr', 'spend'."


@pytest.mark.parametrize("options", [[], ["mrr"]])
def test_no_suggestion_when_nothing_is_near(options):
    assert suggest("qqqqq", options) == ""

"""`df.saas`, for those who ask for it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import saasmetrics as sm

ROWS = {
    "customer_id": ["a", "b", "a"],
    "month": ["2026-01", "2026-01", "2026-02"],
    "mrr": [9, 3, 10],
}
LINES = {"subscription_id": ["s"], "customer_id": ["a"], "start": ["2026-01-01"], "amount": [5]}
LINES |= {"interval": ["month"]}
BILLS = {"invoice_id": ["i"], "customer_id": ["a"], "date": ["2026-01-05"], "amount": [7.0]}


@pytest.fixture(scope="module", autouse=True)
def _registered() -> None:
    sm.register_accessor()


def test_it_is_off_until_asked_for(fresh_python: Callable[..., str]) -> None:
    code = "import saasmetrics as sm, pandas as pd; b = sm.demo(customers=20).check(); "
    assert fresh_python(code + "print(hasattr(pd.DataFrame, 'saas'))") == "False"
    code = "import pandas as pd, saasmetrics.accessor; print(hasattr(pd.DataFrame, 'saas'))"
    assert fresh_python(code) == "True"


def test_a_frame_answers_as_its_book_does() -> None:
    frame = pd.DataFrame(ROWS)
    known = sm.retention.nrr(sm.Book(mrr=frame), window=1)
    pd.testing.assert_frame_equal(frame.saas.nrr(window=1).df, known.df)


@pytest.mark.parametrize(
    ("rows", "table", "mrr"),
    [
        (ROWS, "mrr", 10),
        ({"customer_id": ["a", "b"], "2026-01": [9, 3], "2026-02": [10, None]}, "mrr", 10),
        (LINES, "subscriptions", 5),
        (BILLS, "invoices", 7),
        ({"account_id": ["a"], "month": ["2026-01"], "mrr_amount": [4]}, "mrr", 4),
    ],
)
def test_it_sees_by_the_columns_what_the_rows_are(rows: dict, table: str, mrr: float) -> None:
    book = pd.DataFrame(rows).saas.book(as_of="2026-02-28")
    assert table in book.tables
    assert sm.revenue.mrr(book.as_of("2026-02-28")).df["value"].max() >= mrr


def test_a_book_of_a_frame_takes_a_policy_and_other_tables() -> None:
    customers = {"customer_id": ["a", "b"], "segment": ["x", "y"]}
    book = pd.DataFrame(ROWS).saas.book(policy="stripe", customers=customers)
    assert (book.policy.name, "customers" in book.tables) == ("stripe", True)


def test_columns_that_fit_several_tables_are_a_question() -> None:
    both = pd.DataFrame({**ROWS, "amount": 5, "interval": "month", "start": ROWS["month"]})
    both["subscription_id"] = ["s", "t", "u"]
    with pytest.raises(sm.DataError, match="fit subscriptions and mrr; say which"):
        both.saas.book()
    assert "mrr" in both.saas.book("mrr").tables


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda saas: saas.book("mrrr"), "Did you mean 'mrr'?"),
        (lambda saas: saas.book(mrr={}), "leave out mrr="),
        (lambda saas: saas.nrrr, "There is no metric called 'nrrr'. Did you mean 'nrr'?"),
    ],
)
def test_what_it_has_not_is_said(ask: Callable, words: str) -> None:
    with pytest.raises((sm.DataError, AttributeError), match=words.replace("?", r"\?")):
        ask(pd.DataFrame(ROWS).saas)


def test_a_frame_without_mrr_has_no_accessor_and_says_which_columns_it_takes() -> None:
    other = pd.DataFrame({"x": [1]})
    assert not hasattr(other, "saas")
    with pytest.raises(AttributeError, match="It takes subscriptions \\(subscription_id"):
        _ = other.saas


def test_completion_lists_its_metrics_and_their_help_is_theirs() -> None:
    saas = pd.DataFrame(ROWS).saas
    assert {"book", "nrr", "bridge", "cohorts", "ltv_cac", "curve"} <= set(dir(saas))
    assert saas.nrr.__doc__ == sm.retention.nrr.__doc__


def test_a_second_registration_changes_nothing() -> None:
    sm.register_accessor()
    assert pd.DataFrame(ROWS).saas.mrr().value == 10


def test_the_frame_is_not_changed() -> None:
    frame = pd.DataFrame(ROWS)
    frame.saas.bridge()
    pd.testing.assert_frame_equal(frame, pd.DataFrame(ROWS))

"""Days past what the tables know, dates that cannot be shown, sources that are not used."""

from __future__ import annotations

import pytest

import saasmetrics as sm
from saasmetrics.errors import InvalidTablesError


def test_an_as_of_date_after_the_last_month_of_mrr_is_a_warning(one, mrr):
    problem = one("as-of-after-data", mrr=mrr(("a", "2025-01", 10.0)), as_of="2025-03-31")
    assert problem.severity == "warning"
    assert "nothing is known after 2025-01" in problem.rule
    assert "everything reads as churn after it" in problem.rule
    assert 'as_of="2025-01-31"' in problem.remedy


def test_an_as_of_date_after_the_month_of_the_last_invoice_is_a_warning(one, invoices):
    lines = invoices(("a", "2025-01-10", 10.0, None, None))
    problem = one("as-of-after-data", invoices=lines, as_of="2025-02-01")
    assert 'as_of="2025-01-31"' in problem.remedy


@pytest.mark.parametrize("as_of", ["2025-01-31", "2025-01-15", "2024-12-31"])
def test_an_as_of_date_within_the_data_is_fine(found, mrr, as_of):
    assert found("as-of-after-data", mrr=mrr(("a", "2025-01", 10.0)), as_of=as_of) == []


def test_subscriptions_know_past_their_last_start(found, subscriptions, mrr):
    tables = {"subscriptions": subscriptions(), "mrr": mrr(("a", "2025-01", 10.0))}
    assert found("as-of-after-data", **tables, as_of="2026-01-31") == []


def test_a_book_without_an_as_of_date_never_reads_past_its_data():
    book = sm.Book(mrr={"customer_id": ["a"], "month": ["2025-01"], "mrr": [10]})
    assert "as-of-after-data" not in [p.code for p in book.check().extra["problems"]]


@pytest.mark.parametrize("start", ["0001-01-01", "1677-12-31", "2262-01-01"])
def test_dates_that_cannot_be_shown_are_an_error(found, one, subscriptions, start):
    table = subscriptions(start=[start, "2025-01-01"])
    problem = one("impossible-date", subscriptions=table)
    assert (problem.severity, problem.rows) == ("error", 1)
    assert found("distant-date", subscriptions=table) == []
    with pytest.raises(InvalidTablesError, match="cannot be shown"):
        sm.retention.nrr(sm.Book(subscriptions=table))


@pytest.mark.parametrize("start", ["1678-01-01", "1989-12-31", "2261-12-31"])
def test_dates_that_are_only_far_stay_a_warning(found, one, subscriptions, start):
    table = subscriptions(start=[start, "2025-01-01"])
    assert one("distant-date", subscriptions=table).severity == "warning"
    assert found("impossible-date", subscriptions=table) == []


def test_a_far_end_of_a_running_subscription_is_no_error(found, subscriptions):
    table = subscriptions(end=["9999-12-31", None])
    assert found("impossible-date", subscriptions=table) == []


def test_mrr_beside_subscriptions_is_noted_as_not_used(one, found, subscriptions, mrr):
    months = mrr(("a", "2025-01", 10.0))
    problem = one("unused-mrr", subscriptions=subscriptions(), mrr=months)
    assert (problem.table, problem.severity) == ("mrr", "note")
    assert found("unused-mrr", mrr=months) == []


def as_of_notes(book):
    return [p for p in book.check().extra["problems"] if p.code == "as-of-guessed"]


def test_an_as_of_date_that_nobody_said_is_noted():
    rows = {"customer_id": ["a"], "month": ["2025-01"], "mrr": [10]}
    (note,) = as_of_notes(sm.Book(mrr=rows))
    assert note.rule == "as of is taken from the last date in the tables (2025-01-31)"
    assert (note.severity, note.table) == ("note", "mrr")
    assert "as_of=" in note.remedy


def test_an_as_of_date_that_was_said_is_not_noted():
    rows = {"customer_id": ["a"], "month": ["2025-01"], "mrr": [10]}
    assert as_of_notes(sm.Book(mrr=rows, as_of="2025-01-31")) == []
    assert as_of_notes(sm.Book(mrr=rows).as_of("2025-01-15")) == []


def test_other_choices_do_not_make_a_guess_a_saying(subscriptions):
    book = sm.Book(subscriptions=subscriptions())
    assert len(as_of_notes(book.with_policy(end="inclusive"))) == 1

"""Exports that were cut, and dates that are odd."""

from __future__ import annotations

import datetime as dt

import pytest

from saasmetrics.tables import gate, normalize


@pytest.mark.parametrize("rows", [1_000, 5_000])
def test_a_row_count_at_a_limit_of_exports_is_a_warning(one, subscriptions, rows):
    problem = one("round-row-count", subscriptions=subscriptions(amount=[1.0] * rows))
    assert (problem.severity, problem.rows) == ("warning", rows)


def test_any_other_row_count_is_not(found, subscriptions):
    assert found("round-row-count", subscriptions=subscriptions(amount=[1.0] * 999)) == []


def test_a_wide_table_is_counted_by_customers(one):
    wide = {
        "customer": [f"c{n}" for n in range(100)],
        "2026-01": [1.0] * 100,
        "2026-02": [1.0] * 100,
    }
    assert (
        one("round-row-count", mrr=wide).rule
        == "has exactly 100 customers, a usual limit of exports"
    )


@pytest.mark.parametrize(("start", "end"), [("1970-01-01", None), ("2025-01-01", "9999-12-31")])
def test_dates_far_away_are_a_warning(one, subscriptions, start, end):
    table = subscriptions(start=[start, "2025-01-01"], end=[end, None])
    problem = one("distant-date", subscriptions=table)
    assert (problem.severity, problem.rows) == ("warning", 1)


def test_running_subscriptions_that_all_end_on_one_day_are_a_warning(one, subscriptions):
    ends = ["2025-03-15", "2025-09-01", *["2026-03-31"] * 8]
    problem = one("extract-stops-short", subscriptions=subscriptions(end=ends))
    assert (problem.severity, problem.rows) == ("warning", 8)
    assert problem.rule == "8 of 8 subscriptions still running end on 2026-03-31"


def test_a_few_ends_on_the_last_day_are_usual(found, subscriptions):
    ends = [None] * 20 + ["2026-03-31"] * 8
    assert found("extract-stops-short", subscriptions=subscriptions(end=ends)) == []


def test_mrr_that_falls_off_in_the_last_month_is_a_warning(one, mrr):
    rows = [
        (customer, month, 10.0)
        for customer in "abcd"
        for month in ("2026-01", "2026-02", "2026-03")
    ]
    problem = one("cliff-at-the-end", mrr=mrr(*rows, ("a", "2026-04", 10.0)))
    assert problem.rule == "falls from 40 to 10 MRR from 2026-03 to 2026-04, at the end of the data"


def test_mrr_that_is_zero_in_the_last_two_months_is_a_warning(one, mrr):
    rows = [("a", f"2026-0{month}", 10.0 if month < 5 else 0.0) for month in range(1, 7)]
    assert "from 2026-04 to 2026-05" in one("cliff-at-the-end", mrr=mrr(*rows)).rule


def test_a_fall_long_ago_is_no_cliff_at_the_end(found, mrr):
    rows = [("a", f"2025-{month:02}", 100.0 if month < 4 else 10.0) for month in range(1, 13)]
    assert found("cliff-at-the-end", mrr=mrr(*rows)) == []


def test_subscriptions_that_nearly_all_end_in_the_last_month_are_a_warning(one, subscriptions):
    ends = [f"2026-03-{day:02}" for day in range(1, 21)]
    assert one("cliff-at-the-end", subscriptions=subscriptions(end=ends)).severity == "warning"


def test_ends_after_the_as_of_date_are_no_cliff(found, subscriptions):
    ends = [f"2026-03-{day:02}" for day in range(1, 21)]
    assert (
        found("cliff-at-the-end", subscriptions=subscriptions(end=ends), as_of="2026-02-28") == []
    )


def test_customers_who_pay_from_the_first_month_on_are_noted(one, mrr):
    rows = mrr(("a", "2026-01", 1.0), ("b", "2026-01", 0.0), ("c", "2026-02", 1.0))
    problem = one("left-truncation", mrr=rows)
    assert (problem.severity, problem.rows) == ("note", 1)
    assert problem.rule == "customers already pay in the first month, 2026-01"


def tickets(**columns):
    return {
        "ticket_id": [1],
        "customer_id": ["a"],
        "created_at": ["2026-01-01T10:00:00Z"],
    } | columns


def test_times_with_and_without_a_zone_in_one_table_are_a_warning(one):
    problem = one("mixed-time-zones", tickets=tickets(solved_at=["2026-01-01 11:00:00"]))
    assert (problem.severity, problem.column) == ("warning", "created_at, solved_at")


def test_times_of_one_zone_are_sound(found):
    assert found("mixed-time-zones", tickets=tickets(solved_at=["2026-01-01T11:00:00Z"])) == []


def test_days_beside_times_are_a_warning(one):
    columns = tickets(created_at=["2026-01-01"], solved_at=["2026-01-01 11:00:00"])
    assert one("dates-beside-times", tickets=columns).column == "created_at"


def test_what_was_decided_while_reading_is_noted(one):
    problem = one(
        "as-read", invoices={"customer_id": ["a"], "date": ["2026-01-01"], "amount": [1.0]}
    )
    assert problem.rule == "there is no invoice_id: row numbers stand for it"


def test_errors_come_before_warnings_and_notes(subscriptions):
    table = normalize(
        "subscriptions", subscriptions(amount=[0.0, -1.0, 1.0], end=["2025-01-01", None, None])
    )
    severities = [
        problem.severity for problem in gate.check({"subscriptions": table}, as_of="2026-06-30")
    ]
    assert severities == ["error", "warning", "note"]


@pytest.mark.parametrize("as_of", ["2026-06-30", dt.date(2026, 6, 30), 20634, None])
def test_the_as_of_date_may_be_of_any_kind(subscriptions, as_of):
    table = normalize("subscriptions", subscriptions())
    assert gate.check({"subscriptions": table}, as_of=as_of) == []

"""Words for the state of a subscription against its dates."""

from __future__ import annotations

import pytest

import saasmetrics as sm


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("canceled", "end"),
        ("Cancelled", "end"),
        ("incomplete_expired", "end"),
        ("Expired", "end"),
        ("trialing", "trial_end"),
        ("past due", "past_due_since"),
        ("unpaid", "past_due_since"),
        ("paused", "pause_start"),
    ],
)
@pytest.mark.parametrize("column", ["status", "state", "subscription_status"])
def test_a_status_that_the_dates_do_not_show_is_a_warning(one, subscriptions, word, wanted, column):
    table = subscriptions(**{column: [word, "active", word]})
    problem = one("status-contradicts-dates", subscriptions=table)
    # Two rows of 10 a month.
    assert problem.rule == f"{column}={word} but no {wanted}, 20.00 of MRR"
    assert (problem.severity, problem.rows) == ("warning", 2)
    assert wanted in problem.remedy


@pytest.mark.parametrize(
    ("word", "dates"),
    [
        ("canceled", {"end": ["2025-06-01"]}),
        ("trialing", {"trial_end": ["2026-07-15"]}),
        ("past_due", {"past_due_since": ["2026-06-01"]}),
        ("paused", {"pause_start": ["2026-06-01"]}),
        ("unpaid", {"end": ["2026-06-01"]}),
        ("active", {}),
        ("CA", {}),
        (None, {}),
        ("canceled", {"start": ["2026-08-01"]}),
    ],
)
def test_a_status_that_the_dates_show_is_sound(found, subscriptions, word, dates):
    table = subscriptions(status=[word], **dates)
    assert found("status-contradicts-dates", subscriptions=table) == []


def test_the_money_at_stake_is_per_month_and_by_currency(one, subscriptions):
    # 1,200 a year and 600 for two quarters are 100 a month each.
    table = subscriptions(
        status=["canceled"] * 3,
        amount=[1200.0, 600.0, 7.0],
        interval=["year", "quarter", "month"],
        interval_count=[1, 2, 1],
        currency=["USD", "USD", "EUR"],
    )
    problem = one("status-contradicts-dates", subscriptions=table)
    assert problem.rule.endswith("200.00 USD and 7.00 EUR of MRR")


def test_the_warning_stands_under_the_numbers_and_the_status_still_groups(subscriptions):
    book = sm.Book(
        subscriptions=subscriptions(status=["canceled", "active", "active"]), as_of="2026-06-30"
    )
    result = sm.revenue.mrr(book, by="status")
    assert "status=canceled but no end" in result.footnote
    assert set(result.df["status"]) == {"canceled", "active"}


def test_a_cancellation_asked_for_does_not_end_what_the_status_calls_canceled(one, subscriptions):
    table = subscriptions(status=["canceled", "active"]) | {"Canceled At": ["2025-03-01", None]}
    assert (
        "1 have cancel_requested_at" in one("status-contradicts-dates", subscriptions=table).remedy
    )


@pytest.mark.parametrize(
    ("asked", "interval", "end", "many"),
    [
        ("2025-03-01", "month", None, 1),
        ("2025-08-01", "year", None, 0),  # paid until 2026-08 at the latest
        ("2025-03-01", "month", "2025-04-01", 0),
        ("2026-06-20", "month", None, 0),
        (None, "month", None, 0),
    ],
)
def test_a_cancellation_long_past_without_an_end_is_a_warning(
    found, subscriptions, asked, interval, end, many
):
    table = subscriptions(cancel_requested_at=[asked, None], interval=[interval] * 2, end=[end] * 2)
    assert sum(p.rows for p in found("cancelled-but-running", subscriptions=table)) == many


def test_columns_that_no_number_uses_are_named(one, subscriptions):
    problem = one("unused-columns", subscriptions=subscriptions(status=["active"], Owner=["x"]))
    assert problem.rule == "columns read but not used for the numbers: status, owner"
    assert problem.severity == "note"


def test_without_other_columns_there_is_nothing_to_name(found, subscriptions):
    assert found("unused-columns", subscriptions=subscriptions()) == []


def test_a_request_is_not_told_twice_where_the_status_tells_it(found, subscriptions):
    table = subscriptions(cancel_requested_at=["2025-03-01"] * 2, status=["canceled", "active"])
    (problem,) = found("cancelled-but-running", subscriptions=table)
    assert [row["subscription_id"] for row in problem.examples] == ["s1"]


def test_an_end_in_another_column_than_the_one_read_is_a_warning(one, subscriptions):
    table = subscriptions(end=[None, "2025-05-01"]) | {
        "Ended At (UTC)": ["2025-04-01", "2025-05-01"]
    }
    problem = one("end-elsewhere", subscriptions=table)
    assert (problem.rule, problem.rows) == (
        "ended_at_utc is filled but end is not, 10.00 of MRR",
        1,
    )


STRIPE = (
    "id,Customer ID,Interval,Amount,Status,Created (UTC),Start Date (UTC),Trial End (UTC),Canceled At (UTC),{}\n"
    "sub_1,cus_1,month,100,active,2025-01-01 10:00,2025-01-01 10:00,,,\n"
    "sub_2,cus_2,month,50,canceled,2025-01-05 10:00,2025-01-05 10:00,,2025-06-10 10:00,2025-07-05 10:00\n"
)


@pytest.mark.parametrize(
    ("name", "closing", "codes"),
    [
        ("Ended At (UTC)", 100.0, set()),  # what cus_1 pays
        ("Over On", 150.0, {"status-contradicts-dates"}),  # nothing says that cus_2 has left
    ],
)
def test_a_canceled_subscription_of_stripe_never_runs_silently(tmp_path, name, closing, codes):
    (tmp_path / "subscriptions.csv").write_text(STRIPE.format(name))
    book = sm.read(tmp_path, as_of="2026-03-31")
    assert sm.revenue.mrr(book).value == closing
    warned = {p.code for p in book.check().extra["problems"] if p.severity == "warning"}
    assert warned == codes

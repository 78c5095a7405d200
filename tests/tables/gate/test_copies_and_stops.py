"""Lines under two numbers, tables that stop before the others, months without a rate."""

from __future__ import annotations

import pytest

MONTHS = [f"2025-{month:02}-10" for month in range(1, 13)]


def test_a_subscription_that_is_there_again_under_another_number_is_a_warning(one, subscriptions):
    lines = subscriptions(
        subscription_id=["s1", "s2", "s3"], customer_id=["a", "a", "a"], amount=[10.0, 10.0, 11.0]
    )
    problem = one("same-line-twice", subscriptions=lines)
    assert (problem.rows, problem.severity, problem.lines().tolist()) == (1, "warning", [1])


@pytest.mark.parametrize("column", ["start", "end", "amount", "customer_id", "interval", "plan"])
def test_a_line_that_differs_in_any_other_column_is_no_copy(found, subscriptions, column):
    other = {
        "start": ["2025-01-01", "2025-01-02"],
        "end": ["2026-01-01", None],
        "amount": [10.0, 11.0],
        "customer_id": ["a", "b"],
        "interval": ["month", "year"],
        "plan": ["x", "y"],
    }
    lines = subscriptions(**({"customer_id": ["a", "a"]} | {column: other[column]}))
    assert found("same-line-twice", subscriptions=lines) == []


def test_the_same_row_value_for_value_is_told_once_as_a_repeated_row(found, subscriptions):
    lines = subscriptions(subscription_id=["s1", "s1"], customer_id=["a", "a"])
    assert found("same-line-twice", subscriptions=lines) == []
    assert len(found("repeated-row", subscriptions=lines)) == 1


def test_few_copies_among_many_lines_are_a_note(one, subscriptions):
    who = [*(f"c{n}" for n in range(100)), "c0"]
    assert one("same-line-twice", subscriptions=subscriptions(customer_id=who)).severity == "note"


def tickets(days: list[str]) -> dict[str, list[str]]:
    return {
        "ticket_id": [f"t{n}" for n in range(len(days))],
        "customer_id": ["c0"] * len(days),
        "created_at": days,
    }


def test_a_table_that_stops_months_before_the_as_of_date_is_a_warning(one, subscriptions):
    problem = one("table-stops-early", subscriptions=subscriptions(), tickets=tickets(MONTHS))
    assert problem.severity == "warning"
    assert problem.rule.startswith("nothing after 2025-12, 6 full months before the as-of date")


@pytest.mark.parametrize("as_of", ["2026-01-31", "2026-02-27"])
def test_a_month_of_silence_is_usual(found, subscriptions, as_of):
    given = {"subscriptions": subscriptions(), "tickets": tickets(MONTHS)}
    assert found("table-stops-early", as_of=as_of, **given) == []


def test_a_table_that_was_silent_for_as_long_before_is_not_told(found, subscriptions):
    gaps = [*MONTHS[:6], "2024-01-10"]  # eleven months without a ticket in 2024
    assert (
        found(
            "table-stops-early",
            as_of="2025-12-31",
            subscriptions=subscriptions(),
            tickets=tickets(gaps),
        )
        == []
    )


def test_without_an_as_of_date_nothing_stops_early(found, subscriptions):
    given = {"subscriptions": subscriptions(), "tickets": tickets(MONTHS)}
    assert found("table-stops-early", as_of=None, **given) == []


def rates(*months: str) -> dict[str, list]:
    return {"date": [*months], "currency": ["EUR"] * len(months), "rate": [1.1] * len(months)}


def test_months_without_a_rate_are_a_warning_at_moving_rates(one, subscriptions):
    lines = subscriptions(currency=["EUR", "USD", "USD"])
    fx = rates("2026-01-01", "2026-02-01", "2026-03-01", "2026-05-01", "2026-06-01")
    given = {"currency": "USD", "subscriptions": lines, "fx": fx}
    assert one("rate-gap", policy={"fx": "actual"}, **given).severity == "warning"
    problem = one("rate-gap", policy={"fx": "constant"}, **given)
    assert problem.severity == "note"
    assert [example["month"] for example in problem.examples] == ["2026-04"]
    assert problem.rule == "EUR has no rate in 2026-04; the rate before is taken"


def test_the_last_months_without_a_rate_are_always_a_warning(one, subscriptions):
    lines = subscriptions(currency=["EUR", "USD", "USD"])
    fx = rates("2026-01-01", "2026-02-01", "2026-03-01")
    problem = one("rate-gap", currency="USD", subscriptions=lines, fx=fx)
    assert (problem.severity, problem.examples[0]["month"]) == ("warning", "2026-04")
    assert problem.rule.startswith("EUR has no rate in 2026-04 to 20")


def test_rates_of_quarters_are_rates_of_their_months(found, subscriptions):
    lines = subscriptions(currency=["EUR", "USD", "USD"])
    fx = rates("2025-07-01", "2025-10-01", "2026-01-01", "2026-04-01")
    assert found("rate-gap", currency="USD", subscriptions=lines, fx=fx) == []


def test_a_currency_that_no_amount_is_in_needs_no_rate(found, subscriptions):
    fx = rates("2026-01-01")
    assert found("rate-gap", currency="USD", subscriptions=subscriptions(), fx=fx) == []

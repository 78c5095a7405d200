"""Amounts, choices, currencies and rates."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("table", "columns", "severity"),
    [
        (
            "subscriptions",
            {"subscription_id": ["s"], "customer_id": ["c"], "start": ["2025-01-01"], "mrr": [-1]},
            "error",
        ),
        ("mrr", {"customer_id": ["c"], "month": ["2025-01"], "mrr": [-1]}, "error"),
        (
            "contracts",
            {
                "contract_id": ["k"],
                "customer_id": ["c"],
                "start": ["2025-01-01"],
                "end": ["2026-01-01"],
                "arr": [-1],
            },
            "error",
        ),
        ("spend", {"month": ["2025-01"], "function": ["sales"], "amount": [-1]}, "warning"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_negative_amounts_are_reported(one, table, columns, severity):
    problem = one("negative-amount", **{table: columns})
    assert (problem.table, problem.severity, problem.rows) == (table, severity, 1)


def test_credits_on_invoices_are_noted_with_their_sum(one, invoices):
    problem = one(
        "credit", invoices=invoices(("a", "2026-01-01", 100.0), ("a", "2026-01-02", -30.0))
    )
    assert (problem.severity, problem.rows) == ("note", 1)
    assert problem.rule == "negative lines of 30.00 together, taken as credits"


def test_a_customer_month_below_zero_is_a_warning(one, invoices):
    lines = invoices(
        ("a", "2026-01-01", 10.0), ("a", "2026-01-09", -30.0), ("b", "2026-01-01", 5.0)
    )
    problem = one("negative-customer-month", invoices=lines)
    assert (problem.severity, problem.rows, problem.rule) == (
        "warning",
        2,
        "1 customer-month is negative in sum",
    )


def test_a_credit_within_the_same_month_is_no_warning(found, invoices):
    lines = invoices(("a", "2026-01-01", 10.1), ("a", "2026-01-09", -10.1))
    assert found("negative-customer-month", invoices=lines) == []


def test_a_credit_that_says_which_months_it_gives_back_is_no_warning(found, invoices):
    january = ("2026-01-01", "2026-02-01")
    lines = invoices(("a", "2026-01-01", 10.0, *january), ("a", "2026-02-09", -10.0, *january))
    assert found("negative-customer-month", invoices=lines) == []


def test_several_lines_on_one_day_are_noted(one, invoices):
    lines = invoices(("a", "2026-01-01", 10.0), ("a", "2026-01-01", 20.0), ("b", "2026-01-01", 5.0))
    assert one("lines-on-one-day", invoices=lines).rows == 2


def test_service_after_the_month_of_the_last_invoice_is_noted(one, invoices):
    lines = invoices(
        ("a", "2026-01-10", 12.0, "2026-01-01", "2026-12-31"),
        ("b", "2026-01-10", 1.0, "2026-01-01", "2026-01-31"),
    )
    assert one("service-after-the-end", invoices=lines).rows == 1


def test_free_subscriptions_are_noted_and_trials_counted(one, subscriptions):
    table = subscriptions(amount=[0.0, 0.0, 1.0]) | {"is_trial": [True, False, False]}
    problem = one("zero-amount", subscriptions=table)
    assert (problem.rows, problem.rule) == (2, "is zero (1 of them trials)")


def test_unknown_intervals_are_an_error_that_says_how_to_write_half_a_year(one, subscriptions):
    problem = one(
        "unknown-interval",
        subscriptions=subscriptions(interval=["month", "semiannual", "semiannual"]),
    )
    assert (problem.severity, problem.rows) == ("error", 2)
    assert problem.rule == "unknown values 'semiannual'"
    assert "interval_count=6" in problem.remedy


def test_an_unknown_optional_choice_is_a_warning_with_the_nearest_one(one, subscriptions):
    table = subscriptions() | {"churn_cause": ["volontary", None, None]}
    problem = one("unknown-choice", subscriptions=table)
    assert (problem.severity, problem.rows) == ("warning", 1)
    assert problem.remedy == "Did you mean 'voluntary'?"


def test_unknown_currencies_are_an_error(one, subscriptions):
    problem = one(
        "unknown-currency", subscriptions=subscriptions() | {"currency": ["USD", "US$", "EUR"]}
    )
    assert (problem.severity, problem.rows) == ("error", 1)


def test_several_currencies_without_a_reporting_currency_are_an_error(one, subscriptions):
    table = subscriptions() | {"currency": ["USD", "EUR", "EUR"]}
    assert 'currency="EUR"' in one("no-reporting-currency", subscriptions=table).remedy


def test_rates_beside_amounts_that_name_no_currency_are_a_warning(one, found, subscriptions):
    rates = {"date": ["2025-06-01"], "currency": ["EUR"], "rate": [1.1]}
    problem = one("rates-unused", subscriptions=subscriptions(), fx=rates)
    assert (problem.severity, problem.table, problem.column) == (
        "warning",
        "subscriptions",
        "currency",
    )
    assert problem.rule == "no currency is named beside exchange rates"
    named = subscriptions() | {"currency": ["EUR", "EUR", None]}
    assert not found("rates-unused", subscriptions=named, fx=rates)


def test_a_currency_without_any_rate_is_an_error(one, subscriptions):
    table = subscriptions() | {"currency": ["USD", "EUR", "EUR"]}
    problem = one("missing-rate", subscriptions=table, currency="USD")
    assert (problem.severity, problem.rows, problem.rule) == ("error", 2, "no rate from EUR to USD")


RATES = {"date": ["2025-06-01"], "currency": ["EUR"], "rate": [1.1]}


def test_at_a_constant_rate_one_rate_before_the_as_of_date_is_enough(found, subscriptions):
    table = subscriptions() | {"currency": ["EUR"] * 3}
    assert found("missing-rate", subscriptions=table, fx=RATES, currency="USD") == []


def test_at_a_constant_rate_a_rate_after_the_as_of_date_is_none(one, subscriptions):
    table = subscriptions() | {"currency": ["EUR"] * 3}
    assert (
        one("missing-rate", subscriptions=table, fx=RATES, currency="USD", as_of="2025-05-31").rows
        == 3
    )


def test_at_changing_rates_days_before_the_first_one_are_told(one, subscriptions):
    table = subscriptions(start=["2025-05-31", "2025-06-01", "2025-07-01"]) | {
        "currency": ["EUR"] * 3
    }
    problem = one(
        "early-rate", subscriptions=table, fx=RATES, currency="USD", policy={"fx": "line"}
    )
    assert (problem.severity, problem.rows) == ("warning", 1)
    assert problem.rule == "no rate from EUR to USD before 2025-06-01; the first one is taken"


def test_rows_without_a_currency_among_others_are_noted(one, subscriptions):
    problem = one(
        "missing-currency", subscriptions=subscriptions() | {"currency": ["USD", None, None]}
    )
    assert (problem.severity, problem.rows) == ("note", 2)


def test_a_rate_of_zero_is_an_error(one):
    assert (
        one("zero-divisor", fx={"date": ["2025-01-01"], "currency": ["EUR"], "rate": [0]}).severity
        == "error"
    )


def test_a_rate_below_zero_is_an_error(one):
    rates = {"date": ["2025-01-01"] * 2, "currency": ["EUR", "GBP"], "rate": [-1.1, 1.2]}
    problem = one("negative-amount", fx=rates)
    assert (problem.severity, problem.rows) == ("error", 1)


def test_a_missing_rate_is_an_error(one):
    rates = {"date": ["2025-01-01"] * 2, "currency": ["EUR", "GBP"], "rate": [None, 1.2]}
    problem = one("missing-value", fx=rates)
    assert (problem.severity, problem.rows) == ("error", 1)

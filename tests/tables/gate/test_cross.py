"""Tables that contradict each other: customers that one does not have, and what comes after the end."""

from __future__ import annotations

import pytest


def bill(*rows: tuple[str, str, float]) -> dict[str, list]:
    who, date, amount = zip(*rows, strict=True)
    return {
        "invoice_id": [f"i{n}" for n in range(len(rows))],
        "customer_id": [*who],
        "date": [*date],
        "amount": [*amount],
    }


def test_customers_that_pay_and_are_never_billed_are_a_warning(found, subscriptions):
    lines = subscriptions(customer_id=["a", "b", "c"])
    invoices = bill(("a", "2025-02-01", 10.0), ("z", "2025-02-01", 10.0))
    one, other = found("customer-in-one-table", subscriptions=lines, invoices=invoices)
    assert (one.table, one.rows, one.severity) == ("subscriptions", 2, "warning")
    assert (other.table, other.rows) == ("invoices", 1)
    assert other.examples[0]["customer_id"] == "z"
    assert one.rule == "2 customers without a row in invoices"


def test_a_subscription_of_this_month_need_not_be_billed_yet(found, subscriptions):
    lines = subscriptions(customer_id=["a", "b"], start=["2025-01-01", "2026-06-15"])
    invoices = bill(("a", "2025-02-01", 10.0))
    assert found("customer-in-one-table", subscriptions=lines, invoices=invoices) == []


def test_a_customer_without_a_contract_is_a_note_as_monthly_plans_have_none(one, subscriptions):
    contracts = {
        "contract_id": ["k1"],
        "customer_id": ["a"],
        "start": ["2025-01-01"],
        "end": ["2026-01-01"],
        "arr": [120.0],
    }
    lines = subscriptions(customer_id=["a", "b"])
    problem = one("customer-in-one-table", subscriptions=lines, contracts=contracts)
    assert (problem.severity, problem.rows) == ("note", 1)


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("tickets", {"ticket_id": ["t1", "t2"], "created_at": ["2025-09-10", "2025-12-01"]}),
        ("activities", {"at": ["2025-09-10", "2025-12-01"], "kind": ["qbr", "qbr"]}),
        (
            "surveys",
            {"at": ["2025-09-10", "2025-12-01"], "instrument": ["nps", "nps"], "score": [9, 9]},
        ),
    ],
    ids=["tickets", "activities", "surveys"],
)
def test_contacts_more_than_a_quarter_after_the_end_are_a_note(one, subscriptions, table, rows):
    # The subscription ends on 2025-06-15; 92 days later is 2025-09-15.
    lines = subscriptions(customer_id=["a"], end=["2025-06-15"])
    problem = one(
        "contact-after-churn", subscriptions=lines, **{table: {"customer_id": ["a"] * 2} | rows}
    )
    assert (problem.table, problem.rows, problem.severity) == (table, 1, "note")
    assert problem.lines.tolist() == [1]


def test_service_billed_more_than_a_month_after_the_end_is_a_warning(one, subscriptions):
    lines = subscriptions(customer_id=["a"], end=["2025-06-15"])
    invoices = bill(
        ("a", "2025-07-10", 10.0), ("a", "2025-08-01", 10.0), ("a", "2025-08-02", -10.0)
    )
    problem = one("billed-after-churn", subscriptions=lines, invoices=invoices)
    assert (problem.rows, problem.severity) == (1, "warning")
    assert str(problem.examples[0]["date"]) == "2025-08-01"


def test_a_customer_who_still_has_a_subscription_may_be_billed(found, subscriptions):
    lines = subscriptions(customer_id=["a", "a"], end=["2025-06-15", None])
    assert (
        found("billed-after-churn", subscriptions=lines, invoices=bill(("a", "2026-01-01", 9.0)))
        == []
    )

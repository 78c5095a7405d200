"""Support, usage and flags against the other tables."""

from __future__ import annotations

CUSTOMERS = {"customer_id": ["c0", "c1"], "created_at": ["2025-01-01", "2025-02-01"]}


def test_tickets_before_the_customer_signed_up_are_a_warning(one):
    tickets = {
        "ticket_id": [1, 2],
        "customer_id": ["c0", "c1"],
        "created_at": ["2025-01-15", "2025-01-15"],
    }
    problem = one("before-signup", tickets=tickets, customers=CUSTOMERS)
    assert (problem.severity, problem.rows, problem.examples[0]["ticket_id"]) == ("warning", 1, 2)


def test_usage_outside_the_term_of_its_subscription_is_a_warning(one, subscriptions):
    usage = {
        "customer_id": ["c0"] * 4,
        "subscription_id": ["s0"] * 4,
        "date": ["2024-12-31", "2025-01-01", "2025-05-31", "2025-06-01"],
    }
    problem = one(
        "usage-outside-term", usage=usage, subscriptions=subscriptions(end=["2025-06-01", None])
    )
    assert problem.rows == 2


def test_a_reply_after_the_solution_is_a_warning(one):
    tickets = {
        "ticket_id": [1],
        "customer_id": ["a"],
        "created_at": ["2026-01-01 09:00"],
        "first_reply_at": ["2026-01-01 12:00"],
        "solved_at": ["2026-01-01 11:00"],
    }
    assert one("reply-after-solution", tickets=tickets).rows == 1


def test_tickets_without_csat_are_noted(one):
    tickets = {
        "ticket_id": [1, 2],
        "customer_id": ["a", "a"],
        "created_at": ["2026-01-01"] * 2,
        "csat": [5, None],
    }
    assert (
        one("unanswered-csat", tickets=tickets).severity,
        one("unanswered-csat", tickets=tickets).rows,
    ) == ("note", 1)


def test_churn_flags_that_contradict_the_end_are_a_warning(one, subscriptions):
    table = subscriptions(end=["2025-06-01", None]) | {"churn_flag": [False, True]}
    assert one("contradicting-churn-flag", subscriptions=table).rows == 2


def test_a_churned_customer_with_a_running_subscription_is_a_warning(one, subscriptions):
    customers = {"customer_id": ["c0", "c1"], "churned": [True, True]}
    problem = one(
        "contradicting-churn-flag",
        customers=customers,
        subscriptions=subscriptions(end=["2025-06-01", None]),
    )
    assert (problem.table, problem.examples[0]["customer_id"]) == ("customers", "c1")

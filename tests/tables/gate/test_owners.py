"""Use, activities, surveys, targets and owners against the other tables."""

from __future__ import annotations

import pytest


def test_use_more_than_a_month_after_the_last_subscription_is_a_warning(one, subscriptions):
    usage = {
        "customer_id": ["c0", "c0", "c1", "c9"],
        "date": ["2025-07-01", "2025-08-01", "2026-01-01", "2026-01-01"],
    }
    problem = one(
        "usage-after-churn", usage=usage, subscriptions=subscriptions(end=["2025-06-15", None])
    )
    assert (problem.severity, problem.rows) == ("warning", 1)
    assert str(problem.examples[0]["date"]) == "2025-08-01"


def test_an_activity_before_the_customer_signed_up_is_a_warning(one):
    customers = {"customer_id": ["c0"], "created_at": ["2025-02-01"]}
    done = {"customer_id": ["c0", "c0"], "at": ["2025-01-15", "2025-02-15"], "kind": ["qbr", "qbr"]}
    assert one("before-signup", activities=done, customers=customers).rows == 1


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        (
            "usage",
            {"customer_id": ["a", "a"], "date": ["2026-01-01", "2026-01-02"], "events": [-3, 4]},
        ),
        (
            "activities",
            {
                "customer_id": ["a", "a"],
                "at": ["2026-01-01"] * 2,
                "kind": ["x", "y"],
                "minutes": [-5, 5],
            },
        ),
        (
            "surveys",
            {
                "customer_id": ["a", "a"],
                "at": ["2026-01-01"] * 2,
                "instrument": ["nps", "nps"],
                "score": [-1, 9],
            },
        ),
    ],
)
def test_a_count_below_0_is_a_warning(one, table, rows):
    problem = one("negative-amount", **{table: rows})
    assert (problem.table, problem.rows, problem.severity) == (table, 1, "warning")


def test_a_target_that_is_set_twice_is_an_error(one):
    twice = {
        "metric": ["nrr"] * 2,
        "period": ["2026"] * 2,
        "value": [1.0, 1.1],
        "scope": ["company"] * 2,
    }
    twice |= {"owner": ["company"] * 2, "scenario": ["plan"] * 2}
    problem = one("repeated-key", targets=twice)
    assert (problem.severity, problem.rows) == ("error", 2)


def test_customers_of_usage_that_nobody_knows_are_counted(one):
    usage = {"customer_id": ["a", "x", "y"], "date": ["2026-01-01"] * 3}
    assert one("customer-without-row", usage=usage, customers={"customer_id": ["a"]}).rows == 2


def test_an_owner_that_is_nobody_of_people_is_a_warning(one):
    people = {"person_id": ["p1"], "role": ["csm"]}
    customers = {"customer_id": ["a", "b", "c"], "csm_id": ["p1", "p2", None]}
    problem = one("unknown-owner", people=people, customers=customers)
    assert (problem.rows, problem.examples[0]["csm_id"]) == (1, "p2")


def test_a_customer_that_pays_without_an_owner_is_noted(one, subscriptions):
    customers = {"customer_id": ["c0", "c1", "c2"], "csm_id": ["p1", None, None]}
    lines = subscriptions(end=[None, None, "2025-06-15"])
    problem = one("customer-without-owner", customers=customers, subscriptions=lines)
    assert (problem.severity, problem.rows) == ("note", 1)


def test_a_survey_without_a_score_is_counted_and_not_filled_in(found):
    asked = {
        "customer_id": ["a", "b"],
        "at": ["2026-01-01"] * 2,
        "instrument": ["nps"] * 2,
        "score": [9, None],
    }
    (problem,) = found("unanswered-survey", surveys=asked)
    assert (problem.rows, problem.severity) == (1, "note")


def test_the_sample_company_has_none_of_these_faults():
    import saasmetrics as sm

    codes = {"usage-after-churn", "unknown-owner", "customer-without-owner"}
    found = sm.demo(customers=200).check().df
    assert not codes & set(found["code"])

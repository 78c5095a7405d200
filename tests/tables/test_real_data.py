"""The public data sets: all of them are read, and their documented oddities are found.

What is expected is written in the README beside the data sets.
"""

from __future__ import annotations

import pytest

from saasmetrics.errors import DataError
from saasmetrics.tables import gate, read_folder


@pytest.fixture(scope="module")
def ravenstack(real_data):
    return read_folder(real_data / "ravenstack")


@pytest.fixture(scope="module")
def billing(real_data):
    return read_folder(real_data / "saas_metrics_sample")


@pytest.fixture(scope="module")
def fightchurn(real_data):
    return read_folder(real_data / "fightchurn_socialnet7")


def problems(tables, code, table=None):
    found = gate.check(tables, as_of="2024-12-31")
    return [problem for problem in found if problem.code == code and table in (None, problem.table)]


def test_ravenstack_is_read_as_four_tables(ravenstack):
    assert {name: table.num_rows for name, table in ravenstack.items()} == {
        "customers": 500,
        "subscriptions": 5_000,
        "usage": 25_000,
        "tickets": 2_000,
    }


def test_ravenstack_churn_events_are_left_aside_and_noted(ravenstack):
    notes = [note for table in ravenstack.values() for note in table.notes]
    assert "not recognized and left aside: ravenstack_churn_events.csv" in notes


def test_ravenstack_usage_gets_its_customers_from_the_subscriptions(ravenstack):
    assert ravenstack["usage"].data["customer_id"].null_count == 0


@pytest.mark.parametrize(
    ("code", "table", "rows"),
    [
        ("zero-amount", "subscriptions", 778),  # trials at 0
        ("zero-length-term", "subscriptions", 13),
        ("repeated-key", "usage", 42),  # 21 ids, each of them twice
        ("usage-outside-term", "usage", 19_434),  # most of 25,000
        ("before-signup", "tickets", 1_077),  # half of 2,000
        ("unanswered-csat", "tickets", 825),
        ("reply-after-solution", "tickets", 36),
        ("contradicting-churn-flag", "customers", 110),  # flags that contradict
        ("dates-beside-times", "tickets", 2_000),
        ("round-row-count", "subscriptions", 5_000),
    ],
)
def test_the_oddities_of_ravenstack_are_found(ravenstack, code, table, rows):
    (problem,) = problems(ravenstack, code, table)
    assert problem.rows == rows


def test_overlapping_subscriptions_of_ravenstack_are_counted_in_pairs(ravenstack):
    # The README counts 23,933 pairs with both ends inclusive; 162 of those only touch, or have no length.
    (problem,) = problems(ravenstack, "overlap-in-customer")
    assert problem.rule == "subscriptions of one customer overlap in 23,771 pairs"


def test_ravenstack_has_no_error(ravenstack):
    assert not [problem for problem in gate.check(ravenstack) if problem.severity == "error"]


def test_the_billing_sample_is_read_as_invoices(billing):
    assert {name: table.num_rows for name, table in billing.items()} == {"invoices": 4_907}
    assert {"plan_tier", "channel"} <= set(billing["invoices"].column_names)


@pytest.mark.parametrize(
    ("code", "rows"), [("credit", 128), ("lines-on-one-day", 1_434), ("service-after-the-end", 42)]
)
def test_the_oddities_of_the_billing_sample_are_found(billing, code, rows):
    (problem,) = problems(billing, code)
    assert problem.rows == rows


def test_the_service_ends_of_the_billing_sample_are_inclusive(billing):
    assert problems(billing, "end-looks-exclusive") == []


def test_fightchurn_is_read_with_row_numbers_as_subscription_ids(fightchurn):
    subscriptions = fightchurn["subscriptions"].data
    assert subscriptions["subscription_id"].to_pylist()[:2] == [1, 2]
    assert set(subscriptions["interval"].unique().to_pylist()) == {"month"}


def test_fightchurn_ends_at_the_right_edge(fightchurn):
    # Billing periods are only known until they are paid: 1,311 subscriptions run in May, 45 in June 2020.
    found = [problem.code for problem in gate.check(fightchurn) if problem.severity == "warning"]
    assert found == ["extract-stops-short", "cliff-at-the-end"]


def test_telco_holds_no_table_that_is_recognized(real_data):
    with pytest.raises(DataError, match="No table is recognized"):
        read_folder(real_data / "telco_ibm")

"""Numbers, yes/no, choices, currencies and ids as exports write them."""

from __future__ import annotations

import decimal

import pyarrow as pa
import pytest

from saasmetrics.errors import InvalidTablesError
from saasmetrics.tables import normalize


def amounts(values):
    columns = {
        "customer_id": ["a"] * len(values),
        "month": ["2025-01"] * len(values),
        "mrr": values,
    }
    return normalize("mrr", columns)


def refusal(values):
    with pytest.raises(InvalidTablesError) as caught:
        amounts(values)
    return caught.value.problems[0]


def subscriptions(**columns):
    base = {
        "subscription_id": [1],
        "customer_id": ["a"],
        "start": ["2025-01-01"],
        "amount": [10],
        "interval": ["month"],
    }
    return normalize("subscriptions", base | columns)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("1234.5", 1234.5),
        ("$1,234.50", 1234.5),
        ("1,234", 1234.0),
        ("(12.50)", -12.5),
        (" 7 ", 7.0),
        ("1e3", 1000.0),
        ("-$5.00", -5.0),
    ],
)
def test_amounts_in_text_are_read(given, read):
    assert amounts([given]).data["mrr"].to_pylist() == [read]


def test_removed_signs_are_noted_with_an_example():
    note = "mrr: signs of currency and thousands removed in 1 row ('$1,234.50' is 1234.50)"
    assert note in amounts(["$1,234.50", "3"]).notes


@pytest.mark.parametrize(
    "text", ["12,5,0", "ten", "1.23,50", "12 EUR", "1,23,456", "(-5)", "1,5-)"]
)
def test_text_that_is_no_number_is_refused(text):
    problem = refusal(["1", text])
    assert (problem.code, problem.rows, problem.column) == ("unreadable-number", 1, "mrr")


def test_infinite_amounts_are_refused():
    assert refusal([1.0, float("inf")]).rule == "infinite"


def test_nan_becomes_missing_and_is_noted():
    table = amounts(pa.array([1.0, float("nan")]))
    assert table.data["mrr"].to_pylist() == [1.0, None]
    assert "mrr: NaN read as missing in 1 row" in table.notes


def test_decimals_become_numbers():
    assert amounts([decimal.Decimal("19.99")]).data["mrr"].to_pylist() == [19.99]


def test_whole_numbers_must_be_whole():
    with pytest.raises(InvalidTablesError, match="not a whole number"):
        subscriptions(interval_count=[1.5])


@pytest.mark.parametrize(
    ("given", "read"), [("yes", True), ("0", False), (1, True), ("FALSE", False), (None, None)]
)
def test_yes_and_no_are_read(given, read):
    table = normalize("customers", {"customer_id": ["a", "b"], "icp": [given, None]})
    assert table.data["icp"].to_pylist() == [read, None]


def test_a_flag_that_is_neither_is_refused():
    with pytest.raises(InvalidTablesError, match="neither true nor false"):
        normalize("customers", {"customer_id": ["a"], "icp": ["maybe"]})


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("monthly", "month"),
        ("Annual", "year"),
        ("yearly", "year"),
        ("QUARTERLY", "quarter"),
        ("weekly", "week"),
        ("daily", "day"),
        ("months", "month"),
        ("mo", "month"),
        ("per year", "year"),
        ("every month", "month"),
    ],
)
def test_billing_frequencies_become_intervals(given, read):
    assert subscriptions(interval=[given]).data["interval"].to_pylist() == [read]


def test_an_unknown_interval_is_left_for_the_gate_to_report():
    assert subscriptions(interval=["fortnightly"]).data["interval"].to_pylist() == ["fortnightly"]


def test_currencies_are_upper_case():
    assert subscriptions(currency=[" usd "]).data["currency"].to_pylist() == ["USD"]


def test_whole_number_ids_stay_whole_numbers():
    assert subscriptions(customer_id=[7]).data.schema.field("customer_id").type == pa.int64()


def test_ids_with_leading_zeros_stay_text():
    assert subscriptions(customer_id=["007"]).data["customer_id"].to_pylist() == ["007"]


def test_ids_that_pandas_made_decimal_become_whole_again():
    assert subscriptions(customer_id=[7.0]).data["customer_id"].to_pylist() == [7]


BLANK = ["", None, "   ", "\t", "\u00a0"]


@pytest.mark.parametrize("empty", BLANK)
def test_months_of_nobody_are_read_with_their_id_missing(empty):
    columns = {"customer_id": ["a", empty, empty], "month": ["2025-01"] * 3, "mrr": [1, 2, 3]}
    assert normalize("mrr", columns).data["customer_id"].to_pylist() == ["a", None, None]


@pytest.mark.parametrize("empty", BLANK)
def test_an_id_that_nobody_can_see_is_missing(empty):
    table = normalize("customers", {"customer_id": [empty, "b"], "parent_id": [empty, "a"]})
    assert table.data["customer_id"].to_pylist() == [None, "b"]
    assert table.data["parent_id"].to_pylist() == [None, "a"]


@pytest.mark.parametrize("empty", BLANK)
def test_a_currency_that_nobody_can_see_is_missing(empty):
    assert subscriptions(currency=[empty]).data["currency"].to_pylist() == [None]


def test_all_problems_of_a_table_come_at_once():
    with pytest.raises(InvalidTablesError) as caught:
        normalize("mrr", {"customer_id": ["a"], "mrr": ["x"]})
    assert {problem.code for problem in caught.value.problems} == {
        "unreadable-number",
        "missing-column",
    }

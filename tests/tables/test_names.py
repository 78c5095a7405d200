"""Which column of an export is which."""

from __future__ import annotations

import pytest

from saasmetrics.errors import InvalidTablesError
from saasmetrics.tables import SCHEMA, normalize
from saasmetrics.tables.names import match_columns, snake_case


def known(table, *names):
    return {name: given for name, (given, _) in match_columns(SCHEMA[table], names).known.items()}


@pytest.mark.parametrize(
    "given", ["customer_id", "Customer ID", "customerID", "CUSTOMER-ID", " customer id "]
)
def test_case_spaces_and_punctuation_of_a_name_do_not_matter(given):
    assert known("mrr", given)["customer_id"] == given


@pytest.mark.parametrize("given", ["account_id", "Customer", "cus_id", "Account", "clientId"])
def test_usual_other_names_are_recognized(given):
    assert known("subscriptions", given)["customer_id"] == given


def test_the_canonical_name_wins_over_an_alias():
    found = known("subscriptions", "account_id", "customer_id")
    assert found["customer_id"] == "customer_id"


def test_the_name_that_lost_is_kept_as_an_extra_column():
    assert match_columns(SCHEMA["subscriptions"], ["account_id", "customer_id"]).extra == {
        "account_id": "account_id"
    }


def test_unknown_columns_are_kept_under_their_snake_case_name():
    assert match_columns(SCHEMA["invoices"], ["Plan Tier"]).extra == {"Plan Tier": "plan_tier"}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Plan Tier", "plan_tier"),
        ("MonthlyCharges", "monthly_charges"),
        ("ARRBand", "arr_band"),
        ("%", "%"),
    ],
)
def test_snake_case(given, name):
    assert snake_case(given) == name


def test_names_that_differ_only_in_case_are_refused():
    with pytest.raises(InvalidTablesError, match=r"differ only in case") as caught:
        normalize("mrr", {"customer_id": [1], "Customer ID": [1], "month": ["2025-01"], "mrr": [1]})
    assert caught.value.problems[0].code == "ambiguous-columns"


def test_a_missing_column_is_named_with_the_column_that_was_probably_meant():
    with pytest.raises(InvalidTablesError) as caught:
        normalize("mrr", {"custmer_id": ["a"], "month": ["2025-01"], "mrr": [1]})
    (problem,) = caught.value.problems
    assert (problem.column, problem.code) == ("customer_id", "missing-column")
    assert problem.remedy == (
        "Did you mean 'custmer_id'? Rename it to 'customer_id', or say "
        'sm.read(..., columns={"mrr": {"custmer_id": "customer_id"}}).'
    )


def test_aliases_are_reported_and_mere_spelling_is_not():
    table = normalize("mrr", {"Account": ["a"], "Month": ["2025-01"], "MRR": [1]})
    assert table.renamed == {"Account": "customer_id", "Month": "month", "MRR": "mrr"}
    assert table.notes == ("columns renamed: Account is customer_id",)


STRIPE = [
    "id",
    "Customer ID",
    "Status",
    "Start (UTC)",
    "Created (UTC)",
    "Trial End (UTC)",
    "Canceled At (UTC)",
    "Ended At (UTC)",
    "Interval",
    "Amount",
]


def test_a_zone_after_the_name_of_a_column_does_not_matter():
    found = known("subscriptions", *STRIPE)
    assert found["start"] == "Start (UTC)"
    assert found["end"] == "Ended At (UTC)"
    assert found["trial_end"] == "Trial End (UTC)"
    assert found["cancel_requested_at"] == "Canceled At (UTC)"
    assert "Created (UTC)" in match_columns(SCHEMA["subscriptions"], STRIPE).extra


@pytest.mark.parametrize("name", ["start_utc", "Start [UTC]", "START (GMT)", "Start Date (UTC)"])
def test_other_spellings_of_the_zone_do_not_matter_either(name):
    assert known("subscriptions", name)["start"] == name


def test_the_day_of_creation_is_the_start_where_there_is_no_other():
    assert known("subscriptions", "Created (UTC)")["start"] == "Created (UTC)"


def test_the_name_without_a_zone_wins_over_the_one_with_it():
    assert known("subscriptions", "Start (UTC)", "start")["start"] == "start"


def test_a_column_that_is_not_plausibly_meant_is_not_offered():
    rows = {"id": [1], "customer": [1], "Status": ["x"], "amount": [1], "interval": ["month"]}
    with pytest.raises(InvalidTablesError) as caught:
        normalize("subscriptions", rows)
    (problem,) = caught.value.problems
    assert problem.column == "start"
    assert "Did you mean" not in problem.remedy
    assert "start_date" in problem.remedy

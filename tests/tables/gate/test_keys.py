"""Missing, repeated and unmatched keys."""

from __future__ import annotations

import pytest

from saasmetrics.tables import gate, normalize_all


def test_sound_tables_have_no_problem(subscriptions):
    tables = normalize_all(
        {"subscriptions": subscriptions(), "customers": {"customer_id": ["c0", "c1", "c2"]}}
    )
    assert gate.check(tables, as_of="2026-06-30") == []


def test_a_table_without_rows_is_an_error_where_the_revenue_comes_from(one):
    assert one("empty-table", mrr={"customer_id": [], "month": [], "mrr": []}).severity == "error"


def test_missing_amounts_are_errors_and_counted(one, subscriptions):
    problem = one("missing-value", subscriptions=subscriptions(amount=[1.0, None, None]))
    assert (problem.severity, problem.column, problem.rows) == ("error", "amount", 2)
    assert problem.examples[0] == {"subscription_id": "s1", "customer_id": "c1", "amount": None}


def test_the_first_three_rows_are_shown(one, subscriptions):
    problem = one("missing-value", subscriptions=subscriptions(amount=[None] * 5))
    assert [row["subscription_id"] for row in problem.examples] == ["s0", "s1", "s2"]


def test_the_same_row_twice_is_an_error(one, subscriptions):
    twice = subscriptions(subscription_id=["a", "a", "b"], customer_id=["x", "x", "y"])
    problem = one("repeated-row", subscriptions=twice)
    assert (problem.severity, problem.rows) == ("error", 1)


def test_the_same_row_three_times_counts_two_copies(one, mrr):
    assert one("repeated-row", mrr=mrr(*[("a", "2026-01", 1.0)] * 3)).rows == 2


def test_identical_invoice_lines_without_numbers_are_a_warning(one):
    lines = {"customer_id": ["a", "a"], "date": ["2026-01-01"] * 2, "amount": [5, 5]}
    assert one("repeated-row", invoices=lines).severity == "warning"


def test_two_different_rows_for_one_customer_are_an_error(one):
    problem = one("repeated-key", customers={"customer_id": ["a", "a"], "segment": ["x", "y"]})
    assert (problem.severity, problem.rows) == ("error", 2)


def test_rows_that_are_the_same_in_all_are_one_finding_and_no_different_rows(found, mrr):
    twice = mrr(*[("a", "2026-01", 5.0)] * 2, ("b", "2026-01", 3.0))
    assert len(found("repeated-row", mrr=twice)) == 1
    assert found("repeated-key", mrr=twice) == []


def test_the_copy_of_a_row_is_not_reported_as_a_repeated_key_too(one):
    columns = {"customer_id": ["a", "a", "a"], "segment": ["x", "x", "y"]}
    assert one("repeated-key", customers=columns).rows == 2
    assert one("repeated-row", customers=columns).rows == 1


def test_two_amounts_for_one_customer_and_month_are_an_error(one, mrr):
    problem = one("repeated-key", mrr=mrr(("a", "2026-01", 1.0), ("a", "2026-01", 2.0)))
    assert (problem.severity, problem.column) == ("error", "customer_id, month")


def test_two_products_of_one_customer_and_month_are_only_noted(one, mrr):
    columns = mrr(("a", "2026-01", 1.0), ("a", "2026-01", 2.0)) | {"product": ["x", "y"]}
    assert one("repeated-key", mrr=columns).severity == "note"


def test_successive_terms_of_a_subscription_may_share_its_id(found, subscriptions):
    terms = subscriptions(
        subscription_id=["a", "a"], start=["2025-01-01", "2025-06-01"], end=["2025-06-01", None]
    )
    assert found("repeated-key", subscriptions=terms) == []


def test_repeated_usage_ids_are_a_warning(one):
    columns = {"usage_id": ["u", "u"], "customer_id": ["a", "b"], "date": ["2026-01-01"] * 2}
    assert (
        one("repeated-key", usage=columns).severity,
        one("repeated-key", usage=columns).rows,
    ) == ("warning", 2)


def test_ids_with_blanks_around_them_are_a_warning(one, mrr):
    problem = one("padded-id", mrr=mrr(("a", "2026-01", 1.0), ("a ", "2026-02", 1.0)))
    assert (problem.severity, problem.rows) == ("warning", 1)


def test_a_row_of_totals_is_an_error(one):
    wide = {"customer": ["a", "b", "Grand Total"], "2026-01": [1, 2, 3], "2026-02": [1, 2, 3]}
    problem = one("totals-row", mrr=wide)
    assert (problem.severity, problem.rows) == ("error", 2)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Total MRR",
            "Total:",
            "Total (USD)",
            "TOTAL ARR",
            "Total recurring revenue",
            "Insgesamt",
        ),
        *("Sub-total", " Total", "Total général", "Overall", "Total paid"),
    ],
)
def test_a_total_of_any_name_is_an_error(one, name):
    wide = {"customer": ["a", "b", name], "2026-01": [1, 2, 3], "2026-02": [5, None, 5]}
    assert one("totals-row", mrr=wide).severity == "error"


@pytest.mark.parametrize("name", ["Total Energies", "Overall", "Check"])
def test_a_customer_called_like_a_total_that_is_no_sum_of_others_is_a_customer(found, name):
    wide = {"customer": ["a", "b", name], "2026-01": [1, 2, 3], "2026-02": [5, None, 6]}
    assert not found("totals-row", mrr=wide)


def test_a_total_contains_the_customers_that_are_called_like_one(one):
    names = ["Overall", "a", "b", "Total Energies", "Total"]
    wide = {"customer": names, "2026-01": [10, 1, 2, 7, 10], "2026-02": [14, 5, 1, 8, 14]}
    assert one("totals-row", mrr=wide).rows == 4


def test_customers_without_a_row_are_a_warning(one, subscriptions):
    problem = one(
        "customer-without-row", subscriptions=subscriptions(), customers={"customer_id": ["c0"]}
    )
    assert (problem.severity, problem.rows, problem.table) == ("warning", 2, "subscriptions")
    assert problem.rule == "2 customers without a row in customers"


def test_customers_who_never_paid_are_noted(one, subscriptions):
    customers = {"customer_id": ["c0", "c1", "c2", "c3"]}
    problem = one("customer-without-revenue", subscriptions=subscriptions(), customers=customers)
    assert (problem.severity, problem.examples) == ("note", ({"customer_id": "c3"},))


def test_parents_that_are_no_customers_are_a_warning(one):
    columns = {"customer_id": ["a", "b"], "parent_id": ["b", "z"]}
    assert one("unknown-parent", customers=columns).examples == (
        {"customer_id": "b", "parent_id": "z"},
    )


def test_ids_of_two_kinds_are_an_error_where_tables_were_read_apart(mrr):
    from saasmetrics.tables import normalize

    tables = {
        "mrr": normalize("mrr", mrr((1, "2026-01", 1.0))),
        "customers": normalize("customers", {"customer_id": ["1"]}),
    }
    assert "mixed-key-types" in [problem.code for problem in gate.check(tables, as_of="2026-06-30")]

"""What findings touch: customers, MRR to the last unit, its share, and the score that follows."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.quality import Report

MICRO = 1_000_000


def check(as_of: str = "2026-06-30", **tables) -> Report:
    return sm.Book(as_of=as_of, currency="USD", **tables).check()


def lines(*rows: tuple) -> dict[str, list]:
    """Subscriptions from rows of (number, customer, start, end, amount, interval)."""
    names = ("subscription_id", "customer_id", "start", "end", "amount", "interval")
    return {name: [row[n] for row in rows] for n, name in enumerate(names)}


def touched(report: Report, code: str):
    place = [problem.code for problem in report.problems].index(code)
    return report.extra["touched"][place]


def test_rows_of_subscriptions_are_worth_their_own_amount_a_month() -> None:
    # a pays 10 a month and 90 a year for a second line with a blank in its id: 7.50 a month of 117.50 in all.
    report = check(
        as_of="2025-12-31",
        subscriptions=lines(
            ("s1", "a", "2025-01-01", None, 10.0, "month"),
            ("s2", "a ", "2025-01-01", None, 90.0, "year"),
            ("s3", "b", "2025-01-01", None, 100.0, "month"),
        ),
    )
    found = touched(report, "padded-id")
    assert (found.customers, found.micro) == (1, 7_500_000)
    assert found.share == pytest.approx(7.5 / 117.5)
    assert report.score == pytest.approx(100 - 10 * 7.5 / 117.5)


def test_a_customer_that_left_is_worth_what_it_paid_last() -> None:
    usage = {"customer_id": ["a"], "date": ["2026-01-01"]}
    report = check(
        subscriptions=lines(
            ("s1", "a", "2025-01-01", "2025-06-01", 10.0, "month"),
            ("s2", "a", "2025-06-01", "2025-09-01", 30.0, "month"),
            ("s3", "b", "2025-01-01", None, 70.0, "month"),
        ),
        usage=usage,
    )
    found = touched(report, "usage-after-churn")
    assert (found.micro, found.share) == (30 * MICRO, 0.3)


def test_an_error_takes_a_point_for_each_per_cent_of_mrr() -> None:
    rows = lines(
        ("s1", "a", "2025-01-01", None, 10.0, "month"),
        ("s1", "a", "2025-01-01", None, 10.0, "month"),
        ("s2", "b", "2025-01-01", None, 80.0, "month"),
    )
    report = check(subscriptions=rows)
    assert touched(report, "repeated-row").points == pytest.approx(10.0)


def test_rows_with_errors_that_leave_no_mrr_are_left_out_of_what_customers_pay() -> None:
    rows = lines(
        ("s1", "a", "2025-01-01", None, None, "month"),
        ("s2", "a ", "2025-01-01", None, 20.0, "month"),
        ("s3", "b", "2025-01-01", None, 80.0, "month"),
    )
    report = check(subscriptions=rows)
    assert (
        touched(report, "missing-value").micro is None
    )  # what it is worth is unknown, and not nothing
    assert touched(report, "padded-id").micro == 20 * MICRO


def test_a_table_that_names_no_customers_counts_by_its_rows() -> None:
    spend = {"month": ["2026-01"] * 4, "function": ["sales"] * 4, "amount": [-1.0, 2.0, 3.0, 4.0]}
    rows = lines(("s1", "a", "2025-01-01", None, 10.0, "month"))
    found = touched(check(subscriptions=rows, spend=spend), "negative-amount")
    assert (found.customers, found.micro, found.points) == (None, None, 2.5)


def test_a_finding_without_rows_touches_all_customers_of_its_table() -> None:
    months = {"customer_id": ["a", "b"], "month": ["2026-01", "2026-03"], "mrr": [10.0, 30.0]}
    report = check(as_of="2026-03-31", mrr=months)
    assert touched(report, "empty-months").micro == 40 * MICRO
    assert touched(report, "empty-months").points == 10.0


def test_findings_of_one_severity_are_in_the_order_of_the_money_that_they_touch() -> None:
    customers = {"customer_id": ["b"]}
    rows = lines(
        ("s1", "a ", "2025-01-01", None, 10.0, "month"),
        ("s2", "b", "2025-01-01", None, 80.0, "month"),
        ("s3", "c", "2025-01-01", None, 30.0, "month"),
    )
    warnings = [
        problem.code
        for problem in check("2025-12-31", subscriptions=rows, customers=customers).problems
        if problem.severity == "warning"
    ]
    assert warnings == ["customer-without-row", "padded-id"]


def test_the_rows_behind_a_finding_are_all_of_them_with_their_numbers() -> None:
    rows = lines(*((f"s{n}", "a ", "2025-01-01", None, 10.0, "month") for n in range(5)))
    frame = check(subscriptions=rows).rows(finding="padded-id")
    assert frame["row"].tolist() == [1, 2, 3, 4, 5]
    assert frame["subscription_id"].tolist() == rows["subscription_id"]


def test_rows_of_a_finding_that_is_not_there_or_not_named_are_refused() -> None:
    report = check(subscriptions=lines(("s1", "a ", "2025-01-01", None, 10.0, "month")))
    with pytest.raises(sm.DataError, match=r"Did you mean 'padded-id'"):
        report.rows(finding="paded-id")
    with pytest.raises(sm.DataError, match="Say which finding"):
        report.rows()


@pytest.mark.parametrize("code", ["overlap-in-customer", "lines-on-one-day"])
def test_findings_that_count_more_than_they_show_have_all_their_rows(code: str) -> None:
    rows = lines(*((f"s{n}", f"c{n % 3}", "2025-01-01", None, 1.0 + n, "month") for n in range(9)))
    bills = {
        "invoice_id": [f"i{n}" for n in range(9)],
        "customer_id": rows["customer_id"],
        "date": ["2026-06-01"] * 9,
        "amount": rows["amount"],
    }
    report = check(subscriptions=rows, invoices=bills)
    (problem,) = [each for each in report.problems if each.code == code]
    assert len(report.rows(finding=code)) == problem.rows > 3


def test_the_text_and_the_page_name_the_score_and_hold_no_markup_of_names() -> None:
    hostile = "<script>alert(1)</script> "
    rows = lines(("s1", hostile, "2025-01-01", None, 10.0, "month"))
    report = check("2025-12-31", subscriptions=rows)
    assert "Data quality: 90.0 of 100: 0 errors, 1 warning" in str(report)
    page = report._repr_html_()
    assert "<details>" in page
    assert "<script" not in page


amounts = st.decimals(min_value="0.01", max_value="9999.99", places=2)
one = st.tuples(st.sampled_from(["a", "a ", "b", "b ", "c"]), amounts, st.sampled_from("my"))


@settings(max_examples=20, deadline=None)
@given(st.lists(one, min_size=1, max_size=12))
def test_mrr_that_a_finding_touches_is_exact_to_the_micro_unit(rows) -> None:
    interval = {"m": ("month", 1), "y": ("year", 12)}
    report = check(
        subscriptions=lines(
            *(
                (f"s{n}", who, "2025-01-01", None, float(amount), interval[every][0])
                for n, (who, amount, every) in enumerate(rows)
            )
        )
    )
    padded = [
        int(Fraction(amount) * MICRO / interval[every][1] + Fraction(1, 2))
        for who, amount, every in rows
        if who.endswith(" ")
    ]
    found = [
        t.micro
        for p, t in zip(report.problems, report.extra["touched"], strict=True)
        if p.code == "padded-id"
    ]
    assert found == ([sum(padded)] if padded else [])
    assert report.score == pytest.approx(max(100 - report.df["points"].sum(), 0))
    assert report.df["share"].dropna().between(0, 1).all()


def test_an_error_in_amounts_that_cannot_be_counted_is_not_worth_nothing() -> None:
    # Two of three lines are in a currency without a rate: what they are worth in dollars nobody knows.
    rows = lines(
        ("s1", "a", "2025-01-01", None, 10.0, "month"),
        ("s2", "b", "2025-01-01", None, 20.0, "month"),
        ("s3", "c", "2025-01-01", None, 30.0, "month"),
    )
    report = check("2025-12-31", subscriptions=rows | {"currency": ["USD", "XAU", "XAU"]})
    error = report.df[report.df["severity"] == "error"].iloc[0]
    assert error["customers"] == 2
    assert np.isnan(error["mrr"])
    assert error["share"] == pytest.approx(2 / 3)
    assert report.score == pytest.approx(100 - 100 * 2 / 3)


def test_what_customers_of_rows_with_errors_pay_is_unknown_and_not_nothing() -> None:
    # Both lines of a count by no known interval; b is whole.
    rows = lines(
        ("s1", "a ", "2025-01-01", None, 10.0, "fortnight"),
        ("s2", "b", "2025-01-01", None, 70.0, "month"),
    )
    found = touched(check(subscriptions=rows), "padded-id")
    assert (found.customers, found.micro, found.share) == (1, None, 0.5)


def test_a_customer_that_never_paid_touches_nothing_beside_rows_with_errors() -> None:
    rows = lines(("s1", "a", "2025-01-01", None, 10.0, "fortnight"))
    found = touched(
        check(subscriptions=rows, customers={"customer_id": ["a", "c"]}), "customer-without-revenue"
    )
    assert (found.customers, found.micro) == (1, 0)

"""MRR against invoices and revenue: each cause lands in its own step, with the figure that a person computes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from tests.metrics.bills import bill, book, month, monthly, sub


def test_an_annual_prepayment_is_billed_for_other_periods_and_then_served_from_before() -> None:
    bills = [bill("a", "2026-01-01", 1200, "2026-01-01", "2026-12-31")]
    made = sm.revenue.reconcile(book([sub("a", "2026-01-01", 1200, "year")], bills))
    # 1,200 / 365 a day: 101.9178 in January, 92.0548 in February; MRR is 100.
    assert month(made, "2026-01-01") == {
        "mrr": 100,
        "day_count": 1.9178,
        "billed_ahead": 1098.0822,
        "billed": 1200,
    }
    assert month(made, "2026-02-01") == {
        "mrr": 100,
        "day_count": -7.9452,
        "billed_before": -92.0548,
    }
    assert made.df["within"].all()


def test_a_start_in_the_middle_of_a_month_is_a_change_of_that_month() -> None:
    bills = [
        bill("a", "2026-01-22", 310, "2026-01-22", "2026-02-21"),
        bill("a", "2026-02-22", 310, "2026-02-22", "2026-03-21"),
    ]
    made = sm.revenue.reconcile(book([sub("a", "2026-01-22", 310)], bills, as_of="2026-02-28"))
    # 10 of 31 days of January: 100 of 310 earned; the bill pays 10 a day, so 100 in January too.
    assert month(made, "2026-01-01") == {
        "mrr": 310,
        "changes": -210,
        "billed_ahead": 210,
        "billed": 310,
    }
    # February: 21 days at 10 and 7 days at 310 / 28 are 287.50, against 310 of MRR.
    assert month(made, "2026-02-01") == {
        "mrr": 310,
        "day_count": -22.5,
        "billed_ahead": 232.5,
        "billed_before": -210,
        "billed": 310,
    }


def test_a_credit_note_is_a_step_of_its_own() -> None:
    bills = [*monthly("a", 100), bill("a", "2026-02-10", -40, kind="credit")]
    made = sm.revenue.reconcile(book([sub("a", "2026-01-01", 100)], bills))
    assert month(made, "2026-02-01") == {"mrr": 100, "credits": -40, "billed": 60}
    rows = made.rows(period="2026-02", step="credits")
    assert rows.values.tolist() == [["a", -40.0]]


def test_a_credit_for_what_mrr_has_already_lost_is_a_proration_and_leaves_nothing_over() -> None:
    before = {"end": "2026-07-01"}
    subs = [sub("a", "2026-01-01", 1200, "year", **before), sub("a", "2026-07-01", 600, "year")]
    bills = [
        bill("a", "2026-01-01", 1200, "2026-01-01", "2026-12-31"),
        bill("a", "2026-07-01", -600, "2026-07-01", "2026-12-31", kind="credit"),
        bill("a", "2026-07-01", 300, "2026-07-01", "2026-12-31"),
    ]
    made = sm.revenue.reconcile(book(subs, bills, as_of="2026-08-31"))
    july = month(made, "2026-07-01")
    assert july["mrr"] == 50
    assert "credits" not in july
    assert "unexplained" not in july
    assert july["billed"] == -300


def test_a_discount_line_that_mrr_does_not_know_is_a_discount() -> None:
    bills = [*monthly("a", 100), bill("a", "2026-01-10", -25, kind="discount")]
    made = sm.revenue.reconcile(book([sub("a", "2026-01-01", 100)], bills))
    assert month(made, "2026-01-01") == {"mrr": 100, "discounts": -25, "billed": 75}


def test_a_policy_that_ignores_discounts_parts_from_the_bills_by_the_discount() -> None:
    subs = [sub("a", "2026-01-01", 100, list_amount=130.0)]
    made = sm.revenue.reconcile(book(subs, monthly("a", 100), policy=sm.Policy(discount="none")))
    assert month(made, "2026-01-01") == {"mrr": 130, "discounts": -30, "billed": 100}


def test_a_policy_that_counts_trials_parts_from_the_bills_by_definition() -> None:
    subs = [sub("a", "2026-01-01", 100, trial_end="2026-02-01")]
    bills = monthly("a", 100)[1:]
    made = sm.revenue.reconcile(book(subs, bills, policy=sm.Policy(trial="included")))
    assert month(made, "2026-01-01") == {"mrr": 100, "definition": -100}
    assert month(made, "2026-02-01") == {"mrr": 100, "billed": 100}


def test_fees_usage_refunds_and_tax_have_steps_of_their_own() -> None:
    kinds = {"setup": 500, "usage": 30, "refund": -20, "tax": 19}
    bills = [*monthly("a", 100), *(bill("a", "2026-02-03", v, kind=k) for k, v in kinds.items())]
    made = sm.revenue.reconcile(book([sub("a", "2026-01-01", 100)], bills))
    assert month(made, "2026-02-01") == {
        "mrr": 100,
        "one_off": 500,
        "usage": 30,
        "refunds": -20,
        "tax": 19,
        "billed": 629,
    }


def test_customers_in_one_source_only_are_told_apart() -> None:
    subs = [sub("a", "2026-01-01", 100), sub("only-mrr", "2026-01-01", 70)]
    bills = [*monthly("a", 100), *monthly("only-invoices", 80)]
    made = sm.revenue.reconcile(book(subs, bills))
    assert month(made, "2026-03-01") == {
        "mrr": 170,
        "only_mrr": -70,
        "only_invoices": 80,
        "billed": 180,
    }
    assert made.rows(step="only_invoices")["customer_id"].tolist() == ["only-invoices"]


def test_a_currency_is_valued_at_the_day_of_the_invoice() -> None:
    fx = pd.DataFrame(
        {"date": ["2026-01-01", "2026-01-15"], "currency": "EUR", "rate": [1.10, 1.20]}
    )
    bills = [{**line, "currency": "EUR"} for line in monthly("a", 100)]
    tables = book([sub("a", "2026-01-01", 100, currency="EUR")], bills, fx=fx, currency="USD")
    # Billed on the 1st at 1.10; MRR at the close of January at 1.20.
    expected = {"mrr": 120, "fx": -10, "billed": 110}
    assert month(sm.revenue.reconcile(tables), "2026-01-01") == expected
    constant = sm.revenue.reconcile(tables.with_policy(fx="constant"))
    assert month(constant, "2026-01-01") == expected
    assert month(sm.revenue.reconcile(tables, "service"), "2026-01-01") == {
        "mrr": 120,
        "fx": -10,
        "recognised": 110,
    }
    assert month(sm.revenue.reconcile(tables), "2026-02-01") == {"mrr": 120, "billed": 120}


def test_service_billed_in_arrears_is_billed_in_a_later_period() -> None:
    bills = [bill("a", "2026-02-01", 100, "2026-01-01", "2026-01-31")]
    made = sm.revenue.reconcile(book([sub("a", "2026-01-01", 100)], bills))
    assert month(made, "2026-01-01") == {"mrr": 100, "billed_later": -100}
    february = month(made, "2026-02-01")
    assert (february["billed_ahead"], february["billed"]) == (100, 100)
    # Nothing serves February: that is for the CFO to look at, not for the bridge to explain away.
    assert february["unexplained"] == -100


@pytest.mark.parametrize(
    ("bills", "unexplained", "reason"),
    [
        (monthly("a", 90), -10, "invoiced at another price than MRR"),
        (
            [*monthly("a", 100)[:1], *monthly("a", 100)[2:]],
            -100,
            "MRR on days that no invoice serves",
        ),
    ],
)
def test_what_is_unexplained_says_what_is_wrong(
    bills: list[dict], unexplained: float, reason: str
) -> None:
    made = sm.revenue.reconcile(book([sub("a", "2026-01-01", 100)], bills))
    row = made.df[made.df["period"] == "2026-02-01"].iloc[0]
    assert (row["unexplained"], row["share"]) == (unexplained, unexplained / 100)
    assert not row["within"]
    rows = made.rows(period="2026-02", step="unexplained")
    assert rows.values.tolist() == [["a", unexplained, reason]]


def test_service_after_the_customer_left_is_unexplained() -> None:
    subs = [sub("a", "2026-01-01", 100, end="2026-02-01"), sub("b", "2026-01-01", 900)]
    made = sm.revenue.reconcile(book(subs, [*monthly("a", 100, 2), *monthly("b", 900)]))
    rows = made.rows(period="2026-02", step="unexplained")
    assert rows.values.tolist() == [["a", 100.0, "invoiced service on days without MRR"]]


def test_the_tolerance_is_a_share_of_mrr() -> None:
    tables = book([sub("a", "2026-01-01", 100)], monthly("a", 98))
    assert sm.revenue.reconcile(tables, tolerance=0.02).df["within"].all()
    assert not sm.revenue.reconcile(tables, tolerance=0.019).df["within"].any()


def test_a_quarter_holds_its_mrr_three_times() -> None:
    subs = [sub("a", "2026-01-01", 100), sub("b", "2026-02-01", 60)]
    made = sm.revenue.reconcile(book(subs, [*monthly("a", 100), *monthly("b", 60)[1:]]), freq="Q")
    # b came for two of the three months.
    assert month(made, "2026-01-01") == {"mrr": 480, "changes": -60, "billed": 420}


def test_the_mrr_of_a_month_is_that_of_the_metric(demo_book: sm.Book) -> None:
    made = sm.revenue.reconcile(demo_book).df
    mrr = sm.revenue.mrr(demo_book).df
    np.testing.assert_array_equal(made["mrr"], mrr["value"])


def test_finance_has_revenue_beside_mrr() -> None:
    finance = pd.DataFrame(
        {"month": ["2026-01", "2026-02"], "revenue": [100.0, 133.0], "cogs": [1.0, 1.0]}
    )
    bills = [*monthly("a", 100), bill("a", "2026-02-03", 30, kind="setup")]
    tables = book([sub("a", "2026-01-01", 100)], bills, finance=finance)
    made = sm.revenue.reconcile(tables, "revenue")
    assert month(made, "2026-01-01") == {"mrr": 100, "revenue": 100}
    assert month(made, "2026-02-01") == {
        "mrr": 100,
        "one_off": 30,
        "unexplained": 3,
        "revenue": 133,
    }
    march = made.df.iloc[2]
    assert np.isnan(march["revenue"])
    assert np.isnan(march["share"])
    assert march["within"] is pd.NA
    assert march["reason"] == "finance does not have the revenue of every month"


def test_a_period_without_mrr_has_no_share_and_says_why() -> None:
    subs = [sub("a", "2026-01-01", 100, end="2026-02-01")]
    last = sm.revenue.reconcile(book(subs, monthly("a", 100, 1))).df.iloc[-1]
    assert np.isnan(last["share"])
    assert last["reason"] == "no MRR at the close"

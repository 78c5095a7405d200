"""CAC payback, on the company of conftest.py and against the formulas on numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError

CAC = 4320 / 4
NEW = 800 / 4  # starting MRR of the four customers won
SURVIVAL = [1, 1, 1] + [0.75] * 9  # see test_lifetime_value.py


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("simple", sm.formulas.payback_simple(CAC, NEW)),
        ("gross_margin", sm.formulas.payback(CAC, NEW, 0.75)),
        ("churn_adjusted", sm.formulas.payback_churn_adjusted(CAC, NEW * 0.75, SURVIVAL)),
    ],
)
def test_each_method_is_the_formula_of_its_name(company, method, expected):
    result = sm.economics.payback(company.book(), method, lag=0)
    assert result.value == pytest.approx(expected)
    assert result.df["numerator"].iloc[0] == CAC


def test_gross_margin_is_the_default(company):
    assert sm.economics.payback(company.book(), lag=0).context.options["method"] == "gross_margin"


def test_groups_are_cut_the_same_way_on_both_sides(company):
    df = sm.economics.payback(company.book(), by="segment", lag=0).df.set_index("segment")
    assert df.loc["SMB", "value"] == pytest.approx(780 / 75)
    assert df.loc["Enterprise", "value"] == pytest.approx(1380 / 225)


def test_arpa_can_be_that_of_all_who_pay(company):
    df = sm.economics.payback(company.book(), lag=0, arpa="paying").df
    assert df["denominator"].iloc[0] == pytest.approx(700 / 3 * 0.75)


def dear(company, factor):
    spend = company.spend()
    return company.book(spend=spend.assign(amount=spend["amount"] * factor))


def test_a_cost_that_survivors_never_repay_is_missing_and_says_so(company):
    row = sm.economics.payback(dear(company, 2), "churn_adjusted", lag=0, horizon=12).df.iloc[0]
    # twelve months bring 150 x (3 + 9 x 0.75) = 1462.5 of the 2160 a customer cost
    assert np.isnan(row["value"])
    assert row["reason"] == "never within the horizon of 12 months"


def test_a_curve_that_ends_before_the_horizon_claims_only_what_was_seen(company):
    row = sm.economics.payback(dear(company, 2), "churn_adjusted", lag=0).df.iloc[0]
    assert row["reason"] == "not within the 12 months seen"


def test_never_within_the_horizon_fails_the_target():
    book = sm.demo(customers=400)
    tables = {name: table.data for name, table in book.tables.items()}
    spend = book.frame("spend")
    spend["amount"] *= 20
    costly = sm.Book(**{**tables, "spend": spend}, as_of="2026-10-31", currency="USD")
    row = sm.economics.payback(costly, "churn_adjusted").df.iloc[0]
    assert np.isnan(row["value"])
    assert np.isnan(row["low"])
    assert row["verdict"] == "fail"
    assert row["probability"] == 0
    assert row["reason"].startswith("n")


@pytest.mark.row("U3")
@pytest.mark.parametrize(("factor", "verdict"), [(0.2, "pass"), (1.0, "not proven"), (5.0, "fail")])
def test_the_verdict_on_twelve_months_follows_the_whole_interval(factor, verdict):
    book = sm.demo(customers=400)
    base = sm.economics.payback(book)
    spend = book.frame("spend")
    spend["amount"] *= factor * 12 / base.value
    tables = {name: table.data for name, table in book.tables.items()}
    row = sm.economics.payback(
        sm.Book(**{**tables, "spend": spend}, as_of="2026-10-31", currency="USD")
    ).df.iloc[0]
    assert row["value"] == pytest.approx(12 * factor)
    assert row["verdict"] == verdict


def test_customers_who_bring_no_profit_never_pay_back(company):
    finance = company.finance().assign(cogs=lambda t: t["revenue"] * 1.1)
    row = sm.economics.payback(company.book(finance=finance), lag=0).df.iloc[0]
    assert np.isnan(row["value"])
    assert row["reason"] == "customers bring no gross profit: never repaid"
    assert row["verdict"] == "fail"


def empirical(company, **options):
    result = sm.economics.payback(company.book(**options), "empirical", lag=0)
    return result, result.df.set_index("cohort")


def test_a_cohort_pays_back_when_its_gross_profit_so_far_reaches_its_cost(company):
    _, df = empirical(company)
    # January: 360 for Ada and Bo, 150 a month for three months: repaid in the third
    assert df.loc["2025-01-01", "value"] == 3
    # February: 360 for Cy at 300 a month; July: 360 for Di at 150 a month
    assert df.loc["2025-02-01", "value"] == 2
    assert df.loc["2025-07-01", "value"] == 3
    assert df.loc["2025-07-01", "verdict"] == "pass"


def test_a_young_cohort_that_has_not_repaid_is_open_and_not_failed(company):
    spend = company.spend().assign(amount=lambda t: t["amount"] * 10)
    _, df = empirical(company, spend=spend)
    july = df.loc["2025-07-01"]  # 900 of 3600 in six months
    assert np.isnan(july["value"])
    assert july["verdict"] == "not proven"
    assert july["reason"] == "not repaid in the 6 months seen"
    assert (july["numerator"], july["denominator"], july["observed"]) == (3600, 900, 6)


def test_a_cohort_that_had_its_time_and_did_not_repay_fails(company):
    spend = company.spend().assign(amount=lambda t: t["amount"] * 10)
    _, df = empirical(company, spend=spend)
    assert df.loc["2025-01-01", "observed"] == 12
    assert df.loc["2025-01-01", "verdict"] == "fail"


def test_cost_in_months_without_new_customers_is_shown(company):
    _, df = empirical(company)
    march = df.loc["2025-03-01"]
    assert march["numerator"] == 360
    assert march["reason"] == "no customer was won"
    assert df["numerator"].sum() == 12 * 360


def test_months_not_yet_over_are_not_counted(company):
    book = company.book().as_of("2025-07-30")
    df = sm.economics.payback(book, "empirical", lag=0).df.set_index("cohort")
    assert df.loc["2025-02-01", "observed"] == 5
    assert pd.Timestamp("2025-07-01") not in df.index


def test_the_median_over_cohorts_counts_open_ones_as_censored(company):
    spend = company.spend().assign(amount=lambda t: t["amount"] * 4)
    result, df = empirical(company, spend=spend)
    summary = result.extra["summary"].iloc[0]
    assert summary["cohorts"] == len(df)
    assert summary["repaid"] == df["value"].notna().sum()


def test_the_customers_behind_a_cohort_are_those_won_in_its_month(company):
    result, _ = empirical(company)
    assert result.rows(cohort="2025-01-01")["customer_id"].tolist() == ["Ada", "Bo"]


def test_the_headline_is_the_payback_of_the_whole(company):
    assert sm.economics.payback(company.book(), lag=0).text == "7.2 months"  # 1080 / 150


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "empirica"}, "Did you mean 'empirical'"),
        ({"horizon": 0}, "at least 1"),
        ({"target": -1}, "above 0"),
        ({"window": 0}, "at least 1"),
        ({"interval": 0}, "between 0 and 1"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(company, options, message):
    with pytest.raises(DataError, match=message):
        sm.economics.payback(company.book(), **options)


def unpaid(months):
    """Thirty customers won in January who all stay, at a cost that fifty months would repay."""
    names = [str(month) for month in pd.period_range("2024-01", periods=months, freq="M")]
    rows = [{"customer_id": f"c{i}", "month": m, "mrr": 100.0} for i in range(30) for m in names]
    amounts = [30 * 5000.0] + [0.0] * (months - 1)
    spend = pd.DataFrame({"month": names, "function": "sales", "amount": amounts})
    end = pd.Period(names[-1], "M").end_time.date().isoformat()
    return sm.Book(mrr=pd.DataFrame(rows), spend=spend, as_of=end)


def test_a_cost_not_repaid_in_the_few_months_seen_is_not_proven():
    options = {"margin": 1.0, "window": 24}
    row = sm.economics.payback(unpaid(3), "churn_adjusted", **options).df.iloc[0]
    assert row["reason"] == "not within the 3 months seen"
    assert row["verdict"] == "not proven"
    assert np.isnan(row[["value", "low", "high", "probability"]].astype(float)).all()


def test_a_cost_not_repaid_in_more_months_than_the_target_fails():
    options = {"margin": 1.0, "window": 24}
    row = sm.economics.payback(unpaid(14), "churn_adjusted", **options).df.iloc[0]
    assert row["reason"] == "not within the 14 months seen"  # and so not within 12
    assert row["verdict"] == "fail"


def test_resamples_that_repay_later_than_what_was_seen_prove_no_failure():
    options = {"margin": 1.0, "window": 60, "target": 52.0}
    row = sm.economics.payback(unpaid(51), "churn_adjusted", **options).df.iloc[0]
    assert row["value"] == 50
    assert row["verdict"] == "not proven"  # with fewer customers won it is beyond 51 months
    assert np.isnan(row["high"])

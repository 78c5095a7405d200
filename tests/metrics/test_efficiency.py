"""Magic number, burn multiple and Rule of 40, on the company of conftest.py."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, MissingTableError

# MRR by month: 200, 600 x 2, 500 x 3, 700 x 6; by quarter 1400, 1500, 2100, 2100
SPENT = 3 * 360


def by_period(result):
    return result.df.set_index("period")


def test_the_magic_number_is_four_times_the_gain_over_the_spend_before(company):
    df = by_period(sm.economics.magic_number(company.book()))
    assert df.loc["2025-07-01", "value"] == pytest.approx(
        sm.formulas.magic_number(2100, 1500, SPENT)
    )
    assert df.loc["2025-10-01", "value"] == 0
    assert np.isnan(df.loc["2025-01-01", "value"])


def test_without_revenue_in_the_accounts_the_closing_mrr_of_months_stands_in(company):
    result = sm.economics.magic_number(company.book(finance=None))
    assert by_period(result).loc["2025-07-01", "value"] == pytest.approx(4 * 600 / SPENT)
    assert "revenue of a month is its closing MRR" in result.footnote


def test_the_magic_number_can_take_net_new_arr(company):
    df = by_period(sm.economics.magic_number(company.book(), method="net_new_arr"))
    assert df.loc["2025-07-01", "value"] == pytest.approx(12 * 200 / SPENT)


def test_a_quarter_that_is_not_over_has_no_magic_number(company):
    df = by_period(sm.economics.magic_number(company.book().as_of("2025-11-30")))
    assert np.isnan(df.loc["2025-10-01", "value"])
    assert df.loc["2025-10-01", "reason"] == "the period is not over"


def test_the_burn_multiple_is_net_burn_over_net_new_arr(company):
    df = by_period(sm.economics.burn_multiple(company.book()))
    row = df.loc["2025-07-01"]
    assert (row["numerator"], row["denominator"]) == (900, 2400)
    assert row["value"] == sm.formulas.burn_multiple(900, 2400)
    assert row["band"] == "amazing"


def test_a_quarter_that_added_no_arr_has_no_burn_multiple(company):
    df = by_period(sm.economics.burn_multiple(company.book()))
    assert np.isnan(df.loc["2025-04-01", "value"])  # Bo left
    assert df.loc["2025-04-01", "reason"] == "no ARR was added"
    assert pd.isna(df.loc["2025-04-01", "band"])


def test_free_cash_flow_stands_in_for_burn(company):
    finance = company.finance().drop(columns="net_burn").assign(free_cash_flow=-300.0)
    result = sm.economics.burn_multiple(company.book(finance=finance))
    assert by_period(result).loc["2025-07-01", "numerator"] == 900
    assert "free cash flow, negated" in result.footnote


def test_a_month_missing_from_the_accounts_is_not_zero_burn(company):
    finance = company.finance()
    finance.loc[7, "net_burn"] = np.nan
    df = by_period(sm.economics.burn_multiple(company.book(finance=finance)))
    assert np.isnan(df.loc["2025-07-01", "value"])
    assert "does not have every month" in df.loc["2025-07-01", "reason"]


@pytest.fixture
def two_years(company):
    """The company, and the same again a year later at twice the MRR."""
    first = company.mrr()
    again = pd.period_range("2026-01", "2026-12", freq="M").astype(str)
    later = pd.concat(
        [
            pd.DataFrame({"customer_id": name, "month": again, "mrr": 2.0 * amount})
            for name, amount in (("Ada", 100), ("Cy", 400), ("Di", 200))
        ]
    )
    mrr = pd.concat([first, later], ignore_index=True)
    revenue = mrr.groupby("month")["mrr"].sum()
    finance = pd.DataFrame(
        {
            "month": revenue.index,
            "revenue": revenue.to_numpy(),
            "net_burn": 140.0,
            "ebitda": -70.0,
        }
    )
    return sm.Book(mrr=mrr, finance=finance, as_of="2026-12-31")


def test_the_rule_of_40_adds_growth_and_margin_of_a_year(two_years):
    row = sm.economics.rule_of_40(two_years, freq="Y").df.iloc[-1]
    assert row["growth"] == 1.0  # 1400 after 700 of MRR
    assert row["margin"] == pytest.approx(-12 * 140 / (12 * 1400))
    assert row["value"] == pytest.approx(sm.formulas.rule_of_40(1.0, -0.1))


def test_the_rule_of_40_can_take_revenue_and_ebitda(two_years):
    row = sm.economics.rule_of_40(two_years, freq="Y", method="revenue_ebitda").df.iloc[-1]
    assert row["growth"] == pytest.approx(16800 / 7100 - 1)
    assert row["margin"] == pytest.approx(-0.05)


def test_the_first_year_has_no_growth_and_says_why(two_years):
    row = sm.economics.rule_of_40(two_years, freq="Y").df.iloc[0]
    assert np.isnan(row["value"])
    assert row["reason"] == "there was nothing a year before"


@pytest.mark.parametrize("function", [sm.economics.burn_multiple, sm.economics.rule_of_40])
def test_a_book_without_accounts_says_what_to_add(company, function):
    with pytest.raises(MissingTableError, match="needs the table 'finance'"):
        function(company.book(finance=None))


def test_accounts_without_burn_say_which_column_to_add(company):
    finance = company.finance()[["month", "revenue"]]
    with pytest.raises(DataError, match="needs the column net_burn or free_cash_flow"):
        sm.economics.burn_multiple(company.book(finance=finance))


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (sm.economics.magic_number, {"method": "revenues"}),
        (sm.economics.magic_number, {"revenue": "finances"}),
        (sm.economics.rule_of_40, {"method": "arr"}),
    ],
)
def test_an_unknown_way_to_compute_is_refused(company, function, options):
    with pytest.raises(DataError, match="There is no"):
        function(company.book(), **options)


@pytest.mark.parametrize("spend", [5, [], [None]])
def test_a_magic_number_without_a_function_of_spend_is_refused(company, spend):
    with pytest.raises(DataError, match="names no function of the table spend"):
        sm.economics.magic_number(company.book(), spend=spend)

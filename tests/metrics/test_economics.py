"""Acquisition cost, on the company of conftest.py."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError


@pytest.fixture
def year(company):
    """CAC of the whole year."""

    def of(**options):
        return sm.economics.cac(company.book(), freq="Y", **options).df

    return of


def test_blended_cac_is_all_spend_over_all_new_customers(year):
    row = year(lag=0).iloc[0]
    assert row["numerator"] == 12 * 360
    assert row["denominator"] == row["n"] == 4
    assert row["value"] == 1080


def test_a_month_without_new_customers_has_no_cac_and_says_why(company):
    df = sm.economics.cac(company.book(), lag=0).df.set_index("period")
    assert df.loc["2025-01-01", "value"] == 180  # 360 for Ada and Bo
    assert np.isnan(df.loc["2025-03-01", "value"])
    assert df.loc["2025-03-01", "reason"] == "no customer was won"
    assert df.loc["2025-03-01", "numerator"] == 360


def test_a_lag_matches_customers_with_the_spend_of_earlier_months(company):
    spend = company.spend().assign(amount=lambda t: t["month"].str[-2:].astype(int) * 1.0)
    df = sm.economics.cac(company.book(spend=spend), lag=2).df.set_index("period")
    assert df.loc["2025-07-01", "value"] == 3 * 5  # Di is won in July on what three rows say of May


def test_spend_before_the_first_recorded_month_is_not_zero_but_unknown(company):
    df = sm.economics.cac(company.book(), lag=1).df.set_index("period")
    assert np.isnan(df.loc["2025-01-01", "value"])
    assert "not recorded" in df.loc["2025-01-01", "reason"]


def test_a_month_missing_from_spend_makes_the_year_unknown(company):
    months = [month for month in company.MONTHS if month != "2025-05"]
    df = sm.economics.cac(company.book(spend=company.spend(months)), lag=0, freq="Y").df
    assert df["value"].isna().all()
    assert "add rows of 0" in df["reason"].iloc[0]


def test_groups_bear_their_own_spend_and_their_part_of_what_names_no_group(year):
    df = year(lag=0, by="segment").set_index("segment")
    # 12 x 60 = 720 shared by 2 new customers in each segment
    assert df.loc["SMB", "numerator"] == 1200 + 360
    assert df.loc["Enterprise", "numerator"] == 2400 + 360
    assert df["numerator"].sum() == year(lag=0)["numerator"].sum()


def test_spend_on_a_group_without_customers_is_shown_and_not_dropped(company):
    spend = pd.concat([company.spend(), company.spend().head(1).assign(segment="Nonprofit")])
    df = sm.economics.cac(company.book(spend=spend), by="segment", freq="Y", lag=0).df
    lost = df.set_index("segment").loc["Nonprofit"]
    assert lost["numerator"] == 100
    assert lost["reason"] == "no customer was won"
    assert df["numerator"].sum() == 12 * 360 + 100


def test_shared_spend_of_a_month_in_which_nobody_was_won_stays_apart(company):
    df = sm.economics.cac(company.book(), by="segment", lag=0).df
    march = df[df["period"] == "2025-03-01"].set_index("segment")["numerator"]
    assert march.to_dict() == {"Enterprise": 200, "SMB": 100, "(none)": 60}


def test_no_group_is_invented_where_all_spend_found_its_group(year):
    assert set(year(lag=0, by="segment")["segment"]) == {"SMB", "Enterprise"}


def test_paid_cac_counts_the_channels_with_spend_and_what_they_won(company):
    customers = company.customers(channel=["ads", "friends", "ads", "friends"])
    spend = company.spend().rename(columns={"segment": "channel"})
    spend["channel"] = spend["channel"].map({"SMB": "ads", "Enterprise": "ads"})
    result = sm.economics.cac(
        company.book(customers=customers, spend=spend), method="paid", freq="Y", lag=0
    )
    row = result.df.iloc[0]
    assert row["numerator"] == 12 * 300  # without the 60 that name no channel
    assert row["n"] == 2
    assert "Paid channels: ads" in result.footnote


def test_paid_cac_can_be_cut_by_segment_as_well(company):
    customers = company.customers(channel=["ads", "friends", "ads", "friends"])
    spend = company.spend().assign(channel="ads")
    df = sm.economics.cac(
        company.book(customers=customers, spend=spend),
        by="segment",
        method="paid",
        freq="Y",
        lag=0,
    ).df.set_index("segment")
    assert df.loc["SMB", "value"] == 1200 + 360
    assert df.loc["Enterprise", "value"] == 2400 + 360


def test_a_channel_without_spend_cannot_be_paid(company):
    customers = company.customers(channel="ads")
    book = company.book(customers=customers, spend=company.spend().assign(channel="ads"))
    with pytest.raises(UnknownNameError, match="There is no channel with spend called 'add'"):
        sm.economics.cac(book, method="paid", paid=["add"])


def test_only_the_functions_asked_for_count(year):
    assert year(lag=0, spend="marketing")["value"].iloc[0] == 12 * 60 / 4


def test_a_window_looks_back_over_several_periods(company):
    df = sm.economics.cac(company.book(), freq="Q", window=4, lag=0).df
    last = df.iloc[-1]
    assert (last["numerator"], last["n"]) == (12 * 360, 4)
    assert "not recorded" in df["reason"].iloc[0]


def test_a_period_that_is_not_over_is_marked(company):
    book = company.book().as_of("2025-11-30")
    df = sm.economics.cac(book, freq="Q", lag=0).df
    assert df["complete"].tolist() == [True, True, True, False]
    assert df["numerator"].iloc[-1] == 2 * 360


def test_the_lag_is_the_median_time_from_sign_up_to_first_payment(company):
    created = pd.to_datetime(["2024-11-01", "2024-11-01", "2024-12-01", "2025-05-01"])
    book = company.book(customers=company.customers(created_at=created))
    result = sm.economics.cac(book, freq="Y")
    # 61, 61, 62 and 61 days to the first day of the first month paid
    assert "2 months: the median from sign-up to first payment is 61 days" in result.footnote


def test_without_sign_ups_the_lag_is_zero_and_says_so(company):
    footnote = sm.economics.cac(company.book()).footnote
    assert "0 months: the sales cycle is not known" in footnote


def test_the_policy_can_fix_the_lag(company):
    footnote = sm.economics.cac(company.book(policy=sm.Policy(lag=3))).footnote
    assert "leads the customers it wins by 3 months" in footnote


def test_the_customers_behind_a_cell_are_those_it_counts(company):
    result = sm.economics.cac(company.book(), by="segment", freq="Q", lag=0)
    rows = result.rows(period="2025-01-01", segment="SMB")
    assert rows["customer_id"].tolist() == ["Ada", "Bo"]
    assert rows["new"].tolist() == [100, 100]
    assert len(result.rows(period="2025-03-01", segment="(none)")) == 0


def test_the_interval_holds_the_value_and_the_same_call_gives_the_same_interval(year):
    first, second = (year(lag=0).iloc[0] for _ in range(2))
    assert first["low"] <= first["value"] <= first["high"]
    assert (first["low"], first["high"]) == (second["low"], second["high"])
    assert "low" not in year(lag=0, interval=None)


def test_spend_in_another_currency_is_converted(company):
    fx = pd.DataFrame({"date": ["2025-01-01"], "currency": ["EUR"], "rate": [2.0]})
    spend = company.spend().assign(currency="EUR")
    book = company.book(spend=spend, fx=fx, currency="USD")
    assert sm.economics.cac(book, freq="Y", lag=0).df["numerator"].iloc[0] == 2 * 12 * 360


def test_a_column_that_spend_does_not_have_is_refused_with_those_it_has(company):
    book = company.book(customers=company.customers(region="north"))
    with pytest.raises(DataError, match="can be cut by segment"):
        sm.economics.cac(book, by="region")


def test_a_book_without_spend_says_what_to_add(company):
    with pytest.raises(MissingTableError, match="needs the table 'spend'"):
        sm.economics.cac(sm.Book(mrr=company.mrr()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "blend"}, "Did you mean 'blended'"),
        ({"spend": "salez"}, "Did you mean 'sales'"),
        ({"spend": "rnd"}, "has no rows of rnd"),
        ({"freq": "W"}, "freq is M, Q or Y"),
        ({"window": 0}, "at least 1"),
        ({"lag": -1}, "from 0"),
        ({"interval": 95}, "between 0 and 1"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(company, options, message):
    with pytest.raises(DataError, match=message):
        sm.economics.cac(company.book(), **options)


def test_the_cac_ratio_is_spend_over_new_arr(company):
    df = sm.economics.cac_ratio(company.book(), freq="Y", lag=0).df
    assert df["denominator"].iloc[0] == 12 * 800  # 100 + 100 + 400 + 200 of new MRR
    assert df["value"].iloc[0] == 4320 / 9600


def test_the_cac_ratio_can_count_expansion(company):
    mrr = company.mrr()
    mrr.loc[(mrr["customer_id"] == "Ada") & (mrr["month"] >= "2025-06"), "mrr"] = 150
    book = company.book(mrr=mrr)
    ratios = {
        method: sm.economics.cac_ratio(book, freq="Y", lag=0, method=method)
        .df["denominator"]
        .iloc[0]
        for method in ("new", "expansion", "blended")
    }
    assert ratios == {"new": 9600, "expansion": 600, "blended": 10200}


def test_a_year_without_new_arr_has_no_cac_ratio(company):
    df = sm.economics.cac_ratio(company.book(), lag=0, method="expansion").df
    assert df["value"].isna().all()
    assert set(df["reason"]) == {"no ARR was added"}


def test_the_interval_of_cac_has_a_width_when_all_customers_are_new():
    # all 60 were won in the year: how many are won is as uncertain as a count of 60 is
    mrr = pd.DataFrame({"customer_id": [f"c{i}" for i in range(60)], "month": "2025-06", "mrr": 9})
    months = [f"2025-{month:02d}" for month in range(1, 13)]
    spend = pd.DataFrame({"month": months, "function": "sales", "amount": 100.0})
    book = sm.Book(mrr=mrr, spend=spend, as_of="2025-12-31")
    row = sm.economics.cac(book, freq="Y", lag=0).df.iloc[0]
    assert row["value"] == 20
    # 60 +- 1.96 x root of 60 customers: 45 to 75
    assert row["low"] == pytest.approx(1200 / 75, rel=0.05)
    assert row["high"] == pytest.approx(1200 / 45, rel=0.05)


def test_the_interval_of_cac_of_three_customers_comes_without_warnings(company):
    # one resample in twenty of three customers holds none: the warning would be an error here
    mrr = company.mrr()
    book = company.book(mrr=mrr[mrr["customer_id"] != "Di"])
    row = sm.economics.cac(book, freq="Y", lag=0).df.iloc[0]
    assert row["low"] < row["value"] == 1440


WRONG = [
    ({"interval": "x"}, "interval='x' is not a coverage: a number between 0 and 1"),
    ({"interval": True}, "interval=True is not a coverage"),
    ({"lag": "a"}, "lag='a' is not how many months spend leads the customers"),
    ({"lag": True}, "lag=True is not"),
    ({"lag": float("nan")}, "lag=nan is not"),
    ({"window": "a"}, "window='a' is not a number of"),
    ({"spend": 5}, 'spend=5 names no function of the table spend: .*spend="sales"'),
    ({"spend": []}, r"spend=\[\] names no function of the table spend"),
    ({"spend": [5]}, r"spend=\[5\] names no function"),
]
WRONG_VALUE = [
    ({"horizon": "a"}, "horizon='a' is not a whole number of months, at least 1"),
    ({"margin": "a"}, "margin is a share of revenue above 0 and up to 1, .* not 'a'"),
    ({"margin": 0}, "not 0"),
    ({"margin": -0.5}, "not -0.5"),
    ({"margin": 1.5}, "Did you mean 0.015"),
    ({"margin": float("nan")}, "not nan"),
    ({"margin": True}, "not True"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_cac_refuses_a_value_of_the_wrong_type_and_says_which(company, options, message):
    with pytest.raises(DataError, match=message):
        sm.economics.cac(company.book(), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [*WRONG, *WRONG_VALUE, ({"target": None}, "target=None is not the bar to reach")],
)
@pytest.mark.parametrize("name", ["ltv_cac", "payback"])
def test_a_verdict_refuses_a_value_of_the_wrong_type_and_says_which(
    company, name, options, message
):
    with pytest.raises(DataError, match=message):
        getattr(sm.economics, name)(company.book(), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *WRONG[:2],
        *WRONG_VALUE,
        ({"discount": "a"}, "discount is a yearly rate as a share, .* not 'a'"),
        ({"discount": None}, "not None"),
        ({"churn_months": "a"}, "churn_months='a' is not"),
    ],
)
def test_ltv_refuses_a_value_of_the_wrong_type_and_says_which(company, options, message):
    with pytest.raises(DataError, match=message):
        sm.economics.ltv(company.book(), **options)


def test_a_single_paid_channel_can_be_named_alone(company):
    book = company.book(
        customers=company.customers(channel="ads"), spend=company.spend().assign(channel="ads")
    )
    result = sm.economics.cac(book, method="paid", paid="ads")
    assert "Paid channels: ads" in result.footnote


def test_numbers_of_numpy_are_numbers(company):
    options = {"horizon": np.int64(12), "margin": np.float64(0.5), "interval": np.float32(0.9)}
    assert sm.economics.ltv_cac(company.book(), lag=np.int32(0), **options).value > 0


@pytest.mark.parametrize("metric", [sm.economics.ltv_cac, sm.economics.payback])
def test_a_group_that_spend_does_not_name_is_named_in_the_footnote(metric) -> None:
    customers = [f"c{number}" for number in range(40)]
    book = sm.Book(
        subscriptions={
            "subscription_id": customers,
            "customer_id": customers,
            "start": [f"2025-{1 + number % 12:02}-01" for number in range(40)],
            "amount": [100.0] * 40,
            "interval": ["month"] * 40,
        },
        customers={"customer_id": customers, "segment": ["SMB", "Enterprise"] * 20},
        spend={
            "month": ["2025-06", "2025-06"],
            "function": ["sales", "sales"],
            "segment": ["SMB", None],
            "amount": [500.0, 300.0],
        },
        as_of="2026-06-30",
        currency="USD",
    )
    said = metric(book, by="segment", margin=0.8).footnote
    assert (
        "Spend that names no group is shared out by new customers; no spend names Enterprise"
        in said
    )

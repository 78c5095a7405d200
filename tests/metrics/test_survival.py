from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.errors import DataError, UnknownNameError


def book_of(lives, as_of="2026-01-31", **options):
    """A book from (customer, first month, months paid or None, MRR)."""
    table = pd.DataFrame(lives, columns=["customer_id", "start", "months", "amount"])
    start = pd.to_datetime(table["start"])
    end = [
        None if pd.isna(months) else begun + pd.DateOffset(months=int(months))
        for begun, months in zip(start, table["months"], strict=True)
    ]
    subscriptions = table.assign(
        subscription_id=table["customer_id"], start=start, end=pd.to_datetime(pd.Series(end))
    )
    subscriptions["interval"] = "month"
    return sm.Book(subscriptions=subscriptions.drop(columns="months"), as_of=as_of, **options)


def lifelines_curve(duration, event, weights=None, entry=None):
    from lifelines import KaplanMeierFitter

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return KaplanMeierFitter().fit(duration, event, weights=weights, entry=entry)


def assert_agrees(df, theirs, *, band=True):
    at = theirs.survival_function_.index.astype(int)
    ours = df.set_index("age").loc[at]
    np.testing.assert_allclose(
        ours["value"], theirs.survival_function_.iloc[:, 0], rtol=0, atol=1e-12
    )
    if band:
        lost = ours["value"].to_numpy() < 1  # before it, lifelines' band has no width
        edges = theirs.confidence_interval_survival_function_.to_numpy()[lost]
        np.testing.assert_allclose(ours.loc[lost, ["low", "high"]], edges, rtol=0, atol=1e-12)


def test_a_life_runs_from_the_first_month_end_paid_to_the_first_not_paid():
    # a pays 2 months from November and is gone at the end of January; b still pays: censored at 2
    result = sm.survival.curve(book_of([("a", "2025-11-01", 2, 10), ("b", "2025-11-01", None, 30)]))
    assert result.df["age"].tolist() == [0, 1, 2]
    assert result.df["value"].tolist() == [1, 1, 0.5]
    assert result.df["events"].tolist() == [0, 0, 1]
    assert result.df["censored"].tolist() == [0, 0, 1]


def test_mrr_survival_weighs_customers_by_what_they_started_with():
    result = sm.survival.curve(
        book_of([("a", "2025-11-01", 2, 10), ("b", "2025-11-01", None, 30)]), weight="mrr"
    )
    assert result.df["value"].tolist() == [1, 1, 0.75]
    assert result.df["at_risk"].tolist() == [40, 40, 40]
    assert result.extra["summary"]["n"].tolist() == [2]


def test_ages_that_nobody_reached_have_no_row():
    lives = [("a", "2025-10-01", None, 10), ("b", "2026-01-01", None, 10)]
    customers = pd.DataFrame({"customer_id": ["a", "b"], "segment": ["old", "young"]})
    result = sm.survival.curve(book_of(lives, customers=customers), by="segment")
    assert result.df.groupby("segment")["age"].max().to_dict() == {"old": 3, "young": 0}


def test_a_horizon_cuts_the_curve_and_restricts_the_mean():
    lives = [("a", "2025-07-01", 2, 10), ("b", "2025-07-01", None, 30)]
    result = sm.survival.curve(book_of(lives), horizon=4)
    assert result.df["age"].max() == 4
    # ages 0 and 1 whole, ages 2 and 3 half
    assert result.extra["summary"]["rmst"].tolist() == [3.0]


def test_a_mean_beyond_what_was_seen_is_missing_with_its_reason():
    summary = sm.survival.curve(book_of([("a", "2025-11-01", None, 10)]), horizon=24).extra[
        "summary"
    ]
    assert summary["rmst"].isna().all()
    assert "nobody was seen past age 2" in summary["reason"].iloc[0]


def test_a_mean_is_known_at_any_horizon_once_nobody_is_left():
    lives = [("a", "2025-11-01", 1, 10), ("b", "2025-11-01", 2, 10)]
    summary = sm.survival.curve(book_of(lives), horizon=24).extra["summary"]
    assert summary["rmst"].tolist() == [1.5]  # one month and two months


def test_a_median_that_is_not_reached_is_missing_with_its_reason():
    summary = sm.survival.curve(book_of([("a", "2025-11-01", None, 10)])).extra["summary"]
    assert summary["median"].isna().all()
    assert "does not fall to a half" in summary["reason"].iloc[0]


def test_customers_won_before_the_book_was_cut_enter_at_the_age_they_had():
    lives = [
        ("a", "2025-01-01", 8, 10),
        ("b", "2025-01-01", None, 10),
        ("c", "2025-06-01", None, 1),
    ]
    result = sm.survival.curve(book_of(lives).between("2025-06", "2026-01"))
    at_risk = result.df.set_index("age")["at_risk"]
    assert at_risk[0] == 1  # only c is seen from its start
    assert at_risk[6] == 3  # a and b came into view at age 5
    assert result.df.set_index("age")["value"][8] == 0.5


def test_a_curve_that_is_only_seen_late_says_so():
    result = sm.survival.curve(
        book_of([("a", "2025-01-01", None, 10)]).between("2025-06", "2026-01")
    )
    assert "nobody is seen from the start" in result.footnote


def test_the_interval_can_be_left_out():
    result = sm.survival.curve(book_of([("a", "2025-11-01", 2, 10)]), interval=None)
    assert result.df[["low", "high"]].isna().all(axis=None)


def test_the_rows_behind_an_age_are_the_customers_at_risk():
    result = sm.survival.curve(book_of([("a", "2025-11-01", 1, 10), ("b", "2025-11-01", None, 3)]))
    at_two = result.rows(age=2)
    assert at_two["customer_id"].tolist() == ["b"]
    assert at_two["mrr"].tolist() == [3.0]


def test_an_unknown_weight_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"There is no weight called 'logo'. Did you mean"):
        sm.survival.curve(book_of([("a", "2025-11-01", 1, 10)]), weight="logo")


@pytest.mark.parametrize("horizon", [0, 1.5, -3])
def test_a_horizon_that_is_no_age_is_refused(horizon):
    with pytest.raises(DataError, match="an age in whole periods"):
        sm.survival.curve(book_of([("a", "2025-11-01", 1, 10)]), horizon=horizon)


ledgers = st.lists(
    st.tuples(st.integers(0, 40), st.none() | st.integers(1, 40), st.integers(1, 999)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(ledgers)
def test_curves_of_random_ledgers_agree_with_lifelines(rows):
    from lifelines.utils import qth_survival_time

    first, last = pd.Period("2022-01", "M"), pd.Period("2026-01", "M")
    lives = [
        (f"c{i}", str((first + begun).start_time.date()), months, amount)
        for i, (begun, months, amount) in enumerate(rows)
    ]
    seen = [(last - (first + begun)).n for begun, _, _ in rows]
    ended = [m is not None and m <= age for (_, m, _), age in zip(rows, seen, strict=True)]
    duration = [m if e else a for (_, m, _), a, e in zip(rows, seen, ended, strict=True)]
    amounts = [amount for _, _, amount in rows]
    book = book_of(lives)
    logos = sm.survival.curve(book)
    theirs = lifelines_curve(duration, ended)
    assert_agrees(logos.df, theirs)
    weighted = lifelines_curve(duration, ended, weights=amounts)
    assert_agrees(sm.survival.curve(book, weight="mrr").df, weighted, band=False)
    half = qth_survival_time(0.5 + 1e-12, theirs.survival_function_)  # 0.5 but for rounding
    ours = logos.extra["summary"]["median"].iloc[0]
    assert ours == half or (np.isnan(ours) and np.isinf(half))


@pytest.fixture(scope="module")
def telco(real_data):
    """The 7,043 customers of IBM's telco set as a book: tenure in months up to January 2020."""
    raw = pd.read_csv(real_data / "telco_ibm" / "Telco-Customer-Churn.csv")
    gone = raw["Churn"] == "Yes"
    last = pd.Period("2020-01", "M")
    start = pd.to_datetime([(last - t).start_time for t in raw["tenure"]])
    subscriptions = pd.DataFrame(
        {
            "subscription_id": raw["customerID"],
            "customer_id": raw["customerID"],
            "start": start,
            "end": pd.Series(last.start_time, index=raw.index).where(gone),
            "amount": raw["MonthlyCharges"],
            "interval": "month",
        }
    )
    customers = raw.rename(columns={"customerID": "customer_id", "Contract": "contract"})
    customers = customers[["customer_id", "contract"]]
    book = sm.Book(subscriptions=subscriptions, customers=customers, as_of="2020-01-31")
    return book, raw.assign(gone=gone)


def test_telco_survival_agrees_with_lifelines(telco):
    book, raw = telco
    result = sm.survival.curve(book)
    theirs = lifelines_curve(raw["tenure"], raw["gone"])
    assert_agrees(result.df, theirs)
    assert result.extra["summary"]["n"].tolist() == [7043]
    assert result.extra["summary"]["events"].tolist() == [1869]  # Churn == "Yes" in the file


def test_telco_survival_by_contract_agrees_with_lifelines(telco):
    book, raw = telco
    result = sm.survival.curve(book, by="contract")
    for contract, rows in raw.groupby("Contract"):
        ours = result.df[result.df["contract"] == contract]
        assert_agrees(ours, lifelines_curve(rows["tenure"], rows["gone"]))


def test_telco_mrr_survival_agrees_with_weighted_lifelines(telco):
    book, raw = telco
    cents = (raw["MonthlyCharges"] * 100).round().astype(int)
    theirs = lifelines_curve(raw["tenure"], raw["gone"], weights=cents)
    result = sm.survival.curve(book, weight="mrr")
    assert_agrees(result.df, theirs, band=False)
    inside = result.df["value"].between(result.df["low"], result.df["high"])
    assert inside.all()

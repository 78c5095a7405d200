"""Retention: each rate against a count by hand, with its interval, its reason when missing, and its rows."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd
import pytest

import saasmetrics as sm

MONTHS = pd.period_range("2025-01", periods=15, freq="M").astype(str)


def cube(**customers: list[float]) -> sm.Book:
    rows = [
        (c, m, v)
        for c, values in customers.items()
        for m, v in zip(MONTHS, values, strict=False)
        if v
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "month", "mrr"])
    longest = max(len(v) for v in customers.values())
    as_of = pd.Period(MONTHS[longest - 1]).end_time.date()
    return sm.Book(mrr=frame, as_of=as_of)


@pytest.fixture
def book() -> sm.Book:
    """Over a year: a grows by half, b shrinks, c leaves, d is new."""
    return cube(
        a=[100] * 6 + [150] * 7,
        b=[100] * 9 + [60] * 4,
        c=[100] * 4 + [0] * 9,
        d=[0] * 8 + [80] * 5,
    )


def last(result: sm.Result) -> pd.Series:
    return result.df.iloc[-1]


def test_the_default_window_is_a_year(book: sm.Book) -> None:
    row = last(sm.retention.nrr(book))
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == (0.7, 210, 300, 3)


def test_before_a_year_has_passed_there_is_no_value(book: sm.Book) -> None:
    df = sm.retention.nrr(book).df
    assert df["value"].isna().tolist() == [True] * 12 + [False]
    assert df["reason"].iloc[0] == "nobody was paying at the start of the window"


def test_gross_retention_does_not_count_expansion(book: sm.Book) -> None:
    assert last(sm.retention.grr(book))["value"] == pytest.approx(160 / 300)


def test_logo_retention_and_churn_add_up_to_one(book: sm.Book) -> None:
    kept, lost = sm.retention.logo_retention(book), sm.retention.logo_churn(book)
    assert kept.value + lost.value == 1
    assert lost.value == pytest.approx(1 / 3)


def test_a_quarter_looks_back_four_quarters(book: sm.Book) -> None:
    long = cube(a=[100] * 12 + [130] * 3, b=[100] * 15)
    assert sm.retention.nrr(long, freq="Q").value == pytest.approx(1.15)
    assert sm.retention.nrr(long, window=1, freq="Q").value == pytest.approx(1.15)


def test_churn_rates_are_the_parts_of_net_retention(book: sm.Book) -> None:
    gross = sm.retention.gross_churn(book).value
    net = sm.retention.net_churn(book, reactivation="out").value
    assert gross == pytest.approx(140 / 300)
    assert net == pytest.approx(1 - sm.retention.nrr(book).value)


def test_the_interval_of_a_share_is_wilsons(book: sm.Book) -> None:
    # 1 of 3 at 95 %: statsmodels proportion_confint(1, 3, method="wilson")
    from statsmodels.stats.proportion import proportion_confint

    row = last(sm.retention.logo_churn(book))
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(1, 3, method="wilson"))


def test_the_interval_of_money_is_that_of_resampled_customers() -> None:
    import numpy as np

    values = {f"c{i}": [100.0] * 12 + [60.0 + 5 * (i % 20)] for i in range(60)}
    row = last(sm.retention.nrr(cube(**values)))
    ends = np.array([60.0 + 5 * (i % 20) for i in range(60)])
    rng = np.random.default_rng(0)
    slow = [ends[rng.integers(0, 60, 60)].mean() / 100 for _ in range(4000)]
    low, high = np.percentile(slow, [2.5, 97.5])
    assert row["low"] == pytest.approx(low, abs=0.01)
    assert row["high"] == pytest.approx(high, abs=0.01)


def test_one_customer_has_no_interval() -> None:
    row = last(sm.retention.nrr(cube(a=[100] * 12 + [50])))
    assert row["value"] == 0.5
    assert pd.isna(row["low"])


def test_a_rate_without_an_interval_says_why() -> None:
    months = [f"2025-{month:02}" for month in range(1, 13)]
    one = sm.Book(mrr={"customer_id": ["a"] * 12, "month": months, "mrr": [10] * 12})
    last = sm.retention.nrr(one, window=1).df.iloc[-1]
    assert (last["value"], last["reason"]) == (1.0, "fewer than two customers: no interval")
    assert sm.retention.nrr(one, window=1).df["reason"].iloc[0].startswith("nobody was paying")
    assert sm.retention.nrr(one, window=1, interval=None).df["reason"].iloc[-1] == ""
    assert sm.retention.logo_retention(one, window=1).df["reason"].iloc[-1] == ""


def _paying(customers: Iterable[str], grown: int = 0) -> sm.Book:
    """Customers who pay 10, some of them 20 in the second month."""
    rows = [
        (name, m, 10 + 10 * (m > 1 and i < grown))
        for i, name in enumerate(customers)
        for m in (1, 2)
    ]
    names, months, mrr = zip(*rows, strict=True)
    table = {"customer_id": names, "month": [f"2025-{m:02}" for m in months], "mrr": mrr}
    return sm.Book(mrr=table)


def _of(customers: str, grown: int = 0) -> tuple[float, float, str]:
    """Low, high and reason of NRR of customers who pay 10, some of them 20 in the second month."""
    last = sm.retention.nrr(_paying(customers, grown), window=1).df.iloc[-1]
    return last["low"], last["high"], last["reason"]


@pytest.mark.parametrize(("customers", "said"), [(19, True), (20, False)])
def test_an_interval_of_few_customers_is_said_to_be_too_narrow(customers: int, said: bool) -> None:
    book = _paying(map(str, range(customers)), grown=7)
    assert ("of fewer than 20 customers" in sm.retention.nrr(book, window=1).footnote) == said
    # That of a share of customers is no resampling.
    assert "fewer than 20" not in sm.retention.logo_churn(book, window=1).footnote


def test_groups_that_are_named_alike_are_said_in_the_footnote() -> None:
    book = sm.Book(
        mrr={"customer_id": ["a", "b", "c"], "month": ["2025-01"] * 3, "mrr": [10] * 3},
        customers={"customer_id": ["a", "b", "c"], "segment": ["SMB", "smb ", "N/A"]},
    )
    said = sm.revenue.mrr(book, by="segment").notes
    alike = "segment: 'smb ' beside 'SMB': values that differ only in case or blanks are groups of their own"
    assert alike in said
    assert "segment: 'N/A': words for no value are groups of their own" in said
    assert not sm.revenue.mrr(book).notes


def test_a_rate_of_fewer_than_five_customers_or_of_resamples_that_are_alike_has_no_interval() -> (
    None
):
    low, high, reason = _of("abcd", grown=2)
    assert (math.isnan(low), math.isnan(high)) == (True, True)
    assert reason == "fewer than five customers: no interval"
    assert math.isnan(_of("abcdefgh")[0])
    assert _of("abcdefgh")[2] == "all resamples are alike: no interval"
    low, high, reason = _of("abcde", grown=2)
    assert low < 1.4 < high
    assert reason == ""


def test_a_projected_rate_without_an_interval_says_both() -> None:
    months = [f"2025-{month:02}" for month in range(1, 7)]
    rows = {"customer_id": ["a"] * 6, "month": months, "mrr": [60, 50, 40, 30, 20, 10]}
    book = sm.Book(mrr=rows, as_of="2025-06-10").with_policy(open_period="projected")
    last = sm.retention.gross_churn(book, window=1).df.iloc[-1]
    assert last["reason"] == "projected from 10 of 30 days; fewer than two customers: no interval"


def test_the_rows_of_a_rate_sum_to_both_of_its_sides(book: sm.Book) -> None:
    for metric in (
        sm.retention.nrr,
        sm.retention.grr,
        sm.retention.logo_churn,
        sm.retention.net_churn,
    ):
        result = metric(book)
        rows, cell = result.rows(), last(result)
        assert rows["numerator"].sum() == cell["numerator"]
        assert rows["denominator"].sum() == cell["denominator"]


def test_a_window_is_a_whole_number_of_periods(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="number of months"):
        sm.retention.nrr(book, window=0)


def test_counting_departures_takes_one_period(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="window=1"):
        sm.retention.logo_churn(book, method="opening_plus_new")


def test_cohorts_keep_unobserved_apart_from_zero() -> None:
    book = cube(a=[10, 10, 0], b=[10, 0, 0], c=[0, 10, 10])
    df = sm.retention.cohorts(book).df
    first = df[df["cohort"] == "2025-01-01"]
    second = df[df["cohort"] == "2025-02-01"]
    assert first["value"].tolist() == [1, 0.5, 0]
    assert second["value"].tolist()[:2] == [1, 1]
    assert second["value"].isna().tolist() == [False, False, True]
    assert second["observed"].tolist() == [True, True, False]


def test_cohorts_of_money_by_net_and_by_path_minimum() -> None:
    book = cube(a=[100, 40, 90], b=[100, 120, 150])
    net = sm.retention.cohorts(book, measure="net").df["value"].tolist()
    gross = sm.retention.cohorts(book, measure="gross").df["value"].tolist()
    assert net == [1, 0.8, 1.2]
    assert gross == [1, 0.7, 0.7]


def test_the_average_by_age_comes_from_cohorts_old_enough() -> None:
    book = cube(a=[10, 10, 0], b=[10, 0, 0], c=[0, 10, 10])
    average = sm.retention.cohorts(book).extra["average"]
    assert average["value"].tolist() == [1, pytest.approx(2 / 3), 0]
    assert average["cohorts"].tolist() == [2, 2, 1]


def test_the_rows_of_a_cohort_are_its_customers() -> None:
    book = cube(a=[10, 10, 0], b=[10, 0, 0], c=[0, 10, 10])
    result = sm.retention.cohorts(book)
    rows = result.rows(cohort="2025-01", age=1)
    assert rows.set_index("customer_id")["customers"].to_dict() == {"a": 1, "b": 0}
    with pytest.raises(sm.DataError, match="not been observed"):
        result.rows(cohort="2025-02", age=2)
    with pytest.raises(sm.DataError, match="Name the cohort"):
        result.rows()


def test_an_unknown_measure_suggests_the_nearest(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="Did you mean 'logos'"):
        sm.retention.cohorts(book, measure="logo")


def test_a_year_in_months_and_in_quarters_has_one_rate_and_one_interval() -> None:
    book = sm.demo(customers=300)
    for rate in (sm.retention.nrr, sm.retention.grr):
        months = rate(book).df.set_index("period").loc["2026-09-01"]
        quarters = rate(book, freq="Q").df.set_index("period").loc["2026-07-01"]
        for column in ("numerator", "denominator", "value", "low", "high"):
            assert months[column] == quarters[column], column

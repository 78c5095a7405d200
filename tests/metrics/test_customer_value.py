"""Value by age, value of today's customers, and which segments are worth their cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm


def panel(**mrr: list[float]) -> pd.DataFrame:
    """MRR per month from January 2025 on, by customer."""
    rows = [
        (who, f"2025-{month + 1:02}", amount)
        for who, amounts in mrr.items()
        for month, amount in enumerate(amounts)
        if amount
    ]
    return pd.DataFrame(rows, columns=["customer_id", "month", "mrr"])


def test_value_by_age_is_who_stays_times_what_those_pay() -> None:
    book = sm.Book(mrr=panel(a=[100, 100, 300], b=[100, 0, 0], c=[0, 200, 200]))
    df = sm.economics.value_path(book, margin=0.5, discount=0, interval=None).df
    # age 0: all 3 there, 400/3 each; age 1: 2 of 3 stay, paying 150; age 2: a of a, paying 300
    assert df["alive"].tolist() == pytest.approx([1, 2 / 3, 2 / 3])
    assert df["mrr"].tolist() == pytest.approx([400 / 3, 150, 300])
    assert df["value"].tolist() == pytest.approx(np.cumsum([400 / 3, 100, 200]) * 0.5)
    assert df["n"].tolist() == [3, 2, 1]


def test_without_churn_and_growth_the_path_is_the_survival_ltv() -> None:
    book = sm.Book(mrr=panel(a=[100] * 12, b=[100] * 12))
    path = sm.economics.value_path(book, margin=0.8, interval=None).df["value"].iloc[-1]
    assert path == pytest.approx(sm.economics.ltv(book, margin=0.8, interval=None).value)


def test_a_customer_is_worth_what_others_brought_from_its_age_on() -> None:
    # a, b and c began in January; c left after one month; d is new in March
    book = sm.Book(mrr=panel(a=[10, 10, 10], b=[10, 10, 10], c=[10, 0, 0], d=[0, 0, 50]))
    result = sm.economics.customer_base(book, margin=1.0, discount=0, interval=None)
    # S = 1, 2/3, 2/3: d will stay 4/3 months more as far as was seen; a and b are the oldest: nothing beyond
    assert result.value == pytest.approx(50 * 4 / 3)
    rows = result.rows().set_index("customer_id")
    assert rows["numerator"].to_dict() == pytest.approx({"d": 50 * 4 / 3, "a": 0, "b": 0})
    assert rows["age"].to_dict() == {"a": 2, "b": 2, "d": 0}


def test_the_customers_of_a_group_sum_to_its_value() -> None:
    result = sm.economics.customer_base(sm.demo(customers=150), by="segment", interval=None)
    for row in result.df.itertuples():
        assert result.rows(segment=row.segment)["numerator"].sum() == pytest.approx(row.value)


def test_one_average_churn_undervalues_those_who_stayed() -> None:
    # Half leave in their first month, the rest never: of those that stayed nobody is lost any more.
    old = {f"o{n}": [10.0] * 12 for n in range(20)}
    new = {f"n{n}": [0.0] * (n % 11) + [10.0] + [0.0] * (11 - n % 11) for n in range(22)}
    df = sm.economics.customer_base(
        sm.Book(mrr=panel(**old, **new)), margin=1.0, discount=0, horizon=5, interval=None
    ).df
    assert df["uniform"].iloc[0] < 20 * 10 * 5


@pytest.mark.row("U12")
def test_many_looks_make_verdicts_harder() -> None:
    book = sm.demo(customers=300)
    one, many = (
        sm.economics.ideal_customers(book, by, target=1.0, correction=how)
        for by, how in ((["segment"], "none"), (None, "holm"))
    )
    merged = one.df.merge(many.df, on=["column", "group"], suffixes=("_one", "_many"))
    assert (merged["p_many"] >= merged["p_one"]).all()
    assert set(many.df["column"]) == {"segment", "channel"}
    assert "7 segments were looked at" in many.footnote
    passed = many.df[many.df["verdict"] == "pass"]
    assert (passed["p"] <= 0.05).all()


@pytest.mark.row("U12")
def test_corrections_are_those_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    from saasmetrics.metrics.economics.ideal import corrected

    p = np.random.default_rng(3).uniform(size=20) ** 3
    for ours, theirs in (("holm", "holm"), ("bh", "fdr_bh")):
        expected = multipletests(p, method=theirs)[1]
        np.testing.assert_allclose(corrected(p, ours), expected, atol=1e-11)


def test_a_cohort_that_has_lost_everybody_never_repays() -> None:
    book = sm.Book(
        mrr=panel(a=[10, 0, 0], b=[0, 10, 10]),
        spend={"month": ["2025-01", "2025-02", "2025-03"], "function": ["sales"] * 3}
        | {"amount": [100, 15, 0]},
    )
    result = sm.economics.payback(book, "empirical", margin=1.0, lag=0)
    first, second = result.df.iloc[0], result.df.iloc[1]
    assert (first["verdict"], first["reason"]) == ("fail", "never: all its customers have left")
    assert np.isnan(first["projected"])
    assert second["value"] == 2
    summary = result.extra["summary"].iloc[0]
    assert summary[["cohorts", "repaid", "never"]].tolist() == [2, 1, 1]
    assert summary["share"] == 0.5


def test_a_young_cohort_is_projected_along_those_that_are_older() -> None:
    months = [f"2025-{m:02}" for m in range(1, 7)]
    book = sm.Book(
        mrr=panel(a=[10] * 6, b=[0, 0, 0, 0, 20, 20]),
        spend={"month": months, "function": ["sales"] * 6, "amount": [30, 0, 0, 0, 90, 0]},
    )
    df = sm.economics.payback(book, "empirical", margin=1.0, lag=0).df.set_index("cohort")
    young = df.loc["2025-05-01"]
    # 40 in two months; older ones went on level, so that 20 a month reach 90 in month 5
    assert np.isnan(young["value"])
    assert young["projected"] == 5

"""Lifetime value beyond what was seen: a fitted model carries the curve on, and says which part is its."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics import charts
from saasmetrics.errors import UnknownNameError
from saasmetrics.survival.distributions import distribution
from saasmetrics.survival.likelihood import fit_counts
from saasmetrics.survival.tails import carried_by, pace, refitted

MONTHLY = 1.1 ** (1 / 12) - 1


def company(
    months: int = 12, won: int = 40, stays: float = 0.95, seed: int = 3, **columns: Any
) -> pd.DataFrame:
    """Customers won every month who each stay on with the same chance, paying 100; MRR by month."""
    rng, names = (
        np.random.default_rng(seed),
        [str(m) for m in pd.period_range("2025-01", periods=months, freq="M")],
    )
    lives = rng.geometric(1 - stays, size=(months, won))
    rows = [
        {"customer_id": f"{seed}-{start}-{k}", "month": names[month], "mrr": 100.0, **columns}
        for start in range(months)
        for k in range(won)
        for month in range(start, min(start + lives[start, k], months))
    ]
    return pd.DataFrame(rows)


def book(frame: pd.DataFrame, **tables: Any) -> sm.Book:
    last = pd.Period(frame["month"].max(), "M").end_time.date().isoformat()
    return sm.Book(mrr=frame.drop(columns="segment", errors="ignore"), as_of=last, **tables)


def segments(*parts: pd.DataFrame) -> sm.Book:
    frame = pd.concat(parts)
    who = frame.drop_duplicates("customer_id")[["customer_id", "segment"]]
    return book(frame, customers=who)


@pytest.mark.parametrize("model", ["exponential", "weibull", "sbg", "log_normal"])
def test_the_projected_part_is_the_curve_at_the_last_age_times_the_model(model: str) -> None:
    found = book(company())
    row = sm.economics.ltv(found, margin=0.8, beyond=model, interval=None).df.iloc[0]
    none = sm.economics.ltv(found, margin=0.8, beyond="none", interval=None)
    fit = sm.survival.fit(found, model=model).predict(59).to_numpy()
    seen = sm.survival.curve(found).df["value"].to_numpy()
    assert len(seen) == 12  # the oldest are of age 11
    ahead = sum(seen[11] * fit[t] / fit[11] / (1 + MONTHLY) ** t for t in range(12, 60))
    assert row["observed"] == none.value  # to the last digit
    assert row["projected"] == pytest.approx(100 * 0.8 * ahead)
    assert row["value"] == pytest.approx(row["observed"] + row["projected"])
    assert (row["months"], row["model"]) == (12, model)


def test_a_constant_churn_is_projected_to_what_it_is_worth() -> None:
    row = sm.economics.ltv(book(company(won=300)), margin=1.0, discount=0.1).df.iloc[0]
    truth = 100 * sum((0.95 / (1 + MONTHLY)) ** t for t in range(60))
    assert row["low"] < truth < row["high"]
    assert row["value"] == pytest.approx(truth, rel=0.1)


def test_auto_takes_the_model_that_fit_takes_where_all_have_enough_events() -> None:
    found = book(company(won=200))
    chosen = sm.survival.fit(found).extra["summary"]["model"].iloc[0]
    assert sm.economics.ltv(found, margin=0.8, interval=None).df["model"].iloc[0] == chosen


def test_a_model_needs_ten_lost_customers_per_parameter() -> None:
    at_risk, events = np.array([99, 99, 80, 60]), np.array([0, 5, 5, 4])
    found = carried_by("auto", at_risk, events)
    assert found is not None
    assert found.family.id == "exponential"  # 14 are enough for one parameter only
    assert carried_by("weibull", at_risk, events) is None


def test_a_lower_bound_can_be_asked_for() -> None:
    result = sm.economics.ltv(book(company()), margin=0.8, beyond="none")
    assert result.df["reason"].tolist() == ["a lower bound: only 12 of 60 months are seen"]
    assert result.df["projected"].tolist() == [0]
    assert "the value is a lower bound" in result.footnote
    assert "too few" not in result.footnote


def test_a_value_that_is_mostly_projected_says_so() -> None:
    result = sm.economics.ltv(book(company(months=6, won=200, stays=0.98)), margin=0.8)
    assert result.df["projected"].iloc[0] > result.df["observed"].iloc[0]
    assert "of the value is projected: only 6 of 60 months are seen" in result.df["reason"].iloc[0]
    assert "the interval holds as far as the model does" in result.footnote


def test_a_horizon_that_was_seen_needs_no_model() -> None:
    row = sm.economics.ltv(book(company()), margin=0.8, horizon=12).df.iloc[0]
    assert (row["projected"], row["model"], row["reason"]) == (0, "", "")


def test_a_group_that_lost_too_few_is_carried_on_by_all_at_its_own_pace() -> None:
    many, few = company(won=60, segment="SMB"), company(won=30, stays=0.995, seed=4, segment="Big")
    found = segments(many, few)
    df = sm.economics.ltv(found, "segment", margin=1.0, discount=0, beyond="exponential").df
    df = df.set_index("segment")
    table = sm.survival.hazard(found, by="segment").df.query("segment == 'Big'")
    lost = table["events"].sum()
    assert lost < 10
    churn = 1 - sm.survival.fit(found, model="exponential").predict(1)[1]
    speed = (lost + 10) / (table["at_risk"][1:].sum() * churn + 10)
    kept = (1 - churn) ** speed
    alive = sm.survival.curve(found, by="segment").df.query("segment == 'Big'")["value"].iloc[-1]
    expected = 100 * alive * sum(kept**k for k in range(1, 49))
    assert df.loc["Big", "projected"] == pytest.approx(expected)
    said = sm.economics.ltv(found, "segment", margin=1.0).footnote
    assert "Too few of Big have left: projected by the model of all customers" in said


def test_the_pace_of_a_group_without_customers_is_that_of_all() -> None:
    half = fit_counts(distribution("exponential"), [100, 100], [0, 50])
    assert pace(half, np.zeros((1, 3)), np.zeros((1, 3))).tolist() == [1]


def test_parameters_of_resamples_are_nearly_those_of_fits_to_each() -> None:
    rng = np.random.default_rng(8)
    at_risk = np.array([4000.0, 4000, 3400, 3000, 2700])
    events = np.array([0.0, 600, 400, 300, 250])
    more = np.concatenate([[0], rng.normal(0, 15, 4)])[None]
    for name in ("exponential", "weibull", "sbg"):
        fit = fit_counts(distribution(name), at_risk, events)
        again = fit_counts(distribution(name), at_risk, (events + more)[0])
        step = refitted(fit, at_risk[None], events + more)[0]
        moved = np.abs(again.theta - fit.theta).max()
        assert np.abs(step - again.theta).max() < 0.15 * moved + 1e-6


@pytest.mark.slow
def test_the_interval_of_a_projected_value_is_that_of_resampled_customers() -> None:
    frame = company(won=25)
    parts, rng = dict(iter(frame.groupby("customer_id"))), np.random.default_rng(5)
    names, values = sorted(parts), []
    for _ in range(40):
        drawn = [
            parts[name].assign(customer_id=f"{name}/{k}")
            for k, name in enumerate(rng.choice(names, len(names)))
        ]
        again = book(pd.concat(drawn))
        values.append(sm.economics.ltv(again, margin=0.8, beyond="weibull", interval=None).value)
    row = sm.economics.ltv(book(frame), margin=0.8, beyond="weibull").df.iloc[0]
    spread = (row["high"] - row["low"]) / (2 * 1.96)
    assert spread == pytest.approx(np.std(values), rel=0.4)  # 40 draws know a spread to 11 %


def test_the_value_by_paths_is_the_end_of_the_path() -> None:
    found = book(company())
    path = sm.economics.value_path(found, margin=0.8)
    result = sm.economics.ltv(found, method="paths", margin=0.8)
    assert result.value == pytest.approx(path.df["value"].iloc[-1])
    seen = path.df[~path.df["projected"]]
    assert result.df["observed"].iloc[0] == pytest.approx(seen["value"].iloc[-1])
    assert result.proof().holds
    # everybody pays the same at all ages: expansion adds nothing to the survival value
    assert result.value == pytest.approx(sm.economics.ltv(found, margin=0.8).value)


def test_beyond_what_was_seen_those_who_stay_pay_what_they_did_last() -> None:
    frame = company()
    age = frame["month"].str[5:].astype(int) - frame["customer_id"].str.split("-").str[1].astype(
        int
    )
    frame["mrr"] = 100.0 + 10 * (age - 1)
    df = sm.economics.value_path(book(frame), margin=0.8, interval=None).df.set_index("age")
    level = df.index[(df["n"] >= 30)].max()
    assert df.loc[12:, "mrr"].unique().tolist() == [100.0 + 10 * level]
    assert df.loc[12:, "projected"].all()
    assert df.loc[12:, "numerator"].isna().all()
    assert df.index.max() == 59


def test_todays_customers_live_on_beyond_the_oldest() -> None:
    found = book(company())
    result = sm.economics.customer_base(found, margin=1.0, beyond="exponential", interval=None)
    kept = float(sm.survival.fit(found, model="exponential").predict(1)[1])
    curve = sm.survival.curve(found).df["value"].tolist()
    curve += [curve[-1] * kept**k for k in range(1, 61)]
    rows = result.rows()
    for row in rows.sample(20, random_state=1).itertuples():
        ahead = [curve[row.age + k] / curve[row.age] / (1 + MONTHLY) ** k for k in range(1, 61)]
        seen = ahead[: 11 - row.age]  # the oldest are of age 11
        assert row.numerator == pytest.approx(row.mrr * sum(ahead))
        assert row.projected == pytest.approx(row.mrr * (sum(ahead) - sum(seen)))
    whole = result.df.iloc[0]
    assert rows["numerator"].sum() == pytest.approx(whole["value"])
    assert rows["projected"].sum() == pytest.approx(whole["projected"])
    assert "projected: the oldest are 12 months old" in whole["reason"]


def test_a_verdict_rests_on_what_was_seen_where_most_is_projected() -> None:
    frame = company(months=6, won=200, stays=0.98)
    months = sorted(frame["month"].unique())

    def asked(spent: float, beyond: str = "auto") -> pd.Series:
        spend = {"month": months, "function": ["sales"] * 6, "amount": [spent] * 6}
        found = book(frame, spend=spend)
        return sm.economics.ltv_cac(found, margin=1.0, lag=0, beyond=beyond).df.iloc[0]

    value, seen = (asked(20_000.0, how)["numerator"] for how in ("auto", "none"))
    between = asked(
        200 * (value + seen) / 2 / 3
    )  # what was seen is below 3 CAC, the whole above it
    assert between["low"] > 3
    assert between["verdict"] == "not proven"
    assert between["probability"] > 0.99
    assert "of the value is projected" in between["reason"]
    assert asked(200 * seen / 4)["verdict"] == "pass"
    dear = asked(200 * value)  # even projected it is worth a third of the bar
    assert dear["high"] < 3
    assert dear["verdict"] == "not proven"


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'weibull'"):
        sm.economics.ltv(book(company(won=2)), margin=0.8, beyond="weibul")


def test_the_chart_tells_what_was_seen_from_what_is_projected() -> None:
    found = book(company(won=100))
    for result in (
        sm.economics.ltv(found, margin=0.8),
        sm.economics.customer_base(found, margin=0.8),
        sm.economics.ltv(found, margin=0.8, method="margin"),
    ):
        svg = charts.to_svg(result.chart())
        assert "NaN" not in svg
        assert ("Light: projected" in svg) is ("projected" in result.df.columns)
    path = charts.to_svg(sm.economics.value_path(found, margin=0.8).chart(theme="dark"))
    assert "Dotted: projected beyond what was seen" in path


def test_every_kind_of_result_is_drawn_by_a_function() -> None:
    assert [name for name, draw in charts.CHARTS.items() if not callable(draw)] == []


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 14), st.integers(1, 400)),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from(["auto", "exponential", "none"]),
    st.integers(1, 30),
)
def test_whatever_the_company_what_was_seen_is_the_lower_bound(
    lives: list[tuple[int, int, int]], beyond: str, horizon: int
) -> None:
    names = [str(month) for month in pd.period_range("2025-01", periods=12, freq="M")]
    rows = [
        {"customer_id": f"{k}", "month": names[month], "mrr": float(price)}
        for k, (start, life, price) in enumerate(lives)
        for month in range(start, min(start + life, 12))
    ]
    found = sm.Book(mrr=pd.DataFrame(rows), as_of="2025-12-31")
    asked = {"margin": 0.8, "horizon": horizon, "interval": None}
    for method in ("survival", "paths"):
        row = sm.economics.ltv(found, method=method, beyond=beyond, **asked).df.iloc[0]
        floor = sm.economics.ltv(found, method=method, beyond="none", **asked).df.iloc[0]
        if np.isnan(row["value"]):
            assert np.isnan(floor["value"])
            continue
        assert row["observed"] == floor["value"]
        assert row["value"] >= row["observed"]
        assert row["projected"] == pytest.approx(row["value"] - row["observed"])
        assert bool(row["model"]) or row["projected"] == 0
    base = sm.economics.customer_base(found, beyond=beyond, **asked)
    rows_of = base.rows()
    assert rows_of["numerator"].sum() == pytest.approx(base.df["value"].fillna(0).iloc[0])
    assert (rows_of["numerator"] >= rows_of["projected"] - 1e-9).all()


def test_a_chart_of_many_groups_and_of_none_draws() -> None:
    parts = [company(months=4, won=3, seed=n, segment=f"segment {n}") for n in range(25)]
    svg = charts.to_svg(sm.economics.ltv(segments(*parts), "segment", margin=0.8).chart())
    assert "The 20 largest of 25 groups" in svg
    gone = company(months=3, won=2)
    spend = {"month": ["2025-05"], "function": ["sales"], "amount": [0.0]}
    nobody = sm.Book(mrr=gone, spend=spend, as_of="2025-06-30")
    assert "Nothing to show yet" in charts.to_svg(sm.economics.ltv(nobody, margin=0.8).chart())

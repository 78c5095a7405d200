"""Rows of customer success that stand on other topics: unit economics, the bridge, levers and the catalogue."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.metrics.economics.change import _shares
from tests.properties.profile import quick
from tests.success.books import book, paying

FACTOR = st.floats(0.01, 1e5)


@pytest.mark.row("H8")
@settings(quick, max_examples=200)
@given(st.lists(FACTOR, min_size=8, max_size=8))
def test_the_four_factors_sum_to_the_change_with_nothing_left_over(factors):
    before, after = factors[:4], factors[4:]
    ratios = [float(np.prod(f[:3]) / f[3]) for f in (before, after)]
    steps = _shares(before, after, ratios)
    assert sum(steps) == pytest.approx(ratios[1] - ratios[0], rel=1e-6, abs=1e-6 * max(ratios))
    for at, sign in enumerate(
        (1, 1, 1, -1)
    ):  # a factor that rises never lowers the ratio, CAC never raises it
        assert steps[at] * sign * (after[at] - before[at]) >= -1e-9 * max(ratios)


@pytest.mark.row("H8")
def test_the_change_of_ltv_to_cac_telescopes_from_the_ratio_of_then_to_that_of_now(company):
    found = sm.economics.ltv_cac_change(company, "2025-10-31").df.set_index("step")
    assert found.loc["start", "value"] == pytest.approx(
        sm.economics.ltv_cac(company.as_of("2025-10-31")).value
    )
    assert found.loc["end", "value"] == pytest.approx(sm.economics.ltv_cac(company).value)
    steps = found.loc[["retention", "ARPA", "margin", "CAC"], "value"]
    assert steps.sum() == pytest.approx(found.loc["end", "value"] - found.loc["start", "value"])
    for name, sign in (("ARPA", 1), ("CAC", -1)):
        rose = found.loc[name, "after"] > found.loc[name, "before"]
        assert (found.loc[name, "value"] * sign > 0) == rose
    last = found["cumulative"]
    assert last["CAC"] == pytest.approx(last["end"])


def test_a_day_that_is_not_in_the_past_is_refused(company):
    with pytest.raises(sm.DataError, match="name an earlier day"):
        sm.economics.ltv_cac_change(company, company.as_of_text)


@pytest.mark.row("D12")
def test_gross_profit_by_year_counts_those_who_left_as_nothing():
    # a and b pay 100 a month from January 2024, b leaves after a year; c is won in 2025 and has lived one year
    table = paying("a", "b", "c")
    table["start"] = ["2024-01-01", "2024-01-01", "2025-01-01"]
    table["end"] = [None, "2025-01-01", None]
    found = sm.economics.margin_by_age(
        book("2025-12-31", subscriptions=table), 0.5, years=3
    ).df.set_index("year")
    assert found.loc[1, "value"] == pytest.approx(12 * 100 * 0.5)
    assert (found.loc[1, "n"], found.loc[2, "n"]) == (3, 2)
    assert found.loc[2, "value"] == pytest.approx(12 * 100 * 0.5 / 2)
    assert found.loc[2, "value_alive"] == pytest.approx(12 * 100 * 0.5)
    assert np.isnan(found.loc[3, "value"])
    assert found.loc[3, "reason"] == "no customer has lived this year to its end"


@pytest.mark.row("D12")
def test_who_expands_brings_more_each_year():
    rows = {
        "customer_id": ["a"] * 24,
        "month": [f"{2024 + n // 12}-{n % 12 + 1:02d}" for n in range(24)],
    }
    rows["mrr"] = [100.0] * 12 + [150.0] * 12
    found = sm.economics.margin_by_age(sm.Book(mrr=rows), 0.8, years=2).df
    assert found["value_alive"].tolist() == pytest.approx([960.0, 1440.0])


@pytest.mark.row("U4")
def test_existing_and_new_customers_share_all_of_mrr():
    table = paying("old", "new")
    table["start"] = ["2024-01-01", "2025-12-01"]
    found = sm.revenue.existing_share(book(subscriptions=table), months=12).df.iloc[-1]
    total = sm.revenue.mrr(book(subscriptions=table)).value
    assert found["value"] == 0.5
    assert found["numerator"] + 100 == found["denominator"] == total


@pytest.mark.row("U5")
def test_new_orders_and_add_ons_less_what_was_lost_is_the_change_of_mrr(company):
    df = sm.revenue.bridge(company).df
    moves = df[
        ["new", "reactivation", "expansion", "contraction", "churn", "pause", "fx", "transfer"]
    ].sum(axis=1)
    assert (df["closing"] - df["opening"]).to_numpy() == pytest.approx(moves.to_numpy())
    assert (df["residual"] == 0).all()


@pytest.mark.row("H13")
@pytest.mark.parametrize("lever", ["churn", "expansion", "price"])
def test_a_lever_is_a_finite_difference_of_the_forecast(company, lever):
    step = 0.01
    moved = sm.forecast.tornado(company, levers={lever: step}).df.iloc[0]
    way = {"price": lambda s: {"price": s}}.get(lever, lambda s: {lever: 1 + s})
    both = sm.forecast.scenarios(company, [None, way(step)]).df
    last = both[both["period"] == both["period"].max()]["change"].iloc[-1]
    assert moved["change_up"] == pytest.approx(last, rel=1e-6)
    # the curve is smooth: half the step is half the change
    half = sm.forecast.tornado(company, levers={lever: step / 2}).df.iloc[0]
    assert half["change_up"] * 2 == pytest.approx(moved["change_up"], rel=0.02)


@pytest.mark.row("H19")
@pytest.mark.parametrize("id", ["health", "renewal_rates", "alerts", "targets"])
def test_health_renewals_and_alerts_are_in_the_catalogue(id):
    entry = sm.CATALOGUE[id]
    assert entry.meaning
    assert entry.formula
    assert entry.missing

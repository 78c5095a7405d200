from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from saasmetrics.errors import DataError
from saasmetrics.survival.bootstrap import (
    bags_for,
    percentile_interval,
    resample_weights,
    resampled_survival,
)
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import greenwood, survival


def test_the_same_seed_draws_the_same_resamples():
    assert (resample_weights(50, 20, seed=1) == resample_weights(50, 20, seed=1)).all()
    assert (resample_weights(50, 20, seed=1) != resample_weights(50, 20, seed=2)).any()


def test_weights_are_poisson_draws_of_mean_one():
    drawn = resample_weights(1000).astype(int)
    shares = np.bincount(drawn.reshape(-1), minlength=6)[:6] / drawn.size
    assert shares == pytest.approx(stats.poisson(1).pmf(range(6)), abs=2e-3)
    assert drawn.mean() == pytest.approx(1, abs=3e-3)
    assert drawn.var() == pytest.approx(1, abs=5e-3)
    assert abs(np.corrcoef(drawn[:, :20].T) - np.eye(20)).max() < 0.15


def test_bags_of_a_company_and_of_some_groups_are_many_and_those_of_many_groups_fewer():
    assert bags_for(60) == bags_for(16 * 60) == 1000
    assert bags_for(17 * 60) == bags_for(500 * 60) == 200
    assert bags_for(501 * 60) == 0


def test_the_global_random_state_is_left_alone():
    np.random.seed(4)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    resample_weights(50, 20)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_resample_is_the_curve_of_the_customers_drawn():
    rng = np.random.default_rng(2)
    duration, event = rng.integers(1, 9, 30), rng.random(30) < 0.5
    by_bag = exposure(duration, 0 * duration, event, group=np.arange(30), groups=30)
    weights = resample_weights(30, 5)
    curves = resampled_survival(weights, by_bag.at_risk, by_bag.events)
    for drawn, curve in zip(weights.astype(int), curves, strict=True):
        one = exposure(*(np.repeat(column, drawn) for column in (duration, 0 * duration, event)))
        expected = survival(one.at_risk, one.events)[0]
        np.testing.assert_allclose(curve[: len(expected)], expected, atol=1e-12)


def test_on_logos_the_spread_of_the_resamples_is_greenwoods():
    # 4,000 customers in 1,000 bags: bags of several customers do not narrow or widen the interval
    rng = np.random.default_rng(9)
    duration, event = rng.integers(1, 13, 4000), rng.random(4000) < 0.6
    bag = rng.integers(0, 1000, 4000)
    by_bag = exposure(duration, 0 * duration, event, group=bag, groups=1000)
    curves = resampled_survival(resample_weights(1000), by_bag.at_risk, by_bag.events)
    all_of_them = by_bag.at_risk.sum(axis=0), by_bag.events.sum(axis=0)
    expected = survival(*all_of_them) * np.sqrt(greenwood(*all_of_them))
    np.testing.assert_allclose(curves.std(axis=0)[1:12], expected[1:12], rtol=0.1)


def test_an_interval_is_missing_where_many_resamples_are():
    samples = np.array([[1.0, np.nan], [2.0, np.nan], [3.0, 1.0]])
    low, high = percentile_interval(samples)
    assert np.isfinite([low[0], high[0]]).all()
    assert np.isnan([low[1], high[1]]).all()


def test_a_level_in_per_cent_is_refused():
    with pytest.raises(DataError, match="between 0 and 1"):
        percentile_interval([1.0, 2.0], 95)


def test_how_many_customers_a_resample_holds_differs_as_counts_do():
    sums = resample_weights(400).sum(axis=1)
    assert sums.mean() == pytest.approx(400, abs=4)  # 1,000 draws know a mean of 400 to 20 / 31
    assert sums.std() == pytest.approx(20, rel=0.1)  # Poisson: the root of 400


def test_a_resample_that_holds_nobody_has_no_curve():
    curves = resampled_survival(np.array([[1.0], [0.0]]), [[1, 1]], [[0, 1]])
    assert curves[0].tolist() == [1, 0]
    assert np.isnan(curves[1]).all()


@pytest.mark.parametrize("level", ["x", True, None])
def test_a_level_that_is_not_a_number_is_refused(level):
    with pytest.raises(DataError, match="number between 0 and 1"):
        percentile_interval([1.0, 2.0], level)


def test_on_money_the_spread_of_the_resamples_is_that_of_the_infinitesimal_jackknife():
    # S answers to customer i by -S sum_u w (left_iu - h_u at_risk_iu) / (n_u (1 - h_u)); its variance
    # is the sum of the squares. Greenwood on money would be far too narrow: 1,000 dollars are not
    # 1,000 customers.
    rng = np.random.default_rng(12)
    duration, event = rng.integers(1, 13, 3000), rng.random(3000) < 0.5
    money = np.rint(rng.lognormal(5, 1, 3000)).astype(int)
    table = exposure(duration, None, event, money)
    n, d = table.at_risk[0].astype(float), table.events[0].astype(float)
    hazard = d / n
    ages = np.arange(len(n))
    left = (duration[:, None] == ages) & event[:, None]
    there = duration[:, None] >= ages
    answer = np.cumsum(money[:, None] * (left - hazard * there) / (n * (1 - hazard)), axis=1)
    expected = survival(n, d) * np.sqrt((answer**2).sum(axis=0))
    bags = exposure(duration, None, event, money, group=rng.integers(0, 1000, 3000), groups=1000)
    curves = resampled_survival(resample_weights(1000), bags.at_risk, bags.events)
    np.testing.assert_allclose(curves.std(axis=0)[1:12], expected[1:12], rtol=0.1)
    assert (survival(n, d) * np.sqrt(greenwood(n, d)))[6] < expected[6] / 5

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics.errors import DataError
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import (
    kaplan_meier,
    median,
    restricted_mean,
    restricted_mean_variance,
    survival,
    wilson,
)

lives = st.lists(
    st.tuples(
        st.integers(0, 24),  # entry
        st.integers(0, 24),  # periods observed after entry
        st.booleans(),  # ended
        st.integers(1, 50),  # how many alike
    ),
    min_size=1,
    max_size=60,
)


def oracle(duration, entry, event, weight, level=0.95):
    """lifelines on the same rows; its warnings and its global numpy settings kept in here."""
    from lifelines import KaplanMeierFitter

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        fitter = KaplanMeierFitter(alpha=1 - level)
        return fitter.fit(duration, event, entry=entry, weights=weight)


def assert_same_as_lifelines(duration, entry, event, weight, level=0.95):
    from lifelines.exceptions import StatError

    table = exposure(duration, entry, event, weight)
    curve = kaplan_meier(table, level)
    try:
        theirs = oracle(duration, entry, event, weight, level)
    except StatError:  # it refuses a risk set that runs empty early on; we return what there is
        return
    ages = theirs.survival_function_.index.to_numpy().astype(int)
    np.testing.assert_allclose(
        curve.share[0, ages], theirs.survival_function_.iloc[:, 0], rtol=0, atol=1e-12
    )
    band = theirs.confidence_interval_survival_function_.to_numpy()
    lost = curve.share[0, ages] < 1  # before it, lifelines' band has no width
    np.testing.assert_allclose(curve.low[0, ages][lost], band[lost, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve.high[0, ages], band[:, 1], rtol=0, atol=1e-12)
    events = theirs.event_table["observed"].to_numpy()
    np.testing.assert_array_equal(table.events[0, ages], events)


@settings(max_examples=60, deadline=None)
@given(lives)
def test_curves_of_random_lives_agree_with_lifelines(rows):
    entry, observed, event, weight = (np.array(column) for column in zip(*rows, strict=True))
    assert_same_as_lifelines(observed, None, event, weight)
    del entry


@settings(max_examples=60, deadline=None)
@given(lives)
def test_curves_of_late_entries_agree_with_lifelines(rows):
    entry, observed, event, weight = (np.array(column) for column in zip(*rows, strict=True))
    entry[0] = 0  # the first row of lifelines' table counts everybody who enters there, at any age
    duration = entry + np.where(event & (entry > 0), np.maximum(observed, 1), observed)
    assert_same_as_lifelines(duration, entry, event, weight)


def test_curves_at_another_level_agree_with_lifelines():
    rng = np.random.default_rng(3)
    duration, event = rng.integers(0, 30, 400), rng.random(400) < 0.6
    assert_same_as_lifelines(duration, None, event, np.ones(400, int), level=0.8)


@settings(deadline=None)
@given(lives)
def test_weighted_counts_give_the_same_as_one_row_per_life(rows):
    _, observed, event, weight = (np.array(column) for column in zip(*rows, strict=True))
    counted = exposure(observed, 0 * observed, event, weight)
    repeated = [np.repeat(column, weight) for column in (observed, 0 * observed, event)]
    spelled_out = exposure(*repeated)
    np.testing.assert_array_equal(counted.at_risk, spelled_out.at_risk)
    np.testing.assert_array_equal(counted.events, spelled_out.events)
    np.testing.assert_array_equal(counted.censored, spelled_out.censored)


@settings(deadline=None)
@given(lives)
def test_at_risk_is_everybody_with_entry_before_the_age_and_duration_at_or_after_it(rows):
    entry, observed, event, weight = (np.array(column) for column in zip(*rows, strict=True))
    duration = entry + np.where(event & (entry > 0), np.maximum(observed, 1), observed)
    table = exposure(duration, entry, event, weight)
    for age in table.ages:
        in_view = (entry < age) | ((entry == 0) & (age == 0))
        assert table.at_risk[0, age] == weight[in_view & (duration >= age)].sum()


def test_groups_are_estimated_apart():
    group = [0, 0, 1, 1]
    table = exposure([1, 2, 2, 3], [0] * 4, [1, 0, 0, 1], group=group, groups=2)
    assert survival(table.at_risk, table.events).tolist() == [[1, 0.5, 0.5, 0.5], [1, 1, 1, 0]]


def test_a_group_without_lives_stays_at_one():
    table = exposure([1], [0], [1], group=[0], groups=2)
    assert survival(table.at_risk, table.events)[1].tolist() == [1, 1]


def test_money_is_summed_exactly_beyond_the_precision_of_floats():
    big = 2**53  # the first integer whose successor a float cannot hold
    table = exposure([1, 1], [0, 0], [1, 1], weight=np.array([big, 1]))
    assert table.events[0, 1] == big + 1


def test_an_event_at_age_zero_lowers_the_curve_at_age_zero():
    table = exposure([0, 1], [0, 0], [1, 0])
    assert survival(table.at_risk, table.events).tolist() == [[0.5, 0.5]]


def test_events_come_before_censorings_of_the_same_age():
    table = exposure([2, 2], [0, 0], [1, 0])
    assert table.at_risk[0, 2] == 2
    assert survival(table.at_risk, table.events)[0, 2] == 0.5


def test_a_life_seen_only_once_and_late_is_never_at_risk():
    table = exposure([4, 5], [4, 0], [0, 0])
    assert table.at_risk.tolist() == [[1, 1, 1, 1, 1, 1]]


def test_a_life_that_ends_before_it_is_observed_is_refused_with_its_numbers():
    with pytest.raises(DataError, match=r"1 lives end before .* entry 5, duration 3"):
        exposure([3], [5], [0])
    with pytest.raises(DataError, match="an event must come after the entry"):
        exposure([5], [5], [1])


def test_an_age_in_fractions_is_refused():
    with pytest.raises(DataError, match=r"duration must be in whole periods; .* 1.5"):
        exposure([1, 1.5], None, [1, 1])


def test_ages_can_be_cut_and_extended():
    assert exposure([3], [0], [1], ages=2).at_risk.tolist() == [[1, 1]]
    assert exposure([1], [0], [1], ages=4).at_risk.tolist() == [[1, 1, 0, 0]]


def test_the_band_is_closed_where_the_curve_is_one_or_zero():
    curve = kaplan_meier(exposure([1], [0], [1]))
    assert curve.low.tolist() == curve.high.tolist() == [[1, 0]]  # as lifelines has it


def test_the_median_of_a_curve_that_reaches_a_half_by_a_product_is_found():
    share = survival([6, 6, 4], [0, 2, 1])  # 1 - 1/3, times 1 - 1/4, is a half but for rounding
    assert median(share) == 2


def test_the_median_agrees_with_lifelines():
    from lifelines.utils import qth_survival_time

    rng = np.random.default_rng(11)
    for _ in range(20):
        duration, event = rng.integers(0, 30, 50), rng.random(50) < 0.5
        ours = float(kaplan_meier(exposure(duration, 0 * duration, event)).median[0])
        fitted = oracle(duration, None, event, np.ones(50, int))
        theirs = qth_survival_time(
            0.5 + 1e-12, fitted.survival_function_
        )  # a half but for rounding
        assert ours == theirs or (np.isnan(ours) and np.isinf(theirs))


def test_the_interval_of_the_median_is_where_the_band_reaches_a_half():
    curve = kaplan_meier(exposure(np.arange(1, 41), np.zeros(40), np.ones(40)))
    low, high = curve.median_interval
    assert low[0] < curve.median[0] < high[0]
    assert curve.low[0, int(low[0])] <= 0.5 < curve.low[0, int(low[0]) - 1]


def test_the_restricted_mean_agrees_with_lifelines():
    from lifelines.utils import restricted_mean_survival_time

    rng = np.random.default_rng(5)
    duration, event = rng.integers(1, 40, 300), rng.random(300) < 0.7
    ours = kaplan_meier(exposure(duration, 0 * duration, event)).restricted_mean(24)[0]
    theirs = restricted_mean_survival_time(oracle(duration, None, event, np.ones(300, int)), t=24)
    assert ours[0] == pytest.approx(theirs, abs=1e-12)


def test_without_censoring_the_variance_of_the_restricted_mean_is_that_of_a_mean():
    # Greenwood without censoring is the binomial variance, so the mean's is sum (x - mean)^2 / n^2
    rng = np.random.default_rng(8)
    duration = rng.integers(1, 20, 500)
    table = exposure(duration, 0 * duration, np.ones(500))
    within = np.minimum(duration, 12)
    expected = within.var() / 500
    assert restricted_mean_variance(table.at_risk, table.events, 12)[0] == pytest.approx(expected)


def test_a_horizon_beyond_the_curve_is_refused():
    with pytest.raises(DataError, match="known to age 2: take a horizon from 1 to 3, not 4"):
        restricted_mean(np.array([1.0, 0.5, 0.5]), 4)


def test_before_the_first_loss_the_band_is_wilsons_of_those_at_risk():
    """Nobody of 30 has left by age 2, one of the 20 who are then left at age 3."""
    table = exposure([1] * 10 + [3] * 20, [0] * 30, [0] * 29 + [1])
    curve = kaplan_meier(table)
    assert curve.share[0].tolist() == [1, 1, 1, 0.95]
    assert curve.low[0, :3].tolist() == [1, wilson(30, 30, 0.95)[0], wilson(20, 20, 0.95)[0]]
    assert curve.high[0, :3].tolist() == [1, 1, 1]
    assert curve.low[0, 3] < curve.low[0, 2]

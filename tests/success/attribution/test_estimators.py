"""Each estimator against another computation: statsmodels, lifelines, enumeration, loops, or a known effect."""

from __future__ import annotations

import warnings
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics.errors import DataError
from saasmetrics.success.effect.association import time_varying
from saasmetrics.success.effect.doubly import difference, overlapping
from saasmetrics.success.effect.marginal import e_of_interval, e_value
from saasmetrics.success.effect.power import _stepped
from saasmetrics.success.effect.randomized import (
    Draw,
    Sums,
    contrast,
    inverted,
    randomized,
    redraws,
)
from saasmetrics.success.effect.regress import fit
from saasmetrics.success.effect.staggered import group_time, staggered
from saasmetrics.success.effect.sustained import compounded, sustained
from saasmetrics.success.effect.threshold import density, threshold
from saasmetrics.success.effect.treatments import NEVER
from tests.success.attribution.worlds import world


def _data(seed=0, n=400):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=n), rng.integers(0, 2, n)])
    y = (rng.random(n) < 1 / (1 + np.exp(-(x @ [-1.0, 0.7, 0.4])))).astype(float)
    return x, y, rng.uniform(0.5, 2, n), rng.integers(0, 25, n)


def test_logistic_regression_with_clusters_is_that_of_statsmodels():
    import statsmodels.api as sm

    x, y, weight, cluster = _data()
    found = fit(x, y, weight, cluster, ridge=0.0)
    model = sm.GLM(y, x, family=sm.families.Binomial(), freq_weights=weight)
    asked = {"groups": cluster, "use_correction": False}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # frequency weights are not fully supported, and are here as they should be
        theirs = model.fit(cov_type="cluster", cov_kwds=asked)
    assert found.coefficients == pytest.approx(theirs.params, rel=1e-8)
    few = 25 / 24
    assert found.covariance == pytest.approx(few * theirs.cov_params(), rel=1e-6)


def test_least_squares_with_clusters_are_those_of_statsmodels():
    import statsmodels.api as sm

    x, y, weight, cluster = _data(1)
    found = fit(x, y, weight, cluster, link="identity", ridge=0.0)
    theirs = sm.WLS(y, x, weights=weight).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )
    assert found.coefficients == pytest.approx(theirs.params, rel=1e-8)
    assert found.covariance == pytest.approx(25 / 24 * theirs.cov_params(), rel=1e-6)


def test_the_delta_method_of_a_sustained_effect_is_that_of_finite_differences():
    x, y, weight, cluster = _data(2)
    x = x[:, [0, 2, 1]]
    fitted = fit(x, y, weight, cluster)
    step = np.arange(len(y)) % 6
    for outcome in ("retained", "nrr", "expansion"):
        value = sustained(fitted, x, weight, outcome, 6, 0.95, step)

        def at(beta, outcome=outcome):
            ends = []
            for state in (0.0, 1.0):
                tried = x.copy()
                tried[:, 1] = state
                mean = 1 / (1 + np.exp(-tried @ beta))
                rate = [np.average(mean[step == s], weights=weight[step == s]) for s in range(6)]
                each = [float(compounded(outcome, r, 1)) for r in rate]
                ends.append(sum(each) if outcome == "expansion" else np.prod(each))
            return ends[1] - ends[0]

        beta = fitted.coefficients
        moves = np.eye(3) * 1e-6
        gradient = np.array([(at(beta + m) - at(beta - m)) / 2e-6 for m in moves])
        assert value.value == pytest.approx(at(beta), rel=1e-9)
        error = np.sqrt(gradient @ fitted.covariance @ gradient)
        from scipy.stats import t

        assert (value.high - value.low) / 2 == pytest.approx(t.ppf(0.975, 24) * error, rel=1e-4)


def test_a_draw_of_all_permutations_gives_the_exact_p():
    rng = np.random.default_rng(4)
    top, bottom = rng.random((6, 3)), np.ones((6, 3))
    start = np.array([0, 0, 1, 1, NEVER, NEVER])
    months = np.array([1, 2, 3])
    every = np.array([start[list(order)] for order in permutations(range(6))])
    value = contrast(top, bottom, months, start[None])[0][0]
    again = contrast(top, bottom, months, every)[0]
    slow = []
    for order in permutations(range(6)):
        on = start[list(order)]
        parts = []
        for column, month in enumerate(months):
            treated = on < month
            if treated.all() or not treated.any():
                continue
            n, m = treated.sum(), (~treated).sum()
            gap = top[treated, column].mean() - top[~treated, column].mean()
            parts.append((gap, n * m / (n + m)))
        slow.append(np.average([p[0] for p in parts], weights=[p[1] for p in parts]))
    assert again == pytest.approx(slow)
    _, _, p = inverted(value, again, np.zeros(len(again)), 0.95)
    assert p == pytest.approx((1 + (np.abs(slow) >= abs(value) - 1e-12).sum()) / 721)


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.floats(-0.9, 0.9))
def test_an_effect_is_in_the_interval_exactly_where_its_test_does_not_reject(seed, tau):
    rng = np.random.default_rng(seed)
    value = rng.normal()
    again, taken = rng.normal(size=199), rng.uniform(-0.9, 0.9, 199)
    low, high, _ = inverted(value, again, taken, 0.9)
    p = (1 + (np.abs(again - tau * taken) >= abs(value - tau)).sum()) / 200
    if abs(tau - low) > 1e-9 and abs(tau - high) > 1e-9:
        assert (low <= tau <= high) == (p > 0.1 + 1e-9)


def test_the_interval_of_a_stepped_roll_out_holds_an_additive_effect_as_often_as_it_says():
    months, true, held = np.arange(12), -0.01, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        start = rng.permutation(np.repeat([0, 3, 6, 9], 3))
        level = rng.normal(0.05, 0.01, 12)[:, None] + rng.normal(0, 0.01, 12)[None]
        bottom = rng.uniform(50, 150, 12)[:, None] * np.ones((12, 12))
        on = start[:, None] < months[None]
        top = (level + true * on + rng.normal(0, 0.01, (12, 12))) * bottom
        draw = Draw(start, np.zeros(12, int))
        again = redraws(draw, 399, seed)
        value = contrast(top, bottom, months, start[None])[0][0]
        drawn, _ = contrast(top, bottom, months, again)
        taken, _ = contrast(on * bottom, bottom, months, again)
        low, high, _ = inverted(value, drawn, taken, 0.9)
        held += low <= true <= high
    assert 0.9 * 200 - 14 <= held <= 0.9 * 200 + 14  # binomial(200, 0.9): within is 99.9%


def test_few_clusters_take_the_interval_of_the_draw_and_many_that_of_regression():
    waves = world(0, 1500, "waves")
    start = np.zeros(12, int)
    start[waves.panel.cluster] = waves.start[waves.panel.unit]
    found = randomized(waves.panel, Draw(start, np.zeros(12, int)), "retained", 24, 0.95)
    assert found.how == "drawing the 12 clusters again 1,999 times"
    half = world(0, 1500, "half")
    begins = np.where(half.start > 24, NEVER, half.start)
    found = randomized(half.panel, Draw(begins, np.zeros(1500, int)), "retained", 24, 0.95)
    assert found.how == "errors of 1,500 clusters"


def test_too_few_clusters_to_draw_differently_leave_the_interval_open():
    low, high, p = inverted(0.5, np.array([0.5, -0.5, 0.5]), np.array([1.0, -1.0, 1.0]), 0.95)
    assert (low, high) == (-np.inf, np.inf)
    assert p == 1.0


def _rolled(seed, effect, n=12, months=30, trend=None):
    """Groups in three waves and one that never starts; the effect grows with every month since the start."""
    rng = np.random.default_rng(seed)
    start = np.array([10, 15, 20, NEVER])[np.arange(n) % 4]
    month = np.arange(months)
    level = rng.normal(0.2, 0.05, n)[:, None] + 0.002 * month + 0.03 * np.sin(month)
    since = np.maximum(month[None] - start[:, None], 0)
    rate = level + effect * since + rng.normal(0, 0.002, (n, months))
    if trend is not None:
        rate += trend * month * (start < NEVER)[:, None]
    bottom = np.full((n, months), 100.0)
    return Sums(rate * bottom, bottom, month), start


def test_group_time_effects_are_those_of_the_definition():
    sums, start = _rolled(0, -0.001)
    wave, month, att, _ = group_time(sums, start, np.ones((1, 12)), before=4)
    rate = sums.top / sums.bottom
    for w, m, value in zip(wave, month, att[0], strict=True):
        base = [b for b in range(30) if w - 4 < b <= w]
        mine, other = start == w, start >= max(m, w + 1)
        change = rate[:, m] - rate[:, base].mean(axis=1)
        assert value == pytest.approx(change[mine].mean() - change[other].mean())


def test_effects_that_grow_are_found_where_two_way_fixed_effects_are_wrong():
    import statsmodels.api as sm

    sums, start = _rolled(1, -0.01)
    start = np.where(start == NEVER, 24, start)  # everybody starts in the end
    month = sums.months
    since = np.maximum(month[None] - start[:, None], 0)
    rate = 0.3 + 0.002 * month[None] - 0.01 * since
    sums = Sums(rate * 100, sums.bottom, month)
    study = staggered(sums, start, "retained", 12, 0.95)
    after = study.month > study.wave
    assert study.att[after] == pytest.approx(-0.01 * (study.month - study.wave)[after])
    assert study.att[~after] == pytest.approx(0, abs=1e-12)
    on = (month[None] > start[:, None]).astype(float)
    group, period = np.indices(on.shape)
    fixed = [pd.get_dummies(v.ravel(), drop_first=True, dtype=float) for v in (group, period)]
    x = np.column_stack([np.ones(on.size), on.ravel(), *fixed])
    both = sm.OLS(rate.ravel(), x).fit().params[1]
    true = (-0.01 * since[on > 0]).mean()
    assert abs(both - true) > 0.25 * abs(true)


def test_groups_that_moved_apart_before_are_caught():
    quiet = [staggered(*_rolled(seed, -0.001), "retained", 12, 0.95) for seed in range(20)]
    apart = staggered(*_rolled(2, -0.001, trend=0.004), "retained", 12, 0.95)
    assert sum(study.p_before > 0.01 for study in quiet) >= 17
    assert apart.p_before < 0.01


def test_a_start_of_all_at_once_cannot_be_compared():
    sums, start = _rolled(3, 0.0)
    with pytest.raises(DataError, match="nothing to compare with"):
        staggered(sums, np.full_like(start, 10), "retained", 12, 0.95)


def _scores(seed, jump, n=4000):
    rng = np.random.default_rng(seed)
    score = rng.uniform(0, 100, n)
    y = 0.4 + 0.004 * score + 0.00002 * (score - 40) ** 2 + jump * (score < 40)
    return score, y + rng.normal(0, 0.1, n)


def test_a_jump_at_the_cut_off_is_recovered_in_its_interval():
    found = [threshold(*_scores(seed, 0.08), 40, 0.95) for seed in range(20)]
    held = sum(f.low <= 0.08 <= f.high for f in found)
    assert held >= 17  # binomial(20, 0.95) is below with a chance of 1.6%
    assert np.mean([f.value for f in found]) == pytest.approx(0.08, abs=0.01)


def test_no_jump_is_found_where_there_is_none_and_at_placebo_cut_offs():
    found = threshold(*_scores(7, 0.0), 40, 0.99)
    assert found.low <= 0 <= found.high
    off = [place for place, _, low, high in found.placebo if low > 0 or high < 0]
    assert len(found.placebo) == 6
    assert len(off) <= 1


def test_scores_pushed_over_the_line_are_seen_in_the_density():
    rng = np.random.default_rng(0)
    score = rng.uniform(-50, 50, 3000)
    assert density(score, 20.0) > 0.05
    pushed = np.where((score < 0) & (score > -4) & (rng.random(3000) < 0.7), -score, score)
    assert density(pushed, 20.0) < 0.001


def test_a_cut_off_without_customers_near_it_is_refused():
    score, y = _scores(0, 0.0, 200)
    with pytest.raises(DataError, match="30 are needed on each side"):
        threshold(score, y, 99.9, 0.95, width=5)


def _heart():
    from lifelines.datasets import load_stanford_heart_transplants

    return load_stanford_heart_transplants()


def test_the_heart_transplants_of_stanford_count_as_treated_from_their_day_on():
    from lifelines import CoxTimeVaryingFitter

    rows = _heart()
    # Half days happen (0.5 for a death on the first day): whole numbers of half days keep the order.
    start, stop = ((2 * rows[c]).round().astype(int).to_numpy() for c in ("start", "stop"))
    columns = ["transplant", "age", "surgery", "year"]
    found = time_varying(start, stop, rows["event"].to_numpy(int), rows[columns].to_numpy(float))
    theirs = CoxTimeVaryingFitter().fit(
        rows, id_col="id", event_col="event", start_col="start", stop_col="stop"
    )
    assert found.coefficients == pytest.approx(theirs.params_[columns].to_numpy(), rel=1e-3)
    errors = np.sqrt(np.diagonal(found.covariance))
    assert errors == pytest.approx(theirs.standard_errors_[columns].to_numpy(), rel=1e-2)


def test_the_naive_answer_on_heart_transplants_credits_the_wait_to_the_transplant():
    rows = _heart()
    half = {c: (2 * rows[c]).round().astype(int) for c in ("start", "stop")}
    treated = rows["transplant"].to_numpy(float)[:, None]
    moving = time_varying(half["start"], half["stop"], rows["event"].to_numpy(int), treated)
    each = (
        rows.assign(**half).groupby("id").agg({"stop": "max", "event": "max", "transplant": "max"})
    )
    ever = each["transplant"].to_numpy(float)[:, None]
    first = np.zeros(len(each), int)
    naive = time_varying(first, each["stop"].to_numpy(int), each["event"].to_numpy(int), ever)
    assert naive.coefficients[0] < -1  # seems to save two of three
    assert abs(moving.coefficients[0]) < 0.3  # Crowley and Hu 1977: no effect shown
    reach = 1.96 * np.sqrt(moving.covariance[0, 0])
    assert abs(moving.coefficients[0]) < reach


def _mixed(seed, n=3000, overlap=1.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    group = rng.random(n) < 1 / (1 + np.exp(-overlap * x[:, 0]))
    y = 5 + 2 * group + 3 * x[:, 0] + x[:, 1] + rng.normal(size=n)
    return y, group, x


def test_the_doubly_robust_difference_holds_the_truth_where_the_plain_one_does_not():
    found = [difference(*_mixed(seed)) for seed in range(20)]
    held = sum(abs(f.value - 2) < 1.96 * f.error for f in found)
    assert held >= 17
    y, group, _ = _mixed(0)
    assert y[group].mean() - y[~group].mean() > 3


def test_doubly_robust_is_right_if_one_of_both_models_is():
    y, group, x = _mixed(3, 20_000)
    curved = y + np.exp(x[:, 0])  # outcome model of straight lines is wrong, the chances are right
    found = difference(curved, group, x)
    assert abs(found.value - 2) < 4 * found.error


def test_no_overlap_is_refused():
    with pytest.raises(DataError, match="no overlap"):
        difference(*_mixed(0, overlap=12.0))


def test_overlap_weights_answer_for_those_who_could_go_either_way():
    value, error = overlapping(*_mixed(0, overlap=3.0))
    assert abs(value - 2) < 3 * error


def test_the_e_value_is_that_of_the_paper():
    # VanderWeele and Ding 2017: a risk ratio of 3.9 (1.8 to 8.7) has 7.26 and 3.0.
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_of_interval(1.8, 8.7) == pytest.approx(3.0, abs=0.005)


def test_the_variance_of_a_stepped_roll_out_is_that_of_generalized_least_squares():
    clusters, waves, cell, between = 12, 4, 0.02, 0.005
    periods = waves + 1
    on = (np.arange(periods)[None] > (np.arange(clusters) * waves // clusters)[:, None]).astype(
        float
    )
    inverse = np.linalg.inv(cell * np.eye(periods) + between * np.ones((periods, periods)))
    total = np.zeros((periods + 1, periods + 1))
    for row in on:
        x = np.column_stack([row, np.eye(periods)])
        total += x.T @ inverse @ x
    assert _stepped(clusters, waves, cell, between) == pytest.approx(np.linalg.inv(total)[0, 0])

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings

from saasmetrics.survival.counts import exposure
from saasmetrics.survival.distributions import DISTRIBUTIONS, distribution
from saasmetrics.survival.likelihood import fit_counts, log_likelihood
from tests.survival import lives as some

PARAMETERS = {
    "exponential": [7.0],
    "weibull": [8.0, 1.3],
    "log_logistic": [6.0, 1.4],
    "log_normal": [1.9, 0.9],
    "generalized_gamma": [1.8, 0.9, -0.6],
    "sbg": [0.7, 3.8],
    "bdw": [0.3, 1.7, 1.5],
}


def lifelines_survival(name, values, ages):
    """S as lifelines, scipy or the authors' recursion has it."""
    from scipy import stats

    if name in ("sbg", "bdw"):
        from scipy.special import beta

        c = values[2] if name == "bdw" else 1.0
        return beta(values[0], values[1] + ages**c) / beta(values[0], values[1])
    made = {
        "exponential": lambda: stats.expon(scale=values[0]),
        "weibull": lambda: stats.weibull_min(values[1], scale=values[0]),
        "log_logistic": lambda: stats.fisk(values[1], scale=values[0]),
        "log_normal": lambda: stats.lognorm(values[1], scale=np.exp(values[0])),
        # Stacy's gamma: shape 1/lambda^2 and power lambda/sigma
        "generalized_gamma": lambda: stats.gengamma(
            values[2] ** -2.0,
            values[2] / values[1],
            scale=np.exp(values[0]) * values[2] ** (2 * values[1] / values[2])
            if values[2] > 0
            else np.exp(values[0]) * (values[2] ** 2) ** (values[1] / values[2]),
        ),
    }
    return made[name]().sf(ages)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_curve_is_that_of_scipy(name):
    ages = np.arange(1.0, 40.0)
    ours = distribution(name).survival(PARAMETERS[name], ages)
    np.testing.assert_allclose(ours, lifelines_survival(name, PARAMETERS[name], ages), atol=1e-11)


def test_a_generalized_gamma_with_lambda_1_is_weibull_and_with_0_log_normal():
    ages = np.arange(30.0)
    family = distribution("generalized_gamma")
    weibull = distribution("weibull").survival([np.exp(2.0), 1 / 0.8], ages)
    np.testing.assert_allclose(family.survival([2.0, 0.8, 1.0], ages), weibull, atol=1e-12)
    normal = distribution("log_normal").survival([2.0, 0.8], ages)
    np.testing.assert_allclose(family.survival([2.0, 0.8, 0.0], ages), normal, atol=1e-5)


def test_a_bdw_with_c_1_is_an_sbg():
    ages = np.arange(60.0)
    np.testing.assert_allclose(
        distribution("bdw").survival([0.7, 3.8, 1.0], ages),
        distribution("sbg").survival([0.7, 3.8], ages),
        atol=1e-12,
    )


@settings(max_examples=30, deadline=None)
@given(some.rows)
def test_the_likelihood_of_counts_is_the_sum_over_lives_one_by_one(lives):
    entry, duration, cause, weight, _ = some.columns(lives)
    table = exposure(duration, entry, cause > 0, weight)
    for name, values in PARAMETERS.items():
        family = distribution(name)
        S = dict(enumerate(family.survival(values, np.arange(16)).tolist()))
        one_by_one = sum(
            w * np.log((S[d - 1] - S[d] if c else S[d]) / S[e])
            for e, d, c, w in zip(entry, duration, cause, weight, strict=True)
        )
        ours = log_likelihood(family, family.held(values), table.at_risk[0], table.events[0])
        assert float(ours) == pytest.approx(one_by_one, rel=1e-8, abs=1e-8)


def drawn(n=4000, seed=6, late=True):
    rng = np.random.default_rng(seed)
    life = np.ceil(20 * rng.weibull(0.8, n)).astype(int)
    last = rng.integers(6, 36, n)
    entry = np.where(rng.random(n) < 0.3, rng.integers(0, 6, n), 0) if late else np.zeros(n, int)
    keep = life > entry
    return np.minimum(life, last)[keep], entry[keep], (life <= last)[keep]


@pytest.mark.parametrize(
    ("name", "fitter", "of"),
    [
        ("weibull", "WeibullFitter", lambda p: (p["lambda"], p["rho"])),
        ("log_logistic", "LogLogisticFitter", lambda p: (p["alpha"], p["beta"])),
        ("log_normal", "LogNormalFitter", lambda p: (p["mu"], p["sigma"])),
        (
            "generalized_gamma",
            "GeneralizedGammaFitter",
            lambda p: (p["mu"], np.log(p["sigma"]), p["lambda"]),
        ),
    ],
)
def test_a_fit_agrees_with_lifelines_on_intervals(name, fitter, of):
    import lifelines

    duration, entry, event = drawn()
    ours = fit_counts(
        distribution(name),
        *(getattr(exposure(duration, entry, event), k)[0] for k in ("at_risk", "events")),
    )
    lives, weight = np.unique(np.stack([duration, entry, event]), axis=1, return_counts=True)
    duration, entry, event = lives[0], lives[1], lives[2].astype(bool)
    lower, upper = np.where(event, duration - 1, duration), np.where(event, duration, np.inf)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        theirs = getattr(lifelines, fitter)().fit_interval_censoring(
            lower, upper, entry=entry, weights=weight
        )
    assert ours.log_likelihood >= theirs.log_likelihood_ - 1e-4
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=0.02)
    if name != "generalized_gamma":  # theirs stops early there; the likelihoods agree
        np.testing.assert_allclose(of(ours.params), theirs.params_, rtol=2e-4)
        np.testing.assert_allclose(
            np.array(ours.intervals(0.95)).T,
            theirs.summary[["coef lower 95%", "coef upper 95%"]],
            rtol=0.02,
        )  # theirs is symmetric in the parameter, ours in its log


def test_the_intervals_are_about_as_wide_as_repeating_the_draw_says():
    true, rng = [0.7, 3.8], np.random.default_rng(4)
    alive = distribution("sbg").survival(true, np.arange(9))
    chance = np.append(-np.diff(alive), alive[-1])
    logs, errors, inside = [], [], 0
    for draw in rng.multinomial(1000, chance, size=150):
        left = 1000 - np.append(0, np.cumsum(draw[:-1]))
        at_risk = np.append(1000, left[:-1])
        found = fit_counts(distribution("sbg"), at_risk, np.append(0, draw[:-1]))
        logs.append(found.theta)
        errors.append(np.sqrt(np.diagonal(found.covariance)))
        low, high = found.intervals(0.95)
        inside += bool(low[0] <= true[0] <= high[0])
    ratio = np.mean(errors, axis=0) / np.std(logs, axis=0)
    np.testing.assert_allclose(ratio, 1.0, atol=0.2)  # 150 draws know a spread to 6 %
    assert inside / 150 > 0.89


def test_the_band_of_a_projection_covers_as_often_as_it_says():
    true, rng = [9.0, 0.8], np.random.default_rng(5)
    alive = distribution("weibull").survival(true, np.arange(13))
    chance = np.append(-np.diff(alive), alive[-1])
    goal = float(distribution("weibull").survival(true, [24])[0])
    hits = 0
    for draw in rng.multinomial(800, chance, size=150):
        left = 800 - np.append(0, np.cumsum(draw[:-1]))
        found = fit_counts(
            distribution("weibull"), np.append(800, left[:-1]), np.append(0, draw[:-1])
        )
        low, high = found.band([24], 0.95)
        hits += bool(low[0] <= goal <= high[0])
    assert 0.90 <= hits / 150 <= 0.99


def test_cohorts_of_different_age_are_fitted_by_how_long_each_was_seen():
    # two cohorts of one sBG, seen for four and for eight renewals: the pooled counts find it
    rng, true = np.random.default_rng(1), distribution("sbg").survival([0.9, 2.5], np.arange(9))
    at_risk, events = np.zeros(9), np.zeros(9)
    for seen in (4, 8):
        alive = 200_000 * true[: seen + 1]
        at_risk[1 : seen + 1] += alive[:-1]
        events[1 : seen + 1] += -np.diff(alive)
    found = fit_counts(distribution("sbg"), at_risk, events)
    assert found.params["alpha"] == pytest.approx(0.9, rel=1e-4)
    assert found.params["beta"] == pytest.approx(2.5, rel=1e-4)
    del rng


def test_customers_that_do_not_differ_do_not_determine_an_sbg():
    # 20 % leave every time, exactly: the sBG goes on and on towards a constant rate
    alive = 1000 * 0.8 ** np.arange(8)
    found = fit_counts(
        distribution("sbg"), np.append(1000, alive[:-1]), np.append(0, -np.diff(alive))
    )
    assert not found.converged
    assert "a simpler model says as much" in found.reason
    assert found.survival([7])[0] == pytest.approx(0.8**7, rel=1e-3)


def test_without_a_loss_there_is_no_fit_and_a_reason():
    found = fit_counts(distribution("weibull"), [10, 10, 10], [0, 0, 0])
    assert not found.known
    assert found.reason == "nobody has left yet"


def test_lives_that_all_end_at_one_age_are_not_a_fit():
    found = fit_counts(distribution("weibull"), [5, 5, 5], [0, 0, 5])
    assert not found.converged
    assert "same age" in found.reason

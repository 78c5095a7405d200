from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from saasmetrics.survival.partial import Rows, fit_cox, partial, proportionality
from tests.survival import lives as some


def drawn(n=2000, seed=1):
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.random(n) < 0.4, rng.integers(0, 3, n)]).astype(float)
    duration = np.minimum(np.ceil(rng.exponential(20 / np.exp(x @ [0.7, -0.3]))), 30).astype(int)
    event = (duration < 30).astype(int)
    entry = np.minimum(rng.integers(0, 6, n) * (rng.random(n) < 0.3), duration - 1).astype(int)
    return entry, duration, event, x


def test_a_fit_of_late_entries_and_heavy_ties_agrees_with_lifelines():
    from lifelines import CoxPHFitter

    entry, duration, event, x = drawn()
    ours = fit_cox(Rows(entry, duration, event, x, np.ones(len(x), int)))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "d": duration, "e": event, "s": entry})
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        tight = {"precision": 1e-18, "r_precision": 1e-15}  # its default stops at 1e-8
        theirs = CoxPHFitter().fit(frame, "d", "e", entry_col="s", fit_options=tight)
    np.testing.assert_allclose(ours.coefficients, theirs.params_, atol=1e-9)
    errors = np.sqrt(np.diagonal(ours.covariance))
    np.testing.assert_allclose(errors, theirs.standard_errors_, atol=1e-9)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-7)


def test_rows_that_count_several_times_are_the_rows_written_out():
    entry, duration, event, x = drawn()
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "d": duration, "e": event, "s": entry})
    alike = frame.value_counts().reset_index(name="n")
    once = fit_cox(Rows(entry, duration, event, x, np.ones(len(x), int)))
    collapsed = fit_cox(
        Rows(
            *(alike[c].to_numpy() for c in ("s", "d", "e")),
            alike[["a", "b"]].to_numpy(),
            alike["n"].to_numpy(),
        )
    )
    assert len(alike) < len(frame) / 3
    np.testing.assert_allclose(collapsed.coefficients, once.coefficients, atol=1e-12)
    np.testing.assert_allclose(collapsed.covariance, once.covariance, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(some.rows)
def test_the_partial_likelihood_is_efrons_sum_life_by_life(lives):
    entry, duration, cause, weight, group = some.columns(lives)
    event = (cause > 0).astype(int)
    x = np.column_stack([group == 1, group == 2]).astype(float)
    beta = np.array([0.4, -0.7])
    ours, score, information, _ = partial(Rows(entry, duration, event, x, weight), beta)

    def efron(b):
        r = np.exp(x @ b)
        total = 0.0
        for age in sorted(set(duration[event == 1].tolist())):
            there = np.array(some.at_risk_of(entry, duration, age))
            dead = there & (duration == age) & (event == 1)
            S, D, d = (weight * r)[there].sum(), (weight * r)[dead].sum(), weight[dead].sum()
            total += (weight * (x @ b))[dead].sum()
            total -= sum(np.log(S - k / d * D) for k in range(d))
        return total

    assert ours == pytest.approx(efron(beta), rel=1e-10, abs=1e-10)
    h = 1e-5
    unit = np.eye(2) * h
    slope = [(efron(beta + u) - efron(beta - u)) / (2 * h) for u in unit]
    np.testing.assert_allclose(score.sum(axis=0), slope, atol=1e-5)
    bend = [
        (
            partial(Rows(entry, duration, event, x, weight), beta + u)[1].sum(axis=0)
            - partial(Rows(entry, duration, event, x, weight), beta - u)[1].sum(axis=0)
        )
        / (2 * h)
        for u in unit
    ]
    np.testing.assert_allclose(information.sum(axis=0), -np.array(bend), atol=1e-5)


def test_the_test_of_proportionality_is_the_score_test_of_covariate_times_age():
    entry, duration, event, x = drawn(400)
    ones = np.ones(len(x), int)
    fit = fit_cox(Rows(entry, duration, event, x, ones))
    g = fit.ages.astype(float)
    each, whole, _ = proportionality(fit, g)
    # episodes of one age each, with x and x * age as covariates, at the fit and a slope of 0
    owner = np.repeat(np.arange(len(x)), duration - entry)
    start = np.concatenate([np.arange(e, d) for e, d in zip(entry, duration, strict=True)])
    last = start + 1 == duration[owner]
    at = np.interp(start + 1, fit.ages, g)[:, None]
    many = np.concatenate([x[owner], x[owner] * at], axis=1)
    rows = Rows(start, start + 1, np.where(last, event[owner], 0), many, np.ones(len(owner), int))
    _, score, information, _ = partial(rows, np.append(fit.coefficients, [0, 0]))
    U, J = score.sum(axis=0), information.sum(axis=0)
    assert whole == pytest.approx(U @ np.linalg.solve(J, U), rel=1e-6)
    for j in range(2):
        kept = [0, 1, 2 + j]
        part = J[np.ix_(kept, kept)]
        assert each[j] == pytest.approx(U[kept] @ np.linalg.solve(part, U[kept]), rel=1e-6)


def test_a_ratio_that_changes_with_age_is_found():
    rng = np.random.default_rng(7)
    x = (rng.random(3000) < 0.5).astype(float)
    early = np.ceil(rng.exponential(np.where(x == 1, 4, 12)))  # leaves fast at first
    duration = (
        np.where(early <= 6, early, 6 + np.ceil(rng.exponential(12, 3000))).clip(1, 24).astype(int)
    )
    event = (duration < 24).astype(int)
    fit = fit_cox(Rows(np.zeros(3000, int), duration, event, x[:, None], np.ones(3000, int)))
    each, _, sign = proportionality(fit, np.log(fit.ages))
    assert each[0] > 30  # chi-squared with 1 degree of freedom
    assert sign[0] < 0


def test_a_covariate_that_foretells_who_leaves_has_no_ratio():
    x = np.array([[1.0], [1.0], [0.0], [0.0]])
    fit = fit_cox(
        Rows(np.zeros(4, int), np.array([1, 2, 3, 3]), np.array([1, 1, 0, 0]), x, np.ones(4, int))
    )
    assert not fit.converged
    assert np.isnan(fit.covariance).all()


def test_covariates_that_say_the_same_have_no_ratios_of_their_own():
    entry, duration, event, x = drawn(300)
    twice = np.column_stack([x[:, 0], 3 * x[:, 0] + 1])
    assert not fit_cox(Rows(entry, duration, event, twice, np.ones(len(x), int))).converged


def test_the_unit_of_a_covariate_changes_its_ratio_and_nothing_else():
    entry, duration, event, x = drawn(500)
    ones = np.ones(len(x), int)
    one = fit_cox(Rows(entry, duration, event, x, ones))
    other = fit_cox(Rows(entry, duration, event, x * [1.0, 1e6], ones))
    np.testing.assert_allclose(other.coefficients * [1.0, 1e6], one.coefficients, rtol=1e-9)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-9)

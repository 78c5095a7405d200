from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import greenwood, survival
from saasmetrics.survival.incidence import aalen_johansen, incidence_band
from tests.survival import lives as some

CAUSES = 3


def counted(entry, duration, cause, weight):
    at_risk = exposure(duration, entry, cause > 0, weight).at_risk
    lost = [exposure(duration, entry, cause == k, weight).events[0] for k in range(1, CAUSES + 1)]
    return at_risk, np.stack(lost)[None]


@settings(max_examples=50, deadline=None)
@given(some.rows)
def test_incidences_are_those_of_a_loop_over_ages_and_lives(lives):
    entry, duration, cause, weight, _ = some.columns(lives)
    ours, _ = aalen_johansen(*counted(entry, duration, cause, weight))
    alive, lost = 1.0, np.zeros(CAUSES)
    for age in range(ours.shape[2]):
        there = np.array(some.at_risk_of(entry, duration, age))
        n = weight[there].sum()
        hit = [weight[there & (duration == age) & (cause == k)].sum() for k in range(1, CAUSES + 1)]
        if n:
            lost = lost + alive * np.array(hit) / n
            alive *= 1 - sum(hit) / n
        np.testing.assert_allclose(ours[0, :, age], lost, atol=1e-12)
        assert lost.sum() + alive == pytest.approx(1, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(some.rows)
def test_the_variance_is_that_of_multinomial_draws_carried_through(lives):
    """By differences: how the incidence at the last age answers to each hazard, times their covariance."""
    entry, duration, cause, weight, _ = some.columns(lives)
    at_risk, lost = counted(entry, duration, cause, weight)
    _, variance = aalen_johansen(at_risk, lost)
    n = at_risk[0].astype(float)
    hazard = np.divide(lost[0], n, out=np.zeros(lost[0].shape), where=n > 0)
    if (lost[0].sum(axis=0) >= at_risk[0])[at_risk[0] > 0].any():
        return  # nobody is left: the difference would step outside

    def incidence(h, j):
        before = np.append(1.0, np.cumprod(1 - h.sum(axis=0))[:-1])
        return float((before * h[j]).sum())

    for j in range(CAUSES):
        total = 0.0
        for age in np.flatnonzero(n):
            slope = np.zeros(CAUSES)
            for k in range(CAUSES):
                step = np.zeros_like(hazard)
                step[k, age] = 1e-6
                slope[k] = (incidence(hazard + step, j) - incidence(hazard - step, j)) / 2e-6
            h = hazard[:, age]
            total += slope @ (np.diag(h) - np.outer(h, h)) @ slope / n[age]
        assert variance[0, j, -1] == pytest.approx(total, abs=1e-8)


def test_for_one_cause_the_variance_is_greenwoods():
    rng = np.random.default_rng(3)
    table = exposure(rng.integers(1, 20, 300), None, rng.random(300) < 0.6)
    incidence, variance = aalen_johansen(table.at_risk, table.events[:, None])
    alive = survival(table.at_risk, table.events)
    np.testing.assert_allclose(1 - incidence[:, 0], alive, atol=1e-12)
    expected = alive**2 * greenwood(table.at_risk, table.events)
    np.testing.assert_allclose(variance[:, 0], expected, atol=1e-12)


def test_the_interval_stays_within_0_and_1_and_around_the_value():
    incidence, variance = aalen_johansen([[3, 3, 2]], [[[0, 1, 1], [0, 0, 1]]])
    low, high = incidence_band(incidence, variance, 0.95)
    assert ((low >= 0) & (low <= incidence) & (incidence <= high) & (high <= 1)).all()

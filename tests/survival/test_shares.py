"""Fits to published tables, and what is still to come of a customer."""

from __future__ import annotations

import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError

s = sm.survival
SHARES = [1, 0.869, 0.743, 0.653, 0.593]


def test_per_cents_are_shares():
    found = s.fit_shares([100 * share for share in SHARES], "sbg")
    assert found.params == pytest.approx(s.fit_shares(SHARES, "sbg").params)


def test_customers_behind_shares_give_intervals_and_not_other_parameters():
    bare, sized = s.fit_shares(SHARES, "sbg"), s.fit_shares(SHARES, "sbg", customers=1000)
    assert bare.params == pytest.approx(sized.params, rel=1e-6)
    assert bare.df["low"].isna().all()
    assert sized.df.loc[1:, "low"].notna().all()
    assert "How many customers there were is not known" in bare.footnote


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ([0.9, 0.8], "must start with 1.0"),
        ([1, 0.8, 0.85], "at age 2 it is 0.85"),
        ([1], "at least two"),
        ([1, None], "at least two|float"),
    ],
)
def test_what_is_no_retention_table_is_refused(shares, words):
    with pytest.raises((DataError, TypeError), match=words):
        s.fit_shares(shares)


def test_residual_lifetime_is_a_discounted_sum_of_what_is_projected():
    found = s.fit_shares(SHARES, "bdw")
    alive = found.predict(600)
    by_hand = sum(alive[3 + k] / alive[2] / 1.1 ** (k - 0) for k in range(597))
    assert found.derl(0.1, renewals=2) == pytest.approx(by_hand, rel=1e-9)


def test_retention_elasticity_is_fader_and_hardies():
    from scipy.special import hyp2f1

    found = s.fit_shares(SHARES, "sbg")
    a, b = found.params["alpha"], found.params["beta"]
    for n in (0, 3):
        expected = hyp2f1(1, b + n, a + b + n, 1 / 1.1)
        assert found.retention_elasticity(0.1, n) == pytest.approx(expected, rel=1e-10)
    with pytest.raises(DataError, match='Fit with model="sbg"'):
        s.fit_shares(SHARES, "bdw").retention_elasticity(0.1)


def test_without_a_discount_residual_lifetime_need_not_be_finite():
    found = s.fit_shares(SHARES, "sbg")
    with pytest.raises(DataError, match="must be above 0"):
        found.derl(0.0)
    with pytest.raises(DataError, match="a whole number, 0 or more"):
        found.derl(0.1, renewals=-1)


def test_an_interval_of_residual_lifetime_is_around_it_and_narrower_with_more_customers():
    few, many = (s.fit_shares(SHARES, "sbg", customers=n) for n in (200, 20_000))
    edges = [found.derl_interval(0.1, 2) for found in (few, many)]
    assert all(
        low < found.derl(0.1, 2) < high
        for (low, high), found in zip(edges, (few, many), strict=True)
    )
    assert edges[1][1] - edges[1][0] < (edges[0][1] - edges[0][0]) / 5

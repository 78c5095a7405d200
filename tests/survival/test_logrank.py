from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats
from statsmodels.stats.multitest import multipletests

from saasmetrics.errors import UnknownNameError
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.logrank import corrected, logrank
from tests.survival import lives as some

THEIRS = {
    "logrank": {},
    "wilcoxon": {"weightings": "wilcoxon"},
    "tarone_ware": {"weightings": "tarone-ware"},
    "fleming_harrington": {"weightings": "fleming-harrington", "p": 0.5, "q": 1.0},
}


@pytest.mark.parametrize("test", THEIRS)
def test_three_groups_agree_with_lifelines(test):
    from lifelines.statistics import multivariate_logrank_test

    rng = np.random.default_rng(8)
    group = rng.integers(0, 3, 500)
    duration = np.ceil(rng.exponential(10 + 4 * group)).astype(int)
    event = rng.random(500) < 0.7
    table = exposure(duration, None, event, group=group, groups=3)
    ours = logrank(table.at_risk, table.events, test, p=0.5, q=1.0)
    theirs = multivariate_logrank_test(duration, group, event, **THEIRS[test])
    assert ours.statistic == pytest.approx(theirs.test_statistic, rel=1e-9)
    assert ours.p == pytest.approx(theirs.p_value, abs=1e-12)
    assert ours.df == 2


@settings(max_examples=40, deadline=None)
@given(some.rows)
def test_late_entries_and_ties_agree_with_a_loop_over_lives(lives):
    entry, duration, cause, weight, group = some.columns(lives)
    event = cause > 0
    two = group > 0
    table = exposure(duration, entry, event, weight, group=two.astype(int), groups=2)
    ours = logrank(table.at_risk, table.events)
    away = variance = 0.0
    for age in range(int(duration.max()) + 1):
        there = np.array(some.at_risk_of(entry, duration, age))
        n, n1 = weight[there].sum(), weight[there & two].sum()
        d = weight[there & event & (duration == age)].sum()
        d1 = weight[there & event & two & (duration == age)].sum()
        if n > 1:
            away += d1 - d * n1 / n
            variance += d * (n - d) / (n - 1) * n1 / n * (1 - n1 / n)
    if variance < 1e-9:
        assert ours.df == 0
        assert np.isnan(ours.p)
    else:
        assert ours.statistic == pytest.approx(away**2 / variance, rel=1e-9, abs=1e-12)
        assert ours.p == pytest.approx(stats.chi2.sf(away**2 / variance, 1), abs=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), [("holm", "holm"), ("bh", "fdr_bh")])
def test_corrections_agree_with_statsmodels(ours, theirs):
    p = np.random.default_rng(2).random(20) ** 3
    np.testing.assert_allclose(corrected(p, ours), multipletests(p, method=theirs)[1], atol=1e-12)


def test_a_missing_p_value_does_not_count():
    assert corrected([0.02, np.nan, 0.5]).tolist()[::2] == [0.04, 0.5]  # Holm among two


def test_two_groups_have_one_degree_of_freedom_whatever_rounding_does():
    # found by trying: the two differences sum to 0 but for rounding, which once counted as a second
    table = exposure([1, 1, 2, 2], None, [0, 1, 0, 1], [4, 1, 1, 4], group=[1, 0, 1, 1], groups=2)
    assert logrank(table.at_risk, table.events).df == 1


def test_an_unknown_test_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'wilcoxon'"):
        logrank([[2, 2], [2, 2]], [[0, 1], [0, 0]], "wilcoxn")
    with pytest.raises(UnknownNameError, match="There is no correction called 'bonferroni'"):
        corrected([0.1], "bonferroni")

"""Tests whether groups leave at the same rate: log-rank and its weighted kin, on counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.survival.estimate import survival

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

_SINGULAR = 1e-10  # of all variance: the groups' differences sum to 0, but for rounding
TESTS = {
    "logrank": "log-rank: every age weighs alike",
    "wilcoxon": "Gehan-Wilcoxon: ages weigh by how many are at risk, early ones most",
    "tarone_ware": "Tarone-Ware: ages weigh by the root of how many are at risk",
    "fleming_harrington": "Fleming-Harrington: ages weigh by S^p (1 - S)^q",
}
CORRECTIONS = {
    "holm": "p-values of pairs corrected by Holm: the chance of even one false difference",
    "bh": "p-values of pairs corrected by Benjamini-Hochberg: the share of false differences",
    "none": "p-values of pairs not corrected for how many pairs there are",
}


@dataclass(frozen=True)
class Test:
    """A chi-squared test.

    Examples
    --------
    >>> Test(3.84, 1, 0.05).df
    1
    """

    __test__ = False  # not one of pytest's

    statistic: float
    df: int
    p: float


def weights(test: str, at_risk: Array, events: Array, p: float = 0.0, q: float = 0.0) -> Array:
    """Return the weight of each age, from the groups taken together.

    Raises
    ------
    UnknownNameError
        If there is no such test.

    Examples
    --------
    >>> weights("wilcoxon", np.array([4.0, 2.0]), np.array([1.0, 1.0])).tolist()
    [4.0, 2.0]
    """

    def before() -> Array:
        return np.append(1.0, survival(at_risk, events)[:-1])

    ways: dict[str, Callable[[], Array]] = {
        "logrank": lambda: np.ones_like(at_risk),
        "wilcoxon": lambda: at_risk,
        "tarone_ware": lambda: np.sqrt(at_risk),
        "fleming_harrington": lambda: before() ** p * (1 - before()) ** q,
    }
    one_of("test", test, TESTS)
    return ways[test]()


def logrank(
    at_risk: ArrayLike, events: ArrayLike, test: str = "logrank", p: float = 0.0, q: float = 0.0
) -> Test:
    """Test whether groups leave at the same rate at every age.

    Parameters
    ----------
    at_risk, events
        Lives per group and age.
    test
        One of `TESTS`.
    p, q
        Exponents of Fleming-Harrington.

    Returns
    -------
    Test
        Statistic, degrees of freedom, p-value; nan where nobody left or there is one group.

    Notes
    -----
    The variance is hypergeometric, ties included; late entries count from the age after their entry.

    Examples
    --------
    >>> found = logrank([[4, 4, 3], [4, 4, 2]], [[0, 1, 1], [0, 2, 2]])
    >>> round(found.statistic, 3), found.df
    (1.887, 1)
    """
    exposed, lost = np.asarray(at_risk, np.float64), np.asarray(events, np.float64)
    there = exposed.any(axis=1)
    exposed, lost = exposed[there], lost[there]
    n, d = exposed.sum(axis=0), lost.sum(axis=0)
    weight = weights(test, n, d, p, q)
    share = np.divide(exposed, n, out=np.zeros_like(exposed), where=n > 0)
    away = ((lost - share * d) * weight).sum(axis=1)
    spread = np.divide(d * (n - d), n - 1, out=np.zeros_like(n), where=n > 1) * weight**2
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return _chi_squared(away, covariance, float(spread.sum()))


def _chi_squared(away: Array, covariance: Array, scale: float) -> Test:
    from scipy.special import chdtrc

    sizes, axes = np.linalg.eigh(covariance)
    known = sizes > max(scale * _SINGULAR, 1e-300)
    free = int(known.sum())
    if free < 1:
        return Test(np.nan, 0, np.nan)
    along = axes.T[known] @ away
    statistic = float((along**2 / sizes[known]).sum())
    return Test(statistic, free, float(chdtrc(free, statistic)))


def corrected(p: ArrayLike, correction: str = "holm") -> Array:
    """Correct p-values for how many there are.

    Parameters
    ----------
    p
        P-values; nan stays and does not count.
    correction
        "holm", "bh" or "none".

    Raises
    ------
    UnknownNameError
        If there is no such correction.

    Examples
    --------
    >>> corrected([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    >>> corrected([0.01, 0.04, 0.03], "bh").round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    one_of("correction", correction, CORRECTIONS)
    given = np.asarray(p, np.float64)
    out, known = given.copy(), np.flatnonzero(~np.isnan(given))
    many = len(known)
    if correction == "none" or not many:
        return out
    order = known[np.argsort(given[known], kind="stable")]
    sorted_p: Any = given[order]
    if correction == "holm":
        changed = np.maximum.accumulate(sorted_p * np.arange(many, 0, -1))
    else:
        changed = np.minimum.accumulate((sorted_p * many / np.arange(1, many + 1))[::-1])[::-1]
    out[order] = np.minimum(changed, 1.0)
    return out

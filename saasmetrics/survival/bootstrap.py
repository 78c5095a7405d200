"""Customer bootstrap on counts: customers are weighted by the bag; all resamples are one product."""

from __future__ import annotations

from functools import lru_cache
from math import exp, factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.survival.estimate import check_level, survival

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

RESAMPLES = 1000
BAGS = 1000
SEED = 20260101
_FINE = 1 << 16
_CELLS = {BAGS: 1_000_000, BAGS // 5: 6_000_000}  # of a cube in so many bags, at most


def bags_for(cells: int) -> int:
    """Return into how many bags of customers each cell of a cube is split; 0 where even the fewest would be too many.

    The width of an interval is known to about 1 / sqrt(2 * bags): with 200 bags to 5 %, which is about what 1,000
    resamples tell of it; with 1,000 to 2 %.

    Parameters
    ----------
    cells
        Groups times periods.

    Examples
    --------
    >>> bags_for(60), bags_for(20 * 60), bags_for(2_000 * 60)
    (1000, 200, 0)
    """
    return next((bags for bags, most in _CELLS.items() if bags * cells <= most), 0)


@lru_cache(maxsize=8)
def resample_weights(
    bags: int, resamples: int = RESAMPLES, seed: int = SEED
) -> NDArray[np.float64]:
    """How often each bag of customers counts in each resample.

    Parameters
    ----------
    bags
        Number of bags. Customers are put in bags at random, once; weighing bags is the bootstrap on
        customers when bags outnumber customers, and a grouped one otherwise.
    resamples
        Number of resamples.
    seed
        Of the random generator: the same numbers every time.

    Returns
    -------
    numpy.ndarray
        Shape (resamples, bags): independent Poisson draws of mean 1. How many customers there are
        differs from resample to resample, as it would from year to year: an interval of spend over
        customers won has a width. A resample of few bags may hold nobody.

    Examples
    --------
    >>> weights = resample_weights(1000)
    >>> weights.shape, round(float(weights.mean()), 2), round(float(weights.var()), 2)
    ((1000, 1000), 1.0, 1.0)
    """
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, _FINE, size=(resamples, bags), dtype=np.uint16)
    weights = _poisson()[drawn]
    weights.flags.writeable = False  # shared between callers
    return weights


@lru_cache(maxsize=1)
def _poisson() -> NDArray[np.float64]:
    """Return the Poisson distribution of mean 1 as so many equally likely draws: ten times as fast as drawing it."""
    below = np.cumsum([exp(-1) / factorial(count) for count in range(20)])
    return np.searchsorted(below, (np.arange(_FINE) + 0.5) / _FINE).astype(np.float64)


def resampled_survival(
    weights: NDArray[np.float64], at_risk: ArrayLike, events: ArrayLike
) -> NDArray[np.float64]:
    """Survival curve of every resample.

    Parameters
    ----------
    weights
        Shape (resamples, bags), as from `resample_weights`.
    at_risk, events
        Lives or money per bag: shape (bags, ages).

    Returns
    -------
    numpy.ndarray
        S of shape (resamples, ages); nan in a resample that holds nobody.

    Examples
    --------
    >>> weights = np.array([[2.0, 0.0], [0.0, 0.0]])
    >>> resampled_survival(weights, [[1, 1], [3, 3]], [[0, 1], [0, 0]]).tolist()
    [[1.0, 0.0], [nan, nan]]
    """
    exposed, ended = np.asarray(at_risk, np.float64), np.asarray(events, np.float64)
    drawn = weights @ exposed
    somebody = drawn.any(axis=1, keepdims=True)
    return np.where(somebody, survival(drawn, weights @ ended), np.nan)


def percentile_interval(
    samples: ArrayLike, level: float = 0.95, *, missing: float = 0.05
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Interval between the outer percentiles of resampled values, over the first axis.

    Parameters
    ----------
    samples
        One row per resample: nan where the value does not exist, inf where it is beyond all bounds.
    level
        Confidence level.
    missing
        The interval is nan where a larger share of the resamples than this is nan: leaving them out
        would make it too narrow.

    Returns
    -------
    tuple of numpy.ndarray
        Low and high, values that were drawn: the upper may be inf.

    Raises
    ------
    DataError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> low, high = percentile_interval(np.arange(1000.0), 0.90)
    >>> round(float(low), 6), round(float(high), 6)
    (49.0, 949.0)
    """
    check_level(level)
    values = np.asarray(samples, np.float64)
    unknown = np.isnan(values).mean(axis=0) > missing
    known = np.where(unknown, 0.0, values)
    tails = [0.5 - level / 2, 0.5 + level / 2]
    edges = np.nanquantile(known, tails, axis=0, method="inverted_cdf")
    return np.where(unknown, np.nan, edges[0]), np.where(unknown, np.nan, edges[1])

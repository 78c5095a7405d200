"""Scores from answers, and intervals of a share."""

from __future__ import annotations

import math
from statistics import NormalDist

from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.quotient import quotient


def nps(promoters: float, passives: float, detractors: float) -> float | None:
    """Net promoter score: 100 x (promoters - detractors) / answers.

    Parameters
    ----------
    promoters, passives, detractors
        How many answered 9-10, 7-8 and 0-6.

    Returns
    -------
    float or None
        Between -100 and 100; None without answers.

    Examples
    --------
    >>> nps(60, 25, 15)
    45.0
    """
    return quotient(100 * (promoters - detractors), promoters + passives + detractors)


def wilson(k: float, n: float, level: float = 0.95) -> tuple[float, float] | None:
    """Wilson's score interval of a share: k of n.

    Parameters
    ----------
    k, n
        How many of how many.
    level
        Confidence level.

    Returns
    -------
    tuple of float, or None
        Low and high, within 0 and 1; None where n is 0.

    Raises
    ------
    DataError
        If k is not between 0 and n, or the level not between 0 and 1.

    Notes
    -----
    Wilson 1927. Holds its level for small n and for shares near 0 and 1, where the textbook
    interval p +- z sqrt(p (1 - p) / n) does not.

    Examples
    --------
    >>> low, high = wilson(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    """
    z = normal_quantile(level)
    if not 0 <= k <= n:
        msg = f"k of n: k must be between 0 and n, not {k:g} of {n:g}."
        raise DataError(msg)
    if n == 0:
        return None
    share = k / n
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if k == 0 else center - spread
    high = 1.0 if k == n else center + spread
    return low, high


def normal_quantile(level: float) -> float:
    """How many standard errors an interval of a level reaches to each side: 1.96 for 0.95.

    Raises
    ------
    DataError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    if not 0 < level < 1:
        msg = f"A confidence level is between 0 and 1, such as 0.95, not {level:g}."
        raise DataError(msg)
    return NormalDist().inv_cdf(0.5 + level / 2)

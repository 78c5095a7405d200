"""Scores from answers to surveys: NPS, CSAT and customer effort, with their intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.quotient import quotient
from saasmetrics.metrics.formulas.sampling import normal_quantile, nps, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

_METHODS = ("adjusted_wald", "wald")
_RULES = ("range", "share")


def nps_bucket(score: float) -> str:
    """Bucket of an answer to "how likely are you to recommend us", 0 to 10.

    Returns
    -------
    str
        "detractor" for 0 to 6, "passive" for 7 and 8, "promoter" for 9 and 10.

    Raises
    ------
    DataError
        If the score is not between 0 and 10.

    Examples
    --------
    >>> [nps_bucket(score) for score in (6, 7, 9)]
    ['detractor', 'passive', 'promoter']
    """
    if not 0 <= score <= 10:
        msg = f"An answer to the NPS question is between 0 and 10, not {score:g}."
        raise DataError(msg)
    return "detractor" if score < 7 else "passive" if score < 9 else "promoter"


def nps_interval(
    promoters: float,
    passives: float,
    detractors: float,
    level: float = 0.95,
    *,
    method: str = "adjusted_wald",
    population: float | None = None,
) -> tuple[float, float] | None:
    """Interval of the net promoter score.

    Parameters
    ----------
    promoters, passives, detractors
        How many answered 9-10, 7-8 and 0-6.
    level
        Confidence level.
    method
        "adjusted_wald" adds 3 answers, 3/4 of them promoters and 3/4 detractors (the best of six in Rocks 2016);
        "wald" is the textbook interval, of width 0 where all answers are alike.
    population
        How many could have answered, for the finite-population correction; None for many more than did.

    Returns
    -------
    tuple of float, or None
        Low and high, in points, around the score; the adjusted interval may reach beyond 100. None without answers.

    Raises
    ------
    DataError
        If there is no such method, or more answered than there are.

    Examples
    --------
    >>> low, high = nps_interval(30, 50, 20)
    >>> round(low, 2), round(high, 2)
    (-3.82, 23.24)
    """
    if method not in _METHODS:
        msg = f"method={method!r} is not one of {', '.join(_METHODS)}."
        raise DataError(msg)
    n = promoters + passives + detractors
    if n == 0:
        return None
    more = 0.75 if method == "adjusted_wald" else 0.0
    size = n + 4 * more
    up, down = (promoters + more) / size, (detractors + more) / size
    half = normal_quantile(level) * math.sqrt(max(up + down - (up - down) ** 2, 0.0) / size)
    # Where nearly all who could have answered did, the score itself is known, and not one drawn towards the middle.
    share, value = finite_correction(n, population), (promoters - detractors) / n
    half, middle = half * share, value + (up - down - value) * share
    return 100 * min(middle - half, value), 100 * max(middle + half, value)


def nps_standard_error(promoters: float, passives: float, detractors: float) -> float | None:
    """Standard error of the net promoter score, in points: 100 x sqrt((p + d - (p - d)^2) / n).

    Returns
    -------
    float or None
        None without answers.

    Examples
    --------
    >>> round(nps_standard_error(30, 50, 20), 6)
    7.0
    """
    n = promoters + passives + detractors
    score = nps(promoters, passives, detractors)
    if score is None:
        return None
    share = score / 100
    return 100 * math.sqrt(((promoters + detractors) / n - share**2) / n)


def nps_change(
    before: tuple[float, float, float], after: tuple[float, float, float], level: float = 0.95
) -> tuple[float, float, float] | None:
    """Difference of two net promoter scores with its interval, in points.

    Parameters
    ----------
    before, after
        Promoters, passives, detractors of each.
    level
        Confidence level.

    Returns
    -------
    tuple of float, or None
        Difference, low, high; None where one side has no answers.

    Notes
    -----
    Each side is adjusted by 3 answers as in `nps_interval`; variances add up.

    Examples
    --------
    >>> [round(x, 1) for x in nps_change((30, 50, 20), (50, 30, 20))]
    [20.0, -0.8, 39.7]
    """
    score0, score1 = nps(*before), nps(*after)
    edges0, edges1 = nps_interval(*before, level), nps_interval(*after, level)
    if score0 is None or score1 is None or edges0 is None or edges1 is None:
        return None
    half = math.hypot(edges0[1] - edges0[0], edges1[1] - edges1[0]) / 2
    middle = (sum(edges1) - sum(edges0)) / 2
    return score1 - score0, middle - half, middle + half


def csat(satisfied: float, rated: float) -> float | None:
    """Customer satisfaction: satisfied answers / answers. Who did not answer is in neither.

    Returns
    -------
    float or None
        A share; None without answers. `wilson` has its interval.

    Examples
    --------
    >>> csat(96, 100)
    0.96
    """
    return quotient(satisfied, rated)


def csat_change(
    before: tuple[float, float], after: tuple[float, float], level: float = 0.95
) -> tuple[float, float, float] | None:
    """Difference of two shares with Newcombe's interval.

    Parameters
    ----------
    before, after
        How many of how many, for each.
    level
        Confidence level.

    Returns
    -------
    tuple of float, or None
        Difference, low, high; None where one side has no answers.

    Notes
    -----
    Newcombe 1998, method 10: the distances of both Wilson intervals, added as squares.

    Examples
    --------
    >>> [round(x, 4) for x in csat_change((900, 1000), (960, 1000))]
    [0.06, 0.0379, 0.0827]
    """
    edges = wilson(*before, level), wilson(*after, level)
    if edges[0] is None or edges[1] is None:
        return None
    (low0, high0), (low1, high1) = edges[0], edges[1]
    p0, p1 = before[0] / before[1], after[0] / after[1]
    gap = p1 - p0
    return (
        gap,
        gap - math.hypot(p1 - low1, high0 - p0),
        gap + math.hypot(high1 - p1, p0 - low0),
    )


def csat_z(before: tuple[float, float], after: tuple[float, float]) -> float | None:
    """Test statistic of the difference of two shares, with the pooled standard error.

    Returns
    -------
    float or None
        Beyond 1.96 on either side chance alone is unlikely; None where it is not defined.

    Examples
    --------
    >>> round(csat_z((900, 1000), (960, 1000)), 4)
    5.2583
    """
    (k0, n0), (k1, n1) = before, after
    if n0 == 0 or n1 == 0:
        return None
    pooled = (k0 + k1) / (n0 + n1)
    return quotient(k1 / n1 - k0 / n0, math.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1)))


def ces(scores: Sequence[float]) -> float | None:
    """Customer effort score: the mean answer. Say whether high means easy.

    Returns
    -------
    float or None
        On the scale of the answers; None without answers.

    Examples
    --------
    >>> ces([7, 6, 5])
    6.0
    """
    return quotient(math.fsum(scores), len(scores))


def ces_interval(
    mean: float, deviation: float, answers: int, level: float = 0.95
) -> tuple[float, float] | None:
    """Student's interval of a mean answer.

    Parameters
    ----------
    mean, deviation, answers
        Mean, standard deviation (of a sample) and number of the answers.
    level
        Confidence level.

    Returns
    -------
    tuple of float, or None
        Low and high; None for fewer than two answers.

    Examples
    --------
    >>> [round(edge, 3) for edge in ces_interval(6, 1, 3)]
    [3.516, 8.484]
    """
    if answers < 2:
        return None
    from scipy.stats import t

    half = float(t.ppf(0.5 + level / 2, answers - 1)) * deviation / math.sqrt(answers)
    return mean - half, mean + half


def normalize_score(
    score: float, scale_max: float, scale_min: float = 1, rule: str = "range"
) -> float:
    """Turn a score into a share of its scale, so that scales of different lengths compare.

    Parameters
    ----------
    score, scale_max, scale_min
        The answer, and the ends of its scale.
    rule
        "range" (our default): (score - least) / (highest - least), so that the worst answer is 0 and the best 1;
        "share": score / highest, which gives the worst answer of 1 to 5 a fifth.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    DataError
        If the score is outside its scale, or there is no such rule.

    Examples
    --------
    >>> normalize_score(4, 5), round(normalize_score(8, 10), 4), normalize_score(4, 5, rule="share")
    (0.75, 0.7778, 0.8)
    """
    if rule not in _RULES:
        msg = f"rule={rule!r} is not one of {', '.join(_RULES)}."
        raise DataError(msg)
    if not scale_min <= score <= scale_max or scale_min >= scale_max:
        msg = f"A score of {score:g} is not on a scale of {scale_min:g} to {scale_max:g}."
        raise DataError(msg)
    least = scale_min if rule == "range" else 0
    return (score - least) / (scale_max - least)


def promoter_band(promoters: float, answers: float) -> str | None:
    """Udesk's word for the share of promoters: 70 to 80 % "means the product is good enough".

    Returns
    -------
    str or None
        "below" up to 70 %, "good enough" from 70 % to below 80 %, "above" from 80 %; None without answers.

    Examples
    --------
    >>> promoter_band(75, 100), promoter_band(80, 100)
    ('good enough', 'above')
    """
    share = quotient(promoters, answers)
    if share is None:
        return None
    return "below" if share < 0.7 else "good enough" if share < 0.8 else "above"


def finite_correction(answers: float, population: float | None) -> float:
    """Factor by which an interval narrows where much of the population answered: sqrt((N - n) / (N - 1)).

    Returns
    -------
    float
        1 without a population, 0 where all answered.

    Raises
    ------
    DataError
        If more answered than there are.

    Examples
    --------
    >>> round(finite_correction(50, 100), 4)
    0.7107
    """
    if population is None or population <= 1:
        return 1.0
    if answers > population:
        msg = f"{answers:g} answers are more than the {population:g} who could have answered."
        raise DataError(msg)
    return math.sqrt((population - answers) / (population - 1))

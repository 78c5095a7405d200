"""Where a company stands against its plan, and against last year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from saasmetrics.metrics.formulas.quotient import quotient

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Pace:
    """How far a target is reached, and what is needed from now on.

    Attributes
    ----------
    attainment
        Actual / target.
    expected
        What should have been reached by now.
    pace
        Actual / expected: 1 is on time.
    run_rate, required
        Reached per period so far, and needed per period that is left; None where none is left.
    """

    attainment: float | None
    expected: float
    pace: float | None
    run_rate: float | None
    required: float | None


def target_pace(
    target: float,
    actual: float,
    elapsed: float,
    total: float,
    season: Sequence[float] | None = None,
) -> Pace:
    """Pace of a target in the middle of its year.

    Parameters
    ----------
    target, actual
        Of the whole year, and reached so far.
    elapsed, total
        Periods that are over, and periods of the target.
    season
        Share of the year's result that is usually reached by the end of each period, the last 1; without it progress
        is taken to be linear.

    Returns
    -------
    Pace

    Examples
    --------
    >>> pace = target_pace(1200, 430, 5, 12)
    >>> round(pace.pace, 2), pace.required
    (0.86, 110.0)
    >>> round(target_pace(1200, 430, 2, 4, season=[0.1, 0.3, 0.6, 1]).pace, 2)
    1.19
    """
    share = elapsed / total if season is None else (season[int(elapsed) - 1] if elapsed else 0.0)
    expected = target * share
    left = total - elapsed
    return Pace(
        quotient(actual, target),
        expected,
        quotient(actual, expected),
        quotient(actual, elapsed),
        quotient(target - actual, left) if left > 0 else None,
    )


def variance(actual: float, reference: float) -> tuple[float, float | None]:
    """Absolute and relative variance: actual - reference, and that over the reference (IBCS).

    Returns
    -------
    tuple
        The relative one is None where the reference is not above 0: not meaningful.

    Examples
    --------
    >>> variance(3350, 3500)[0], round(variance(3350, 3500)[1], 4)
    (-150, -0.0429)
    """
    gap = actual - reference
    return gap, quotient(gap, reference) if reference > 0 else None


def impact(variance: float, better: str) -> int:
    """Whether a variance is good (1), bad (-1) or neither (0), by which direction is good.

    Parameters
    ----------
    variance
        Actual - reference.
    better
        "higher", as of revenue, "lower", as of churn and cost, or "neutral".

    Examples
    --------
    >>> impact(-150, "higher"), impact(-0.01, "lower")
    (-1, 1)
    """
    sign = (variance > 0) - (variance < 0)
    return sign * {"higher": 1, "lower": -1}.get(better, 0)


def growth(now: float, then: float) -> float | None:
    """Growth since then: now / then - 1; None where there was nothing.

    Examples
    --------
    >>> round(growth(21_150, 15_000), 2)
    0.41
    """
    return quotient(now - then, then) if then > 0 else None


def closing_arr(opening: float, new: Sequence[float], lost: Sequence[float]) -> list[float]:
    """ARR at the end of each period: opening + new - lost, period after period.

    Examples
    --------
    >>> closing_arr(15_000, [1500, 1750], [300, 350])
    [16200, 17600]
    """
    out, level = list[float](), opening
    for won, gone in zip(new, lost, strict=True):
        level = level + won - abs(gone)
        out.append(level)
    return out


def blended_margin(revenues: Sequence[float], margins: Sequence[float]) -> float | None:
    """Gross margin of several streams of revenue together, weighted by revenue.

    Examples
    --------
    >>> round(blended_margin([3750, 413], [0.75, 0.1]), 4)
    0.6855
    """
    kept = sum(r * m for r, m in zip(revenues, margins, strict=True))
    return quotient(kept, sum(revenues))


def operating_margin(gross_margin: float, *cost_shares: float) -> float:
    """What is left of revenue after operating costs, each a share of revenue.

    Examples
    --------
    >>> round(operating_margin(0.6855, 0.8, 0.35, 0.15), 4)
    -0.6145
    """
    return gross_margin - sum(cost_shares)


def nrr_two_years(monthly_revenue: Sequence[float]) -> float | None:
    """Net revenue retention over two years: revenue of months 13 to 24 / months 1 to 12 of one cohort (Snowflake).

    Parameters
    ----------
    monthly_revenue
        24 months of revenue of the customers who used the product in the first month.

    Returns
    -------
    float or None
        Not comparable with `nrr` of one instant against another; None where the first year had no revenue.

    Examples
    --------
    >>> round(nrr_two_years([10] * 12 + [15.8] * 12), 6)
    1.58
    """
    return quotient(sum(monthly_revenue[12:24]), sum(monthly_revenue[:12]))


def forecast_accuracy(
    forecast: Sequence[float], actual: Sequence[float], tolerance: float = 0.01
) -> tuple[float, float, float] | None:
    """How good forecasts were: mean absolute error, bias, and share within a tolerance, all relative to what came.

    Parameters
    ----------
    forecast, actual
        What was said, and what came.
    tolerance
        How far off is still a hit; Zendesk solved its staffing need "within 1 %".

    Returns
    -------
    tuple of float, or None
        MAPE, bias (above 0: too high), share of hits. Where nothing came there is no relative error; None where that is
        everywhere.

    Examples
    --------
    >>> forecast_accuracy([101, 98], [100, 100])
    (0.015, -0.005, 0.5)
    """
    errors = [(f - a) / a for f, a in zip(forecast, actual, strict=True) if a > 0]
    if not errors:
        return None
    many = len(errors)
    hits = sum(abs(error) <= tolerance + 1e-12 for error in errors)
    return sum(abs(error) for error in errors) / many, sum(errors) / many, hits / many

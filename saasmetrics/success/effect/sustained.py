"""From a monthly effect to the effect of being in a programme all through a horizon.

A month's rates under "everybody" and "nobody" are what the model expects of the same months of the same customers,
once all treated and once none; the horizon repeats them: retention (1 - churn)^H, NRR (1 + change)^H, expansion H times
the monthly rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.success.effect.regress import summed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.success.effect.regress import Fitted

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Effect:
    """An estimated effect.

    Parameters
    ----------
    value, low, high
        Difference of the outcome at the horizon, all treated less none treated.
    treated, untreated
        The outcome at the horizon under each.
    monthly, untreated_monthly
        Difference of the monthly rate (of churn, of change), and the rate of those not treated.
    ratio, ratio_low, ratio_high
        Odds ratio (or hazard ratio) of leaving in a month; missing where the outcome is money.
    p
        Of no effect.
    how
        How the interval was made, in words.
    """

    value: float
    low: float
    high: float
    treated: float
    untreated: float
    monthly: float
    untreated_monthly: float
    ratio: float = np.nan
    ratio_low: float = np.nan
    ratio_high: float = np.nan
    p: float = np.nan
    how: str = ""


def compounded(outcome: str, rate: Any, horizon: int) -> Any:
    """Return the outcome after a horizon of months at a monthly rate.

    Parameters
    ----------
    outcome
        "retained": the rate is of churn; "nrr" and "expansion": of change of MRR.
    rate
        One or several monthly rates.
    horizon
        Months.

    Examples
    --------
    >>> (100 * compounded("retained", [0.05, 0.025, 0.01], 12)).round(2).tolist()
    [54.04, 73.8, 88.64]
    """
    rate = np.asarray(rate, np.float64)
    if outcome == "retained":
        return np.clip(1 - rate, 0, 1) ** horizon
    return np.maximum(1 + rate, 0.0) ** horizon if outcome == "nrr" else horizon * rate


def _followed(outcome: str, rates: Array, slopes: Array, repeat: int) -> tuple[float, Array]:
    """Return the outcome after months of several rates, each `repeat` times, and its gradient."""
    if outcome == "expansion":
        return float(repeat * rates.sum()), repeat * slopes.sum(axis=0)
    sign = -1.0 if outcome == "retained" else 1.0
    kept = 1 + sign * rates
    end = float(np.prod(kept) ** repeat)
    each = np.divide(slopes, kept[:, None], out=np.zeros_like(slopes), where=kept[:, None] > 0)
    return end, sign * end * repeat * each.sum(axis=0)


def sustained(
    fitted: Fitted,
    x: Array,
    weight: Array,
    outcome: str,
    horizon: int,
    level: float,
    step: NDArray[np.int64] | None = None,
) -> Effect:
    """Return the effect of a fitted monthly regression over a horizon, by the delta method.

    Parameters
    ----------
    fitted
        The regression; the second column of `x` is the treatment.
    x, weight
        The months to hold it against; all of them are set to treated, then to not treated.
    outcome, horizon, level
        The outcome, the months, the coverage of the interval.
    step
        Which month of the horizon each row is, where the months follow one another; otherwise one rate holds all along.
    """
    from scipy.stats import t

    values = np.zeros(len(x), np.int64) if step is None else step
    _, code = np.unique(values, return_inverse=True)
    code, repeat = code.reshape(-1), horizon if step is None else 1
    total = np.bincount(code, weight)
    ends, gradients, rates = [], [], []
    for state in (0.0, 1.0):
        tried = x.copy()
        tried[:, 1] = state
        mean = fitted.mean(tried)
        rate = np.bincount(code, weight * mean) / total
        slope = summed(tried * (weight * fitted.slope(mean))[:, None], code) / total[:, None]
        end, gradient = _followed(outcome, rate, slope, repeat)
        ends.append(end)
        gradients.append(gradient)
        rates.append(float(total @ rate / total.sum()))
    gradient = gradients[1] - gradients[0]
    value, error = ends[1] - ends[0], float(np.sqrt(gradient @ fitted.covariance @ gradient))
    freedom = max(fitted.clusters - 1, 1)
    reach = float(t.ppf(0.5 + level / 2, freedom))
    beta, spread = float(fitted.coefficients[1]), float(np.sqrt(fitted.covariance[1, 1]))
    places = [beta + side * reach * spread for side in (0, -1, 1)]
    ratio, low, high = np.exp(places) if fitted.link == "logit" else [np.nan] * 3
    z = abs(beta) / spread if spread > 0 else np.nan
    return Effect(
        value,
        value - reach * error,
        value + reach * error,
        ends[1],
        ends[0],
        rates[1] - rates[0],
        rates[0],
        float(ratio),
        float(low),
        float(high),
        float(2 * t.sf(z, freedom)),
        f"errors of {fitted.clusters:,} clusters",
    )


def shifted(
    outcome: str,
    horizon: int,
    base: float,
    shift: tuple[float, float, float],
    p: float,
    how: str,
) -> Effect:
    """Return the effect over a horizon of a shift of the monthly rate (value, low, high) from a base."""
    start = float(compounded(outcome, base, horizon))
    ends = [float(compounded(outcome, base + step, horizon)) for step in shift]
    edges = sorted(end - start for end in ends[1:])
    return Effect(ends[0] - start, edges[0], edges[1], ends[0], start, shift[0], base, p=p, how=how)

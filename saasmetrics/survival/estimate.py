"""Kaplan-Meier from counts: the curve, its band, its median and its restricted mean.

Everything works on the last axis (age), so that groups, or resamples, are estimated in one go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import is_number, whole
from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from saasmetrics.survival.counts import Exposure

# Products of fractions miss a half by a rounding error: (1 - 1/3)(1 - 1/4) is not always 0.5.
_ROUNDING = 1e-12


def check_level(level: float) -> float:
    """Refuse a confidence level that is not between 0 and 1, as 95 for 0.95.

    Examples
    --------
    >>> check_level(0.95)
    0.95
    """
    if not is_number(level) or not 0 < level < 1:
        msg = f"A confidence level is a number between 0 and 1, such as 0.95, not {level!r}."
        raise DataError(msg)
    return level


def whole_horizon(horizon: int | None) -> int | None:
    """Return a horizon, refusing what is no age.

    Examples
    --------
    >>> whole_horizon(24)
    24
    """
    return None if horizon is None else whole("horizon", horizon, 1, "an age in whole periods")


def p_text(p: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> p_text(0.0312), p_text(1e-9)
    ('0.031', 'below 0.001')
    """
    return "below 0.001" if p < 0.001 else f"{p:.3f}"


def normal_quantile(level: float) -> float:
    """Two-sided standard normal quantile.

    Examples
    --------
    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    from statistics import NormalDist

    return NormalDist().inv_cdf(0.5 + check_level(level) / 2)


def wilson(
    successes: ArrayLike, trials: ArrayLike, level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's interval of a share of counts, missing where there are none.

    Examples
    --------
    >>> [round(float(edge), 3) for edge in wilson(8, 10, 0.95)]
    [0.49, 0.943]
    """
    z = normal_quantile(level)
    k, n = np.asarray(successes, float), np.asarray(trials, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (k + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    low, high = np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
    low, high = np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def survival(at_risk: ArrayLike, events: ArrayLike) -> NDArray[np.float64]:
    """Kaplan-Meier estimate: the product of 1 - events / at risk up to each age.

    Parameters
    ----------
    at_risk, events
        Counts or weights; the last axis is age. Where nobody is at risk the curve stays level.

    Returns
    -------
    numpy.ndarray
        S(age) of the same shape: the share that is still there after the events of that age.

    Notes
    -----
    Kaplan and Meier 1958. Late entries follow lifelines: a life counts at the ages after its entry.

    Examples
    --------
    >>> survival([4, 4, 2], [0, 1, 1]).tolist()
    [1.0, 0.75, 0.375]
    """
    exposed, ended = np.asarray(at_risk, np.float64), np.asarray(events, np.float64)
    hazard = np.divide(ended, exposed, out=np.zeros_like(exposed), where=exposed > 0)
    return np.cumprod(1 - hazard, axis=-1)


def greenwood(at_risk: ArrayLike, events: ArrayLike) -> NDArray[np.float64]:
    """Greenwood's sum: events / (at risk x (at risk - events)) up to each age.

    The variance of S is S squared times it. Ages at which everybody at risk ends add nothing, as in
    lifelines: S is 0 from there on.

    Examples
    --------
    >>> greenwood([4, 2], [1, 1]).round(4).tolist()
    [0.0833, 0.5833]
    """
    return np.cumsum(_greenwood_terms(at_risk, events), axis=-1)


def nelson_aalen(
    at_risk: ArrayLike, events: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nelson-Aalen estimate: the sum of events / at risk up to each age, and its variance.

    Notes
    -----
    Of the variances for ties the binomial one: events x (at risk - events) / at risk^3, as
    lifelines has it without smoothing.

    Examples
    --------
    >>> total, variance = nelson_aalen([4, 2], [1, 1])
    >>> total.tolist(), variance.round(4).tolist()
    ([0.25, 0.75], [0.0469, 0.1719])
    """
    exposed, ended = np.asarray(at_risk, np.float64), np.asarray(events, np.float64)
    some = exposed > 0
    hazard = np.divide(ended, exposed, out=np.zeros_like(exposed), where=some)
    spread = np.divide(hazard * (1 - hazard), exposed, out=np.zeros_like(exposed), where=some)
    return np.cumsum(hazard, axis=-1), np.cumsum(spread, axis=-1)


def band(
    share: NDArray[np.float64], greenwood_sum: NDArray[np.float64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Interval of S on the scale of log(-log S), which stays within 0 and 1.

    Parameters
    ----------
    share
        S, as from `survival`.
    greenwood_sum
        As from `greenwood`.
    level
        Confidence level.

    Returns
    -------
    tuple of numpy.ndarray
        Low and high. They meet S where it is 1 or 0, where the transformation has nothing to say; for
        1 see `not_lost_yet`.

    Notes
    -----
    Kalbfleisch and Prentice 1980; the exponential Greenwood formula, lifelines' default.

    Examples
    --------
    >>> low, high = band(np.array([0.75]), np.array([0.0833]), 0.95)
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.128, 0.961)
    """
    z = normal_quantile(level)
    inside = (share > 0) & (share < 1)
    log_share = np.log(share, out=np.full_like(share, -1.0), where=inside)
    spread = z * np.sqrt(greenwood_sum) / log_share
    low = np.exp(-np.exp(np.log(-log_share) - spread))
    high = np.exp(-np.exp(np.log(-log_share) + spread))
    return np.where(inside, low, share), np.where(inside, high, share)


def not_lost_yet(
    share: NDArray[np.float64], at_risk: ArrayLike, level: float
) -> NDArray[np.float64]:
    """Lower bound of S at ages before the first loss: Wilson's, for all of those still at risk.

    That nobody has left so far does not prove that nobody will. Where S is below 1 it is 0; at age 0,
    at which everybody is there, 1.

    Examples
    --------
    >>> not_lost_yet(np.array([1.0, 1.0, 0.5]), [40, 10, 10], 0.95).round(3).tolist()
    [1.0, 0.722, 0.0]
    """
    exposed, square = np.asarray(at_risk, np.float64), normal_quantile(level) ** 2
    bound = np.where(share == 1, exposed / (exposed + square), 0.0)
    bound = np.maximum.accumulate(bound[..., ::-1], axis=-1)[..., ::-1].copy()
    bound[..., :1] = share[..., :1] == 1
    return np.asarray(bound)


def median(share: NDArray[np.float64], q: float = 0.5) -> NDArray[np.float64]:
    """First age at which S is at or below a half.

    Parameters
    ----------
    share
        S; the last axis is age.
    q
        Another share than a half, for other quantiles.

    Returns
    -------
    numpy.ndarray
        One age per curve; nan where S never gets there.

    Examples
    --------
    >>> median(np.array([[1.0, 0.8, 0.5], [1.0, 0.9, 0.9]])).tolist()
    [2.0, nan]
    """
    reached = share <= q + _ROUNDING
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1), np.nan)


def restricted_mean(share: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    """Mean lifetime within a horizon: the area under S from age 0 to it, in periods.

    Parameters
    ----------
    share
        S at age 0, 1, ..., at least to horizon - 1.
    horizon
        Whole number of periods.

    Returns
    -------
    numpy.ndarray
        One mean per curve.

    Raises
    ------
    DataError
        If the curve ends before the horizon.

    Examples
    --------
    >>> restricted_mean(np.array([1.0, 0.5, 0.25]), 2).tolist()
    1.5
    """
    _check_horizon(share.shape[-1], horizon)
    return np.asarray(share[..., :horizon].sum(axis=-1))


def restricted_mean_variance(at_risk: ArrayLike, events: ArrayLike, horizon: int) -> NDArray[Any]:
    """Variance of the restricted mean: at each age, (area under S from there)^2 x Greenwood's term.

    Parameters
    ----------
    at_risk, events
        Counts; the last axis is age.
    horizon
        Whole number of periods.

    Returns
    -------
    numpy.ndarray
        One variance per curve, in squared periods.

    Notes
    -----
    Klein and Moeschberger 2003, 4.5.2. It is the variance of the estimate; what lifelines returns
    with `return_variance=True` is the variance of the lifetimes themselves.

    Examples
    --------
    >>> float(restricted_mean_variance([4, 4, 2], [0, 1, 1], 3).round(4))
    0.1758
    """
    share = survival(at_risk, events)
    _check_horizon(share.shape[-1], horizon)
    within = share[..., :horizon]
    remaining = np.cumsum(within[..., ::-1], axis=-1)[..., ::-1]
    terms = _greenwood_terms(at_risk, events)[..., :horizon]
    return np.asarray((remaining**2 * terms).sum(axis=-1))


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """A survival curve with its band, per group.

    Parameters
    ----------
    exposure
        The counts it comes from.
    share
        S at each age.
    low, high
        Band of S at the level asked for.
    level
        Confidence level of the band.

    Examples
    --------
    >>> from saasmetrics.survival.counts import exposure
    >>> curve = kaplan_meier(exposure([1, 2, 3, 3], [0, 0, 0, 0], [1, 1, 0, 0]))
    >>> curve.share.tolist()
    [[1.0, 0.75, 0.5, 0.5]]
    >>> curve.median.tolist()
    [2.0]
    """

    exposure: Exposure
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level: float

    @property
    def median(self) -> NDArray[np.float64]:
        """Median lifetime per group; nan where S never reaches a half."""
        return median(self.share)

    @property
    def median_interval(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ages at which the lower and the upper band reach a half; nan where they never do."""
        return median(self.low), median(self.high)

    def restricted_mean(self, horizon: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean lifetime within a horizon, and the standard error of it, per group."""
        table = self.exposure
        variance = restricted_mean_variance(table.at_risk, table.events, horizon)
        return restricted_mean(self.share, horizon), np.sqrt(variance)


def kaplan_meier(exposure: Exposure, level: float = 0.95) -> KaplanMeier:
    """Kaplan-Meier curve of every group, with Greenwood's band on the log(-log) scale.

    Parameters
    ----------
    exposure
        Lives per group and age. For money use the bootstrap of `saasmetrics.survival.bootstrap`:
        Greenwood counts independent lives.
    level
        Confidence level of the band.

    Returns
    -------
    KaplanMeier
        Curves of shape (groups, ages).

    Examples
    --------
    >>> from saasmetrics.survival.counts import exposure
    >>> kaplan_meier(exposure([1, 2], [0, 0], [1, 0])).share.tolist()
    [[1.0, 0.5, 0.5]]
    """
    share = survival(exposure.at_risk, exposure.events)
    low, high = band(share, greenwood(exposure.at_risk, exposure.events), level)
    low = np.where(share == 1, not_lost_yet(share, exposure.at_risk, level), low)
    return KaplanMeier(exposure, share, low, high, level)


def _greenwood_terms(at_risk: ArrayLike, events: ArrayLike) -> NDArray[np.float64]:
    exposed, ended = np.asarray(at_risk, np.float64), np.asarray(events, np.float64)
    kept = exposed * (exposed - ended)
    return np.divide(ended, kept, out=np.zeros_like(kept), where=kept > 0)


def _check_horizon(ages: int, horizon: int) -> None:
    if horizon < 1 or horizon > ages:
        msg = (
            f"The curve is known to age {ages - 1}: take a horizon from 1 to {ages}, not {horizon}."
        )
        raise DataError(msg)

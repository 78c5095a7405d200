"""What is still to come of a customer: discounted expected renewals, from any fitted curve.

Convention: a customer has made some renewals and stands just before the decision on the next one;
that next payment is not discounted, the one after it by 1 / (1 + discount), and so on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.survival.likelihood import Fit

    Array = NDArray[np.float64]

_NOTHING = 1e-13  # share of the sum below which what is left out does not count
_MOST = 200_000  # terms of the sum


def derl(fit: Fit, discount: float, renewals: int = 0) -> float:
    """Discounted expected residual lifetime, in periods.

    Parameters
    ----------
    fit
        A fitted distribution.
    discount
        Discount rate per period, above 0: 0.10 for 10 % a year with yearly renewals.
    renewals
        Renewals the customer has made, or whole periods it has stayed.

    Returns
    -------
    float
        The sum of S(renewals + 1 + k) / S(renewals) / (1 + discount)^k over k = 0, 1, 2, ...

    Raises
    ------
    DataError
        If the discount rate is not above 0, or the fit has no parameters.

    Notes
    -----
    Fader and Hardie 2010: for the sBG (b + n)/(a + b + n) 2F1(1, b + n + 1; a + b + n + 1; 1/(1 + d)).

    Examples
    --------
    >>> from saasmetrics.survival.distributions import distribution
    >>> from saasmetrics.survival.likelihood import fit_counts
    >>> half = fit_counts(distribution("exponential"), [1000, 1000], [0, 500])  # 0.5 stay each time
    >>> round(derl(half, 0.10), 4)  # 0.5 / (1 - 0.5 / 1.1)
    0.9167
    """
    return float(_sum(fit, fit.theta, _checked(fit, discount), _whole(renewals)))


def derl_interval(
    fit: Fit, discount: float, renewals: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Interval of `derl` by the delta method on the scale of its log.

    Examples
    --------
    >>> from saasmetrics.survival.distributions import distribution
    >>> from saasmetrics.survival.likelihood import fit_counts
    >>> half = fit_counts(distribution("exponential"), [1000, 1000], [0, 500])
    >>> low, high = derl_interval(half, 0.10)
    >>> low < 0.9167 < high
    True
    """
    rate, made = _checked(fit, discount), _whole(renewals)
    low, high = fit.delta(lambda theta: np.log(_sum(fit, theta, rate, made)), level)
    return float(np.exp(low)), float(np.exp(high))


def retention_elasticity(fit: Fit, discount: float, renewals: int = 0) -> float:
    """By how many per cent the residual lifetime grows when retention grows by one per cent.

    Parameters
    ----------
    fit
        A fitted sBG.
    discount
        Discount rate per period, above 0.
    renewals
        Renewals the customer has made.

    Returns
    -------
    float
        The mean over the customers of what theirs is: 2F1(1, b + n; a + b + n; 1/(1 + d)).

    Raises
    ------
    DataError
        If the model is another: its customers have no constant retention rate that could grow.

    Notes
    -----
    Fader and Hardie 2010, equation 8.

    Examples
    --------
    >>> from saasmetrics.survival.distributions import distribution
    >>> from saasmetrics.survival.likelihood import fit_counts
    >>> found = fit_counts(distribution("sbg"), [1000, 1000, 631, 468, 382], [0, 369, 163, 86, 56])
    >>> retention_elasticity(found, 0.10) < retention_elasticity(found, 0.10, renewals=4)
    True
    """
    if fit.family.id != "sbg":
        msg = (
            f"Retention elasticity is defined for the sBG, where each customer has a constant "
            f'retention rate; this is a {fit.family.name} fit. Fit with model="sbg".'
        )
        raise DataError(msg)
    rate, made = _checked(fit, discount), _whole(renewals)
    return 1.0 + float(_sum(fit, fit.theta, rate, made)) / (1.0 + rate)


def _whole(renewals: int) -> int:
    if renewals != int(renewals) or renewals < 0:
        msg = f"renewals={renewals!r} is how many have been made: a whole number, 0 or more."
        raise DataError(msg)
    return int(renewals)


def _checked(fit: Fit, discount: float) -> float:
    if not discount > 0 or not np.isfinite(discount):
        msg = (
            f"discount={discount!r} must be above 0, such as 0.10 for 10 % a period: without it the "
            "sum over all future renewals need not be finite."
        )
        raise DataError(msg)
    if not fit.known:
        msg = f"There is no fit to project from: {fit.reason}."
        raise DataError(msg)
    return float(discount)


def _sum(fit: Fit, theta: Array, discount: float, renewals: int) -> Array:
    length = int(min(np.ceil(-np.log(_NOTHING * discount) / np.log1p(discount)) + 1, _MOST))
    logs = fit.family.log_survival(theta, renewals + np.arange(length + 1, dtype=np.float64))
    worth = logs[..., 1:] - logs[..., :1] - np.log1p(discount) * np.arange(length)
    return np.asarray(np.exp(worth).sum(axis=-1))

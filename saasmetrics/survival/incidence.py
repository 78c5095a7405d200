"""Cumulative incidence of several causes that exclude each other: exact Aalen-Johansen on counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.survival.estimate import normal_quantile, survival

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]


def aalen_johansen(at_risk: ArrayLike, events: ArrayLike) -> tuple[Array, Array]:
    """Share lost to each cause up to each age, and its variance.

    Parameters
    ----------
    at_risk
        Lives at risk: shape (groups, ages).
    events
        Lives lost: shape (groups, causes, ages).

    Returns
    -------
    tuple of numpy.ndarray
        Incidence and variance of shape (groups, causes, ages). The incidences of all causes and
        the Kaplan-Meier curve sum to 1 at every age.

    Notes
    -----
    Aalen and Johansen 1978. At each age the lives at risk fall to the causes or stay: the variance is
    that of those multinomial draws carried through the sum (delta method), ties included. For one
    cause it is Greenwood's.

    Examples
    --------
    >>> incidence, _ = aalen_johansen([[4, 4, 2]], [[[0, 1, 1], [0, 1, 0]]])
    >>> incidence.tolist()
    [[[0.0, 0.25, 0.5], [0.0, 0.25, 0.25]]]
    """
    exposed = np.asarray(at_risk, np.float64)[:, None, :]
    lost = np.asarray(events, np.float64)
    hazard = np.divide(lost, exposed, out=np.zeros(lost.shape), where=exposed > 0)
    whole = hazard.sum(axis=1, keepdims=True)
    alive = survival(exposed, lost.sum(axis=1, keepdims=True))
    before = np.concatenate([np.ones_like(alive[..., :1]), alive[..., :-1]], axis=-1)
    incidence = np.cumsum(before * hazard, axis=-1)
    one = np.divide(1.0, exposed, out=np.zeros_like(exposed), where=exposed > 0)
    odds = np.divide(whole, 1 - whole, out=np.zeros_like(whole), where=whole < 1)
    # of each age: h(1-h) A^2 - 2 h A (F(T) - F) + H/(1-H) (F(T) - F)^2, as a polynomial in F(T)
    straight, square = one * hazard * before, one * odds
    constant = one * hazard * (1 - hazard) * before**2 + 2 * straight * incidence
    constant = np.cumsum(constant + square * incidence**2, axis=-1)
    linear = np.cumsum(-2 * straight - 2 * square * incidence, axis=-1)
    variance = constant + incidence * (linear + incidence * np.cumsum(square, axis=-1))
    return incidence, np.maximum(variance, 0.0)


def incidence_band(incidence: Array, variance: Array, level: float) -> tuple[Array, Array]:
    """Interval of an incidence on the scale of log(-log), which stays within 0 and 1.

    Examples
    --------
    >>> low, high = incidence_band(np.array([0.25]), np.array([0.0469]), 0.95)
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.009, 0.665)
    """
    inside = (incidence > 0) & (incidence < 1)
    log = np.log(incidence, out=np.full_like(incidence, -1.0), where=inside)
    scale = np.where(inside, -log * incidence, 1.0)
    spread = np.exp(np.minimum(normal_quantile(level) * np.sqrt(variance) / scale, 700.0))
    low, high = np.exp(log * spread), np.exp(log / spread)
    return np.where(inside, low, incidence), np.where(inside, high, incidence)

"""Distributions of lifetimes: for each the log of S(age), vectorized over parameters and ages.

Parameters are held on a scale without bounds: the log of those that must be positive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

LARGEST_LOG = 10.0  # beyond e^10 a parameter says nothing that the data could tell
_FLOOR = 1e-300
_NORMAL = (
    0.005  # |lambda| below which a generalized gamma is interpolated: at 0 it is the log-normal
)


@dataclass(frozen=True, eq=False)
class Distribution:
    """A family of lifetime distributions.

    Parameters
    ----------
    id, name
        Short name, and name in words.
    parameters
        Names of the parameters, as their authors call them.
    positive
        Which of them are positive, and held as logs.
    log_survival
        Function of parameters (..., p) and ages (a), giving log S of shape (..., a).
    tried
        Values of each parameter to start from; those of a scale are multiples of the mean lifetime.
    scale
        Number of the parameter that is a scale, None where there is none.

    Examples
    --------
    >>> DISTRIBUTIONS["weibull"].parameters
    ('lambda', 'rho')
    """

    id: str
    name: str
    parameters: tuple[str, ...]
    positive: tuple[bool, ...]
    log_survival: Callable[[Array, Array], Array]
    tried: tuple[tuple[float, ...], ...]
    scale: int | None = None

    def starts(self, mean: float) -> Array:
        """Return parameters to start a fit from, one row each, on the scale without bounds."""
        axes = [np.array(values) for values in self.tried]
        if self.scale is not None:
            axes[self.scale] = axes[self.scale] * mean
        logs = [np.log(axis) if positive else axis for axis, positive in self._held(axes)]
        grid = np.meshgrid(*logs, indexing="ij")
        return np.stack([axis.reshape(-1) for axis in grid], axis=-1)

    def _held(self, axes: Sequence[Array]) -> list[tuple[Array, bool]]:
        logged = [
            positive or (index == self.scale and self.parameters[index] == "mu")
            for index, positive in enumerate(self.positive)
        ]
        return list(zip(axes, logged, strict=True))

    def shown(self, theta: Array) -> Array:
        """Return parameters as their authors write them."""
        return np.where(
            self.positive, np.exp(np.where(self.positive, np.minimum(theta, 700.0), 0.0)), theta
        )

    def held(self, values: Sequence[float]) -> Array:
        """Return given parameters on the scale without bounds."""
        given = np.asarray(values, np.float64)
        return np.where(self.positive, np.log(np.where(self.positive, given, 1.0)), given)

    def survival(self, values: Sequence[float], ages: ArrayLike) -> Array:
        """Return S at some ages for given parameters.

        Examples
        --------
        >>> DISTRIBUTIONS["sbg"].survival([1.0, 1.0], [0, 1, 2]).round(3).tolist()
        [1.0, 0.5, 0.333]
        """
        return np.exp(self.log_survival(self.held(values), np.asarray(ages, np.float64)))


def _part(theta: Array, index: int) -> Array:
    return theta[..., index, None]


def _log(age: Array) -> Array:
    """Return the log of age, -inf at 0."""
    return np.log(age, out=np.full(age.shape, -np.inf), where=age > 0)


def _exponential(theta: Array, age: Array) -> Array:
    return np.asarray(-age / np.exp(_part(theta, 0)))


def _weibull(theta: Array, age: Array) -> Array:
    return np.asarray(-np.exp(np.exp(_part(theta, 1)) * (_log(age) - _part(theta, 0))))


def _log_logistic(theta: Array, age: Array) -> Array:
    power = np.exp(_part(theta, 1)) * (_log(age) - _part(theta, 0))
    return np.asarray(-np.logaddexp(0.0, power))


def _log_normal(theta: Array, age: Array) -> Array:
    from scipy.special import log_ndtr

    return np.asarray(log_ndtr(-(_log(age) - _part(theta, 0)) / np.exp(_part(theta, 1))))


def _generalized_gamma(theta: Array, age: Array) -> Array:
    shape = _part(theta, 2)
    if not (np.abs(shape) < _NORMAL).any():
        return _gamma_tail(theta, shape, age)
    above = np.clip((shape + _NORMAL) / (2 * _NORMAL), 0.0, 1.0)  # a line through the log-normal
    left = _gamma_tail(theta, np.where(np.abs(shape) < _NORMAL, -_NORMAL, shape), age)
    right = _gamma_tail(theta, np.where(np.abs(shape) < _NORMAL, _NORMAL, shape), age)
    return np.asarray((1 - above) * left + above * right)


def _gamma_tail(theta: Array, shape: Array, age: Array) -> Array:
    from scipy.special import gammainc, gammaincc

    z = (_log(age) - _part(theta, 0)) / np.exp(_part(theta, 1))
    with np.errstate(over="ignore", invalid="ignore"):
        k = 1 / shape**2
        x = k * np.exp(shape * z)
        share = np.where(shape > 0, gammaincc(k, x), gammainc(k, x))
    return np.asarray(np.log(np.maximum(np.where(age > 0, share, 1.0), _FLOOR)))


def _beta_ratio(alpha: Array, beta: Array, beyond: Array) -> Array:
    """Return log B(alpha, beta + beyond) / B(alpha, beta)."""
    from scipy.special import gammaln

    gone = gammaln(beta + beyond) - gammaln(alpha + beta + beyond)
    return np.asarray(gone - gammaln(beta) + gammaln(alpha + beta))


def _sbg(theta: Array, age: Array) -> Array:
    return _beta_ratio(np.exp(_part(theta, 0)), np.exp(_part(theta, 1)), age)


def _bdw(theta: Array, age: Array) -> Array:
    power = np.minimum(np.exp(np.exp(_part(theta, 2)) * _log(age)), 1e12)
    return _beta_ratio(np.exp(_part(theta, 0)), np.exp(_part(theta, 1)), power)


_SHAPES = (0.4, 0.7, 1.0, 1.6, 2.5)
_MIXES = (0.1, 0.4, 1.0, 3.0, 10.0)
DISTRIBUTIONS: dict[str, Distribution] = {
    found.id: found
    for found in (
        Distribution(
            "exponential", "exponential", ("lambda",), (True,), _exponential, ((1.0,),), 0
        ),
        Distribution(
            "weibull",
            "Weibull",
            ("lambda", "rho"),
            (True, True),
            _weibull,
            ((0.5, 1.0, 2.0), _SHAPES),
            0,
        ),
        Distribution(
            "log_logistic",
            "log-logistic",
            ("alpha", "beta"),
            (True, True),
            _log_logistic,
            ((0.3, 0.7, 1.5), _SHAPES),
            0,
        ),
        Distribution(
            "log_normal",
            "log-normal",
            ("mu", "sigma"),
            (False, True),
            _log_normal,
            ((0.3, 0.7, 1.5), _SHAPES),
            0,
        ),
        Distribution(
            "generalized_gamma",
            "generalized gamma",
            ("mu", "sigma", "lambda"),
            (False, True, False),
            _generalized_gamma,
            ((0.3, 1.0, 2.0), (0.5, 1.0, 2.0), (-0.7, 0.3, 1.0, 2.0)),
            0,
        ),
        Distribution(
            "sbg",
            "shifted beta-geometric (sBG)",
            ("alpha", "beta"),
            (True, True),
            _sbg,
            (_MIXES, _MIXES),
        ),
        Distribution(
            "bdw",
            "beta-discrete-Weibull (BdW)",
            ("alpha", "beta", "c"),
            (True, True, True),
            _bdw,
            (_MIXES, _MIXES, (0.6, 1.0, 1.6)),
        ),
    )
}


def distribution(name: str) -> Distribution:
    """Return a family by its name.

    Raises
    ------
    UnknownNameError
        If there is no such family.

    Examples
    --------
    >>> distribution("bdw").parameters
    ('alpha', 'beta', 'c')
    """
    one_of("model", name, [*DISTRIBUTIONS, "auto"])
    return DISTRIBUTIONS[name]


def bounds(family: Distribution) -> tuple[Any, Any]:
    """Return the lowest and highest parameters that are tried."""
    high = np.array([LARGEST_LOG if p else 20.0 for p in family.positive])
    if family.id == "generalized_gamma":
        high[2] = 8.0
    return -high, high

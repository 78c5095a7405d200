"""Weighted logistic and linear regression with the covariance of clusters: small, of our own, in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

Link = Literal["logit", "identity"]

_ROUNDS = 50
_SETTLED = 1e-9
_LARGEST = 35.0  # of a linear predictor: beyond it a probability is 0 or 1 in floating point


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted regression.

    Parameters
    ----------
    coefficients, covariance
        The covariance is that of clusters, with the correction for few of them.
    clusters
        How many there are.
    link
        "logit" or "identity".
    """

    coefficients: Array
    covariance: Array
    clusters: int
    link: Link

    def mean(self, x: Array) -> Array:
        """Return what rows of covariates are expected to be."""
        return expit(x @ self.coefficients) if self.link == "logit" else x @ self.coefficients

    def slope(self, mean: Array) -> Array:
        """Return how fast the expectation changes with the linear predictor."""
        return mean * (1 - mean) if self.link == "logit" else np.ones_like(mean)


def link_of(outcome: str) -> Link:
    """Return the link of an outcome: who leaves is 0 or 1, money is not.

    Examples
    --------
    >>> link_of("retained"), link_of("nrr")
    ('logit', 'identity')
    """
    return "logit" if outcome == "retained" else "identity"


def expit(place: Array) -> Array:
    """Return probabilities of log-odds.

    Examples
    --------
    >>> expit(np.array([0.0])).tolist()
    [0.5]
    """
    out: Array = 1 / (1 + np.exp(-np.clip(place, -_LARGEST, _LARGEST)))
    return out


def fit(
    x: Array,
    y: Array,
    weight: Array | None = None,
    cluster: Ints | None = None,
    *,
    link: Link = "logit",
    ridge: float = 1e-6,
) -> Fitted:
    """Fit a weighted regression.

    Parameters
    ----------
    x, y
        Covariates, with the constant among them, and the outcome.
    weight
        1 by default.
    cluster
        Number of the cluster of each row; each row is its own by default.
    link
        "logit" for outcomes of 0 and 1, else "identity".
    ridge
        A small penalty, so that cells without events do not send coefficients to infinity.

    Raises
    ------
    DataError
        If there are no rows, or it does not converge.

    Examples
    --------
    >>> x = np.array([[1.0, 0], [1, 0], [1, 0], [1, 1], [1, 1], [1, 1]])
    >>> found = fit(x, np.array([1.0, 0, 0, 1, 1, 0]))
    >>> found.coefficients.round(3).tolist()  # log(1/2) and log(4)
    [-0.693, 1.386]
    """
    if not len(y):
        msg = "There are no months of customers to compare."
        raise DataError(msg)
    w = np.ones(len(y)) if weight is None else np.asarray(weight, np.float64)
    w = w / w.mean()
    penalty = np.full(x.shape[1], ridge)
    if link == "identity":
        bread = (x * w[:, None]).T @ x + np.diag(penalty)
        beta = np.linalg.solve(bread, x.T @ (w * y))
    else:
        beta, bread = _newton(x, y, w, penalty)
    mean = expit(x @ beta) if link == "logit" else x @ beta
    return Fitted(beta, *_sandwich(x * (w * (y - mean))[:, None], bread, cluster), link)


def _newton(x: Array, y: Array, w: Array, penalty: Array) -> tuple[Array, Array]:
    beta = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        mean = expit(x @ beta)
        bread = (x * (w * mean * (1 - mean))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(bread, x.T @ (w * (y - mean)) - penalty * beta)
        step /= max(
            1.0, float(np.abs(step).max()) / 5
        )  # a step too far overshoots where events are rare
        beta = beta + step
        if np.abs(step).max() < _SETTLED * (1 + np.abs(beta).max()):
            return beta, bread
    msg = "The regression does not converge: a covariate foretells every outcome; leave it out."
    raise DataError(msg)


def _sandwich(score: Array, bread: Array, cluster: Ints | None) -> tuple[Array, int]:
    sums = score if cluster is None else summed(score, cluster)
    many = len(sums)
    inverse = np.linalg.inv(bread)
    few = many / (many - 1) if many > 1 else np.nan
    covariance: Array = few * inverse @ (sums.T @ sums) @ inverse
    return covariance, many


def summed(values: Array, cluster: Ints) -> Array:
    """Return the sums of columns over clusters that have rows.

    Examples
    --------
    >>> summed(np.array([[1.0], [2.0], [4.0]]), np.array([5, 5, 9])).tolist()
    [[3.0], [4.0]]
    """
    _, code = np.unique(cluster, return_inverse=True)
    code = code.reshape(-1)
    many = int(code.max(initial=-1)) + 1
    return np.stack([np.bincount(code, column, many) for column in values.T], axis=1)


def dummies(code: Ints, *, first: bool = False) -> Array:
    """Return a column of 0 and 1 for each value; without the most frequent one unless `first`.

    Examples
    --------
    >>> dummies(np.array([3, 3, 7])).tolist()
    [[0.0], [0.0], [1.0]]
    >>> dummies(np.array([], int)).shape
    (0, 0)
    """
    values, inverse, count = np.unique(code, return_inverse=True, return_counts=True)
    used = np.arange(len(values))
    if len(used) and not first:
        used = np.delete(used, count.argmax())
    out: Array = (inverse.reshape(-1)[:, None] == used[None, :]).astype(np.float64)
    return out

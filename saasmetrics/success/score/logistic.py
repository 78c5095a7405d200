"""Logistic regression with a penalty and signs that are known beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def fitted(
    values: Floats, event: NDArray[np.bool_], *, penalty: float = 1.0, positive: bool = False
) -> Floats:
    """Return the intercept and the slopes under which the events are most likely.

    Parameters
    ----------
    values
        Elements x variables.
    event
        Whether it happened.
    penalty
        Half of it times the sum of squared slopes is taken off the log-likelihood.
    positive
        Whether slopes below 0 are set to 0.

    Examples
    --------
    >>> fitted(np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([0, 1, 0, 1], bool)).round(6).tolist()
    [0.0, 0.0]
    """
    from scipy.optimize import minimize

    many = values.shape[1]
    y = event.astype(float)

    def loss(beta: Floats) -> tuple[float, Floats]:
        z = beta[0] + values @ beta[1:]
        rest = 1 / (1 + np.exp(-z)) - y
        slope = np.concatenate([[rest.sum()], values.T @ rest + penalty * beta[1:]])
        return float(
            (np.logaddexp(0, z) - y * z).sum() + penalty / 2 * (beta[1:] ** 2).sum()
        ), slope

    share = min(max(float(y.mean()), 1e-6), 1 - 1e-6)
    start = np.concatenate([[np.log(share / (1 - share))], np.full(many, 0.1 if positive else 0.0)])
    limits = [(None, None), *[(0.0 if positive else None, None)] * many]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits)
    return np.asarray(found.x, float)


def chance(values: Floats, beta: Floats) -> Floats:
    """Return the probability of each element."""
    return np.asarray(1 / (1 + np.exp(-(beta[0] + values @ beta[1:]))))

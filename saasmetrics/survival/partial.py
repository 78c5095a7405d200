"""The partial likelihood of Cox's model on counts: rows alike are one row that counts several times.

Ties are Efron's, as if every life had its own row. His sum over the d lives that end at an age,
log(S - k/d D) for k = 0 .. d - 1, is a difference of log-gamma functions, so that the cost follows the
number of different rows and ages, never the number of customers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_ROUNDS = 60
_SETTLED = 1e-11
_ENDLESS = 50.0  # log of a ratio between two customers: a covariate foretells every event


@dataclass(frozen=True, eq=False)
class Rows:
    """Lives, or episodes of lives, with covariates.

    Parameters
    ----------
    entry, duration
        Ages: a row is at risk at entry + 1, ..., duration.
    event
        1 where it ended with the life.
    covariates
        Shape (rows, p).
    weight
        How many lives each row stands for.
    """

    entry: NDArray[np.int64]
    duration: NDArray[np.int64]
    event: NDArray[np.int64]
    covariates: Array
    weight: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fit of Cox's model.

    Parameters
    ----------
    coefficients, covariance
        Logs of the hazard ratios and their covariance.
    log_likelihood, null
        The partial log-likelihood, and that without covariates.
    ages, score, information
        Per age at which somebody left: what each adds to the score and the information at the fit.
    converged
        Whether it is a maximum.
    """

    coefficients: Array
    covariance: Array
    log_likelihood: float
    null: float
    ages: NDArray[np.int64]
    score: Array
    information: Array
    converged: bool


def fit_cox(rows: Rows) -> CoxFit:
    """Maximize the partial likelihood by Newton's method.

    Examples
    --------
    >>> rows = Rows(np.zeros(4, int), np.array([1, 2, 3, 4]), np.array([1, 1, 1, 0]),
    ...     np.array([[1.0], [0.0], [1.0], [0.0]]), np.ones(4, int))
    >>> fit_cox(rows).coefficients.round(3).tolist()  # by hand: the log of (1 + sqrt(17)) / 2
    [0.941]
    """
    middle = np.average(rows.covariates, axis=0, weights=rows.weight)
    away = rows.covariates - middle
    unit = np.sqrt(np.average(away**2, axis=0, weights=rows.weight))
    unit = np.where(unit > 0, unit, 1.0)
    scaled = replace(rows, covariates=away / unit)
    count = len(unit)
    beta, converged = np.zeros(count), False
    now = partial(scaled, beta)
    null = now[0]
    for _ in range(_ROUNDS):
        total = now[2].sum(axis=0)
        step = np.linalg.lstsq(total, now[1].sum(axis=0), rcond=None)[0]
        if np.abs(step).max(initial=0.0) < _SETTLED or not len(now[3]):
            converged = bool(len(now[3])) and _determined(total)
            break
        tried = partial(scaled, beta + step)
        while not tried[0] >= now[0] - 1e-9 * abs(now[0]) and np.abs(step).max() > _SETTLED:
            step = step / 2
            tried = partial(scaled, beta + step)
        beta, now = beta + step, tried
        if np.ptp(scaled.covariates @ beta) > _ENDLESS:
            break
    value, score, information, ages = now
    square = np.outer(unit, unit)
    total = information.sum(axis=0)
    covariance = np.linalg.inv(total) / square if converged else np.full_like(total, np.nan)
    return CoxFit(
        beta / unit, covariance, value, null, ages, score * unit, information * square, converged
    )


def _determined(information: Array) -> bool:
    """Return whether no combination of the covariates is without information."""
    sizes = np.linalg.eigvalsh(information)
    return bool(sizes[0] > 1e-9 * max(float(sizes[-1]), 1e-300))


def partial(rows: Rows, beta: Array) -> tuple[float, Array, Array, NDArray[np.int64]]:
    """Return the log-likelihood with score and information per age, and those ages.

    Examples
    --------
    >>> rows = Rows(np.zeros(2, int), np.array([1, 2]), np.array([1, 0]), np.zeros((2, 1)),
    ...     np.ones(2, int))
    >>> round(partial(rows, np.zeros(1))[0], 4)  # log(1/2)
    -0.6931
    """
    from scipy.special import gammaln, polygamma, psi

    x, w = rows.covariates, rows.weight.astype(np.float64)
    p = x.shape[1]
    place = x @ beta
    risk = w * np.exp(place)
    died = rows.event == 1
    length = int(rows.duration.max(initial=0)) + 1
    upper = np.triu_indices(p)
    moments = np.concatenate([np.ones((len(w), 1)), x, x[:, upper[0]] * x[:, upper[1]]], axis=1)
    at_risk = _from_end(rows.duration, risk, moments, length)
    at_risk -= _from_end(np.minimum(rows.entry, length - 1), risk, moments, length)
    ending = _sums(rows.duration[died], risk[died], moments[died], length)
    plain = _sums(rows.duration[died], w[died], moments[died, : p + 1], length)
    ages = np.flatnonzero(plain[:, 0] > 0)
    S, D, d = at_risk[ages], ending[ages], plain[ages, 0]
    r = D[:, 0] / d
    A = np.maximum(S[:, 0] / r, d)
    h = psi(A + 1) - psi(A - d + 1)
    q0 = polygamma(1, A - d + 1) - polygamma(1, A + 1)
    k1, q1 = A * h - d, A * q0 - h
    q2 = A * q1 - k1
    logs = d * np.log(r) + gammaln(A + 1) - gammaln(A - d + 1)
    value = float((w[died] * place[died]).sum() - logs.sum())
    mean = (S * h[:, None] - D * (k1 / d)[:, None]) / r[:, None]
    score = plain[ages, 1:] - mean[:, 1 : p + 1]
    second = np.zeros((len(ages), p, p))
    second[:, upper[0], upper[1]] = mean[:, p + 1 :]
    second[:, upper[1], upper[0]] = mean[:, p + 1 :]
    s, e = S[:, 1 : p + 1], D[:, 1 : p + 1] / d[:, None]
    outer = (
        np.einsum("t,ti,tj->tij", q0, s, s)
        - np.einsum("t,ti,tj->tij", q1, s, e)
        - np.einsum("t,ti,tj->tij", q1, e, s)
        + np.einsum("t,ti,tj->tij", q2, e, e)
    )
    return value, score, second - outer / (r**2)[:, None, None], ages


def _sums(at: NDArray[np.int64], weight: Array, moments: Array, length: int) -> Array:
    columns = (np.bincount(at, weight * column, minlength=length) for column in moments.T)
    return np.stack(list(columns), axis=1)


def _from_end(at: NDArray[np.int64], weight: Array, moments: Array, length: int) -> Array:
    """Return sums over the rows at each age or later."""
    return np.cumsum(_sums(at, weight, moments, length)[::-1], axis=0)[::-1]


def proportionality(fit: CoxFit, time: Array) -> tuple[Array, float, Array]:
    """Test whether each ratio is the same at all ages: the score test of covariate x time.

    Parameters
    ----------
    fit
        A fit of Cox's model.
    time
        A function of age at each of `fit.ages`, such as 1 - Kaplan-Meier.

    Returns
    -------
    tuple
        Chi-squared of each covariate (1 degree of freedom), that of all at once, and the slopes'
        direction: above 0 where the ratio grows with age.

    Notes
    -----
    Grambsch and Therneau 1994, as the exact score test of a fit with one more covariate.
    """
    g = time - (time.mean() if len(time) else 0.0)
    away = np.einsum("t,ti->i", g, fit.score)
    plain = fit.information.sum(axis=0)
    cross = np.einsum("t,tij->ij", g, fit.information)
    square = np.einsum("t,tij->ij", g**2, fit.information)
    spread = square - cross @ np.linalg.pinv(plain, hermitian=True) @ cross
    own = np.diagonal(spread)
    each = np.divide(away**2, own, out=np.full(len(away), np.nan), where=own > 1e-12)
    whole = float(away @ np.linalg.pinv(spread, hermitian=True) @ away)
    return each, whole, np.sign(away)

"""Maximum likelihood on counts per age: lives at risk and lives that ended, never a row per life.

A life that ends at age t ended between t - 1 and t, so that its likelihood is S(t - 1) - S(t); one
last seen at t has S(t); one that came under observation at age e has either divided by S(e). All of
it is a sum over the ages of events x log(1 - r) + (at risk - events) x log r with r = S(t)/S(t - 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.survival.distributions import Distribution, bounds
from saasmetrics.survival.estimate import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

_STEP = 1e-4  # of the differences that stand for derivatives
_ROUNDS = 200
_CLOSE = 1e-13  # log-likelihood per life that a further step could still win
_IMPOSSIBLE = -700.0
_PERFECT = 1e-6  # log-likelihood per life of a curve that foretells every life


def log_likelihood(
    family: Distribution, theta: Array, at_risk: ArrayLike, events: ArrayLike
) -> Array:
    """Log-likelihood of counts per age.

    Parameters
    ----------
    family
        The distribution.
    theta
        Parameters on the scale without bounds; the last axis are the parameters.
    at_risk, events
        Lives at risk and ended at age 0, 1, 2, ...; those at age 0 do not count.

    Returns
    -------
    numpy.ndarray
        One value for every set of parameters.

    Examples
    --------
    >>> from saasmetrics.survival.distributions import DISTRIBUTIONS
    >>> sbg = DISTRIBUTIONS["sbg"]
    >>> float(log_likelihood(sbg, sbg.held([1.0, 1.0]), [4, 4], [0, 2]).round(4))  # 4 log 0.5
    -2.7726
    """
    exposed, ended = np.asarray(at_risk, np.float64)[1:], np.asarray(events, np.float64)[1:]
    seen = np.flatnonzero(exposed > 0)
    length = int(seen[-1]) + 1 if len(seen) else 0
    exposed, ended = exposed[:length], ended[:length]
    alive = family.log_survival(theta, np.arange(length + 1, dtype=np.float64))
    with np.errstate(invalid="ignore"):
        stay = np.diff(alive, axis=-1)
    stay = np.clip(np.nan_to_num(stay, nan=_IMPOSSIBLE, neginf=_IMPOSSIBLE), _IMPOSSIBLE, 0.0)
    hit = np.flatnonzero(ended)
    leave = np.log(np.maximum(-np.expm1(stay[..., hit]), 1e-300))
    return np.asarray(stay @ (exposed - ended) + leave @ ended[hit])


@dataclass(frozen=True, eq=False)
class Fit:
    """A distribution fitted to counts.

    Parameters
    ----------
    family
        The distribution.
    theta, covariance
        Its parameters on the scale without bounds, and their covariance (nan where not known).
    log_likelihood
        At the parameters.
    n, events
        Lives and how many of them ended.
    last
        The largest age observed.
    converged, reason
        Whether the parameters are a maximum, and why not.

    Examples
    --------
    >>> from saasmetrics.survival.distributions import distribution
    >>> fit_counts(distribution("exponential"), [100, 100, 80], [0, 20, 16]).params
    {'lambda': 4.48...}
    """

    family: Distribution
    theta: Array
    covariance: Array
    log_likelihood: float
    n: float
    events: float
    last: int
    converged: bool
    reason: str = ""

    @property
    def params(self) -> dict[str, float]:
        """The parameters by name."""
        shown = self.family.shown(self.theta)
        return dict(zip(self.family.parameters, shown.tolist(), strict=True))

    @property
    def known(self) -> bool:
        """Whether there are parameters at all."""
        return bool(np.isfinite(self.theta).all())

    @property
    def aic(self) -> float:
        """Akaike's criterion; the lower the better."""
        return 2 * len(self.theta) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's criterion, by the number of lives."""
        return float(len(self.theta) * np.log(max(self.n, 1.0)) - 2 * self.log_likelihood)

    def intervals(self, level: float) -> tuple[Array, Array]:
        """Interval of each parameter; that of a positive one is symmetric in its log."""
        half = normal_quantile(level) * np.sqrt(np.diagonal(self.covariance))
        return self.family.shown(self.theta - half), self.family.shown(self.theta + half)

    def log_survival(self, ages: ArrayLike) -> Array:
        """Log of S at some ages, in fractions too."""
        return self.family.log_survival(self.theta, np.asarray(ages, np.float64))

    def survival(self, ages: ArrayLike) -> Array:
        """S at some ages."""
        return np.exp(self.log_survival(ages))

    def band(self, ages: ArrayLike, level: float) -> tuple[Array, Array]:
        """Interval of S by the delta method on the scale of log(-log S)."""
        at = np.asarray(ages, np.float64)

        def scale(theta: Array) -> Array:
            inside = np.minimum(self.family.log_survival(theta, at), -1e-300)
            return np.log(-inside)

        low, high = self.delta(scale, level)
        share = self.survival(at)
        closed = (at <= 0) | (share <= 0)
        return (
            np.where(closed, share, np.exp(-np.exp(np.minimum(high, 700.0)))),
            np.where(closed, share, np.exp(-np.exp(np.minimum(low, 700.0)))),
        )

    def delta(self, of: Callable[[Array], Array], level: float) -> tuple[Array, Array]:
        """Interval of a function of the parameters by the delta method, on the function's scale."""
        middle = of(self.theta)
        slopes = np.stack(
            [
                (of(self.theta + step) - of(self.theta - step)) / (2 * _STEP)
                for step in np.eye(len(self.theta)) * _STEP
            ]
        )
        variance = np.einsum("i...,ij,j...->...", slopes, self.covariance, slopes)
        half = normal_quantile(level) * np.sqrt(np.maximum(variance, 0.0))
        return middle - half, middle + half


def fit_counts(
    family: Distribution, at_risk: ArrayLike, events: ArrayLike, lives: float | None = None
) -> Fit:
    """Fit a distribution to lives at risk and ended per age by maximum likelihood.

    Parameters
    ----------
    family
        The distribution.
    at_risk, events
        Counts at age 0, 1, 2, ... of one group.
    lives
        How many lives they are of, for the criterion of Schwarz; by default as many as the counts
        show.

    Returns
    -------
    Fit
        Not converged, with the reason, where the counts do not determine the parameters.

    Examples
    --------
    >>> from saasmetrics.survival.distributions import distribution
    >>> found = fit_counts(distribution("sbg"), [1000, 1000, 631, 468, 382], [0, 369, 163, 86, 56])
    >>> {name: round(value, 3) for name, value in found.params.items()}
    {'alpha': 0.764, 'beta': 1.296}
    """
    exposed, ended = np.asarray(at_risk, np.float64), np.asarray(events, np.float64)
    seen = np.flatnonzero(exposed[1:] > 0) + 1
    last, total = int(seen[-1]) if len(seen) else 0, float(ended[1:].sum())
    n = _lives(exposed, ended) if lives is None else max(float(lives), 1.0 if total else 0.0)
    count = len(family.parameters)
    unknown = np.full(count, np.nan)
    if total <= 0:
        reason = "nobody has left yet" if n > 0 else "nobody was seen for a whole period"
        return Fit(
            family, unknown, np.full((count, count), np.nan), np.nan, n, total, last, False, reason
        )

    def each(theta: Array) -> Array:
        return log_likelihood(family, theta, exposed, ended) / n

    starts = family.starts(float(exposed[1:].sum()) / total)
    order = np.argsort(-each(starts))
    best: tuple[float, Array, Array, bool] | None = None
    for start in starts[order[:3]]:
        found = _climb(each, start, *bounds(family))
        if best is None or found[0] > best[0] + 1e-12:
            best = found
        if found[3] and found[0] >= float(each(starts[order[0]])):
            break
    assert best is not None
    value, theta, curvature, climbed = best
    covariance, reason = _covariance(family, theta, curvature * n)
    if value > -_PERFECT:
        reason = "every customer left at the same age: any steep enough curve says as much"
        covariance = np.full((count, count), np.nan)
    reason = reason or ("" if climbed else "the likelihood did not settle")
    return Fit(family, theta, covariance, value * n, n, total, last, climbed and not reason, reason)


def _lives(exposed: Array, ended: Array) -> float:
    """Return how many lives were under observation: those there at first and those that came later."""
    if len(exposed) < 2:
        return 0.0
    joined = np.maximum(np.diff(exposed[1:]) + ended[1:-1], 0.0)
    return float(exposed[1] + joined.sum())


def _stencil(count: int) -> tuple[Array, list[tuple[int, int]]]:
    units = np.eye(count) * _STEP
    pairs = [(i, j) for i in range(count) for j in range(i)]
    rows = [np.zeros(count), *units, *-units]
    rows += [a * units[i] + b * units[j] for i, j in pairs for a in (1, -1) for b in (1, -1)]
    return np.array(rows), pairs


def _derivatives(each: Callable[[Array], Array], theta: Array) -> tuple[float, Array, Array]:
    """Return value, gradient and curvature by differences, from one call."""
    count = len(theta)
    offsets, pairs = _stencil(count)
    values = each(theta + offsets)
    middle, up, down = values[0], values[1 : count + 1], values[count + 1 : 2 * count + 1]
    gradient = (up - down) / (2 * _STEP)
    curvature = np.diag((up - 2 * middle + down) / _STEP**2)
    corners = values[2 * count + 1 :].reshape(-1, 4)
    for (i, j), (pp, pm, mp, mm) in zip(pairs, corners, strict=True):
        curvature[i, j] = curvature[j, i] = (pp - pm - mp + mm) / (4 * _STEP**2)
    return float(middle), gradient, curvature


def _climb(
    each: Callable[[Array], Array], theta: Array, low: Array, high: Array
) -> tuple[float, Array, Array, bool]:
    """Return the highest value, where it is, the curvature there, and whether it is a summit."""
    damping = 1e-3
    value, gradient, curvature = _derivatives(each, theta)
    for _ in range(_ROUNDS):
        sizes, axes = np.linalg.eigh(-curvature)
        bend = np.maximum(np.abs(sizes), 1e-9)
        along = axes.T @ gradient
        if (sizes > 0).all() and float((along**2 / bend).sum()) / 2 < _CLOSE:
            return value, theta, curvature, True
        moved = np.clip(axes @ (along / (bend * (1 + damping) + 1e-6 * damping)), -2.0, 2.0)
        tried = np.clip(theta + moved, low, high)
        if float(each(tried)) > value:
            theta, damping = tried, damping / 10
            value, gradient, curvature = _derivatives(each, theta)
        elif np.abs(tried - theta).max() < 1e-10 or damping > 1e8:
            break
        else:
            damping = max(damping, 1e-3) * 10
    settled = float(np.abs(gradient).max()) < 1e-6
    return value, theta, curvature, settled


def _covariance(family: Distribution, theta: Array, curvature: Array) -> tuple[Array, str]:
    low, high = bounds(family)
    edge = (theta <= low + 1e-6) | (theta >= high - 1e-6)
    sizes: Any = np.linalg.eigvalsh(-curvature)
    if edge.any() or not (sizes > 1e-7 * max(float(sizes.max()), 1e-12)).all():
        which = ", ".join(
            name for name, out in zip(family.parameters, edge, strict=True) if out
        ) or " and ".join(family.parameters)
        why = f"the counts do not determine {which}: a simpler model says as much"
        return np.full((len(theta), len(theta)), np.nan), why
    return np.asarray(np.linalg.inv(-curvature)), ""

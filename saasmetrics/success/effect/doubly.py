"""Doubly robust difference: right if either who got it, or what they pay, is modeled rightly.

Augmented inverse-probability weighting (Robins, Rotnitzky and Zhao 1994; Lunceford and Davidian 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.money import format_part
from saasmetrics.success.effect.regress import fit, summed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]

LEAST = 30  # customers of each kind
_EDGE = 0.05  # a chance nearer to 0 or 1 has nobody alike of the other kind
LEAST_ALIKE = 0.5  # share of customers with somebody alike
LEAST_EFFECTIVE = 0.2  # of the customers of a kind, after weighting


@dataclass(frozen=True, eq=False)
class Difference:
    """A doubly robust difference of means.

    Parameters
    ----------
    value, error
        The difference, with minus without, and its standard error.
    means
        With and without.
    chance
        Of each customer to be with it.
    alike
        Share of the customers with a chance from 5% to 95%.
    effective
        Effective number of customers with and without it, after weighting.
    """

    value: float
    error: float
    means: tuple[float, float]
    chance: Array
    alike: float
    effective: tuple[float, float]


def difference(
    y: Array, group: Bools, x: Array, cluster: NDArray[np.int64] | None = None
) -> Difference:
    """Return the difference of an outcome between customers with and without something, all as alike.

    Parameters
    ----------
    y
        The outcome.
    group
        Who is with it.
    x
        Covariates without a constant, known before it.
    cluster
        Number of the cluster of each row; each is its own by default.

    Raises
    ------
    DataError
        If there are too few of a kind, or those with it are unlike those without (no overlap).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(4000, 1))
    >>> group = rng.random(4000) < 1 / (1 + np.exp(-x[:, 0]))
    >>> found = difference(2 * group + 3 * x[:, 0] + rng.normal(size=4000), group, x)
    >>> abs(found.value - 2) < 3 * found.error
    True
    """
    many, less = int(group.sum()), int((~group).sum())
    terms, chance = _chances(group, x)
    alike = float(((chance > _EDGE) & (chance < 1 - _EDGE)).mean())
    weight = np.where(group, 1 / chance, 1 / (1 - chance))
    effective = [float(weight[g].sum() ** 2 / (weight[g] ** 2).sum()) for g in (group, ~group)]
    thin = min(effective[0] / many, effective[1] / less)
    if alike < LEAST_ALIKE or thin < LEAST_EFFECTIVE:
        msg = (
            f"no overlap: {format_part(alike, 0)} of customers have somebody alike of the other kind, and after "
            f"weighting {many:,} with it count as {effective[0]:,.0f}, {less:,} without as {effective[1]:,.0f}"
        )
        raise DataError(msg)
    expected = [fit(terms[g], y[g], link="identity").mean(terms) for g in (group, ~group)]
    one = expected[0] + np.where(group, (y - expected[0]) / chance, 0.0)
    two = expected[1] + np.where(~group, (y - expected[1]) / (1 - chance), 0.0)
    each = one - two
    value = float(each.mean())
    error = _error(each - value, cluster) / len(y)
    return Difference(
        value,
        error,
        (float(one.mean()), float(two.mean())),
        chance,
        alike,
        (effective[0], effective[1]),
    )


def _chances(group: Bools, x: Array) -> tuple[Array, Array]:
    """Return the covariates with a constant, all of one spread, and the chance of each row to be with it."""
    many, less = int(group.sum()), int((~group).sum())
    if min(many, less) < LEAST:
        msg = f"{many:,} customers are with it and {less:,} without; {LEAST} of each are needed"
        raise DataError(msg)
    spread = x.std(axis=0)
    used = spread > 0
    scaled = (x[:, used] - x[:, used].mean(axis=0)) / spread[used]
    terms = np.concatenate([np.ones((len(x), 1)), scaled], axis=1)
    return terms, fit(terms, group.astype(np.float64), ridge=1e-3).mean(terms)


def _error(left: Array, cluster: NDArray[np.int64] | None) -> float:
    """Return the root of the sum of squares of what clusters add up to."""
    sums = left[:, None] if cluster is None else summed(left[:, None], cluster)
    return float(np.sqrt((sums**2).sum()))


def overlapping(
    y: Array, group: Bools, x: Array, cluster: NDArray[np.int64] | None = None
) -> tuple[float, float]:
    """Return the difference among those who could as well be with it as without, and its standard error.

    Each row counts by the chance to be of the other kind, which makes both kinds exactly alike in the means of the
    covariates and leaves out those nobody is like (Li, Morgan and Zaslavsky 2018).

    Parameters
    ----------
    y, group, x, cluster
        As for `difference`.

    Raises
    ------
    DataError
        If there are too few of a kind.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(4000, 1))
    >>> group = rng.random(4000) < 1 / (1 + np.exp(-3 * x[:, 0]))
    >>> value, error = overlapping(2 * group + 3 * x[:, 0] + rng.normal(size=4000), group, x)
    >>> abs(value - 2) < 3 * error
    True
    """
    _, chance = _chances(group, x)
    weight = np.where(group, 1 - chance, chance)
    means = [float(np.average(y[g], weights=weight[g])) for g in (group, ~group)]
    left = np.where(group, y - means[0], means[1] - y) * weight
    total = min(float(weight[group].sum()), float(weight[~group].sum()))
    return means[0] - means[1], _error(left, cluster) / total

"""Trials: customers, or the books of CSMs, that were drawn for a programme, all at once or in waves.

In each month those whose turn has come are compared with those whose turn has not, and with nobody else. With few
clusters the interval is that of the draw itself: all effects under which what was seen is not among the rarest results
of drawing again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.success.effect.regress import dummies, fit, link_of
from saasmetrics.success.effect.sustained import Effect, shifted, sustained

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.success.effect.panel import Panel

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

DRAWS = 1999
FEW = 40  # clusters: below, errors of clusters are too small


@dataclass(frozen=True, eq=False)
class Draw:
    """How treatment was drawn.

    Parameters
    ----------
    start
        Month from which each cluster is treated: after it, not in it; `NEVER` where it is not.
    stratum
        Within what clusters were drawn, one number each.
    """

    start: Ints
    stratum: Ints


@dataclass(frozen=True, eq=False)
class Sums:
    """Outcome and weight summed by cluster and month."""

    top: NDArray[np.float64]
    bottom: NDArray[np.float64]
    months: Ints


def sums_of(panel: Panel, outcome: str, clusters: int) -> Sums:
    """Sum the outcome of a panel by cluster and month."""
    y, weight = panel.outcome(outcome)
    months, at = np.unique(panel.month, return_inverse=True)
    place, size = panel.cluster * len(months) + at.reshape(-1), clusters * len(months)
    shape = (clusters, len(months))
    top, bottom = (
        np.bincount(place, part, size).reshape(shape).astype(np.float64)
        for part in (weight * y, weight)
    )
    return Sums(top, bottom, months)


def contrast(top: Array, bottom: Array, months: Ints, start: Ints) -> tuple[Array, Array]:
    """Return the mean difference within months of treated from not treated clusters, and the rate of these.

    Parameters
    ----------
    top, bottom
        By cluster and month.
    months
        Of the columns.
    start
        Draws x clusters: month from which each cluster is treated.

    Examples
    --------
    >>> top, bottom = np.array([[1.0, 3.0], [2.0, 1.0]]), np.full((2, 2), 10.0)
    >>> [found.round(6).tolist() for found in contrast(top, bottom, np.array([1, 2]), np.array([[1, 9]]))]
    [[0.2], [0.1]]
    """
    difference, base, total = (np.zeros(len(start)) for _ in range(3))
    for column, month in enumerate(months):
        on = (start < month).astype(np.float64)
        a, n = on @ top[:, column], on @ bottom[:, column]
        b, m = top[:, column].sum() - a, bottom[:, column].sum() - n
        both = (n > 0) & (m > 1e-9 * np.maximum(n, 1))
        safe_n, safe_m = np.where(both, n, 1.0), np.where(both, m, 1.0)
        share = np.where(both, n * m / np.maximum(n + m, 1e-300), 0.0)
        difference += share * (a / safe_n - b / safe_m)
        base += share * b / safe_m
        total += share
    some = np.where(total > 0, total, np.nan)
    return difference / some, base / some


def redraws(draw: Draw, count: int, seed: int) -> Ints:
    """Return the starts of clusters as drawn again within strata, one row per draw."""
    rng = np.random.default_rng(seed)
    out = np.empty((count, len(draw.start)), np.int64)
    for stratum in np.unique(draw.stratum):
        mine = np.flatnonzero(draw.stratum == stratum)
        order = np.argsort(rng.random((count, len(mine))), axis=1)
        out[:, mine] = draw.start[mine][order]
    return out


def inverted(value: float, again: Array, taken: Array, level: float) -> tuple[float, float, float]:
    """Return the interval of an additive effect by inverting the test of drawing again, and the p of no effect.

    Parameters
    ----------
    value
        The difference seen.
    again, taken
        The same difference of the outcome, and of the treatment really given, under each other draw. Under an effect
        of tau the draw i would have shown again_i - tau taken_i, which is at least as far from 0 as value - tau
        exactly where tau is between (value - again_i) / (1 - taken_i) and (value + again_i) / (1 + taken_i).
    level
        Coverage.

    Examples
    --------
    >>> inverted(2.0, np.array([0.5, -0.5, 1.0]), np.zeros(3), 0.5)
    (1.0, 3.0, 0.25)
    """
    slack = 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        one = np.where(1 - taken > slack, (value - again) / (1 - taken), -np.sign(value) * np.inf)
        two = np.where(1 + taken > slack, (value + again) / (1 + taken), np.sign(value) * np.inf)
    one = np.where(1 - taken > slack, one, -np.inf)
    two = np.where(1 - taken > slack, two, np.inf)
    low, high = np.minimum(one, two), np.maximum(one, two)
    count = max(int(np.floor((1 - level) * (len(again) + 1) - 1 + slack)), 1)
    p = (1 + int((np.abs(again) >= abs(value) - slack * abs(value)).sum())) / (len(again) + 1)
    return float(np.sort(low)[count - 1]), float(np.sort(high)[-count]), p


def randomized(
    panel: Panel,
    draw: Draw,
    outcome: str,
    horizon: int,
    level: float,
    *,
    stepwise: bool = False,
    seed: int = 0,
) -> Effect:
    """Return the effect of a drawn treatment: of being in it all through the horizon, by what was drawn.

    Parameters
    ----------
    panel
        Months of customers; `month` may be any clock, such as months since the draw.
    draw
        How the clusters of the panel, numbered from 0, were drawn.
    outcome, horizon, level
        The outcome, the months, the coverage.
    stepwise
        Whether `month` counts the months of the horizon, 1 to H, so that each has its own rate.
    seed
        Of drawing again.

    Raises
    ------
    DataError
        If at no time some are treated and others are not.
    """
    on = draw.start[panel.cluster] < panel.month
    months, at = np.unique(panel.month, return_inverse=True)
    at = at.reshape(-1)
    treated = np.bincount(at, on, len(months))
    mixed = (treated > 0) & (treated < np.bincount(at, minlength=len(months)))
    if not mixed.any():
        msg = "In no month some were treated and others were not: there is nothing to compare."
        raise DataError(msg)
    panel = replace(panel, treated=on).pick(mixed[at])
    y, weight = panel.outcome(outcome)
    head = np.stack([np.ones(len(panel)), panel.treated.astype(float)], axis=1)
    x = np.concatenate([head, dummies(panel.month)], axis=1)
    fitted = fit(x, y, weight, panel.cluster, link=link_of(outcome))
    step = panel.month if stepwise else None
    model = sustained(fitted, x, weight, outcome, horizon, level, step)
    many = len(draw.start)
    if many >= FEW:
        return model
    found = sums_of(panel, outcome, many)
    value, base = (
        float(v[0]) for v in contrast(found.top, found.bottom, found.months, draw.start[None])
    )
    other = redraws(draw, DRAWS, seed)
    again, _ = contrast(found.top, found.bottom, found.months, other)
    given = (draw.start[:, None] < found.months[None]) * found.bottom
    taken, _ = contrast(given, found.bottom, found.months, other)
    low, high, p = inverted(value, again, taken, level)
    how = f"drawing the {many} clusters again {DRAWS:,} times"
    drawn = shifted(outcome, horizon, base, (value, low, high), p, how)
    return replace(drawn, ratio=model.ratio, ratio_low=model.ratio_low, ratio_high=model.ratio_high)

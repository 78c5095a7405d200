"""Marginal structural model: treated months weighted so that who was at risk no longer decides who was treated.

Health changes over time, decides who gets help, and is changed by that help. To hold it constant takes away part of the
effect; to leave it out makes help look harmful. Weights do neither (Robins, Hernan and Brumback 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.success.effect.regress import dummies, fit, link_of
from saasmetrics.success.effect.sustained import Effect, sustained

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.success.effect.panel import Panel

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]

TRUNCATED = 0.01
LEAST_BEGUN = 20
_RARE = 0.01  # of those touched were less likely to be, for their month
LEAST_EFFECTIVE = 1 / 3  # of the treated months: below, weights rest on a few customers
_BACK = 3  # months before the touch that the negative control looks at


@dataclass(frozen=True, eq=False)
class Weights:
    """Stabilized inverse-probability weights.

    Parameters
    ----------
    weight
        Of each month of the panel, truncated.
    deciding
        Which months could have been those of the first touch.
    chance
        The probability of the first touch in each of them.
    balancing
        The weight of each of them by which those who begin look like those who do not.
    cut
        How many weights were truncated.
    alone
        In which of the deciding months customers were unlike all who were touched in a month of theirs.
    """

    weight: Array
    deciding: Bools
    chance: Array
    balancing: Array
    cut: int
    alone: Bools

    def effective(self, treated: Bools) -> tuple[float, float]:
        """Return the effective number of months, treated and not."""
        parts = [self.weight[treated], self.weight[~treated]]
        one, two = (float(w.sum() ** 2 / (w**2).sum()) if len(w) else 0.0 for w in parts)
        return one, two


def ordered(panel: Panel) -> Panel:
    """Return the panel by customer and month."""
    order = np.lexsort((panel.month, panel.unit))
    return panel.pick(order)  # type: ignore[arg-type]  # an index picks as a mask does


def weights(panel: Panel, truncate: float = TRUNCATED) -> Weights:
    """Return the weights of the months of an ordered panel.

    Parameters
    ----------
    panel
        Months by customer and month.
    truncate
        Share of the weights at each end that take the value of the next one; 0 truncates none.

    Raises
    ------
    DataError
        If too few customers begin to be treated.
    """
    deciding = ~panel.treated & (panel.closing > 0)
    # In a month in which nobody begins nothing is decided: both chances are 0, and their ratio says nothing.
    deciding &= np.isin(panel.month, panel.month[deciding & panel.begins])
    begins = panel.begins[deciding].astype(np.float64)
    if begins.sum() < LEAST_BEGUN:
        msg = (
            f"Only {int(begins.sum())} customers were first touched while they were looked at: who is touched "
            f"cannot be modeled with fewer than {LEAST_BEGUN}."
        )
        raise DataError(msg)
    plain = _plain(panel)[deciding]
    bottom = fit(np.concatenate([plain, panel.moving[deciding]], axis=1), begins)
    chance = bottom.mean(np.concatenate([plain, panel.moving[deciding]], axis=1))
    usual = fit(plain, begins).mean(plain)
    ratio = np.zeros(len(panel))
    ratio[deciding] = np.log(np.where(begins > 0, usual / chance, (1 - usual) / (1 - chance)))
    total = np.cumsum(ratio) - ratio
    first = np.append(True, panel.unit[1:] != panel.unit[:-1])
    start = np.maximum.accumulate(np.where(first, np.arange(len(panel)), 0))
    weight = np.exp(total - total[start])
    low, high = np.quantile(weight, [truncate, 1 - truncate])
    cut = int(((weight < low) | (weight > high)).sum())
    mean = float(begins.mean())
    balancing = np.where(begins > 0, mean / chance, (1 - mean) / (1 - chance))
    # Against the usual chance of the month: before a programme exists nobody is touched, and that is no bar.
    relative = chance / usual
    alone = relative < np.quantile(relative[begins > 0], _RARE)
    return Weights(np.clip(weight, low, high), deciding, chance, balancing, cut, alone)


def _plain(panel: Panel) -> Array:
    """Return what does not change by being treated: the constant, the month, the customer at its start."""
    one = np.ones((len(panel), 1))
    return np.concatenate([one, dummies(panel.month), panel.fixed], axis=1)


def marginal(
    panel: Panel,
    found: Weights | None,
    outcome: str,
    horizon: int,
    level: float,
    *,
    stepwise: bool = False,
) -> Effect:
    """Return the effect of being treated all through the horizon; without weights it is an association.

    `stepwise` says that the months of the panel are those of the horizon, 1 to H, so that each has its own rate.
    """
    y, weight = panel.outcome(outcome)
    head = np.stack([np.ones(len(panel)), panel.treated.astype(float)], axis=1)
    rest = [dummies(panel.month)] + ([] if found is None else [panel.fixed])
    x = np.concatenate([head, *rest], axis=1)
    given = weight if found is None else weight * found.weight
    model = fit(x, y, given, panel.cluster, link=link_of(outcome))
    step = panel.month if stepwise else None
    return sustained(model, x, weight, outcome, horizon, level, step)


def smd(values: Array, group: Bools, weight: Array) -> Array:
    """Return standardized differences of means of columns, group less others, over the unweighted spread.

    Examples
    --------
    >>> smd(np.array([[1.0], [3.0], [3.0], [5.0]]), np.array([0, 0, 1, 1]) > 0, np.ones(4)).round(3)
    array([1.414])
    """
    one, two = values[group], values[~group]
    spread = np.sqrt((one.var(axis=0, ddof=1) + two.var(axis=0, ddof=1)) / 2)
    means = [
        np.average(part, axis=0, weights=w)
        for part, w in ((one, weight[group]), (two, weight[~group]))
    ]
    out = np.zeros(values.shape[1])
    np.divide(means[0] - means[1], spread, out=out, where=spread > 0)
    return out


def negative_control(panel: Panel, found: Weights, level: float) -> tuple[float, float, float]:
    """Return what the touch seems to do to MRR of the three months before it: nothing, where nothing is left out.

    The difference of the change of MRR, those who begin less those who do not, weighted, with its interval.
    """
    from scipy.stats import norm

    back = np.zeros(len(panel), bool)
    back[_BACK:] = (panel.unit[_BACK:] == panel.unit[:-_BACK]) & (
        panel.month[_BACK:] - panel.month[:-_BACK] == _BACK
    )
    earlier = np.ones(len(panel))
    earlier[_BACK:] = panel.opening[:-_BACK]
    use = (back & found.deciding)[found.deciding]
    rows = panel.pick(found.deciding).pick(use)
    if not rows.begins.any() or rows.begins.all():
        return np.nan, np.nan, np.nan
    change = np.clip(rows.opening / earlier[found.deciding][use], 0.1, 10) - 1
    x = np.stack([np.ones(len(rows)), rows.begins.astype(float)], axis=1)
    model = fit(x, change, found.balancing[use], rows.cluster, link="identity")
    value, error = float(model.coefficients[1]), float(np.sqrt(model.covariance[1, 1]))
    reach = float(norm.ppf(0.5 + level / 2)) * error
    return value, value - reach, value + reach


def e_value(ratio: float) -> float:
    """Return the E-value of a risk ratio: how strong a confounder must be to explain it away.

    Parameters
    ----------
    ratio
        Risk ratio, or an odds ratio of something rare.

    Examples
    --------
    >>> round(e_value(3.9), 2), round(e_value(1 / 3.9), 2)  # VanderWeele and Ding 2017
    (7.26, 7.26)
    """
    if not ratio > 0:
        return np.nan
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))


def e_of_interval(low: float, high: float) -> float:
    """Return the E-value of the end of an interval nearest to no effect; 1 where it holds 1.

    Examples
    --------
    >>> e_of_interval(0.9, 1.2)
    1.0
    """
    if low != low or high != high:
        return np.nan
    if low <= 1 <= high:
        return 1.0
    return e_value(low if low > 1 else high)

"""Regression discontinuity: help starts where a score falls below a cut-off, and customers on either side are alike.

Straight lines on both sides with weights that fall to 0 at the bandwidth; the interval is that of parabolas on the same
customers, which allows for the bend that straight lines miss (Calonico, Cattaneo and Titiunik 2014, with one bandwidth
for the estimate and the correction).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEAST = 30  # customers on each side within the bandwidth
_PLACEBOS = (0.25, 0.5, 0.75)


@dataclass(frozen=True, eq=False)
class Jump:
    """A jump of the outcome at the cut-off.

    Parameters
    ----------
    value, low, high, p
        Outcome of those treated less those not treated, at the cut-off.
    treated, untreated
        The outcome on each side of it.
    bandwidth, n
        How far from the cut-off customers count, and how many do, treated and not.
    density_p
        Of as many customers just above as just below; small where scores were pushed over the line.
    halved, doubled
        The jump with half and twice the bandwidth.
    placebo
        Cut-offs where nothing happens: cut-off, jump, low, high.
    """

    value: float
    low: float
    high: float
    p: float
    treated: float
    untreated: float
    bandwidth: float
    n: tuple[int, int]
    density_p: float
    halved: float
    doubled: float
    placebo: tuple[tuple[float, float, float, float], ...]


def _side(x: Array, y: Array, weight: Array, power: int) -> tuple[float, float]:
    """Return the outcome at 0 of a polynomial on one side, and its variance that allows for unequal spread."""
    terms = np.vander(x, power + 1, increasing=True)
    inverse = np.linalg.pinv((terms * weight[:, None]).T @ terms)
    beta = inverse @ (terms.T @ (weight * y))
    hat = np.einsum("ij,jk,ik->i", terms, inverse, terms) * weight
    left = (y - terms @ beta) / np.sqrt(np.clip(1 - hat, 0.05, None))
    part = (inverse @ (terms * (weight * left)[:, None]).T)[0]
    return float(beta[0]), float(part @ part)


def _jump(
    x: Array, y: Array, below: NDArray[np.bool_], width: float, power: int
) -> tuple[float, ...]:
    weight = np.maximum(1 - np.abs(x) / width, 0.0)
    inside = weight > 0
    sides = [
        _side(x[side], y[side], weight[side], power) for side in (inside & below, inside & ~below)
    ]
    return sides[0][0] - sides[1][0], sides[0][1] + sides[1][1], sides[0][0], sides[1][0]


def bandwidth(x: Array, y: Array) -> float:
    """Return the bandwidth of Fan and Gijbels' rule of thumb for lines, from a global cubic on each side.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 201)
    >>> round(bandwidth(x, np.sin(3 * x) + np.where(np.arange(201) % 2, 0.1, -0.1)), 2)
    0.24
    """
    spread, bend = 0.0, 0.0
    for side in (x < 0, x >= 0):
        if side.sum() < 5:
            continue
        terms = np.vander(x[side], 4, increasing=True)
        beta = np.linalg.lstsq(terms, y[side], rcond=None)[0]
        spread += float(((y[side] - terms @ beta) ** 2).sum())
        bend += float(((2 * beta[2] + 6 * beta[3] * x[side]) ** 2).sum())
    reach = float(np.abs(x).max())
    if bend <= 0 or spread <= 0:
        return reach
    sigma = spread / len(x)
    return float(min(3.4375 * (sigma * 2 * reach / bend) ** 0.2, reach))


def threshold(
    score: Array,
    y: Array,
    cutoff: float,
    level: float,
    *,
    width: float | None = None,
    below: bool = True,
) -> Jump:
    """Return the effect at a cut-off.

    Parameters
    ----------
    score, y
        The score that decided, and the outcome.
    cutoff
        Where help starts.
    level
        Coverage.
    width
        The bandwidth, in units of the score; a rule of thumb by default.
    below
        Whether scores below the cut-off are treated, or those from it on.

    Raises
    ------
    DataError
        If too few customers are near it on a side.
    """
    from scipy.stats import norm

    x = np.asarray(score, np.float64) - cutoff
    h = bandwidth(x, y) if width is None else float(width)
    treated = (x < 0) == below
    near = np.abs(x) < h
    count = int((near & treated).sum()), int((near & ~treated).sum())
    if min(count) < LEAST:
        msg = (
            f"Within {h:.3g} of the cut-off {cutoff:g} there are {count[0]} customers treated and {count[1]} not; "
            f"{LEAST} are needed on each side."
        )
        raise DataError(msg)
    value, _, on, off = _jump(x, y, treated, h, 1)
    robust, variance, _, _ = _jump(x, y, treated, h, 2)
    reach = float(norm.ppf(0.5 + level / 2)) * float(np.sqrt(variance))
    p = float(2 * norm.sf(abs(robust) / np.sqrt(variance))) if variance > 0 else np.nan
    other = [_jump(x, y, treated, h * times, 1)[0] for times in (0.5, 2.0)]
    return Jump(
        value,
        robust - reach,
        robust + reach,
        p,
        on,
        off,
        h,
        count,
        density(x, h),
        other[0],
        other[1],
        _placebos(x, y, h, cutoff, level),
    )


def density(x: Array, width: float) -> float:
    """Return the p of equally many customers just below 0 and just above (Cattaneo, Titiunik and Vazquez-Bare 2017).

    The window takes at least 20 a side and is a quarter of the bandwidth otherwise.

    Examples
    --------
    >>> density(np.concatenate([np.linspace(-1, -0.01, 90), np.linspace(0.01, 1, 10)]), 4.0) < 0.001
    True
    """
    from scipy.stats import binomtest

    sides = [np.sort(np.abs(x[x < 0])), np.sort(np.abs(x[x >= 0]))]
    if min(map(len, sides)) < 1:
        return 0.0
    window = max(width / 4, *(float(side[min(19, len(side) - 1)]) for side in sides))
    below, above = (int((side <= window).sum()) for side in sides)
    return float(binomtest(below, below + above, 0.5).pvalue)


def _placebos(
    x: Array, y: Array, width: float, cutoff: float, level: float
) -> tuple[tuple[float, float, float, float], ...]:
    from scipy.stats import norm

    out = []
    for side in (x < 0, x >= 0):
        mine, theirs = x[side], y[side]
        for place in _PLACEBOS:
            at = float(np.quantile(mine, place))
            moved = mine - at
            near = np.abs(moved) < width
            if min(int((near & (moved < 0)).sum()), int((near & (moved >= 0)).sum())) < LEAST:
                continue
            value, _, _, _ = _jump(moved, theirs, moved < 0, width, 1)
            robust, variance, _, _ = _jump(moved, theirs, moved < 0, width, 2)
            reach = float(norm.ppf(0.5 + level / 2)) * float(np.sqrt(variance))
            out.append((cutoff + at, value, robust - reach, robust + reach))
    return tuple(out)

"""The distribution of a sum of amounts that each come with a probability, on a grid of money."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.asked import is_number
from saasmetrics.errors import DataError
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELLS = 8192  # of the grid
_NODES = 32  # of the integral over the common shock
_BLOCK = 256  # amounts at a time
_MOST = 4000  # amounts one by one; the many smaller ones beyond enter with their mean and variance
_MANY = 500  # amounts below two steps that do so too
_DUST = 1e-12


@dataclass(frozen=True, eq=False)
class Distribution:
    """Probabilities of the sums `certain` + 0, 1, 2, ... steps; amounts in micro-units.

    `exact` says whether every amount is a whole number of steps; otherwise each lies on its two neighbours on the
    grid so that its mean stays what it is, and a quantile is off by up to about a step. `most` is the largest sum.
    """

    certain: int
    step: int
    mass: NDArray[np.float64]
    exact: bool
    most: int

    @property
    def sums(self) -> NDArray[np.float64]:
        """The sums, in currency units."""
        return (self.certain + self.step * np.arange(len(self.mass), dtype=np.float64)) / MICRO

    @property
    def mean(self) -> float:
        """The mean sum, in currency units."""
        return float(self.sums @ self.mass)

    def quantile(self, share: float) -> float:
        """Return the least sum that is not exceeded with a probability of at least `share`."""
        total = np.cumsum(self.mass)
        at = int(np.searchsorted(total, share - _DUST))
        return min(float(self.sums[min(at, len(self.mass) - 1)]), self.most / MICRO)

    def reaches(self, target: float) -> float:
        """Return the probability of a sum of at least a target in currency units."""
        if target > self.most / MICRO * (1 + _DUST):
            return 0.0
        enough = self.sums >= target - self.step / MICRO * 1e-6
        return float(min(self.mass[enough].sum(), 1.0))


def distribution(
    amounts: NDArray[np.int64],
    chances: NDArray[np.float64],
    *,
    certain: int = 0,
    rho: float = 0.0,
    cells: int = CELLS,
) -> Distribution:
    """Return the distribution of the sum of amounts that come independently, or under a common shock.

    Parameters
    ----------
    amounts
        In micro-units, not negative.
    chances
        The probability of each.
    certain
        What comes anyway, in micro-units.
    rho
        Correlation of the latent normal variables behind the renewals, 0 to below 1: how much one year is good or bad
        for all of them at once.
    cells
        How many steps the grid may have.

    Notes
    -----
    A weighted Poisson-binomial distribution: the product of the characteristic functions of all amounts, turned back
    by a fast Fourier transform, is their convolution. With a common shock it is mixed over the shock by Gauss-Hermite
    quadrature, the probability of each given the shock being that of the one-factor normal model (Vasicek 2002).
    Beyond the 4,000 largest amounts (1,000 with a shock) the rest together is taken as normal, and so are amounts
    below two steps of the grid where there are 500 of them.

    Examples
    --------
    >>> two = distribution(np.array([100, 200]) * 1_000_000, np.array([0.5, 0.5]))
    >>> two.sums[two.mass > 1e-9].tolist(), two.mass[two.mass > 1e-9].round(6).tolist()
    ([0.0, 100.0, 200.0, 300.0], [0.25, 0.25, 0.25, 0.25])
    """
    if not is_number(rho) or not 0 <= rho < 1:
        msg = f"rho={rho!r} is a correlation: a number from 0 to below 1."
        raise DataError(msg)
    used = amounts > 0
    order = np.argsort(-amounts[used], kind="stable")
    amounts, chances = amounts[used][order], chances[used][order]
    step = _step(amounts, cells if rho == 0 else max(cells // 4, 1))
    shape = _shape(amounts, step, _MOST if rho == 0 else _MOST // 4)
    if rho == 0:
        mass = _mass(shape, chances)
    else:
        points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        shocked = _under_shock(chances, points, rho)
        mass = np.zeros(shape.size)
        for weight, given in zip(weights / weights.sum(), shocked, strict=True):
            mass += weight * _mass(shape, given)
    mass = np.maximum(mass[: shape.top], 0.0)
    exact = not shape.above.any() and not len(shape.small)
    return Distribution(certain, step, mass / mass.sum(), exact, certain + int(amounts.sum()))


@dataclass(frozen=True, eq=False)
class _Shape:
    """Amounts on the grid, the largest first: whole steps, the share of a step above; the `small` ones in steps.

    `size` is the number of cells, a power of two; `top` of those that a sum can reach.
    """

    whole: NDArray[np.int64]
    above: NDArray[np.float64]
    small: NDArray[np.float64]
    size: int
    top: int


def _shape(amounts: NDArray[np.int64], step: int, most: int) -> _Shape:
    fine = (
        int((amounts < 2 * step).sum()) if (amounts % step).any() else 0
    )  # would spread too wide on two cells
    most = min(most, len(amounts) - fine if fine >= _MANY else len(amounts))
    whole, rest = np.divmod(amounts[:most], step)
    small = amounts[most:] / step
    # Amounts that lie on two cells can sum to more than they are; ten times the root of their number is out of reach.
    split = int((rest > 0).sum())
    reach = int(np.ceil(amounts.sum() / step + 10 * np.sqrt(split + (small**2).sum()))) + 1
    top = reach if len(small) else min(int(whole.sum()) + split, reach) + 1
    size = 1
    while size < top:
        size *= 2
    return _Shape(whole % size, rest / step, small, size, top)


def _step(amounts: NDArray[np.int64], cells: int) -> int:
    """Return the common divisor of the amounts if it makes few enough steps, else a round step that does."""
    total = int(amounts.sum())
    if not total:
        return MICRO
    common = int(np.gcd.reduce(amounts))
    if total // common <= cells:
        return common
    least = -(-total // cells)
    power = 10 ** (len(str(least)) - 1)
    return int(next(power * k for k in (1, 2, 5, 10) if power * k >= least))


def _mass(shape: _Shape, chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of each sum: the convolution of all amounts, as a product of their transforms."""
    turn = np.exp(-2j * np.pi * np.arange(shape.size) / shape.size)
    frequency = np.arange(shape.size // 2 + 1)
    product = np.ones(len(frequency), complex)
    for at in range(0, len(shape.whole), _BLOCK):
        cut = slice(at, at + _BLOCK)
        low = turn[(shape.whole[cut, None] * frequency) % shape.size]
        above = shape.above[cut, None]
        value = low * ((1 - above) + above * turn[frequency])
        chance = chances[: len(shape.whole)][cut, None]
        product *= np.prod(1 - chance + chance * value, axis=0)
    if len(shape.small):
        chance = chances[len(shape.whole) :]
        mean = float((chance * shape.small).sum())
        variance = float((chance * (1 - chance) * shape.small**2).sum())
        angle = 2 * np.pi * frequency / shape.size
        product *= np.exp(-1j * angle * mean - variance * angle**2 / 2)
    return np.fft.irfft(product, shape.size) if shape.size > 1 else product.real


def _under_shock(
    chances: NDArray[np.float64], points: NDArray[np.float64], rho: float
) -> NDArray[np.float64]:
    """Return the probabilities given each value of the shock, as shocks x amounts; their mean is the probability."""
    normal = NormalDist()
    values, place = np.unique(chances, return_inverse=True)
    inner = [normal.inv_cdf(float(np.clip(v, 1e-12, 1 - 1e-12))) for v in values]
    given = np.array(
        [
            [normal.cdf((edge + rho**0.5 * z) / (1 - rho) ** 0.5) for edge in inner]
            for z in points.tolist()
        ]
    ).reshape(len(points), len(values))
    sure = (values <= 0) | (values >= 1)
    given[:, sure] = values[sure]
    return given[:, place.reshape(-1)]

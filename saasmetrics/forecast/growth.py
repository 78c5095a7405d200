"""How new business grows: from the last two years, believed as far as they can be told from chance, and fading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

YEAR = 12
USUAL = (
    0.4  # of new business in a usual year, the logarithm: from a third less to half as much again
)
FADE = 0.95  # of the growth of a month that is left in the next


@dataclass(frozen=True, eq=False)
class Growth:
    """Growth of new business a month, as logarithms.

    Parameters
    ----------
    rate
        Draws x groups: growth a month today, the expected one first.
    """

    rate: Array

    def ahead(self, month: int) -> Array:
        """Return by what factor new business is above that of today, so many months ahead.

        Examples
        --------
        >>> Growth(np.array([[0.01]])).ahead(1).round(4).item()
        1.0095
        """
        return np.asarray(np.exp(self.rate * FADE * (1 - FADE**month) / (1 - FADE)))

    def since(self, ago: Any) -> Array:
        """Return by what factor new business was expected to grow since a month so long ago, of every draw."""
        return np.asarray(np.exp(self.rate * np.asarray(ago)))


def growth(new: NDArray[np.int64], drawn: Array, luck: np.random.Generator) -> Growth:
    """Return the growth of new business, from the last twelve months over the twelve before.

    Parameters
    ----------
    new
        Groups x bags x months: new MRR up to today.
    drawn
        Draws x bags: how often each bag counts, 1 in the first.
    luck
        Random numbers.

    Notes
    -----
    Growth that chance explains is not believed: with `v` the variance of the logarithm of the ratio over resamples of
    customers, the share usual²/(usual² + v) of it counts, and the rest is that of the company; of the company, none.
    Less than two years of history say nothing of growth: none is expected, and the usual is possible.
    """
    draws, groups = len(drawn), len(new)
    if new.shape[2] < 2 * YEAR:
        rate = luck.standard_normal((draws, 1)) * USUAL / YEAR
        rate[0] = 0.0
        return Growth(np.broadcast_to(rate, (draws, groups)))
    late, early = (
        np.einsum("db,gb->dg", drawn, new[:, :, part].sum(axis=2).astype(float))
        for part in (slice(-YEAR, None), slice(-2 * YEAR, -YEAR))
    )
    whole = _believed(
        late.sum(axis=1, keepdims=True),
        early.sum(axis=1, keepdims=True),
        np.zeros((draws, 1)),
        luck,
    )
    own = whole if groups == 1 else _believed(late, early, whole, luck)
    return Growth(own / YEAR)


def _believed(late: Array, early: Array, usual: Array, luck: np.random.Generator) -> Array:
    """Return the logarithm of a year's growth, drawn towards the usual as far as chance explains it."""
    both = (late > 0) & (early > 0)
    ratio = np.log(np.divide(late, early, out=np.ones_like(late), where=both))
    known = both[0] & (both.mean(axis=0) > 0.5)
    count = np.maximum(both.sum(axis=0), 1)
    mean = np.where(both, ratio, 0.0).sum(axis=0) / count
    variance = np.where(both, (ratio - mean) ** 2, 0.0).sum(axis=0) / count
    trust = np.where(known, USUAL**2 / (USUAL**2 + variance), 0.0)
    left = np.where(known, trust * (1 - trust) * variance, USUAL**2)
    noise = luck.standard_normal(late.shape) * np.sqrt(left)
    noise[0] = 0.0
    own = np.where(both, ratio, ratio[:1])
    return np.asarray(trust * own + (1 - trust) * usual + noise)

"""How well low scores come before churn: AUC, lift and means, for any weights of the customers at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.survival.bootstrap import percentile_interval, resample_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 400
_CELLS = 20_000_000  # numbers held at a time
WORST = 0.1


@dataclass(frozen=True, eq=False)
class Ranking:
    """Scores with outcomes, sorted by day and score; equal scores of a day are one tie.

    `start` is where each tie begins among the sorted elements, `first` where each day begins among the ties.
    """

    order: NDArray[np.intp]
    start: NDArray[np.intp]
    first: NDArray[np.intp]
    event: NDArray[np.bool_]
    owner: NDArray[np.int64]
    owners: int

    @classmethod
    def of(
        cls,
        day: NDArray[np.int64],
        score: Floats,
        event: NDArray[np.bool_],
        entity: NDArray[np.int64],
    ) -> Ranking:
        """Sort elements, the worst score of each day first."""
        order = np.lexsort((score, day))
        day, score = day[order], score[order]
        new_day = np.append(True, day[1:] != day[:-1])[: len(day)]
        start = np.flatnonzero(new_day | np.append(True, score[1:] != score[:-1])[: len(day)])
        used, owner = np.unique(entity, return_inverse=True)
        first = np.flatnonzero(new_day[start])
        return cls(order, start, first, event[order], owner.reshape(-1)[order], len(used))

    def sides(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the weight of leavers and of stayers per tie, resamples x ties; `weights` is resamples x customers."""
        rows = weights[:, self.owner]
        left = np.add.reduceat(rows * self.event, self.start, axis=1)
        return left, np.add.reduceat(rows, self.start, axis=1) - left

    def auc(self, weights: Floats) -> Floats:
        """Return the probability that a leaver scored below a stayer of the same day, ties counting half."""
        left, stayed = self.sides(weights)
        through = np.cumsum(stayed, axis=1)
        totals = np.add.reduceat(stayed, self.first, axis=1)
        day = np.repeat(np.arange(len(self.first)), np.diff(np.append(self.first, stayed.shape[1])))
        above = (
            np.cumsum(totals, axis=1)[:, day] - through
        )  # stayers of the same day who score higher
        concordant = (left * (above + stayed / 2)).sum(axis=1)
        pairs = (np.add.reduceat(left, self.first, axis=1) * totals).sum(axis=1)
        out: Floats = np.full(len(pairs), np.nan)
        np.divide(concordant, pairs, out=out, where=pairs > 0)
        return out

    def caught(
        self, weights: Floats, worst: float = WORST
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Return leavers among the worst, the worst, leavers and all; a tie at the cut is split in proportion."""
        left, stayed = self.sides(weights)
        both = left + stayed
        totals = np.add.reduceat(both, self.first, axis=1)
        day = np.repeat(np.arange(len(self.first)), np.diff(np.append(self.first, both.shape[1])))
        before = np.cumsum(both, axis=1) - both
        before -= (np.cumsum(totals, axis=1) - totals)[:, day]
        room = worst * totals[:, day] - before
        share = np.clip(np.divide(room, both, out=np.zeros_like(both), where=both > 0), 0, 1)
        caught = (left * share).sum(axis=1)
        return caught, worst * totals.sum(axis=1), left.sum(axis=1), totals.sum(axis=1)

    def lift(self, weights: Floats) -> Floats:
        """Return churn among the worst tenth of each day, in multiples of churn overall."""
        caught, worst, left, every = self.caught(weights)
        out = np.full(len(caught), np.nan)
        np.divide(caught * every, worst * left, out=out, where=(worst * left) > 0)
        return out

    def whole(self, statistic: Callable[[Floats], Any]) -> float:
        """Return a statistic with every customer counted once."""
        return float(statistic(np.ones((1, self.owners)))[0])

    def interval(self, statistic: Callable[[Floats], Floats], level: float) -> tuple[float, float]:
        """Return the bootstrap interval of a statistic; customers are drawn, with all their days."""
        return bounds(self.draws(statistic), level)

    def draws(self, statistic: Callable[[Floats], Floats]) -> Floats:
        """Return a statistic in each resample."""
        return drawn(statistic, self.owners, len(self.order))


def drawn(statistic: Callable[[Floats], Floats], owners: int, elements: int) -> Floats:
    """Return a statistic of weighted customers in each resample, a block of resamples at a time."""
    weights = resample_weights(owners, RESAMPLES)
    block = max(1, _CELLS // max(elements, 1))
    return np.concatenate([statistic(weights[i : i + block]) for i in range(0, RESAMPLES, block)])


def bounds(draws: Floats, level: float) -> tuple[float, float]:
    """Return the outer percentiles of resampled values."""
    low, high = percentile_interval(draws, level)
    return float(low), float(high)

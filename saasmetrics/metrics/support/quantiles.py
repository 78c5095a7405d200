"""Quantiles of times of which some are still running: Kaplan-Meier of many cells in one sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.facets import GONE, ROUNDING
from saasmetrics.survival.estimate import band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.facets import Marked
    from saasmetrics.metrics.support.clocks import Clock
    from saasmetrics.metrics.support.inbox import Inbox

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Marks:
    """What is told of the distribution of each cell.

    Parameters
    ----------
    quantiles
        One array per quantile.
    low, high
        The edges of the interval of one of them; nan where none was asked for.
    longest
        The longest time, be it over or not.
    """

    quantiles: tuple[NDArray[np.float64], ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    longest: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curves:
    """Kaplan-Meier curves of cells, one element per time, sorted by cell and time.

    Parameters
    ----------
    cell, time
        The cell and time of each element.
    share
        S just after the time: the share that takes longer.
    variance
        Greenwood's sum up to it.
    event
        Whether the time is over, or still running.
    cells
        How many cells there are.
    """

    cell: Ints
    time: Ints
    share: NDArray[np.float64]
    variance: NDArray[np.float64]
    event: NDArray[np.bool_]
    cells: int

    def quantile(self, q: float) -> NDArray[np.float64]:
        """Return the shortest time by which a share `q` is over, per cell; nan where it is not known yet."""
        return self._first(self.share <= 1 - q + ROUNDING)

    def interval(self, q: float, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where the band of the curve reaches a quantile, per cell; nan where it does not."""
        low, high = band(np.minimum(self.share, 1.0), self.variance, level)
        gone = self.share < ROUNDING  # the last one was over: the band has nothing to say there
        low, high = np.where(gone, 0.0, low), np.where(gone, np.nan, high)
        with np.errstate(invalid="ignore"):
            return self._first(low <= 1 - q + ROUNDING), self._first(high <= 1 - q + ROUNDING)

    def _first(self, reached: NDArray[np.bool_]) -> NDArray[np.float64]:
        out = np.full(self.cells, np.nan)
        at = np.flatnonzero(reached & self.event)
        cell, first = np.unique(self.cell[at], return_index=True)
        out[cell] = self.time[at[first]]
        return out


def marks_of(inbox: Inbox, asked: Marked, taken: Clock) -> Marks:
    """Return quantiles of the tickets of each group and period of an inbox, whose times are here."""
    first, periods, _ = inbox.extent
    cells, at = len(inbox.groups) * periods, inbox.at(asked.at)
    mine = taken.kept & (at >= first) & (at < first + periods)
    cell = inbox.repeated(inbox.code * periods + at - first, mine)
    time, over = (inbox.repeated(values, mine) for values in (taken.seconds, taken.over))
    made = curves(cell, time, over, cells)
    longest = np.full(cells, -1, np.int64)
    np.maximum.at(longest, cell, time)
    missing = np.full(cells, np.nan)
    low, high = (missing, missing) if asked.edges is None else made.interval(*asked.edges)
    known = np.where(longest >= 0, longest.astype(float), np.nan)
    return Marks(tuple(made.quantile(share) for share in asked.shares), low, high, known)


def curves(cell: Ints, time: Ints, over: NDArray[np.bool_], cells: int) -> Curves:
    """Return the Kaplan-Meier curve of every cell, each element taken one after another.

    Parameters
    ----------
    cell
        The cell of each time.
    time
        How long it took, or how long it has been running.
    over
        Whether it is over.
    cells
        How many cells there are.

    Notes
    -----
    Kaplan and Meier 1958; of equal times those that are over come first. Ties one after another give the same product
    and the same Greenwood sum as ties together.

    Examples
    --------
    >>> made = curves(np.zeros(3, int), np.array([5, 1, 3]), np.array([True, True, False]), 1)
    >>> made.quantile(0.5).tolist(), made.share.round(3).tolist()
    ([5.0], [0.667, 0.667, 0.0])
    """
    cell, time, over = _sorted(cell, time, over)
    size = np.bincount(cell, minlength=cells)
    ends = np.cumsum(size)
    left = ends[cell] - np.arange(len(cell))
    with np.errstate(divide="ignore"):
        step = np.where(over, np.log1p(-1.0 / np.maximum(left, 1)), 0.0)
    step = np.where(over & (left == 1), GONE, step)
    spread = np.where(over & (left > 1), 1.0 / np.maximum(left * (left - 1.0), 1.0), 0.0)
    start = (ends - size)[cell]
    share = np.exp(_within(step, start))
    return Curves(cell, time, share, _within(spread, start), over, cells)


def _sorted(
    cell: Ints, time: Ints, over: NDArray[np.bool_]
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Return the elements by cell, time, and those that are over first."""
    span = 2 * (int(time.max(initial=0)) + 1)
    if (int(cell.max(initial=0)) + 1) * span < 2**62 and int(time.min(initial=0)) >= 0:
        key = np.sort(
            cell * span + 2 * time + ~over
        )  # all three in one number, which sorts fastest
        rest = key % span
        return key // span, rest // 2, rest % 2 == 0
    order = np.lexsort((~over, time, cell))
    return cell[order], time[order], over[order]


def _within(values: NDArray[np.float64], start: Ints) -> NDArray[np.float64]:
    """Return running sums that begin anew at each start."""
    total = np.append(0.0, np.cumsum(values))
    return np.asarray(total[1:] - total[start])

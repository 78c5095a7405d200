"""Sums over the last months of a book: once for all customers, and once per resample of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.metrics.economics.spend import new_per_month
from saasmetrics.metrics.made import money
from saasmetrics.metrics.rates import check_interval
from saasmetrics.survival.bootstrap import percentile_interval, resample_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book

MEASURES = (
    *("opening", "new", "expansion", "contraction", "closing"),
    *("customers_opening", "customers_new", "customers_churned_from_opening", "customers_closing"),
)


@dataclass(frozen=True, eq=False)
class Months:
    """Measures per month of the last complete months: the whole first, then the resamples.

    Parameters
    ----------
    first, last
        Ordinals of the months, both included.
    values
        Draws x groups x months, in currency units or customers: row 0 is all customers as they are,
        the others, if any, are resamples.
    resampled
        Groups whose resamples mean something: at least two bags of customers.
    bags
        The bags that hold customers, in the order of the columns of the resamples' weights.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [5, 8]})
    >>> Months.of(book, (), 12, None).total("new").tolist()
    [[5.0]]
    """

    first: int
    last: int
    values: Mapping[str, NDArray[np.float64]]
    resampled: NDArray[np.bool_]
    bags: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        book: Book,
        by: Sequence[str],
        months: int | None,
        interval: float | None,
        names: Sequence[str] = MEASURES,
    ) -> Months:
        """Return measures of the last complete months of a book, at most so many; None: of all."""
        start, _, full = book.engine.extent("M")
        if book.since_day is not None:
            start = max(start, int(book.calendar("M").ordinal(np.array([book.since_day]))[0]))
        if full < start:
            msg = "No month is complete yet in this book, so nothing can be averaged over months."
            raise DataError(msg)
        check_interval(interval)
        first = start if months is None else max(start, full - months + 1)
        base = book.engine.extent("M")[0]
        sums = new_per_month(book, by, names, bagged=interval is not None)
        bags = np.flatnonzero(np.any([c.any(axis=(0, 2)) for c in sums.values()], axis=0))
        cut = {name: cube[:, bags, first - base : full - base + 1] for name, cube in sums.items()}
        return cls(first, full, *_drawn(cut, resample=interval is not None), bags)

    @property
    def count(self) -> int:
        """How many months there are."""
        return self.last - self.first + 1

    def widened(self, groups: int) -> Months:
        """Return the same with groups added in which there are no customers."""
        more = groups - len(self.resampled)
        values = {k: np.pad(v, ((0, 0), (0, more), (0, 0))) for k, v in self.values.items()}
        return replace(self, values=values, resampled=np.pad(self.resampled, (0, more)))

    def picked(self, groups: NDArray[np.int64]) -> Months:
        """Return the same for some groups only."""
        values = {name: measure[:, groups] for name, measure in self.values.items()}
        return replace(self, values=values, resampled=self.resampled[groups])

    def over(
        self, name: str, first: NDArray[np.int64], last: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Sum of a measure over spans of months, ends included: draws x groups x spans."""
        running = np.cumsum(self.values[name], axis=-1)
        running = np.concatenate([np.zeros_like(running[..., :1]), running], axis=-1)
        low = np.clip(first - self.first, 0, self.count)
        high = np.clip(last - self.first + 1, 0, self.count)
        return np.asarray(running[..., high] - running[..., low])

    def total(self, name: str) -> NDArray[np.float64]:
        """Sum of a measure over the months: draws x groups."""
        return np.asarray(self.values[name].sum(axis=-1))

    def latest(self, name: str) -> NDArray[np.float64]:
        """Measure of the last month: draws x groups."""
        return self.values[name][..., -1]

    def text(self) -> str:
        """The months in words.

        Examples
        --------
        >>> Months(672, 683, {}, np.ones(1, bool), np.zeros(0, int)).text()
        '2026-01 to 2026-12'
        """
        ends = (str(np.datetime64(int(month), "M")) for month in (self.first, self.last))
        return " to ".join(dict.fromkeys(ends))


def interval_of(
    draws: NDArray[np.float64], months: Months, level: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the percentile interval per group of what was computed for each draw.

    The upper end is inf where a value is beyond all bounds in many resamples; both ends are nan for a
    group of fewer than two customers, or where no interval was asked for.

    Examples
    --------
    >>> draws = np.vstack([[[50.0]], np.arange(100.0)[:, None]])
    >>> low, high = interval_of(draws, Months(0, 0, {}, np.ones(1, bool), np.zeros(0, int)), 0.9)
    >>> low.tolist(), high.tolist()
    ([4.0], [94.0])
    """
    groups = draws.shape[1]
    if level is None or len(draws) < 2:
        return np.full(groups, np.nan), np.full(groups, np.nan)
    low, high = percentile_interval(draws[1:], level)
    return np.where(months.resampled, low, np.nan), np.where(months.resampled, high, np.nan)


def divide(top: NDArray[Any], bottom: NDArray[Any]) -> NDArray[np.float64]:
    """Divide draws; what is divided by nothing is infinite, and nothing by nothing is missing.

    Examples
    --------
    >>> divide(np.array([1.0, 1.0, 0.0]), np.array([2.0, 0.0, 0.0])).tolist()
    [0.5, inf, nan]
    """
    over, under = np.broadcast_arrays(np.asarray(top, float), np.asarray(bottom, float))
    out = np.where(over > 0, np.inf, np.nan)
    np.divide(over, under, out=out, where=under > 0)
    return out


def divide_signed(top: Any, bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide where there is something to divide by, of either sign; missing elsewhere.

    Examples
    --------
    >>> divide_signed(np.array([-1.0, 1.0]), np.array([2.0, 0.0])).tolist()
    [-0.5, nan]
    """
    out = np.full(np.shape(bottom), np.nan)
    np.divide(top, bottom, out=out, where=bottom > 0)
    return out


def finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values with what is infinite as missing, for people to read.

    Examples
    --------
    >>> finite(np.array([1.0, np.inf])).tolist()
    [1.0, nan]
    """
    return np.where(np.isfinite(values), values, np.nan)


def _drawn(
    cut: Mapping[str, NDArray[np.int64]], *, resample: bool
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.bool_]]:
    groups, bags, months = next(iter(cut.values())).shape
    values = {name: _shown(name)(cube.sum(axis=1))[None] for name, cube in cut.items()}
    used = np.any([cube.any(axis=2) for cube in cut.values()], axis=0)
    resampled = used.sum(axis=1) >= 2
    if not resample or bags < 2:
        return values, np.zeros(groups, bool)
    weights = resample_weights(bags)
    for name, cube in cut.items():
        flat = cube.transpose(1, 0, 2).reshape(bags, -1).astype(np.float64)
        drawn = (weights @ flat).reshape(-1, groups, months)
        values[name] = np.concatenate([values[name], _shown(name)(drawn)])
    return values, resampled


def _shown(name: str) -> Callable[[Any], NDArray[np.float64]]:
    return np.asarray if name.startswith("customers") else money

"""What the capacity results share: spans of periods and months, intervals of counts, words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, one_of
from saasmetrics.errors import DataError
from saasmetrics.metrics.rates import check_interval

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book

    Floats = NDArray[np.float64]

ROLES = "people: {value}"
_FREQS = ("M", "Q", "Y")


@dataclass(frozen=True)
class Span:
    """The periods of a book, from the first to that of the as-of date."""

    book: Book
    freq: str
    first: int
    count: int
    full: int

    @property
    def starts(self) -> NDArray[np.datetime64]:
        """First day of each period."""
        return self.book.calendar(self.freq).starts(np.arange(self.first, self.first + self.count))

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Whether each period is over."""
        return np.arange(self.first, self.first + self.count) <= self.full

    def period_of(self, day: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the period of each day; days before the first come into the last place, one beyond."""
        return self.place(self.book.calendar(self.freq).ordinal(day).astype(np.int64))

    def place(self, period: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of each period; those before the first come into the last place, one beyond."""
        at = period - self.first
        return np.where((at >= 0) & (at < self.count), at, self.count)


def span_of(book: Book, freq: str) -> Span:
    """Return the periods of a book at a frequency of whole months."""
    one_of("frequency", freq, _FREQS)
    first, count, full = book.engine.extent(freq)
    return Span(book, freq, first, count, full)


def grid(span: Span, names: tuple[str, ...], labels: list[tuple[Any, ...]]) -> pd.DataFrame:
    """Return a frame with one row per group and period: period and the by-columns."""
    import pandas as pd

    df = pd.DataFrame({"period": np.tile(span.starts, len(labels))})
    for at, name in enumerate(names):
        df[name] = np.repeat(np.array([label[at] for label in labels], object), span.count)
    return df


def by_cell(
    part: Floats, code: NDArray[np.int64], period: NDArray[np.int64], shape: tuple[int, int]
) -> Floats:
    """Return the sum of a part (people x months) per group and period."""
    out = np.zeros(shape)
    np.add.at(out, (code[:, None], period[None, :]), part)
    return out


def month_edges(
    book: Book, span: Span
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return first day and first day after of each month, cut at the as-of date, and the period each belongs to."""
    first, count, _ = book.engine.extent("M")
    calendar, month = book.calendar("M"), np.arange(first, first + count)
    starts = calendar.first_day(month)
    ends = np.minimum(calendar.first_day(month + 1), book.as_of_day + 1)
    return starts, ends, span.period_of(starts)


def poisson_interval(count: Any, level: float) -> tuple[Floats, Floats]:
    """Return the exact interval of the mean behind Poisson counts (Garwood 1936).

    Examples
    --------
    >>> [round(float(edge), 3) for edge in poisson_interval(10, 0.95)]
    [4.795, 18.39]
    """
    from scipy.stats import chi2

    check_interval(level)
    k = np.asarray(count, float)
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, chi2.ppf(0.5 - level / 2, 2 * k) / 2, 0.0)
    return low, np.asarray(chi2.ppf(0.5 + level / 2, 2 * k + 2) / 2)


def coverage(interval: Any) -> float:
    """Return a coverage; refuse None, where a number is no use without its interval.

    Examples
    --------
    >>> coverage(0.95)
    0.95
    """
    check_interval(interval)
    if interval is None:
        msg = "interval=None: few people make wide intervals, which are told; give the coverage, such as 0.95."
        raise DataError(msg)
    return float(interval)


def hours_of(hours: Any, shrinkage: Any, occupancy: Any) -> dict[str, float]:
    """Return paid hours of a month and the shares of them that are worked, as asked for."""
    return {
        "hours": finite("hours", hours, "paid hours of a month", least=1, most=10_000),
        "shrinkage": share("shrinkage", shrinkage, most=0.99),
        "occupancy": finite("occupancy", occupancy, "a share such as 0.8", least=0.01, most=1),
    }


def share(name: str, value: Any, *, most: float = 1.0) -> float:
    """Return a share that is asked for."""
    return finite(name, value, "a share such as 0.3", least=0, most=most)

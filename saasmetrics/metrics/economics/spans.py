"""Periods made of months: what is known by month, added up to months, quarters or years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.errors import DataError
from saasmetrics.metrics.economics.window import Months

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book


@dataclass(frozen=True, eq=False)
class Spans:
    """Periods with the months that belong to each, over a window that ends with it.

    Parameters
    ----------
    book, freq
        The book and the length of a period.
    period
        Ordinals of the periods, from the book's first to that of its last complete month.
    first, last
        First and last month of each window; the last is never after the last complete month.
    complete
        Whether the period is over.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-03", "2026-04"], "mrr": [5, 8]})
    >>> spans = Spans.of(book, "Q", 1)
    >>> (spans.last - spans.first).tolist(), spans.complete.tolist()
    ([2, 0], [True, False])
    """

    book: Book
    freq: str
    period: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    complete: NDArray[np.bool_]

    @classmethod
    def of(cls, book: Book, freq: str, window: int) -> Spans:
        """Return the periods of a book."""
        if freq not in ("M", "Q", "Y"):
            msg = f"Spend is known by month, so freq is M, Q or Y, not {freq!r}."
            raise DataError(msg)
        window = whole("window", window, 1, "a number of periods to look back over")
        months, calendar = Months.of(book, (), None, None, ("new",)), book.calendar(freq)
        day = book.calendar("M").first_day(np.array([months.first, months.last]))
        start, end = (int(p) for p in calendar.ordinal(day))
        period = np.arange(start, end + 1)
        first, last = (
            book.calendar("M").ordinal(days)
            for days in (calendar.first_day(period - window + 1), calendar.last_day(period))
        )
        complete = period <= book.engine.extent(freq)[2]
        return cls(book, freq, period, first, np.minimum(last, months.last), complete)

    @property
    def cut(self) -> NDArray[np.bool_]:
        """Which windows begin before the first day observed, where a book is observed from a day on."""
        since = self.book.since_day
        months = self.book.calendar("M")
        start = -1 if since is None else int(months.ordinal(np.array([since]))[0])
        return np.asarray((self.first < start) & (since is not None))

    def months_of(self, period: Any) -> tuple[int, int]:
        """Return the first and last month behind a period; of the latest complete one by default."""
        if period is None:
            at = np.flatnonzero(self.complete)[-1:]
        else:
            wanted = self.book.calendar(self.freq).of(period)
            at = np.flatnonzero(self.period == wanted)
        if not len(at):
            msg = f"There is no such period as {period!r} in this result."
            raise DataError(msg)
        return int(self.first[at[0]]), int(self.last[at[0]])

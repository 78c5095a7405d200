"""Rates over a window: sums per group, bag and period on both sides of a division, and the tidy frame they become."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import is_number, whole
from saasmetrics.engine.groups import columns
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import bootstrap_ratio, money, period_drill, ratio
from saasmetrics.money import counted
from saasmetrics.survival.bootstrap import bags_for
from saasmetrics.survival.estimate import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.cubes import Cube
    from saasmetrics.metrics.made import PeriodDrill, Sides

_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_FEW = "too few customers to resample: no interval"
_SURE = 20  # customers from which intervals by resampling hold nearly what they say
LEAST = 5  # customers whose resamples tell how far a rate may be off: those of two or three are too much alike
_FEWER = "fewer than five customers: no interval"


@dataclass(frozen=True)
class Question:
    """What is asked of a rate: the book, the window and frequency in periods, the groups, the interval."""

    book: Book
    window: int
    freq: str
    by: tuple[str, ...]
    interval: float | None

    @classmethod
    def asked(
        cls,
        book: Book,
        window: int | None,
        freq: str,
        by: str | Sequence[str] | None,
        interval: float | None,
    ) -> Question:
        """Check and complete what was asked; the default window is the policy's, in periods of `freq`."""
        check_interval(interval)
        return cls(book, window_of(book, window, freq), freq, columns(by), interval)

    @property
    def rolling(self) -> bool:
        """Whether windows are so many times 30 days instead of calendar periods."""
        return self.book.policy.month == "30_days" and self.freq in _MONTHS

    @property
    def counted(self) -> tuple[str, int]:
        """The frequency and window that sums are taken over."""
        return (
            ("D", 30 * _MONTHS[self.freq] * self.window)
            if self.rolling
            else (self.freq, self.window)
        )

    @property
    def span(self) -> str:
        """The window in words: 12 months; one of quarters or years that is not the policy's, in months too."""
        if self.rolling:
            return f"{self.counted[1]} days"
        said = counted(self.window, self.book.calendar(self.freq).noun)
        months = self.window * _MONTHS.get(self.freq, 1)
        told = self.window > 1 and self.freq in ("Q", "Y")
        told = told and self.window != window_of(self.book, None, self.freq)
        return f"{said}, which are {months} months" if told else said

    def bags(self) -> int:
        """Return into how many bags of customers sums are split for the interval; 0 for none.

        Many groups take fewer bags each, and above some hundreds no interval.
        """
        if self.interval is None:
            return 0
        _, periods, _ = self.book.engine.extent(self.counted[0])
        return bags_for(periods * len(self.book.engine.grouping(self.by)))

    def pairs(self) -> dict[str, NDArray[np.int64]]:
        """Return the sums over pairs as groups x bags x periods."""
        freq, window = self.counted
        asked = (window, freq, self.by, self.bags())
        stops = _whole(self._ends()) if self.rolling else ()
        return _split(self.book.engine.pairs(*asked, stops))

    def movements(self) -> dict[str, NDArray[np.int64]]:
        """Return opening at the start of the window and flows summed over it, as groups x bags x periods."""
        freq, w = self.counted
        asked = (freq, self.by, self.bags())
        if not self.rolling:
            cube = _split(self.book.engine.movements(*asked))
            ends = np.arange(next(iter(cube.values())).shape[2])
            return _windowed(cube, ends, ends - w)
        ends = self._ends()
        stops = np.unique(np.concatenate([ends - w, ends]))
        cube = _split(self.book.engine.movements(*asked, _whole(stops)))
        return _windowed(cube, *(np.searchsorted(stops, day) for day in (ends, ends - w)))

    def _ends(self) -> NDArray[np.int64]:
        """Return the last known day of each period."""
        first, periods, _ = self.book.engine.extent(self.freq)
        return self._last_days(np.arange(first, first + periods))

    def _last_days(self, period: NDArray[np.int64]) -> NDArray[np.int64]:
        last = np.asarray(self.book.calendar(self.freq).last_day(period), np.int64)
        return np.minimum(last, self.book.as_of_day)

    def drill(self, kind: str, sides: Sides | None = None) -> PeriodDrill:
        """Return the function behind `Result.rows` of the rate."""
        freq, window = self.counted
        found = period_drill(self.book, kind, freq, self.by, sides, window=window)
        return replace(found, at=self._day) if self.rolling else found

    def _day(self, period: Any) -> np.datetime64:
        """Return the day that the window of a period ends with."""
        _, _, full = self.book.engine.extent(self.freq)
        number = full if period is None else self.book.calendar(self.freq).of(period)
        return np.datetime64(int(self._last_days(np.array([number]))[0]), "D")


def window_of(book: Book, window: Any, freq: str) -> int:
    """Return how many periods of a frequency a window has; that of the policy for None.

    Raises
    ------
    DataError
        If it is no whole number of at least 1.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    >>> window_of(book, None, "Q"), window_of(book.with_policy(window=1), None, "Q")
    (4, 1)
    """
    calendar = book.calendar(freq)
    if window is None:
        return max(round(book.policy.window * calendar.year() / 12), 1)
    return whole("window", window, 1, f"a number of {calendar.noun}s")


def check_interval(interval: float | None) -> None:
    """Refuse a coverage that is not between 0 and 1."""
    if interval is None:
        return
    if not is_number(interval) or not 0 < interval < 1:
        msg = f"interval={interval!r} is not a coverage: a number between 0 and 1, such as 0.95, or None."
        raise DataError(msg)


def _whole(stops: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(map(int, stops))


def _windowed(
    cube: dict[str, NDArray[np.int64]], ends: NDArray[np.int64], befores: NDArray[np.int64]
) -> dict[str, NDArray[np.int64]]:
    """Return movements between two places each: balances at both, flows summed; nothing is before the first place."""

    def held(value: NDArray[np.int64], place: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(place < 0, 0, value[:, :, np.maximum(place, 0)])

    out = {}
    for name, value in cube.items():
        if name in ("closing", "customers_closing"):
            out[name] = held(value, ends)
        elif name in ("opening", "customers_opening"):
            out[name] = held(cube[name.replace("opening", "closing")], befores)
        else:
            total = np.cumsum(value, axis=2)
            out[name] = held(total, ends) - held(total, befores)
    return out


def _split(cube: Cube) -> dict[str, NDArray[np.int64]]:
    if cube.bags:
        return {name: cube.bagged(name) for name in cube.measures}
    return {name: value[:, None, :] for name, value in cube.measures.items()}


def rate_frame(
    question: Question,
    numerator: NDArray[Any],
    denominator: NDArray[Any],
    count: NDArray[np.int64],
    reason: str,
    *,
    unit: str = "money",
) -> pd.DataFrame:
    """Return a rate as a tidy frame.

    Parameters
    ----------
    question
        What was asked.
    numerator, denominator
        Sums as groups x bags x periods: micro-units for `unit` "money", customers for "count", and "mixed" for
        money over customers.
    count
        Customers in the denominator, groups x bags x periods.
    reason
        Why there is no value where the denominator is zero.

    Returns
    -------
    DataFrame
        period, by-columns, value, numerator, denominator, n, reason, complete and, with an interval, low and high.
    """
    import pandas as pd

    book, freq = question.book, question.freq
    groups = book.engine.grouping(question.by)
    first, periods, full = book.engine.extent(freq)
    top, bottom = numerator.sum(axis=1), denominator.sum(axis=1)
    shown_top = top.astype(float) if unit == "count" else money(top)
    shown_bottom = money(bottom) if unit == "money" else bottom.astype(float)
    value = ratio(shown_top, shown_bottom)
    data: dict[str, Any] = {"period": np.tile(_starts(book, freq, first, periods), len(groups))}
    for i, name in enumerate(question.by):
        data[name] = np.repeat(np.array([label[i] for label in groups.labels], object), periods)
    data["value"] = value.ravel()
    data["numerator"], data["denominator"] = shown_top.ravel(), shown_bottom.ravel()
    data["n"] = count.sum(axis=1).ravel()
    data["reason"] = np.where(np.isnan(data["value"]), reason, "")
    data["complete"] = np.tile(np.arange(first, first + periods) <= full, len(groups))
    if question.interval is not None:
        low, high = (edge.ravel() for edge in _interval(question, numerator, denominator, unit))
        told = np.full(len(low), True) if unit == "count" else (data["n"] >= LEAST) & (low < high)
        data["low"], data["high"] = np.where(told, low, np.nan), np.where(told, high, np.nan)
        without = ~np.isnan(data["value"]) & np.isnan(data["low"])
        why = _no_interval(data["n"], low, resampled=numerator.shape[1] > 1)
        data["reason"] = np.where(without, why, data["reason"])
    out = pd.DataFrame(data)
    if book.since_day is not None:
        calendar = book.calendar(freq)
        out = out[out["period"] >= calendar.starts(calendar.ordinal(np.array([book.since_day])))[0]]
    return out.reset_index(drop=True)


def too_sure(df: pd.DataFrame) -> tuple[str, ...]:
    """Return in words that resampling few customers gives intervals that are too narrow, where the latest are of few.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"period": [0, 0], "n": [9, 90], "low": [0.8, 0.9], "complete": [True, True]}
    >>> too_sure(pd.DataFrame(rows))
    ('1 of 2 intervals is of fewer than 20 customers: those of so few hold the true value less often than they say',)
    """
    if "low" not in df.columns:
        return ()
    there = df[df["complete"] & df["low"].notna()]
    last = there[there["period"] == there["period"].max()]
    few = int((last["n"] < _SURE).sum())
    if not few:
        return ()
    many = f"{few} of {len(last)} intervals {'is' if few == 1 else 'are'}"
    many = "The interval is" if len(last) == 1 else many
    words = f"of fewer than {_SURE} customers: those of so few hold the true value less often than they say"
    return (f"{many} {words}",)


def _no_interval(n: NDArray[Any], low: NDArray[Any], *, resampled: bool) -> NDArray[Any]:
    """Return why values have no interval, by how many customers each is of and where resamples begin."""
    if not resampled:
        return np.full(len(n), "too many groups and periods to resample customers: no interval")
    alike = np.where(np.isnan(low), _FEW, "all resamples are alike: no interval")
    return np.select([n < 2, n < LEAST], ["fewer than two customers: no interval", _FEWER], alike)


def _interval(
    question: Question, numerator: NDArray[Any], denominator: NDArray[Any], unit: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    assert question.interval is not None
    if unit == "count":
        return wilson(numerator.sum(axis=1), denominator.sum(axis=1), question.interval)
    low, high = bootstrap_ratio(numerator, denominator, question.interval)
    return (low / 1e6, high / 1e6) if unit == "mixed" else (low, high)


def _starts(book: Book, freq: str, first: int, periods: int) -> Any:
    return book.calendar(freq).starts(np.arange(first, first + periods))

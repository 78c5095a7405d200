"""How far ahead a forecast looks, and how what may happen is told: expected, low, middle, high, and a probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import among, finite, whole
from saasmetrics.errors import DataError
from saasmetrics.metrics.rates import check_interval
from saasmetrics.periods import day_number

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book

MONTHS = {"M": 1, "Q": 3, "Y": 12}
NOTE = (
    "Churn follows tenure, with the months of anniversaries apart; expansion and contraction come as in months that "
    "were seen; new business grows as it did from year to year, as far as that is no chance, and fades by 5% a month; "
    "the range resamples customers and months and leaves single customers to luck"
)
OPTIONS = {
    "scenario": "scenario: {value}",
    "history": "rates are those of the last {value} months",
    "interval": "{value:.0%} of what may happen lies between low and high",
    "target": "against a target of {value:,.4g}",
}


@dataclass(frozen=True, eq=False)
class Horizon:
    """The next periods.

    Parameters
    ----------
    freq
        "Q", "M" or "Y".
    ordinals
        The periods, as the calendar counts them.
    ends
        How many months from today each of them ends.
    """

    freq: str
    ordinals: NDArray[np.int64]
    ends: NDArray[np.int64]

    @property
    def begins(self) -> NDArray[np.int64]:
        """How many months from today each of them begins; 0 for one that has begun."""
        return np.concatenate([[0], self.ends[:-1]]).astype(np.int64)

    @property
    def months(self) -> int:
        """How many months from today the last of them ends."""
        return int(self.ends[-1])


def horizon(book: Book, periods: int, freq: str) -> Horizon:
    """Return the next periods; one that has begun counts as the first.

    Raises
    ------
    DataError
        If a forecast does not go by such periods.
    """
    if not among(freq, MONTHS):
        msg = f"freq={freq!r}: a forecast goes by M, Q or Y."
        raise DataError(msg)
    count = whole("quarters", periods, 1, "a whole number of periods", most=400)
    _, _, full = book.engine.extent("M")
    calendar, months = book.calendar(freq), book.calendar("M")
    running = calendar.ordinal(months.first_day(np.array([full + 1])))[0]
    ordinals = np.asarray(running + np.arange(count), np.int64)
    if calendar.first_day(ordinals[-1:] + 1)[0] > day_number("2199-12-31"):
        msg = (
            f"quarters={periods!r}: the last {calendar.noun} ends after 2199; look less far ahead."
        )
        raise DataError(msg)
    return Horizon(freq, ordinals, months.ordinal(calendar.last_day(ordinals)) - full)


def closes(book: Book, month: pd.Series[Any], freq: str) -> NDArray[np.bool_]:
    """Return which months, given by their first day, are the last of a period."""
    calendar, months = book.calendar(freq), book.calendar("M")
    ordinal = months.ordinal(month.to_numpy().astype("datetime64[D]").astype(np.int64))
    last = calendar.last_day(calendar.ordinal(months.first_day(ordinal)))
    return np.asarray(months.last_day(ordinal) == last)


def check_asked(interval: Any, target: Any) -> None:
    """Refuse an interval that is no share, and a target that is no number.

    Raises
    ------
    DataError
        If one of them is none.
    """
    if interval is None:
        msg = "interval=None: a forecast has a range; give the share that lies within, such as 0.8."
        raise DataError(msg)
    check_interval(interval)
    if target is not None:
        finite("target", target, "a number to reach")


def spread(draws: Any, interval: float, target: float | None = None) -> dict[str, Any]:
    """Return low, p50 and high of draws (the first axis), and the probability of a target; missing ones do not count.

    Examples
    --------
    >>> {name: float(value) for name, value in spread(np.arange(11.0), 0.8, target=9).items()}
    {'low': 1.0, 'p50': 5.0, 'high': 9.0, 'probability': 0.18181818181818182}
    """
    values = np.asarray(draws, float)
    known = ~np.isnan(values)
    some = known.any(axis=0)
    edges = [round(0.5 + side * interval / 2, 12) for side in (-1, 0, 1)]
    low, middle, high = np.where(
        some, np.nanquantile(np.where(some, values, 0.0), edges, axis=0), np.nan
    )
    found = {"low": low, "p50": middle, "high": high}
    if target is not None:
        reached = ((values >= target) & known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        found["probability"] = np.where(some, reached, np.nan)
    return found

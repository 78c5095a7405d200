"""Sums over days: what levels that run from one day to another add up to in periods, exactly, per group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.periods import Calendar

    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Levels:
    """Amounts that hold on the half-open days [start, end), each of one customer and currency."""

    customer: Ints
    currency: Ints
    start: Ints
    end: Ints
    level: Ints

    def of(self, level: Ints) -> Levels:
        """Return other levels on the same days, those of 0 left out."""
        keep = level != 0
        return Levels(
            self.customer[keep], self.currency[keep], self.start[keep], self.end[keep], level[keep]
        )


@dataclass(frozen=True)
class Segments:
    """Consecutive days cut at every period and every month, so that each part lies in one of both.

    `bounds` has one day more than there are parts; `period` is the ordinal of the period of each part, `month_days` the
    days of its month.
    """

    bounds: Ints
    period: Ints
    month_days: Ints

    @property
    def days(self) -> Ints:
        """Days in each part."""
        return np.diff(self.bounds)

    @property
    def last(self) -> NDArray[np.bool_]:
        """Which parts end their period."""
        return np.append(self.period[1:] != self.period[:-1], True)


def segments(calendar: Calendar, first: int, periods: int, as_of: int) -> Segments:
    """Return the parts of some periods up to the end of the day `as_of`."""
    starts = np.asarray(calendar.first_day(np.arange(first, first + periods + 1)), np.int64)
    stop = min(int(starts[-1]), as_of + 1)
    month = np.arange(_month(int(starts[0])), _month(stop) + 2)
    cut = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    bounds = np.unique(np.concatenate([starts, cut]))
    bounds = np.append(bounds[(bounds >= starts[0]) & (bounds < stop)], stop)
    at = np.searchsorted(cut, bounds[:-1], side="right")
    return Segments(bounds, calendar.ordinal(bounds[:-1]), cut[at] - cut[at - 1])


def _month(day: int) -> int:
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(int))


def day_sums(held: Levels, group: Ints, shape: tuple[int, int], bounds: Ints) -> tuple[Ints, Ints]:
    """Return the sum of level x days, and the level at the end, per group, currency and part.

    Parameters
    ----------
    held
        The levels; the cost follows their number, not that of days.
    group
        The group of each customer, -1 to leave it out.
    shape
        How many groups and currencies there are.
    bounds
        First day of each part, and the first day after the last.
    """
    parts = len(bounds) - 1
    day = np.concatenate([held.start, held.end])
    delta = np.concatenate([held.level, -held.level])
    cell = group[held.customer] * shape[1] + held.currency
    cell = np.where(group[held.customer] < 0, -1, cell)
    cell = np.concatenate([cell, cell])
    used = (day < bounds[-1]) & (cell >= 0)
    day, delta, cell = np.maximum(day[used], bounds[0]), delta[used], cell[used]
    part = np.searchsorted(bounds, day, side="right") - 1
    change = np.zeros(shape[0] * shape[1] * parts, np.int64)
    inside = np.zeros_like(change)
    np.add.at(change, cell * parts + part, delta)
    np.add.at(inside, cell * parts + part, delta * (bounds[part + 1] - day))
    per_part = change.reshape(*shape, parts)
    closing = np.cumsum(per_part, axis=2)
    before = closing - per_part
    return before * np.diff(bounds) + inside.reshape(*shape, parts), closing


def by_day(held: Levels) -> Levels:
    """Turn whole amounts into amounts per day that add up to them; the first days bear what division leaves."""
    length = np.maximum(held.end - held.start, 1)
    share, rest = np.divmod(held.level, length)

    def both(one: Ints, two: Ints) -> Ints:
        return np.concatenate([one, two])

    return Levels(
        both(held.customer, held.customer),
        both(held.currency, held.currency),
        both(held.start, held.start),
        both(held.start + length, held.start + rest),
        both(share, np.ones_like(share)),
    )


def valued(sums: Ints, parts: Ints, factor: NDArray[np.float64] | None) -> Ints:
    """Divide sums by `parts`, at a rate, into micro-units rounded so that the groups add up to the whole.

    Each group's value is what it adds to the rounded value of the groups up to it.
    """
    running = np.cumsum(sums, axis=0)
    if factor is None:
        value = (2 * running + parts) // (2 * parts)
    else:
        value = np.rint(running / parts * factor).astype(np.int64)
    return np.diff(value, axis=0, prepend=np.zeros_like(value[:1]))

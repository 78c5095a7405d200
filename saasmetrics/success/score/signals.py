"""The components of a health score on a day: usage, issues, tenure and survey, from what was known on that day."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.success.score.events import Events
    from saasmetrics.success.score.model import HealthModel

    Floats = NDArray[np.float64]

NEVER = -(2**30)
_SMALL = 20  # customers of a segment below which the whole company is its yardstick
_BASE_DAYS = 28  # of use before the last days, without which there is no trend
STALE_DAYS = 10  # without any use of anybody, after which the export has ended: longer than a weekly one is late


def faded(age: NDArray[np.int64], half_life: float | None) -> Floats:
    """Return what a signal of some days of age still counts.

    Examples
    --------
    >>> faded(np.array([0, 45, 90]), 45).tolist()
    [1.0, 0.5, 0.25]
    """
    return np.ones(len(age)) if half_life is None else np.exp2(-age / half_life)


def damping(months: NDArray[np.float64] | float, half: float) -> Floats:
    """Return how much trouble counts for a customer of some months: strictly less the longer it has been one.

    Examples
    --------
    >>> damping(np.array([0.0, 24.0]), 24).tolist()
    [1.0, 0.5]
    """
    return np.asarray(1.0 / (1.0 + np.asarray(months, float) / half))


def yardstick(
    values: Floats, group: NDArray[np.int64], used: NDArray[np.bool_], q: float
) -> Floats:
    """Return for each customer the quantile of the positive values in its segment, or in all where it is small.

    How many customers a segment has decides, never how many of them have a value: with one more ticket a customer
    must not change its yardstick.
    """
    many = int(group.max(initial=0)) + 1
    out = np.full(many, np.nan)
    positive = used & (values > 0)
    size = np.bincount(group[used], minlength=many)
    overall = float(np.quantile(values[positive], q)) if positive.any() else np.nan
    for number in np.flatnonzero(size >= _SMALL):
        mine = values[positive & (group == number)]
        out[number] = np.quantile(mine, q) if len(mine) else np.nan
    out[size < _SMALL] = overall
    return out[group]


@dataclass(eq=False)
class Tickets:
    """The tickets of a book, and the load they put on a customer on a day."""

    events: Events
    solved: NDArray[np.int32] = field(init=False)
    hours: Floats = field(init=False)

    def __post_init__(self) -> None:
        found = self.events
        timed = found.has("handle_seconds")
        self.hours = (
            found.numbers("handle_seconds", 0.0) / 3600 if timed else np.zeros(len(found.row))
        )
        # Work on a ticket is known in full when it is solved; before that it would tell the future.
        self.solved = found.days("solved_at") if found.has("solved_at") else found.day

    def load(self, day: int, model: HealthModel, many: int) -> tuple[Floats, Floats, Floats]:
        """Return the load, the number of tickets and the hours of the window, per customer."""
        first = day - model.window_days + 1
        here = self.events.within(first if model.hard_window else NEVER, day)
        who, age = self.events.entity[here], day - self.events.day[here].astype(np.int64)
        hours = np.where(self.solved[here] <= day, self.hours[here], 0.0)
        weight = faded(age, model.half_life_days)
        load = np.bincount(who, weight * (1 + model.hour_weight * hours), many)
        recent = age < model.window_days
        count = np.bincount(who[recent], minlength=many).astype(float)
        spent = np.bincount(who[recent], hours[recent], many)
        return np.asarray(load, float), count, np.asarray(spent, float)


@dataclass(eq=False)
class Usage:
    """The usage of a book; `last` is the last day of use per customer and feature, moved on from day to day."""

    events: Events
    many: int
    names: list[str] = field(init=False)
    feature: NDArray[np.int32] = field(init=False)
    amount: Floats = field(init=False)
    last: NDArray[np.int32] = field(init=False)
    first: NDArray[np.int32] = field(init=False)
    _done: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        found = self.events
        if found.has("feature"):
            names, code = found.codes("feature")
            order = sorted(range(len(names)), key=lambda at: str(names[at]))
            rank = np.argsort(np.array(order, np.int64), kind="stable").astype(np.int32)
            self.names = [str(names[at]) for at in order]
            self.feature = np.where(code < 0, 0, np.append(rank, np.int32(0))[code])
        else:
            self.names, self.feature = ["any"], np.zeros(len(found.row), np.int32)
        measure = next((name for name in ("events", "users") if found.has(name)), None)
        self.amount = np.ones(len(found.row)) if measure is None else found.numbers(measure, 0.0)
        self._restart()

    def _restart(self) -> None:
        self.last = np.full((self.many, max(len(self.names), 1)), NEVER, np.int32)
        self.first = np.full(self.many, -NEVER, np.int32)
        self._done = 0

    def move_to(self, day: int) -> None:
        """Take in what was known by the end of a day; going back starts over."""
        end = self.events.until(day).stop
        if end < self._done:
            self._restart()
        new = slice(self._done, end)
        who, when = self.events.entity[new], self.events.day[new]
        flat = self.last.reshape(-1)
        key = who.astype(np.int64) * self.last.shape[1] + self.feature[new]
        if self.events.at_once:
            flat[key] = when  # in order of day, and of equal places the last one stays
            self.first[who[::-1]] = np.minimum(when[::-1], self.first[who[::-1]])
        else:
            np.maximum.at(flat, key, when)
            np.minimum.at(self.first, who, when)
        self._done = end

    def last_day(self, day: int) -> int:
        """Return the latest day of use known at the end of a day, the day itself where none is."""
        known = self.events.until(day).stop
        return int(self._latest[known - 1]) if known else day

    def seen(self, day: int, model: HealthModel) -> int:
        """Return the day until which use is on record, the day itself where nothing says that it ends before.

        Where many customers used something and then nobody does for days, the record ends and not their use.
        """
        last = self.last_day(day)
        if day - last <= STALE_DAYS:
            return day
        here = self.events.within(last - model.stop_days + 1, day)
        many = len(np.unique(self.events.entity[here]))
        return last if many >= _SMALL else day

    @cached_property
    def _latest(self) -> NDArray[np.int32]:
        """The latest day of use of what was known by each row."""
        return np.maximum.accumulate(self.events.day)

    def states(self, day: int, model: HealthModel) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """Return 2 for used, 1 for stopped and 0 for never used, customers x features; and which features exist yet."""
        self.move_to(day)
        state = (self.last > NEVER).astype(np.int8)
        state += self.last > self.seen(day, model) - model.stop_days
        return state, np.asarray((self.last > NEVER).any(axis=0))

    def rates(self, day: int, model: HealthModel) -> tuple[Floats, Floats, Floats]:
        """Return the faded amount of the window, and the amounts per day of the last days and of those before."""
        seen = self.seen(day, model)
        here = self.events.within(seen - model.window_days + 1, day)
        who, amount = self.events.entity[here], self.amount[here]
        age = seen - self.events.day[here].astype(np.int64)
        level = np.bincount(who, amount * faded(age, model.half_life_days), self.many)
        new = age < model.stop_days
        recent = np.bincount(who[new], amount[new], self.many) / model.stop_days
        since = (
            np.minimum(seen - self.first.astype(np.int64) + 1, model.window_days) - model.stop_days
        )
        before = np.bincount(who[~new], amount[~new], self.many)
        base = np.divide(before, since, out=np.full(self.many, np.nan), where=since >= _BASE_DAYS)
        return np.asarray(level, float), np.asarray(recent, float), base

    def score(
        self, day: int, model: HealthModel, group: NDArray[np.int64], paying: NDArray[np.bool_]
    ) -> dict[str, Floats]:
        """Return the usage score with its parts, 0 to 100; missing for customers without any use on record."""
        state, there = self.states(day, model)
        worth = np.array([model.never, model.stopped, 1.0])
        breadth = worth[state][:, there].sum(axis=1) if there.any() else np.zeros(self.many)
        level, recent, base = self.rates(day, model)
        seen = (state > 0).any(axis=1)
        counted = paying & seen
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = {
                "features": breadth / yardstick(breadth, group, counted, model.quantile),
                "level": level / yardstick(level, group, counted, model.quantile),
                "trend": np.where(base > 0, recent / base, np.nan),
            }
        capped = np.stack([np.minimum(part, 1.0) for part in parts.values()], axis=1) * 100
        # Where nobody of the segment did anything in the window, there is no yardstick, and nothing used is nothing.
        capped[:, 1] = np.where(level == 0, 0.0, capped[:, 1])
        from saasmetrics.success.score.model import PARTS, combined

        weights = np.array([[model.usage_parts.get(name, 0.0) for name in PARTS]])
        score = np.where(seen, combined(capped, weights)[0], np.nan)
        used, stopped = (state == 2).sum(axis=1), (state == 1).sum(axis=1)
        return {
            "usage": score,
            "features_used": used,
            "features_stopped": stopped,
            "trend": parts["trend"],
        }


@dataclass(eq=False)
class Answers:
    """The last survey answer of each customer on a day."""

    events: Events
    instrument: str = "nps"
    share: Floats = field(init=False)
    unscored: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        found = self.events
        kinds, code = found.codes("instrument")
        mine = np.array([kind == self.instrument for kind in kinds] + [False])[code]
        score = found.numbers("score")
        scale = (
            found.numbers("scale_max") if found.has("scale_max") else np.full(len(score), np.nan)
        )
        usual = {"nps": 10.0, "csat": 5.0, "ces": 7.0}[self.instrument]
        self.share = np.where(mine, score / np.where(np.isnan(scale), usual, scale), np.nan)
        self.unscored = int((mine & np.isnan(score)).sum())

    def last(self, day: int, window: int, many: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the last answer of the window as a share of its scale, and who answered."""
        here = self.events.within(day - window + 1, day)
        who, share, when = self.events.entity[here], self.share[here], self.events.day[here]
        said = ~np.isnan(share)
        who, share, when = who[said], share[said], when[said]
        order = np.argsort(when, kind="stable")
        out = np.full(many, np.nan)
        out[who[order]] = share[order]
        return out, ~np.isnan(out)

"""What came of what was planned: the actual of each metric that targets are set for, per owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.renewals import OPEN, RENEWED
from saasmetrics.metrics.renewals.forecast import Outlook, learnt, likely
from saasmetrics.metrics.renewals.shared import Desk
from saasmetrics.money import MICRO
from saasmetrics.success.goals.owners import owned
from saasmetrics.success.goals.pace import Pace, months_of, seasonal

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from saasmetrics.book import Book

_TERMS = ("fixed", 90, 90)
_YEAR = 12  # from MRR to ARR


@dataclass(frozen=True)
class Actual:
    """The actual of one owner; `reaches` gives the probability of a target where there is a list of what is open."""

    value: float
    numerator: float = np.nan
    denominator: float = np.nan
    n: int = 0
    reason: str = ""
    pace: Pace | None = None
    reaches: Callable[[float], float] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Goal:
    """A metric that targets are set for: unit, whether less is better, whether it adds up, and how it is computed."""

    name: str
    unit: str
    lower: bool
    flow: bool
    compute: Callable[[Asked], dict[tuple[Any, ...], Actual]]


@dataclass(frozen=True)
class Asked:
    """For which period of which frequency, by which column, under which rule of transfers."""

    book: Book
    freq: str
    ordinal: int
    by: tuple[str, ...]
    rule: str
    rho: float = 0.0

    @property
    def first(self) -> int:
        """First day of the period."""
        return int(self.book.calendar(self.freq).first_day(np.array([self.ordinal]))[0])

    @property
    def last(self) -> int:
        """Last day of the period."""
        return int(self.book.calendar(self.freq).last_day(np.array([self.ordinal]))[0])

    def at_start(self) -> Book:
        """Return the book under the owners at the start of the period."""
        return owned(self.book, self.first - 1) if self.by else self.book

    def months(self) -> list[int]:
        """Return the months of the period up to the as-of date."""
        calendar = self.book.calendar("M")
        edges = calendar.ordinal(np.array([self.first, min(self.last, self.book.as_of_day)]))
        return list(range(int(edges[0]), int(edges[1]) + 1))


def _labelled(frame: pd.DataFrame, by: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return list(frame[list(by)].itertuples(index=False, name=None)) if by else [()] * len(frame)


def _moved(
    asked: Asked, book: Book, freq: str, ordinal: int, column: str
) -> dict[tuple[Any, ...], tuple[float, int]]:
    """Return a movement of one period as ARR, and its customers, per owner."""
    frame = book.movements(freq, asked.by or None)
    frame = frame[frame["period"] == book.calendar(freq).starts(np.array([ordinal]))[0]]
    counts = frame[_COUNTED[column]].to_numpy()
    amounts = np.abs(frame[column].to_numpy(float)) * _YEAR / MICRO
    keys = _labelled(frame, asked.by)
    return {key: (float(a), int(n)) for key, a, n in zip(keys, amounts, counts, strict=True)}


_COUNTED = {"new": "customers_new", "expansion": "customers_expanded", "churn": "customers_churned"}


def movement(column: str) -> Callable[[Asked], dict[tuple[Any, ...], Actual]]:
    """Return how a movement of the bridge is computed per owner, as ARR."""

    def compute(asked: Asked) -> dict[tuple[Any, ...], Actual]:
        book, pace = asked.book, seasonal(asked.book, column, asked.freq, asked.ordinal)
        if asked.rule == "start" or not asked.by:
            parts = [(1.0, _moved(asked, asked.at_start(), asked.freq, asked.ordinal, column))]
        else:
            months = asked.months()
            ends = book.calendar("M").last_day(np.array(months)).tolist()
            books = [owned(book, min(end, book.as_of_day)) for end in ends]
            if asked.rule == "event":
                pairs = zip(months, books, strict=True)
                parts = [(1.0, _moved(asked, each, "M", month, column)) for month, each in pairs]
            else:
                share = 1 / len(books)
                parts = [
                    (share, _moved(asked, each, asked.freq, asked.ordinal, column))
                    for each in books
                ]
        found: dict[tuple[Any, ...], list[float]] = {}
        for share, rows in parts:
            for key, (amount, n) in rows.items():
                cell = found.setdefault(key, [0.0, 0.0])
                cell[0], cell[1] = cell[0] + share * amount, cell[1] + share * n
        return {key: Actual(a, n=round(n), pace=pace) for key, (a, n) in found.items()}

    return compute


def retained(column: str) -> Callable[[Asked], dict[tuple[Any, ...], Actual]]:
    """Return how twelve-month retention at the end of the last complete month is computed per owner at the start."""

    def compute(asked: Asked) -> dict[tuple[Any, ...], Actual]:
        book = asked.at_start()
        frame = book.pairs(12, "M", asked.by or None)
        frame = frame[frame["complete"]]
        inside = frame["period"] >= np.datetime64(asked.first, "D")
        frame = frame[inside & (frame["period"] <= np.datetime64(asked.last, "D"))]
        if not len(frame):
            return {}
        frame = frame[frame["period"] == frame["period"].max()]
        out = {}
        for key, row in zip(_labelled(frame, asked.by), frame.to_dict("records"), strict=True):
            top, bottom = row[column] / MICRO, row["opening"] / MICRO
            value = top / bottom if bottom > 0 else np.nan
            why = "" if bottom > 0 else "nobody paid twelve months before"
            out[key] = Actual(value, top, bottom, int(row["customers"]), why)
        return out

    return compute


def level(asked: Asked) -> dict[tuple[Any, ...], Actual]:
    """Return ARR at the end of the period, or now, per owner at the start."""
    frame = asked.at_start().movements(asked.freq, asked.by or None)
    frame = frame[
        frame["period"] == asked.book.calendar(asked.freq).starts(np.array([asked.ordinal]))[0]
    ]
    rows = zip(
        _labelled(frame, asked.by), frame["closing"], frame["customers_closing"], strict=True
    )
    return {key: Actual(_YEAR * arr / MICRO, n=int(n)) for key, arr, n in rows}


def renewals(asked: Asked) -> dict[tuple[Any, ...], Actual]:
    """Return what was renewed of what is due in the period, with its distribution, per owner at the start."""
    book = asked.at_start()
    odds, pooled = learnt(book, "segment", *_TERMS)
    desk = Desk.asked(book, asked.freq, asked.by or None, *_TERMS)
    desk = desk.only(desk.due == asked.ordinal)
    outlook = Outlook(desk, odds, likely(desk, pooled, odds), asked.rho)
    end, out = desk.found.terms.end[desk.kept], {}
    code = desk.code()
    for number, label in enumerate(desk.groups.labels):
        mine = code == number
        if not mine.any() and asked.by:
            continue
        due = float(outlook.due[mine].sum()) / MICRO
        won = float(outlook.kept[mine & (outlook.outcome == RENEWED)].sum()) / MICRO
        by_now = float(outlook.due[mine & (end <= book.as_of_day)].sum()) / MICRO
        passed, total = months_of(book, asked.freq, asked.ordinal)
        said = "the pace is what was due by now of what is due in the period"
        pace = Pace(passed, total, by_now / due if due > 0 else np.nan, said)
        spread = outlook.spread(mine)
        still = int((mine & (outlook.outcome == OPEN)).sum())
        why = "" if mine.any() else "nothing comes up for renewal in the period"
        reaches = None if spread is None else spread.reaches
        out[label] = Actual(won, won, due, still, why, pace, reaches)
    return out


GOALS: dict[str, Goal] = {
    goal.name: goal
    for goal in (
        Goal("arr", "money", lower=False, flow=False, compute=level),
        Goal("nrr", "ratio", lower=False, flow=False, compute=retained("closing")),
        Goal("grr", "ratio", lower=False, flow=False, compute=retained("kept")),
        Goal("renewals", "money", lower=False, flow=True, compute=renewals),
        Goal("expansion", "money", lower=False, flow=True, compute=movement("expansion")),
        Goal("churn", "money", lower=True, flow=True, compute=movement("churn")),
        Goal("new", "money", lower=False, flow=True, compute=movement("new")),
    )
}

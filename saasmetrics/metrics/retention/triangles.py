"""Both sides of a measure by group, bag of customers, cohort and age, and which cells have been observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import among
from saasmetrics.engine.signups import SIGNED, sign_up_triangle
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import bootstrap_ratio, ratio
from saasmetrics.periods import FREQS, NOUNS
from saasmetrics.survival.bootstrap import bags_for
from saasmetrics.survival.estimate import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.cubes import Cube

BAGS = 200  # of customers, for intervals
MONTHS = {"D": 12 / 365, "W": 12 / 52, "M": 1, "Q": 3, "Y": 12}
# Retention compares at the exchange rates of the cohort's first period; only MRR itself is at those of its own period.
_TOP = {"logos": "customers", "net": "constant", "gross": "floor", "mrr": "mrr"}
_FLOOR = {"path": "floor", "point": "point"}
COUNTED = ("logos",)
AVERAGED = ("logos", "net", "gross", "gross_profit")


@dataclass(frozen=True)
class Triangle:
    """A measure by cohort and age: arrays of groups x bags x cohorts x ages, in customers or currency units.

    `heads` are the customers of a cohort (groups x cohorts); `known` says which cells have been observed in full and
    `running` in which the period is not over (cohorts x ages). `cohorts` holds the first day of each.
    """

    measure: str
    labels: tuple[tuple[Any, ...], ...]
    cohorts: NDArray[np.datetime64]
    top: NDArray[np.float64]
    bottom: NDArray[np.float64]
    heads: NDArray[np.int64]
    known: NDArray[np.bool_]
    running: NDArray[np.bool_]
    notes: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether both sides are customers."""
        return self.measure in COUNTED

    def value(self, top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value of sums over bags."""
        return top if self.measure == "mrr" else ratio(top, bottom)

    def interval(
        self, top: NDArray[np.float64], bottom: NDArray[np.float64], level: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the interval of sums per group, bag and cell; missing where customers are not told apart."""
        if self.counted:
            return wilson(top.sum(axis=1), bottom.sum(axis=1), level)
        if top.shape[1] == 1 or self.measure == "mrr":
            nothing = np.full(top.sum(axis=1).shape, np.nan)
            return nothing, nothing.copy()
        return bootstrap_ratio(top, bottom, level)  # type: ignore[arg-type]

    @property
    def born(self) -> NDArray[np.bool_]:
        """Which cohorts have customers."""
        return self.heads > 0

    def many(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many cohorts are old enough per group and age, and how many customers they have."""
        counts = (self.born[:, :, None] & self.known).sum(axis=1)
        return counts, (self.heads[:, :, None] * self.known).sum(axis=1)

    def eligible(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return both sides by age over the cohorts old enough, as groups x bags x ages."""
        return (self.top * self.known).sum(axis=2), (self.bottom * self.known).sum(axis=2)


def triangle(
    book: Book,
    measure: str,
    freq: str,
    by: Sequence[str],
    *,
    start: str,
    margin: float | None,
    bags: bool,
) -> Triangle:
    """Return a measure by cohort and age.

    Parameters
    ----------
    book, measure, freq, by
        As for `cohorts`.
    start
        "first_payment" or "sign_up".
    margin
        Gross margin as a share, for gross profit.
    bags
        Whether to keep bags of customers apart, for intervals of money.
    """
    cube, notes = _cube(book, freq, by, start, bags=bags and measure not in COUNTED)
    name = _FLOOR[book.policy.cohort_floor] if measure == "gross" else _TOP.get(measure, "constant")
    top = _split(cube, name).astype(float)
    base = _split(cube, SIGNED if start == "sign_up" else _base_of(measure)).astype(float)
    bottom = np.repeat(base[..., :1], base.shape[-1], axis=-1)
    if measure == "gross_profit":
        assert margin is not None
        top = np.cumsum(top, axis=-1) * (margin * MONTHS[freq])
    money_top, money_bottom = measure not in COUNTED, measure in ("net", "gross", "mrr")
    calendar, width = book.calendar(freq), top.shape[-1]
    ordinal = cube.first + np.arange(width)[:, None] + np.arange(width)[None, :]
    known, running = _seen(book, freq, ordinal)
    return Triangle(
        measure,
        cube.groups.labels,
        calendar.starts(cube.first + np.arange(width)),
        top / 1e6 if money_top else top,
        bottom / 1e6 if money_bottom and start != "sign_up" else bottom,
        _split(cube, SIGNED if start == "sign_up" else "customers").sum(axis=1)[:, :, 0]
        if width
        else np.zeros((len(cube.groups), 0), np.int64),
        known,
        running,
        notes,
    )


def _base_of(measure: str) -> str:
    return (
        "customers"
        if measure in ("logos", "gross_profit")
        else "constant"
        if measure != "mrr"
        else "mrr"
    )


def _cube(
    book: Book, freq: str, by: Sequence[str], start: str, *, bags: bool
) -> tuple[Cube, tuple[str, ...]]:
    engine = book.engine
    if start == "sign_up":
        return sign_up_triangle(engine, freq, by)
    _, periods, _ = engine.extent(freq)
    fit = min(bags_for(periods * periods * len(engine.grouping(tuple(by)))), BAGS)
    return engine.triangle(freq, tuple(by), fit if bags else 0), ()


def _split(cube: Cube, name: str) -> NDArray[np.int64]:
    return cube.bagged(name) if cube.bags else cube.measures[name][:, None]


def _seen(
    book: Book, freq: str, ordinal: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    _, _, full = book.engine.extent(freq)
    calendar = book.calendar(freq)
    known = ordinal <= full
    if book.since_day is not None:
        known &= ordinal >= calendar.ordinal(np.array([book.since_day]))[0]
    today = calendar.ordinal(np.array([book.as_of_day]))[0]
    return known, (ordinal == today) & ~known


def pooled(found: Triangle, book: Book, freq: str, coarse: str) -> Triangle:
    """Return a triangle with cohorts pooled into longer periods; a cell is known where all in it are.

    Raises
    ------
    DataError
        If the longer period is not longer.
    """
    longer = FREQS[FREQS.index(freq) + 1 :]
    if not among(coarse, longer):
        which = f"take one of {', '.join(longer)}" if longer else "there are none; leave it out"
        msg = f"cohort_freq={coarse!r} pools cohorts of a {NOUNS[freq]} into longer ones: {which}."
        raise DataError(msg)
    calendar = book.calendar(coarse)
    days = found.cohorts.astype("datetime64[D]").astype(np.int64)
    period = calendar.ordinal(days)
    used = np.unique(period)
    begins = np.searchsorted(period, used)
    idle = np.logical_not(found.born.any(axis=0))[:, None]
    if not len(used):
        return found
    known = np.minimum.reduceat(found.known | idle, begins, axis=0)
    some = np.maximum.reduceat(found.known & ~idle, begins, axis=0)
    running = np.maximum.reduceat(found.running & ~idle, begins, axis=0)
    return Triangle(
        found.measure,
        found.labels,
        calendar.starts(used),
        np.add.reduceat(found.top, begins, axis=2),
        np.add.reduceat(found.bottom, begins, axis=2),
        np.add.reduceat(found.heads, begins, axis=1),
        known & some,
        ~known & (some | running),
        found.notes,
    )

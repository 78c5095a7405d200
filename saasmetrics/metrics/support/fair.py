"""Comparing people and teams fairly: what they would be expected to take for their tickets, and how far chance goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.engine.facets import Facets
from saasmetrics.engine.tally import distinct, tally
from saasmetrics.engine.tickets import UNKNOWN
from saasmetrics.metrics.made import ratio
from saasmetrics.metrics.support.clocks import (
    HANDLED,
    MATURE_DAYS,
    RATED,
    WORKED,
    clock,
    clock_facets,
    handle_hours,
    matured,
    matured_facets,
    worked,
)
from saasmetrics.metrics.support.inbox import HOUR
from saasmetrics.survival.estimate import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox

    Floats = NDArray[np.float64]

MEASURES = {
    "handle": "hours of work on a solved ticket",
    "first_reply": "hours to the first reply, of answered tickets",
    "resolution": "hours to the last solution, of solved tickets",
    "csat": "share of answers that are satisfied",
    "reopen_rate": "share of solved tickets that were reopened",
}
UNITS = {"csat": "ratio", "reopen_rate": "ratio"}
BEST = {"csat": "high"}
CASE_MIX = ("tag", "channel", "tier", "priority")


@dataclass(frozen=True, eq=False)
class Values:
    """One value per ticket, or the mean of those that are alike, and which tickets have one.

    `apart` is the sum of squares by which tickets that are alike are from their mean.
    """

    value: Floats
    kept: NDArray[np.bool_]
    apart: Floats


_LOOKS = {
    "handle": WORKED,
    "csat": RATED,
    "reopen_rate": matured_facets(MATURE_DAYS),
}


def facets_of(book: Book, measure: str, case_mix: Sequence[str], *, each: bool = False) -> Facets:
    """Return what `values_of` and `strata` look at; `each`: so that alike are only tickets of the same value."""
    one_of("measure", measure, MEASURES)
    if measure in ("first_reply", "resolution"):
        looks = replace(clock_facets(measure), together=not each, squares=not each)
    else:
        looks = HANDLED if each and measure == "handle" else _LOOKS[measure]
    return looks | Facets(raw=_there(book, case_mix))


def _there(book: Book, columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(n for n in columns if n in book.tables["tickets"].data.column_names)


def values_of(inbox: Inbox, measure: str) -> Values:
    """Return what a measure says of each ticket."""
    one_of("measure", measure, MEASURES)
    tickets = inbox.tickets
    if measure == "handle":
        apart = inbox.apart("work") * float(handle_hours(1)) ** 2
        return Values(handle_hours(inbox.work) / inbox.n, worked(inbox)[0], apart)
    if measure in ("first_reply", "resolution"):
        found, apart = clock(inbox, measure), inbox.apart(measure) / HOUR**2
        return Values(found.total / inbox.n / HOUR, found.kept & found.over, apart)
    alike = np.zeros(len(inbox.n))
    if measure == "csat":
        good = np.maximum(tickets.satisfied, 0).astype(float)
        return Values(good, (tickets.satisfied != UNKNOWN) & inbox.since, alike)
    return Values((tickets.reopens > 0).astype(float), matured(inbox, MATURE_DAYS), alike)


def strata(inbox: Inbox, columns: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the stratum of each ticket by those of the columns that there are, and their names."""
    there = _there(inbox.book, columns)
    code = np.zeros(len(inbox.tickets), np.int64)
    for name in there:
        labels, codes = inbox.labels(name)
        _, code32 = distinct(
            code * len(labels) + codes, (int(code.max(initial=0)) + 1) * len(labels)
        )
        code = code32.astype(np.int64)
    return code, there


@dataclass(frozen=True, eq=False)
class Standardized:
    """What groups had against what is expected of their cases; one element per group.

    Parameters
    ----------
    n
        Tickets, or customers.
    observed, expected
        Sums.
    error
        Standard error of observed / expected if the group is as all are.
    overall
        The mean of all.
    """

    n: NDArray[np.int64]
    observed: Floats
    expected: Floats
    error: Floats
    overall: float

    @property
    def ratio(self) -> Floats:
        """Observed / expected: 1 is as expected."""
        return ratio(self.observed, self.expected)

    @property
    def between(self) -> float:
        """The variance of true ratios between groups (DerSimonian and Laird 1986); 0 where chance explains all."""
        used = np.isfinite(self.ratio) & (self.error > 0)
        if used.sum() < 2:
            return 0.0
        weight = 1 / self.error[used] ** 2
        mean = float((weight * self.ratio[used]).sum() / weight.sum())
        q = float((weight * (self.ratio[used] - mean) ** 2).sum())
        scale = float(weight.sum() - (weight**2).sum() / weight.sum())
        return max((q - (int(used.sum()) - 1)) / scale, 0.0) if scale > 0 else 0.0

    def shrunk(self) -> Floats:
        """Return each ratio drawn towards 1, the more the less is known of the group."""
        trust = ratio(np.full(len(self.n), self.between), self.between + self.error**2)
        trust = np.where(self.error > 0, np.nan_to_num(trust), 0.0)
        return np.where(np.isfinite(self.ratio), 1 + trust * (self.ratio - 1), np.nan)

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Return the normal interval of the ratio, not below 0."""
        half = normal_quantile(level) * self.error
        return np.maximum(self.ratio - half, 0), self.ratio + half

    def outside(self) -> NDArray[Any]:
        """Return how far each group is out of the funnel: within it, outside 95 % or outside 99.8 %."""
        z = np.abs(ratio(self.ratio - 1, self.error))
        words = np.where(z > normal_quantile(0.998), "outside 99.8%", "outside 95%")
        return np.where(z > normal_quantile(0.95), words, "within").astype(object)


def standardized(
    value: Floats,
    stratum: NDArray[np.int64],
    group: NDArray[np.int64],
    groups: int,
    cases: NDArray[np.int64] | None = None,
    within: Floats | None = None,
) -> Standardized:
    """Return the groups' sums against what their cases take in all groups together (indirect standardization).

    Parameters
    ----------
    value, stratum, group
        Of each case, or of those that are alike: their mean.
    groups
        How many groups there are.
    cases
        How many cases each element stands for; one by default.
    within
        The sum of squares by which the cases of each element are from their mean; 0 by default.

    Notes
    -----
    A case is expected to take the mean of its stratum; the variance of a sum is that of its strata. Both are those of
    all groups, so that a group that is alone in a stratum is compared with itself there.

    Examples
    --------
    >>> made = standardized(np.array([1.0, 3, 10, 30]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), 2)
    >>> made.ratio.round(3).tolist()
    [0.5, 1.5]
    """
    size = int(stratum.max(initial=0)) + 1
    one = np.ones(len(value), np.int64) if cases is None else cases
    n = tally(stratum, one, size)
    mean = np.bincount(stratum, value * one, minlength=size) / np.maximum(n, 1)
    inside = 0.0 if within is None else within
    apart = np.bincount(stratum, (value - mean[stratum]) ** 2 * one + inside, minlength=size)
    spread = apart / np.maximum(n - 1, 1)
    expected = np.bincount(group, mean[stratum] * one, minlength=groups)
    variance = np.bincount(group, spread[stratum] * one, minlength=groups)
    error = np.sqrt(variance) / np.where(expected > 0, expected, np.nan)
    overall = float((value * one).sum() / one.sum()) if len(value) else np.nan
    count = tally(group, one, groups)
    observed: Any = np.bincount(group, value * one, minlength=groups)
    summed: Any = expected
    return Standardized(count, observed, summed, np.nan_to_num(error), overall)


def bands(low: Floats, high: Floats) -> NDArray[np.int64]:
    """Return the band of each interval: those that overlap, also through others, are not to be told apart.

    Examples
    --------
    >>> bands(np.array([0.1, 0.3, 0.8]), np.array([0.4, 0.5, 0.9])).tolist()
    [1, 1, 2]
    """
    order = np.argsort(low, kind="stable")
    reach = np.maximum.accumulate(high[order])
    new = np.append(True, low[order][1:] > reach[:-1])[: len(low)]
    out = np.empty(len(low), np.int64)
    out[order] = np.cumsum(new)
    return out


def solved_since(inbox: Inbox) -> NDArray[np.bool_]:
    """Return the solved tickets that are looked at."""
    return np.asarray(inbox.over("first_resolution") & inbox.since)

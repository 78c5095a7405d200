"""What tickets take: handling time by month, and the people for tickets to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.request_counts import request_counts
from saasmetrics.engine.tally import tally
from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.workforce import fte_required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.book import Book

    Floats = NDArray[np.float64]

SEED = 20260102


@dataclass(frozen=True)
class Handling:
    """Handling times by month: tickets with one, their sum and sum of squares in minutes, and people per minute."""

    count: NDArray[np.int64]
    minutes: Floats
    squares: Floats
    each: float

    @property
    def people(self) -> Floats:
        """Full-time people that each month's tickets took."""
        return self.minutes * self.each

    def mean(self, some: slice) -> tuple[float, float]:
        """Return mean and standard deviation of the minutes of a ticket in some months.

        Raises
        ------
        DataError
            If no ticket of theirs has a handling time.
        """
        count = int(self.count[some].sum())
        if not count:
            msg = "No ticket has a handling time (tickets.handle_seconds); give handle_minutes."
            raise DataError(msg)
        mean = float(self.minutes[some].sum()) / count
        return mean, float(np.sqrt(max(self.squares[some].sum() / count - mean**2, 0.0)))

    def of_tickets(self, tickets: Floats, some: slice) -> Floats:
        """Return the people for tickets to come, draw by draw, at the handling times of some months."""
        mean, spread = self.mean(some)
        chance = np.random.default_rng(SEED).standard_normal(tickets.shape)
        minutes = tickets * mean + np.sqrt(tickets) * spread * chance
        return np.asarray(np.maximum(minutes, 0.0) * self.each)


def handled(
    book: Book,
    first: int,
    months: int,
    where: Mapping[str, str] | None = None,
    *,
    hours: float = 160,
    shrinkage: float = 0.3,
    occupancy: float = 0.8,
) -> Handling:
    """Return the handling times of the tickets of some months."""
    found = request_counts(book.engine, "Demand", where)
    month = book.calendar("M").ordinal(found.day) - first
    known = (month >= 0) & (month < months)
    at = month[known]
    sums = [
        np.bincount(at, weights[known], months)[:months].astype(float)
        for weights in (found.worked / 60, found.squared / 60**2)
    ]
    each = fte_required(1, 1, hours, shrinkage, occupancy)
    return Handling(tally(at, found.timed[known], months)[:months], sums[0], sums[1], each)

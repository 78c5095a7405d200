"""How many tickets come, from whom and after how long as a customer: counts by group, tenure and month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.followed import followed
from saasmetrics.engine.request_counts import request_counts
from saasmetrics.engine.tally import tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

BANDS = (3, 12)
"""Ages in months at which a customer enters the next band of tenure: new, settling in, settled."""
BAND_NAMES = ("months 1-3", "months 4-12", "later")


@dataclass(frozen=True)
class Contacts:
    """Tickets and customers by group, band of tenure and month.

    Attributes
    ----------
    labels
        The groups.
    first
        First month.
    tickets, customers
        Groups x bands x months; customers are those paying at the end of the month.
    new, lost, exposed
        Customers won and lost in the month (groups x months; groups x bands x months), and those who could be lost.
    outside
        Tickets of accounts that do not pay at the end of the month: per month.
    """

    labels: tuple[tuple[Any, ...], ...]
    first: int
    tickets: NDArray[np.int64]
    customers: NDArray[np.int64]
    new: NDArray[np.int64]
    lost: NDArray[np.int64]
    exposed: NDArray[np.int64]
    outside: NDArray[np.int64]


def contacts(
    engine: LocalEngine,
    by: Sequence[str],
    months: tuple[int, int],
    where: Mapping[str, str] | None = None,
) -> Contacts:
    """Return tickets and customers of the months from the first to the last, both included."""
    first, last = months
    found, engine = request_counts(engine, "Demand", where, customers=True), followed(engine)
    grouping = engine.grouping(by)
    group = engine.origin(by).astype(np.int64)
    many, width, bands = len(grouping), last - first + 1, len(BANDS) + 1
    ledger = engine.periodic("M")
    begun = ledger.since.astype(np.int64)
    shape = (many, bands, width)
    tickets, customers, lost, exposed = (np.zeros(shape, np.int64) for _ in range(4))
    new, outside = np.zeros((many, width), np.int64), np.zeros(width, np.int64)
    month = engine.calendar("M").ordinal(found.day)
    edges = np.searchsorted(month, np.arange(first, last + 2))  # which stand in the order of time
    before = ledger.state(first - 1)[0] > 0
    for place, period in enumerate(range(first, last + 1)):
        paying = ledger.state(period)[0] > 0
        band = np.digitize(period - begun, BANDS)
        cell = group * bands + band
        customers[:, :, place] = _count(cell[paying], many, bands)
        exposed[:, :, place] = _count(cell[before], many, bands)
        lost[:, :, place] = _count(cell[before & ~paying], many, bands)
        new[:, place] = np.bincount(group[paying & ~before], minlength=many)
        here = slice(edges[place], edges[place + 1])
        who, asked = found.entity[here], found.n[here]
        inside = (who >= 0) & paying[who]
        counted = tally(cell[who[inside]], asked[inside], many * bands)
        tickets[:, :, place] = counted.reshape(many, bands)
        outside[place] = int(asked[~inside].sum())
        before = paying
    return Contacts(grouping.labels, first, tickets, customers, new, lost, exposed, outside)


def _count(cell: NDArray[np.int64], many: int, bands: int) -> NDArray[np.int64]:
    return np.bincount(cell, minlength=many * bands).reshape(many, bands)


def ages(engine: LocalEngine, by: Sequence[str], month: int) -> NDArray[np.int64]:
    """Return the customers paying at the end of a month, by group and months since they began (the last: and more)."""
    engine = followed(engine)
    ledger = engine.periodic("M")
    paying = ledger.state(month)[0] > 0
    old = np.clip(month - ledger.since.astype(np.int64), 0, BANDS[-1])
    cell = engine.origin(by).astype(np.int64) * (BANDS[-1] + 1) + old
    many = len(engine.grouping(by))
    return np.bincount(cell[paying], minlength=many * (BANDS[-1] + 1)).reshape(many, -1)

"""The sweep for terms: subscriptions that end, and whether their customer goes on paying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.service import FAR
from saasmetrics.engine.tally import tally
from saasmetrics.tables.order import in_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.spans import Spans
    from saasmetrics.periods import Calendar

OUTCOMES = ("renewed", "late", "lost", "open")


def terms_cube(
    spans: Spans,
    group: NDArray[np.int32],
    groups: int,
    calendar: Calendar,
    extent: tuple[int, int],
    as_of: int,
    grace_days: int,
    early_days: int,
) -> dict[str, NDArray[np.int64]]:
    """Return expiring terms and MRR per group and period, by outcome.

    Notes
    -----
    A term is renewed when the same entity starts another on the day it ends, or has started one in the `early_days`
    before that still runs then; late when it does within `grace_days`, open while the grace still runs at the as-of
    day, and lost otherwise. A renewal counts up to the expiring MRR (`kept`); `next` is the MRR of the term that
    follows, the largest where several start that day; of early ones that of the last. A pause, or the end of a
    discount, is no end of a term.
    """
    first, periods = extent
    if (spans.lines() < 0).any():  # usage charges have no term
        group, spans = group[spans.lines() >= 0], spans.pick(spans.lines() >= 0)
    begun = _begun(spans, early_days)
    at = begun.closes[spans.end[begun.closes] < FAR]
    end, expiring = spans.end[at], spans.amount[at]
    following, wait = _following(spans, begun, at)
    early = _early(spans, begun, at, early_days)
    before = (wait > 0) & (early >= 0)
    outcome = np.select(
        [(wait <= 0) | before, wait <= grace_days, end + grace_days > as_of], [0, 1, 3], 2
    )
    nxt = np.where(outcome <= 1, following, 0)
    nxt = np.where(before, early, nxt)
    cell = group[at].astype(np.int64) * periods + calendar.ordinal(end) - first
    cells = groups * periods
    cube = {
        "terms": tally(cell, None, cells),
        "expiring": tally(cell, expiring, cells),
        "kept": tally(cell, np.minimum(nxt, expiring), cells),
        "next": tally(cell, nxt, cells),
    }
    for number, name in enumerate(OUTCOMES):
        mine = outcome == number
        cube[f"terms_{name}"] = tally(cell[mine], None, cells)
        cube[f"expiring_{name}"] = tally(cell[mine], expiring[mine], cells)
    return {name: value.reshape(groups, periods) for name, value in cube.items()}


@dataclass(frozen=True)
class _Moments:
    """One number for an entity and a day, which sorts by both: the day counts from `base` in the lowest `bits`."""

    base: int
    bits: int

    def of(self, entity: NDArray[np.int32], day: NDArray[np.int32]) -> NDArray[np.int64]:
        return (entity.astype(np.int64) << self.bits) + day - self.base


def _moments(spans: Spans, early_days: int) -> _Moments:
    """Leave room for the days before the first start that are looked at."""
    base = int(spans.start.min(initial=int(FAR))) - early_days
    ended = spans.end[spans.end < FAR]
    last = max(int(spans.start.max(initial=base)), int(ended.max(initial=base)))
    return _Moments(base, (last - base).bit_length())


@dataclass(frozen=True)
class _Begun:
    """The first and the last span of each line in the order of `key`, entity and first day; then the smaller MRR."""

    opens: NDArray[np.int64]
    closes: NDArray[np.int64]
    key: NDArray[np.int64]
    amount: NDArray[np.int64]
    moments: _Moments


def _begun(spans: Spans, early_days: int) -> _Begun:
    opens, closes = _first_and_last(spans)
    moments = _moments(spans, early_days)
    key, order = in_order(moments.of(spans.entity[opens], spans.start[opens]))
    tied = np.zeros(len(key), bool)
    tied[1:] = key[1:] == key[:-1]
    tied[:-1] |= tied[1:]
    if len(places := np.flatnonzero(tied)):
        among = order[places]
        order[places] = among[np.lexsort((spans.amount[opens[among]], key[places]))]
    return _Begun(opens[order], closes[order], key, spans.amount[opens[order]], moments)


def _first_and_last(spans: Spans) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of the first and of the last span of each line of the source."""
    if spans.line is None:
        every = np.arange(len(spans))
        return every, every
    order = np.lexsort((spans.start, spans.line))
    turns = np.flatnonzero(np.diff(spans.line[order])) + 1
    first, last = np.append(0, turns), np.append(turns, len(order)) - 1
    return order[first[: len(order)]], order[last[: len(order)]]


def _following(
    spans: Spans, begun: _Begun, at: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the MRR that an entity starts next, on or after each end, and the days until then; FAR for never."""
    ended = begun.moments.of(spans.entity[at], spans.end[at])
    place = np.searchsorted(begun.key, ended)
    inside = place < len(begun.key)
    if not len(begun.key):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    found = begun.key[np.minimum(place, len(begun.key) - 1)]
    inside &= found >> begun.moments.bits == ended >> begun.moments.bits
    last = np.searchsorted(begun.key, found, side="right") - 1  # the largest that starts that day
    return np.where(inside, begun.amount[last], 0), np.where(inside, found - ended, FAR)


def _early(
    spans: Spans, begun: _Begun, at: NDArray[np.int64], early_days: int
) -> NDArray[np.int64]:
    """Return the MRR of the last line that started in the days before each end and runs at it, -1 where none did."""
    over, end = spans.end[begun.closes], spans.end[at]
    ended = begun.moments.of(spans.entity[at], spans.end[at])
    first = np.searchsorted(begun.key, ended - early_days)
    place = np.searchsorted(begun.key, ended) - 1
    out = np.full(len(at), -1, np.int64)
    looking = np.flatnonzero(place >= first)
    while len(looking):  # one line further back each time, until the first of the days
        here = place[looking]
        runs = over[here] > end[looking]
        out[looking[runs]] = begun.amount[here[runs]]
        looking = looking[~runs]
        place[looking] -= 1
        looking = looking[place[looking] >= first[looking]]
    return out

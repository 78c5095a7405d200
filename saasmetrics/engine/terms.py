"""The sweep for terms: subscriptions that end, and whether their customer goes on paying."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.service import FAR
from saasmetrics.engine.tally import tally

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
    opens, closes = _first_and_last(spans)
    order = opens[np.lexsort((-spans.amount[opens], spans.start[opens], spans.entity[opens]))]
    start, entity, amount = spans.start[order], spans.entity[order], spans.amount[order]
    at = closes[spans.end[closes] < FAR]
    end, expiring = spans.end[at], spans.amount[at]
    key = (entity.astype(np.int64) << 32) + start
    following = np.searchsorted(key, (spans.entity[at].astype(np.int64) << 32) + end)
    inside = (following < len(key)) & (
        entity[np.minimum(following, len(key) - 1)] == spans.entity[at]
    )
    following = np.minimum(following, max(len(key) - 1, 0))
    wait = np.where(inside, start[following] - end, FAR)
    early = _early(spans, opens, closes, at, early_days)
    before = (wait > 0) & (early >= 0)
    outcome = np.select(
        [(wait <= 0) | before, wait <= grace_days, end + grace_days > as_of], [0, 1, 3], 2
    )
    nxt = np.where(outcome <= 1, amount[following], 0)
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


def _first_and_last(spans: Spans) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of the first and of the last span of each line of the source."""
    if spans.line is None:
        every = np.arange(len(spans))
        return every, every
    order = np.lexsort((spans.start, spans.line))
    turns = np.flatnonzero(np.diff(spans.line[order])) + 1
    first, last = np.append(0, turns), np.append(turns, len(order)) - 1
    return order[first[: len(order)]], order[last[: len(order)]]


def _early(
    spans: Spans,
    opens: NDArray[np.int64],
    closes: NDArray[np.int64],
    at: NDArray[np.int64],
    early_days: int,
) -> NDArray[np.int64]:
    """Return the MRR of the last line that started in the days before each end and runs at it, -1 where none did."""
    order = np.lexsort((spans.amount[opens], spans.start[opens], spans.entity[opens]))
    begin, over = opens[order], spans.end[closes[order]]
    key = (spans.entity[begin].astype(np.int64) << 32) + spans.start[begin]
    end = spans.end[at]
    high = spans.entity[at].astype(np.int64) << 32
    first = np.searchsorted(key, high + end - early_days)
    place = np.searchsorted(key, high + end) - 1
    out = np.full(len(at), -1, np.int64)
    looking = np.flatnonzero(place >= first)
    while len(looking):  # one line further back each time, until the first of the days
        here = place[looking]
        runs = over[here] > end[looking]
        out[looking[runs]] = spans.amount[begin[here[runs]]]
        looking = looking[~runs]
        place[looking] -= 1
        looking = looking[place[looking] >= first[looking]]
    return out

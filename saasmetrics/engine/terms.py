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
) -> dict[str, NDArray[np.int64]]:
    """Return expiring terms and MRR per group and period, by outcome.

    Notes
    -----
    A term is renewed when the same entity starts another no later than the day it ends, late when it does within
    `grace_days`, open while the grace still runs at the as-of day, and lost otherwise. A renewal counts up to the
    expiring MRR (`kept`); `next` is the MRR of the term that follows, the largest where several start that day.
    A pause, or the end of a discount, is no end of a term.
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
    outcome = np.select([wait <= 0, wait <= grace_days, end + grace_days > as_of], [0, 1, 3], 2)
    nxt = np.where(outcome <= 1, amount[following], 0)
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

"""The sweep for terms: subscriptions that end, and whether their customer goes on paying."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.spans import FAR
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
    expiring MRR (`kept`); `next` is the MRR of the term that follows.
    """
    first, periods = extent
    paid = spans.pick(~spans.rests())
    group = group if paid is spans else group[~spans.rests()]
    order = np.lexsort((paid.start, paid.entity))
    start, entity, amount = paid.start[order], paid.entity[order], paid.amount[order]
    at = np.flatnonzero(paid.end < FAR)
    end = paid.end[at]
    key = (entity.astype(np.int64) << 32) + start
    following = np.searchsorted(key, (paid.entity[at].astype(np.int64) << 32) + end)
    inside = (following < len(key)) & (
        entity[np.minimum(following, len(key) - 1)] == paid.entity[at]
    )
    following = np.minimum(following, max(len(key) - 1, 0))
    wait = np.where(inside, start[following] - end, FAR)
    outcome = np.select([wait <= 0, wait <= grace_days, end + grace_days > as_of], [0, 1, 3], 2)
    nxt = np.where(outcome <= 1, amount[following], 0)
    cell = group[at].astype(np.int64) * periods + calendar.ordinal(end) - first
    cells = groups * periods
    cube = {
        "terms": tally(cell, None, cells),
        "expiring": tally(cell, paid.amount[at], cells),
        "kept": tally(cell, np.minimum(nxt, paid.amount[at]), cells),
        "next": tally(cell, nxt, cells),
    }
    for number, name in enumerate(OUTCOMES):
        mine = outcome == number
        cube[f"terms_{name}"] = tally(cell[mine], None, cells)
        cube[f"expiring_{name}"] = tally(cell[mine], paid.amount[at][mine], cells)
    return {name: value.reshape(groups, periods) for name, value in cube.items()}

"""Which term of its customer a line is: the first, the one after its first renewal, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.spans import Spans

_KEY = 32  # bits for a day


def term_numbers(spans: Spans, grace_days: int) -> NDArray[np.int64]:
    """Return the number of the term of each span, from 1; 0 where the span has no line.

    Notes
    -----
    A term follows the one of the same entity that ended last on the day it starts or in the `grace_days` before.
    Terms that nothing comes before, add-ons that start mid-term too, are the first of a row of their own.
    """
    out = np.zeros(len(spans), np.int64)
    owned = np.flatnonzero(spans.lines() >= 0)
    if not len(owned):
        return out
    _, line = np.unique(spans.lines()[owned], return_inverse=True)
    line = line.reshape(-1)
    many = int(line.max()) + 1
    start, end = np.full(many, np.iinfo(np.int64).max), np.zeros(many, np.int64)
    np.minimum.at(start, line, spans.start[owned].astype(np.int64))
    np.maximum.at(end, line, spans.end[owned].astype(np.int64))
    entity = np.zeros(many, np.int64)
    entity[line] = spans.entity[owned]
    out[owned] = _along(_before(entity, start, end, grace_days))[line]
    return out


def _before(
    entity: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64], grace_days: int
) -> NDArray[np.int64]:
    """Return the term that each follows; their number where it follows none."""
    many = len(entity)
    order = np.lexsort((end, entity))
    key = (entity[order] << _KEY) + end[order]
    at = np.searchsorted(key, (entity << _KEY) + start, side="right") - 1
    found = order[np.maximum(at, 0)]
    follows = (at >= 0) & (entity[found] == entity) & (start - end[found] <= grace_days)
    follows &= start[found] < start  # a term of no length comes before nothing
    return np.where(follows, found, many)


def _along(before: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many terms there are up to each, itself included: jumps that double."""
    many = len(before)
    jump = np.append(before, many)
    number = np.append(np.ones(many, np.int64), 0)
    while (jump[:-1] < many).any():
        number = number + number[jump]
        jump = jump[jump]
    return number[:-1]

"""Which term of its customer a line is: the first, the one after its first renewal, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.terms import terms_cube

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.spans import Spans

_KEY = 32  # bits for a day
_EARLY = 90  # days before its end in which a term can be renewed by another


def renewals(
    engine: LocalEngine, by: Sequence[str], grace_days: int
) -> dict[str, NDArray[np.int64]]:
    """Return the terms that ended per group and number of the term, by outcome; none is numbered 0."""
    number, seen = _numbered(engine, grace_days)
    most = int(number.max(initial=0)) + 1
    found = engine.grouping(by)
    cube = _outcomes(engine, _groups(engine, by) * most + np.where(seen, number, 0), grace_days)
    shape = (len(found), most)
    out = {}
    for name, value in cube.items():
        full = np.zeros(shape[0] * most, np.int64)
        full[: len(value)] = value
        out[name] = full.reshape(shape)
        out[name][:, 0] = 0  # those that ended before the book was cut
    return out


def renewal_rows(
    engine: LocalEngine, number: int | None, by: Sequence[str], group: int | None, grace_days: int
) -> dict[str, NDArray[np.int64]]:
    """Return the terms of one number, or of all, that ended per entity, by outcome, with `account`."""
    of, seen = _numbered(engine, grace_days)
    mine = seen & (of > 0) & (True if number is None else of == number)
    mine &= True if group is None else _groups(engine, by) == group
    used, place = np.unique(engine.spans.entity[mine], return_inverse=True)
    cell = np.zeros(len(mine), np.int64)
    cell[mine] = place.reshape(-1) + 1
    cube = _outcomes(engine, cell, grace_days)
    some = np.zeros(len(used) + 1, bool)
    some[: len(cube["terms"])] = cube["terms"] > 0
    at = np.flatnonzero(some[1:]) + 1
    columns = {name: value[at] for name, value in cube.items()}
    return {"account": used[at - 1].astype(np.int64), **columns}


def _groups(engine: LocalEngine, by: Sequence[str]) -> NDArray[np.int64]:
    """Return the group of each span: its own, or that its entity started in."""
    found = engine.grouping(by)
    if found.of_span is not None:
        return found.of_span.astype(np.int64)
    return engine.origin(by)[engine.spans.entity].astype(np.int64)


def _outcomes(
    engine: LocalEngine, cell: NDArray[np.int64], grace_days: int
) -> dict[str, NDArray[np.int64]]:
    """Return what became of the terms that ended, per cell of their spans."""
    first, periods, _ = engine.extent("Y")
    cube = terms_cube(
        engine.spans,
        cell.astype(np.int32),
        int(cell.max(initial=0)) + 1,
        engine.calendar("Y"),
        (first, periods),
        engine.as_of,
        grace_days,
        _EARLY,
    )
    return {name: value.sum(axis=1) for name, value in cube.items()}


def _numbered(engine: LocalEngine, grace_days: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the number of the term of each span, and whether it ends in what the book observes."""
    number, end = term_numbers(engine.spans, grace_days)
    return number, end >= engine.since


def term_numbers(spans: Spans, grace_days: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of the term of each span, from 1, and the day it ends; 0 where the span has no line.

    Notes
    -----
    A term follows the one of the same entity that ended last on the day it starts or in the `grace_days` before.
    Terms that nothing comes before, add-ons that start mid-term too, are the first of a row of their own.
    """
    out, last = np.zeros((2, len(spans)), np.int64)
    owned = np.flatnonzero(spans.lines() >= 0)
    if not len(owned):
        return out, last
    _, line = np.unique(spans.lines()[owned], return_inverse=True)
    line = line.reshape(-1)
    many = int(line.max()) + 1
    start, end = np.full(many, np.iinfo(np.int64).max), np.zeros(many, np.int64)
    np.minimum.at(start, line, spans.start[owned].astype(np.int64))
    np.maximum.at(end, line, spans.end[owned].astype(np.int64))
    entity = np.zeros(many, np.int64)
    entity[line] = spans.entity[owned]
    out[owned] = _along(_before(entity, start, end, grace_days))[line]
    last[owned] = end[line]
    return out, last


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

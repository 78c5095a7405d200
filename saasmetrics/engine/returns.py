"""Customers who return at another price: reactivated at what they paid before, and the rest a movement of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.keys import in_one
from saasmetrics.engine.movements import CONTRACTION, EXPANSION, REACTIVATION, Moves
from saasmetrics.engine.transfers import filled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from saasmetrics.engine.ledger import Ledger


def split_returns(
    found: Moves,
    entity: NDArray[np.int32],
    time: NDArray[np.int32],
    source: Ledger,
    old_of: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None,
) -> tuple[Moves, NDArray[np.int64]]:
    """Split each return into the old MRR and the rest, and return with it the movement that each one comes from.

    Parameters
    ----------
    found
        The movements of customers, or of their parts in several groups.
    entity, time
        The customer and the time of each movement.
    source
        The ledger of the customers at the same times.
    old_of
        What a customer held before it left, at a return (customer and time in one key); None: as in the ledger.

    Notes
    -----
    The old MRR fills what a customer returns with in the order of its parts. What it exceeds the new one by is a
    contraction of the first of them.
    """
    at = np.flatnonzero(found.kind == REACTIVATION)
    if not len(at):
        return found, np.arange(len(found.kind))
    order = np.lexsort((at, time[at], entity[at]))
    key = in_one(entity[at], time[at])[order]
    begins = np.ones(len(key), bool)
    begins[1:] = key[1:] != key[:-1]
    event = np.cumsum(begins) - 1
    amount = found.amount[at][order]
    old = _old(source, key) if old_of is None else old_of(key)
    back = filled(event, np.maximum(amount, 0), old)
    events = int(begins.sum())
    new, won = np.zeros(events, np.int64), np.zeros(events, np.int64)
    np.add.at(new, event, amount)
    np.add.at(won, event, back)
    back[begins] += old[begins] - won
    grown = (new >= old[begins])[event]
    rest = amount - back
    rows = at[order]
    split = found.amount.copy()
    split[rows] = back
    more = rest != 0
    index = np.sort(np.concatenate([np.arange(len(found.kind)), rows[more]]), kind="stable")
    second = np.zeros(len(index), bool)
    second[1:] = index[1:] == index[:-1]
    part = replace(found, amount=split).pick(index)
    extra = np.zeros(len(found.kind), np.int64)
    extra[rows] = rest
    sign = np.zeros(len(found.kind), np.int8)
    sign[rows] = np.where(grown, np.int8(EXPANSION), np.int8(CONTRACTION))
    nothing = np.int64(0)
    return (
        replace(
            part,
            kind=np.where(second, sign[index], part.kind).astype(np.int8),
            amount=np.where(second, extra[index], part.amount),
            pause=None if part.pause is None else np.where(second, nothing, part.pause),
            transfer=None if part.transfer is None else np.where(second, nothing, part.transfer),
            change=np.where(second, nothing, part.change),
            paying=np.where(second, np.int8(0), part.paying).astype(np.int8),
        ),
        index,
    )


def _old(source: Ledger, key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what each customer held before it left, at the changes that some keys name."""
    old: NDArray[np.int64] = source.held[last_held(source, key)]
    return old


def last_held(source: Ledger, key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return at which change each customer held something for the last time, before the returns that some keys name."""
    place = np.maximum.accumulate(np.where(source.held > 0, np.arange(len(source)), 0))
    known = in_one(source.account, source.time)
    out: NDArray[np.int64] = np.append(0, place[:-1])[np.searchsorted(known, key)]
    return out

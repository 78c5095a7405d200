"""Movements of entities with lines in several groups, so that the bridges of the groups add up.

What an entity moves from one group to another is a transfer, out of one and into the other at the same value; only
the rest is expansion or contraction. So groups never show a churn that the company does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.movements import (
    CONTRACTION,
    EXPANSION,
    IGNORED,
    Moves,
    holding,
    rested,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.ledger import Ledger


def split_transfer(
    event: NDArray[np.int64], change: NDArray[np.int64], moving: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the part of each change that is a transfer between groups of one entity.

    Parameters
    ----------
    event
        Number of the entity's event that each change belongs to; equal events are contiguous.
    change
        Change of MRR per account.
    moving
        Whether transfers can happen at the event: the entity is a customer before and after.

    Notes
    -----
    At each event the smaller of all gains and all losses moves. It fills the changes in the order of the groups.
    """
    events = int(event[-1]) + 1 if len(event) else 0
    gain, loss = np.where(change > 0, change, 0), np.where(change < 0, -change, 0)
    gains, losses = np.zeros(events, np.int64), np.zeros(events, np.int64)
    np.add.at(gains, event, gain)
    np.add.at(losses, event, loss)
    moved = np.where(moving, np.minimum(gains, losses)[event], 0)
    return filled(event, gain, moved) - filled(event, loss, moved)


def filled(
    event: NDArray[np.int64], size: NDArray[np.int64], total: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Fill sizes one after the other within each event until the event's total is used up."""
    if not len(size):
        return size
    before = np.cumsum(size) - size
    begins = np.concatenate([[True], event[1:] != event[:-1]])
    before -= before[begins][np.cumsum(begins) - 1]
    return np.clip(total - before, 0, size)


def numbered(event: NDArray[np.int64], group: NDArray[Any]) -> NDArray[np.int64]:
    """Return a number per event and group, from 0; equal ones are contiguous."""
    begins = np.ones(len(event), bool)
    begins[1:] = (event[1:] != event[:-1]) | (group[1:] != group[:-1])
    return np.cumsum(begins) - 1


def moves_between_groups(
    accounts: Ledger,
    period: NDArray[np.int32],
    entities: Ledger,
    entity_period: NDArray[np.int32],
    entity_kind: NDArray[np.int8],
    entity_of: NDArray[np.int32],
    factor: NDArray[np.float64] | None = None,
    group_of: NDArray[np.int32] | None = None,
) -> Moves:
    """Return the movements of accounts, each the part of one group in an entity.

    Parameters
    ----------
    accounts, entities
        The ledgers per account and per entity, at the same times.
    period, entity_period
        The period of each change of either.
    entity_kind
        The kind of each change of an entity.
    entity_of
        The entity of each account.
    factor
        The rate of exchange of each change on its day, at which all but `change` is; None: amounts are as they are.
    group_of
        The group of each account, where a group has several: one per currency, between which all moves first.
    """
    owner, time = entity_of[accounts.account], accounts.time
    order = np.lexsort((accounts.account, time, owner))
    key = (owner[order].astype(np.int64) << 32) + time[order]
    event = (
        np.concatenate([[0], np.cumsum(key[1:] != key[:-1])]) if len(key) else np.zeros(0, np.int64)
    )
    constant = accounts.moving - accounts.before(accounts.moving)
    change = _at(constant, factor)[order]
    kind, moving = _kind_at(key, entities, entity_kind)
    transfer = np.zeros_like(change)
    if group_of is not None:
        within = numbered(event, group_of[accounts.account[order]])
        transfer = split_transfer(within, change, moving)
    transfer = transfer + split_transfer(event, change - transfer, moving)
    rest = np.where(kind == IGNORED, np.int64(0), change - transfer)
    # Where the parts of a customer cancel out, a visit that is not counted may leave them changed.
    transfer = np.where(kind == IGNORED, constant[order], transfer)
    kind = np.where(moving, np.where(rest > 0, np.int8(EXPANSION), np.int8(CONTRACTION)), kind)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    mrr, was = accounts.mrr, accounts.before(accounts.mrr)
    pause = rested(accounts)
    opened = _entity_opened(owner, period, entities, entity_period)
    return Moves(
        account=accounts.account,
        period=period,
        kind=kind[back].astype(np.int8),
        amount=rest[back],
        pause=None if pause is None else _at(pause, factor),
        transfer=transfer[back],
        change=mrr - was,
        opened=opened,
        paying=(mrr > 0).astype(np.int8) - (was > 0),
        held=holding(accounts),
    )


def _at(amount: NDArray[np.int64], factor: NDArray[np.float64] | None) -> NDArray[np.int64]:
    return amount if factor is None else np.rint(amount * factor).astype(np.int64)


def _kind_at(
    key: NDArray[np.int64], entities: Ledger, entity_kind: NDArray[np.int8]
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return the kind of the entity's change at each key, and whether it stays a customer through it."""
    mine = (entities.account.astype(np.int64) << 32) + entities.time
    at = np.clip(np.searchsorted(mine, key), 0, max(len(mine) - 1, 0))
    exact = mine[at] == key
    kind = np.where(exact, entity_kind[at], np.int8(EXPANSION))
    moving = ~exact | (kind == EXPANSION) | (kind == CONTRACTION)
    return kind, moving


def _entity_opened(
    owner: NDArray[np.int32],
    period: NDArray[np.int32],
    entities: Ledger,
    entity_period: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Return whether each change's entity was paying when the period began."""
    mine = (entities.account.astype(np.int64) << 32) + entity_period
    at = np.searchsorted(mine, (owner.astype(np.int64) << 32) + period) - 1
    inside = (at >= 0) & (entities.account[np.maximum(at, 0)] == owner)
    out: NDArray[np.bool_] = inside & (entities.mrr[np.maximum(at, 0)] > 0)
    return out

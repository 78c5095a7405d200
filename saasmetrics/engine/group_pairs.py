"""The sweep for pairs of customers with lines in several groups: what moves between groups is no gain and no loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.keys import apart, in_one
from saasmetrics.engine.ledger import running
from saasmetrics.engine.pairs import TIME_BITS
from saasmetrics.engine.tally import tally
from saasmetrics.engine.transfers import split_transfer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.axis import Axis
    from saasmetrics.engine.ledger import Ledger


@dataclass(frozen=True, eq=False)
class Levels:
    """MRR and paused MRR at both ends of windows: a row per account and event of its entity, by event and account.

    `mrr` and `paused` are those at the start and at the end of the window that ends at `moment`; they hold until the
    entity's next event. `seen` says whether the entity had been a customer by the start.
    """

    account: NDArray[Any]
    event: NDArray[np.int64]
    moment: NDArray[Any]
    mrr: tuple[NDArray[np.int64], NDArray[np.int64]]
    paused: tuple[NDArray[np.int64], NDArray[np.int64]]
    seen: NDArray[np.bool_]


def pair_cube_between_groups(
    accounts: Ledger,
    entity_of: NDArray[np.int32],
    window: int,
    group: NDArray[np.int32],
    groups: int,
    axis: Axis,
) -> dict[str, NDArray[np.int64]]:
    """Return `pair_cube` for entities with lines in several groups; transfers between groups are taken out.

    Notes
    -----
    Opening MRR belongs to the group it was in. Of the change over the window, what moved between groups of one
    customer is no gain of one and no loss of the other, so that the groups add up to the company.
    """
    found = levels(accounts, entity_of, window, axis)
    parts = contributions(found.event, found.mrr, found.paused, found.seen, aside=accounts.aside)
    return summed_up(found, parts, group, groups, axis)


def levels(accounts: Ledger, entity_of: NDArray[np.int32], window: int, axis: Axis) -> Levels:
    """Return what every account pays at both ends of the windows, at all times at which that changes for its entity."""
    owner, time, now, then = merged(accounts, window, axis.last)
    account, event, moment = spread_events(owner, time, entity_of)
    where = np.searchsorted(in_one(account, moment), in_one(owner, time))
    order = np.lexsort((account, event))
    found = []
    for change in [*now, *then]:
        full = np.zeros(len(account), np.int64)
        full[where] = change
        found.append(running(full, account)[order])
    half = len(found) // 2
    m1, m0, none = found[0], found[half], np.zeros(len(account), np.int64)
    p1, p0 = (none, none) if half == 1 else (found[1], found[half + 1])
    account, event, moment = account[order], event[order], moment[order]
    entity_since = np.full(int(entity_of.max(initial=-1)) + 1, np.iinfo(np.int32).max, np.int64)
    np.minimum.at(entity_since, entity_of, accounts.held_since)
    seen = entity_since[entity_of[account]] <= moment - window
    return Levels(account, event, moment, (m0, m1), (p0, p1), seen)


def summed_up(
    found: Levels,
    parts: dict[str, NDArray[np.int64]],
    group: NDArray[np.int32],
    groups: int,
    axis: Axis,
) -> dict[str, NDArray[np.int64]]:
    """Return what each row of levels adds to each sum, summed per group and period; each holds until the next event."""
    back = np.lexsort((found.moment, found.account))
    account = found.account[back]
    cell = group[account].astype(np.int64) * len(axis) - axis.base
    cell += axis.place(found.moment[back])
    starts = np.ones(len(account), bool)
    starts[1:] = account[1:] != account[:-1]
    return cumulated({k: v[back] for k, v in parts.items()}, starts, cell, groups, len(axis))


def contributions(
    event: NDArray[np.int64],
    mrr: tuple[NDArray[np.int64], NDArray[np.int64]],
    paused: tuple[NDArray[np.int64], NDArray[np.int64]],
    seen: NDArray[np.bool_],
    *,
    aside: bool,
) -> dict[str, NDArray[np.int64]]:
    """Return what each group of a customer adds to each sum, transfers between its groups taken out.

    It is the readable definition of pairs, for customers in one group as well.

    Parameters
    ----------
    event
        Number of the customer (at one time); equal ones are contiguous.
    mrr
        MRR of the group at the two snapshots.
    paused
        Paused MRR at the two snapshots: with it a customer is one, though not paying.
    seen
        Whether the customer had been one by the earlier snapshot.
    aside
        Whether a pause is a part of its own; otherwise it is contraction and its end expansion.
    """
    (m0, m1), (p0, p1) = mrr, paused
    paid, still = summed(event, m0) > 0, summed(event, m1 + p1) > 0
    stays, rests = paid & still, p1 - p0 if aside else np.zeros_like(p0)
    rest = m1 - m0 + rests
    rest = rest - split_transfer(event, rest, stays)
    lower = np.minimum(m1 - m0 - split_transfer(event, m1 - m0, paid), 0)
    other = np.where(~paid & (summed(event, m1) > 0), m1, 0)
    back = seen & (summed(event, m0 + p0) <= 0)
    zero, lost, mine = np.int64(0), paid & ~still, paid & (m0 > 0)
    here = (m0 + p0 > 0) & (summed(event, m0 + p0) > 0)
    return {
        "opening": np.where(paid, m0, zero),
        "closing": np.where(stays, m0 + rest - rests, np.where(lost, m1, zero)),
        "kept": np.where(paid, m0 + lower, zero),
        "expansion": np.where(stays & (rest > 0), rest, zero),
        "contraction": np.where(stays & (rest < 0), rest, zero),
        "churn": np.where(lost, m1 - m0, zero),
        "paused": np.where(stays, -rests, zero),
        "new": np.where(seen, zero, other),
        "reactivation": np.where(back, other, zero),
        "resumed": np.where(seen & ~back, other, zero),
        "customers": here.astype(np.int64),
        "customers_lost": (here & ~still).astype(np.int64),
        "customers_grown": (mine & stays & (rest > 0)).astype(np.int64),
        "customers_shrunk": (mine & stays & (rest < 0)).astype(np.int64),
    }


def merged(
    ledger: Ledger, window: int, last: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], list[NDArray[np.int64]], list[NDArray[np.int64]]]:
    """Return accounts and times at which MRR changes now or changed `window` ago, with both changes."""
    balances = [ledger.mrr] if ledger.paused is None else [ledger.mrr, ledger.paused]
    n = len(ledger)
    again = np.flatnonzero(ledger.time <= last - window)
    key = np.empty(n + len(again), np.int64)
    key[:n] = ledger.account
    key[n:] = ledger.account[again]
    key <<= TIME_BITS
    base = int(ledger.time.min()) if n else 0
    key[:n] += ledger.time - base
    key[n:] += ledger.time[again] + (window - base)
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.ones(len(key), bool)
    starts[1:] = key[1:] != key[:-1]
    at = np.flatnonzero(starts)
    now, then = [], []
    for balance in balances:
        change = balance - ledger.before(balance)
        early = order < n
        both = np.concatenate([change, change[again]])[order]
        now.append(_reduced(np.where(early, both, 0), at))
        then.append(_reduced(np.where(early, 0, both), at))
    key = key[at]
    owner, time = (
        (key >> TIME_BITS).astype(np.int32),
        ((key & ((1 << TIME_BITS) - 1)) + base).astype(np.int32),
    )
    return owner, time, now, then


def _reduced(values: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
    return values if len(values) == len(at) else np.add.reduceat(values, at)


def cumulated(
    parts: dict[str, NDArray[np.int64]],
    starts: NDArray[np.bool_],
    cell: NDArray[np.int64],
    groups: int,
    periods: int,
) -> dict[str, NDArray[np.int64]]:
    """Sum the changes of contributions per cell and cumulate over periods."""
    cube = {}
    for name, value in parts.items():
        change = value.copy()
        change[1:] -= value[:-1]
        change[starts] = value[starts]
        moved = np.flatnonzero(change)
        sums = tally(cell[moved], change[moved], groups * periods)
        cube[name] = np.cumsum(sums.reshape(groups, periods), axis=1)
    return cube


def summed(event: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each element the sum of its event; equal events are contiguous and counted from 0."""
    total = np.zeros(int(event[-1]) + 1 if len(event) else 0, np.int64)
    np.add.at(total, event, values)
    return total[event]


def spread_events(
    owner: NDArray[np.int32], time: NDArray[np.int32], entity_of: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """Give every account of an entity a row at each event of the entity; sorted by account and time."""
    key = np.unique(in_one(entity_of[owner], time))
    entity, moment = apart(key)
    entities = int(entity_of.max(initial=-1)) + 1
    many = np.bincount(entity, minlength=entities)
    begin = np.cumsum(many) - many
    present = np.unique(owner)
    rows = many[entity_of[present]]
    account = np.repeat(present, rows).astype(np.int32)
    nth = np.arange(len(account)) - np.repeat(np.cumsum(rows) - rows, rows)
    event = begin[entity_of[account]] + nth
    return account, event, moment[event].astype(np.int32)

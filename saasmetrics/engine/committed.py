"""From what is known to balances under MRR: per group and period what will begin, end and resume, rests or is late.

Changes are set against each other customer by customer: a line that ends as a signed one begins is no churn, and what
moves between groups of one customer is a transfer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine import exchange
from saasmetrics.engine.group_pairs import cumulated, spread_events, summed
from saasmetrics.engine.groups import Groups, groups
from saasmetrics.engine.keys import in_one
from saasmetrics.engine.ledger import running
from saasmetrics.engine.promises import ROLES, Promises, promises
from saasmetrics.engine.transfers import split_transfer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

    Measures = dict[str, NDArray[np.int64]]

AHEAD = (
    "not_started",
    "resuming",
    "discounts_ending",
    "scheduled_downgrades",
    "scheduled_churn",
    "transfer",
)
BALANCES = (*AHEAD, "paused", "past_due")


@dataclass(frozen=True, eq=False)
class Commitments:
    """Balances in micro-units per group and period, of the groups that are live or will be."""

    groups: Groups
    measures: Measures
    first: int
    notes: tuple[str, ...]


def commitments(engine: LocalEngine, freq: str, by: Sequence[str], told: int) -> Commitments:
    """Return what is known beyond MRR at the end of every period.

    Parameters
    ----------
    engine, freq, by
        The engine, the frequency and the columns of the groups.
    told
        Day number until which the tables tell; see `promises`.
    """
    known = promises(engine, told)
    held = _Held.of(engine, known, by)
    first, periods, _ = engine.extent(freq)
    slot = engine.calendar(freq).ordinal
    begin = np.maximum(slot(known.spans.start), first)
    end = slot(np.minimum(known.spans.end, engine.as_of + 1))
    ended = known.spans.end <= engine.as_of
    counts = (known.spans.start <= engine.as_of) & ~(ended & (end <= begin))
    account, moment, parts = _swept(known, held, begin, np.where(ended, end, _NEVER), counts)
    starts = np.ones(len(account), bool)
    starts[1:] = account[1:] != account[:-1]
    cell = held.cell[account] * periods + (moment - first)
    rows = len(held.groups) * held.currencies
    cube = cumulated(parts, starts, cell, rows, periods)
    shape = (len(held.groups), held.currencies, periods)
    cube = {name: value.reshape(shape) for name, value in cube.items()}
    days = exchange.ends(engine, freq, first, periods)
    factor = np.ones((1, periods)) if engine.valuation is None else engine.valuation.at(days)
    measures = at_rates(cube, factor[None, : held.currencies])
    return Commitments(held.groups, measures, first, known.notes)


def commitment_rows(
    engine: LocalEngine, period: int, freq: str, by: Sequence[str], group: Any, told: int
) -> pd.DataFrame:
    """Return the customers with something ahead at the end of a period, of the group with a label, in micro-units."""
    import pandas as pd
    import pyarrow as pa

    known = promises(engine, told)
    held = _Held.of(engine, known, by)
    day = int(exchange.ends(engine, freq, period, 1)[0])
    here = (known.spans.start <= day) & (known.spans.end > day)
    zero = np.zeros(len(here), np.int64)
    account, _, parts = _swept(known, held, zero, zero + _NEVER, here)
    factor = np.ones((1, 1))
    if engine.valuation is not None:
        factor = engine.valuation.at(np.array([day]))
    currency = held.cell[account] % held.currencies
    entity = held.entity[account]
    mine = np.ones(len(account), bool)
    if group is not None:
        mine = held.cell[account] // held.currencies == held.groups.labels.index(group)
    used, place = np.unique(entity[mine], return_inverse=True)
    split = {}
    for name, value in parts.items():
        out = np.zeros((len(used), held.currencies), np.int64)
        np.add.at(out, (place.reshape(-1), currency[mine]), value[mine])
        split[name] = out[:, :, None]
    found = at_rates(split, factor[None, : held.currencies])
    columns = {name: value[:, 0] for name, value in found.items()}
    ids = known.spans.entity_ids.take(pa.array(used))
    return pd.DataFrame({"customer_id": ids.to_pandas(), **columns})


_NEVER = np.int64(1 << 30)


@dataclass(frozen=True, eq=False)
class _Held:
    """The accounts of promises, each of one customer, group and currency; `cell` is group x currencies + currency."""

    groups: Groups
    of_span: NDArray[np.int64]
    entity: NDArray[np.int32]
    cell: NDArray[np.int64]
    currencies: int

    @classmethod
    def of(cls, engine: LocalEngine, known: Promises, by: Sequence[str]) -> _Held:
        spans = known.spans
        found = groups(by, spans, engine.tables, engine.policy.entity)
        many = 1 if engine.valuation is None else engine.valuation.count
        group = found.of_span if found.of_entity is None else found.of_entity[spans.entity]
        assert group is not None
        if by:  # nobody is in a group of customers of whom nothing is known
            used, at = np.unique(group, return_inverse=True)
            group = at.reshape(-1).astype(np.int32)
            found = replace(found, labels=tuple(found.labels[code] for code in used))
        cell = group.astype(np.int64) * many + known.currency
        size = max(len(found), 1) * many
        used, at = np.unique(spans.entity.astype(np.int64) * size + cell, return_inverse=True)
        cell = (used % size).astype(np.int64)
        return cls(found, at.reshape(-1), (used // size).astype(np.int32), cell, many)


def _swept(
    known: Promises,
    held: _Held,
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    counts: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int32], Measures]:
    """Return accounts and times, sorted, with what each account adds to each balance from then on.

    `begin` and `end` are the times from and to which each promise counts, `_NEVER` for no end.
    """
    rows = np.flatnonzero(counts)
    over = rows[end[rows] < _NEVER]
    at = np.concatenate([rows, over])
    account, role = held.of_span[at].astype(np.int32), known.role[at]
    time = np.concatenate([begin[rows], end[over]]).astype(np.int32)
    delta = known.spans.amount[at].copy()
    delta[len(rows) :] *= -1
    one, event, moment = spread_events(account, time, held.entity)
    where = np.searchsorted(in_one(one, moment), in_one(account, time))
    order = np.lexsort((one, event))
    levels = {}
    for number, name in enumerate(ROLES):
        mine = role == number
        change = np.zeros(len(one), np.int64)
        np.add.at(change, where[mine], delta[mine])
        levels[name] = running(change, one)[order]
    parts = _parts(event[order], levels)
    back = np.argsort(order)
    return one, moment, {name: value[back] for name, value in parts.items()}


def _parts(event: NDArray[np.int64], of: Measures) -> Measures:
    """Return what each account of a customer adds to each balance, given the levels of all promises at one time.

    Notes
    -----
    Subscriptions speak before contracts: a signed contract counts where no subscription of the customer is known to
    begin. It counts in full where nothing else goes on, else by how much it differs from the contract it renews.
    """
    live, resuming, ending = (summed(event, of[name]) for name in ("live", "resuming", "ending"))
    alone = summed(event, of["signed"]) == 0
    instead = alone & (live + resuming - ending <= 0)
    signed = of["signed"] + np.where(instead, of["contract"] + of["renewal"], 0)
    signed = signed + np.where(alone & ~instead, of["renewal"] - of["renewed"], 0)
    change = signed - of["ending"]
    transfer = split_transfer(event, change, np.ones(len(change), bool))
    rest = change - transfer
    left = live + resuming + summed(event, change) + summed(event, of["discount"])
    down = np.minimum(rest, 0)
    return {
        "not_started": np.maximum(rest, 0),
        "resuming": of["resuming"],
        "discounts_ending": of["discount"],
        "scheduled_downgrades": np.where(left > 0, down, 0),
        "scheduled_churn": np.where(left > 0, 0, down),
        "transfer": transfer,
        "paused": of["paused"],
        "past_due": of["past_due"],
    }


def at_rates(cube: Measures, factor: NDArray[np.float64]) -> Measures:
    """Return balances per group, currency and period at the rates of the period's end, currencies added up.

    Transfers stay at constant rates, so that they cancel over the groups; what a switch of currency is worth at the
    rates of the day begins or is a downgrade.
    """
    if cube["transfer"].shape[1] == 1:
        return {name: value[:, 0] for name, value in cube.items()}
    found = {
        name: np.rint(value * factor).astype(np.int64).sum(axis=1) for name, value in cube.items()
    }
    constant = cube["transfer"].sum(axis=1)
    rest = found["transfer"] - constant
    found["transfer"] = constant
    found["not_started"] = found["not_started"] + np.maximum(rest, 0)
    found["scheduled_downgrades"] = found["scheduled_downgrades"] + np.minimum(rest, 0)
    return found

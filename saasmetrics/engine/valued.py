"""Exchange rates that move: the cubes of money valued at the rates of the day, currency by currency.

Everything is counted at constant rates first, which decides who is new, who grew and who left. Here only the value
changes: balances at the rates of the end of each period, movements at those of their day, and what the rates did is
the line `fx`. All sums are per group and currency before they are valued, so the cost does not follow the months.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine import spot
from saasmetrics.engine.cohorts import triangle_cube
from saasmetrics.engine.exchange import ROUNDING, ends, ends_of
from saasmetrics.engine.keys import apart, in_one
from saasmetrics.engine.ledger import Ledger, running
from saasmetrics.engine.movements import CONTRACTION, EXPANSION, FLOWS, movement_cube
from saasmetrics.engine.returns import last_held, split_returns
from saasmetrics.engine.tally import tally
from saasmetrics.engine.transfers import moves_between_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.axis import Axis
    from saasmetrics.engine.exchange import Dated, Valuation
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.movements import Moves

    Measures = dict[str, NDArray[np.int64]]


CHANGED = ("customers_expanded", "customers_contracted")  # who is told at the rates of the day


@dataclass(frozen=True, eq=False)
class Accounts:
    """The ledger per entity, group and currency: of each account the entity, the group and the currency."""

    daily: Ledger
    entity: NDArray[np.int32]
    group: NDArray[np.int32]
    currency: NDArray[np.int32]


def accounts(engine: LocalEngine, valued: Valuation, by: Sequence[str]) -> Accounts:
    """Return the accounts of a grouping."""
    found, many = engine.grouping(by), valued.count
    if found.of_entity is not None:
        daily, entity, currency = engine.split(("currency",), valued.of_span, many)
        return Accounts(daily, entity, found.of_entity[entity], currency)
    assert found.of_span is not None
    code = found.of_span.astype(np.int64) * many + valued.of_span
    daily, entity, cell = engine.split(("currency", tuple(by)), code, len(found) * many)
    return Accounts(daily, entity, cell // many, cell % many)


def seen(engine: LocalEngine, held: Accounts, freq: str) -> tuple[Ledger, NDArray[np.int32]]:
    """Return the changes of accounts that count, and the period of each."""
    if engine.policy.view == "event":
        return held.daily, engine.periods(held.daily, freq)
    parts = engine.at_periods(held.daily, freq)
    return parts, parts.time


def valued_moves(
    engine: LocalEngine, valued: Valuation, held: Accounts, freq: str
) -> tuple[Moves, NDArray[Any]]:
    """Return the movements of accounts at the rates of their day, with the day of each.

    Changes are valued before they are told apart: what moves from one currency to another at the rates of the day is
    no gain and no loss, whatever the rates are later.
    """
    source, period, kind = engine.kinds(freq)
    events = engine.policy.view == "event"
    parts, when = seen(engine, held, freq)
    owner = held.entity[parts.account]
    day = parts.time if events else _last_days(engine, valued, freq, held, owner, parts.time)
    factor = valued.each(held.currency[parts.account], day)
    moved = moves_between_groups(parts, when, source, period, kind, held.entity, factor, held.group)
    if engine.policy.return_price == "split":
        old_of = partial(_old, engine, valued, freq, held, parts, source)
        moved, origin = split_returns(moved, owner, parts.time, source, old_of)
        day = day[origin]
    return moved, day


def _old(
    engine: LocalEngine,
    valued: Valuation,
    freq: str,
    held: Accounts,
    parts: Ledger,
    source: Ledger,
    key: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return what customers held before they left, at the rates of the day on which they return."""
    moment, place = np.unique(key, return_inverse=True)
    entity, day = apart(moment)
    left = source.time[last_held(source, moment) + 1]
    begin = np.searchsorted(held.entity, entity)
    many = np.searchsorted(held.entity, entity, side="right") - begin
    event = np.repeat(np.arange(len(moment)), many)
    account = begin[event] + np.arange(len(event)) - (np.cumsum(many) - many)[event]
    known = in_one(parts.account, parts.time)
    at = np.searchsorted(known, in_one(account, left[event])) - 1
    there = (at >= 0) & (parts.account[at] == account)
    old = np.zeros((len(moment), valued.count), np.int64)
    np.add.at(old, (event[there], held.currency[account[there]]), parts.held[at[there]])
    if engine.policy.view != "event":
        day = _last_days(engine, valued, freq, held, entity, day)
    worth: NDArray[np.int64] = np.rint(old * valued.at(day).T).astype(np.int64).sum(axis=1)
    return worth[place.reshape(-1)]


def _last_days(
    engine: LocalEngine,
    valued: Valuation,
    freq: str,
    held: Accounts,
    entity: NDArray[Any],
    period: NDArray[Any],
) -> NDArray[np.int64]:
    """Return the day of each entity's last change in a period, in whatever currency; else that of its accounts.

    It is that of all its accounts. Were it the account's own, the movements of groups at different rates would not
    add up to the company.
    """
    daily, owner, _ = engine.split(("currency",), valued.of_span, valued.count)
    wanted = in_one(entity, period)
    day, there = _latest(engine, freq, daily, owner, wanted)
    return np.where(there, day, _latest(engine, freq, held.daily, held.entity, wanted)[0])


def _latest(
    engine: LocalEngine,
    freq: str,
    daily: Ledger,
    owner: NDArray[np.int32],
    wanted: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the day of the last change of an owner in a period, both in one key, and whether there is any."""
    order = np.argsort(in_one(owner[daily.account], daily.time), kind="stable")
    key = in_one(owner[daily.account], engine.periods(daily, freq))[order]
    at = np.maximum(np.searchsorted(key, wanted, side="right") - 1, 0)
    return daily.time[order][at].astype(np.int64), key[at] == wanted


def movements(
    engine: LocalEngine,
    valued: Valuation,
    constant: Measures,
    freq: str,
    by: Sequence[str],
    bags: int,
    axis: Axis,
) -> Measures:
    """Return the movements of a cube valued at moving rates; who is new and who left is told at constant rates."""
    held = accounts(engine, valued, by)
    moved, _ = valued_moves(engine, valued, held, freq)
    cell, rows = cells(engine, held, bags), constant["closing"].shape[0]
    code = (cell * valued.count + held.currency).astype(np.int32)
    sums = movement_cube(moved, code, rows * valued.count, axis)
    if engine.policy.fx == "spot":
        ledger = seen(engine, held, freq)
        changes = spot.changes(engine, valued, held.currency, ledger, moved, freq)
        where = code[changes.account].astype(np.int64) * len(axis) + axis.place(changes.period)
        sums |= spot.sums(changes, where - axis.base, rows * valued.count * len(axis))
    grown = {}
    for name, at in changed(moved, held).items():
        where = cell[moved.account[at]] * len(axis) + axis.place(moved.period[at]) - axis.base
        grown[name] = tally(where, None, rows * len(axis)).reshape(rows, len(axis))
    return valued_movements(engine, valued, {**constant, **grown}, sums, freq, axis)


def changed(moved: Moves, held: Accounts) -> dict[str, NDArray[np.int64]]:
    """Return one movement for each customer and period that expanded, and for each that contracted, by group."""
    group = held.group.astype(np.int64)
    who = held.entity * (group.max(initial=0) + 1) + group
    found = {}
    for kind, name in zip((EXPANSION, CONTRACTION), CHANGED, strict=True):
        mine = np.flatnonzero((moved.kind == kind) & (moved.amount != 0))
        mine = mine[np.lexsort((moved.period[mine], who[moved.account[mine]]))]
        owner, when = who[moved.account[mine]], moved.period[mine]
        once = np.ones(len(mine), bool)
        once[1:] = (owner[1:] != owner[:-1]) | (when[1:] != when[:-1])
        at = np.flatnonzero(once)
        amount = np.add.reduceat(moved.amount[mine], at) if len(at) else at
        found[name] = mine[at[np.abs(amount) > ROUNDING]]
    return found


def valued_movements(
    engine: Dated,
    valued: Valuation,
    constant: Measures,
    sums: Measures,
    freq: str,
    axis: Axis,
) -> Measures:
    """Return a cube of movements with its money valued: flows per group and currency are, balances are not yet."""
    shape = (constant["closing"].shape[0], valued.count, len(axis))
    flows = {name: sums[name].reshape(shape) for name in FLOWS}
    factor = valued.at(ends_of(engine, freq, axis.ordinals()))
    closing = np.rint(sums["closing"].reshape(shape) * factor).astype(np.int64)
    opening = np.zeros_like(closing)
    opening[:, :, 1:] = closing[:, :, :-1]
    flows["fx"] = closing - opening - sum(flows[name] for name in FLOWS)
    if engine.policy.fx == "spot":
        held = (sums["closing"].reshape(shape), *(sums[name].reshape(shape) for name in spot.SUMS))
        flows = spot.told(flows, held, factor)
    money = {"opening": opening, **flows, "closing": closing}
    return {**constant, **{name: value.sum(axis=1) for name, value in money.items()}}


def cells(engine: LocalEngine, held: Accounts, bags: int) -> NDArray[np.int64]:
    """Return the group (and bag) of each account."""
    group = held.group.astype(np.int64)
    return group * bags + engine.bags(bags)[held.entity] if bags else group


def triangle_mrr(
    engine: LocalEngine,
    valued: Valuation,
    freq: str,
    group: NDArray[np.int32],
    groups: int,
    first: int,
    periods: int,
    cohort: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return MRR per group, cohort and age, each at the rates of its own period; asked as `triangle_cube` is."""
    daily, entity, currency = engine.split(("currency",), valued.of_span, valued.count)
    cell = (group[entity].astype(np.int64) * valued.count + currency).astype(np.int32)
    parts = engine.at_periods(daily, freq)
    asked = (cell, groups * valued.count, first, periods, cohort[entity])
    return valued_triangle(engine, valued, triangle_cube(parts, *asked)["mrr"], freq, first)


def valued_triangle(
    engine: Dated, valued: Valuation, cube: NDArray[np.int64], freq: str, first: int
) -> NDArray[np.int64]:
    """Return MRR per group, cohort from the `first` on and age, at the rates of its period, from that per currency."""
    periods = cube.shape[-1]
    cube = cube.reshape(len(cube) // valued.count, valued.count, periods, periods)
    factor = valued.at(ends(engine, freq, first, 2 * periods))
    when = np.add.outer(np.arange(periods), np.arange(periods))
    at = factor[:, when] if periods else np.ones((valued.count, 0, 0))
    out: NDArray[np.int64] = np.rint(cube * at).astype(np.int64).sum(axis=1)
    return out


def first_group(engine: LocalEngine, valued: Valuation, by: Sequence[str]) -> NDArray[np.int32]:
    """Return for each entity the group of most of its MRR on its first day, at the rates of that day."""
    held = accounts(engine, valued, by)
    daily, owners = held.daily, len(engine.spans.entity_ids)
    owner = held.entity[daily.account]
    begin = np.full(owners, np.iinfo(np.int32).max, np.int64)
    np.minimum.at(begin, owner, daily.time)
    rows = np.flatnonzero(daily.time == begin[owner])
    account = daily.account[rows]
    factor = valued.each(held.currency[account], daily.time[rows])
    worth = np.rint(daily.mrr[rows] * factor).astype(np.int64)
    key, place = np.unique(in_one(held.entity[account], held.group[account]), return_inverse=True)
    entity, group = apart(key)
    order = np.lexsort((group, tally(place.reshape(-1), worth, len(key)), entity))
    out = np.zeros(owners, np.int32)
    out[entity[order]] = group[order]
    return out


def at_first_rates(engine: LocalEngine, valued: Valuation, freq: str) -> Ledger:
    """Return the entities' ledger at the ends of periods, each at the rates of the period in which it first pays."""
    daily, entity, currency = engine.split(("currency",), valued.of_span, valued.count)
    parts, since = engine.at_periods(daily, freq), engine.periodic(freq).since
    last = engine.extent(freq)[0] + engine.extent(freq)[1] - 1
    day = ends_of(engine, freq, np.minimum(since, last))
    factor = valued.each(currency, day[entity])[parts.account]
    key = in_one(entity[parts.account], parts.time)
    order = np.argsort(key, kind="stable")
    begins = np.ones(len(key), bool)
    begins[1:] = np.diff(key[order]) != 0
    at = np.flatnonzero(begins)
    account, time = (half.astype(np.int32) for half in apart(key[order][at]))

    def whole(balance: NDArray[np.int64]) -> NDArray[np.int64]:
        level = np.rint(balance * factor).astype(np.int64)
        change = (level - parts.before(level))[order]
        return running(np.add.reduceat(change, at) if len(at) else change, account)

    paused = None if parts.paused is None else whole(parts.paused)
    return Ledger(account, time, whole(parts.mrr), paused, len(since), parts.aside)

"""The customers behind a cell, with their money at the exchange rates of the day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine import exchange, spot, valued
from saasmetrics.engine.group_pairs import Levels, contributions
from saasmetrics.engine.movements import FLOWS, KINDS
from saasmetrics.engine.pairs import MONEY
from saasmetrics.engine.transfers import numbered
from saasmetrics.engine.valued_pairs import at_rates, switches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.exchange import Valuation
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.movements import Moves
    from saasmetrics.engine.valued import Measures


@dataclass(frozen=True)
class Cell:
    """A period with the window that ends with it, and one group of a grouping; None for all of them."""

    period: int
    window: int
    freq: str
    by: tuple[str, ...]
    group: int | None


def movement_rows(
    engine: LocalEngine, rates: Valuation, cell: Cell, entities: NDArray[Any]
) -> Measures:
    """Return opening, flows and closing of some entities at the rates of the day, in their order."""
    held = valued.accounts(engine, rates, cell.by)
    moved, _ = valued.valued_moves(engine, rates, held, cell.freq)
    mine = _mine(held, cell)
    place = _places(len(engine.spans.entity_ids), entities)[held.entity]
    here = (moved.period > cell.period - cell.window) & (moved.period <= cell.period)
    here &= mine[moved.account] & (place[moved.account] >= 0)
    at_spot = engine.policy.fx == "spot"
    effects = _effects(engine, rates, held, moved, cell) if at_spot else ()
    moved = moved.pick(np.flatnonzero(here), cell.period)
    at = place[moved.account]
    out: Measures = {name: np.zeros(len(entities), np.int64) for name in FLOWS}
    for number, name in enumerate(KINDS):
        chosen = moved.kind == number
        np.add.at(out[name], at[chosen], moved.amount[chosen])
    for name, values in (("pause", moved.pause), ("transfer", moved.transfer)):
        if values is not None:
            np.add.at(out[name], at, values)
    for name, change in valued.changed(moved, held).items():
        out[name] = np.bincount(at[change], minlength=len(entities))
    balances = _balances(engine, rates, held, cell)
    for name, value in zip(("opening", "closing"), balances, strict=True):
        out[name] = np.zeros(len(entities), np.int64)
        chosen = mine & (place >= 0)
        np.add.at(out[name], place[chosen], value[chosen])
    out["fx"] = out["closing"] - out["opening"] - sum(out[name] for name in FLOWS)
    if at_spot:
        chosen = np.flatnonzero(mine & (place >= 0))
        for name, value in zip(("expansion", "contraction"), effects, strict=True):
            np.add.at(out[name], place[chosen], value[chosen])
        out["fx"] = np.zeros(len(entities), np.int64)
    return out


def _effects(
    engine: LocalEngine, rates: Valuation, held: valued.Accounts, moved: Moves, cell: Cell
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return what rates gave and took of each account, added up over the periods of a window."""
    gained, lost = (np.zeros(len(held.entity), np.int64) for _ in range(2))
    for period in range(cell.period - cell.window + 1, cell.period + 1):
        opening, closing = _balances(engine, rates, held, replace(cell, period=period, window=1))
        effect = closing - opening
        here = moved.pick(np.flatnonzero(moved.period == period))
        for amount in (here.amount, here.pause, here.transfer):
            if amount is not None:
                np.subtract.at(effect, here.account, amount)
        effect = spot.counted(effect)
        gained, lost = gained + np.maximum(effect, 0), lost + np.minimum(effect, 0)
    return gained, lost


def pair_rows(
    engine: LocalEngine, rates: Valuation, cell: Cell, entities: NDArray[Any]
) -> Measures:
    """Return the money of pairs of some entities at the rates of the window's start, in their order."""
    held = valued.accounts(engine, rates, cell.by)
    ledger = engine.at_periods(held.daily, cell.freq)
    (m0, p0), (m1, p1) = ledger.state(cell.period - cell.window), ledger.state(cell.period)
    begun = engine.periodic(cell.freq).held_since <= cell.period - cell.window
    customer = held.entity.astype(np.int64)
    seen, aside = begun[customer], ledger.aside
    start, end = (factor[held.currency] for factor in _factors(engine, rates, cell))
    late = end if engine.policy.fx == "spot" else start
    parts = contributions(customer, (m0, m1), (p0, p1), seen, aside=aside)
    money = at_rates({name: parts[name] for name in MONEY}, start, late)
    found = Levels(np.arange(len(customer)), customer, customer, (m0, m1), (p0, p1), seen)
    mixed = switches(found, held.currency)
    m0, p0, m1, p1 = (
        np.rint(value * rate).astype(np.int64)
        for value, rate in ((m0, start), (p0, start), (m1, late), (p1, start))
    )
    # The currencies of a group are one; what they come to stands at the first of them.
    group = numbered(customer, held.group)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    whole = [np.add.reduceat(value, first) if len(first) else value for value in (m0, m1, p0, p1)]
    found_of = contributions(
        customer[first], (whole[0], whole[1]), (whole[2], whole[3]), seen[first], aside=aside
    )
    alone = {name: np.zeros(len(customer), np.int64) for name in MONEY}
    for name in MONEY:
        alone[name][first] = found_of[name]
    place = _places(len(engine.spans.entity_ids), entities)[held.entity]
    chosen = _mine(held, cell) & (place >= 0)
    out: Measures = {}
    for name, value in money.items():
        out[name] = np.zeros(len(entities), np.int64)
        np.add.at(out[name], place[chosen], np.where(mixed, alone[name], value)[chosen])
    return out


def _mine(held: valued.Accounts, cell: Cell) -> NDArray[np.bool_]:
    if cell.group is None:
        return np.ones(len(held.entity), bool)
    mine: NDArray[np.bool_] = held.group == cell.group
    return mine


def _places(entities: int, chosen: NDArray[Any]) -> NDArray[np.int64]:
    place = np.full(entities, -1)
    place[chosen] = np.arange(len(chosen))
    return place


def _factors(
    engine: LocalEngine, rates: Valuation, cell: Cell
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each currency's factor at the end of the period before the window, and of its last period."""
    days = [
        exchange.ends(engine, cell.freq, t, 1)[0] for t in (cell.period - cell.window, cell.period)
    ]
    both = rates.at(np.array(days))
    return both[:, 0], both[:, 1]


def _balances(
    engine: LocalEngine, rates: Valuation, held: valued.Accounts, cell: Cell
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ledger = engine.at_periods(held.daily, cell.freq)
    start, end = _factors(engine, rates, cell)
    opening, _ = ledger.state(cell.period - cell.window)
    closing, _ = ledger.state(cell.period)
    return (
        np.rint(opening * start[held.currency]).astype(np.int64),
        np.rint(closing * end[held.currency]).astype(np.int64),
    )

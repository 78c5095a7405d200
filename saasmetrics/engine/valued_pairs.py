"""Pairs at exchange rates that move: what each customer pays at both ends of a window, at the rates of its start.

Sums per group and currency are valued, which is the same for all whose money changes in one currency. Where a customer
changes what it pays in several currencies, as one that goes over from euros to dollars, its own sums are valued, period
by period: what one currency loses and another gains is no gain and no loss but by the difference in value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.exchange import ends_of
from saasmetrics.engine.group_pairs import Levels, contributions, levels, summed_up
from saasmetrics.engine.pairs import MONEY
from saasmetrics.engine.tally import tally
from saasmetrics.engine.valued import accounts, cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.axis import Axis
    from saasmetrics.engine.exchange import Dated, Valuation
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.valued import Measures

_PARTS = ("expansion", "contraction", "churn", "paused")


def pairs(
    engine: LocalEngine,
    valued: Valuation,
    constant: Measures,
    window: int,
    freq: str,
    by: Sequence[str],
    bags: int,
    axis: Axis,
) -> Measures:
    """Return the money of pairs at the rates of the window's start, so that rates of exchange are no retention."""
    held = accounts(engine, valued, by)
    ledger = engine.at_periods(held.daily, freq)
    found = levels(ledger, held.entity, window, axis)
    parts = contributions(found.event, found.mrr, found.paused, found.seen, aside=ledger.aside)
    mixed = switches(found, held.currency)
    for name in MONEY:
        parts[name][mixed] = 0
    cell, many = cells(engine, held, bags), constant["opening"].shape[0]
    code = (cell * valued.count + held.currency).astype(np.int32)
    cube = summed_up(found, {n: parts[n] for n in MONEY}, code, many * valued.count, axis)
    money = valued_pairs(engine, valued, constant, cube, window, freq, axis)
    if mixed.any():
        at, place = _each_place(found, mixed, axis)
        days = (ends_of(engine, freq, axis.ordinals() - back) for back in (window, 0))
        start, end = (valued.at(day)[held.currency[found.account[at]], place] for day in days)
        late = end if engine.policy.fx == "spot" else start
        alone, where = _worth(found, at, place, (start, late), cell * len(axis))
        more = contributions(alone.event, alone.mrr, alone.paused, alone.seen, aside=ledger.aside)
        for name in MONEY:
            sums = tally(where, more[name], many * len(axis))
            money[name] = money[name] + sums.reshape(many, len(axis))
    return money


def switches(found: Levels, currency: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return the rows of customers that change what they pay in several currencies over the window."""
    (m0, m1), (p0, p1) = found.mrr, found.paused
    at = np.flatnonzero((m0 != m1) | (p0 != p1))
    events = int(found.event[-1]) + 1 if len(found.event) else 0
    kind = currency[found.account[at]].astype(np.int64)
    low, high = np.full(events, np.iinfo(np.int64).max), np.full(events, -1)
    np.minimum.at(low, found.event[at], kind)
    np.maximum.at(high, found.event[at], kind)
    several: NDArray[np.bool_] = (low < high)[found.event]
    return several


def _each_place(
    found: Levels, mixed: NDArray[np.bool_], axis: Axis
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the mixed rows at every place of the axis until the next event, by event, place and account."""
    begins = np.ones(len(found.event), bool)
    begins[1:] = found.event[1:] != found.event[:-1]
    first = np.flatnonzero(begins)
    begin = axis.place(found.moment[first]).astype(np.int64) - axis.base
    until = np.append(begin[1:], len(axis))
    # All events of a customer have the same accounts.
    last = np.append(found.account[first][1:] != found.account[first][:-1], True)
    until[last] = len(axis)
    rows = np.flatnonzero(mixed)
    many = (until - begin)[found.event[rows]]
    at = np.repeat(rows, many)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many)
    place = begin[found.event[at]] + nth
    order = np.lexsort((place, found.event[at]))
    return at[order], place[order]


def _worth(
    found: Levels,
    at: NDArray[np.int64],
    place: NDArray[np.int64],
    rates: tuple[NDArray[np.float64], NDArray[np.float64]],
    cell: NDArray[np.int64],
) -> tuple[Levels, NDArray[np.int64]]:
    """Return some rows of levels at the rates of both ends, the currencies of a group as one, and the cell of each.

    What rests is at those of the start at both ends, so that a pause takes from MRR what it ends with.
    """
    account, event = found.account[at], found.event[at]
    where = cell[account] + place
    turns, fresh = np.ones(len(at), bool), np.ones(len(at), bool)
    turns[1:] = (event[1:] != event[:-1]) | (place[1:] != place[:-1])
    fresh[1:] = turns[1:] | (where[1:] != where[:-1])
    begins = np.flatnonzero(fresh)

    def worth(value: NDArray[np.int64], rate: NDArray[np.float64]) -> NDArray[np.int64]:
        whole: NDArray[np.int64] = np.rint(value[at] * rate).astype(np.int64)
        return np.add.reduceat(whole, begins)

    start, end = rates
    mrr = worth(found.mrr[0], start), worth(found.mrr[1], end)
    paused = worth(found.paused[0], start), worth(found.paused[1], start)
    event = (np.cumsum(turns) - 1)[begins]
    moment, seen = found.moment[at][begins], found.seen[at][begins]
    return Levels(account[begins], event, moment, mrr, paused, seen), where[begins]


def valued_pairs(
    engine: Dated,
    valued: Valuation,
    constant: Measures,
    cube: Measures,
    window: int,
    freq: str,
    axis: Axis,
) -> Measures:
    """Return a cube of pairs with its money valued, from that per group and currency."""
    shape = (constant["opening"].shape[0], valued.count, len(axis))
    found = {name: cube[name].reshape(shape) for name in MONEY}
    start = valued.at(ends_of(engine, freq, axis.ordinals() - window))
    end = valued.at(ends_of(engine, freq, axis.ordinals())) if engine.policy.fx == "spot" else start
    money = at_rates(found, start, end)
    return {**constant, **{name: value.sum(axis=1) for name, value in money.items()}}


def at_rates(
    found: Mapping[str, NDArray[np.int64]], start: NDArray[Any], end: NDArray[Any]
) -> Measures:
    """Return the money of pairs per currency at the rates of the window's start, the closing at those of its end.

    What the rates do in between counts as expansion or contraction; with the same rates it is nothing. The unit that
    rounding leaves goes to the largest part, so that the parts lead from the opening to the closing.
    """
    money = {name: np.rint(value * start).astype(np.int64) for name, value in found.items()}
    parts = np.stack([money[name] for name in _PARTS])
    rest = money["closing"] - money["opening"] - parts.sum(axis=0)
    np.put_along_axis(
        parts,
        np.abs(parts).argmax(axis=0)[None],
        np.take_along_axis(parts, np.abs(parts).argmax(axis=0)[None], axis=0) + rest,
        axis=0,
    )
    money |= dict(zip(_PARTS, parts, strict=True))
    closing = np.rint(found["closing"] * end).astype(np.int64)
    moved = closing - money["closing"]
    money["expansion"] = money["expansion"] + np.maximum(moved, 0)
    money["contraction"] = money["contraction"] + np.minimum(moved, 0)
    money["closing"] = closing
    money["kept"] = np.rint(np.minimum(found["kept"] * start, found["kept"] * end)).astype(np.int64)
    return money

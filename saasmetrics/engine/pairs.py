"""The sweep for pairs: each customer's MRR at two snapshots a window apart, summed over customers for every period."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.tally import tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.axis import Axis
    from saasmetrics.engine.ledger import Ledger

MONEY = (
    "opening",
    "closing",
    "kept",
    "expansion",
    "contraction",
    "churn",
    "paused",
    "new",
    "reactivation",
    "resumed",
)
COUNTS = ("customers", "customers_lost", "customers_grown", "customers_shrunk")
TIME_BITS = 20  # of a key: the time; the rest is the account
ABSENT, SAME, GROWN, SHRUNK, LOST, NEW, BACK, RESUMED = range(
    8
)  # what a customer is, given M0 and M1
STANDINGS = 8


def pair_cube(
    ledger: Ledger, window: int, group: NDArray[np.int32], groups: int, axis: Axis
) -> dict[str, NDArray[np.int64]]:
    """Return the sums over customers for every period t of an axis and the snapshot `window` periods before.

    Notes
    -----
    `opening` is M0, `closing` M1 and `kept` min(M0, M1) of the customers with M0 > 0; `expansion`, `contraction`,
    `churn` and `paused` are the parts of closing - opening; `resumed` is M1 of those whose MRR all rested at the start,
    `new` and `reactivation` are M1 of the others.
    """
    cells = groups * len(axis)
    total = {name: np.zeros(cells, np.int64) for name in (*MONEY, *COUNTS)}
    for accounts, part in ledger.blocks(least=STANDINGS * cells):
        cell_of = group[accounts].astype(np.int64) * len(axis) - axis.base
        if len(part):
            for name, change in _changes(part, window, axis, cell_of, cells).items():
                total[name] += change
    return {
        name: np.cumsum(sums.reshape(groups, len(axis)), axis=1) for name, sums in total.items()
    }


def _changes(
    ledger: Ledger, window: int, axis: Axis, cell_of: NDArray[np.int64], cells: int
) -> dict[str, NDArray[np.int64]]:
    """Return by how much each sum changes in each cell; `cell_of` an account, plus the place, is the cell."""
    owner, time, now, ago = _states(ledger, window, axis.last)
    m1, m0 = ledger.mrr[now], _balance(ledger.mrr, ago)
    opening = np.maximum(m0, 0)
    gain, rests, held, idle = m1 - opening, None, m1, np.zeros(0, bool)
    if ledger.paused is not None:
        p1, p0 = ledger.paused[now], _balance(ledger.paused, ago)
        held = m1 + p1
        if ledger.aside:
            rests = np.where((m0 > 0) & (held > 0), p1 - p0, 0)
            gain += rests
        idle = (m0 <= 0) & (m0 + p0 > 0)
    seen = ledger.since[owner] + window <= time
    standing = _standings(m0 > 0, held > 0, seen, gain)
    if len(idle):
        standing[idle & (standing == BACK)] = RESUMED
    cell = cell_of[owner] + axis.place(time)
    # What a customer adds from one time on, it takes away at the next; ABSENT, 0, takes what nobody asks for.
    begins = standing * cells + cell
    ends = standing[:-1] * (owner[1:] == owner[:-1]) * cells + cell[1:]

    def spread(values: NDArray[np.int64] | None) -> NDArray[np.int64]:
        added = tally(begins, values, STANDINGS * cells)
        added -= tally(ends, None if values is None else values[:-1], STANDINGS * cells)
        return added.reshape(STANDINGS, cells)

    money, heads, paid = spread(gain), spread(None), _paid(ledger, window, axis, cell_of, cells)
    lost = money[SHRUNK] + money[LOST]
    paused = np.zeros(cells, np.int64) if rests is None else -spread(rests)[SAME:].sum(axis=0)
    if rests is not None or int(ledger.mrr.min()) < 0:
        lost = spread(np.minimum(m1 - opening, 0))[SAME : LOST + 1].sum(axis=0)
    resting = _resting(idle, held, owner, cell, cells)
    return {
        "opening": paid,
        "closing": paid + money[GROWN] + money[SHRUNK] + money[LOST] + paused,
        "kept": paid + lost,
        "expansion": money[GROWN],
        "contraction": money[SHRUNK],
        "churn": money[LOST],
        "paused": paused,
        "new": money[NEW],
        "reactivation": money[BACK],
        "resumed": money[RESUMED],
        "customers": heads[SAME : LOST + 1].sum(axis=0) + resting[0],
        "customers_lost": heads[LOST] + resting[1],
        "customers_grown": heads[GROWN],
        "customers_shrunk": heads[SHRUNK],
    }


def _paid(
    ledger: Ledger, window: int, axis: Axis, cell_of: NDArray[np.int64], cells: int
) -> NDArray[np.int64]:
    """Return the MRR of all who paid `window` ago, as changes per cell."""
    paid = np.maximum(ledger.mrr, 0)
    rows = np.flatnonzero(ledger.time <= axis.last - window)
    cell = cell_of[ledger.account[rows]] + axis.place(ledger.time[rows] + window)
    return tally(cell, (paid - ledger.before(paid))[rows], cells)


def _resting(
    idle: NDArray[np.bool_],
    held: NDArray[np.int64],
    owner: NDArray[np.int64],
    cell: NDArray[np.int64],
    cells: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return customers whose MRR all rested at the start, and those of them that are gone, as changes per cell."""
    if not idle.any():
        none = np.zeros(cells, np.int64)
        return none, none

    def spread(mine: NDArray[np.bool_]) -> NDArray[np.int64]:
        before = np.zeros(len(mine), bool)
        before[1:] = mine[:-1] & (owner[1:] == owner[:-1])
        return tally(cell[mine], None, cells) - tally(cell[before], None, cells)

    return spread(idle), spread(idle & (held <= 0))


def _states(
    ledger: Ledger, window: int, last: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return accounts and times at which MRR changes now or changed `window` ago, and which changes hold then.

    The third and fourth are indices into the ledger, of the latest change now and of the latest one `window` ago, -1
    where there was none. Both may change at one time; it then comes twice.
    """
    n, base = len(ledger), int(ledger.time.min())
    again = np.flatnonzero(ledger.time <= last - window)
    key = np.empty(n + len(again), np.int64)
    key[:n] = ledger.account
    key[n:] = ledger.account[again]
    key <<= TIME_BITS
    key[:n] += ledger.time
    key[n:] += ledger.time[again]
    key[n:] += window
    key -= base
    key <<= 1
    key[n:] += 1
    key.sort(kind="stable")  # which merges two sorted runs
    earlier = np.cumsum(key & 1)
    key >>= 1
    owner, time = key >> TIME_BITS, (key & ((1 << TIME_BITS) - 1)) + base
    ago = np.concatenate([[-1], again])[earlier]
    ago = np.where(ledger.account[ago] == owner, ago, -1)
    return owner, time, np.arange(len(key)) - earlier, ago


def _balance(values: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int64]:
    return values[at] * (at >= 0)


def _standing(paid: int, held: int, seen: int, sign: int) -> int:
    """Return what a customer is.

    Parameters
    ----------
    paid, held
        Whether it paid `window` ago, and whether it is a customer now.
    seen
        Whether it had been one by then.
    sign
        Of the change of its MRR: -1, 0 or 1.
    """
    if paid:
        return (SHRUNK, SAME, GROWN)[sign + 1] if held else LOST
    return ABSENT if sign < 1 else BACK if seen else NEW


_STANDING = np.array([_standing(*at) for at in product((0, 1), (0, 1), (0, 1), (-1, 0, 1))])


def _standings(
    paid: NDArray[np.bool_],
    held: NDArray[np.bool_],
    seen: NDArray[np.bool_],
    gain: NDArray[np.int64],
) -> NDArray[np.int64]:
    code = paid.astype(np.int8)
    for flag in (held, seen):
        code *= 2
        code += flag
    code *= 3
    code += gain > 0
    code -= gain < 0
    return _STANDING[code + 1]

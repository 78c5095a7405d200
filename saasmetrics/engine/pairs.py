"""The sweep for pairs: each customer's MRR at two snapshots a window apart, summed over customers for every period."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.tally import drain, pour
from saasmetrics.tables.arrays import looked_up

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

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


def pair_cube(
    ledger: Ledger,
    window: int,
    group: NDArray[np.int32],
    groups: int,
    axis: Axis,
    found: Iterable[Steps] | None = None,
) -> dict[str, NDArray[np.int64]]:
    """Return the sums over customers for every period t of an axis and the snapshot `window` periods before.

    `found` are the steps of the ledger, window and axis, where they are kept.

    Notes
    -----
    `opening` is M0, `closing` M1 and `kept` min(M0, M1) of the customers with M0 > 0; `expansion`, `contraction`,
    `churn` and `paused` are the parts of closing - opening; `resumed` is M1 of those whose MRR all rested at the start,
    `new` and `reactivation` are M1 of the others.
    """
    sums = _Sums(groups * len(axis), uneven=_uneven(ledger))
    for part in steps(ledger, window, axis) if found is None else found:
        _add(sums, part, group[part.accounts].astype(np.int64) * len(axis) - axis.base)
    still = () if ledger.paused is not None else ("paused", "resumed")
    return sums.measures((groups, len(axis)), still)


@dataclass(frozen=True, eq=False)
class Steps:
    """What the customers of a block add to sums from a place on the axis on, the same for all groups.

    `owner` counts accounts from the first of the block; `ends` says which steps end, `until` at which place. `gain` is
    the change of MRR but for what rests, `rests` and `lost` are what rests of it and what is lost of it, `idle` who
    rested at the start and `gone` who of them left; the last three are None where there is none. `payer`, `paid` and
    `pays` are who paid `window` ago from a place on, by how much more than before, and how many.
    """

    accounts: slice
    owner: NDArray[np.int32]
    place: NDArray[np.int32]
    ends: NDArray[np.int32]
    until: NDArray[np.int32]
    standing: NDArray[np.int8]
    gain: NDArray[np.int64]
    rests: NDArray[np.int64] | None
    lost: NDArray[np.int64] | None
    idle: NDArray[np.bool_] | None
    gone: NDArray[np.bool_] | None
    payer: NDArray[np.int32]
    payer_place: NDArray[np.int32]
    paid: NDArray[np.int64]
    pays: NDArray[np.int8]


def steps(ledger: Ledger, window: int, axis: Axis) -> Iterator[Steps]:
    """Yield the steps of every block of a ledger."""
    uneven = _uneven(ledger)
    for accounts, part in ledger.blocks:
        if len(part):
            yield _steps(accounts, part, window, axis, uneven=uneven)


def _uneven(ledger: Ledger) -> bool:
    """Return whether customers who pay more may keep less: where MRR rests, or is below zero."""
    rests = ledger.paused is not None and ledger.aside
    return rests or int(ledger.mrr.min(initial=0)) < 0


class _Sums:
    """By how much each sum changes in each cell.

    `money` and `heads` are the change of MRR and the customers of each standing from GROWN on, after a first cell that
    takes what nobody asks for; `paid` is MRR at the start, `payers`
    who paid it, `paused` what rests of it, and `lost` what is lost of it, held apart where it is not that of those who
    shrank or left; `idle` counts customers whose MRR all rested at the start, and `gone` those of them that are gone.
    """

    def __init__(self, cells: int, *, uneven: bool) -> None:
        self.cells = cells
        self.uneven = uneven
        self.money = np.zeros((RESUMED - SAME) * cells + 1, np.int64)
        self.heads = np.zeros((LOST - SAME) * cells + 1, np.int64)
        self.paid, self.payers, self.paused, self.lost, self.idle, self.gone = (
            np.zeros(cells, np.int64) for _ in range(6)
        )

    def measures(
        self, shape: tuple[int, int], still: Collection[str]
    ) -> dict[str, NDArray[np.int64]]:
        """Return the measures as groups x places, in the memory of the sums where they are one; some never change."""
        grown, less, lost, new, back, resumed = self.money[1:].reshape(RESUMED - SAME, self.cells)
        raised, lowered, left = self.heads[1:].reshape(LOST - SAME, self.cells)
        shrunk = less + lost
        kept = self.paid + (self.lost if self.uneven else shrunk)
        shrunk += self.paid
        shrunk += grown
        shrunk += self.paused
        self.payers += self.idle
        self.gone += left
        changes = {
            "opening": self.paid,
            "closing": shrunk,
            "kept": kept,
            "expansion": grown,
            "contraction": less,
            "churn": lost,
            "paused": self.paused,
            "new": new,
            "reactivation": back,
            "resumed": resumed,
            "customers": self.payers,
            "customers_lost": self.gone,
            "customers_grown": raised,
            "customers_shrunk": lowered,
        }
        cube = {name: change.reshape(shape) for name, change in changes.items()}
        for name in changes.keys() - still:
            np.cumsum(cube[name], axis=1, out=cube[name])
        return cube


def _steps(accounts: slice, ledger: Ledger, window: int, axis: Axis, *, uneven: bool) -> Steps:
    owner, time, now, ago = _states(ledger, window, axis.last)
    m1, m0 = looked_up(ledger.mrr, now), _balance(ledger.mrr, ago)
    opening = np.maximum(m0, 0)
    gain, rests, held, idle = m1 - opening, None, m1, None
    if ledger.paused is not None:
        p1, p0 = looked_up(ledger.paused, now), _balance(ledger.paused, ago)
        held = m1 + p1
        if ledger.aside:
            rests = np.where((m0 > 0) & (held > 0), p1 - p0, 0)
            gain += rests
        idle = (m0 <= 0) & (m0 + p0 > 0)
    seen = looked_up(ledger.held_since, owner) + window <= time
    standing = _standings(m0 > 0, held > 0, seen, gain)
    if idle is not None:
        standing[idle & (standing == BACK)] = RESUMED
        idle = idle if idle.any() else None
    lost = np.minimum(m1 - opening, 0) if uneven else None
    gone = None if idle is None else idle & (held <= 0)
    place = axis.place(time).astype(np.int32)
    told = [values for values in (rests, lost, idle) if values is not None]
    kept, ends = _kept(owner, place, standing, told)
    return Steps(
        accounts,
        looked_up(owner, kept).astype(np.int32),
        looked_up(place, kept),
        ends.astype(np.int32),
        looked_up(place, looked_up(kept, ends) + 1),
        looked_up(standing, kept),
        looked_up(gain, kept),
        None if rests is None else looked_up(rests, kept),
        None if lost is None else looked_up(lost, kept),
        None if idle is None else looked_up(idle, kept),
        None if gone is None else looked_up(gone, kept),
        *_payers(ledger, window, axis),
    )


def _kept(
    owner: NDArray[np.int64],
    place: NDArray[np.int32],
    standing: NDArray[np.int8],
    told: Sequence[NDArray[Any]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the steps at which something is added and not taken away at once, and which of them end at the next."""
    kept = standing > SAME
    for values in told:
        kept |= values != 0
    ending = np.zeros(len(owner), bool)
    np.equal(owner[1:], owner[:-1], out=ending[:-1])
    kept[:-1] &= ~ending[:-1] | (place[1:] != place[:-1])
    rows = np.flatnonzero(kept)
    return rows, np.flatnonzero(looked_up(ending, rows))


def _payers(
    ledger: Ledger, window: int, axis: Axis
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int8]]:
    """Return who paid `window` ago, from which place on, how much more than before, and how many."""
    rows = np.flatnonzero(ledger.time <= axis.last - window)
    paid = np.maximum(ledger.mrr, 0)
    before = ledger.before(paid)
    pays = (paid > 0).view(np.int8) - (before > 0).view(np.int8)
    return (
        looked_up(ledger.account, rows).astype(np.int32),
        axis.place(looked_up(ledger.time, rows) + window).astype(np.int32),
        looked_up(paid - before, rows),
        looked_up(pays, rows),
    )


def _add(sums: _Sums, part: Steps, cell_of: NDArray[np.int64]) -> None:
    """Add the steps of a block; `cell_of` an account, plus the place, is the cell."""
    base = looked_up(cell_of, part.owner)
    begin, end = base + part.place, looked_up(base, part.ends) + part.until

    def spread(
        total: NDArray[np.int64],
        begin: NDArray[np.int64],
        end: NDArray[np.int64],
        values: NDArray[np.int64] | None,
    ) -> None:
        pour(total, begin, values)
        drain(total, end, None if values is None else looked_up(values, part.ends))

    standing = part.standing.astype(np.int64)
    ended = looked_up(standing, part.ends)
    begins = _in_cells(sums, standing, begin)
    ends = _in_cells(sums, ended, end)
    spread(sums.money, begins, ends, part.gain)
    counted = standing <= LOST
    spread(sums.heads, begins * counted, ends * (ended <= LOST), None)
    payers = looked_up(cell_of, part.payer) + part.payer_place
    pour(sums.paid, payers, part.paid)
    pour(sums.payers, payers, part.pays.astype(np.int64))
    if part.rests is not None:
        spread(sums.paused, begin, end, -part.rests * (standing >= SAME))
    if part.lost is not None:
        spread(sums.lost, begin, end, part.lost * ((standing >= SAME) & counted))
    if part.idle is not None and part.gone is not None:
        spread(sums.idle, begin, end, part.idle.astype(np.int64))
        spread(sums.gone, begin, end, part.gone.astype(np.int64))


def _in_cells(
    sums: _Sums, standing: NDArray[np.int64], cell: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the cells of what is counted by standing; the first one of who is not."""
    return ((standing - GROWN) * sums.cells + 1 + cell) * (standing > SAME)


def _states(
    ledger: Ledger, window: int, last: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return accounts and times at which MRR changes now or changed `window` ago, and which changes hold then.

    The third is the index in the ledger of the latest change now, the fourth the number from 1 of the latest one
    `window` ago, 0 where there was none. Both may change at one time; it then comes twice.
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
    ago = looked_up(np.concatenate([[0], again + 1]), earlier)
    ago *= looked_up(np.concatenate([[-1], ledger.account]), ago) == owner
    return owner, time, np.arange(len(key)) - earlier, ago


def _balance(values: NDArray[np.int64], number: NDArray[np.int64]) -> NDArray[np.int64]:
    return looked_up(np.concatenate([[0], values]), number)


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


_STANDING = np.array(
    [_standing(*at) for at in product((0, 1), (0, 1), (0, 1), (-1, 0, 1))], np.int8
)


def _standings(
    paid: NDArray[np.bool_],
    held: NDArray[np.bool_],
    seen: NDArray[np.bool_],
    gain: NDArray[np.int64],
) -> NDArray[np.int8]:
    code = paid.astype(np.int8)
    for flag in (held, seen):
        code *= 2
        code += flag
    code *= 3
    code += gain > 0
    code -= gain < 0
    return _STANDING[code + 1]

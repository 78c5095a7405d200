"""The sweep for movements: every change of MRR has one reason, from new business to churn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.tally import tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.ledger import Ledger

KINDS = ("new", "reactivation", "expansion", "contraction", "churn")
FLOWS = (*KINDS, "pause", "fx", "transfer")
NOUNS = {
    "new": "customers_new",
    "reactivation": "customers_reactivated",
    "expansion": "customers_expanded",
    "contraction": "customers_contracted",
    "churn": "customers_churned",
}
NEW, REACTIVATION, EXPANSION, CONTRACTION, CHURN = range(5)


@dataclass(frozen=True)
class Moves:
    """Changes with the reason of each: one element per change of an account.

    `amount` is the change for the reason `kind` (index into `KINDS`), `pause` and `transfer` the rest of the
    change of MRR; `opened` says whether the account was paying when the period began.
    """

    account: NDArray[np.int32]
    period: NDArray[np.int32]
    kind: NDArray[np.int8]
    amount: NDArray[np.int64]
    pause: NDArray[np.int64] | None
    transfer: NDArray[np.int64] | None
    change: NDArray[np.int64]
    opened: NDArray[np.bool_]
    paying: NDArray[np.int8]

    def pick(self, rows: NDArray[np.int64], period: int) -> Moves:
        """Return some of the movements, all dated to one period."""
        return Moves(
            account=self.account[rows],
            period=np.full(len(rows), period, np.int32),
            kind=self.kind[rows],
            amount=self.amount[rows],
            pause=None if self.pause is None else self.pause[rows],
            transfer=None if self.transfer is None else self.transfer[rows],
            change=self.change[rows],
            opened=self.opened[rows],
            paying=self.paying[rows],
        )


def kinds(
    ledger: Ledger, new_after: int | None = None, away: NDArray[np.int64] | None = None
) -> NDArray[np.int8]:
    """Return the kind of each change: what the customer held before and after decides.

    Parameters
    ----------
    ledger
        One account per entity.
    new_after
        A return more than so many days after leaving is new again; None: never.
    away
        For how many days the customer had been away, at each change that is a start.
    """
    held = ledger.held
    before = ledger.before(held)
    was, now = before > 0, held > 0
    out = np.where(held > before, np.int8(EXPANSION), np.int8(CONTRACTION))
    out[was & ~now] = CHURN
    starts = ~was & now
    out[starts] = REACTIVATION
    out[first_paying(ledger, starts)] = NEW
    if new_after is not None and away is not None:
        out[starts & (away > new_after)] = NEW
    return out


def first_paying(ledger: Ledger, starts: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the index of each account's first start of paying."""
    at = np.flatnonzero(starts)
    owner = ledger.account[at]
    first = np.ones(len(at), bool)
    first[1:] = owner[1:] != owner[:-1]
    return at[first]


def moves(ledger: Ledger, period: NDArray[np.int32], kind: NDArray[np.int8]) -> Moves:
    """Return the movements of a ledger with one account per entity."""
    held, mrr = ledger.held, ledger.mrr
    before = ledger.before(mrr)
    amount = held - ledger.before(held) if ledger.paused is not None else mrr - before
    pause = None if ledger.paused is None else ledger.before(ledger.paused) - ledger.paused
    return Moves(
        account=ledger.account,
        period=period,
        kind=kind,
        amount=amount,
        pause=pause,
        transfer=None,
        change=mrr - before if pause is not None else amount,
        opened=_opened(ledger, period, before > 0),
        paying=(mrr > 0).astype(np.int8) - (before > 0),
    )


def _opened(ledger: Ledger, period: NDArray[np.int32], was: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Carry `was` of an account's first change in a period to all its changes in that period."""
    begins = ledger.first
    begins[1:] |= period[1:] != period[:-1]
    if begins.all():
        return was
    at = np.flatnonzero(begins)
    out: NDArray[np.bool_] = np.repeat(was[at], np.diff(np.append(at, len(was))))
    return out


def movement_cube(
    found: Moves, group: NDArray[np.int32], groups: int, first: int, periods: int
) -> dict[str, NDArray[np.int64]]:
    """Return the movements summed per group and period, as arrays of groups x periods.

    Parameters
    ----------
    found
        The movements.
    group
        The group of each account.
    groups, first, periods
        How many groups; ordinal of the first period; how many periods.
    """
    cells = groups * periods
    cell = group[found.account].astype(np.int64)
    cell *= periods
    cell += found.period
    cell -= first
    shape = (groups, periods)
    cube: dict[str, NDArray[np.int64]] = {}
    counts: dict[str, NDArray[np.int64]] = {}
    for number, name in enumerate(KINDS):
        mine = np.flatnonzero(found.kind == number)
        where, amount = cell[mine], found.amount[mine]
        cube[name] = tally(where, amount, cells).reshape(shape)
        counts[NOUNS[name]] = _customers(found, mine[amount != 0], cell, cells).reshape(shape)
        if number == CHURN:
            opened = mine[found.opened[mine]]
            counts["customers_churned_from_opening"] = _customers(
                found, opened, cell, cells
            ).reshape(shape)
    for name, values in (("pause", found.pause), ("transfer", found.transfer)):
        cube[name] = (
            np.zeros(cells, np.int64) if values is None else tally(cell, values, cells)
        ).reshape(shape)
    cube["fx"] = np.zeros(shape, np.int64)
    cube["closing"] = np.cumsum(tally(cell, found.change, cells).reshape(shape), axis=1)
    cube["opening"] = _shifted(cube["closing"])
    counts["customers_closing"] = np.cumsum(
        tally(cell, found.paying.astype(np.int64), cells).reshape(shape), axis=1
    )
    counts["customers_opening"] = _shifted(counts["customers_closing"])
    ordered = {name: cube[name] for name in ("opening", *FLOWS, "closing")}
    return {**ordered, **{name: counts[name] for name in sorted(counts)}}


def _customers(
    found: Moves, rows: NDArray[np.int64], cell: NDArray[np.int64], cells: int
) -> NDArray[np.int64]:
    """Count accounts, each once per cell; rows are sorted by account and time."""
    owner, where = found.account[rows], cell[rows]
    once = np.ones(len(rows), bool)
    once[1:] = (owner[1:] != owner[:-1]) | (where[1:] != where[:-1])
    return tally(where[once], None, cells)


def _shifted(closing: NDArray[np.int64]) -> NDArray[np.int64]:
    out = np.zeros_like(closing)
    out[:, 1:] = closing[:, :-1]
    return out

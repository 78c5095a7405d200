"""The sweep for movements: every change of MRR has one reason, from new business to churn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.ledger import cuts
from saasmetrics.engine.tally import pour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.axis import Axis
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
_COUNTS = sorted(
    [*NOUNS.values(), "customers_churned_from_opening", "customers_opening", "customers_closing"]
)
NEW, REACTIVATION, EXPANSION, CONTRACTION, CHURN, IGNORED = range(6)


@dataclass(frozen=True)
class Moves:
    """Changes with the reason of each: one element per change of an account.

    `amount` is the change for the reason `kind` (index into `KINDS`, or `IGNORED`), `pause` and `transfer` the rest of
    the change of MRR; `opened` says whether the account was paying when the period began. `held` is the change of what
    the account holds where that is not the amount: who starts or leaves in a pause moves no MRR.
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
    held: NDArray[np.int64] | None = None

    def pick(self, rows: NDArray[np.int64] | slice, period: int | None = None) -> Moves:
        """Return some of the movements, all dated to one period if one is given."""
        when = self.period[rows]
        return Moves(
            account=self.account[rows],
            period=when if period is None else np.full_like(when, period),
            kind=self.kind[rows],
            amount=self.amount[rows],
            pause=None if self.pause is None else self.pause[rows],
            transfer=None if self.transfer is None else self.transfer[rows],
            change=self.change[rows],
            opened=self.opened[rows],
            paying=self.paying[rows],
            held=None if self.held is None else self.held[rows],
        )


def kinds(
    ledger: Ledger,
    new_after: int | None = None,
    away: NDArray[np.int64] | None = None,
    ignored: NDArray[np.bool_] | None = None,
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
    ignored
        Changes that do not count.
    """
    held, moving = ledger.held, ledger.moving
    before = ledger.before(held)
    was, now = before > 0, held > 0
    grown = held > before if ledger.aside else moving > ledger.before(moving)
    starts = now > was
    if ignored is not None:
        starts &= ~ignored
    change = np.int8(CONTRACTION) - grown  # EXPANSION where it is grown
    out = np.where(starts, np.int8(REACTIVATION), np.where(was > now, np.int8(CHURN), change))
    out[ledger.earliest(starts)] = NEW
    if new_after is not None and away is not None:
        out[starts & (away > new_after)] = NEW
    if ignored is not None:
        out[ignored] = IGNORED
    return out


def visits(ledger: Ledger, period: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which changes belong to a customer who holds nothing when their period begins and when it ends."""
    begins = ledger.first.copy()
    begins[1:] |= period[1:] != period[:-1]
    at = np.flatnonzero(begins)
    length = np.diff(np.append(at, len(period)))
    empty = np.ones(len(at), bool)
    for balance in (ledger.mrr, ledger.paused):
        if balance is not None:
            empty &= (ledger.before(balance)[at] == 0) & (balance[at + length - 1] == 0)
    return np.repeat(empty, length)


def days_away(daily: Ledger, period: NDArray[np.int32], found: Ledger) -> NDArray[np.int64]:
    """Return for how many days each customer had been away when it last started, up to each change.

    `period` is that of each change of the daily ledger; `found` counts time in the same periods.
    """
    starts = np.flatnonzero((daily.before(daily.held) <= 0) & (daily.held > 0))
    away = daily.time[starts].astype(np.int64) - daily.time[np.maximum(starts - 1, 0)]
    key = (daily.account[starts].astype(np.int64) << 32) + period[starts]
    mine = (found.account.astype(np.int64) << 32) + found.time
    latest: NDArray[np.int64] = away[np.searchsorted(key, mine, side="right") - 1]
    return latest


def moves(ledger: Ledger, period: NDArray[np.int32], kind: NDArray[np.int8]) -> Moves:
    """Return the movements of a ledger with one account per entity."""
    moving, mrr = ledger.moving, ledger.mrr
    before = ledger.before(mrr)
    pause = rested(ledger)
    amount = moving - ledger.before(moving) if pause is not None else mrr - before
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
        held=holding(ledger),
    )


def rested(ledger: Ledger) -> NDArray[np.int64] | None:
    """Return what pauses take from MRR and give back, at each change; None where they have no line of their own."""
    if ledger.paused is None or not ledger.aside:
        return None
    return ledger.before(ledger.paused) - ledger.paused


def holding(ledger: Ledger) -> NDArray[np.int64] | None:
    """Return the change of what an account holds, at each change; None where it is the change of its movements."""
    if ledger.paused is None or ledger.aside:
        return None
    return ledger.held - ledger.before(ledger.held)


def _opened(ledger: Ledger, period: NDArray[np.int32], was: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Carry `was` of an account's first change in a period to all its changes in that period."""
    begins = ledger.first.copy()
    begins[1:] |= period[1:] != period[:-1]
    if begins.all():
        return was
    at = np.flatnonzero(begins)
    out: NDArray[np.bool_] = np.repeat(was[at], np.diff(np.append(at, len(was))))
    return out


def movement_cube(
    found: Moves, group: NDArray[np.int32], groups: int, axis: Axis
) -> dict[str, NDArray[np.int64]]:
    """Return the movements summed per group and period, as arrays of groups x places of the axis.

    Parameters
    ----------
    found
        The movements.
    group
        The group of each account.
    groups
        How many there are.
    axis
        The periods.
    """
    shape = (groups, len(axis))
    total = {name: np.zeros(groups * len(axis), np.int64) for name in (*FLOWS, "closing", *_COUNTS)}
    for cut in cuts(found.account):
        part = found.pick(cut)
        cell = group[part.account].astype(np.int64) * len(axis) - axis.base
        cell += axis.place(part.period)
        _add(total, part, cell)
    cube = {name: sums.reshape(shape) for name, sums in total.items()}
    for name in ("closing", "customers_closing"):
        cube[name] = np.cumsum(cube[name], axis=1)
    cube["opening"] = _shifted(cube["closing"])
    cube["customers_opening"] = _shifted(cube["customers_closing"])
    return {name: cube[name] for name in ("opening", *FLOWS, "closing", *_COUNTS)}


def _add(total: dict[str, NDArray[np.int64]], part: Moves, cell: NDArray[np.int64]) -> None:
    """Add movements to the sums and counts of their cells, to those at closing as changes."""
    pour(total["closing"], cell, part.change)
    pour(total["customers_closing"], cell, part.paying.astype(np.int64))
    for number, name in enumerate(KINDS):
        mine = np.flatnonzero(part.kind == number)
        amount = part.amount[mine]
        pour(total[name], cell[mine], amount)
        stays = number in (EXPANSION, CONTRACTION)
        counted = amount if stays or part.held is None else part.held[mine]
        pour(total[NOUNS[name]], cell[_customers(part, mine[counted != 0])], None)
        if number == CHURN:
            opened = _customers(part, mine[part.opened[mine]])
            pour(total["customers_churned_from_opening"], cell[opened], None)
    for name, values in (("pause", part.pause), ("transfer", part.transfer)):
        if values is not None:
            pour(total[name], cell, values)


def _customers(found: Moves, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one row per account and period; rows are sorted by account and time."""
    owner, when = found.account[rows], found.period[rows]
    once = np.ones(len(rows), bool)
    once[1:] = (owner[1:] != owner[:-1]) | (when[1:] != when[:-1])
    return rows[once]


def _shifted(closing: NDArray[np.int64]) -> NDArray[np.int64]:
    out = np.zeros_like(closing)
    out[:, 1:] = closing[:, :-1]
    return out

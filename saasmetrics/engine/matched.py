"""MRR and the service that invoices pay for, day by day and customer by customer: where the two part, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.day_sums import Levels
from saasmetrics.engine.ledger import running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.day_sums import Ints

UNEXPLAINED = ("not_invoiced", "without_mrr", "price")
_BASE = 1 << 20  # days before 1970 stay positive


def matched(
    mrr: Levels,
    billed: tuple[Levels, Levels, Levels],
    known: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    currencies: int,
) -> dict[str, Levels]:
    """Return the levels that lead from MRR to the service of invoices per month, by cause; they add up to the gap.

    Parameters
    ----------
    mrr
        MRR of each customer.
    billed
        Recurring lines, discounts and credits, each at its amount per month of service.
    known
        Which customers have MRR, and which have invoices, at any time.
    currencies
        How many there are.

    Notes
    -----
    A discount or a credit that takes back service beyond MRR is a proration: MRR has it already. Only what is left
    over is a cause of its own.
    """
    when, (earned, served, discount, credit) = timeline((mrr, *billed), currencies)
    in_mrr, in_lines = known[0][when.customer], known[1][when.customer]
    gap = served - earned
    netted = np.minimum(np.maximum(-discount, 0), np.maximum(gap, 0))
    gap, discounted = gap - netted, discount + netted
    netted = np.minimum(np.maximum(-credit, 0), np.maximum(gap, 0))
    gap, credited = gap - netted, credit + netted
    both = in_mrr & in_lines
    alone = served + discount + credit - earned
    unserved, unearned = (served == 0) & (earned != 0), (earned == 0) & (served != 0)
    return {
        "discounts": when.of(discounted * both),
        "credits": when.of(credited * both),
        "only_mrr": when.of(alone * ~in_lines),
        "only_invoices": when.of(alone * ~in_mrr),
        "not_invoiced": when.of(gap * (both & unserved)),
        "without_mrr": when.of(gap * (both & unearned)),
        "price": when.of(gap * (both & ~unserved & ~unearned)),
    }


def timeline(parts: Sequence[Levels], currencies: int) -> tuple[Levels, list[Ints]]:
    """Return the stretches of days on which none of several levels changes, and each level on them."""
    account = np.concatenate([_account(p, currencies) for p in parts for _ in range(2)])
    day = np.concatenate([d for p in parts for d in (p.start, p.end)]) + _BASE
    delta = np.concatenate([d for p in parts for d in (p.level, -p.level)])
    which = np.repeat(np.arange(len(parts)), [2 * len(p.level) for p in parts])
    moment, at = np.unique((account << 32) + day, return_inverse=True)
    owner = (moment >> 32).astype(np.int32)
    levels = []
    for number in range(len(parts)):
        change = np.zeros(len(moment), np.int64)
        mine = which == number
        np.add.at(change, at.reshape(-1)[mine], delta[mine])
        levels.append(running(change, owner))
    start = (moment & ((1 << 32) - 1)) - _BASE
    lasts = np.append(owner[1:] != owner[:-1], True)[: len(owner)]
    end = np.where(lasts, start, np.roll(start, -1))
    customer, currency = np.divmod(owner.astype(np.int64), currencies)
    return Levels(customer, currency, start, end, np.zeros(len(moment), np.int64)), levels


def _account(held: Levels, currencies: int) -> Ints:
    return held.customer * currencies + held.currency

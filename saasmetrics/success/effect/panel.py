"""Months of customers: what each paid at the start and the end of a month, and whether it was treated before it.

A month counts as treated when the treatment began in an earlier month. So what happens before the first touch is never
credited to it (no immortal time), and what happens in the month of the touch to neither side twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.engine.followed import followed
from saasmetrics.money import MICRO
from saasmetrics.success.effect.treatments import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

OUTCOMES = {
    "retained": "retention",
    "nrr": "NRR",
    "expansion": "expansion",
}


@dataclass(frozen=True, eq=False)
class Panel:
    """One row per customer and month at whose start it paid.

    Parameters
    ----------
    unit
        Number of the customer.
    month
        Ordinal of the month.
    tenure
        Months since the customer first paid, at the start of the month.
    opening, closing
        MRR at the start and at the end of the month, in currency units; 0 where the customer left.
    treated
        Whether the treatment began in an earlier month.
    begins
        Whether it begins in this month.
    cluster
        Number of the cluster of the customer; the customer itself where there are none.
    fixed, moving
        Covariates of the customer at its start, and those known before the month begins.
    fixed_names, moving_names
        What their columns are.
    """

    unit: Ints
    month: Ints
    tenure: Ints
    opening: Array
    closing: Array
    treated: Bools
    begins: Bools
    cluster: Ints
    fixed: Array
    moving: Array
    fixed_names: tuple[str, ...] = ()
    moving_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.unit)

    def pick(self, keep: Bools) -> Panel:
        """Return the rows that a mask selects."""
        rows = ("unit", "month", "tenure", "opening", "closing", "treated", "begins", "cluster")
        changed: dict[str, Any] = {name: getattr(self, name)[keep] for name in rows}
        return replace(self, **changed, fixed=self.fixed[keep], moving=self.moving[keep])

    def outcome(self, name: str) -> tuple[Array, Array]:
        """Return what happened in each month, and what it weighs.

        Parameters
        ----------
        name
            "retained": 1 where the customer left; "nrr": the change of its MRR, weighed by MRR;
            "expansion": the same with losses as 0.
        """
        one_of("outcome", name, OUTCOMES)
        if name == "retained":
            return (self.closing <= 0).astype(np.float64), np.ones(len(self))
        change = self.closing / self.opening - 1
        return (change if name == "nrr" else np.maximum(change, 0.0)), self.opening


def balances(book: Book) -> tuple[NDArray[np.int64], int, int]:
    """Return MRR per customer and month in micro-units, with the first month and the last complete one."""
    ledger = followed(book.engine).periodic("M")
    first, _, full = book.engine.extent("M")
    months = max(full - first + 1, 1)
    change = ledger.held - ledger.before(ledger.held)
    seen = ledger.time <= full
    out = np.zeros((ledger.accounts, months), np.int64)
    np.add.at(out, (ledger.account[seen], ledger.time[seen] - first), change[seen])
    return np.cumsum(out, axis=1), first, full


def months_of(book: Book, day: Ints) -> Ints:
    """Return the months of days; `NEVER` stays."""
    known = day < NEVER
    out = np.full(len(day), NEVER, np.int64)
    out[known] = book.calendar("M").ordinal(day[known])
    return out


def panel_of(book: Book, start: Ints, cluster: str | None = None) -> Panel:
    """Return the months of all customers of a book.

    Parameters
    ----------
    book
        The company's tables.
    start
        Month from which each customer is treated; `NEVER` where it is not.
    cluster
        Column of the customers by which they are treated together, such as "csm_id".
    """
    held, first, _ = balances(book)
    unit, at = np.nonzero(held[:, :-1] > 0)
    month = at + 1 + first
    if book.since_day is not None:
        seen = month >= int(book.calendar("M").ordinal(np.array([book.since_day]))[0])
        unit, at, month = unit[seen], at[seen], month[seen]
    began = np.argmax(held > 0, axis=1)
    code = np.arange(len(held)) if cluster is None else followed(book.engine).origin((cluster,))
    none = np.zeros((len(unit), 0))
    return Panel(
        unit.astype(np.int64),
        month.astype(np.int64),
        (at - began[unit]).astype(np.int64),
        held[unit, at] / MICRO,
        held[unit, at + 1] / MICRO,
        start[unit] < month,
        start[unit] == month,
        code[unit].astype(np.int64),
        none,
        none,
    )


def with_covariates(
    panel: Panel,
    fixed: tuple[Array, Sequence[str]] | None = None,
    moving: tuple[Array, Sequence[str]] | None = None,
) -> Panel:
    """Return the panel with covariates in place of those that it has."""
    changed: dict[str, Any] = {}
    for name, given in (("fixed", fixed), ("moving", moving)):
        if given is not None:
            changed[name], changed[f"{name}_names"] = given[0], tuple(given[1])
    return replace(panel, **changed)

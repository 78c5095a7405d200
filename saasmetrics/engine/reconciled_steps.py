"""The steps from MRR to what was invoiced, served or booked as revenue: they add up to the last unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.matched import UNEXPLAINED
from saasmetrics.engine.reconciled_cell import (
    CAUSES,
    DATED,
    MATCHED,
    OTHER,
    READINGS,
    SERVED,
    SERVICE,
    TIMING,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.day_sums import Ints
    from saasmetrics.engine.reconciled_cell import Cell

    Steps = dict[str, Ints]

_MRR = ("mrr", "changes", "discounts", "definition")
STEPS = {
    "invoices": (*_MRR, *MATCHED, "day_count", *TIMING, *OTHER, "fx", "unexplained"),
    "service": (*_MRR, *MATCHED, "day_count", *OTHER[:3], "fx", "unexplained"),
    "revenue": (*_MRR, *MATCHED[1:], "day_count", *OTHER[:3], "fx", "unexplained"),
}
_EXACTLY = {
    "mrr": READINGS[:1],
    "changes": READINGS[:1],
    "discounts": (*READINGS[:2], "discounts"),
    "definition": READINGS[1:],
    **{name: (name,) for name in MATCHED},
    "unexplained": UNEXPLAINED,
    "billed_ahead": ("invoiced", "own"),
    "billed_before": ("served", "own", "later"),
    "billed_later": ("later",),
}
"""What each step follows from; the others follow from all."""
TARGET = {"invoices": "billed", "service": "recognised", "revenue": "revenue"}


def levels(against: str, shown: Sequence[str] | None = None) -> frozenset[str]:
    """Return the names of the levels that some steps follow from; None: all steps.

    Who has nothing of these levels adds nothing to the steps.

    Examples
    --------
    >>> sorted(levels("invoices", ["unexplained"]))
    ['not_invoiced', 'price', 'without_mrr']
    """
    other = DATED if against == "invoices" else SERVED
    exactly = {**_EXACTLY, **{name: (found,) for name, found in other.items()}}
    if shown is not None and set(shown) <= set(exactly):
        return frozenset(name for step in shown for name in exactly[step])
    return frozenset({*READINGS, *CAUSES, *SERVICE, *other.values()})


def steps(cell: Cell, against: str) -> Steps:
    """Return every step with the sum it leads to, in micro-units per group and period.

    For `against` "revenue" there is neither the sum nor what is unexplained: only the company has revenue.
    """
    if against == "revenue":
        return _to_revenue(cell)
    found = _to_service(cell)
    served = sum(found.values())
    if against == "invoices":
        timing, billed = cell.billed()
        found |= timing
    else:
        timing, billed = {}, cell.recognised()
    found["fx"] = billed - served - sum(timing.values())
    other = cell.other(when="billed" if against == "invoices" else "served")
    found |= {name: other[name] for name in OTHER if name in STEPS[against]}
    target = np.asarray(sum(found.values()))
    return {**{name: found[name] for name in STEPS[against]}, TARGET[against]: target}


def _to_service(cell: Cell) -> Steps:
    """Return the steps from MRR to the days of service that the invoices pay for."""
    found, parted = cell.mrr(), cell.parted()
    for name in ("discounts", *MATCHED, "unexplained"):
        found[name] = found.get(name, 0) + parted[name]
    found["day_count"] = cell.served() - sum(found.values())
    return found


def _to_revenue(cell: Cell) -> Steps:
    """Return the steps from MRR to the revenue that invoices and subscriptions lead one to expect."""
    names = STEPS["revenue"][:-1]
    if not cell.has_lines:
        found = cell.mrr()
    else:
        found = {**_to_service(cell), **cell.other(when="served")}
        if cell.policy.recognition != "daily":
            found["day_count"] = np.zeros_like(found["mrr"])
    found["fx"] = cell.exchange()
    return {name: found.get(name, np.zeros_like(found["mrr"])) for name in names}


def reasons(cell: Cell) -> Steps:
    """Return the parts of what is unexplained, by what the customer lacks."""
    parted = cell.parted()
    return {name: parted[name] for name in UNEXPLAINED}

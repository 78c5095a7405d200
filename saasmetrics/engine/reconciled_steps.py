"""The steps from MRR to what was invoiced, served or booked as revenue: they add up to the last unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.matched import UNEXPLAINED
from saasmetrics.engine.reconciled import MATCHED, OTHER, TIMING

if TYPE_CHECKING:
    from saasmetrics.engine.day_sums import Ints
    from saasmetrics.engine.reconciled import Cell

    Steps = dict[str, Ints]

_MRR = ("mrr", "changes", "discounts", "definition")
STEPS = {
    "invoices": (*_MRR, *MATCHED, "day_count", *TIMING, *OTHER, "fx", "unexplained"),
    "service": (*_MRR, *MATCHED, "day_count", *OTHER[:3], "fx", "unexplained"),
    "revenue": (*_MRR, *MATCHED[1:], "day_count", *OTHER[:3], "fx", "unexplained"),
}
TARGET = {"invoices": "billed", "service": "recognised", "revenue": "revenue"}


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
    if cell.of.lines is None:
        found = cell.mrr()
    else:
        found = {**_to_service(cell), **cell.other(when="served")}
        if cell.of.policy.recognition != "daily":
            found["day_count"] = np.zeros_like(found["mrr"])
    found["fx"] = cell.exchange()
    return {name: found.get(name, np.zeros_like(found["mrr"])) for name in names}


def reasons(cell: Cell) -> Steps:
    """Return the parts of what is unexplained, by what the customer lacks."""
    parted = cell.parted()
    return {name: parted[name] for name in UNEXPLAINED}

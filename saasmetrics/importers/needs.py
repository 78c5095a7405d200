"""Which numbers cannot be computed without which tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

# MRR comes from one of three.
_NEEDS = (
    (("subscriptions", "mrr", "invoices"), "MRR, NRR, GRR, churn, cohorts and survival"),
    (("customers",), "groups by segment, region or channel"),
    (("spend",), "CAC, LTV:CAC and payback"),
    (("finance", "spend"), "gross margin, burn multiple and rule of 40"),
    (("contracts", "subscriptions"), "renewals"),
    (("tickets",), "support"),
    (("usage",), "usage and adoption"),
    (("targets",), "targets"),
)


def missing(tables: Collection[str]) -> list[str]:
    """Return in words what cannot be computed from some tables.

    Examples
    --------
    >>> missing(["subscriptions", "customers", "spend", "tickets", "usage"])
    ['without targets: no targets']
    """
    return [
        f"without {' or '.join(needed)}: no {numbers}"
        for needed, numbers in _NEEDS
        if not set(needed) & set(tables)
    ]

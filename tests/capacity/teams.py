"""A company and its team, small enough to check by hand."""

from __future__ import annotations

import pandas as pd

import saasmetrics as sm

MONTHS = [str(month) for month in pd.period_range("2025-01", "2025-12", freq="M")]


def mrr(customers, months=None):
    """Each customer pays 100 in all months, or in those it is given."""
    lives = customers if isinstance(customers, dict) else dict.fromkeys(customers, months or MONTHS)
    return pd.DataFrame(
        [{"customer_id": c, "month": m, "mrr": 100} for c, span in lives.items() for m in span]
    )


def people(*rows):
    """(person, role, start, end, fte, manager, pod)."""
    names = ["person_id", "role", "start", "end", "fte", "manager_id", "pod"]
    return pd.DataFrame(rows, columns=names)


def tickets(rows):
    """(customer, when)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "created_at"])
    return frame.assign(ticket_id=[f"t{k}" for k in range(len(frame))])


def book(payers=("Ada", "Bo"), **tables):
    """Pays all of 2025, or as said."""
    return sm.Book(**{"mrr": mrr(payers), "as_of": "2025-12-31", **tables})

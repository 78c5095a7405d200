"""Companies small enough to forecast by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

import saasmetrics as sm

FIRST = pd.Period("2024-01", "M")


def book(
    months: int, lives: dict[str, tuple[int, int | None, list[float] | float]], **more: Any
) -> sm.Book:
    """A customer cube of so many months from January 2024.

    A life is its first month (from 0), the month after its last (None: still there), and MRR: one, or one a month.
    """
    rows = [
        {"customer_id": name, "month": str(FIRST + m), "mrr": float(paid)}
        for name, (start, end, mrr) in lives.items()
        for m in range(start, months if end is None else end)
        for paid in [mrr[m - start] if isinstance(mrr, list) else mrr]
    ]
    return sm.Book(mrr=pd.DataFrame(rows), **more)


def flat(months: int = 24, customers: int = 10, **more: Any) -> sm.Book:
    """Customers of 100 who all began in the first month and stay."""
    return book(months, {f"c{n}": (0, None, 100.0) for n in range(customers)}, **more)


def two_per_cent(months: int = 12) -> sm.Book:
    """10,000 of MRR, of which one customer with exactly 2 % of what is left leaves every month."""
    left, lives = 10_000.0, {}
    for month in range(1, months + 1):
        lives[f"gone{month}"] = (0, month, 0.02 * left)
        left -= 0.02 * left
    lives["stays"] = (0, None, left)
    return book(months + 1, lives)


def euro() -> sm.Book:
    """300 of MRR in dollars and 100 in euros, at 1 dollar a euro, for a year and a half."""
    rows = {
        "subscription_id": ["a1", "b1"],
        "customer_id": ["a", "b"],
        "start": "2024-01-01",
        "end": [None, None],
        "amount": [300, 100],
        "interval": "month",
        "currency": ["USD", "EUR"],
    }
    fx = pd.DataFrame({"date": ["2024-01-01"], "currency": "EUR", "rate": 1.0})
    return sm.Book(subscriptions=pd.DataFrame(rows), fx=fx, currency="USD", as_of="2025-06-30")

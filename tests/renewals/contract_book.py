"""A contract book small enough to check by hand: every case once, as of 2026-03-31.

Customer, ARR, term -> what became of it. Everything with a year 2024 term ends in Q1 2025 unless said.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

import saasmetrics as sm

AS_OF = "2026-03-31"
Q1, Q2 = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-04-01")
COLUMNS = (
    "contract_id",
    "customer_id",
    "start",
    "end",
    "arr",
    "auto_renew",
    "signed_at",
    "previous_contract_id",
    "forecast_arr",
    "category",
    "owner_id",
    "escalator",
)
# fmt: off
CONTRACTS: list[tuple[Any, ...]] = [
    # on time at the same value: signed ten days before the end
    ("A1", "Ada", "2024-02-01", "2025-02-01", 1000, False, "2024-01-20", None, None, None, "o1", None),
    ("A2", "Ada", "2025-02-01", "2026-02-01", 1000, False, "2025-01-22", "A1", None, "commit", "o1", None),
    # early with upsell: the new term starts in October 2024, the old one is due in its own quarter, Q1 2025
    ("B1", "Bo", "2024-02-01", "2025-02-01", 2000, False, "2024-01-20", None, None, None, "o1", None),
    ("B2", "Bo", "2024-10-01", "2027-10-01", 2600, False, "2024-09-20", "B1", None, None, "o1", None),
    # late within the grace: signed 40 days after the end, with a downsell to 700
    ("C1", "Cy", "2024-03-01", "2025-03-01", 900, False, "2024-02-20", None, None, None, "o2", None),
    ("C2", "Cy", "2025-03-01", "2026-03-01", 700, False, "2025-04-10", "C1", None, "at_risk", "o2", None),
    # late beyond the grace: signed 120 days after the end is lost, then returned
    ("D1", "Di", "2024-03-01", "2025-03-01", 500, False, "2024-02-20", None, None, None, "o2", None),
    ("D2", "Di", "2025-06-29", "2026-06-29", 550, False, "2025-06-29", "D1", 500, "best", "o2", None),
    # auto-renewal with a contracted uplift of 5 %, renewed at 430: 20 escalator, 10 upsell
    ("E1", "Ed", "2024-01-15", "2025-01-15", 400, True, "2024-01-10", None, None, None, "o1", 0.05),
    ("E2", "Ed", "2025-01-15", "2026-01-15", 430, True, "2025-01-15", "E1", None, None, "o1", None),
    # two contracts co-termed into one, which names the first only: 300 + 600 -> 900, and 60 more
    ("F1", "Flo", "2024-01-01", "2025-01-01", 300, False, "2023-12-20", None, None, None, "o2", None),
    ("F2", "Flo", "2024-04-01", "2025-04-01", 600, False, "2024-03-20", None, None, None, "o2", None),
    ("F3", "Flo", "2025-01-01", "2026-01-01", 960, False, "2024-12-20", "F1", None, None, "o2", None),
    # a two-year term that is not due in 2025: out of every rate of that year
    ("G1", "Gus", "2024-06-01", "2026-06-01", 5000, False, "2024-05-20", None, 5500, "commit", "o1", None),
    # month to month: three terms, renewed twice, then lost in September 2025
    ("H1", "Hal", "2025-06-01", "2025-07-01", 120, True, "2025-06-01", None, None, None, "o2", None),
    ("H2", "Hal", "2025-07-01", "2025-08-01", 120, True, "2025-07-01", "H1", None, None, "o2", None),
    ("H3", "Hal", "2025-08-01", "2025-09-01", 120, True, "2025-08-01", "H2", None, None, "o2", None),
    # lost outright
    ("I1", "Ivy", "2024-02-10", "2025-02-10", 250, False, "2024-02-01", None, None, None, "o2", None),
    # signed after the as-of date: nobody knows of it yet
    ("A3", "Ada", "2026-02-01", "2027-02-01", 1100, False, "2026-04-02", "A2", None, None, "o1", None),
]
# fmt: on
SEGMENT = {"Ada": "SMB", "Bo": "Enterprise", "Cy": "SMB", "Di": "SMB", "Ed": "SMB"}
SEGMENT |= {"Flo": "Enterprise", "Gus": "Enterprise", "Hal": "SMB", "Ivy": "SMB"}


def columns(rows: list[tuple[Any, ...]], names: tuple[str, ...] = COLUMNS) -> dict[str, list[Any]]:
    """Rows as columns."""
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def book(rows: list[tuple[Any, ...]] = CONTRACTS, as_of: str = AS_OF, **tables: Any) -> sm.Book:
    """The book of contracts; nobody pays anything but a customer who is in no contract."""
    payer = {
        "subscription_id": ["s0"],
        "customer_id": ["Zoe"],
        "start": ["2023-01-01"],
        "end": [None],
        "amount": [1.0],
        "interval": ["month"],
    }
    customers = {"customer_id": list(SEGMENT), "segment": list(SEGMENT.values())}
    given = {"subscriptions": payer, "customers": customers, "contracts": columns(rows), **tables}
    return sm.Book(as_of=as_of, **given)


def cell(result: sm.Result, period: pd.Timestamp = Q1, **group: Any) -> Any:
    """One row of a result as a dict."""
    df = result.df[result.df["period"] == period]
    for name, value in group.items():
        df = df[df[name] == value]
    assert len(df) == 1, df
    return df.iloc[0]

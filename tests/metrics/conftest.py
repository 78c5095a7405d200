"""A company small enough to check by hand.

2025, in MRR: Ada (SMB) 100 all year; Bo (SMB) 100 January to March; Cy (Enterprise) 400 from February;
Di (Enterprise) 200 from July. Spend a month: 100 on SMB, 200 on Enterprise, 60 on nobody in particular.
Margin 75 %.
"""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

import saasmetrics as sm

MONTHS = [str(month) for month in pd.period_range("2025-01", "2025-12", freq="M")]
LIVES = {"Ada": (1, 12, 100), "Bo": (1, 3, 100), "Cy": (2, 12, 400), "Di": (7, 12, 200)}
SEGMENT = {"Ada": "SMB", "Bo": "SMB", "Cy": "Enterprise", "Di": "Enterprise"}


def mrr():
    return pd.DataFrame(
        [
            {"customer_id": name, "month": MONTHS[month - 1], "mrr": amount}
            for name, (first, last, amount) in LIVES.items()
            for month in range(first, last + 1)
        ]
    )


def spend(months=MONTHS):
    rows = [("sales", "SMB", 100), ("sales", "Enterprise", 200), ("marketing", None, 60)]
    return pd.DataFrame(
        [
            {"month": month, "function": function, "segment": segment, "amount": amount}
            for month in months
            for function, segment, amount in rows
        ]
    )


def finance():
    revenue = mrr().groupby("month")["mrr"].sum()
    return pd.DataFrame(
        {
            "month": MONTHS,
            "revenue": revenue.to_numpy(),
            "cogs": revenue.to_numpy() / 4,
            "net_burn": 300.0,
            "ebitda": -250.0,
        }
    )


def customers(**columns):
    frame = pd.DataFrame({"customer_id": list(SEGMENT), "segment": list(SEGMENT.values())})
    return frame.assign(**columns)


def book(**changes):
    tables = {
        "mrr": mrr(),
        "customers": customers(),
        "spend": spend(),
        "finance": finance(),
        "as_of": "2025-12-31",
    }
    return sm.Book(**{**tables, **changes})


@pytest.fixture
def company():
    """The company's tables, and the book of them with any table changed."""
    return SimpleNamespace(
        MONTHS=MONTHS, mrr=mrr, spend=spend, finance=finance, customers=customers, book=book
    )

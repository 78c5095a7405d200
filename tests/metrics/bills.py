"""A company of a few subscriptions and bills, and its reconciliation as a dictionary."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm


def sub(customer: str, start: str, amount: float, interval: str = "month", **more: Any) -> dict:
    return {
        "subscription_id": f"{customer}{start}{amount}",
        "customer_id": customer,
        "start": start,
        "end": None,
        "amount": amount,
        "interval": interval,
        **more,
    }


def bill(customer: str, date: str, amount: float, first: Any = None, last: Any = None, **more: Any):
    return {
        "customer_id": customer,
        "date": date,
        "amount": amount,
        "service_start": first,
        "service_end": last,
        "kind": "recurring",
        **more,
    }


def monthly(customer: str, amount: float, months: int = 3) -> list[dict]:
    """Bills of the first months of 2026, each for its calendar month."""
    return [
        bill(
            customer,
            str(m.start_time.date()),
            amount,
            str(m.start_time.date()),
            str(m.end_time.date()),
        )
        for m in pd.period_range("2026-01", periods=months, freq="M")
    ]


def book(subs: list[dict], bills: list[dict], **more: Any) -> sm.Book:
    lines = pd.DataFrame([{"invoice_id": i, **line} for i, line in enumerate(bills)])
    more.setdefault("as_of", "2026-03-31")
    return sm.Book(subscriptions=pd.DataFrame(subs), invoices=lines, **more)


def month(result: sm.Result, period: str) -> dict[str, float]:
    """The steps of one period that are not 0, to a hundredth of a cent."""
    row = result.df[result.df["period"] == period].iloc[0]
    assert row["residual"] == 0
    steps = result.extra["steps"]
    assert sum(row[name] for name in steps) == pytest.approx(row[result.extra["target"]], abs=1e-6)
    names = [*steps, result.extra["target"]]
    return {name: round(row[name], 4) for name in names if abs(row[name]) > 1e-5}

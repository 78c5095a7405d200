"""Small support desks made by hand, and the same numbers by loops over their tickets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

import saasmetrics as sm

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def at(moment: str, seconds: float = 0) -> str:
    """A moment so many seconds after another."""
    return str((pd.Timestamp(moment) + pd.Timedelta(seconds=seconds)).floor("us"))


def desk(rows: Sequence[dict[str, Any]], *, as_of: str = "2026-01-31", **more: Any) -> sm.Book:
    """A book of tickets given as rows; ids are numbered, and every customer pays 1,000 a month from January 2025 on."""
    columns = dict.fromkeys(name for row in rows for name in row)
    tickets = {name: [row.get(name) for row in rows] for name in columns}
    tickets.setdefault("ticket_id", [f"t{n}" for n in range(len(rows))])
    tickets.setdefault("customer_id", ["a"] * len(rows))
    names = sorted(set(tickets["customer_id"]))
    paid = {
        "subscription_id": [f"s{n}" for n in names],
        "customer_id": names,
        "start": ["2025-01-01"] * len(names),
        "amount": [1000.0] * len(names),
        "interval": ["month"] * len(names),
    }
    tables = {"subscriptions": paid, "tickets": tickets} | more
    fiscal = tables.pop("fiscal_start", 1)
    return sm.Book(**tables, as_of=as_of, fiscal_start=fiscal)


def replied(created: str, minutes: float | None, **more: Any) -> dict[str, Any]:
    """A ticket answered so many minutes after it was created, or not yet."""
    reply = None if minutes is None else at(created, minutes * MINUTE)
    return {"created_at": created, "first_reply_at": reply} | more


def solved(created: str, hours: float | None, **more: Any) -> dict[str, Any]:
    """A ticket solved so many hours after it was created, or not yet."""
    end = None if hours is None else at(created, hours * HOUR)
    return {"created_at": created, "solved_at": end} | more

"""Little books to 30 June 2026, 100 a month where nothing else is said, and what is looked at in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import saasmetrics as sm

FLOWS = ("new", "reactivation", "expansion", "contraction", "churn", "pause", "fx")
Seen = Callable[[sm.Book], Any]
Row = tuple[str, Callable[[], sm.Book], Seen, dict[Any, Any]]
"""A choice, a book, what is looked at, and what each alternative makes of it."""


def subscriptions(*lines: dict[str, Any], **tables: Any) -> sm.Book:
    usual = {"customer_id": "a", "start": "2026-01-01", "end": None, "amount": 100}
    rows = [
        {"subscription_id": f"s{n}", "interval": "month", **usual, **line}
        for n, line in enumerate(lines)
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    table = {name: [row.get(name) for row in rows] for name in names}
    return sm.Book(subscriptions=table, as_of="2026-06-30", currency="USD", **tables)


def flows(month: str, freq: str = "M") -> Seen:
    """What moved MRR in a month."""

    def seen(book: sm.Book) -> dict[str, float]:
        bridge = sm.revenue.bridge(book, freq=freq).df
        assert not bridge["residual"].any()
        row = bridge.set_index("period").loc[f"{month}-01"]
        return {name: round(row[name], 2) for name in FLOWS if round(row[name], 2)}

    return seen


def closing(month: str = "2026-06") -> Seen:
    """MRR at the end of a month."""

    def seen(book: sm.Book) -> float:
        found = sm.revenue.mrr(book).df.set_index("period")["value"]
        return round(float(found.get(f"{month}-01", 0.0)), 4)

    return seen


def first_day_without(book: sm.Book) -> str:
    """The day on which the last customer is gone."""
    days = sm.revenue.bridge(book, freq="D").df
    return str(days.loc[days["churn"] != 0, "period"].iloc[-1].date())


def customers(month: str) -> Seen:
    """Paying customers at the end of a month."""

    def seen(book: sm.Book) -> int:
        return int(book.movements().set_index("period").loc[f"{month}-01", "customers_closing"])

    return seen


def rate(metric: str, month: str = "2026-06", **options: Any) -> Seen:
    """A rate at the end of a month, to four digits."""

    def seen(book: sm.Book) -> float:
        module = sm.revenue if metric == "quick_ratio" else sm.retention
        found = getattr(module, metric)(book, **{"window": 1, "interval": None, **options}).df
        return round(float(found.set_index("period").loc[f"{month}-01", "value"]), 4)

    return seen


def invoices(*lines: dict[str, Any]) -> sm.Book:
    usual = {"customer_id": "a", "date": "2026-01-01", "amount": 100}
    rows = [{"invoice_id": f"i{n}", **usual, **line} for n, line in enumerate(lines)]
    names = dict.fromkeys(name for row in rows for name in row)
    table = {name: [row.get(name) for row in rows] for name in names}
    return sm.Book(invoices=table, as_of="2026-06-30", currency="USD")


def subtypes(book: sm.Book, movement: str) -> dict[str, float]:
    df = sm.revenue.movements(book, subtypes=True).df
    df = df[(df["period"] == "2026-06-01") & (df["movement"] == movement) & (df["value"] != 0)]
    return dict(zip(df["subtype"], df["value"].round(6), strict=True))


def gross_at_age(book: sm.Book, age: int) -> float:
    df = sm.retention.cohorts(book, measure="gross").df
    return float(df.loc[df["age"] == age, "value"].iloc[0])

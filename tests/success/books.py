"""Small companies made by hand, whose scores a person can check."""

from __future__ import annotations

from typing import Any

import saasmetrics as sm

AS_OF = "2026-03-31"


def paying(*customers: str, start: str = "2024-01-01", **more: Any) -> dict[str, list[Any]]:
    """Subscriptions of 100 a month from a day on, one per customer."""
    many = len(customers)
    columns = {
        "subscription_id": [f"s-{name}" for name in customers],
        "customer_id": list(customers),
        "start": [start] * many,
        "amount": [100.0] * many,
        "interval": ["month"] * many,
    }
    return columns | more


def tickets(*rows: tuple[str, str], hours: float = 0.0) -> dict[str, list[Any]]:
    """Tickets as (customer, day)."""
    return {
        "ticket_id": [f"t{n}" for n in range(len(rows))],
        "customer_id": [who for who, _ in rows],
        "created_at": [day for _, day in rows],
        "handle_seconds": [3600.0 * hours] * len(rows),
    }


def usage(*rows: tuple[str, str, str]) -> dict[str, list[Any]]:
    """Use as (customer, day, feature), ten events each."""
    return {
        "customer_id": [who for who, _, _ in rows],
        "date": [day for _, day, _ in rows],
        "feature": [feature for _, _, feature in rows],
        "events": [10] * len(rows),
    }


def book(as_of: str = AS_OF, **tables: Any) -> sm.Book:
    return sm.Book(as_of=as_of, currency="USD", **tables)


def one(result: sm.Result, customer: str) -> Any:
    """The row of a customer."""
    return result.df.set_index("customer_id").loc[customer]

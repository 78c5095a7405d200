"""Rows without an id: they stop every number until somebody drops them, and are counted then."""

from __future__ import annotations

import pytest

import saasmetrics as sm


def test_rows_of_nobody_stop_every_number_until_somebody_drops_them() -> None:
    lines = {"subscription_id": [1], "customer_id": ["a"], "start": ["2026-01-01"], "mrr": [10]}
    tickets = {"ticket_id": [1, 2], "customer_id": ["a", " "], "created_at": ["2026-01-05"] * 2}
    customers = {"customer_id": ["a"], "segment": ["SMB"]}
    book = sm.Book(subscriptions=lines, tickets=tickets, customers=customers, as_of="2026-01-31")
    for asked in (book, book.where(segment="SMB")):
        with pytest.raises(sm.errors.InvalidTablesError, match="must not be missing"):
            sm.revenue.mrr(asked)
    mended = book.repair({"tickets.missing-value": "drop"})
    assert sm.revenue.mrr(mended).value == 10
    assert [(p.table, p.rows) for p in mended.check().problems if p.code == "repaired"] == [
        ("tickets", 1)
    ]


def test_usage_of_no_subscription_is_of_nobody_and_can_be_dropped() -> None:
    lines = {"subscription_id": ["s1"], "customer_id": ["a"], "start": ["2026-01-01"], "mrr": [10]}
    usage = {"subscription_id": ["s1", None, " "], "date": ["2026-01-05"] * 3, "events": [1, 2, 3]}
    book = sm.Book(subscriptions=lines, usage=usage, as_of="2026-01-31")
    (error,) = (p for p in book.check().problems if p.severity == "error")
    assert (error.table, error.column, error.rows) == ("usage", "customer_id", 2)
    assert book.repair({"usage.missing-value": "drop"}).frame("usage")["events"].tolist() == [1]

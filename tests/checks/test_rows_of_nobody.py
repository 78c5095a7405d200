"""Rows without an id: they stop every number until somebody drops them, and are counted then."""

from __future__ import annotations

from typing import Any

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


WIDE = {"customer_id": ["a", None, "\u00a0"], "2026-01": [10, 5, 1], "2026-02": [10, 4, None]}
LONG = {
    "customer_id": ["a", "a", None, "", " "],
    "month": ["2026-01", "2026-02", "2026-01", "2026-02", "2026-01"],
    "mrr": [10, 10, 5, 4, 1],
}


@pytest.mark.parametrize("mrr", [WIDE, LONG], ids=["wide", "long"])
def test_months_of_nobody_stop_every_number_until_somebody_drops_them(mrr: dict[str, Any]) -> None:
    customers = {"customer_id": ["a"], "segment": ["SMB"]}
    book = sm.Book(mrr=mrr, customers=customers, as_of="2026-02-28")
    missing = next(problem for problem in book.check().problems if problem.code == "missing-value")
    assert (missing.table, missing.column, missing.rows) == ("mrr", "customer_id", 3)
    assert 'book.repair({"mrr.missing-value": "drop"})' in missing.remedy
    for asked in (book, book.where(segment="SMB"), book.as_of("2026-01-31")):
        with pytest.raises(sm.errors.InvalidTablesError, match="must not be missing"):
            sm.revenue.mrr(asked)
    mended = book.repair({"mrr.missing-value": "drop"})
    (repair,) = mended.repairs
    assert (repair.rows, repair.mrr_before, repair.mrr_after) == (3, 14_000_000, 10_000_000)
    assert sm.revenue.bridge(mended).df["closing"].tolist() == [10, 10]

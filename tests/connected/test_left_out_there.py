"""What a footnote says of rows that do not count: the same here and there, of rows and not of their pieces."""

from __future__ import annotations

from typing import Any

import pytest

import saasmetrics as sm
from tests.connected.natives import WAYS, connected

AS_OF = "2026-06-30"
ROWS: dict[str, list[Any]] = {
    "subscription_id": ["rests", "ahead", "rests ahead"],
    "customer_id": ["a", "b", "c"],
    "start": ["2026-01-01", "2026-07-15", "2026-08-01"],
    "pause_start": ["2026-06-01", None, "2026-09-01"],
    "pause_end": ["2026-09-01", None, "2026-10-01"],
    "amount": [10, 20, 30],
    "interval": ["month"] * 3,
    "currency": ["USD"] * 3,
}


def _said(book: sm.Book) -> list[str]:
    return [note for note in sm.revenue.mrr(book).notes if "after the as-of date" in note]


@pytest.mark.parametrize("pause", ["line", "contraction", "kept"])
def test_a_pause_that_ends_later_is_no_row_that_starts_later(pause: str) -> None:
    policy = sm.Policy(pause=pause)
    here = sm.Book(subscriptions=ROWS, as_of=AS_OF, policy=policy)
    wanted = (
        "2 subscriptions rows start, or leave their trial, after the as-of date and are left out"
    )
    assert _said(here) == [wanted]
    for way in WAYS:
        there = connected(here.tables, way, as_of=AS_OF, currency="USD", policy=policy)
        assert _said(there) == [wanted]

"""One company in June 2026, small enough to reckon by hand.

Paying at the start: kept 100, up 100 (150 from 10 June), paused 100 (rests from 10 June), gone 100 (to 10 June).
Back paid to 10 March and again 80 from 10 June. The daughter of kept, with 40, ends on 10 June.
"""

from __future__ import annotations

import pytest

import saasmetrics as sm

_LINES = (
    ("kept", "2026-01-01", None, 100, None),
    ("daughter", "2026-01-01", "2026-06-10", 40, None),
    ("up", "2026-01-01", "2026-06-10", 100, None),
    ("up", "2026-06-10", None, 150, None),
    ("paused", "2026-01-01", None, 100, "2026-06-10"),
    ("gone", "2026-01-01", "2026-06-10", 100, None),
    ("back", "2026-01-01", "2026-03-10", 80, None),
    ("back", "2026-06-10", None, 80, None),
)


@pytest.fixture(scope="session")
def june() -> sm.Book:
    names = ("customer_id", "start", "end", "amount", "pause_start")
    table = {name: [line[n] for line in _LINES] for n, name in enumerate(names)}
    table |= {"subscription_id": [f"s{n}" for n in range(len(_LINES))]}
    table["interval"] = ["month"] * len(_LINES)
    customers = {"customer_id": ["kept", "daughter"], "parent_id": [None, "kept"]}
    return sm.Book(subscriptions=table, customers=customers, as_of="2026-06-30", currency="USD")

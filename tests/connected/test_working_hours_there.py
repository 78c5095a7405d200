"""Working time is counted where tickets are, to the second: over changes of the clock, holidays and night shifts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import cycle, product
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.engine.portable import fetched
from tests.connected.natives import WAYS, connected

MANY = 400
TOLD = {"as_of": "2026-04-30", "currency": "USD"}
S = sm.support
HOURS = {
    "days": S.WorkingHours("Europe/Berlin", holidays=["2026-04-03", "2026-04-06"]),
    "over midnight of UTC": S.WorkingHours("America/Los_Angeles", closes="18:30"),
    # Sunday 22:00 to Monday 6:30, also on 29 March when clocks go forward; Mondays with a break.
    "nights": S.WorkingHours("Europe/Berlin", weekly=[(600, 720), (780, 900), (9_960, 10_470)]),
    "never closed": S.WorkingHours(days=["Sat", "Sun", "Mon"], opens="00:00", closes="24:00"),
}
ASKED: dict[str, Callable[[sm.Book, Any], sm.Result]] = {
    "first replies": lambda book, hours: S.times(book, hours=hours, by="channel"),
    "solutions": lambda book, hours: S.times(book, "resolution", hours=hours, zone="Asia/Kolkata"),
    "first solutions of a part": lambda book, hours: S.times(
        book.between("2026-02-10", "2026-04-20"), "first_resolution", freq="W", hours=hours
    ),
    "work": lambda book, hours: S.times(book, "handle", hours=hours),
    "answered": lambda book, hours: S.answered(book, 3, by="channel", hours=hours),
    "answered of the old": lambda book, hours: S.answered(
        book, 8, measure="resolution", young="all", hours=hours
    ),
    "promised in a column": lambda book, hours: S.sla(book, "channel", "W", hours=hours),
    "promised by priority": lambda book, hours: S.sla(
        book, "channel", targets={"urgent": 61, "low": 300.005}, measure="resolution", hours=hours
    ),
    "tanks": lambda book, hours: S.tank_tickets(book, 3, by="channel", hours=hours, quantile=0.31),
    "tanks of days": lambda book, hours: S.tank_tickets(
        book, ("2026-01-20", "2026-02-28"), freq="M", hours=hours
    ),
    "scorecard": lambda book, hours: S.scorecard(book, freq="Q", ytd=True, hours=hours),
}
# Each way asks everything, and of each schedule something.
CASES = [
    (way, name, hours)
    for (way, name), hours in zip(product(WAYS, ASKED), cycle(HOURS), strict=False)
]


@cache
def company() -> sm.Book:
    """Tickets of which some begin and end when nobody works, some wait, and some run backwards."""
    rng = np.random.default_rng(4)
    created = pd.Timestamp("2026-01-02") + pd.to_timedelta(rng.integers(0, 118 * 1440, MANY), "min")
    replied = created + pd.to_timedelta(rng.integers(-1, 30, MANY) * 3_607, "s")
    first = replied + pd.to_timedelta(rng.integers(0, 30, MANY), "h")
    last = first + pd.to_timedelta(rng.integers(-1, 4, MANY), "D")
    tickets = {
        "ticket_id": range(MANY),
        "customer_id": rng.choice(["a", "b"], MANY),
        "created_at": created,
        "first_reply_at": replied.where(rng.random(MANY) < 0.7),
        "first_solved_at": first.where(rng.random(MANY) < 0.6),
        "solved_at": last.where(rng.random(MANY) < 0.5),
        "channel": rng.choice(["chat", "email", None], MANY),
        "team_id": rng.choice(["one", "two"], MANY),
        "priority": rng.choice(["urgent", "low", None], MANY),
        "sla_target_seconds": rng.choice([600.4, 7_214.0, 90_000.5, None, -1.0], MANY),
        "handle_seconds": np.where(rng.random(MANY) < 0.8, rng.integers(0, 9, MANY) / 8, np.nan),
    }
    paid = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [10.0]}
    return sm.Book(mrr=paid, tickets=tickets, **TOLD)


@cache
def away(way: str) -> sm.Book:
    """The same company, connected."""
    return connected(company().tables, way, **TOLD)


@pytest.mark.parametrize(("way", "name", "hours"), CASES)
def test_times_in_working_hours_are_the_same_with_the_tickets_behind_them(
    way: str, name: str, hours: str
) -> None:
    ours, theirs = (ASKED[name](book, HOURS[hours]) for book in (company(), away(way)))
    pd.testing.assert_frame_equal(theirs.df, ours.df, check_dtype=False, check_exact=True)
    assert theirs.notes == ours.notes
    cell = {column: ours.df[column].iloc[-1] for column in ("period", *ours.by)}
    order = ["created_at", "ticket_id"]
    rows = [r.rows(**cell).sort_values(order, ignore_index=True) for r in (ours, theirs)]
    assert len(rows[0])
    pd.testing.assert_frame_equal(rows[1], rows[0], check_dtype=False)


@pytest.mark.parametrize("way", WAYS)
def test_a_level_before_and_after_a_date_is_the_same(way: str) -> None:
    asked = {"measure": "resolution", "hours": HOURS["days"]}
    ours, theirs = (S.before_after(b, "2026-03-01", **asked).df for b in (company(), away(way)))
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False)


def test_tickets_of_nobody_take_no_working_time() -> None:
    tickets = company().tables["tickets"].data.slice(0, 0)
    paid = pa.table({"customer_id": ["a"], "month": ["2026-01"], "mrr": [10.0]})
    books = [sm.Book(mrr=paid, tickets=tickets, **TOLD)]
    books.append(connected(books[0].tables, "polars", **TOLD))
    ours, theirs = (S.times(book, hours=HOURS["days"]).df for book in books)
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False)


@pytest.mark.parametrize("way", WAYS)
def test_what_comes_in_working_hours_does_not_grow_with_tickets(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = away(way)
    S.times(book)  # and with it what the gate asks
    came: list[int] = []
    come = fetched.come

    def watched(frame: Any) -> pa.Table:
        found: pa.Table = come(frame)
        came.append(len(found))
        return found

    monkeypatch.setattr(fetched, "come", watched)
    hours = S.WorkingHours("Asia/Kolkata")
    S.times(book, freq="Y", hours=hours)
    S.answered(book, freq="Y", young="all", hours=hours)
    S.sla(book, freq="Y", targets={"urgent": 60, "low": 600}, hours=hours)
    S.scorecard(book, "company", "Y", hours=hours)
    S.tank_tickets(book, 1, freq="Y", hours=hours)
    assert 0 < max(came) < MANY / 4

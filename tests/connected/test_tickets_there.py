"""Tickets counted where they are are the tickets counted here, by any columns, periods and clock; none is brought."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.engine.connected.rows import Rows
from tests.connected.natives import WAYS, connected

Ask = Callable[[sm.Book], sm.Result]

ASKED: dict[str, Ask] = {
    "top issues": lambda book: sm.support.top_issues(book, freq="Q", zone="America/New_York"),
    "by revenue": lambda book: sm.support.by_revenue(
        book, by=("tag", "plan"), zone="Europe/Berlin"
    ),
    "by revenue of a segment": lambda book: sm.support.by_revenue(book, by="segment", freq="Y"),
    "contact rate": lambda book: sm.support.load(book, by=("channel", "segment"), freq="Q"),
    "contacting": lambda book: sm.support.load(
        book, "per_contacting", freq="W", zone="Asia/Kolkata"
    ),
    "of heads": lambda book: sm.support.load(book, "per_head", by="team_id", interval=None),
    "of a year": lambda book: sm.support.load(book.between("2026-01-15", "2026-08-20")),
    "voice": lambda book: sm.support.voice(book, zone="Pacific/Auckland"),
    "mix": sm.support.mix,
}
# DuckDB plans each query anew: it is asked less.
EACH = [("polars", name) for name in ASKED]
EACH += [("duckdb", name) for name in ("by revenue", "contacting")]


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=60, seed=3)


@pytest.fixture(scope="module")
def books(local: sm.Book) -> dict[str, sm.Book]:
    told = {"as_of": local.as_of_text, "currency": local.currency, "policy": local.policy}
    return {way: connected(local.tables, way, memory_limit="1GB", **told) for way in WAYS}


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tickets were brought one by one, each time."""
    found: list[int] = []
    rows = Rows._with

    def watched(self: Rows, columns: object) -> pa.Table:
        made = rows(self, columns)
        if self.name == "tickets":
            found.append(len(made))
        return made

    monkeypatch.setattr(Rows, "_with", watched)
    return found


@pytest.mark.parametrize(("way", "name"), EACH)
def test_what_needs_no_single_ticket_brings_none(
    way: str, name: str, local: sm.Book, books: dict[str, sm.Book], whole: list[int]
) -> None:
    wanted, found = ASKED[name](local), ASKED[name](books[way])
    pd.testing.assert_frame_equal(found.df, wanted.df, check_dtype=False)
    assert found.notes == wanted.notes
    assert not whole


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("top issues", {}),
        ("contacting", {"period": "2026-05-06"}),
        ("contact rate", {"period": "2026-05-06", "channel": "chat", "segment": "SMB"}),
        ("voice", {"voice": "new"}),
    ],
)
def test_rows_are_the_tickets_of_the_cell_and_only_those_of_its_days_are_brought(
    name: str, cell: dict[str, str], local: sm.Book, books: dict[str, sm.Book], whole: list[int]
) -> None:
    wanted, found = ASKED[name](local).rows(**cell), ASKED[name](books["polars"]).rows(**cell)
    order = ["created_at", "ticket_id"]
    ours, theirs = (frame.sort_values(order, ignore_index=True) for frame in (wanted, found))
    assert len(ours)
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False)
    if name != "voice":  # whose cells are of all days
        assert max(whole) < len(local.frame("tickets")) / 2

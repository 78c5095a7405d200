"""Tickets counted where they are are the tickets counted here, by any columns, periods and clock; none is brought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.engine.connected.rows import Rows
from tests.connected.natives import WAYS, connected, there

Ask = Callable[[sm.Book], sm.Result]

WORK = sm.support.WorkingHours("Europe/Berlin", holidays=["2026-05-01"])
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
    "workload": lambda book: sm.capacity.workload(book, "Q", by=("channel", "segment")),
    "workload of a year": lambda book: sm.capacity.workload(
        book.between("2026-01-15", "2026-08-20")
    ),
    "demand": lambda book: sm.capacity.demand(book, by="segment", channel="chat"),
    "drivers": lambda book: sm.capacity.drivers(book, "new"),
    "load of the team": sm.capacity.load,
    "hiring plan": sm.capacity.hiring_plan,
    "staffing": lambda book: sm.capacity.staffing(book, weeks=8, zone="Asia/Kolkata"),
    "trial conversion": lambda book: sm.support.trial_conversion(book, zone="America/New_York"),
    "times": sm.support.times,
    "times of a quarter": lambda book: sm.support.times(
        book, "resolution", by=("channel", "segment"), freq="Q", zone="America/New_York"
    ),
    "times in working hours": lambda book: sm.support.times(book, "first_resolution", hours=WORK),
    "work of a year": lambda book: sm.support.times(
        book.between("2026-01-15", "2026-08-20"), "handle", by="people.team"
    ),
    "answered": lambda book: sm.support.answered(
        book, 4, by="segment", measure="resolution", young="all"
    ),
    "promises": lambda book: sm.support.sla(book, targets={"urgent": 30, "normal": 480}, freq="W"),
    "backlog": lambda book: sm.support.backlog(book, edges=(0.5, 2, 9.3), zone="Asia/Kolkata"),
    "backlog as it was": lambda book: sm.support.backlog(book.as_of("2026-08-20"), freq="Q"),
    "reopened": lambda book: sm.support.reopens(book, by="channel", mature=14, freq="Q"),
    "touches": lambda book: sm.support.touches(book, "one_touch", by="channel", freq="Q"),
    "tiers": lambda book: sm.support.tiers(book, by="channel", freq="Q", started="tag"),
    "tanks": lambda book: sm.support.tank_tickets(book, baseline=("2025-01", "2025-06")),
    "tanks before": lambda book: sm.support.tank_tickets(book, by="segment", freq="Q", baseline=3),
    "cost": lambda book: sm.support.unit_cost(
        book, by=("channel", "segment"), freq="Q", counted="solved"
    ),
    "cost of each agent": lambda book: sm.support.unit_cost(
        book, by="team_id", freq="Q", allocation="direct", ytd=True
    ),
    "cost to serve": lambda book: sm.support.cost_to_serve(book, by=None, freq="M"),
    "scorecard": lambda book: sm.support.scorecard(book, "team", "Q", ytd=True, hours=WORK),
    "productivity": lambda book: sm.support.productivity(book, "first_reply", by="channel"),
    "work of agents": sm.support.productivity,
    "league of solutions": lambda book: sm.support.league(book, "resolution", by="segment"),
    "league": lambda book: sm.support.league(book, "csat", by="segment", freq="M"),
    "switches": lambda book: sm.support.channel_switches(
        book, hours=500, by="channel", freq="Q", topic="priority"
    ),
    "root cause": lambda book: sm.support.root_cause(book, "bug", months=7, zone="Asia/Kolkata"),
    "templates": lambda book: sm.support.macro_effect(book, "segment"),
    "reactive": lambda book: sm.support.reactive_share(
        book, by="segment", tickets=True, freq="Q", zone="America/New_York"
    ),
}


OF_ALL_DAYS = {"voice", "productivity", "work of agents"}


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=60, seed=3)


@pytest.fixture(scope="module")
def away(local: sm.Book) -> sm.Book:
    told = {"as_of": local.as_of_text, "currency": local.currency, "policy": local.policy}
    return connected(local.tables, "polars", memory_limit="1GB", **told)


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


@pytest.mark.parametrize("name", ASKED)
def test_what_needs_no_single_ticket_brings_none(
    name: str, local: sm.Book, away: sm.Book, whole: list[int]
) -> None:
    wanted, found = ASKED[name](local), ASKED[name](away)
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
        ("times of a quarter", {"channel": "chat", "segment": "SMB"}),
        ("times in working hours", {}),
        ("promises", {"priority": "normal", "period": "2026-05-06"}),
        ("backlog", {}),
        ("reopened", {"channel": "chat"}),
        ("tanks", {}),
        ("switches", {"channel": "chat"}),
        ("cost", {"channel": "chat", "segment": "SMB"}),
        ("root cause", {}),
        ("productivity", {"channel": "chat"}),
        ("work of agents", {}),
    ],
)
def test_rows_are_the_tickets_of_the_cell_and_only_those_of_its_days_are_brought(
    name: str, cell: dict[str, str], local: sm.Book, away: sm.Book, whole: list[int]
) -> None:
    wanted, found = ASKED[name](local).rows(**cell), ASKED[name](away).rows(**cell)
    order = ["created_at", "ticket_id"]
    ours, theirs = (frame.sort_values(order, ignore_index=True) for frame in (wanted, found))
    assert len(ours)
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False)
    if name not in OF_ALL_DAYS:
        assert max(whole) < len(local.frame("tickets")) / 2


def test_tickets_that_are_played_again_come_as_moments_and_handling_times(
    local: sm.Book, away: sm.Book, whole: list[int]
) -> None:
    wanted, found = (
        sm.capacity.carve_out(book, agents=3, work=3, weeks=10, baseline=10).df
        for book in (local, away)
    )
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)
    assert not whole


def test_of_tickets_without_a_topic_only_those_of_the_audit_are_brought(
    local: sm.Book, away: sm.Book, whole: list[int]
) -> None:
    tickets = local.frame("tickets")
    read = pd.concat([tickets[tickets["tag"].isna()].iloc[::3], tickets.iloc[:20]])
    audit = read[["ticket_id"]].assign(
        tag=["bug", "gap"] * (len(read) // 2) + ["bug"] * (len(read) % 2)
    )
    wanted, found = (
        sm.support.untagged(book.between("2025-03-01", "2026-08-20"), audit)
        for book in (local, away)
    )
    pd.testing.assert_frame_equal(found.df, wanted.df, check_dtype=False)
    assert found.notes == wanted.notes
    assert {*whole} == {audit["ticket_id"].nunique()}


def test_who_asked_in_a_month_is_told_by_counts(
    local: sm.Book, away: sm.Book, whole: list[int]
) -> None:
    order = ["tickets", "customer_id", "paying"]
    ours, theirs = (
        sm.capacity.demand(book).rows(period="2026-05").sort_values(order, ignore_index=True)
        for book in (local, away)
    )
    assert len(ours)
    pd.testing.assert_frame_equal(theirs, ours, check_dtype=False)
    assert not whole


@pytest.mark.parametrize("way", WAYS)
def test_times_that_hardly_differ_are_as_far_apart_as_here(way: str) -> None:
    many = 200
    tickets = {
        "ticket_id": np.arange(many),
        "customer_id": ["a"] * many,
        "created_at": [pd.Timestamp("2026-01-05")] * many,
        "solved_at": [pd.Timestamp("2026-01-06")] * many,
        "tag": ["x"] * many,
        "macro": ["m", None] * (many // 2),
        "handle_seconds": 1e8 + np.arange(many) % 7 / 1000,
    }
    mrr = {"customer_id": ["a"], "month": [pd.Timestamp("2026-01-01")], "mrr": [10.0]}
    told = {"as_of": "2026-01-31", "currency": "USD"}
    here = sm.Book(mrr=pa.table(mrr), tickets=pa.table(tickets), **told)
    widths = [
        float(df["high"].iloc[0] - df["low"].iloc[0])
        for df in (
            sm.support.macro_effect(here).df,
            sm.support.macro_effect(connected(here.tables, way, **told)).df,
        )
    ]
    # Of 0 to 6 ms the spread is 2 ms: of two means of 100 it is 2 x 2 x sqrt(2 / 100) ms, of 3600 s an hour.
    assert widths[0] == pytest.approx(2 * 1.96 * 2e-3 * 0.02**0.5 / 3600, rel=0.02)
    assert widths[1] == pytest.approx(widths[0], rel=1e-3)


def test_tickets_of_customers_who_begin_to_pay_later_have_no_revenue() -> None:
    lines = {
        "subscription_id": ["s1"],
        "customer_id": ["a"],
        "start": [pd.Timestamp("2025-01-01").date()],
        "amount": [10.0],
        "interval": ["month"],
        "plan": ["p"],
    }
    asked = {
        "ticket_id": [1],
        "customer_id": ["a"],
        "created_at": [pd.Timestamp("2024-02-03")],
        "tag": ["x"],
    }
    tables, told = {"subscriptions": lines, "tickets": asked}, {"as_of": "2024-06-30"}
    here = {name: pa.table(columns) for name, columns in tables.items()}
    there = {name: pl.from_arrow(data).lazy() for name, data in here.items()}
    book = sm.connect(**there, **told, currency="USD")
    wanted = sm.support.by_revenue(sm.Book(**here, **told, currency="USD")).df
    pd.testing.assert_frame_equal(sm.support.by_revenue(book).df, wanted)
    assert wanted["plan"].tolist() == ["(no MRR)"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("way", WAYS)
def test_tickets_of_one_moment_are_followed_on_another_channel_as_here(way: str, seed: int) -> None:
    rng, many = np.random.default_rng(seed), 150
    hours = pd.to_timedelta(rng.integers(0, 60, many) * 6, unit="h")
    asked = {
        "ticket_id": range(many),
        "customer_id": rng.choice(["a", "b", "c"], many),
        "created_at": pd.Timestamp("2026-01-01") + hours,
        "channel": rng.choice(["chat", "Email", "phone", None], many),
        "tag": rng.choice(["x", "y", None], many),
    }
    paid = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}
    told = {"as_of": "2026-01-12", "currency": "USD"}
    local = sm.Book(mrr=paid, tickets=asked, **told)
    away = connected(local.tables, way, **told)
    ours, theirs = (sm.support.channel_switches(book, hours=13, freq="W") for book in (local, away))
    pd.testing.assert_frame_equal(theirs.df, ours.df, check_dtype=False)
    assert theirs.notes == ours.notes
    order = ["created_at", "ticket_id"]
    rows = [
        r.rows(period="2026-01-07").sort_values(order, ignore_index=True) for r in (ours, theirs)
    ]
    pd.testing.assert_frame_equal(rows[1], rows[0], check_dtype=False)
    assert 0 < rows[0]["numerator"].sum() < len(rows[0])


@pytest.mark.parametrize("allocation", ["handle_time", "volume", "direct"])
def test_costs_of_groups_are_the_same_to_the_last_micro_unit_wherever_tickets_are(
    allocation: str, local: sm.Book, away: sm.Book
) -> None:
    wanted, found = (
        sm.support.unit_cost(book, by=("channel", "segment"), allocation=allocation).df
        for book in (local, away)
    )
    assert found["numerator"].tolist() == wanted["numerator"].tolist()


@pytest.mark.parametrize("way", WAYS)
def test_tickets_of_a_month_without_handle_time_share_its_cost_equally_wherever_they_are(
    way: str,
) -> None:
    january, february = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
    tickets = {
        "ticket_id": [1, 2, 3, 4, 5],
        "customer_id": ["a"] * 5,
        "created_at": pa.array([january] * 4 + [february]).cast(pa.timestamp("us")),
        "channel": ["chat"] * 3 + ["mail"] * 2,
        "handle_seconds": [None] * 4 + [60],
    }
    months = [january, february]
    spend = {"month": months, "function": ["support"] * 2, "amount": [100, 100]}
    mrr = {"customer_id": ["a"], "month": [january], "mrr": [10]}
    tables = {"tickets": pa.table(tickets), "spend": pa.table(spend), "mrr": pa.table(mrr)}
    placed = {name: there(rows, way) for name, rows in tables.items()}
    told: dict[str, Any] = {"as_of": "2026-02-28", "currency": "USD"}
    for book in (sm.Book(**tables, **told), sm.connect(**placed, **told)):
        df = sm.support.unit_cost(book, by="channel").df
        cost = df[df["period"] == pd.Timestamp(january)].set_index("channel")["numerator"]
        assert cost.to_dict() == {"chat": 75.0, "mail": 25.0}

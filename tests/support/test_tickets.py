"""Every number of a desk of random tickets against a loop over its tickets."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from tests.support.desks import DAY, HOUR, desk

END = pd.Timestamp("2026-02-01")
few = settings(max_examples=8, deadline=None)


@st.composite
def tickets(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for _ in range(draw(st.integers(1, 25))):
        created = pd.Timestamp("2025-11-20") + pd.Timedelta(minutes=draw(st.integers(0, 73 * 1440)))
        reply = draw(st.none() | st.integers(0, 5 * 1440))
        first = draw(st.none() | st.integers(0, 20 * 1440))
        last = None if first is None else first + draw(st.sampled_from([0, 0, 600, 9000]))
        moments = {
            name: None if minutes is None else str(created + pd.Timedelta(minutes=minutes))
            for name, minutes in (
                ("first_reply_at", reply),
                ("first_solved_at", first),
                ("solved_at", last),
            )
        }
        rows.append(
            {
                "created_at": str(created),
                **moments,
                "customer_id": draw(st.sampled_from("abc")),
                "channel": draw(st.sampled_from(["chat", "email"])),
                "tag": draw(st.sampled_from(["bug", "how_to", None])),
                "priority": draw(st.sampled_from(["urgent", "low"])),
                "agent_id": draw(st.sampled_from(["p0", "p1"])),
                "team_id": draw(st.sampled_from(["t1", "t2"])),
                "touches": draw(st.integers(0, 4)),
                "reopens": draw(st.integers(0, 2)),
                "handle_seconds": draw(st.integers(0, 5000)),
                "csat": draw(st.none() | st.integers(1, 5)),
                "sla_target_seconds": draw(st.sampled_from([None, 1800, 86400])),
            }
        )
    return rows


def moment(row: dict[str, Any], name: str) -> pd.Timestamp | None:
    """A moment that has happened by the end of January."""
    found = None if row[name] is None else pd.Timestamp(row[name])
    return None if found is None or found >= END else found


def seen(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if pd.Timestamp(row["created_at"]) < END]


def month(row: dict[str, Any], name: str = "created_at") -> pd.Timestamp:
    return pd.Timestamp(row[name]).to_period("M").start_time


def wait(row: dict[str, Any]) -> tuple[float, bool] | None:
    """Hours to the first reply, and whether it came; None for tickets solved without one."""
    created, reply = pd.Timestamp(row["created_at"]), moment(row, "first_reply_at")
    if reply is None and moment(row, "first_solved_at") is not None:
        return None
    return ((reply or END) - created).total_seconds() / HOUR, reply is not None


def kaplan_meier(waits: list[tuple[float, bool]], q: float) -> float:
    share, left = 1.0, len(waits)
    for hours, over in sorted(waits, key=lambda each: (each[0], not each[1])):
        if over:
            share *= 1 - 1 / left
            if share <= 1 - q + 1e-9:
                return hours
        left -= 1
    return math.nan


def same(found: Any, wanted: Any) -> bool:
    if wanted is None or wanted != wanted:
        return bool(found != found)
    return bool(abs(found - wanted) < 1e-9)


@few
@given(tickets())
def test_first_reply_times_count_what_still_waits(rows: list[dict[str, Any]]) -> None:
    df = sm.support.times(desk(rows), by="channel").df
    for row in df.to_dict("records"):
        mine = [
            found
            for one in seen(rows)
            if month(one) == row["period"] and one["channel"] == row["channel"]
            if (found := wait(one)) is not None
        ]
        done = [hours for hours, over in mine if over]
        assert (row["n"], row["answered"]) == (len(mine), len(done))
        assert same(row["mean"], sum(done) / len(done) if done else None)
        assert same(row["longest"], max(h for h, _ in mine) if mine else None)
        for name, q in (("median", 0.5), ("p90", 0.9), ("p95", 0.95)):
            assert same(row[name], kaplan_meier(mine, q))


@few
@given(tickets())
def test_sla_counts_met_breached_overdue_and_immature(rows: list[dict[str, Any]]) -> None:
    book = desk([*rows, rows[0] | {"sla_target_seconds": 1800}])
    df = sm.support.sla(book, by="priority").df
    counts: dict[Any, int] = defaultdict(int)
    over: dict[Any, float] = defaultdict(float)
    for row in seen([*rows, rows[0] | {"sla_target_seconds": 1800}]):
        found, target = wait(row), row["sla_target_seconds"]
        if found is None or target is None:
            continue
        late = found[0] * HOUR - target
        name = (
            ("breached" if late > 0 else "met")
            if found[1]
            else "overdue"
            if late > 0
            else "immature"
        )
        counts[month(row), row["priority"], name] += 1
        over[month(row), row["priority"]] += max(late, 0) / 60
    for row in df.to_dict("records"):
        key = row["period"], row["priority"]
        parts = {name: counts[(*key, name)] for name in ("met", "breached", "overdue", "immature")}
        assert {name: row[name] for name in parts} == parts
        total = parts["met"] + parts["breached"] + parts["overdue"]
        assert same(row["value"], parts["met"] / total if total else None)
        assert same(row["breach_minutes"], over[key])


@few
@given(tickets())
def test_the_backlog_is_what_is_open_at_the_end_by_age(rows: list[dict[str, Any]]) -> None:
    found = sm.support.backlog(desk(rows), by="channel", edges=(1, 7))
    ages = found.extra["ages"]
    for row in found.df.to_dict("records"):
        end = min(row["period"] + pd.DateOffset(months=1), END)
        mine = [
            (end - pd.Timestamp(one["created_at"])).total_seconds() / DAY
            for one in rows
            if one["channel"] == row["channel"] and pd.Timestamp(one["created_at"]) < end
            if one["solved_at"] is None or pd.Timestamp(one["solved_at"]) >= end
        ]
        assert row["backlog"] == len(mine)
        buckets = [
            sum(low <= age < high for age in mine) for low, high in ((0, 1), (1, 7), (7, 1e9))
        ]
        assert [row[name] for name in ages] == buckets
        assert same(row["longest"], max(mine) if mine else None)


@few
@given(tickets())
def test_the_backlog_moves_by_what_is_created_and_solved(rows: list[dict[str, Any]]) -> None:
    df = sm.support.backlog(desk(rows)).df
    before = df["backlog"].shift(fill_value=0)
    assert (before + df["opened"] - df["solved"] == df["backlog"]).all()


@few
@given(tickets(), st.sampled_from([0, 7, 14]))
def test_reopened_counts_only_what_is_old_enough(rows: list[dict[str, Any]], days: int) -> None:
    df = sm.support.reopens(desk(rows), by="channel", mature=days).df
    for row in df.to_dict("records"):
        mine = [
            one["reopens"] > 0
            for one in seen(rows)
            if (end := moment(one, "first_solved_at")) is not None
            and one["channel"] == row["channel"]
            if end.to_period("M").start_time == row["period"]
            if (END - end).total_seconds() >= days * DAY
        ]
        assert (row["numerator"], row["denominator"]) == (sum(mine), len(mine))


@few
@given(tickets())
@pytest.mark.row("D7")
def test_agents_add_up_to_teams_and_teams_to_the_company(rows: list[dict[str, Any]]) -> None:
    book = desk(rows)
    levels = {name: sm.support.scorecard(book, name).df for name in ("agent", "team", "company")}
    for name in (
        "opened",
        "solved",
        "answered",
        "first_reply_hours",
        "handle_hours",
        "rated",
        "satisfied",
    ):
        sums = {level: df.groupby("period")[name].sum() for level, df in levels.items()}
        np.testing.assert_allclose(sums["agent"], sums["company"])
        np.testing.assert_allclose(sums["team"], sums["company"])
    company = levels["company"].set_index("period")
    teams = levels["team"]
    weighted = teams["csat"].fillna(0) * teams["rated"]
    again = weighted.groupby(teams["period"]).sum() / company["rated"].replace(0, np.nan)
    np.testing.assert_allclose(again, company["csat"])


@few
@given(tickets())
@pytest.mark.row("P8")
def test_the_mix_ties_to_the_tickets(rows: list[dict[str, Any]]) -> None:
    kept = seen(rows)
    found = sm.support.mix(desk(rows)) if kept else None
    if found is None:
        return
    df = found.df
    assert df["n"].sum() == len(kept)
    for tag, part in df.groupby("tag"):
        wanted = [one for one in kept if (one["tag"] or "(none)") == tag]
        assert part["n"].sum() == len(wanted)
        assert (part["denominator"] == len(wanted)).all()
        assert part["value"].sum() == pytest.approx(1)
    for channel, part in df.groupby("channel"):
        assert part["n"].sum() == sum(one["channel"] == channel for one in kept)


@few
@given(tickets(), st.sampled_from([1, 24, 72, 500]))
@pytest.mark.row("D11")
def test_a_switch_is_a_later_ticket_about_the_same_on_another_channel(
    rows: list[dict[str, Any]], hours: int
) -> None:
    df = sm.support.channel_switches(desk([*rows, rows[0] | {"tag": "bug"}]), hours).df
    kept = [one for one in seen([*rows, rows[0] | {"tag": "bug"}]) if one["tag"]]
    counts: dict[Any, list[bool]] = defaultdict(list)
    for one in kept:
        start = pd.Timestamp(one["created_at"])
        if (END - start).total_seconds() < hours * HOUR:
            continue
        later = [
            0 <= (pd.Timestamp(other["created_at"]) - start).total_seconds() <= hours * HOUR
            for other in kept
            if other["customer_id"] == one["customer_id"] and other["tag"] == one["tag"]
            if other["channel"] != one["channel"] and pd.Timestamp(other["created_at"]) > start
        ]
        counts[month(one)].append(any(later))
    for row in df.to_dict("records"):
        mine = counts[row["period"]]
        # two tickets of the same moment on two channels: the order of channels decides which came first
        tied = {one["created_at"] for one in kept}
        if len(tied) == len(kept):
            assert (row["numerator"], row["denominator"]) == (sum(mine), len(mine))


@few
@given(tickets(), st.sampled_from(["handle_time", "volume"]))
@pytest.mark.row("Z15", "Z20")
def test_what_tickets_cost_ties_to_what_support_costs(
    rows: list[dict[str, Any]], allocation: str
) -> None:
    months = ["2025-11", "2025-12", "2026-01"]
    spend = {"month": months, "function": ["support"] * 3, "amount": [100.01, 77.7, 33.33]}
    book = desk([one | {"handle_seconds": one["handle_seconds"] + 1} for one in rows], spend=spend)
    whole = sm.support.unit_cost(book, allocation=allocation).df
    parts = sm.support.unit_cost(book, by="channel", allocation=allocation).df
    there = whole[whole["denominator"] > 0].set_index("period")["numerator"]
    summed = parts.groupby("period")["numerator"].sum()[there.index]
    np.testing.assert_allclose(summed, there, rtol=0, atol=1e-9)
    assert whole["numerator"].sum() == pytest.approx(sum(spend["amount"][-len(whole) :]))


@few
@given(tickets())
def test_what_happens_later_changes_nothing_that_was_known(rows: list[dict[str, Any]]) -> None:
    """The desk at the end of December is the same whether January is in the table or not."""
    then = pd.Timestamp("2026-01-01")
    early = [one for one in rows if pd.Timestamp(one["created_at"]) < then]
    if not early:
        return
    cut = [
        one
        | {
            n: None
            for n in ("first_reply_at", "first_solved_at", "solved_at")
            if one[n] and pd.Timestamp(one[n]) >= then
        }
        for one in early
    ]
    for ask in (sm.support.times, sm.support.backlog, sm.support.reopens, sm.support.answered):
        now, before = (ask(desk(each, as_of="2025-12-31")).df for each in (rows, cut))
        pd.testing.assert_frame_equal(now, before)

"""Committed MRR against a count line by line, and what must hold of it for every ledger and policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saasmetrics as sm
from tests.engine.test_exchange_rates import moving
from tests.metrics.test_committed import PARTS
from tests.properties.ledgers import BYS, Case, cases
from tests.properties.profile import quick

# What the tables know at a day, line by line, without the library's engine.


def known(line: dict[str, Any], day: int, told: int) -> float:
    """What a line of so much a month will pay when all that is known at a day has happened."""
    asked, end = line["cancel_requested_at"], line["end"]
    begins = line["signed_at"] if line["signed_at"] is not None else told
    if line["recorded_at"] is not None:
        begins = (
            line["recorded_at"] if line["signed_at"] is None else max(begins, line["recorded_at"])
        )
    if line["start"] > day and begins > day:
        return 0.0
    if end is not None and (end <= day or end <= line["start"]):
        return 0.0
    if asked is not None and asked <= day:
        return 0.0
    if line["start"] <= day and end is not None and asked is None and told <= day:
        return 0.0
    if line["pause_start"] is not None and line["start"] <= day:
        until = line["pause_end"]
        resting = line["pause_start"] <= day and (until is None or until > day)
        if resting and (until is None or told > day):
            return 0.0
    if line["list_amount"] is not None and line["discount_end"] is not None:
        return float(line["list_amount"])
    return float(line["amount"])


DAY = st.integers(0, 180)


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """A subscription with days on which this and that became known."""
    start = draw(DAY)
    after = st.one_of(st.none(), st.integers(1, 120))
    end, asked, pause = draw(after), draw(st.one_of(st.none(), st.integers(0, 100))), draw(after)
    full = draw(st.sampled_from((None, 200)))
    rest = draw(st.one_of(st.none(), st.integers(1, 60)))
    return {
        "customer_id": draw(st.sampled_from("abc")),
        "start": start,
        "end": None if end is None else start + end,
        "amount": draw(st.sampled_from((100, 70, 0))),
        "cancel_requested_at": None
        if asked is None
        else start + (asked if end is None else min(asked, end)),
        "signed_at": draw(st.one_of(st.none(), st.integers(max(start - 60, 0), start))),
        "recorded_at": draw(st.one_of(st.none(), st.integers(max(start - 60, 0), start + 20))),
        "list_amount": full,
        "discount_end": None if full is None else draw(st.one_of(st.none(), st.just(start + 45))),
        "pause_start": None if pause is None else start + pause,
        "pause_end": None if pause is None or rest is None else start + pause + rest,
        "plan": draw(st.sampled_from(("pro", "scale"))),
    }


ORIGIN = np.datetime64("2026-01-01", "D")
DATES = ("start", "end", "cancel_requested_at", "signed_at", "recorded_at", "discount_end")
DATES += ("pause_start", "pause_end")


def of_facts(lines: list[dict[str, Any]], as_of: int) -> sm.Book:
    rows = [
        {"subscription_id": f"s{n}", "interval": "month", **line} for n, line in enumerate(lines)
    ]
    frame = pd.DataFrame(rows)
    for name in DATES:
        frame[name] = pd.to_datetime(
            [None if v is None or v != v else ORIGIN + int(v) for v in frame[name]]
        )
    return sm.Book(subscriptions=frame, as_of=ORIGIN + as_of, currency="USD")


# A line open for ever keeps the ends of the others from being those of billing periods.
ALWAYS = dict.fromkeys(("end", *DATES[2:], "list_amount")) | {
    "customer_id": "z",
    "start": 0,
    "amount": 50,
    "plan": "pro",
}


@quick
@given(st.lists(facts(), min_size=1, max_size=6), st.sampled_from((89, 120, 200)))
def test_committed_mrr_is_what_each_line_will_pay_as_far_as_is_known(
    lines: list[dict[str, Any]], as_of: int
) -> None:
    lines = [ALWAYS, *lines]
    df = sm.revenue.committed(of_facts(lines, as_of)).df
    for row in df.to_dict("records"):
        last = (row["period"] + pd.offsets.MonthEnd(0)).to_datetime64().astype("datetime64[D]")
        day = min(int((last - ORIGIN).astype(int)), as_of)
        there = [line for line in lines if (line["recorded_at"] or 0) <= as_of]
        expected = sum(known(line, day, as_of) for line in there)
        assert row["value"] == pytest.approx(expected), (row["period"], day)


@quick
@given(st.lists(facts(), min_size=1, max_size=6), st.sampled_from(("2026-02-28", "2026-05-31")))
def test_a_replay_as_of_then_says_what_the_past_period_says_now(
    lines: list[dict[str, Any]], day: str
) -> None:
    lines = [ALWAYS, *({**line, "recorded_at": None} for line in lines)]
    now = of_facts(lines, 200)
    told = sm.revenue.committed(now).df.set_index("period")
    replayed = sm.revenue.committed(now.as_of(day)).df.set_index("period")
    columns = ["value", "live", *PARTS]
    pd.testing.assert_frame_equal(replayed[columns], told.loc[replayed.index, columns])


def of_case(case: Case) -> sm.Book:
    return sm.Book(
        **{name: table.data for name, table in case.tables.items()},
        currency="USD",
        as_of=np.datetime64(case.as_of, "D"),
    ).with_policy(case.policy)


@quick
@given(cases(), BYS, st.sampled_from(("constant", "line")), st.sampled_from(("M", "Q", "W")))
def test_the_gap_is_the_sum_of_its_parts_and_groups_add_up(
    case: Case, by: tuple[str, ...], fx: str, freq: str
) -> None:
    found = of_case(moving(case, fx))
    df = sm.revenue.committed(found, freq, by).df
    parts = df[[*PARTS, *(["transfer"] if by else [])]].sum(axis=1)
    assert ((df["value"] - df["live"] - parts).abs() < 1e-6).all()
    assert (df[["not_started", "resuming", "discounts_ending"]] >= 0).all().all()
    assert (df[["scheduled_downgrades", "scheduled_churn"]] <= 0).all().all()
    mrr = sm.revenue.mrr(found, by, freq).df
    keys = ["period", *by]
    assert (
        df.set_index(keys)["live"].reindex(mrr.set_index(keys).index)
        == mrr.set_index(keys)["value"]
    ).all()
    whole = sm.revenue.committed(found, freq).df.set_index("period")
    added = df.groupby("period")[["value", "live", *PARTS]].sum()
    assert ((added - whole[added.columns]).abs() < 1e-4).all().all()
    balance = sm.revenue.balances(found, freq, by).df
    assert (balance["committed"] == df["value"]).all()


@quick
@given(cases(), BYS, st.sampled_from(("constant", "line")), st.integers(0, 23))
def test_rows_sum_to_their_cell(case: Case, by: tuple[str, ...], fx: str, place: int) -> None:
    found = of_case(moving(case, fx))
    result = sm.revenue.committed(found, "M", by)
    cell = result.df.iloc[place % len(result.df)]
    rows = result.rows(period=cell["period"], **{name: cell[name] for name in by})
    for name in ("value", "live", *PARTS):
        assert rows[name].sum() == pytest.approx(cell[name], abs=1e-4), name
    stock = sm.revenue.balances(found, "M", by)
    cell = stock.df.iloc[place % len(stock.df)]
    rows = stock.rows(period=cell["period"], **{name: cell[name] for name in by})
    for name in ("paused", "past_due", "scheduled_churn", "committed"):
        assert rows[name].sum() == pytest.approx(cell[name], abs=1e-4), name


@quick
@given(cases(), st.integers(30, 300))
def test_a_past_period_does_not_know_what_became_known_later(case: Case, cut: int) -> None:
    # What was requested after a day, or begins after it without a date, changes nothing before it.
    day = case.as_of - cut
    lines = tuple(
        line
        for line in case.lines
        if line["start"] <= day or (line.get("signed_at") or 2**30) <= day
    )
    lines = tuple(
        {**line, "cancel_requested_at": None}
        if (line.get("cancel_requested_at") or 0) > day
        else line
        for line in lines
    )
    policy = case.policy.changed(churn_date="ended", gap_days=0, entity="customer")
    before, after = (
        of_case(replace(case, lines=part, policy=policy)) if part else None
        for part in (lines, case.lines)
    )
    if before is None or after is None:
        return
    one, other = (sm.revenue.committed(found).df.set_index("period") for found in (before, after))
    ends = one.index + pd.offsets.MonthEnd(0)
    past = one.index[(ends - pd.Timestamp("1970-01-01")).days <= day]
    shared = past.intersection(other.index)
    assert (one.loc[shared, "value"] - other.loc[shared, "value"]).abs().max() < 1e-6 or not len(
        shared
    )


@quick
@given(cases())
def test_paused_mrr_is_that_of_the_bridge(case: Case) -> None:
    found = of_case(replace(case, policy=case.policy.changed(pause="line")))
    paused = sm.revenue.balances(found).df["paused"]
    assert (-sm.revenue.bridge(found).df["pause"].cumsum() - paused).abs().max() < 1e-6

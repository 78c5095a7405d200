"""Renewals of random contracts against a plain loop over them, and the laws that hold for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from tests.properties.profile import quick
from tests.renewals.contract_book import COLUMNS, book

DAY = pd.Timestamp("2024-01-01")
AS_OF = pd.Timestamp("2026-01-31")
GRACE, EARLY = 30, 60
MONEY = ("renewed", "downsell", "lost", "open", "upsell")


@st.composite
def contracts(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """A few customers with chains, overlaps, gaps, forgotten links and contracts of the future."""
    rows: list[tuple[Any, ...]] = []
    for who in range(draw(st.integers(1, 4))):
        customer, mine = f"c{who}", []
        for _ in range(draw(st.integers(0, 5))):
            start = DAY + pd.Timedelta(days=draw(st.integers(0, 800)))
            if mine and draw(st.booleans()):  # often right at the end of another one, or near it
                start = mine[-1][3] + pd.Timedelta(days=draw(st.integers(-70, 50)))
            end = start + pd.Timedelta(days=draw(st.sampled_from([30, 90, 365, 731])))
            signed = start + pd.Timedelta(days=draw(st.integers(-100, 60)))
            before = draw(st.sampled_from([None, *(row[0] for row in mine)]))
            arr = draw(st.integers(0, 40)) * 100
            auto = draw(st.sampled_from([None, False]))
            mine.append(
                (
                    f"k{len(rows) + len(mine)}",
                    customer,
                    start,
                    end,
                    arr,
                    auto,
                    signed,
                    before,
                    None,
                    None,
                    "o",
                    None,
                )
            )
        rows += mine
    return rows


def oracle(rows: list[tuple[Any, ...]]) -> dict[str, dict[str, Any]]:
    """The obvious way: contract by contract, pair by pair."""
    known = [dict(zip(COLUMNS, row, strict=True)) for row in rows if row[6] <= AS_OF]
    by_id = {c["contract_id"]: c for c in known}
    follows: dict[str, list[dict[str, Any]]] = {c["contract_id"]: [] for c in known}
    taken: dict[str, float] = {}
    for c in known:
        before = by_id.get(c["previous_contract_id"])
        if before is not None and c["end"] > before["end"]:
            follows[before["contract_id"]].append(c)
            taken[c["contract_id"]] = before["arr"]
    free = [c for c in known if not follows[c["contract_id"]]]
    for named, lowest, highest in (
        (False, 0, GRACE),
        (True, 0, GRACE),
        (True, -9999, -1),
        (False, -EARLY, -1),
    ):
        for c in list(free):
            fits = [
                other
                for other in known
                if other is not c
                and other["customer_id"] == c["customer_id"]
                and (other["contract_id"] in taken) is named
                and lowest <= (other["start"] - c["end"]).days <= highest
                and other["end"] > c["end"]
                and other["start"] > c["start"]
                and (
                    not named or max(other["arr"] - taken[other["contract_id"]], 0) * 2 >= c["arr"]
                )
            ]
            if fits:
                nearest = min(abs((o["start"] - c["end"]).days) for o in fits)
                follows[c["contract_id"]] = [
                    o for o in fits if abs((o["start"] - c["end"]).days) == nearest
                ]
                free.remove(c)
    return _outcomes(known, follows)


def _outcomes(known, follows):
    grace = pd.Timedelta(days=GRACE)
    timely = {
        c["contract_id"]: [
            o for o in follows[c["contract_id"]] if o["signed_at"] <= c["end"] + grace
        ]
        for c in known
    }
    found: dict[str, dict[str, Any]] = {}
    for c in known:
        name = c["contract_id"]
        outcome = "renewed" if timely[name] else "lost" if c["end"] + grace <= AS_OF else "open"
        timing = ""
        if outcome == "renewed":
            signed = min(o["signed_at"] for o in timely[name])
            starts = min(o["start"] for o in timely[name])
            early = signed < c["end"] - pd.Timedelta(days=EARLY) or starts < c["end"]
            timing = "late" if signed > c["end"] else "early" if early else "on_time"
        found[name] = {**c, "outcome": outcome, "timing": timing}
    left = [c["contract_id"] for c in known if timely[c["contract_id"]]]
    while left:  # what the same contracts renew, directly or through others, is one bundle
        bundle, news = {left[0]}, {o["contract_id"] for o in timely[left[0]]}
        while True:
            more = {n for n in left if news & {o["contract_id"] for o in timely[n]}} - bundle
            if not more:
                break
            bundle |= more
            news |= {o["contract_id"] for n in more for o in timely[n]}
        worth = sum(c["arr"] for c in known if c["contract_id"] in news)
        due = sum(found[n]["arr"] for n in bundle)
        for n in bundle:
            share = found[n]["arr"] / due if due else None
            found[n]["final"] = worth * share if share is not None else None
        left = [n for n in left if n not in bundle]
    return found


@settings(quick, max_examples=100)
@given(contracts())
def test_what_became_of_every_contract_is_what_a_plain_loop_finds(
    rows: list[tuple[Any, ...]],
) -> None:
    expected = oracle(rows)
    desk = book(rows, as_of=str(AS_OF.date()))
    found = sm.renewals.waterfall(desk, freq="Y", terms="all", grace_days=GRACE, early_days=EARLY)
    seen = 0
    for period in found.df["period"]:
        if not found.df.set_index("period").loc[period, "terms"]:
            continue
        for row in found.rows(period=period).to_dict("records"):
            mine = expected[row["contract_id"]]
            seen += 1
            assert (row["outcome"], row["timing"]) == (mine["outcome"], mine["timing"]), row
            if row["outcome"] == "renewed" and mine["final"] is not None:
                assert abs(row["final"] - mine["final"]) < 2e-6
                assert abs(row["renewed"] - min(mine["final"], mine["arr"])) < 2e-6
    due = [c for c in expected.values() if c["end"].year <= AS_OF.year]
    assert seen == len(due)


@settings(quick, max_examples=60)
@given(contracts())
def test_the_waterfall_closes_and_gross_is_at_most_net_and_one(rows: list[tuple[Any, ...]]) -> None:
    desk = book(rows, as_of=str(AS_OF.date()))
    options = {"terms": "all", "grace_days": GRACE, "early_days": EARLY}
    fall = sm.renewals.waterfall(desk, **options).df
    assert (fall["residual"] == 0).all()
    micro = {
        name: np.rint(fall[name] * 1e6).astype(np.int64)
        for name in ("atr", "lost", "downsell", "open", "renewed")
    }
    assert (
        micro["atr"] + micro["lost"] + micro["downsell"] + micro["open"] == micro["renewed"]
    ).all()
    rates = {
        m: sm.renewals.rates(desk, measure=m, interval=None, **options).df["value"]
        for m in ("gross", "net", "full", "churn")
    }
    known = rates["gross"].notna()
    assert (rates["gross"][known] <= np.minimum(1, rates["net"][known]) + 1e-12).all()
    assert (rates["full"][known] <= rates["gross"][known] + 1e-12).all()
    assert np.allclose(rates["gross"][known] + rates["churn"][known], 1)


@settings(quick, max_examples=40)
@given(contracts(), st.sampled_from(["segment", "term", "how", "contract_id", "renewal"]))
def test_groups_add_up_to_the_whole(rows: list[tuple[Any, ...]], by: str) -> None:
    who = sorted({row[1] for row in rows} | {"Zoe"})
    customers = {"customer_id": who, "segment": [f"g{len(name) % 2}" for name in who]}
    desk = book(rows, as_of=str(AS_OF.date()), customers=customers)
    whole = sm.renewals.waterfall(desk, terms="all").df.set_index("period")
    parts = (
        sm.renewals.waterfall(desk, by=by, terms="all").df.groupby("period").sum(numeric_only=True)
    )
    for name in ("atr", "lost", "downsell", "open", "renewed", "upsell", "final", "terms"):
        assert np.allclose(whole[name], parts[name].reindex(whole.index), atol=1e-6), name


@settings(quick, max_examples=40)
@given(contracts())
def test_a_report_of_then_can_be_replayed(rows: list[tuple[Any, ...]]) -> None:
    then = "2025-03-31"
    early = [row for row in rows if row[6] <= pd.Timestamp(then)]
    replayed = sm.renewals.rates(book(rows).as_of(then), interval=None).df
    reported = sm.renewals.rates(book(early).as_of(then), interval=None).df
    pd.testing.assert_frame_equal(replayed, reported)


def test_the_calendar_of_the_demo_company_sums_to_its_atr(demo_book: sm.Book) -> None:
    ahead = sm.renewals.calendar(demo_book, by="segment").df
    now = ahead[ahead["period"] == pd.Timestamp("2026-10-01")]
    atr = sm.renewals.rates(demo_book, by="segment").df
    atr = atr[atr["period"] == pd.Timestamp("2026-10-01")].set_index("segment")["atr"]
    assert np.allclose(now.groupby("segment")["value"].sum(), atr)


def test_atr_of_the_demo_company_is_what_its_contracts_say(demo_book: sm.Book) -> None:
    table = demo_book.frame("contracts")
    due = table["arr"].groupby(pd.to_datetime(table["end"]).dt.to_period("Q").dt.start_time).sum()
    found = sm.renewals.rates(demo_book).df.set_index("period")["atr"]
    rolled = sm.renewals.rates(demo_book, by="contract_id", interval=None).df
    twice = rolled[rolled["terms"] > 0].groupby("contract_id")["atr"].agg(["sum", "max"])
    again = (
        twice["sum"] - twice["max"]
    ).sum()  # contracts that renewed by themselves come up again
    assert found.sum() - again == pytest.approx(due[due.index <= found.index.max()].sum())

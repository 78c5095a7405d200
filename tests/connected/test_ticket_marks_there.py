"""Quantiles of tickets are found where they are, to the second: with ties, with what still waits, at any level."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
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


@cache
def company(seed: int, spread: int) -> sm.Book:
    """Tickets of which many take equally long, some wait, and some run backwards."""
    rng = np.random.default_rng(seed)
    created = pd.Timestamp("2026-01-02") + pd.to_timedelta(rng.integers(0, 110 * 24, MANY), "h")
    replied = created + pd.to_timedelta(rng.integers(-1, spread, MANY) * 3_607, "s")
    first = replied + pd.to_timedelta(rng.integers(0, spread, MANY), "h")
    last = first + pd.to_timedelta(rng.integers(-1, 3, MANY), "D")
    tickets = {
        "ticket_id": range(MANY),
        "customer_id": rng.choice(["a", "b"], MANY),
        "created_at": created,
        "first_reply_at": replied.where(rng.random(MANY) < 0.7),
        "first_solved_at": first.where(rng.random(MANY) < 0.6),
        "solved_at": last.where(rng.random(MANY) < 0.5),
        "channel": rng.choice(["chat", "email", "(none)", None], MANY, p=[0.5, 0.3, 0.1, 0.1]),
        "tag": rng.choice(["bug", "gap", None], MANY),
        "priority": rng.choice(["urgent", "low", None], MANY),
        "sla_target_seconds": rng.choice([600.4, 7_214.0, 90_000.5, None, -1.0], MANY),
        "handle_seconds": np.where(rng.random(MANY) < 0.8, rng.integers(0, 9, MANY) / 8, np.nan),
    }
    spend = {"month": ["2026-01", "2026-03"], "function": ["support"] * 2, "amount": [900.0, 80.0]}
    paid = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [10.0]}
    return sm.Book(mrr=paid, tickets=tickets, spend=spend, **TOLD)


@cache
def away(seed: int, spread: int, way: str) -> sm.Book:
    """The same company, connected."""
    return connected(company(seed, spread).tables, way, **TOLD)


def alike(seed: int, spread: int, way: str, ask: Callable[[sm.Book], sm.Result]) -> None:
    ours, theirs = (ask(book) for book in (company(seed, spread), away(seed, spread, way)))
    pd.testing.assert_frame_equal(theirs.df, ours.df, check_dtype=False, check_exact=True)
    assert theirs.notes == ours.notes
    period = {"period": ours.df["period"].iloc[-1]}
    group = {name: ours.df[name].iloc[-1] for name in ours.by}
    order = ["created_at", "ticket_id"]
    rows = [r.rows(**period, **group).sort_values(order, ignore_index=True) for r in (ours, theirs)]
    pd.testing.assert_frame_equal(rows[1], rows[0], check_dtype=False)


@pytest.mark.parametrize("measure", ["first_reply", "first_resolution", "resolution", "handle"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("way", WAYS)
def test_quantiles_and_their_intervals_are_the_same_to_the_second(
    way: str, seed: int, measure: str
) -> None:
    statistic, level = [("median", 0.95), ("p90", 0.5), ("p95", 0.9999)][seed]
    asked = {"statistic": statistic, "interval": level, "freq": "MQW"[seed], "by": "channel"}
    alike(seed, [4, 40, 2][seed], way, lambda book: sm.support.times(book, measure, **asked))


@pytest.mark.parametrize("way", WAYS)
def test_promises_of_a_column_and_by_priority_are_kept_alike(way: str) -> None:
    alike(5, 9, way, lambda book: sm.support.sla(book, "channel", "W", measure="resolution"))
    targets = {"urgent": 61, "low": 300.005, "(none)": 61}
    alike(5, 9, way, lambda book: sm.support.sla(book, targets=targets, zone="Asia/Kolkata"))


@pytest.mark.parametrize("counted", ["created", "solved"])
@pytest.mark.parametrize("way", WAYS)
def test_the_median_beside_the_cost_of_a_ticket_is_the_same(way: str, counted: str) -> None:
    ours, theirs = (
        sm.support.unit_cost(book, by="channel", counted=counted).df
        for book in (company(6, 30), away(6, 30, way))
    )
    assert ours["resolution"].notna().any()
    pd.testing.assert_series_equal(theirs["resolution"], ours["resolution"], check_exact=True)


@pytest.mark.parametrize("baseline", [1, 13, ("2026-01-20", "2026-02-28"), ("2020-01", "2020-02")])
@pytest.mark.parametrize("way", WAYS)
def test_tickets_that_took_longer_than_those_before_are_the_same(way: str, baseline: Any) -> None:
    asked = {"baseline": baseline, "by": "channel", "zone": "Asia/Kolkata", "quantile": 0.31}
    alike(8, 12, way, lambda book: sm.support.tank_tickets(book, **asked))
    part = {"baseline": baseline, "freq": "M"}
    ours, theirs = (
        sm.support.tank_tickets(book.between("2026-02-10", "2026-04-20"), **part)
        for book in (company(9, 5), away(9, 5, way))
    )
    pd.testing.assert_frame_equal(theirs.df, ours.df, check_dtype=False)
    tags = "Tags of tank tickets"
    pd.testing.assert_frame_equal(
        *(each.extra["tables"][tags] for each in (theirs, ours)), check_dtype=False
    )


@pytest.mark.parametrize("way", WAYS)
def test_what_comes_for_quantiles_does_not_grow_with_tickets(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = away(7, 10_000, way)
    sm.support.times(book, "resolution")  # and with it what the gate asks
    came: list[int] = []
    come = fetched.come

    def watched(frame: Any) -> pa.Table:
        found: pa.Table = come(frame)
        came.append(len(found))
        return found

    monkeypatch.setattr(fetched, "come", watched)
    for freq in ("Q", "Y"):
        sm.support.times(book, freq=freq)
        sm.support.sla(book, freq=freq, targets={"urgent": 60, "low": 600})
        sm.support.tank_tickets(book, 1, freq=freq)
    assert 0 < max(came) < MANY / 4

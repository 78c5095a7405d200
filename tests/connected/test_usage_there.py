"""Usage of any grain is added up where it is: scores, levels and alerts are those of the rows, whoever is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.success.score.scorer import scorer
from tests.connected.natives import brought, connected

ASKED: dict[str, Callable[[sm.Book], sm.Result]] = {
    "health": sm.success.health,
    "adoption": sm.success.adoption,
    "health of a model": lambda book: sm.success.health(
        book, model=sm.success.HealthModel(window_days=40, stop_days=56), as_of="2026-05-20"
    ),
    "health over time": lambda book: sm.success.health_history(book, last=3),
    "adoption of a day": lambda book: sm.success.adoption(book, freq="M", last=2, of=9),
    "life cycle": sm.success.lifecycle,
    "alerts": sm.success.alerts,
    "daily use": sm.success.usage_daily,
    "support load": lambda book: sm.support.load(book, by="segment", interval=None),
    "tickets by revenue": sm.support.by_revenue,
    "demand": lambda book: sm.capacity.demand(book, by="segment"),
    "touches": sm.capacity.touch_workload,
}
OF_USE = ("health", "health over time", "adoption", "life cycle", "alerts", "daily use")
POLICIES: dict[str, dict[str, Any]] = {
    "customers": {},
    "parents": {"entity": "parent"},
    "rates that move": {"fx": "spot", "overlap": "latest"},
}


def single(usage: pd.DataFrame, grain: str) -> pd.DataFrame:
    """Return usage with several rows of a customer, feature and day, some of nobody known, some of no feature."""
    rows = usage[usage["date"] > usage["date"].max() - pd.Timedelta(days=200)]
    twice = pd.concat([rows, rows.sample(frac=0.4, random_state=1)], ignore_index=True)
    twice.loc[twice.index % 50 == 0, "customer_id"] = "nobody"
    twice.loc[twice.index % 35 == 0, "feature"] = None
    twice.loc[twice.index % 20 == 0, ["events", "users"]] = None
    kept = {"events": ["events", "users"], "users": ["users"], "rows": []}[grain]
    return twice[["customer_id", "date", "feature", *kept]]


@pytest.fixture(scope="module")
def demo() -> sm.Book:
    return sm.demo(customers=40, seed=6)


def both(
    demo: sm.Book, policy: dict[str, Any], grain: str = "", usage: pd.DataFrame | None = None
) -> tuple[sm.Book, sm.Book]:
    tables: dict[str, Any] = {name: demo.frame(name) for name in demo.tables}
    if grain:
        tables["usage"] = single(tables["usage"], grain)
    if usage is not None:
        tables["usage"] = usage
    told = {"as_of": demo.as_of_text, "currency": demo.currency}
    told["policy"] = demo.policy.changed(**policy)
    local = sm.Book(**tables, **told)
    return local, connected(local.tables, "polars", memory_limit="1GB", **told)


def _forget(*books: sm.Book) -> None:
    for book in books:
        book.__dict__.pop("_scorer", None)


@pytest.mark.parametrize("policy", POLICIES)
def test_whoever_is_counted_and_however_the_numbers_are_those_of_the_rows(
    policy: str, demo: sm.Book
) -> None:
    local, there = both(demo, POLICIES[policy])
    for name, ask in ASKED.items():
        _forget(local, there)  # or what one metric brought would serve the next
        wanted, found = ask(local), ask(there)
        pd.testing.assert_frame_equal(found.df, wanted.df, check_dtype=False, obj=name)
        assert found.notes == wanted.notes
    assert "fx" not in brought(there)


@pytest.mark.parametrize("grain", ["events", "users", "rows"])
def test_rows_of_any_grain_count_as_one_by_one(grain: str, demo: sm.Book) -> None:
    local, there = both(demo, {}, grain)
    for name in OF_USE:
        _forget(local, there)
        wanted, found = ASKED[name](local), ASKED[name](there)
        pd.testing.assert_frame_equal(found.df, wanted.df, check_dtype=False, obj=name)
        assert found.notes == wanted.notes
    assert any("never paid" in note for note in found.notes)


@pytest.mark.parametrize("name", [n for n in OF_USE if n not in ("alerts", "daily use")])
def test_use_that_was_recorded_later_counts_from_then_on(name: str, demo: sm.Book) -> None:
    usage = single(demo.frame("usage"), "events").reset_index(drop=True)
    usage["recorded_at"] = pd.to_datetime(usage["date"]) + pd.to_timedelta(
        usage.index % 80, unit="D"
    )
    local, there = both(demo, {"knowledge": "recorded"}, usage=usage)
    wanted, found = ASKED[name](local), ASKED[name](there)
    pd.testing.assert_frame_equal(found.df, wanted.df, check_dtype=False)


def test_where_use_is_no_longer_on_record_the_days_before_its_end_are_looked_at(
    demo: sm.Book,
) -> None:
    usage = demo.frame("usage")
    usage = usage[usage["date"] < usage["date"].max() - pd.Timedelta(days=120)]
    local, there = both(demo, {}, usage=usage)
    wanted, found = sm.success.health(local), sm.success.health(there)
    assert "Usage is on record until" in " ".join(wanted.notes)
    pd.testing.assert_frame_equal(found.df, wanted.df, check_dtype=False)
    assert found.notes == wanted.notes
    one = wanted.df["customer_id"].iloc[0]
    rows = (made.rows(customer_id=one) for made in (found, wanted))
    pd.testing.assert_frame_equal(*rows, check_dtype=False)


def test_a_score_of_one_day_brings_use_by_day_only_as_far_as_it_looks_back(demo: sm.Book) -> None:
    _, there = both(demo, {})
    sm.success.health(there)
    day, first = there.as_of_day, scorer(there).usage_from(there.as_of_day)
    assert first is not None
    events = first.events
    old = events.day < day - 89
    assert 0 < old.sum() <= 2 * demo.frame("customers").shape[0] * len(first.names)
    assert len(events.day) < len(demo.frame("usage")) / 3


def test_a_real_company_is_scored_alike_and_told_in_the_same_order(real_data: Path) -> None:
    local = sm.read(real_data / "ravenstack").with_policy(overlap="latest")
    told = {"as_of": local.as_of_text, "currency": local.currency, "policy": local.policy}
    there = connected(local.tables, "polars", memory_limit="1GB", **told)
    asked = {name: ASKED[name] for name in ("health", "adoption", "alerts", "daily use")}
    asked["support load"] = lambda book: sm.support.load(book, by="priority")
    for name, ask in asked.items():
        wanted, found = ask(local), ask(there)
        pd.testing.assert_frame_equal(found.df, wanted.df, check_dtype=False, obj=name)
        assert {*found.notes} == {*wanted.notes}


@pytest.mark.parametrize("definition", ["sessions", "users"])
def test_of_usage_nothing_but_visits_to_help_is_brought(demo: sm.Book, definition: str) -> None:
    usage = demo.frame("usage").iloc[::5].reset_index(drop=True)
    visits = usage.index % 7 == 0
    usage["feature"] = usage["feature"].where(~visits, "help_center")
    tables = {name: demo.frame(name) for name in ("customers", "subscriptions", "fx", "tickets")}
    tables["usage"] = usage
    told = {"as_of": demo.as_of_text, "currency": demo.currency}
    local = sm.Book(**tables, **told)
    there = connected(local.tables, "polars", memory_limit="1GB", **told)
    wanted, found = (sm.support.deflection(book, definition=definition) for book in (local, there))
    pd.testing.assert_frame_equal(found.df, wanted.df, check_dtype=False)
    assert wanted.df["n"].sum() == visits.sum()
    assert not there.tables["usage"].data.is_here

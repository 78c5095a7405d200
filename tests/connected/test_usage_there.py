"""Usage of any grain is added up where it is: scores, levels and alerts are those of the rows, whoever is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from tests.connected.natives import brought, connected

ASKED: dict[str, Callable[[sm.Book], sm.Result]] = {
    "health": sm.success.health,
    "adoption": sm.success.adoption,
    "alerts": sm.success.alerts,
    "daily use": sm.success.usage_daily,
    "support load": lambda book: sm.support.load(book, by="segment", interval=None),
    "tickets by revenue": sm.support.by_revenue,
    "demand": lambda book: sm.capacity.demand(book, by="segment"),
    "touches": sm.capacity.touch_workload,
}
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


def both(demo: sm.Book, policy: dict[str, Any], grain: str = "") -> tuple[sm.Book, sm.Book]:
    tables: dict[str, Any] = {name: demo.frame(name) for name in demo.tables}
    if grain:
        tables["usage"] = single(tables["usage"], grain)
    told = {"as_of": demo.as_of_text, "currency": demo.currency}
    told["policy"] = demo.policy.changed(**policy)
    local = sm.Book(**tables, **told)
    return local, connected(local.tables, "polars", memory_limit="1GB", **told)


@pytest.mark.parametrize("policy", POLICIES)
def test_whoever_is_counted_and_however_the_numbers_are_those_of_the_rows(
    policy: str, demo: sm.Book
) -> None:
    local, there = both(demo, POLICIES[policy])
    for name, ask in ASKED.items():
        wanted, found = ask(local), ask(there)
        pd.testing.assert_frame_equal(found.df, wanted.df, check_dtype=False, obj=name)
        assert found.notes == wanted.notes
    assert "fx" not in brought(there)


@pytest.mark.parametrize("grain", ["events", "users", "rows"])
def test_rows_of_any_grain_count_as_one_by_one(grain: str, demo: sm.Book) -> None:
    local, there = both(demo, {}, grain)
    for name in ("health", "adoption", "alerts", "daily use"):
        wanted, found = ASKED[name](local), ASKED[name](there)
        pd.testing.assert_frame_equal(found.df, wanted.df, check_dtype=False, obj=name)
        assert found.notes == wanted.notes
    assert any("never paid" in note for note in found.notes)


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

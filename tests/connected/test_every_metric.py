"""Every metric is the same where the tables are; which ones still bring rows of the ledger is a list."""

from __future__ import annotations

import inspect
from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.catalogue import Metric
from saasmetrics.engine.connected.engine import ConnectedEngine
from saasmetrics.engine.connected.rows import Rows
from saasmetrics.engine.portable import PortableEngine
from saasmetrics.metrics.support import ticket_table
from saasmetrics.success.score.scorer import scorer
from tests.connected.natives import WAYS, connected
from tests.test_code import ASKED, NEED_A_TABLE, _calls

LEDGER = ("subscriptions", "mrr", "invoices", "contracts")
LARGE = ("tickets", "usage", "activities")
# Learned from at least 30 customers who left, and what is asked of another result.
APART = {*NEED_A_TABLE, "learn"}
# What follows single customers through time: nothing, which a new metric may change.
BRINGS_ROWS: frozenset[str] = frozenset()
# What plays single tickets again.
BRINGS_EVENTS = frozenset(["carve_out"])
# What follows customers, as others do that are asked of DuckDB, which plans each question anew.
FOLLOW = frozenset(
    [
        "alert_record",
        "attribution",
        "demand_backtest",
        "drivers",
        "forecast_backtest",
        "forecast_nrr",
        "forecast_scenarios",
        "health_backtest",
        "hiring_plan",
        "levers",
        "response_bias",
        "signal_validation",
        "worklist",
    ]
)


def metrics() -> list[Metric]:
    """The metrics that are asked of a book of the demo company."""
    asked = [e for e in _calls() if e.function.__name__ not in APART]
    return [e for e in asked if next(iter(inspect.signature(e.function).parameters)) == "book"]


def options(entry: Metric) -> dict[str, Any]:
    """What a metric is asked with."""
    name = entry.function.__name__
    found = ASKED.get(entry.id, {} if name == "nrr" else ASKED.get(name, {}))
    return {k: v for k, v in found.items() if k in inspect.signature(entry.function).parameters}


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=120, seed=7)


@pytest.fixture(scope="module")
def books(local: sm.Book) -> dict[str, sm.Book]:
    told = {"as_of": local.as_of_text, "currency": local.currency, "policy": local.policy}
    told["fiscal_start"] = local.fiscal_start
    return {way: connected(local.tables, way, memory_limit="2GB", **told) for way in WAYS}


class Watched:
    """A local engine that says what it is asked for."""

    def __init__(self, engine: Any, asked: set[str]) -> None:
        self._engine, self._asked = engine, asked

    def __getattr__(self, name: str) -> Any:
        self._asked.add(name)
        return getattr(self._engine, name)


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What was asked of rows here: of the local engine, or of large tables; also what was answered before."""
    scorer.cache_clear()  # which keeps what it found in the tables, as this does
    ticket_table._MADE.clear()
    asked: set[str] = set()
    rows, counted, here = Rows._with, ConnectedEngine._counted, ConnectedEngine.here
    desk = ConnectedEngine.desk

    def with_rows(self: Rows, columns: Any) -> Any:
        asked.update({self.name} & {*LEDGER, *LARGE})
        return rows(self, columns)

    def with_answer(self: ConnectedEngine, name: str, *args: Any, **given: Any) -> Any:
        found = counted(self, name, *args, **given)
        if not hasattr(PortableEngine, name) or name in self.reasons_here:
            asked.add(name)
        return found

    def with_desk(self: ConnectedEngine) -> Any:
        found = desk.fget(self)
        asked.update({"renewals"} & self.reasons_here.keys())
        return found

    monkeypatch.setattr(ConnectedEngine, "desk", property(with_desk))
    monkeypatch.setattr(Rows, "_with", with_rows)
    monkeypatch.setattr(ConnectedEngine, "_counted", with_answer)
    monkeypatch.setattr(
        ConnectedEngine, "here", property(lambda self: Watched(here.fget(self), asked))
    )
    return asked


@pytest.mark.parametrize("entry", metrics(), ids=lambda entry: entry.id)
def test_a_metric_is_the_same_in_polars_and_brings_rows_only_where_the_list_says_so(
    entry: Metric, local: sm.Book, books: dict[str, sm.Book], brought: set[str]
) -> None:
    wanted = entry.function(local, **options(entry)).df
    found = entry.function(books["polars"], **options(entry)).df
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)
    events = brought & {*LARGE}
    assert (entry.id in BRINGS_EVENTS) == bool(events), sorted(events)
    assert (entry.id in BRINGS_ROWS) == bool(brought - events), sorted(brought)


@pytest.mark.parametrize(
    "entry",
    [e for e in metrics() if e.id not in {*BRINGS_ROWS, *FOLLOW}],
    ids=lambda entry: entry.id,
)
def test_a_metric_that_is_counted_there_is_the_same_in_duckdb(
    entry: Metric, local: sm.Book, books: dict[str, sm.Book]
) -> None:
    wanted = entry.function(local, **options(entry)).df
    found = entry.function(books["duckdb"], **options(entry)).df
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)


def test_the_lists_name_metrics() -> None:
    assert {entry.id for entry in metrics()} >= BRINGS_ROWS | BRINGS_EVENTS | FOLLOW

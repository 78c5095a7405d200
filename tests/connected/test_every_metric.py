"""Every metric is the same where the tables are; to which of them more comes than they answer is a list."""

from __future__ import annotations

import inspect
from itertools import islice
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.catalogue import Metric
from saasmetrics.engine.connected import engine
from saasmetrics.engine.connected.rows import Rows
from saasmetrics.engine.portable import fetched
from saasmetrics.engine.portable.basis import Basis
from tests.connected.natives import WAYS, connected
from tests.test_code import ASKED, NEED_A_TABLE, _calls

# Tables that are counted where they are: of these no metric brings rows.
LARGE = ("subscriptions", "mrr", "invoices", "contracts", "tickets", "usage", "activities")
# Learned from at least 30 customers who left, and what is asked of another result.
APART = {*NEED_A_TABLE, "learn"}
# Metrics to which more comes than sums of groups and periods, by what comes. Who counts more of them where the tables
# are takes them off the list.
MORE = {
    # When each ticket came and how much work it was, for a queue that is played again.
    "times of tickets": "carve_out",
    # What each customer used on each day, of which health and alerts are told.
    "use by day": (
        "adoption alert_record alerts attribution health health_backtest health_history "
        "signal_validation usage_daily worklist"
    ),
    "touches by day": ("attribution touch_workload touched_expansion"),
    "tickets by day": (
        "capacity_load demand demand_backtest demand_drivers flexible_staffing hiring_plan staffing workload"
    ),
    # In which group each is, what each pays, or has of tickets, terms and cohorts: in whole numbers.
    "customers one by one": (
        "adoption alert_record alerts attribution book_of_business churn_drivers compare_cohorts concentration "
        "cost_to_serve customer_base demand demand_backtest detectable_effect drivers forecast_backtest "
        "forecast_mrr forecast_nrr forecast_scenarios forecast_tornado health health_backtest health_history "
        "hiring_plan levers lifecycle renewal_calendar renewal_forecast response_bias sensitivity "
        "signal_validation support_load support_voice ticket_mix tickets_by_revenue tiers top_issues "
        "touch_workload touched_expansion trial_conversion triggers usage_daily worklist"
    ),
}
# What comes, by the columns that tell it: the first of these.
TOLD_BY = {
    "times of tickets": ("handle", "raw_handle_seconds", "took_first_reply", "took_resolution"),
    "use by day": ("users",),
    "touches by day": ("_n", "minutes"),
    "tickets by day": ("worked",),
    "customers one by one": ("_rank", "entity", "customer_id"),
}
FEW = 10  # rows, which say what columns there are, or which customers are the first
# Of fewer days in the past, each of which asks as much as the others.
FEWER = {"forecast_backtest": {"origins": 2}}
# Metrics of times that are counted in working hours on demand.
IN_WORKING_HOURS = (
    "answered_within",
    "before_after",
    "sla",
    "support_scorecard",
    "support_times",
    "tank_tickets",
)
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
    found = {**found, **FEWER.get(entry.id, {})}
    return {k: v for k, v in found.items() if k in inspect.signature(entry.function).parameters}


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=120, seed=7)


@pytest.fixture(scope="module")
def books(local: sm.Book) -> dict[str, sm.Book]:
    told = {"as_of": local.as_of_text, "currency": local.currency, "policy": local.policy}
    told["fiscal_start"] = local.fiscal_start
    return {way: connected(local.tables, way, memory_limit="2GB", **told) for way in WAYS}


@pytest.fixture(scope="module")
def basis(books: dict[str, sm.Book]) -> Basis:
    """The ledger in Polars, which all metrics start from; the gate was asked for it, whichever metric is the first."""
    found: Basis = books["polars"].engine.there.basis
    return found


class Coming:
    """What comes from where the tables are: rows of which tables, and what else."""

    def __init__(self) -> None:
        self.tables: set[str] = set()
        self.kinds: set[str] = set()
        self.whole = False


@pytest.fixture
def coming(monkeypatch: pytest.MonkeyPatch) -> Coming:
    """Whatever comes, also where it came before."""
    # Where few pay, what everybody pays comes at once: here as many pay as never come.
    monkeypatch.setattr(engine, "_PIECE", 2**62)
    found, come, rows = Coming(), fetched.come, Rows._with

    def watched(frame: Any) -> pa.Table:
        made: pa.Table = come(frame)
        if len(made) > FEW and not found.whole:
            told = (what for what, by in TOLD_BY.items() if {*by} & {*made.column_names})
            found.kinds |= {*islice(told, 1)}
        return made

    def with_rows(self: Rows, columns: Any) -> pa.Table:
        found.tables.add(self.name)
        found.whole = True
        try:
            return rows(self, columns)
        finally:
            found.whole = False

    monkeypatch.setattr(fetched, "come", watched)
    monkeypatch.setattr(Rows, "_with", with_rows)
    return found


@pytest.mark.parametrize("entry", metrics(), ids=lambda entry: entry.id)
def test_a_metric_is_the_same_in_polars_and_only_what_the_list_says_comes(
    entry: Metric, local: sm.Book, books: dict[str, sm.Book], basis: Basis, coming: Coming
) -> None:
    wanted = entry.function(local, **options(entry)).df
    books["polars"].engines.clear()  # and with them what was answered before
    book = books["polars"].with_policy(local.policy)
    book.engine.there.basis = basis
    found = entry.function(book, **options(entry)).df
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)
    assert not coming.tables & {*LARGE}
    assert {what for what, ids in MORE.items() if entry.id in ids.split()} == coming.kinds


@pytest.mark.parametrize("id", IN_WORKING_HOURS)
def test_in_working_hours_no_more_comes(
    id: str, local: sm.Book, books: dict[str, sm.Book], basis: Basis, coming: Coming
) -> None:
    assert basis
    entry = next(e for e in metrics() if e.id == id)
    asked = {**options(entry), "hours": sm.support.WorkingHours("Europe/Berlin")}
    wanted, found = (entry.function(book, **asked).df for book in (local, books["polars"]))
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)
    assert not coming.tables & {*LARGE}
    assert not coming.kinds


@pytest.mark.parametrize(
    "entry",
    [e for e in metrics() if e.id not in FOLLOW],
    ids=lambda entry: entry.id,
)
def test_a_metric_that_is_counted_there_is_the_same_in_duckdb(
    entry: Metric, local: sm.Book, books: dict[str, sm.Book]
) -> None:
    wanted = entry.function(local, **options(entry)).df
    found = entry.function(books["duckdb"], **options(entry)).df
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)


def test_the_lists_name_metrics() -> None:
    listed = [name for ids in MORE.values() for name in ids.split()]
    assert {entry.id for entry in metrics()} >= {*listed, *FOLLOW}

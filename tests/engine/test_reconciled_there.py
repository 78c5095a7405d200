"""MRR and invoices are reconciled where they are as they are here: to the unit, and to the customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.connected import Link, connected_tables
from saasmetrics.engine.connected.engine import ConnectedEngine
from saasmetrics.engine.connected.reconciled import ReconciledThere, reconciled_there
from saasmetrics.engine.day_sums import Segments, segments
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.reconciled import Reconciled
from saasmetrics.engine.reconciled_steps import STEPS, TARGET, levels, reasons, steps
from saasmetrics.metrics.revenue.reconciling import AS_BILLED
from saasmetrics.periods import Calendar
from saasmetrics.policy import Policy
from saasmetrics.tables import Table
from tests.connected.natives import WAYS, there
from tests.engine.test_exchange_rates import moving
from tests.properties.bills import billing_policies
from tests.properties.ledgers import FREQS, Case, cases, policies, table
from tests.properties.profile import quick
from tests.properties.test_reconciliation import INVOICES, bills

EXAMPLES = {"polars": 8, "duckdb": 1}
BYS = st.sampled_from(((), ("segment",), ("segment", "parent_id")))


@dataclass(frozen=True)
class Asked:
    """A company with invoices, and what is asked of it."""

    case: Case
    tables: Mapping[str, Table]
    policy: Policy
    freq: str
    by: tuple[str, ...]

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.freq, self.case.fiscal_start)

    def readings(self) -> tuple[Policy, Policy, Policy]:
        live = self.policy.changed(discount="live")
        return self.policy, live, live.changed(**AS_BILLED)

    def here(self) -> Reconciled:
        views = [LocalEngine(self.tables, p, self.case.as_of, "USD").spans for p in self.readings()]
        told = (self.tables, self.policy, self.case.as_of, "USD")
        return Reconciled(*told, (views[0], views[1], views[2]), self.by)

    def elsewhere(self, frames: Mapping[str, Any]) -> ReconciledThere:
        link = Link(2**30)
        tables = connected_tables(dict(frames), link, {})
        told = (self.case.as_of, "USD", self.case.fiscal_start, None, link)
        engines = [ConnectedEngine(tables, p, *told) for p in self.readings()]
        first, live, billed = (cast("LocalEngine", engine) for engine in engines)
        found = reconciled_there((first, live, billed), self.policy, self.by, self.calendar)
        assert found is not None, engines[0].reasons_here
        return found


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    """A company of some dozens of invoice lines under any policy, with subscriptions or without."""
    fx = draw(st.sampled_from(("constant", "line", "spot")))
    case = moving(draw(cases(most=12)), fx)
    found = draw(st.lists(bills((None, "USD", "EUR")), min_size=20, max_size=40))
    lines = tuple({"invoice_id": f"i{n:02d}", **line} for n, line in enumerate(found))
    policy = draw(billing_policies(policies())).changed(fx=fx)
    if policy.entity == "subscription":
        policy = policy.changed(entity="customer")
    tables = {**case.tables, "invoices": Table("invoices", table(lines, INVOICES))}
    if draw(st.sampled_from((False, False, True))):
        del tables["subscriptions"]
    return Asked(case, tables, policy, draw(FREQS), draw(BYS))


def agree(asked: Asked, frames: Mapping[str, Any], draw: Callable[[Any], Any]) -> None:
    """Compare what is found in all, of the groups, and of the customers of one of them in one period."""
    here, other = asked.here(), asked.elsewhere(frames)
    for name in ("has_lines", "silent", "late", "labels"):
        assert getattr(other, name) == getattr(here, name), name
    for served in (True, False):
        assert other.begins(served=served) == here.begins(served=served)
    calendar, as_of = asked.calendar, asked.case.as_of
    ends = np.array([here.begins(served=True), as_of])
    first, last = (int(p) for p in calendar.ordinal(ends))
    parts = segments(calendar, first, last - first + 1, as_of)
    for against in STEPS:
        cells = [found.by_group(parts, levels(against)) for found in (here, other)]
        mine, theirs = (steps(cell, against) for cell in cells)
        assert {n: v.tolist() for n, v in theirs.items()} == {
            n: v.tolist() for n, v in mine.items()
        }
    against, period = draw(st.sampled_from(tuple(STEPS))), draw(st.integers(first, last))
    code = draw(st.sampled_from((None, len(here.labels) - 1)))
    parts, every = segments(calendar, period, 1, as_of), (*STEPS[against], TARGET[against])
    for shown in (every, ("unexplained",), (draw(st.sampled_from(every)),)):
        names = levels(against, shown)
        ours, found = (behind(one, parts, code, names, against) for one in (here, other))
        for name in {*shown, *names} & ours.keys():
            assert found[name] == ours[name], (shown, name)


def behind(
    found: Reconciled | ReconciledThere,
    parts: Segments,
    code: int | None,
    names: frozenset[str],
    against: str,
) -> dict[str, list[tuple[str, int]]]:
    """What each customer adds to every step, and to every part of the unexplained, in order; without those of 0."""
    one = found.by_customer(parts, code, names)
    made = steps(one.cell, against) | reasons(one.cell)
    amounts = {name: value[one.skipped :, 0].tolist() for name, value in made.items()}
    ids = one.ids.to_pylist()
    return {
        name: [pair for pair in zip(ids, value, strict=True) if pair[1]]
        for name, value in amounts.items()
    }


@pytest.mark.parametrize("way", WAYS)
def test_a_reconciliation_is_the_same_there_by_group_and_by_customer(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way])
    @given(questions(), st.data())
    def compare(asked: Asked, data: st.DataObject) -> None:
        frames = {name: there(found.data, way) for name, found in asked.tables.items()}
        agree(asked, frames, data.draw)

    compare()


def test_customers_of_a_group_are_rounded_after_those_of_the_groups_before_it() -> None:
    who, day = ["a", "b", "c"], dt.date(2026, 1, 22)
    tables = {
        "subscriptions": pa.table(
            {
                "subscription_id": who,
                "customer_id": who,
                "start": [day] * 3,
                "amount": [10.0] * 3,
                "interval": ["month"] * 3,
            }
        ),
        "customers": pa.table({"customer_id": who, "segment": ["x", "y", "y"]}),
        "invoices": pa.table(
            {"invoice_id": ["i"], "customer_id": ["a"], "date": [day], "amount": [10.0]}
        ),
    }
    told = {"as_of": "2026-01-31", "currency": "USD"}
    books = [sm.Book(**tables, **told)]
    books.append(
        sm.connect(**{name: there(rows, "polars") for name, rows in tables.items()}, **told)
    )
    local, other = (sm.revenue.reconcile(book, by="segment") for book in books)
    # 10 of 31 days are 3225806.45 millionths: 6451613 of the first two customers, and 9677419 of all three.
    earned = local.rows(segment="y", step="changes").set_index("customer_id")["value"] + 10
    assert earned.round(6).to_dict() == {"b": 3.225807, "c": 3.225806}
    for step in (None, "changes", "only_mrr"):
        ours, found = (made.rows(segment="y", step=step) for made in (local, other))
        pd.testing.assert_frame_equal(found, ours)


@pytest.mark.parametrize("step", [None, "one_off", "changes"])
def test_revenue_is_reconciled_there_without_invoices(step: str | None) -> None:
    tables = {
        "subscriptions": pa.table(
            {
                "subscription_id": ["s"],
                "customer_id": ["a"],
                "start": [dt.date(2026, 1, 11)],
                "amount": [10.0],
                "interval": ["month"],
            }
        ),
        "finance": pa.table({"month": [dt.date(2026, 1, 1)], "revenue": [9.0]}),
    }
    told = {"as_of": "2026-02-28", "currency": "USD"}
    books = [sm.Book(**tables, **told)]
    books.append(
        sm.connect(**{name: there(rows, "polars") for name, rows in tables.items()}, **told)
    )
    ours, found = (sm.revenue.reconcile(book, "revenue") for book in books)
    pd.testing.assert_frame_equal(found.df, ours.df)
    assert found.df["revenue"].tolist()[:1] == [9.0]
    rows = (made.rows(period="2026-01", step=step) for made in (found, ours))
    pd.testing.assert_frame_equal(*rows)

"""No group takes the place of a number: a column named like one of a result is refused, or named with its table."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import saasmetrics as sm

if TYPE_CHECKING:
    from collections.abc import Callable

TOPICS = (sm.revenue, sm.retention, sm.survival, sm.economics, sm.forecast, sm.renewals, sm.support)
TOPICS += (sm.surveys,)
# Groups are not columns of these results: they are parts, rows or sides of a comparison.
NO_COLUMNS = {"drivers", "compare", "compare_cohorts", "ideal_customers"}
NO_COLUMNS |= {"before_after", "root_cause", "untagged"}


def grouping() -> list[Callable[..., Any]]:
    """Every function whose result has the columns of `by`."""
    every = [getattr(topic, name) for topic in TOPICS for name in topic.__all__]
    return [
        f
        for f in every
        if inspect.isfunction(f)
        and "by" in inspect.signature(f).parameters
        and f.__name__ not in NO_COLUMNS
    ]


@pytest.fixture(scope="module")
def demo() -> sm.Book:
    return sm.demo(customers=60, seed=11)


@pytest.mark.parametrize("ask", grouping(), ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_a_group_never_takes_the_place_of_a_number(demo: sm.Book, ask: Callable[..., Any]) -> None:
    found = ask(demo, by="segment")
    frames = [found.df, *(e for e in found.extra.values() if isinstance(e, pd.DataFrame))]
    taken = {str(c) for df in frames if "segment" in df for c in df.columns}
    taken -= {
        "segment",
        "customer_id",
        "renewal",
    }  # the last is that of a table with groups of its own
    customers = demo.frame("customers")[["customer_id", "segment"]]
    tables = {name: table.data for name, table in demo.tables.items()}
    tables["customers"] = customers.assign(**dict.fromkeys(taken, "x"))
    hostile = sm.Book(**tables, as_of="2026-10-31")
    for name in sorted(taken):
        with pytest.raises(sm.DataError, match=rf"{name}"):
            ask(hostile, by=name)


def test_a_column_named_like_a_result_is_grouped_by_with_its_table() -> None:
    line = {"subscription_id": [1, 2], "customer_id": ["a", "b"], "start": ["2026-01-01"] * 2}
    line |= {"amount": [100, 200], "interval": ["month"] * 2}
    bill = {"invoice_id": [1], "customer_id": ["a"], "date": ["2026-01-01"], "amount": [100]}
    customers = {"customer_id": ["a", "b"], "mrr": ["x", "y"], "state": ["CA", "NY"]}
    book = sm.Book(subscriptions=line, invoices=bill, customers=customers, as_of="2026-01-31")
    with pytest.raises(sm.DataError, match=r"write 'customers\.mrr'"):
        sm.revenue.reconcile(book, by="mrr")
    df = sm.revenue.reconcile(book, by="customers.mrr").df
    assert dict(zip(df["customers.mrr"], df["mrr"], strict=True)) == {"x": 100.0, "y": 200.0}
    assert set(sm.revenue.mrr(book, by="state").df["state"]) == {"CA", "NY"}
    with pytest.raises(sm.DataError, match=r"'customers\.state'"):
        sm.retention.cohorts(book, by="state")


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(sm.DataError, match="names a column twice"):
        sm.revenue.movements(sm.demo(customers=40), by=["segment", "segment"])


@pytest.mark.parametrize("name", ["cohorts", "repaid", "never", "share"])
def test_columns_of_payback_cohort_by_cohort_are_refused_too(demo: sm.Book, name: str) -> None:
    with pytest.raises(sm.DataError, match=rf"'customers\.{name}'"):
        sm.economics.payback(demo, by=name, method="empirical")

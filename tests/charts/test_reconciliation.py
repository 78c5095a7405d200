"""The charts of a reconciliation and of two sources say what their numbers say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics import charts


def cube(**amounts: float) -> sm.Book:
    rows = {"customer_id": list(amounts), "mrr": list(amounts.values())}
    return sm.Book(mrr={**rows, "month": ["2026-01"] * len(amounts)}, as_of="2026-01-31")


@pytest.fixture(scope="module")
def results(demo_book: sm.Book) -> dict[str, sm.Result]:
    return {
        "reconciliation": sm.revenue.reconcile(demo_book),
        "groups": sm.revenue.reconcile(demo_book, "service", by="segment"),
        "revenue": sm.revenue.reconcile(demo_book, "revenue", "Q"),
        "sources": sm.definitions.sources(demo_book),
        "customers": sm.definitions.sources(demo_book, "contracts", period="2026-08"),
        "same": sm.definitions.sources(demo_book, "invoices", period="2026-08"),
    }


NAMES = ("reconciliation", "groups", "revenue", "sources", "customers", "same")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_a_chart_draws_in_both_themes(results: dict[str, sm.Result], name: str, theme: str) -> None:
    svg = charts.to_svg(results[name].chart(theme=theme))
    assert svg.startswith("<svg")
    assert "NaN" not in svg
    assert "undefined" not in svg


@pytest.mark.parametrize("name", NAMES)
def test_the_subtitle_has_unit_and_date(results: dict[str, sm.Result], name: str) -> None:
    spec = results[name].chart(width="container").to_dict()
    assert spec["width"] == "container"
    words = " ".join(spec["title"]["subtitle"])
    assert "in USD" in words
    assert "as of 2026-10-31" in words


@pytest.mark.parametrize("name", NAMES)
def test_a_result_without_rows_says_that_there_is_nothing_to_show(
    results: dict[str, sm.Result], name: str
) -> None:
    none = replace(results[name], df=results[name].df.iloc[:0])
    assert "Nothing to show yet" in str(none.chart().to_dict())


def title(chart: Any) -> str:
    return " ".join(chart.to_dict()["title"]["text"])


def bars(chart: Any) -> dict[str, str]:
    """Name and label of each bar of a waterfall."""
    rows = chart.to_dict()["layer"][1]["data"]["values"]
    return {row["name"]: row["label"] for row in rows}


def test_a_waterfall_shows_the_steps_that_are_not_zero_and_what_is_unexplained() -> None:
    line = {"subscription_id": [1], "customer_id": ["a"], "start": ["2026-01-01"], "amount": [1200]}
    bill = {"invoice_id": [1], "customer_id": ["a"], "date": ["2026-01-01"], "amount": [1200]}
    bill |= {"service_start": ["2026-01-01"], "service_end": ["2026-12-31"]}
    book = sm.Book(subscriptions=line | {"interval": ["year"]}, invoices=bill, as_of="2026-02-28")
    drawn = sm.revenue.reconcile(book).chart(period="2026-01-15")
    # 1,200 / 365 x 31 = 101.92, as in the test of the numbers.
    assert bars(drawn) == {
        "MRR at close": "$100",
        "Days in the month": "+$1.92",
        "Billed for other periods": "+$1.1k",
        "Unexplained": "$0, 0.0%, within tolerance",
        "Invoiced": "$1.2k",
    }
    assert (
        title(drawn) == "MRR of $100, $1.2k invoiced in Jan 2026: 0.0% unexplained (1.0% allowed)"
    )


def test_a_strip_counts_the_periods_within_tolerance(demo_book: sm.Book) -> None:
    bills = demo_book.frame("invoices")
    date = pd.to_datetime(bills["date"])
    lost = (date.dt.to_period("M") == "2026-03") & (bills.index % 5 == 0)
    tables = {name: demo_book.frame(name) for name in ("subscriptions", "fx")}
    book = sm.Book(**tables, invoices=bills[~lost], currency="USD", as_of="2026-10-31")
    made = sm.revenue.reconcile(book)
    outside = int((~made.df["within"]).sum())
    assert outside
    drawn = title(made.chart(view="time"))
    assert drawn.startswith(f"{60 - outside} of 60 months within 1.0% of MRR; most unexplained:")
    # Only periods from the month of the lost bills on can lack service.
    assert made.df.loc[~made.df["within"], "period"].min() >= pd.Timestamp("2026-03-01")


def test_two_sources_are_told_apart_in_words(results: dict[str, sm.Result]) -> None:
    df = results["sources"].df
    last = df[df["against"] == "contracts"].iloc[-1]
    away = last[["differs", "only_a", "only_b"]].sum()
    assert f"{away} of" in title(results["sources"].chart())
    same = title(results["sources"].chart(against="invoices"))
    assert same == "Invoices and subscriptions say the same of every customer in Oct 2026"
    with pytest.raises(sm.DataError, match="Did you mean 'contracts'"):
        results["sources"].chart(against="contract")


def test_a_dumbbell_says_where_a_customer_is_missing() -> None:
    made = sm.definitions.sources(cube(x=100, y=50), cube(x=90, z=20), period="2026-01")
    drawn = made.chart()
    labels = [row["label"] for row in drawn.to_dict()["layer"][-1]["data"]["values"]]
    assert labels == ["−$50, only in mrr (a)", "+$20, only in mrr (b)", "−$10"]
    assert title(drawn) == "MRR (b): $40 less than mrr (a): 3 of 3 customers are not equal"


def test_an_unknown_view_is_refused(results: dict[str, sm.Result]) -> None:
    with pytest.raises(sm.DataError, match="waterfall"):
        results["reconciliation"].chart(view="strip")


def test_the_first_bar_of_a_quarter_says_that_it_is_three_months_of_mrr(
    demo_book: sm.Book,
) -> None:
    quarters = sm.revenue.reconcile(demo_book, freq="Q")
    assert quarters.extra["labels"]["mrr"] == "MRR at close x 3 months"
    drawn = quarters.chart()
    assert "MRR at close x 3 months" in charts.to_svg(drawn)
    assert title(drawn).startswith("MRR at close x 3 months of $")

"""An as-of date long after the last change of a subscription, for large and small companies, here and elsewhere."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.errors import Problem
from tests.connected.companies import table
from tests.connected.natives import WAYS, there

MONTHS = [f"{year}-{month:02}-15" for year in (2022, 2023) for month in range(1, 13)]
YEARLY = [f"{year}-{month:02}-01" for year in range(2019, 2024) for month in (1, 9)]


def subscriptions(starts: list[str], **columns: list[Any]) -> pa.Table:
    ids = [f"c{n}" for n in range(len(starts))]
    rows = {"subscription_id": ids, "customer_id": ids, "start": starts, "end": [None] * len(ids)}
    told = {"amount": [10.0] * len(ids), "interval": ["month"] * len(ids)}
    return table({**rows, **told, **columns})


def told(book: sm.Book) -> list[Problem]:
    return [p for p in book.check().problems if p.code == "unchanged-since"]


def test_an_as_of_date_two_years_after_the_last_row_is_a_warning_with_the_day_and_the_months():
    book = sm.Book(subscriptions=subscriptions(MONTHS), as_of="2025-12-31")
    (problem,) = told(book)
    assert problem.severity == "warning"
    assert "after 2023-12-15, 24 full months before the as-of date (2025-12-31)" in problem.rule
    assert 'as_of="2023-12-15"' in problem.remedy
    assert any("reads as kept" in line for line in book.warnings())
    assert "reads as kept" in sm.retention.nrr(book).footnote


@pytest.mark.parametrize(
    ("as_of", "many"), [("2024-03-31", 0), ("2024-04-29", 0), ("2024-05-15", 1)]
)
def test_where_every_month_has_changes_more_than_three_without_are_told(as_of: str, many: int):
    assert len(told(sm.Book(subscriptions=subscriptions(MONTHS), as_of=as_of))) == many


@pytest.mark.parametrize(
    ("as_of", "many"), [("2024-08-31", 0), ("2024-09-30", 0), ("2025-02-28", 1)]
)
def test_a_company_that_changes_twice_a_year_is_asked_after_a_year(as_of: str, many: int):
    book = sm.Book(subscriptions=subscriptions([*YEARLY, "2024-01-01"]), as_of=as_of)
    assert len(told(book)) == many


@pytest.mark.parametrize(("as_of", "many"), [("2025-01-31", 0), ("2025-02-28", 1)])
def test_a_company_of_few_customers_is_asked_after_a_year(as_of: str, many: int):
    book = sm.Book(subscriptions=subscriptions(["2023-12-01", "2024-01-15"]), as_of=as_of)
    assert len(told(book)) == many


@pytest.mark.parametrize(
    "columns",
    [
        {"end": [*[None] * 23, "2025-11-01"]},
        {"pause_start": [*[None] * 23, "2025-11-01"]},
        {"cancel_requested_at": [*[None] * 23, "2025-11-01"]},
        {"recorded_at": ["2025-11-01"] * 24},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_whatever_happened_of_late_shows_that_the_tables_are_new(columns: dict[str, list[Any]]):
    assert told(sm.Book(subscriptions=subscriptions(MONTHS, **columns), as_of="2025-12-31")) == []


def test_an_end_that_is_yet_to_come_shows_nothing():
    rows = subscriptions(MONTHS, end=[*[None] * 23, "2026-11-01"])
    assert len(told(sm.Book(subscriptions=rows, as_of="2025-12-31"))) == 1


def test_invoices_beside_subscriptions_show_that_billing_went_on():
    bills = {"invoice_id": ["i"], "customer_id": ["c0"], "date": ["2025-12-01"], "amount": [10.0]}
    tables = {"subscriptions": subscriptions(MONTHS), "invoices": table(bills)}
    assert told(sm.Book(**tables, as_of="2025-12-31")) == []


def test_one_customer_who_never_changes_is_no_wonder_where_others_do():
    rows = subscriptions([*MONTHS, "2025-12-01"])
    book = sm.Book(subscriptions=rows, as_of="2025-12-31")
    assert told(book.where(customer_id="c0")) == []
    old = sm.Book(subscriptions=subscriptions(MONTHS), as_of="2025-12-31")
    assert len(told(old.where(customer_id="c0"))) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("starts", [MONTHS, YEARLY, MONTHS[:2]], ids=["months", "years", "few"])
def test_connected_tables_say_the_same(starts: list[str], way: str):
    rows = subscriptions(starts)
    for as_of in ("2024-05-31", "2025-12-31"):
        here = sm.Book(subscriptions=rows, as_of=as_of, currency="USD")
        book = sm.connect(subscriptions=there(rows, way), as_of=as_of, currency="USD")
        assert told(book) == told(here)


def test_an_interval_that_is_unknown_is_a_finding_also_where_no_as_of_date_is_said():
    rows = subscriptions(MONTHS[:2], end=["2024-01-01"] * 2, interval=["fortnight", "month"])
    codes = [p.code for p in sm.Book(subscriptions=rows).check().problems]
    assert "unknown-interval" in codes

"""A connected book answers what the same tables answer here, and brings no rows for what is counted there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import saasmetrics as sm
from saasmetrics.engine.connected.link import Link
from saasmetrics.engine.portable import basis
from saasmetrics.engine.portable.fetched import repeats
from tests.connected.natives import WAYS, brought, connected, there

Ask = Callable[[sm.Book], pd.DataFrame]

COUNTED: dict[str, Ask] = {
    "bridge": lambda book: sm.revenue.bridge(book, freq="Q", by="segment").df,
    "nrr": lambda book: sm.retention.nrr(book, by="plan", interval=0.9).df,
    "cohorts": lambda book: sm.retention.cohorts(book, measure="net", freq="Q").df,
    "curve": lambda book: sm.survival.curve(book, by="segment").df,
    "of a segment": lambda book: sm.revenue.mrr(book.where(segment=["SMB", "Enterprise"])).df,
    "of a plan": lambda book: sm.retention.grr(book.where(plan="Growth")).df,
    "of two years": lambda book: sm.retention.logo_churn(book.between("2024-01", "2025-12")).df,
    "of two years at rates that move": lambda book: (
        sm.retention.nrr(book.with_policy(fx="line").between("2024-01", "2025-12")).df
    ),
    "then": lambda book: sm.revenue.arr(book.as_of("2025-03-15")).df,
    "by another policy": lambda book: sm.revenue.bridge(book.with_policy(view="event")).df,
}

# DuckDB plans each query anew, which takes longer than counting a small company: it is asked less.
ASKED = [("polars", name) for name in COUNTED]
PLANNED = ("bridge", "cohorts", "of a segment", "of two years at rates that move", "then")
ASKED += [("duckdb", name) for name in PLANNED]


@pytest.fixture(scope="module")
def local(demo_book: sm.Book) -> sm.Book:
    return demo_book.with_policy(fx="constant")


@pytest.fixture(scope="module")
def books(local: sm.Book) -> dict[str, sm.Book]:
    told = {"as_of": local.as_of_text, "currency": "USD", "policy": local.policy}
    return {way: connected(local.tables, way, memory_limit="1GB", **told) for way in WAYS}


@pytest.fixture(params=WAYS)
def book(books: dict[str, sm.Book], request: pytest.FixtureRequest) -> sm.Book:
    return books[request.param]


@pytest.mark.parametrize(("book", "name"), ASKED, indirect=["book"])
def test_what_is_counted_there_is_the_same_and_brings_no_rows(
    book: sm.Book, local: sm.Book, name: str
) -> None:
    pd.testing.assert_frame_equal(COUNTED[name](book), COUNTED[name](local))
    assert not brought(book)


def test_footnotes_are_the_same(book: sm.Book, local: sm.Book) -> None:
    assert sm.retention.nrr(book).footnote == sm.retention.nrr(local).footnote


def test_what_is_not_counted_there_brings_the_rows_it_needs_and_says_so(local: sm.Book) -> None:
    told = {"as_of": local.as_of_text, "currency": "USD", "policy": local.policy}
    book = connected(local.tables, "polars", **told)
    assert "no rows were brought" in repr(book)
    found = sm.economics.cac(book).df
    pd.testing.assert_frame_equal(found, sm.economics.cac(local).df)
    assert "spend" in brought(book)
    assert f"brought {local.tables['spend'].num_rows:,} rows of spend" in repr(book)
    assert "usage" not in brought(book)


def test_a_table_of_which_several_parts_were_brought_is_named_once() -> None:
    link = Link(2**30)
    for holder, (table, rows) in enumerate([("customers", 60), ("spend", 1), ("customers", 1200)]):
        link.allow(holder, table, rows, 8)
    said = ("brought 1,260 rows of customers in 2 parts", "brought 1 row of spend")
    assert link.notes() == said


def test_a_table_that_a_metric_asks_for_is_a_frame_as_ever(book: sm.Book, local: sm.Book) -> None:
    columns = list(local.frame("targets"))
    ours, theirs = (
        b.frame("targets").sort_values(columns).reset_index(drop=True) for b in (local, book)
    )
    pd.testing.assert_frame_equal(theirs[ours.columns], ours, check_dtype=False)


def test_the_hash_of_the_data_stays_and_finds_a_change(local: sm.Book) -> None:
    mrr = {"customer_id": ["a", "b"], "month": [dt.date(2026, 1, 1)] * 2, "mrr": [10.0, 5.0]}
    one, again = (sm.connect(mrr=there(mrr, way)).data_hash for way in WAYS)
    other = sm.connect(mrr=there({**mrr, "mrr": [10.0, 5.01]}, "polars")).data_hash
    assert one == again != other
    assert local.data_hash


@pytest.mark.parametrize("way", WAYS)
def test_what_was_known_then_is_chosen_there(way: str) -> None:
    days = [dt.datetime.fromisoformat(day) for day in ("2026-02-02", "2026-02-09", "2026-03-02")]
    rows = {
        "customer_id": ["a", "a", "b"],
        "month": [dt.date(2026, 1, 1)] * 3,
        "mrr": [10.0, 12.0, 5.0],
        "recorded_at": days,
    }
    local, book = sm.Book(mrr=pa.table(rows)), sm.connect(mrr=there(rows, way))
    for day in ("2026-02-03", "2026-02-20", "2026-03-31"):
        ours, theirs = (b.as_of("2026-01-31", known=day) for b in (local, book))
        found, wanted = sm.revenue.mrr(theirs), sm.revenue.mrr(ours)
        assert (found.value, found.notes) == (wanted.value, wanted.notes)
    with pytest.raises(sm.DataError, match="the first was recorded on 2026-02-02"):
        book.as_of("2026-01-31", known="2026-01-31")


@pytest.mark.parametrize("way", WAYS)
def test_what_was_invoiced_after_the_day_is_not_counted_and_said_here_and_there(way: str) -> None:
    # A year for 1,200 is 100 a month; the credit note of 600 for the whole year was issued in April.
    day = dt.date.fromisoformat
    rows = {
        "invoice_id": ["I-1", "C-1"],
        "customer_id": ["a", "a"],
        "date": [day("2026-01-01"), day("2026-04-02")],
        "amount": [1200.0, -600.0],
        "service_start": [day("2026-01-01")] * 2,
        "service_end": [day("2026-12-31")] * 2,
    }
    for book in (sm.Book(invoices=pa.table(rows)), sm.connect(invoices=there(rows, way))):
        found = sm.revenue.mrr(book.as_of("2026-03-31"))
        assert found.value == 100.0
        assert "1 invoices row dated after 2026-03-31 and left out" in " ".join(found.notes)
        assert sm.revenue.mrr(book.as_of("2026-03-31", known="2026-04-02")).value == 50.0
        assert sm.revenue.mrr(book.between("2026-01", "2026-03")).value == 50.0
        with pytest.raises(sm.DataError, match="the first was dated on 2026-01-01"):
            book.as_of("2025-12-31")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("rows", "until"),
    [
        # A start and an end have happened; an end ahead has not.
        ([("a", "2025-01-10", None), ("b", "2025-02-01", "2025-06-15")], "2025-06-15"),
        ([("a", "2025-01-10", "2099-01-01")], "2025-01-10"),
        # Rows that each last one interval are terms that may be renewed: only starts have happened.
        ([("a", "2025-01-10", "2025-02-10"), ("a", "2025-02-10", "2025-03-10")], "2025-02-10"),
    ],
)
def test_the_last_day_shown_is_the_same_as_here(way: str, rows: list, until: str) -> None:
    day = dt.date.fromisoformat
    lines = {
        "subscription_id": [f"s{i}" for i in range(len(rows))],
        "customer_id": [row[0] for row in rows],
        "start": [day(row[1]) for row in rows],
        "end": [row[2] and day(row[2]) for row in rows],
        "amount": [9.0] * len(rows),
        "interval": ["month"] * len(rows),
    }
    table = pa.table({**lines, "end": pa.array(lines["end"], pa.date32())})
    assert sm.connect(subscriptions=there(table, way)).as_of_text == until
    assert sm.Book(subscriptions=table).as_of_text == until


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("billed", "until"), [("2025-12-01", "2025-12-01"), ("2099-01-01", "2025-06-15")]
)
def test_invoices_beside_subscriptions_show_that_billing_went_on(
    way: str, billed: str, until: str
) -> None:
    day = dt.date.fromisoformat
    ended = pa.array([None, day("2025-06-15")], pa.date32())
    lines = {"subscription_id": ["1", "2"], "customer_id": ["a", "b"], "end": ended}
    more = {"start": [day("2024-01-01")] * 2, "amount": [9.0, 9.0], "interval": ["month"] * 2}
    bills = {"invoice_id": ["i", "j"], "customer_id": ["a", "a"], "amount": [9.0, 9.0]}
    tables = {
        "subscriptions": pa.table({**lines, **more}),
        "invoices": pa.table({**bills, "date": [day("2025-03-01"), day(billed)]}),
    }
    assert sm.Book(**tables).as_of_text == until
    frames = {name: there(table, way) for name, table in tables.items()}
    assert sm.connect(**frames).as_of_text == until


def test_a_filter_names_the_values_there_are(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="Did you mean 'SMB'"):
        book.where(segment="SMBB")
    with pytest.raises(sm.DataError, match="No table has a column 'segmnt'"):
        book.where(segmnt="SMB")


def test_customers_that_no_row_lists_go_with_the_missing_value() -> None:
    mrr = {
        "customer_id": ["a", "b", "c"],
        "month": [dt.date(2026, 1, 1)] * 3,
        "mrr": [1.0, 2.0, 4.0],
    }
    customers = {"customer_id": ["a", "b"], "segment": ["x", None]}
    for way in WAYS:
        book = sm.connect(mrr=there(mrr, way), customers=there(customers, way))
        assert sm.revenue.mrr(book.where(segment="(none)")).value == 6
        assert sm.revenue.mrr(book.where(segment=["x", None])).value == 7
        assert sm.revenue.mrr(book.where(segment="x")).value == 1


def test_rows_picked_here_are_counted_here(book: sm.Book, local: sm.Book) -> None:
    def few(tables):  # a cut of one's own takes Arrow tables, as of every book
        from dataclasses import replace

        lines = tables["subscriptions"]
        return {**tables, "subscriptions": replace(lines, data=lines.data.slice(0, 100))}

    part = book.part(few)
    assert sm.revenue.mrr(part).df["value"].max() < sm.revenue.mrr(local).df["value"].max()


@pytest.mark.parametrize("way", WAYS)
def test_a_company_that_nobody_pays_yet_is_empty_there_as_it_is_here(way: str) -> None:
    lines = {
        "subscription_id": ["s"],
        "customer_id": ["a"],
        "start": [dt.date(2027, 1, 1)],
        "mrr": [10.0],
        "plan": ["Pro"],
    }
    told = {"as_of": "2026-06-30", "currency": "USD"}
    local, book = (
        sm.Book(subscriptions=lines, **told),
        sm.connect(subscriptions=there(lines, way), **told),
    )
    for measure in (sm.retention.nrr, sm.revenue.mrr, sm.retention.cohorts, sm.survival.curve):
        pd.testing.assert_frame_equal(measure(book, by="plan").df, measure(local, by="plan").df)


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_text_and_one_of_blanks_are_missing_there_too(way: str) -> None:
    ids = ["a", "b", "c", "d"]
    mrr = pa.table(
        {"customer_id": ids, "month": [dt.date(2026, 1, 1)] * 4, "mrr": [1.0, 2.0, 4.0, 8.0]}
    )
    told = {"segment": ["SMB", "", " \t\u00a0", None], "tier": ["", "x", " ", "x"]}
    customers = pa.table({"customer_id": ids, **told})
    here = sm.Book(mrr=mrr, customers=customers)
    away = sm.connect(mrr=there(mrr, way), customers=there(customers, way))
    for by in ("segment", "tier"):
        found = sm.revenue.mrr(away, by=by)
        pd.testing.assert_frame_equal(found.df, sm.revenue.mrr(here, by=by).df)
    assert sm.revenue.mrr(away.where(segment="(none)")).value == 14
    drilled = sm.revenue.mrr(away, by="segment").rows(period="2026-01", segment="(none)")
    assert set(drilled["customer_id"]) == {"b", "c", "d"}


def test_whether_ids_repeat_is_asked_once_of_a_table(
    local: sm.Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def watched(frame: Any, key: str) -> bool:
        asked.append(key)
        return repeats(frame, key)

    monkeypatch.setattr(basis, "repeats", watched)
    tables = {name: local.tables[name] for name in ("subscriptions", "fx")}
    book = connected(tables, "polars", as_of=local.as_of_text, currency="USD")
    for days in (0, 30, 60):
        sm.revenue.mrr(book.with_policy(gap_days=days))
    assert asked == ["subscription_id"]

"""The quality gate stops at the same faults where tables stay, in the same words, with the same rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.errors import Problem
from tests.connected.natives import WAYS, there
from tests.properties.profile import quick

DAY = dt.date.fromisoformat
OTHER = {
    "checked-there",
    "rate-gap",
}  # the note of where it was looked; a finding that is not
TOLD: dict[str, Any] = {"as_of": "2025-12-31", "currency": "USD"}


def table(columns: dict[str, list]) -> pa.Table:
    """Texts like 2025-01-31 as dates."""
    return pa.table(
        {name: pa.array([_value(v) for v in column]) for name, column in columns.items()}
    )


def _value(value: Any) -> Any:
    dated = isinstance(value, str) and len(value) == 10 and value[4] == "-"
    return DAY(value) if dated else value


def found(book: sm.Book) -> list[tuple]:
    """Every finding in full."""
    problems = [p for p in book.checks.under(book.policy) if p.code not in OTHER]
    return sorted(map(_said, problems))


def _said(p: Problem) -> tuple:
    return (p.severity, p.table, p.column, p.code, p.rule, p.rows, p.remedy, str(p.examples))


FAULTY = {
    "subscriptions": {
        "subscription_id": ["s1", "s2", "s3", "s4", "s4", "s5", "s6"],
        "customer_id": ["a", "b", "total", " c", "c", "d", "e"],
        "start": [
            "2025-01-01",
            "2025-03-01",
            "2025-01-01",
            "2025-02-01",
            "2025-02-01",
            None,
            "0001-01-01",
        ],
        "end": [None, "2025-01-01", None, "2025-02-01", "2025-02-01", None, None],
        "amount": [10.0, -5.0, 7.0, None, 3.0, 0.0, 1.0],
        "interval": ["month", "fortnight", "lunar", "Monthly", "month", "year", "month"],
        "currency": ["USD", "EUR", "usd", "XXQ", None, "GBP", "USD"],
    },
    "customers": {
        "customer_id": ["a", "b", "b", "c", "c"],
        "segment": ["x", "y", "z", "w", "w"],
        "parent_id": ["zz", "a", "a", None, None],
    },
    "spend": {"month": ["2025-01-01"] * 2, "function": ["sales", "magic"], "amount": [-1.0, 2.0]},
    "fx": {"date": ["2025-01-01", "2025-02-01"], "currency": ["EUR", "EUR"], "rate": [0.0, 1.1]},
    "people": {
        "person_id": ["p", "p"],
        "role": ["csm", "csm"],
        "fte": [-1.0, 1.0],
        "start": ["2025-01-01"] * 2,
        "end": ["2024-01-01", None],
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_every_fault_is_found_in_the_same_words(way: str) -> None:
    tables = {name: table(columns) for name, columns in FAULTY.items()}
    local = sm.Book(**tables, **TOLD)
    book = sm.connect(**{name: there(rows, way) for name, rows in tables.items()}, **TOLD)
    assert found(book) == found(local)
    assert len({p.code for p in book.checks.under(book.policy) if p.severity == "error"}) > 9
    with pytest.raises(sm.DataError, match="problems in the input tables"):
        sm.retention.nrr(book)


@pytest.mark.parametrize("way", WAYS)
def test_faults_of_months_and_invoices_are_found(way: str) -> None:
    mrr = table(
        {
            "customer_id": ["a", "a", "b", "b", "Total"],
            "month": ["2025-01-01", "2025-01-01", "2025-01-01", "2025-01-01", "2025-02-01"],
            "mrr": [10.0, 10.0, 5.0, -4.0, 2.0],
        }
    )
    lines = table(
        {
            "invoice_id": ["i1", "i2"],
            "customer_id": ["a", "b"],
            "date": ["2025-01-01", "2025-01-02"],
            "amount": [10.0, 12.0],
            "service_start": ["2025-02-01", "2025-01-01"],
            "service_end": ["2025-01-01", None],
        }
    )
    for name, rows in (("mrr", mrr), ("invoices", lines)):
        local = sm.Book(**{name: rows}, **TOLD)
        book = sm.connect(**{name: there(rows, way)}, **TOLD)
        ours, theirs = ({f for f in found(b) if f[0] == "error"} for b in (local, book))
        assert theirs == ours
        assert ours


def test_an_empty_id_is_a_fault_where_there_must_be_one() -> None:
    mrr = table({"customer_id": ["a", ""], "month": ["2025-01-01"] * 2, "mrr": [1.0, 2.0]})
    for way in WAYS:
        problems = sm.connect(mrr=there(mrr, way)).check().extra["problems"]
        (fault,) = [p for p in problems if p.severity == "error"]
        assert (fault.column, fault.rows, fault.code) == ("customer_id", 1, "missing-value")


def test_circles_of_parents_stop_where_parents_are_counted() -> None:
    mrr = table({"customer_id": ["a", "b"], "month": ["2025-01-01"] * 2, "mrr": [1.0, 2.0]})
    customers = table({"customer_id": ["a", "b"], "parent_id": ["b", "a"]})
    told = {**TOLD, "policy": sm.Policy(entity="parent")}
    local = sm.Book(mrr=mrr, customers=customers, **told)
    for way in WAYS:
        book = sm.connect(mrr=there(mrr, way), customers=there(customers, way), **told)
        assert [f for f in found(book) if f[0] == "error"] == [
            f for f in found(local) if f[0] == "error"
        ]
        with pytest.raises(sm.DataError, match="leads back to the customer itself"):
            sm.revenue.mrr(book)


PAYING = {
    "subscription_id": ["s1", "s2", "s3"],
    "customer_id": [1, 2, 3],
    "start": ["2025-01-01"] * 3,
    "end": ["2025-06-01", None, None],
    "amount": [10.0, 20.0, 5.0],
    "interval": ["month"] * 3,
}


def with_parents(way: str, parents: list[str | None], policy: sm.Policy) -> tuple[sm.Book, sm.Book]:
    """Whole numbers of customers whose parents are texts: here, and where the tables stay."""
    customers = pa.table({"customer_id": [1, 2, 3], "parent_id": pa.array(parents, pa.string())})
    tables = {"subscriptions": table(PAYING), "customers": customers}
    stay = {name: there(rows, way) for name, rows in tables.items()}
    told = {**TOLD, "policy": policy}
    return sm.Book(**tables, **told), sm.connect(**stay, **told)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("entity", ["customer", "parent"])
@pytest.mark.parametrize("parents", [[None] * 3, ["", "1", None]], ids=["none", "one"])
def test_parents_that_are_texts_are_those_of_whole_numbers(
    way: str, entity: str, parents: list[str | None]
) -> None:
    local, book = with_parents(way, parents, sm.Policy(entity=entity))
    assert sm.retention.nrr(book, window=3).df.equals(sm.retention.nrr(local, window=3).df)


@pytest.mark.parametrize("way", WAYS)
def test_a_parent_that_can_be_no_customer_is_refused_by_name(way: str) -> None:
    with pytest.raises(sm.DataError, match=r"customers\.parent_id[\s\S]*no whole number[\s\S]*abc"):
        with_parents(way, ["abc", "1", None], sm.Policy())


def test_a_parent_that_can_be_no_customer_is_refused_here_too_where_parents_count() -> None:
    customers = pa.table({"customer_id": [1, 2, 3], "parent_id": ["abc", "1", None]})
    book = sm.Book(subscriptions=PAYING, customers=customers, **TOLD)
    assert sm.revenue.mrr(book).df["value"].notna().all()
    with pytest.raises(sm.DataError, match=r"customers\.parent_id[\s\S]*no whole number[\s\S]*abc"):
        sm.revenue.mrr(book.with_policy(entity="parent"))


def test_many_repeated_keys_are_counted_in_full() -> None:
    ids = [f"c{i:04}" for i in range(1200) for _ in range(2)]
    customers = table({"customer_id": ids, "name": [f"n{i}" for i in range(2400)]})
    mrr = table({"customer_id": ["c0001"], "month": ["2025-01-01"], "mrr": [1.0]})
    local = sm.Book(mrr=mrr, customers=customers, **TOLD)
    book = sm.connect(mrr=there(mrr, "polars"), customers=there(customers, "polars"), **TOLD)
    errors = [[f for f in found(b) if f[0] == "error"] for b in (local, book)]
    assert errors[0] == errors[1] != []


def test_copies_and_different_rows_are_told_apart_however_many_there_are() -> None:
    copies = [(f"c{i:04}", "n") for i in range(600) for _ in range(2)]
    rows = [*copies, ("d1", "x"), ("d1", "y"), ("d1", "y")]
    customers = table({"customer_id": [row[0] for row in rows], "name": [row[1] for row in rows]})
    mrr = table({"customer_id": ["c0001"], "month": ["2025-01-01"], "mrr": [1.0]})
    for way in WAYS:
        book = sm.connect(mrr=there(mrr, way), customers=there(customers, way), **TOLD)
        problems = {p.code: p.rows for p in book.check().extra["problems"]}
        assert (problems["repeated-row"], problems["repeated-key"]) == (601, 2)


def test_the_report_says_what_was_looked_for_and_where() -> None:
    mrr = table({"customer_id": ["a"], "month": ["2025-01-01"], "mrr": [1.0]})
    (said,) = [
        p for p in sm.connect(mrr=there(mrr, "duckdb")).check().extra["problems"] if p.code in OTHER
    ]
    assert "checked where it is" in said.rule
    assert "mrr" in said.remedy


WORDS = st.sampled_from(["month", "year", "Yearly", "fortnight", None])
DAYS = st.sampled_from([None, "2025-01-01", "2025-02-01", "2025-06-30", "1600-01-01"])


@st.composite
def faulty(draw: st.DrawFn) -> pa.Table:
    size = draw(st.integers(1, 6))

    def column(values: st.SearchStrategy) -> list:
        return draw(st.lists(values, min_size=size, max_size=size))

    columns = {
        "subscription_id": column(st.sampled_from(["s1", "s2", "s3"])),
        "customer_id": column(st.sampled_from(["a", "b", " b", "TOTAL"])),
        "start": [v and DAY(v) for v in column(DAYS)],
        "end": [v and DAY(v) for v in column(DAYS)],
        "amount": column(st.sampled_from([None, -1.0, 0.0, 5.0])),
        "interval": column(WORDS),
        "currency": column(st.sampled_from(["USD", "usd", "EUR", "QQQ", None])),
    }
    kinds = {"start": pa.date32(), "end": pa.date32(), "amount": pa.float64()}
    return pa.table({n: pa.array(v, kinds.get(n, pa.string())) for n, v in columns.items()})


@pytest.mark.parametrize("way", WAYS)
def test_no_number_comes_of_rows_that_would_be_stopped_here(way: str) -> None:
    @settings(quick, max_examples=20 if way == "polars" else 6)
    @given(faulty())
    def same(rows: pa.Table) -> None:
        local = sm.Book(subscriptions=rows, **TOLD)
        book = sm.connect(subscriptions=there(rows, way), **TOLD)
        ours, theirs = ({f[1:6] for f in found(b) if f[0] == "error"} for b in (local, book))
        assert theirs == ours

    same()

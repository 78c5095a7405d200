"""Renewals of a connected book: sums of all contracts, and of single ones only those that come up or are looked at."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import UnknownNameError
from saasmetrics.result import Result
from tests.connected.natives import WAYS, brought, connected

Ask = Callable[[sm.Book], Result]
SUMS: dict[str, Ask] = {
    "rates": lambda book: sm.renewals.rates(book, by=["segment", "term"], measure="net"),
    "customers": lambda book: sm.renewals.rates(book, freq="Y", by="owner_id", measure="logo"),
    "waterfall": lambda book: sm.renewals.waterfall(book, by="renewal", terms="all"),
    "then": lambda book: sm.renewals.rates(book.as_of("2025-06-30"), interval=None),
    "of a segment": lambda book: sm.renewals.waterfall(book.where(segment="SMB")),
    "observed": lambda book: sm.renewals.rates(book.between("2024-01", "2025-06"), freq="M"),
    "accuracy": lambda book: sm.renewals.accuracy(book, 2, [0, 90], pool=["segment", "how"]),
    "accuracy of all": lambda book: sm.renewals.accuracy(book, 3, pool="renewal", terms="all"),
    "owners": lambda book: sm.success.league(book, by="pod", quarters=2),
    "segments": lambda book: sm.success.league(book, by="segment"),
    "base": lambda book: sm.revenue.renewal_base(book, "Q", ["segment", "region"], ahead=2),
    "in force": lambda book: sm.revenue.arr(signed(book), by=["segment", "region"]),
    "in force then": lambda book: sm.revenue.arr(signed(book.as_of("2025-06-12")), freq="Q"),
    "cohorts": lambda book: sm.retention.renewal_cohorts(book, ["plan", "region"]),
    "cohorts observed": lambda book: sm.retention.renewal_cohorts(
        book.between("2024-01", "2025-06"), "segment", cohort_freq="Q"
    ),
    "causes": lambda book: sm.renewals.expansion(book, ["segment", "plan"], measure="causes"),
    "causes observed": lambda book: sm.renewals.expansion(
        book.between("2024-01", "2025-06-12"), measure="causes"
    ),
    "first contact": lambda book: sm.success.handoff(book, by="segment", kind="onboarding"),
    "first contact by plan": lambda book: sm.success.handoff(book, by=["plan", "region"]),
}


def signed(book: sm.Book) -> sm.Book:
    """Return the book in which ARR is what customers have signed for."""
    return book.with_policy(arr="contracted")


CHOSEN: dict[str, Ask] = {
    "calendar": lambda book: sm.renewals.calendar(book, by="segment", quarters=2),
    "forecast": lambda book: sm.renewals.forecast(book, by="owner_id", pool=["segment", "how"]),
}
# DuckDB plans each query anew, which takes longer than counting a small company: it is asked less.
ASKED = [("polars", name) for name in SUMS] + [("duckdb", "rates"), ("duckdb", "causes")]


@pytest.fixture(scope="module")
def local() -> sm.Book:
    return sm.demo(customers=100, seed=7)


@pytest.fixture(scope="module")
def books(local: sm.Book) -> dict[str, sm.Book]:
    used = ("subscriptions", "customers", "fx", "contracts", "activities")
    tables = {name: local.tables[name] for name in used}
    told = {"as_of": local.as_of_text, "currency": "USD"}
    return {way: connected(tables, way, **told) for way in WAYS}


@pytest.fixture(params=WAYS)
def book(books: dict[str, sm.Book], request: pytest.FixtureRequest) -> sm.Book:
    return books[request.param]


@pytest.mark.parametrize(("book", "name"), ASKED, indirect=["book"])
def test_what_became_of_contracts_is_summed_there(book: sm.Book, local: sm.Book, name: str) -> None:
    found, wanted = (SUMS[name](each) for each in (book, local))
    pd.testing.assert_frame_equal(found.df, wanted.df)
    assert found.footnote == wanted.footnote
    assert not brought(book)


def test_the_contracts_of_a_cell_alone_are_brought_while_they_are_looked_at(
    book: sm.Book, local: sm.Book
) -> None:
    found, wanted = (sm.renewals.rates(each, by="segment") for each in (book, local))
    cell = {"period": "2025-Q4", "segment": "SMB"}
    pd.testing.assert_frame_equal(found.rows(**cell), wanted.rows(**cell))
    assert not brought(book)


def test_the_contracts_of_a_renewal_base_come_alone(book: sm.Book, local: sm.Book) -> None:
    found, wanted = (sm.revenue.renewal_base(each, "Q", "segment") for each in (book, local))
    cell = {"period": "2025-Q2", "segment": "SMB"}
    assert len(wanted.rows(**cell)) > 0
    pd.testing.assert_frame_equal(found.rows(**cell), wanted.rows(**cell))
    pd.testing.assert_frame_equal(found.rows(), wanted.rows())
    assert not brought(book)


def test_the_contracts_in_force_on_a_day_come_alone(book: sm.Book, local: sm.Book) -> None:
    found, wanted = (sm.revenue.arr(signed(each), "segment", "Q") for each in (book, local))
    cell = {"period": "2025-Q2", "segment": "SMB"}
    ours, theirs = (
        made.rows(**cell).sort_values("customer_id", ignore_index=True) for made in (wanted, found)
    )
    assert len(ours)
    pd.testing.assert_frame_equal(theirs, ours)
    assert not brought(book)
    with pytest.raises(UnknownNameError, match="nowhere"):
        found.rows(period="2025-Q2", segment="nowhere")


def test_the_customers_of_a_renewal_come_alone(book: sm.Book, local: sm.Book) -> None:
    found, wanted = (sm.retention.renewal_cohorts(each, "segment") for each in (book, local))
    cell = {"cohort": "2024-01-01", "age": 1, "segment": "SMB"}
    assert len(wanted.rows(**cell)) > 0
    pd.testing.assert_frame_equal(found.rows(**cell), wanted.rows(**cell))
    assert not brought(book)


@pytest.mark.parametrize("name", CHOSEN)
def test_of_contracts_to_come_only_those_are_brought_that_may_still_renew(
    book: sm.Book, local: sm.Book, name: str
) -> None:
    found, wanted = (CHOSEN[name](each) for each in (book, local))
    pd.testing.assert_frame_equal(found.df, wanted.df)
    assert found.footnote == wanted.footnote
    # Of 131 contracts 53 end in the next four quarters or the grace before, or renew one that does.
    assert local.tables["contracts"].num_rows == 131
    # The steps of Polars are in this process as it is, so that nothing of a few terms is brought.
    several = [rows for _, rows, _ in book.place.link.brought.values()]
    assert max(several, default=0) <= 53
    pd.testing.assert_frame_equal(found.rows(), wanted.rows())


ROLLING: dict[str, Ask] = {
    "rates": lambda book: sm.renewals.rates(book, by=["segment", "plan"], measure="net"),
    "waterfall": lambda book: sm.renewals.waterfall(book.as_of("2025-06-30"), by="term"),
    "forecast": lambda book: sm.renewals.forecast(book, quarters=2),
    "owners": sm.success.league,
    "accuracy": lambda book: sm.renewals.accuracy(book, 2, [90]),
    "causes": lambda book: sm.renewals.expansion(book, "segment", measure="causes"),
}


@pytest.mark.parametrize("name", ROLLING)
def test_terms_of_subscriptions_are_found_there_where_nobody_keeps_contracts(name: str) -> None:
    whole = sm.demo(customers=60, seed=7)
    tables = {each: whole.tables[each] for each in ("subscriptions", "customers", "fx")}
    told = {"as_of": whole.as_of_text, "currency": "USD"}
    local = sm.Book(**{each: table.data for each, table in tables.items()}, **told)
    book = connected(tables, "polars", **told)
    found, wanted = (ROLLING[name](each) for each in (book, local))
    pd.testing.assert_frame_equal(found.df, wanted.df)
    assert found.footnote == wanted.footnote
    assert book.engine.reasons_here == {}


@pytest.mark.parametrize("way", WAYS)
def test_expansion_of_who_has_no_terms_is_told_by_cause_there(way: str) -> None:
    paid = {"Ann": [10, 12, 0, 15, 20], "Bob": [0, 5, 5, 5, 9]}
    mrr = {
        "customer_id": [name for name in paid for _ in range(5)],
        "month": [f"2026-0{month}" for _ in paid for month in range(1, 6)],
        "mrr": [amount for amounts in paid.values() for amount in amounts],
    }
    local = sm.Book(mrr=mrr, currency="USD", as_of="2026-05-31")
    book = connected(local.tables, way, currency="USD", as_of="2026-05-31")
    found, wanted = (sm.renewals.expansion(each, measure="causes") for each in (book, local))
    pd.testing.assert_frame_equal(found.df, wanted.df)
    assert found.footnote == wanted.footnote
    assert wanted.df["at"].unique().tolist() == ["unknown"]
    assert not brought(book)


def test_a_column_that_no_table_has_is_named_alike(book: sm.Book, local: sm.Book) -> None:
    said = []
    for each in (book, local):
        with pytest.raises(sm.DataError) as error:
            sm.renewals.rates(each, by="sgment")
        said.append(str(error.value))
    assert said[0] == said[1]

"""Which rows were known when: versions, withdrawn rows, and rows that only look like versions."""

from __future__ import annotations

import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError
from saasmetrics.periods import day_number
from saasmetrics.tables import normalize
from saasmetrics.tables.known import known
from saasmetrics.tables.schema import SCHEMA


def seen(table: str, column: str, day: str | None, **columns: list) -> list:
    made = normalize(table, columns)
    return (known(made) if day is None else known(made, day_number(day))).data[column].to_pylist()


def terms(*rows: tuple) -> dict[str, list]:
    """Terms of subscriptions as (id, start, end, amount, recorded_at)."""
    names = ("subscription_id", "start", "end", "amount", "recorded_at")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    many = len(rows)
    return columns | {"customer_id": ["a"] * many, "interval": ["month"] * many}


def test_every_table_says_when_its_rows_became_known_and_were_withdrawn():
    assert all({"recorded_at", "withdrawn_at"} <= set(table.columns) for table in SCHEMA.values())


def test_the_version_recorded_last_by_the_day_holds():
    rows = terms(
        ("s", "2026-01-01", None, 10, "2026-01-05"), ("s", "2026-01-01", None, 12, "2026-02-05")
    )
    assert seen("subscriptions", "amount", "2026-01-04", **rows) == []
    assert seen("subscriptions", "amount", "2026-02-04", **rows) == [10]
    assert seen("subscriptions", "amount", "2026-02-05", **rows) == [12]
    assert seen("subscriptions", "amount", None, **rows) == [12]


def test_the_order_of_the_rows_does_not_decide_which_version_holds():
    rows = terms(
        ("s", "2026-01-01", None, 12, "2026-02-05"), ("s", "2026-01-01", None, 10, "2026-01-05")
    )
    assert seen("subscriptions", "amount", None, **rows) == [12]


def test_successive_terms_of_a_subscription_are_no_versions():
    rows = terms(
        ("s", "2026-01-01", "2026-02-01", 10, "2026-01-01"),
        ("s", "2026-02-01", "2026-03-01", 11, "2026-02-01"),
    )
    assert seen("subscriptions", "amount", None, **rows) == [10, 11]


def test_a_version_that_was_replaced_does_not_come_back():
    # The second version covers both others, which do not overlap.
    rows = terms(
        ("s", "2026-01-01", "2026-02-01", 1, "2026-01-01"),
        ("s", "2026-01-01", "2026-06-01", 2, "2026-01-02"),
        ("s", "2026-04-01", "2026-06-01", 3, "2026-01-03"),
    )
    assert seen("subscriptions", "amount", None, **rows) == [3]


def test_a_known_end_in_the_future_stays():
    rows = terms(("s", "2026-01-01", "2026-12-01", 10, "2026-01-01"))
    book = sm.Book(subscriptions=rows).as_of("2026-03-31")
    assert book.frame("subscriptions")["end"].astype(str).tolist() == ["2026-12-01"]


def test_a_withdrawn_row_holds_until_it_is_withdrawn():
    rows = {"customer_id": ["a", "b"], "month": ["2026-01"] * 2, "mrr": [1, 2]}
    rows |= {"withdrawn_at": [None, "2026-03-01"]}
    assert seen("mrr", "mrr", "2026-02-28", **rows) == [1, 2]
    assert seen("mrr", "mrr", "2026-03-01", **rows) == [1]


def test_a_version_that_is_withdrawn_takes_its_row_with_it():
    rows = terms(
        ("s", "2026-01-01", None, 10, "2026-01-01"), ("s", "2026-01-01", None, 10, "2026-03-01")
    )
    rows["withdrawn_at"] = [None, "2026-03-01"]
    assert seen("subscriptions", "amount", "2026-02-28", **rows) == [10]
    assert seen("subscriptions", "amount", "2026-03-01", **rows) == []


def test_a_row_that_does_not_say_since_when_was_always_known():
    rows = {
        "customer_id": ["a", "a"],
        "segment": ["SMB", "Ent"],
        "recorded_at": [None, "2026-03-01"],
    }
    assert seen("customers", "segment", "2020-01-01", **rows) == ["SMB"]
    assert seen("customers", "segment", None, **rows) == ["Ent"]


def test_lines_of_an_invoice_recorded_in_the_course_of_a_day_add_up():
    rows = {
        "invoice_id": ["i", "i", "i"],
        "customer_id": ["a"] * 3,
        "date": ["2026-01-01"] * 3,
        "amount": [10, 5, 14],
        "recorded_at": ["2026-01-01 10:00:00", "2026-01-01 10:00:01", "2026-02-01 09:00:00"],
    }
    assert seen("invoices", "amount", "2026-01-31", **rows) == [10, 5]
    assert seen("invoices", "amount", "2026-02-01", **rows) == [14]


def test_rows_without_names_have_no_versions():
    rows = {
        "customer_id": ["a", "a"],
        "date": ["2026-01-01"] * 2,
        "recorded_at": ["2026-01-02", "2026-01-03"],
    }
    assert seen("usage", "customer_id", "2026-01-02", **rows) == ["a"]
    assert seen("usage", "customer_id", "2026-01-03", **rows) == ["a", "a"]


def test_every_table_follows_the_clock_not_only_the_source_of_mrr():
    spend = {"month": ["2026-01"] * 2, "function": ["sales"] * 2, "amount": [100, 130]}
    book = sm.Book(
        mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [1]},
        spend=spend | {"recorded_at": ["2026-02-03", "2026-03-03"]},
    )
    assert book.as_of("2026-01-31", known="2026-02-28").frame("spend")["amount"].tolist() == [100]
    assert book.frame("spend")["amount"].tolist() == [130]


def codes(**tables: dict) -> set[str]:
    found = sm.Book(**tables).check().df
    return set(found.loc[found["severity"] == "error", "code"])


def test_versions_told_apart_by_their_recording_are_no_duplicates_and_others_are():
    rows = {"customer_id": ["a", "a"], "month": ["2026-01"] * 2, "mrr": [1, 2]}
    assert "repeated-key" in codes(mrr=rows)
    assert "repeated-key" in codes(mrr=rows | {"recorded_at": ["2026-02-01"] * 2})
    assert not codes(mrr=rows | {"recorded_at": ["2026-02-01 09:00:00", "2026-02-01 17:00:00"]})
    people = {"customer_id": ["a", "a"], "segment": ["SMB", "Ent"]}
    assert "repeated-key" in codes(
        mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [1]}, customers=people
    )
    people["recorded_at"] = ["2026-01-01", "2026-02-01"]
    assert not codes(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [1]}, customers=people)


def test_what_is_left_out_is_counted_and_said():
    rows = terms(
        ("s", "2026-01-01", None, 10, "2026-01-01"),
        ("s", "2026-01-01", None, 12, "2026-02-01"),
        ("t", "2026-01-01", None, 5, "2026-04-01"),
    )
    book = sm.Book(subscriptions=rows).as_of("2026-03-31")
    found = book.check().df.set_index("code").loc["left-out"]
    assert dict(zip(found["finding"], found["rows"], strict=True)) == {
        "recorded after 2026-03-31 and left out": 1,
        "earlier versions of rows recorded again, left out": 1,
    }
    assert (
        "1 subscriptions row recorded after 2026-03-31 and left out"
        in sm.revenue.mrr(book).footnote
    )


def test_by_effective_time_rows_count_whenever_they_were_recorded():
    rows = terms(
        ("s", "2026-01-01", None, 10, "2026-01-01"), ("t", "2026-01-15", None, 5, "2026-04-01")
    )
    book = sm.Book(subscriptions=rows)
    assert sm.revenue.mrr(book.as_of("2026-01-31")).value == 10
    assert sm.revenue.mrr(book.with_policy(knowledge="effective").as_of("2026-01-31")).value == 15
    assert sm.revenue.mrr(book.as_of("2026-01-31").with_policy(knowledge="effective")).value == 15
    assert sm.revenue.mrr(book.as_of("2026-01-31", known="2026-04-01")).value == 15


def test_who_is_in_a_segment_is_asked_of_what_was_known():
    customers = {
        "customer_id": ["a", "a", "b"],
        "segment": ["SMB", "Ent", "Ent"],
        "recorded_at": ["2026-01-01", "2026-03-01", "2026-01-01"],
    }
    rows = {"customer_id": ["a", "b"], "month": ["2026-01"] * 2, "mrr": [1, 2]}
    book = sm.Book(mrr=rows, customers=customers).where(segment="Ent")
    assert sm.revenue.mrr(book).value == 3
    assert sm.revenue.mrr(book.as_of("2026-01-31")).value == 2


def test_a_day_before_anything_was_known_is_refused_with_the_way_out():
    book = sm.Book(subscriptions=terms(("s", "2026-01-01", None, 10, "2026-03-01")))
    with pytest.raises(DataError, match=r'first was recorded on 2026-03-01.*knowledge="effective"'):
        book.as_of("2026-02-01")
    gone = terms(("s", "2026-01-01", None, 10, "2026-01-01")) | {"withdrawn_at": ["2026-02-01"]}
    with pytest.raises(DataError, match="had been withdrawn"):
        sm.Book(subscriptions=gone).as_of("2026-03-01")


def test_a_number_says_on_which_day_it_was_known():
    rows = terms(("s", "2026-01-01", None, 10, "2026-01-01"))
    book = sm.Book(subscriptions=rows).as_of("2026-03-31", known="2026-04-05")
    assert "As known on 2026-04-05." in sm.revenue.mrr(book).footnote
    assert "Book as of 2026-03-31 as known on 2026-04-05" in repr(book)
    assert "As known" not in sm.revenue.mrr(book.as_of("2026-03-31")).footnote


def test_an_invoice_line_is_known_from_its_date_on_whatever_days_it_serves():
    lines = {
        "invoice_id": ["i1", "c1"],
        "customer_id": ["a", "a"],
        "date": ["2026-01-01", "2026-04-02"],
        "amount": [1200, -600],
        "service_start": ["2026-01-01"] * 2,
        "service_end": ["2026-12-31"] * 2,
    }
    assert seen("invoices", "amount", "2026-04-01", **lines) == [1200]
    assert seen("invoices", "amount", "2026-04-02", **lines) == [1200, -600]
    assert seen("invoices", "amount", None, **lines) == [1200, -600]


def test_an_invoice_line_that_says_when_it_was_recorded_is_known_from_then_on():
    lines = {"invoice_id": ["i1", "i2"], "customer_id": ["a", "a"], "amount": [10, 20]}
    lines |= {"date": ["2026-04-01", "2026-03-01"], "recorded_at": ["2026-03-20", None]}
    assert seen("invoices", "amount", "2026-03-19", **lines) == [20]
    assert seen("invoices", "amount", "2026-03-20", **lines) == [10, 20]

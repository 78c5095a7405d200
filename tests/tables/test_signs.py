"""Which sign parts decimals, and which number of a date is the day, is what the rest of the column shows."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from saasmetrics.errors import InvalidTablesError
from saasmetrics.tables import normalize
from saasmetrics.tables.amounts import read_numbers
from saasmetrics.tables.dates import read_instants


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["1.234,50", "1.200"], [1234.5, 1200.0]),
        (["1 234,50", "7"], [1234.5, 7.0]),
        (["1\u202f234,50 €", "-3,5"], [1234.5, -3.5]),
        (["1'234.50", "1’000"], [1234.5, 1000.0]),
        (["1,234,567", "1,200"], [1234567.0, 1200.0]),
        (["1.234.567", "1.200"], [1234567.0, 1200.0]),
        (["0,125", "1,125"], [0.125, 1.125]),
        (["12.50", "1,200"], [12.5, 1200.0]),
        (["(1.234,5)", "100,00-"], [-1234.5, -100.0]),
        (["\u22125,5", "n/a"], [-5.5, None]),
        (["￥1,200", "￥300"], [1200.0, 300.0]),
        (["\\1,200", "\\300"], [1200.0, 300.0]),
        (["1e3", "2"], [1000.0, 2.0]),
    ],
)
def test_signs_of_decimals_and_thousands_are_those_that_the_column_shows(
    given: list[str], read: list[float]
) -> None:
    assert read_numbers(pa.chunked_array([given])).values.to_pylist() == read


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["1,5", "1.5"], "mixed-decimal-signs"),
        (["$5", "€5"], "several-currencies"),
        (["1,23,456"], "unreadable-number"),
        (["(-5)"], "unreadable-number"),
        (["1.5", "1..2"], "unreadable-number"),
    ],
)
def test_numbers_that_contradict_each_other_are_refused(given: list[str], code: str) -> None:
    refusal = read_numbers(pa.chunked_array([given])).refusal
    assert refusal is not None
    assert refusal.code == code


def test_a_decimal_sign_that_is_told_decides() -> None:
    text = pa.chunked_array([["1.200", "2,000"]])
    assert read_numbers(text.slice(0, 1), decimal=",").values.to_pylist() == [1200.0]
    assert read_numbers(text.slice(1, 1), decimal=",").values.to_pylist() == [2.0]
    assert read_numbers(text.slice(1, 1), decimal=".").values.to_pylist() == [2000.0]


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("31/01/2026 10:05", "2026-01-31 10:05"),
        ("1/31/2026 12:05 AM", "2026-01-31 00:05"),
        ("1/31/2026, 12:05:30 p.m.", "2026-01-31 12:05:30"),
        ("31.1.2026", "2026-01-31"),
        ("2026年1月31日", "2026-01-31"),
        ("2026/1/31 9:05", "2026-01-31 09:05"),
        ("2026.01.31", "2026-01-31"),
        ("2026-1-5", "2026-01-05"),
    ],
)
def test_days_and_times_in_numbers_are_read(given: str, day: str) -> None:
    (read,) = read_instants(pa.chunked_array([[given]])).values.cast(pa.timestamp("us")).to_pylist()
    assert read == dt.datetime.fromisoformat(day)


@pytest.mark.parametrize(
    "given", ["30/02/2026", "1/31/2026 25:00", "1/31/2026 10:61", "31/01/26", "2026-13-01"]
)
def test_days_and_times_that_do_not_exist_are_refused(given: str) -> None:
    refusal = read_instants(pa.chunked_array([[given]])).refusal
    assert refusal is not None
    assert refusal.code == "unreadable-date"


def test_the_order_of_dates_with_times_is_told_by_the_others_of_the_column() -> None:
    read = read_instants(pa.chunked_array([["01/02/2026 08:00", "13/02/2026"]]))
    assert read.values.cast(pa.date32()).to_pylist() == [dt.date(2026, 2, 1), dt.date(2026, 2, 13)]
    alone = read_instants(pa.chunked_array([["01/02/2026 08:00"]]))
    assert alone.refusal is not None
    assert alone.refusal.code == "ambiguous-dates"


def test_an_order_that_is_told_decides() -> None:
    text = pa.chunked_array([["01/02/2026"]])
    assert read_instants(text, dayfirst=True).values.to_pylist() == [dt.date(2026, 2, 1)]
    assert read_instants(text, dayfirst=False).values.to_pylist() == [dt.date(2026, 1, 2)]


def test_dates_that_do_not_tell_their_order_are_written_like_the_others_of_their_file() -> None:
    rows = {"customer_id": ["a"], "start": ["1/7/2025"], "amount": [10], "interval": ["month"]}
    rows |= {"subscription_id": ["s"]}
    read = normalize("subscriptions", {**rows, "end": ["31/12/2025"]})
    assert read.data["start"].cast("date32").to_pylist() == [dt.date(2025, 7, 1)]
    assert "start: read with the day first, as other dates of the file are" in read.notes
    with pytest.raises(InvalidTablesError, match="could be day/month or month/day"):
        normalize("subscriptions", {**rows, "end": ["1/12/2025"]})
    with pytest.raises(InvalidTablesError, match="could be day/month or month/day"):
        normalize("subscriptions", {**rows, "end": ["31/12/2025"], "trial_end": ["7/31/2025"]})

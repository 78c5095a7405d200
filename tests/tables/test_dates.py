"""Dates and times as exports write them."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from saasmetrics.errors import InvalidTablesError
from saasmetrics.tables import normalize
from saasmetrics.tables.dates import read_instants

DAY = dt.date(2025, 1, 31)


def usage(dates):
    return normalize("usage", {"customer_id": ["a"] * len(dates), "date": dates})


def tickets(times):
    columns = {
        "ticket_id": range(len(times)),
        "customer_id": ["a"] * len(times),
        "created_at": times,
    }
    return normalize("tickets", columns)


def refusal(table, dates):
    with pytest.raises(InvalidTablesError) as caught:
        table(dates)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-31",
        "2025-01-31 00:00:00",
        "2025-01-31T00:00",
        "2025-01-31 00:00:00.000000000",
        "2025/01/31",
        "20250131",
        "31-Jan-2025",
        "31 Jan 2025",
        "31 January 2025",
        "Jan 31, 2025",
        "January 31, 2025",
        " 2025-01-31 ",
    ],
)
def test_a_date_that_has_one_reading_is_read(text):
    assert usage([text]).data["date"].to_pylist() == [DAY]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("31-Jan-2025 10:05", "10:05:00"),
        ("31 January 2025, 22:05:09", "22:05:09"),
        ("Jan 31, 2025 10:05 PM", "22:05:00"),
        ("Sept 3 2025 00:30", "00:30:00"),
    ],
)
def test_a_date_with_the_name_of_its_month_may_have_a_time_of_day(text, time):
    (read,) = read_instants(pa.chunked_array([[text]])).values.to_pylist()
    day = "2025-09-03" if text.startswith("Sept") else "2025-01-31"
    assert str(read) == f"{day} {time}"


@pytest.mark.parametrize("text", ["31-Jan-2025 25:00", "31-Foo-2025 10:00", "31 Feb 2025 10:00"])
def test_a_named_month_or_time_that_does_not_exist_is_refused(text):
    assert refusal(usage, [text]).code == "unreadable-date"


@pytest.mark.parametrize("value", [DAY, dt.datetime(2025, 1, 31), 20250131])  # noqa: DTZ001
def test_dates_of_other_kinds_are_read(value):
    assert usage([value]).data["date"].to_pylist() == [DAY]


def test_spellings_may_differ_within_a_column():
    assert usage(["2025-01-31", "31 Jan 2025"]).data["date"].to_pylist() == [DAY, DAY]


def test_days_and_months_that_could_be_either_are_refused():
    problem = refusal(usage, ["01/02/2025", "03/04/2025", "11/12/2025", "10/10/2025"])
    assert (problem.code, problem.rows) == ("ambiguous-dates", 4)
    assert problem.examples == tuple(
        {"customer_id": "a", "date": text} for text in ("01/02/2025", "03/04/2025", "11/12/2025")
    )
    assert 'format="%d/%m/%Y"' in problem.remedy


def test_a_day_above_twelve_settles_the_order_of_all():
    table = usage(["31/01/2025", "01/02/2025"])
    assert table.data["date"].to_pylist() == [DAY, dt.date(2025, 2, 1)]
    assert "date: read with the day first, as no other order fits all of them" in table.notes


def test_both_orders_in_one_column_are_refused():
    problem = refusal(usage, ["31/01/2025", "01/31/2025"])
    assert problem.rule == "dates some have the day first and some the month"


def test_text_that_is_no_date_is_refused_with_its_count_and_first_rows():
    problem = refusal(usage, ["2025-01-31", "soon", "later", "soon", "never"])
    assert (problem.code, problem.rows) == ("unreadable-date", 4)
    assert [row["date"] for row in problem.examples] == ["soon", "later", "soon"]


def test_a_day_that_does_not_exist_is_refused():
    assert refusal(usage, ["2025-02-30", "2025-01-31"]).rows == 1


def test_unix_seconds_are_refused_with_the_line_that_converts_them():
    assert "unit='s'" in refusal(usage, [1_700_000_000]).remedy


def test_spreadsheet_serial_numbers_are_refused_with_the_line_that_converts_them():
    assert 'origin="1899-12-30"' in refusal(usage, [45_000]).remedy


def test_words_for_missing_are_missing_and_noted():
    table = normalize(
        "subscriptions",
        {
            "subscription_id": [1, 2],
            "customer_id": [1, 2],
            "start": ["2025-01-31", "2025-01-31"],
            "end": ["N/A", ""],
            "mrr": [1, 2],
        },
    )
    assert table.data["end"].null_count == 2
    assert any(note.startswith("end: read as missing: 'N/A'") for note in table.notes)


def test_a_time_of_day_in_a_date_column_is_set_aside_and_counted():
    table = usage(["2025-01-31 10:30:00", "2025-01-31 00:00:00"])
    assert table.data["date"].to_pylist() == [DAY, DAY]
    assert "date: time of day set aside in 1 row" in table.notes


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-31T12:00:00Z",
        "2025-01-31 12:00:00+00:00",
        "2025-01-31T14:00:00+02:00",
        "2025-01-31 12:00:00 UTC",
        "2025-01-31T07:00:00-0500",
        "2025-01-31T12:00:00.000Z",
        "2025-01-31 12:00:00.000000789+00:00",
    ],
)
def test_times_with_a_zone_become_utc(text):
    table = tickets([text])
    assert table.data["created_at"].to_pylist() == [dt.datetime(2025, 1, 31, 12)]  # noqa: DTZ001
    assert table.zones == {"created_at": "offset in the text"}


def test_zones_of_arrow_become_utc_and_are_noted():
    noon = pa.array([dt.datetime(2025, 1, 31, 12)], pa.timestamp("ms", "America/New_York"))  # noqa: DTZ001
    table = tickets(noon)
    assert table.data.schema.field("created_at").type == pa.timestamp("us")
    assert table.zones == {"created_at": "America/New_York"}
    assert "created_at: converted from America/New_York to UTC" in table.notes


def test_times_with_and_without_zone_in_one_column_are_refused():
    problem = refusal(
        tickets, ["2025-01-31T12:00:00Z", "2025-01-31 12:00:00", "2025-01-31 13:00:00"]
    )
    assert (problem.code, problem.rows) == ("mixed-time-zones", 1)


def test_a_column_without_any_date_is_all_missing():
    table = normalize("trials", {"customer_id": ["a"], "start": ["2025-01-31"], "ended_at": [None]})
    assert table.data.schema.field("ended_at").type == pa.timestamp("us")

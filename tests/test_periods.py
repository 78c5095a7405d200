"""Calendars: days, weeks, months, quarters, years and fiscal years as ordinals."""

from __future__ import annotations

import calendar
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.periods import FREQS, Calendar, day_number, iso_day, last_day, period_text

dates = st.dates(dt.date(1975, 1, 1), dt.date(2090, 12, 31))
freqs = st.sampled_from(FREQS)


@given(dates, freqs, st.integers(1, 12))
def test_a_day_lies_in_its_period(day: dt.date, freq: str, fiscal: int) -> None:
    cal = Calendar(freq, fiscal)
    number = day_number(day)
    ordinal = cal.ordinal(np.array([number]))
    assert cal.first_day(ordinal)[0] <= number <= cal.last_day(ordinal)[0]


@given(dates, freqs, st.integers(1, 12))
def test_periods_follow_each_other_without_gap(day: dt.date, freq: str, fiscal: int) -> None:
    cal = Calendar(freq, fiscal)
    ordinal = cal.ordinal(np.array([day_number(day)]))
    assert cal.ordinal(cal.last_day(ordinal) + 1)[0] == ordinal[0] + 1


@given(dates)
def test_a_month_starts_on_its_first_and_ends_on_its_last_day(day: dt.date) -> None:
    cal = Calendar("M")
    ordinal = cal.ordinal(np.array([day_number(day)]))
    last = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    assert iso_day(int(cal.first_day(ordinal)[0])) == day.replace(day=1).isoformat()
    assert iso_day(int(cal.last_day(ordinal)[0])) == last.isoformat()


@given(dates)
def test_weeks_start_on_monday(day: dt.date) -> None:
    cal = Calendar("W")
    first = iso_day(int(cal.first_day(cal.ordinal(np.array([day_number(day)])))[0]))
    assert dt.date.fromisoformat(first).weekday() == 0


def test_a_fiscal_year_from_february_has_its_first_quarter_until_april() -> None:
    cal = Calendar("Q", fiscal_start=2)
    assert cal.of("2026-02-01") == cal.of("2026-04-30")
    assert cal.of("2026-05-01") == cal.of("2026-04-30") + 1
    assert Calendar("Y", 2).of("2026-01-31") == Calendar("Y", 2).of("2025-02-01")


@given(dates, freqs, st.integers(1, 12))
def test_the_lookup_table_holds_the_ordinals(day: dt.date, freq: str, fiscal: int) -> None:
    cal, number = Calendar(freq, fiscal), day_number(day)
    table = cal.lookup(number, number + 40)
    assert (table == cal.ordinal(np.arange(number, number + 41))).all()


def test_an_unknown_frequency_names_the_known_ones() -> None:
    with pytest.raises(sm.DataError, match="D, W, M, Q, Y"):
        Calendar("MS")


def test_a_fiscal_start_is_a_month() -> None:
    with pytest.raises(sm.DataError, match="1 to 12"):
        Calendar("Y", 13)


@pytest.mark.parametrize("text", ["2026Q2", "2026-Q2", "2026 q2", "2026-q2"])
def test_a_quarter_in_words_runs_from_its_first_to_its_last_day(text: str) -> None:
    assert iso_day(day_number(text)) == "2026-04-01"
    assert iso_day(last_day(text)) == "2026-06-30"
    assert Calendar("Q").of(text) == Calendar("Q").of("2026-05-15")
    assert Calendar("Y").of(text) == Calendar("Y").of("2026-05-15")


@pytest.mark.parametrize("freq", ["D", "W", "M"])
def test_a_quarter_is_not_taken_for_a_shorter_period(freq: str) -> None:
    with pytest.raises(sm.DataError, match=r"longer than a .* such as 2026-04"):
        Calendar(freq).of("2026Q2")


def test_a_calendar_quarter_that_is_none_of_the_fiscal_year_is_refused_with_the_names_of_those_around() -> (
    None
):
    # A name without FY is of the calendar: July to September 2026 lies in May to July and in August to October.
    for freq in "QY":
        cal = Calendar(freq, fiscal_start=9 if freq == "Y" else 2)
        with pytest.raises(sm.DataError, match="calendar quarter July to September 2026"):
            cal.of("2026-Q3")
    with pytest.raises(
        sm.DataError, match=r'"Q2 FY27" \(May–Jul 2026\) or "Q3 FY27" \(Aug–Oct 2026\)'
    ):
        Calendar("Q", fiscal_start=2).of("2026-Q3")


def test_a_quarter_without_fy_is_of_the_calendar_and_one_with_fy_of_the_fiscal_year() -> None:
    # A fiscal year from April 2026 to March 2027 is FY27: its second quarter is July to September 2026.
    cal = Calendar("Q", fiscal_start=4)
    assert cal.of("2026-Q3") == cal.of("Q3 2026") == cal.of("2026-08-15")
    for text in ("Q2 FY27", "FY27-Q2", "FY2027 Q2", "q2 fy2027"):
        assert cal.of(text) == cal.of("2026-08-15"), text
    assert Calendar("Q", fiscal_start=2).of("FY27-Q3") == Calendar("Q", 2).of("2026-08-01")
    assert Calendar("Q", fiscal_start=2).of("FY27-Q4") == Calendar("Q", 2).of("2027-01-31")
    assert Calendar("Q").of("Q3 FY26") == Calendar("Q").of("2026-Q3")


@pytest.mark.parametrize("start", range(1, 13))
def test_the_name_of_a_quarter_is_read_as_that_quarter(start: int) -> None:
    cal = Calendar("Q", fiscal_start=start)
    for ordinal in range(200, 212):
        first = pd.Timestamp(cal.starts(np.array([ordinal]))[0])
        assert cal.of(period_text(first, "Q", start)) == ordinal


def test_a_fiscal_quarter_is_never_named_as_one_of_the_calendar() -> None:
    first = pd.Timestamp("2026-11-01")
    assert period_text(first, "Q", 2) == "Q4 FY27"
    assert period_text(first, "Q") == "Nov–Jan 2027"
    assert period_text(pd.Timestamp("2026-02-01"), "Y", 2) == "FY27"


@pytest.mark.parametrize("text", ["31/03/2026", "2026Q5", "2026Q", "Q2"])
def test_other_words_are_refused_with_the_way_to_write_them(text: str) -> None:
    for read in (day_number, last_day):
        with pytest.raises(sm.DataError, match="write it as 2026-03-31"):
            read(text)


def test_rows_and_books_take_a_quarter_in_words() -> None:
    book = sm.demo(customers=60)
    assert book.as_of("2026-Q1").as_of_text == "2026-03-31"
    assert book.between("2025Q1", "2026Q1").as_of_text == "2026-03-31"
    quarters = sm.retention.nrr(book, window=1, freq="Q")
    assert quarters.rows(period="2026Q2").equals(quarters.rows(period="2026-04"))
    kept = sm.retention.cohorts(book, freq="Q")
    assert kept.rows(cohort="2025Q1", age=1).equals(kept.rows(cohort="2025-01-01", age=1))


def test_a_month_as_the_last_day_known_is_known_to_its_end() -> None:
    rows = {"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [10, 12]}
    assert sm.Book(mrr=rows, as_of="2026-02").as_of_text == "2026-02-28"
    assert sm.Book(mrr=rows, as_of="2026Q1").as_of_text == "2026-03-31"

"""Headlines in words of what is not one value: curves by age, causes, cohorts on top of each other, forecasts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import pytest

import saasmetrics as sm


@pytest.fixture(scope="module")
def four() -> sm.Book:
    """Four customers of 2025, who pay 10, 20, 30 and 40: the first leaves after 3 months, the second after 12."""
    months = pd.period_range("2025-01", periods=15, freq="M").astype(str)
    stays = {"a": 3, "b": 12, "c": 15, "d": 15}
    rows = [
        (who, month, 10 * n) for n, who in enumerate(stays, 1) for month in months[: stays[who]]
    ]
    return sm.Book(
        mrr=pd.DataFrame(rows, columns=["customer_id", "month", "mrr"]), as_of="2026-03-31"
    )


def test_a_survival_curve_says_who_is_there_after_a_year(four: sm.Book) -> None:
    assert sm.survival.curve(four).text == "50.0% of customers are there after 12 months"
    assert sm.survival.curve(four, weight="mrr").text == "70.0% of MRR is there after 12 months"


def test_a_hazard_says_how_many_leave_after_a_year(four: sm.Book) -> None:
    # Of b, c and d, who are there after 11 months, b leaves.
    assert sm.survival.hazard(four).text == "33.3% of those still there leave in month 12"


def test_causes_say_how_many_left_after_a_year_by_each(four: sm.Book) -> None:
    assert sm.survival.causes(four).text == "left after 12 months: unknown 50.0%"


def test_concentration_says_what_the_largest_pay(four: sm.Book) -> None:
    assert sm.revenue.concentration(four).text == "the top 10 pay 100.0% of MRR"


def test_layers_say_how_many_cohorts_and_what_the_largest_brings(four: sm.Book) -> None:
    said = "MRR $70 from 1 cohort, 100.0% of it from that of Jan 2025"
    assert sm.revenue.layers(four).text == said


def test_a_curve_that_is_too_short_says_its_last_age(four: sm.Book) -> None:
    young = four.between("2025-01", "2025-06")
    assert sm.survival.curve(young).text == "75.0% of customers are there after 5 months"


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (sm.renewals.expansion, r"[\d.]+% have expanded after 12 months"),
        (sm.renewals.calendar, r"\$.+ to renew from Q\d 20\d\d on: .*commit \$.+"),
        (sm.renewals.accuracy, r"off by [\d.]+% on average 180 days ahead, \d of \d quarters .*P90"),
        (sm.economics.value_path, r"\$.+ per customer after \d+ months"),
        (sm.support.scorecard, r"\d teams solved [\d,]+ tickets in [A-Z]\w\w 20\d\d"),
        (sm.forecast.tornado, r"moved most by [a-z ]+: −\$.+ to \+\$.+"),
        (lambda book: sm.survival.curve(book, by="segment"), r"[\d.]+% \(.+\) to [\d.]+% \(.+\) of customers .*"),
    ],
    ids=["expansion", "calendar", "accuracy", "value_path", "scorecard", "tornado", "by_segment"],
)  # fmt: skip
def test_every_result_of_the_demo_company_says_something(
    ask: Callable[[sm.Book], sm.Result], said: str
) -> None:
    assert re.fullmatch(said, ask(sm.demo(customers=150, seed=7)).text)


@pytest.mark.parametrize(
    ("window", "freq", "said"),
    [
        (12, "Q", "over 12 quarters, which are 36 months;"),
        (None, "Q", "over 4 quarters;"),
        (12, "M", "over 12 months;"),
    ],
)
def test_a_window_is_in_periods_and_says_so_where_it_may_be_taken_for_months(
    four: sm.Book, window: int | None, freq: str, said: str
) -> None:
    assert said in sm.retention.nrr(four, window=window, freq=freq).footnote


def test_cohorts_of_amounts_have_a_headline_as_their_charts(four: sm.Book) -> None:
    assert sm.retention.cohorts(four, measure="mrr", freq="Q").text == "MRR by age of 1 cohort"
    book = sm.demo(customers=60)
    made = sm.retention.cohorts(book, measure="gross_profit", freq="Q")
    average = made.extra["average"].set_index("age").loc[4]
    money = made.text.split(" of gross profit brought by a customer after 4 quarters, average of ")
    assert money == [f"${average['value'] / 1000:.1f}k", f"{int(average['cohorts'])} cohorts"]
    assert f"a customer has brought {money[0]}" in " ".join(made.chart().to_dict()["title"]["text"])

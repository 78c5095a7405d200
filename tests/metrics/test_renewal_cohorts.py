"""Cohorts by renewals: monthly and yearly customers in one triangle, and terms that still run are no zeros."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics import charts
from saasmetrics.errors import DataError


def book(
    rows: list[tuple[str, str, str | None, str]], as_of: str = "2025-06-30", **tables: object
) -> sm.Book:
    frame = pd.DataFrame(rows, columns=["customer_id", "start", "end", "interval"])
    frame["subscription_id"] = [f"s{n}" for n in range(len(frame))]
    return sm.Book(subscriptions=frame.assign(amount=12.0), as_of=as_of, currency="USD", **tables)


# As of the end of June 2025. By hand, in terms of each customer's own interval:
MIXED = [
    ("ann", "2023-01-01", None, "year"),  # of age 29 months: 2 due, both made
    ("bea", "2023-02-01", "2024-02-01", "year"),  # left at 12 months: 0 made of 2 due
    ("cyd", "2024-12-01", None, "year"),  # of age 6: none due yet
    ("dan", "2025-01-01", None, "month"),  # of age 5: 5 made of 5
    ("eva", "2025-03-01", "2025-05-01", "month"),  # two months paid: 1 made of 3 due
    ("fay", "2024-10-01", "2025-04-01", "quarter"),  # 6 months paid: 1 made of 2 due
]


def test_the_triangle_is_what_is_counted_by_hand() -> None:
    df = sm.retention.cohorts(book(MIXED), freq="renewals").df
    df["year"] = df["cohort"].dt.year
    found = {
        (row.year, row.age): (row.numerator, row.denominator)
        for row in df[df["observed"]].itertuples()
    }
    assert found == {
        (2023, 0): (2, 2), (2023, 1): (1, 2), (2023, 2): (1, 2),
        (2024, 0): (2, 2), (2024, 1): (1, 1), (2024, 2): (0, 1),  # cyd's year is not over: fay alone
        (2025, 0): (2, 2), (2025, 1): (2, 2), (2025, 2): (1, 2), (2025, 3): (1, 2), (2025, 4): (1, 1),
        (2025, 5): (1, 1),
    }  # fmt: skip


def test_terms_that_still_run_are_missing_and_say_why() -> None:
    df = sm.retention.cohorts(book(MIXED), freq="renewals", cohort_freq="M").df
    cyd = df[df["cohort"] == "2024-12-01"].set_index("age")
    assert cyd.loc[0, "value"] == 1
    assert cyd.loc[1:, "value"].isna().all()
    assert set(cyd.loc[1:, "state"]) == {"not yet"}
    assert cyd.loc[1, "reason"] == "no renewal of this number has come due in the cohort"


def test_changes_within_a_term_and_late_cancellations_are_no_renewals() -> None:
    rows = [
        ("a", "2023-01-01", "2023-04-01", "year"),  # more seats after three months: the same year
        (
            "a",
            "2023-04-01",
            "2024-03-01",
            "year",
        ),  # left two months into its second year: renewed once
    ]
    lives = sm.retention.renewal_cohorts(book(rows)).rows()
    assert lives[["made", "due", "term"]].iloc[0].tolist() == [1, 2, 12]


def test_a_contract_says_how_long_the_term_is_that_is_billed_by_month() -> None:
    contracts = {"contract_id": ["k"], "customer_id": ["a"], "arr": [144.0]}
    contracts |= {"start": ["2023-01-01"], "end": ["2024-01-01"]}
    rows = [("a", "2023-01-01", None, "month"), ("b", "2023-01-01", None, "month")]
    lives = sm.retention.renewal_cohorts(book(rows, contracts=contracts)).rows()
    assert lives.set_index("customer_id")["term"].to_dict() == {"a": 12, "b": 1}


def test_the_average_and_the_rows_add_up_to_the_cells() -> None:
    found = sm.retention.renewal_cohorts(sm.demo(customers=200), by="segment")
    average = found.extra["average"]
    for (segment, age), cells in found.df[found.df["observed"]].groupby(["segment", "age"]):
        row = average[(average["segment"] == segment) & (average["age"] == age)].iloc[0]
        assert row["numerator"] == cells["numerator"].sum()
        assert row["denominator"] == cells["denominator"].sum()
    cell = found.df[(found.df["age"] == 2) & found.df["observed"]].iloc[0]
    rows = found.rows(cohort=cell["cohort"], age=2, segment=cell["segment"])
    assert (rows["numerator"].sum(), len(rows)) == (cell["numerator"], cell["denominator"])


def test_of_yearly_customers_it_is_retention_at_the_start_of_each_further_year() -> None:
    """Each customer by itself: months paid, by the calendar, in plain Python."""
    rng, rows, expected = np.random.default_rng(4), [], []
    last = pd.Period("2025-06", "M").ordinal
    for k in range(150):
        start = pd.Period("2021-01", "M") + int(rng.integers(0, 48))
        paid, interval = int(rng.integers(1, 60)), ["month", "quarter", "year"][k % 3]
        end = start + paid
        open_end = end.ordinal > last
        rows.append(
            (
                f"{k:03}",
                str(start.start_time.date()),
                None if open_end else str(end.start_time.date()),
                interval,
            )
        )
        term = {"month": 1, "quarter": 3, "year": 12}[interval]
        age = last - start.ordinal
        begun = sum(1 for t in range(0, 99 * term, term) if t <= age and (open_end or t < paid))
        expected.append((start.year, begun - 1, age // term))
    df = sm.retention.renewal_cohorts(book(rows)).df
    for row in df[df["observed"]].itertuples():
        mine = [
            (made, due)
            for year, made, due in expected
            if year == row.cohort.year and due >= row.age
        ]
        assert row.denominator == len(mine)
        assert row.numerator == sum(made >= row.age for made, _ in mine)


def test_what_is_not_counted_by_renewals_is_refused() -> None:
    with pytest.raises(DataError, match="customers are counted from their first payment on"):
        sm.retention.cohorts(book(MIXED), "net", freq="renewals")
    panel = {"customer_id": ["a"], "month": ["2025-01"], "mrr": [5]}
    with pytest.raises(DataError, match="need the table subscriptions"):
        sm.retention.cohorts(sm.Book(mrr=panel), freq="renewals")


def test_the_chart_counts_renewals() -> None:
    chart = sm.retention.cohorts(book(MIXED), freq="renewals").chart(theme="dark")
    svg = charts.to_svg(chart)
    assert "renewals since the first payment" in svg
    assert "After 1 renewal, 80% of customers are left" in svg  # 1 of 2, 1 of 1 and 2 of 2


@pytest.mark.parametrize(
    "row", [("2025-01-01", "2025-01-02", 10), ("2026-03-01", None, 10), ("2025-01-01", None, 0)]
)
def test_terms_of_nobody_who_pays_give_no_cohorts_and_no_error(
    row: tuple[str, str | None, int],
) -> None:
    start, end, amount = row
    rows = {
        "subscription_id": ["s"],
        "customer_id": ["a"],
        "start": [start],
        "end": [end],
        "amount": [amount],
    }
    book = sm.Book(subscriptions=rows | {"interval": ["month"]}, as_of="2025-12-31")
    found = sm.retention.renewal_cohorts(book)
    assert len(found.df) == 0
    assert found.text
    assert found.chart().to_dict()

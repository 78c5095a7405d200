"""Where there are no contracts, the terms are those that subscriptions roll through."""

from __future__ import annotations

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError

COLUMNS = (
    "subscription_id",
    "customer_id",
    "start",
    "end",
    "amount",
    "interval",
    "interval_count",
    "product",
)


def book(*rows, as_of="2026-06-30"):
    return sm.Book(
        as_of=as_of, subscriptions={n: [row[i] for row in rows] for i, n in enumerate(COLUMNS)}
    )


def test_a_running_yearly_subscription_is_due_on_every_anniversary():
    one = book(("s", "Ann", "2023-05-10", None, 1200, "year", 1, "Core"))
    rows = sm.renewals.rates(one, freq="Y").df
    assert rows["period"].dt.year.tolist() == [2024, 2025, 2026]
    assert rows["atr"].tolist() == [1200] * 3
    assert rows["value"].tolist() == [1, 1, 1]
    ahead = sm.renewals.calendar(one).df
    assert ahead[["period", "category", "value"]].values.tolist() == [
        [pd.Timestamp("2027-04-01"), "unclassified", 1200]
    ]


def test_a_change_within_the_term_is_no_renewal_and_one_at_its_end_is_upsell():
    rows = (
        ("s1", "Ann", "2024-01-01", "2024-07-01", 1200, "year", 1, "Core"),
        ("s2", "Ann", "2024-07-01", "2025-01-01", 1800, "year", 1, "Core"),  # grew during the term
        ("s3", "Ann", "2025-01-01", None, 2040, "year", 1, "Core"),  # and at renewal
    )
    found = sm.renewals.rates(book(*rows, as_of="2025-06-30")).df
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["atr"], row["renewed"], row["upsell"], row["mid_term"]) == (1800, 1800, 240, 0)


def test_a_subscription_that_ends_at_its_term_is_open_in_the_grace_and_then_lost():
    one = ("s", "Ann", "2024-01-31", "2025-01-31", 600, "year", 1, "Core")
    assert sm.renewals.rates(book(one, as_of="2025-03-31")).df["open"].tolist() == [600]
    assert sm.renewals.rates(book(one, as_of="2025-05-31")).df["lost"].tolist() == [600]


def test_products_of_a_customer_have_terms_of_their_own():
    rows = (
        ("s1", "Ann", "2024-01-01", None, 1200, "year", 1, "Core"),
        ("s2", "Ann", "2024-01-01", "2025-01-01", 300, "year", 1, "Add-on"),
    )
    row = sm.renewals.rates(book(*rows, as_of="2025-06-30")).df.iloc[0]
    assert (row["atr"], row["renewed"], row["lost"]) == (1500, 1200, 300)


def test_two_year_and_quarterly_terms_roll_at_their_own_pace_and_clip_to_the_month():
    rows = (
        ("s1", "Ann", "2023-01-31", None, 2400, "year", 2, "Core"),
        ("s2", "Bob", "2024-11-30", "2025-05-31", 90, "quarter", 1, "Core"),
    )
    found = sm.renewals.rates(book(*rows, as_of="2025-12-31"), freq="M", by="term")
    ends = [
        str(found.rows(period=p)["end"].iloc[0].date()) for p in ("2025-01", "2025-02", "2025-05")
    ]
    assert ends == ["2025-01-31", "2025-02-28", "2025-05-30"]
    assert (
        sm.renewals.rates(book(*rows)).df["atr"].max() == 1200 + 360
    )  # per year, both due in Q1 2025


def test_month_to_month_subscriptions_renew_by_staying():
    one = book(("s", "Ann", "2024-01-01", None, 100, "month", 1, "Core"))
    assert sm.renewals.rates(one).df.empty
    assert (
        "1 subscription billed more often: no terms, renewed by staying"
        in sm.renewals.rates(one).footnote
    )
    with pytest.raises(DataError, match="logo_retention"):
        sm.renewals.rates(one, terms="monthly")


def test_terms_of_the_demo_company_without_its_contracts_tell_the_same_story(demo_book):
    tables = {name: table.data for name, table in demo_book.tables.items() if name != "contracts"}
    rolled = sm.Book(as_of="2026-10-31", currency="USD", **tables)
    ours = sm.renewals.rates(rolled, freq="Y", measure="logo").df.set_index("period")
    theirs = sm.renewals.rates(demo_book, freq="Y", measure="logo").df.set_index("period")
    # Two-year contracts are billed by the year, so that subscriptions see more renewals; all of those renew.
    for period in theirs.index[theirs["complete"]]:
        assert ours["customers_lost"][period] >= theirs["customers_lost"][period] - 2
        assert ours["value"][period] == pytest.approx(theirs["value"][period], abs=0.12)


def test_the_cube_of_terms_sees_a_renewal_that_starts_before_the_old_term_ends():
    rows = (
        ("s1", "Ann", "2024-01-01", "2025-01-01", 1200, "year", 1, "Core"),
        ("s2", "Ann", "2024-11-15", "2025-11-15", 1500, "year", 1, "Core"),  # 47 days before
        ("s3", "Bob", "2024-01-01", "2025-01-01", 600, "year", 1, "Core"),
        (
            "s4",
            "Bob",
            "2024-06-01",
            "2026-06-01",
            600,
            "year",
            1,
            "Core",
        ),  # 214 days before: another one
    )
    cube = book(*rows, as_of="2025-06-30").terms("Q").set_index("period").loc["2025-01-01"]
    assert (cube["terms"], cube["terms_renewed"], cube["terms_lost"]) == (2, 1, 1)
    assert (cube["next"], cube["kept"]) == (125_000_000, 100_000_000)  # MRR in micro-units

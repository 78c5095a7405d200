"""Two sources of one number, customer by customer: every difference has a name and they sum to the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.definitions.pairing import STATUS, Pair
from tests.properties.profile import quick

COUNTS = list(STATUS)


def cube(**amounts: Any) -> sm.Book:
    """A customer cube of January and February 2026."""
    rows = [
        {"customer_id": name, "month": month, "mrr": value}
        for name, values in amounts.items()
        for month, value in zip(("2026-01", "2026-02"), values, strict=True)
        if value
    ]
    return sm.Book(mrr=pd.DataFrame(rows), as_of="2026-02-28")


BILLING = {
    "same": (100, 100),
    "close": (100, 100),
    "off": (100, 100),
    "gone": (50, 0),
    "old": (0, 7),
}
FINANCE = {"same": (100, 100), "close": (99, 100.5), "off": (80, 100), "late": (0, 30)}


def test_every_customer_has_the_status_that_the_two_amounts_say() -> None:
    made = sm.definitions.sources(cube(**BILLING), cube(**FINANCE), period="2026-01")
    # Largest first: gone -50, off -20, close -1 of 100, which is 1 %, same 0.
    assert made.df.values.tolist() == [
        ["gone", 50.0, 0.0, -50.0, "only_a"],
        ["off", 100.0, 80.0, -20.0, "differs"],
        ["close", 100.0, 99.0, -1.0, "within"],
        ["same", 100.0, 100.0, 0.0, "equal"],
    ]
    assert made.text == "-$71, 2 customers differ"


def test_over_time_totals_and_counts_stand_side_by_side() -> None:
    made = sm.definitions.sources(cube(**BILLING), cube(**FINANCE))
    df = made.df
    assert df[["a", "b", "difference"]].values.tolist() == [[350, 279, -71], [307, 330.5, 23.5]]
    assert df[COUNTS].values.tolist() == [[1, 1, 1, 1, 0], [2, 1, 0, 1, 1]]
    assert df["share"].tolist() == [-71 / 350, 23.5 / 307]
    assert df["complete"].all()


def test_the_tolerance_decides_who_differs() -> None:
    made = sm.definitions.sources(cube(**BILLING), cube(**FINANCE), tolerance=0.2)
    assert made.df[COUNTS].values.tolist() == [[1, 2, 0, 1, 0], [2, 1, 0, 1, 1]]


def test_arr_is_twelve_times_mrr() -> None:
    two = cube(**BILLING), cube(**FINANCE)
    arr = sm.definitions.sources(*two, metric="arr").df
    assert arr["difference"].tolist() == [-71 * 12, 23.5 * 12]


def test_the_customers_of_every_period_sum_to_its_difference(demo_book: sm.Book) -> None:
    made = sm.definitions.sources(demo_book, "contracts")
    for period in made.df["period"].iloc[::7]:
        rows = made.rows(period=period)
        cell = made.df[made.df["period"] == period].iloc[0]
        for name in ("a", "b", "difference"):
            micro = (rows[name] * 1e6).round().astype(int).sum()
            assert micro == round(cell[name] * 1e6)
        counted = rows["status"].value_counts().reindex(COUNTS, fill_value=0)
        assert counted.tolist() == cell[COUNTS].tolist()


def test_a_book_sets_its_own_sources_side_by_side(demo_book: sm.Book) -> None:
    made = sm.definitions.sources(demo_book)
    assert made.df["against"].unique().tolist() == ["invoices", "contracts"]
    bills = made.df[made.df["against"] == "invoices"]
    # The demo company bills what its subscriptions say; prorated bills are rounded to the cent.
    assert bills["share"].abs().max() < 1e-6
    assert not bills[["differs", "only_a", "only_b"]].to_numpy().any()
    # Those who pay by the month have no contract.
    signed = made.rows(period="2026-08", against="contracts")
    without = set(signed.loc[signed["status"] == "only_a", "customer_id"])
    contracts = demo_book.frame("contracts")
    day = pd.Timestamp("2026-08-31")
    live = contracts[(contracts["start"] <= day) & (contracts["end"] > day)]
    assert without.isdisjoint(live["customer_id"])
    with pytest.raises(sm.DataError, match="against="):
        made.rows(period="2026-08")


def test_a_billing_system_in_euros_equals_a_cube_in_dollars_at_the_rates_of_each_month() -> None:
    fx = pd.DataFrame({"date": ["2026-01-01", "2026-02-01"], "currency": "EUR", "rate": [1.1, 1.2]})
    line = {
        "subscription_id": ["s"],
        "customer_id": ["x"],
        "start": ["2026-01-01"],
        "amount": [100],
    }
    line |= {"interval": ["month"], "currency": ["EUR"]}
    dollars = pd.DataFrame(
        {"customer_id": ["x", "x"], "month": ["2026-01", "2026-02"], "mrr": [110.0, 120.0]}
    )
    more = {"currency": "USD", "as_of": "2026-02-28"}
    made = sm.definitions.sources(
        sm.Book(subscriptions=line, fx=fx, **more), sm.Book(mrr=dollars, **more)
    )
    assert made.df["difference"].tolist() == [0, 0]
    assert made.df["equal"].tolist() == [1, 1]


def test_two_books_are_named_by_what_they_are_or_as_asked() -> None:
    two = cube(**BILLING), cube(**FINANCE)
    assert "a is mrr (a), b is mrr (b)" in sm.definitions.sources(*two).footnote
    named = sm.definitions.sources(*two, labels=("billing", "finance"))
    assert "a is billing, b is finance" in named.footnote
    assert named.extra["labels"] == ("billing", "finance")


def test_only_periods_that_both_know_are_compared() -> None:
    early = cube(**BILLING).as_of("2026-01-31")
    made = sm.definitions.sources(early, cube(**FINANCE))
    assert len(made.df) == 1
    assert "mrr (b) is known until 2026-02-28, the other until 2026-01-31" in made.footnote


def test_what_cannot_be_compared_is_refused_with_the_remedy(demo_book: sm.Book) -> None:
    alone = cube(**BILLING)
    with pytest.raises(sm.DataError, match="no other source"):
        sm.definitions.sources(alone)
    with pytest.raises(sm.DataError, match="Did you mean 'contracts'"):
        sm.definitions.sources(demo_book, "contract")
    with pytest.raises(sm.DataError, match="mrr or arr"):
        sm.definitions.sources(demo_book, metric="nrr")
    euros = sm.Book(mrr={"customer_id": ["x"], "month": ["2026-01"], "mrr": [1]}, currency="EUR")
    with pytest.raises(sm.DataError, match="One source is in USD, the other in EUR"):
        sm.definitions.sources(alone, euros)
    with pytest.raises(sm.DataError, match="periods run from 2026-01-01 to 2026-02-01"):
        sm.definitions.sources(alone, cube(**FINANCE), period="2030-01")


AMOUNTS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.lists(st.sampled_from((0, 0, 100, 100.004, 101, 250, 33.33)), min_size=2, max_size=2),
    min_size=1,
)


@quick
@given(AMOUNTS, AMOUNTS, st.sampled_from((0.0, 0.01, 0.5)))
def test_for_any_two_cubes_customers_sum_to_the_totals(
    one: dict[str, list[float]], two: dict[str, list[float]], tolerance: float
) -> None:
    books = [cube(**{**amounts, "always": [1, 1]}) for amounts in (one, two)]
    pair = Pair(books[0], books[1], "M", tolerance, 1)
    totals, counts = pair.totals(), pair.counts()
    first, periods = pair.extent
    for number in range(periods):
        found = pair.customers(first + number)
        for total, amount in zip(totals, found.amounts, strict=True):
            assert amount.sum() == total[number]
        # Independently: the two dictionaries, key by key.
        status = []
        for name in {*one, *two}:
            a, b = (round(1e6 * x.get(name, [0, 0])[number]) for x in (one, two))
            if a or b:
                status.append(by_hand(a, b, tolerance))
        assert {n: int(c[number]) for n, c in counts.items()} == {
            n: status.count(n) + (n == "equal") for n in STATUS
        }
        assert np.bincount(found.status, minlength=5).tolist() == [
            int(counts[n][number]) for n in STATUS
        ]


def by_hand(a: int, b: int, tolerance: float) -> str:
    if abs(a - b) < 5_000:  # half a cent
        return "equal"
    if not a or not b:
        return "only_a" if a else "only_b"
    return "within" if abs(a - b) <= tolerance * max(a, b) else "differs"

"""MRR ahead: what follows by hand from simple companies, and what must hold for all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.forecast.growth import FADE, USUAL, growth
from saasmetrics.forecast.rates import _seen, band_of, outlook
from saasmetrics.forecast.steps import _lost, today
from tests.forecast import books
from tests.properties.profile import quick

MOVES = ["new", "reactivation", "expansion", "contraction", "churn", "pause", "fx"]


def adds_up(df: pd.DataFrame) -> None:
    assert (df["opening"] + df[MOVES].sum(axis=1)).to_numpy() == pytest.approx(
        df["closing"].to_numpy(), rel=1e-12, abs=1e-9
    )
    assert (df["value"] == df["closing"]).all()


def test_without_churn_and_news_mrr_stays_where_it_is() -> None:
    df = sm.forecast.mrr(books.flat()).df
    assert df["value"].tolist() == [1000.0] * 4  # ten customers of 100
    assert (df[MOVES] == 0).all(axis=None)


def test_nobody_lost_so_far_is_not_nobody_ever() -> None:
    few = sm.forecast.mrr(books.flat(customers=2)).df.iloc[-1]
    many = sm.forecast.mrr(books.flat(customers=100)).df.iloc[-1]
    assert few["low"] < few["value"]
    assert many["low"] / many["value"] > few["low"] / few["value"]


def test_two_per_cent_of_churn_a_month_is_geometric() -> None:
    df = sm.forecast.mrr(books.two_per_cent(), 9, freq="M").df
    # 10,000 less 2 % in each of the twelve months seen, and in each of nine ahead.
    expected = 10_000 * 0.98 ** (12 + np.arange(1, 10))
    assert df["value"].to_numpy() == pytest.approx(expected, rel=1e-9)
    adds_up(df)


def test_only_new_business_is_linear() -> None:
    lives = {f"c{n}": (n, None, 100.0) for n in range(30)}
    df = sm.forecast.mrr(books.book(30, lives), 12, freq="M").df
    assert df["value"].to_numpy() == pytest.approx(3000 + 100 * np.arange(1, 13))
    assert df["new"].to_numpy() == pytest.approx(100)


def test_new_business_that_grew_goes_on_growing_and_fades() -> None:
    # 100 customers of 1 won in the first year a month, 150 in the second: a resample of 3,000 says it is no chance.
    new = np.zeros((1, 200, 24), np.int64)
    new[..., :12], new[..., 12:] = 1, 2
    drawn = np.ones((500, 200))
    found = growth(new, drawn, np.random.default_rng(1))
    assert found.rate[0, 0] == pytest.approx(np.log(2) / 12)
    assert np.log(found.ahead(3)[0, 0]) == pytest.approx(
        np.log(2) / 12 * (FADE + FADE**2 + FADE**3)
    )
    assert np.log(found.ahead(1000)[0, 0]) < np.log(2) / 12 * 20  # it comes to an end


def test_growth_that_chance_explains_counts_by_half_where_its_variance_is_the_usual_one() -> None:
    # Draws of the logarithm of the ratio of a year to the year before with mean log 2 and standard deviation USUAL.
    noise = np.random.default_rng(2).standard_normal(4000)
    noise = (noise - noise.mean()) / noise.std() * USUAL
    drawn = np.concatenate([[[1.0, 1.0]], np.stack([np.exp(noise), np.ones(4000)], axis=1)])
    new = np.zeros((1, 2, 24), np.int64)
    new[0, 0, 12:], new[0, 1, :12] = 2_000_000, 1_000_000
    found = growth(new, drawn, np.random.default_rng(3))
    assert found.rate[0, 0] * 12 == pytest.approx(np.log(2) / 2, rel=2e-3)


def test_less_than_two_years_expect_no_growth_but_allow_for_it() -> None:
    found = growth(np.ones((1, 3, 23), np.int64), np.ones((1000, 3)), np.random.default_rng(1))
    assert found.rate[0, 0] == 0
    assert found.rate[1:, 0].std() * 12 == pytest.approx(USUAL, rel=0.1)


def test_groups_add_up_to_the_company(demo_book: sm.Book) -> None:
    whole = sm.forecast.mrr(demo_book).df
    parts = sm.forecast.mrr(demo_book, by="segment")
    adds_up(parts.df)
    for name in ["opening", *MOVES, "closing"]:
        total = parts.df.groupby("period")[name].sum().to_numpy()
        assert total == pytest.approx(whole[name].to_numpy(), rel=1e-9, abs=1e-6), name
    assert "Groups are scaled to add up" in parts.footnote


def test_the_first_opening_is_the_last_complete_months_closing(demo_book: sm.Book) -> None:
    df = sm.forecast.mrr(demo_book, by="segment").df
    first = df.groupby("segment")["opening"].first()
    month = demo_book.movements("M", "segment")
    month = month[month["complete"]].groupby("segment")["closing"].last() / 1e6
    assert first.to_dict() == pytest.approx(month.to_dict())


def test_parts_add_up_exactly_and_the_range_is_in_order(demo_book: sm.Book) -> None:
    df = sm.forecast.mrr(demo_book).df
    adds_up(df)
    assert (df["low"] <= df["p50"]).all()
    assert (df["p50"] <= df["high"]).all()
    assert ((df["high"] - df["low"]).diff().dropna() > 0).all()  # it widens


def test_the_same_numbers_come_every_time(demo_book: sm.Book) -> None:
    again = sm.demo(customers=300, seed=7)
    for f in (sm.forecast.mrr, sm.forecast.nrr):
        pd.testing.assert_frame_equal(f(demo_book).df, f(again).df)


def test_the_order_of_the_rows_does_not_matter(demo_book: sm.Book) -> None:
    tables = {
        name: demo_book.tables[name].data.to_pandas()
        for name in ("subscriptions", "customers", "fx")
    }
    mixed = {name: table.sample(frac=1, random_state=3) for name, table in tables.items()}
    one, two = (sm.Book(as_of="2026-10-31", currency="USD", **t) for t in (tables, mixed))
    pd.testing.assert_frame_equal(sm.forecast.mrr(one).df, sm.forecast.mrr(two).df)


def test_churn_by_tenure_is_that_of_a_count_customer_by_customer(demo_book: sm.Book) -> None:
    found = _seen(demo_book, (), 12, demo_book.engine.extent("M")[2])
    lost, exposed, lived = Counter(), Counter(), Counter()
    for paid, held in _monthly(demo_book):
        first = next((month for month, amount in enumerate(held) if amount), None)
        for month in range(len(paid) - 12, len(paid)):
            if first is None or not paid[month - 1]:
                continue
            age = month - first
            band = min((age - 1) // 12, 3) + (4 if age % 12 == 0 else 0)
            exposed[band] += paid[month - 1]
            lived[band] += 1
            lost[band] += paid[month - 1] if not held[month] else 0
    for band in range(8):
        assert found.exposed[0, :, band].sum() == exposed[band]
        assert found.lived[0, band] == lived[band]
        assert found.lost[0, :, band].sum() == lost[band]


def _monthly(book: sm.Book) -> list[tuple[list[int], list[int]]]:
    """MRR, and MRR with what is paused, of each customer at the end of every complete month."""
    first, _, full = book.engine.extent("M")
    states = [book.engine.periodic("M").state(month) for month in range(first, full + 1)]
    paid = np.array([mrr for mrr, _ in states]).T
    held = np.array([mrr + paused for mrr, paused in states]).T
    return list(zip(paid.tolist(), held.tolist(), strict=True))


def test_the_luck_of_customers_has_the_mean_and_the_spread_of_a_coin_for_each() -> None:
    found = outlook(books.flat(customers=25), (), 12)
    hazard = 0.1
    found = replace(found, churn=np.full_like(found.churn, hazard))
    many = np.concatenate(
        [
            _lost(found, today(found), 1.0, np.random.default_rng(n))[1:, 0].sum(axis=1)
            for n in range(20)
        ]
    )
    # 25 customers of 100, each gone with probability 0.1: mean 250, variance 25 x 100² x 0.1 x 0.9.
    assert many.mean() == pytest.approx(250, rel=0.02)
    assert many.var() == pytest.approx(25 * 100**2 * 0.09, rel=0.05)
    assert many.min() >= 0
    assert many.max() <= 2500


def test_the_probability_of_a_target_falls_as_it_rises(demo_book: sm.Book) -> None:
    df = sm.forecast.mrr(demo_book).df.iloc[-1]
    at = [
        sm.forecast.mrr(demo_book, target=float(df[name])).df["probability"].iloc[-1]
        for name in ("low", "p50", "high")
    ]
    assert at == pytest.approx([0.9, 0.5, 0.1], abs=0.002)  # the quantiles that they are


def test_a_period_that_has_begun_is_the_first() -> None:
    df = sm.forecast.mrr(books.flat(23), 2).df  # to November 2025
    assert df["period"].tolist() == [pd.Timestamp("2025-10-01"), pd.Timestamp("2026-01-01")]
    assert df["months"].tolist() == [1, 3]


def test_churn_at_anniversaries_waits_for_the_anniversary() -> None:
    # Twenty customers a month for three years; half of each month's leave after exactly twelve months.
    lives = {
        f"c{m}-{n}": (m, m + 12 if n % 2 and m + 12 <= 36 else None, 10.0)
        for m in range(36)
        for n in range(20)
    }
    found = outlook(books.book(37, lives), (), 12)
    band = band_of(np.array([6, 12, 18]))
    year = found.churn[0, 0, band]
    assert year[1] > 20 * year[0]
    assert year[2] < 0.02


def test_a_book_of_three_months_is_refused_and_one_of_four_is_not() -> None:
    with pytest.raises(sm.DataError, match="at least 4 complete months, and this book has 3"):
        sm.forecast.mrr(books.flat(3))
    assert len(sm.forecast.mrr(books.flat(4), 2).df) == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"quarters": 0}, "quarters=0 is not a whole number"),
        ({"freq": "W"}, "a forecast goes by M, Q or Y"),
        ({"interval": 1.5}, "interval=1.5"),
        ({"interval": None}, "a forecast has a range"),
        ({"history": True}, "history=True"),
        ({"target": "a lot"}, "target='a lot' is not a number"),
        ({"scenario": {"chrun": 2}}, "chrun"),
        ({"scenario": 3}, "A scenario is"),
        ({"by": "plan"}, "column of subscriptions"),
        ({"by": "customer_id"}, "300 groups; a forecast takes 50"),
    ],
)
def test_what_cannot_be_is_refused_in_words(demo_book: sm.Book, asked, said: str) -> None:
    with pytest.raises(sm.DataError, match=said):
        sm.forecast.mrr(demo_book, **asked)


def test_customers_who_all_left_leave_nothing_to_forecast() -> None:
    lives = {f"c{n}": (0, 10, 50.0) for n in range(3)}
    df = sm.forecast.mrr(books.book(10, lives, as_of="2025-06-30")).df
    assert (df[["value", "low", "high"]] == 0).all(axis=None)


LIFE = st.tuples(st.integers(0, 17), st.integers(1, 18), st.integers(1, 500))


@settings(quick, max_examples=15)
@given(lives=st.lists(LIFE, min_size=1, max_size=8), churn=st.floats(0, 3))
def test_every_company_has_a_forecast_in_order_that_churn_pulls_down(
    lives: list[tuple[int, int, int]], churn: float
) -> None:
    made = books.book(
        18,
        {
            f"c{n}": (start, min(start + length, 18), float(mrr))
            for n, (start, length, mrr) in enumerate(lives)
        },
        as_of="2025-06-30",
    )
    if made.engine.extent("M")[2] - made.engine.extent("M")[0] < 3:
        return
    df = sm.forecast.mrr(made).df
    assert (df["low"] >= 0).all()
    assert (df["low"] <= df["p50"]).all()
    assert (df["p50"] <= df["high"]).all()
    assert (df["value"] >= 0).all()
    adds_up(df)
    same = sm.forecast.mrr(made, scenario={"churn": 1.0, "new": 1.0, "price": 0.0}).df
    pd.testing.assert_frame_equal(df, same)
    moved = sm.forecast.mrr(made, scenario={"churn": churn}).df["value"]
    slack = 1e-9 * (1 + df["value"])
    assert ((moved <= df["value"] + slack) if churn >= 1 else (moved >= df["value"] - slack)).all()


@pytest.mark.parametrize("asked", [sm.forecast.mrr, sm.forecast.nrr], ids=["mrr", "nrr"])
def test_the_order_of_rows_changes_no_digit(asked: Any) -> None:
    random = np.random.default_rng(5)
    rows = pd.DataFrame(
        [
            (f"c{who}", f"2024-{month:02d}", round(float(random.uniform(1, 900)), 2))
            for who in range(7)
            for month in range(1, 13)
            if random.random() < 0.8
        ],
        columns=["customer_id", "month", "mrr"],
    )
    ours, theirs = (
        asked(sm.Book(mrr=each, currency="USD", as_of="2024-12-31")).df
        for each in (rows, rows.sample(frac=1, random_state=3))
    )
    pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=0)

"""NRR ahead: by hand, and against the NRR that is known when nothing of the window lies ahead."""

from __future__ import annotations

import pandas as pd
import pytest

import saasmetrics as sm
from tests.forecast import books


def test_customers_who_stay_the_same_keep_their_whole_mrr() -> None:
    assert sm.forecast.nrr(books.flat()).df["value"].tolist() == [1.0] * 4


def test_two_per_cent_of_churn_a_month_makes_nrr_of_twelve_months() -> None:
    df = sm.forecast.nrr(books.two_per_cent(), 15, freq="M").df
    assert df["value"].to_numpy() == pytest.approx(0.98**12)  # windows partly, and wholly, ahead
    assert df["months"].tolist() == [*range(1, 13), 12, 12, 12]


def test_new_customers_are_no_retention() -> None:
    lives = {f"c{n}": (n, None, 100.0) for n in range(30)}
    assert sm.forecast.nrr(books.book(30, lives)).df["value"].tolist() == [1.0] * 4


def test_a_price_uplift_is_in_every_window_that_holds_its_month() -> None:
    # Prices go up 10 % in the second month ahead; windows of six months hold it from their end in month 2 to 7.
    scenario = {"price": 0.1, "price_month": 2}
    df = sm.forecast.nrr(books.flat(), 9, scenario, window=6, freq="M").df
    assert df["value"].to_numpy() == pytest.approx([1.0, *[1.1] * 6, 1.0, 1.0])


def test_the_denominator_is_what_was_paid_at_the_start_of_the_window(demo_book: sm.Book) -> None:
    df = sm.forecast.nrr(demo_book, 2, freq="M").df
    closing = demo_book.movements("M")
    closing = closing[closing["complete"]].set_index("period")["closing"] / 1e6
    starts = df["period"] - pd.DateOffset(months=12)
    assert df["denominator"].to_numpy() == pytest.approx(closing[starts].to_numpy())


def test_nrr_ahead_goes_on_from_the_nrr_so_far(demo_book: sm.Book) -> None:
    # With churn, expansion and pauses taken away, the eleven months that are known of a window of twelve are all.
    still = {"churn": 0, "expansion": 0, "contraction": 0}
    ahead = sm.forecast.nrr(demo_book, 1, still, freq="M").df["value"].iloc[0]
    known = sm.retention.nrr(demo_book, window=11, freq="M").df
    known = known[known["complete"]]["value"].iloc[-1]
    assert ahead == pytest.approx(known, abs=0.002)  # pauses go on


def test_windows_that_begin_before_the_first_customer_are_missing_with_a_reason() -> None:
    made = sm.forecast.nrr(books.flat(6), 8, freq="M")
    # Six months are known: a window of twelve begins within them from the seventh month ahead.
    assert made.df["value"].isna().tolist() == [True] * 6 + [False] * 2
    assert set(made.df["reason"][:6]) == {"nobody was paying at the start of the window"}
    assert (made.df["reason"][6:] == "").all()


def test_the_probability_of_a_target_is_the_share_of_ways_that_reach_it(demo_book: sm.Book) -> None:
    last = sm.forecast.nrr(demo_book).df.iloc[-1]
    at = sm.forecast.nrr(demo_book, target=float(last["high"])).df["probability"].iloc[-1]
    assert at == pytest.approx(0.1, abs=0.002)


def test_another_formula_of_the_policy_changes_nothing_but_the_footnote(demo_book: sm.Book) -> None:
    other = demo_book.with_policy(nrr="movements", reactivation="in")
    one, two = sm.forecast.nrr(demo_book), sm.forecast.nrr(other)
    pd.testing.assert_frame_equal(one.df, two.df)
    pd.testing.assert_frame_equal(one.extra["history"], two.extra["history"])
    assert "whatever formula the policy has" in two.footnote
    assert "whatever formula the policy has" not in one.footnote

"""Unit economics under levers: nothing moved is the number itself, and each lever does what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.metrics.economics.levers import Levers

METHODS = [
    "survival",
    "paths",
    "margin",
    "simple",
    "skok",
    "skok_discounted",
    "discounted",
    "capped",
]


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=600)


@pytest.mark.parametrize("method", METHODS)
def test_without_levers_it_is_ltv_to_cac_itself(book, method) -> None:
    as_it_is = sm.economics.ltv_cac(book, by="segment", method=method)
    found = sm.economics.ltv_cac_whatif(book, by="segment", method=method)
    pd.testing.assert_frame_equal(found.df, as_it_is.df, check_exact=True)
    assert np.array_equal(found.extra["draws"], as_it_is.extra["draws"], equal_nan=True)


@pytest.mark.parametrize("method", ["gross_margin", "simple", "churn_adjusted"])
def test_without_levers_it_is_payback_itself(book, method) -> None:
    as_it_is = sm.economics.payback(book, by="segment", method=method)
    found = sm.economics.payback_whatif(book, by="segment", method=method)
    pd.testing.assert_frame_equal(found.df, as_it_is.df, check_exact=True)


def test_moved_back_it_is_what_it_was(book) -> None:
    found = sm.economics.ltv_cac_whatif(book, by="segment", churn=0.2, cac=-0.1)
    again = sm.economics.ltv_cac(book, by="segment")
    pd.testing.assert_frame_equal(found.moved().df, again.df, check_exact=True)


@pytest.mark.parametrize("method", METHODS)
def test_a_price_raises_and_a_cost_divides_every_ratio(book, method) -> None:
    found = sm.economics.ltv_cac_whatif(book, method=method)
    # Growth by expansion is in MRR, and so moves with prices: every method is linear in them.
    assert found.moved(price=0.1).value == pytest.approx(1.1 * found.value)
    assert found.moved(cac=0.25).value == pytest.approx(found.value / 1.25)
    assert found.moved(price=0.1, cac=0.1).value == pytest.approx(found.value)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "simple"])
def test_a_margin_is_moved_as_a_share_of_itself(book, method) -> None:
    found = sm.economics.ltv_cac_whatif(book, method=method, gross_margin=0.8)
    other = sm.economics.ltv_cac(book, method=method, margin=0.84)
    assert found.moved(margin=0.05).value == pytest.approx(other.value)


def test_the_formulas_take_another_churn(book) -> None:
    # LTV = ARPA x margin / churn, so a tenth fewer leaving is worth 1/0.9.
    found = sm.economics.ltv_cac_whatif(book, method="margin")
    assert found.moved(churn=-0.1).value == pytest.approx(found.value / 0.9)


def test_a_curve_follows_the_rate_of_leaving_of_every_age(book) -> None:
    alive = np.array([1.0, 0.9, 0.72, 0.36, 0.0, 0.0])  # 10 %, 20 %, 50 % leave, then the rest
    by_hand = [1.0]
    for rate in (0.1, 0.2, 0.5):
        by_hand.append(by_hand[-1] * (1 - 1.5 * rate))
    assert Levers(churn=0.5).staying(alive) == pytest.approx([*by_hand, 0.0, 0.0])


def test_nobody_is_left_where_a_rate_would_be_above_all_of_them() -> None:
    assert Levers(churn=1.5).staying(np.array([1.0, 0.5, 0.25])).tolist() == [1.0, 0.0, 0.0]


def test_more_churn_is_worth_less_by_every_method(book) -> None:
    for method in METHODS:
        found = sm.economics.ltv_cac_whatif(book, method=method)
        values = [found.moved(churn=churn).value for churn in (-0.2, 0.0, 0.2)]
        assert values == sorted(values, reverse=True), method


def test_the_chance_of_the_target_moves_with_the_levers(book) -> None:
    found = sm.economics.ltv_cac_whatif(book)
    chances = [found.moved(cac=cac).df["probability"].iloc[0] for cac in (-0.5, 0.0, 0.5)]
    assert chances == sorted(chances, reverse=True)
    assert found.moved(cac=-0.9).df["verdict"].iloc[0] == "pass"
    assert found.moved(cac=5.0).df["verdict"].iloc[0] == "fail"


def test_a_margin_above_all_that_is_earned_is_missing_with_its_reason(book) -> None:
    margins = {"SMB": 0.7, "Mid-Market": 0.8, "Enterprise": 0.9}
    for metric in (sm.economics.ltv_cac_whatif, sm.economics.payback_whatif):
        df = metric(book, by="segment", margin=0.2, gross_margin=margins).df.set_index("segment")
        assert df["value"].notna().to_dict() == {
            "SMB": True,
            "Mid-Market": True,
            "Enterprise": False,
        }
        assert df.loc["Enterprise", "reason"] == "a gross margin of 108.0% is above 100%"
        assert df.loc["Enterprise", "verdict"] == "not proven"


def test_payback_moves_with_cost_and_profit_and_by_its_usual_method_not_with_churn(book) -> None:
    found = sm.economics.payback_whatif(book)
    assert found.moved(cac=0.2).value == pytest.approx(1.2 * found.value)
    assert found.moved(price=0.25).value == pytest.approx(found.value / 1.25)
    assert found.moved(churn=0.5).value == found.value
    assert "Churn has no part" in found.footnote
    followed = sm.economics.payback_whatif(book, method="churn_adjusted")
    assert followed.moved(churn=1.0).value > followed.value


def test_the_footnote_names_the_levers_that_are_moved_and_what_is_held(book) -> None:
    found = sm.economics.ltv_cac_whatif(book, churn=-0.1, price=0.05)
    assert "rate of leaving at each age -10.0%" in found.footnote
    assert "prices +5.0%" in found.footnote
    assert "What is not moved is held" in found.footnote
    assert "held" not in found.moved().footnote


def test_a_lever_that_is_no_change_as_a_share_is_refused(book) -> None:
    for wrong in (-1.0, float("nan"), "10%", None):
        with pytest.raises(sm.DataError, match="churn"):
            sm.economics.ltv_cac_whatif(book, churn=wrong)
    with pytest.raises(sm.DataError, match=r"did you mean -0\.1\?"):
        sm.economics.ltv_cac_whatif(book, cac=-10)
    with pytest.raises(sm.DataError, match="levers need"):
        sm.economics.payback_whatif(book, method="empirical")


def test_the_customers_behind_it_are_those_won(book) -> None:
    found = sm.economics.ltv_cac_whatif(book, by="segment", churn=0.1)
    row = found.df.iloc[0]
    assert len(found.rows(segment=row["segment"])) == row["n"]

"""The survival explorer: curves, causes and tests are the library's; a model goes on only beyond what was seen."""

from __future__ import annotations

import json

import pytest

import saasmetrics as sm
from saasmetrics.survival.fits import MODELS
from saasmetrics_widgets import SurvivalExplorer, curve


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=150)


def shapes(panel) -> list[dict]:
    return json.loads(panel["scene"])["shapes"]


def test_groups_have_their_curves_and_the_test_in_words(book) -> None:
    found = SurvivalExplorer(book, column="segment", freq="Q")
    same = sm.survival.compare(book, by="segment", freq="Q")
    assert found.view["answer"].rstrip(".") == same.extra["headline"].rstrip(".")
    assert len([s for s in shapes(found.pairs) if "pick" in s]) == len(same.df)
    groups = {s["pick"]["group"] for s in shapes(found.survival) if "pick" in s}
    assert groups == {"Enterprise", "Mid-Market", "SMB"}


def test_the_median_of_each_group_is_that_of_the_library(book) -> None:
    found = SurvivalExplorer(book, column="segment", freq="Q")
    summary = sm.survival.curve(book, by="segment", freq="Q").extra["summary"].set_index("segment")
    shown = {card["id"]: card["value"] for card in found.view["cards"]}
    for name, row in summary.iterrows():
        known = row["median"] == row["median"]
        assert shown[name] == (f"{row['median']:g}" if known else "–")


def test_a_model_is_dashed_and_begins_where_the_curve_ends(book) -> None:
    found = SurvivalExplorer(book, model="weibull", freq="Q", horizon=40)
    dashed = [s for s in shapes(found.survival) if s.get("dash") == "6 4"]
    assert len(dashed) == 1
    fit = sm.survival.fit(book, "weibull", freq="Q", horizon=40).df
    last = int(sm.survival.curve(book, freq="Q").df["age"].max())
    assert dashed[0]["d"].count("L") == (fit["age"] > last).sum()
    assert "dashed: Weibull beyond what was observed" in found.survival["note"]


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_model_of_the_library_can_be_chosen(book, model) -> None:
    found = SurvivalExplorer(book, model=model)
    assert found.view["error"] == ""
    assert "dashed" in found.survival["note"]


def test_the_survival_of_money_has_no_model_and_says_so(book) -> None:
    found = SurvivalExplorer(book, model="weibull", weight="mrr")
    assert "weigh by customers" in found.survival["note"]


def test_a_point_of_a_cause_opens_to_the_customers_lost_to_it(book) -> None:
    found = SurvivalExplorer(book, freq="Q")
    found.selection = {"of": "causes", "age": 6, "group": "voluntary"}
    same = sm.survival.causes(book, freq="Q").rows(age=6, cause="voluntary")
    assert sorted(found.customers["customer_id"]) == sorted(same["customer_id"])
    assert found.linked == [{"of": "survival", "age": 6}]


def test_a_point_of_a_curve_opens_to_those_at_risk(book) -> None:
    found = SurvivalExplorer(book, freq="Q", column="segment")
    found.selection = {"of": "survival", "age": 3, "group": "SMB"}
    df = sm.survival.curve(book, by="segment", freq="Q").df
    point = df[(df["segment"] == "SMB") & (df["age"] == 3)].iloc[0]
    assert len(found.customers) == point["at_risk"]


def test_without_groups_there_is_nothing_to_compare(book) -> None:
    found = SurvivalExplorer(book, cause="")
    assert (found.pairs, found.causes) == ({}, {})
    assert found.view["answer"]


def test_a_group_or_age_that_there_is_not_is_said_in_the_table(book) -> None:
    found = SurvivalExplorer(book, column="segment")
    found.selection = {"of": "survival", "age": 3, "group": "Huge"}
    assert "Huge" in found.table["message"]
    found.selection = {"of": "survival"}
    assert "age" in found.table["message"]


def test_where_nobody_has_a_lifetime_nothing_is_said_of_half_of_them() -> None:
    found = SurvivalExplorer(sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [0]}))
    assert found.view["answer"] == "No customer has a lifetime yet."
    assert found.view["cards"] == []


def test_a_band_is_spoken_of_only_where_a_curve_has_one(book) -> None:
    found = SurvivalExplorer(book, freq="Q")
    assert "band: 95% interval" in found.survival["note"]
    row = {"age": 0, "value": 1.0, "low": None, "high": None, "at_risk": 1}
    assert curve.axes([curve.Curve("", "gain", [row])], "month") == ["By age in months"]

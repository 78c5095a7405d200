"""Unit economics with levers: the verdict and its chance are the library's, and scenarios are kept."""

from __future__ import annotations

import json

import pytest

import saasmetrics as sm
from saasmetrics_widgets import UnitEconomics


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=300)


@pytest.fixture
def units(book) -> UnitEconomics:
    return UnitEconomics(book)


def says(panel) -> list[str]:
    return [s["say"] for s in json.loads(panel["scene"])["shapes"] if s["k"] == "mark"]


def test_without_levers_the_numbers_are_those_of_the_library(units) -> None:
    df = sm.economics.ltv_cac(units.book, by="segment").df
    for row, say in zip(df.to_dict("records"), says(units.ratio), strict=True):
        assert say.startswith(f"{row['segment']}: {row['value']:.1f}x")
    whole = sm.economics.ltv_cac(units.book).df.iloc[0]
    assert units.view["cards"][0]["value"] == f"{whole['value']:.1f}x"


def test_levers_move_the_number_the_verdict_and_the_chance(units) -> None:
    units.controls = {**units.controls, "churn": -20, "price": 10, "cac": -30}
    moved = sm.economics.ltv_cac_whatif(units.book, churn=-0.2, price=0.1, cac=-0.3).df.iloc[0]
    card, chance = units.view["cards"][:2]
    assert card["value"] == f"{moved['value']:.1f}x"
    words = {"pass": "meets 3:1", "fail": "misses 3:1", "not proven": "3:1 not proven"}
    assert card["verdict"] == words[moved["verdict"]]
    expected = moved["probability"]
    assert chance["value"] == ("above 99%" if expected > 0.99 else f"{expected * 100:.0f}%")
    assert units.view["answer"].startswith("Churn −20%, price +10%, CAC −30%: LTV:CAC")
    assert units.ratio["code"].endswith('by="segment", churn=-0.2, price=0.1, cac=-0.3)')


def test_the_code_of_a_panel_gives_its_numbers(units) -> None:
    units.controls = {**units.controls, "cac": 25}
    found = eval(units.months["code"], {"sm": sm, "book": units.book})
    sent = []
    units.send = sent.append
    units._answer(units, {"ask": "panel", "name": "months"}, [])
    value = found.df["value"].iloc[0]
    assert sent[0]["copy"].splitlines()[1].split(",")[1] == str(value)


def test_scenarios_are_kept_replaced_chosen_and_removed(units) -> None:
    units.controls = {**units.controls, "cac": -20}
    units._answer(units, {"ask": "keep", "value": "Cheaper leads"}, [])
    units.controls = {**units.controls, "cac": 0, "price": 5}
    units.keep("Price rise")
    assert [one["name"] for one in units.scenarios] == ["Cheaper leads", "Price rise"]
    expected = sm.economics.ltv_cac_whatif(units.book, cac=-0.2).value
    assert any(s.startswith("Cheaper leads") and f"{expected:.1f}x" in s for s in says(units.kept))
    units.selection = {"of": "kept", "name": "Cheaper leads"}
    assert (units.controls["cac"], units.controls["price"], units.selection) == (-20, 0, {})
    units._answer(units, {"ask": "forget", "value": "Cheaper leads"}, [])
    assert [one["name"] for one in units.scenarios] == ["Price rise"]
    units.selection = {"of": "kept", "name": "As it is"}
    assert units.controls["cac"] == 0


def test_a_scenario_without_a_name_is_refused_in_the_widget(units) -> None:
    units._answer(units, {"ask": "keep", "value": "  "}, [])
    assert "name of its own" in units.view["error"]
    with pytest.raises(sm.DataError, match="whole per cent"):
        units.scenarios = [{"name": "Much", "churn": 500}]
    assert units.scenarios == []


def test_scenarios_are_saved_and_opened_again(units, tmp_path) -> None:
    units.controls = {**units.controls, "margin": 5}
    units.keep("Better margin")
    found = UnitEconomics.load(units.book, units.save(tmp_path / "scenarios.json"))
    assert (found.controls, found.scenarios) == (units.controls, units.scenarios)


def test_a_segment_opens_to_the_customers_won(units) -> None:
    units.selection = {"of": "ratio", "segment": "SMB"}
    rows = sm.economics.ltv_cac(units.book, by="segment").rows(segment="SMB")
    assert sorted(units.customers["customer_id"]) == sorted(rows["customer_id"])
    assert units.linked == [{"of": "months", "segment": "SMB"}]


def test_without_spend_it_says_what_is_missing() -> None:
    rows = {"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [10, 10]}
    found = UnitEconomics(sm.Book(mrr=rows))
    assert found.view["error"] == ""
    assert found.view["cards"][0]["value"] == "–"
    assert "margin" in found.view["answer"] or "spend" in found.view["answer"]


def test_a_margin_above_all_is_said_where_the_number_would_be(units) -> None:
    units.controls = {**units.controls, "margin": 50}
    assert "above 100%" in units.view["answer"]
    assert all("above 100%" in text for text in says(units.ratio))


def test_levers_in_python_are_whole_per_cent_within_reach(units) -> None:
    for wrong in (0.5, 51, -51, "10", float("nan")):
        with pytest.raises(sm.DataError, match="churn"):
            units.controls = {**units.controls, "churn": wrong}


def test_a_margin_that_no_table_tells_is_given() -> None:
    months = ["2026-01", "2026-02"]
    spend = {"month": months, "function": ["sales"] * 2, "amount": [50, 50]}
    book = sm.Book(mrr={"customer_id": ["a", "a"], "month": months, "mrr": [10, 10]}, spend=spend)
    found = UnitEconomics(book, gross_margin=0.8)
    value = sm.economics.ltv_cac(book, margin=0.8).value
    assert found.view["cards"][0]["value"] == f"{value:.1f}x"
    assert found.ratio["code"].endswith("gross_margin=0.8)")


def test_the_legend_names_the_shape_that_is_drawn(units) -> None:
    assert "diamond: as it is" in units.ratio["note"]

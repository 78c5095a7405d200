"""The definition switch: both numbers are the library's, and what lies between is told to the last customer."""

from __future__ import annotations

import json

import pytest

import saasmetrics as sm
from saasmetrics_widgets import DefinitionSwitch
from saasmetrics_widgets.switch import METRICS


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=100)


@pytest.fixture
def switch(book) -> DefinitionSwitch:
    return DefinitionSwitch(book, a="default", b="stripe")


def marks(panel) -> list[dict]:
    return [shape for shape in json.loads(panel["scene"])["shapes"] if shape["k"] == "mark"]


def test_it_opens_by_its_name_in_the_book(book) -> None:
    assert isinstance(book.explore("switch", metric="grr"), DefinitionSwitch)


def test_a_widget_that_there_is_not_is_refused(book) -> None:
    with pytest.raises(sm.DataError, match="no widget 'swicth'"):
        book.explore("swicth")


def test_both_numbers_are_those_of_the_library_with_both_sides(switch) -> None:
    df = sm.definitions.compare(switch.book, "nrr", ["default", "stripe"], freq="Q").df
    df = df[df["period"] == switch.controls["period"]].set_index("policy")
    for card, name in zip(switch.view["cards"], ("default", "stripe"), strict=False):
        row = df.loc[name]
        assert card["value"] == f"{row['value'] * 100:.1f}%"
        assert card["note"] == f"{row['numerator']:,.0f} / {row['denominator']:,.0f} USD"


def test_the_way_leads_over_every_choice_that_matters(switch) -> None:
    found = sm.definitions.explain(switch.book, "nrr", "default", "stripe", "2026-07-01", freq="Q")
    picked = [mark["pick"] for mark in marks(switch.way)]
    assert [pick["of"] for pick in (picked[0], picked[-1])] == ["a", "b"]
    assert [pick["step"] for pick in picked[1:-1]] == found.extra["drawn"]


def test_the_customers_of_a_choice_add_up_to_it(switch) -> None:
    steps = (
        sm.definitions.explain(switch.book, "nrr", "default", "stripe", "2026-07-01", freq="Q")
        .extra["steps"]
        .set_index("step")
    )
    for step in steps.index:
        switch.selection = {"of": "way", "step": step}
        assert switch.table["message"] == ""
        assert switch.customers[step].sum() == pytest.approx(steps.loc[step, "value"], abs=1e-12)


def test_all_who_differ_add_up_to_the_difference(switch) -> None:
    switch.selection = {"of": "way"}
    assert switch.customers["value"].sum() == pytest.approx(switch.result.extra["difference"])


def test_a_customer_of_the_list_opens_to_what_it_adds(switch) -> None:
    first = marks(switch.customers_panel)[0]["pick"]
    switch.selection = first
    assert switch.customers["customer_id"].tolist() == [first["customer"]]
    assert switch.table["texts"][0][2].endswith("pp")


@pytest.mark.parametrize("metric", METRICS)
def test_every_number_on_offer_can_be_switched(metric) -> None:
    book = sm.demo(customers=40)
    found = DefinitionSwitch(book, metric=metric)
    assert found.view["error"] == ""
    assert len(found.view["cards"]) == 3
    found.selection = {"of": "a"}
    assert found.table["message"] == ""


def test_a_policy_against_itself_says_that_nothing_differs(book) -> None:
    found = DefinitionSwitch(book, a="stripe", b="stripe")
    assert found.view["answer"].startswith("Nothing differs")
    assert found.view["error"] == ""


def test_a_policy_of_the_company_itself_can_be_compared(book) -> None:
    ours = book.with_policy(reactivation="in")
    found = DefinitionSwitch(ours, b="default")
    assert found.view["error"] == ""
    assert "book.policy" in found.way["code"]
    steps = sm.definitions.explain(ours, "nrr", ours.policy, "default", "2026-07-01", freq="Q")
    assert found.view["cards"][2]["note"].startswith(f"{len(steps.df):,} customer")


def test_a_segment_is_explained_by_its_customers_alone(book) -> None:
    found = DefinitionSwitch(book, column="segment", value="SMB")
    assert 'book.where(segment="SMB")' in found.way["code"]
    found.selection = {"of": "a"}
    segment = book.frame("customers").set_index("customer_id")["segment"]
    assert set(segment[found.customers["customer_id"]]) == {"SMB"}

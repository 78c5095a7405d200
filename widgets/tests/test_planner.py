"""The capacity planner: its cards, pictures and rows are those of the library."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import saasmetrics as sm
import saasmetrics_widgets as sw
from saasmetrics.errors import UnknownNameError
from saasmetrics_widgets.planner import CapacityPlanner

MOVED = {"growth": 100, "contacts": 50, "ramp": 3, "occupancy": 60, "lead": 4}


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=300)


@pytest.fixture
def planner(book: sm.Book) -> CapacityPlanner:
    return sw.plan_capacity(book)


@pytest.fixture(scope="module")
def plan(book: sm.Book) -> pd.DataFrame:
    return sm.capacity.hiring_plan(
        book, growth=1.0, contact_change=0.5, ramp=3, occupancy=0.6, lead=4
    ).df


def cards(planner: CapacityPlanner) -> dict[str, dict]:
    return {card["id"]: card for card in planner.view["cards"]}


def shapes(planner: CapacityPlanner, panel: str, kind: str) -> list[dict]:
    scene = json.loads(getattr(planner, panel)["scene"])
    return [shape for shape in scene["shapes"] if shape["k"] == kind]


def tips(planner: CapacityPlanner, panel: str) -> list[str]:
    return [shape["tip"] for shape in shapes(planner, panel, "rect") if shape.get("tip")]


def test_tickets_to_come_are_the_forecasts(book: sm.Book, planner: CapacityPlanner) -> None:
    total = sm.capacity.demand(book).extra["total"]
    last = total.iloc[-1]
    card = cards(planner)["demand"]
    assert card["value"] == f"{last['value']:,.0f}"
    assert card["note"].startswith(f"{last['low']:,.0f} to {last['high']:,.0f}")
    assert len(tips(planner, "demand")) == int(total["forecast"].sum())


def test_every_slider_is_an_argument_of_the_plan(
    planner: CapacityPlanner, plan: pd.DataFrame
) -> None:
    planner.controls = {**planner.controls, **MOVED}
    card = cards(planner)
    assert card["hires"]["value"] == f"{plan['hires'].iloc[-1]:,}"
    assert card["next"]["value"] == f"{plan[plan['open'] > 0]['period'].iloc[0]:%b %Y}"
    assert f"{plan[plan['start'] > 0]['period'].iloc[0]:%b %Y}" in card["next"]["note"]
    assert card["short"]["value"] == f"{plan['short'].max():.0%}"
    for words in ("growth=1.0", "contact_change=0.5", "ramp=3", "occupancy=0.6", "lead=4"):
        assert words in planner.hiring["code"]
    assert "growth=1.0" in planner.demand["code"]
    assert "lead" not in planner.demand["code"]


def test_the_picture_says_what_each_month_asks_for(
    planner: CapacityPlanner, plan: pd.DataFrame
) -> None:
    planner.controls = {**planner.controls, **MOVED}
    said = [tip.split(";")[0] for tip in tips(planner, "hiring")]
    assert said == [
        f"{row.period:%b %Y}: open {row.open}, {row.start} start" for row in plan.itertuples()
    ]


def test_a_longer_time_to_hire_never_moves_a_requisition_to_a_later_month(book: sm.Book) -> None:
    opened = [
        pd.Timestamp(
            cards(CapacityPlanner(book, growth=100, contacts=30, lead=lead))["next"]["value"]
        )
        for lead in (0, 3, 6)
    ]
    assert opened == sorted(opened, reverse=True)
    assert opened[0] > opened[-1]


def test_a_book_of_business_opens_to_its_accounts_and_stays_open(
    book: sm.Book, planner: CapacityPlanner
) -> None:
    df = sm.capacity.books(book).df.set_index("csm_id")
    for mark in shapes(planner, "books", "mark"):
        planner.selection = dict(mark["pick"])
        assert planner.customers is not None
        assert len(planner.customers) == df.loc[mark["pick"]["csm_id"], "n"]
    listed = planner.table["texts"]
    planner.controls = {**planner.controls, "growth": 30}
    assert planner.selection == mark["pick"]
    assert planner.table["texts"] == listed


def test_the_code_of_a_selection_gives_its_rows(book: sm.Book, planner: CapacityPlanner) -> None:
    planner.selection = dict(shapes(planner, "books", "mark")[0]["pick"])
    space = {"sm": sm, "book": book}
    exec(planner.table["code"], space)
    assert len(space["rows"]) == len(planner.customers)


def test_a_plan_can_be_for_other_people(book: sm.Book, planner: CapacityPlanner) -> None:
    assert planner.controls["role"] == "agent"
    planner.controls = {**planner.controls, "role": ""}
    everybody = sm.capacity.hiring_plan(book, roles=None, ramp=2).df
    assert f"{everybody['capacity_now'].iloc[0]:,.1f} without hires" in tips(planner, "people")[0]


def test_customers_without_segments_are_forecast_all_together(book: sm.Book) -> None:
    tables = {name: table.data for name, table in book.tables.items()}
    tables["customers"] = tables["customers"].drop_columns(["segment"])
    plain = sm.Book(**tables, as_of=book.as_of_text, currency="USD")
    assert "by=None" in CapacityPlanner(plain).demand["code"]


def test_each_missing_table_is_named() -> None:
    planner = CapacityPlanner(
        sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    )
    for card, table in (("demand", "tickets"), ("hires", "people"), ("books", "customers")):
        assert cards(planner)[card]["value"] == "–"
        assert f"Add it: sm.Book(..., {table}=df)" in cards(planner)[card]["note"]
    assert planner.view["error"] == ""


def test_what_is_not_on_offer_is_refused(book: sm.Book) -> None:
    for name, value in (("growth", 7), ("occupancy", 30), ("role", "pilot"), ("freq", "M")):
        with pytest.raises(UnknownNameError, match=name if name != "freq" else "control"):
            CapacityPlanner(book, **{name: value})


def test_a_month_of_the_past_opens_to_who_asked(book: sm.Book, planner: CapacityPlanner) -> None:
    past = sm.capacity.demand(book).extra["total"].query("not forecast").set_index("period")
    months = shapes(planner, "demand", "mark")
    assert len(months) == len(past)
    planner.selection = dict(months[-2]["pick"])
    assert planner.customers is not None
    assert planner.customers["tickets"].sum() == past["value"].iloc[-2]
    planner.selection = {"of": "demand", "period": "2027-03-01"}
    assert "not over" in planner.table["message"]
    planner.selection = {"of": "demand", "period": "soon"}
    assert "soon" in planner.table["message"]

"""The renewal desk: its cards, pictures and rows are those of the library."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import format_money, format_ratio
from saasmetrics_widgets.desk import RenewalDesk, renewal_desk


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=200)


@pytest.fixture
def desk(book: sm.Book) -> RenewalDesk:
    return renewal_desk(book)


def cards(desk: RenewalDesk) -> dict[str, str]:
    return {card["title"]: card["value"] for card in desk.view["cards"]}


def marks(desk: RenewalDesk, panel: str) -> list[dict]:
    scene = json.loads(getattr(desk, panel)["scene"])
    return [shape for shape in scene["shapes"] if shape["k"] == "mark"]


def test_the_rate_is_that_of_the_chosen_period(book: sm.Book, desk: RenewalDesk) -> None:
    df = sm.renewals.rates(book).df.set_index("period")
    period = pd.Timestamp(desk.controls["period"])
    assert cards(desk)["Renewal rate"] == format_ratio(df.loc[period, "value"])


def test_the_rate_says_its_period(desk: RenewalDesk) -> None:
    assert desk.view["cards"][0]["note"].startswith("Due in Q3 2026")


def test_terms_can_be_those_of_a_csm(book: sm.Book) -> None:
    value = book.tables["customers"].data["csm_id"].drop_null()[0].as_py()
    desk = renewal_desk(book, column="csm_id", value=value)
    own = sm.renewals.forecast(book.where(csm_id=value)).df.iloc[-1]
    assert cards(desk)["Up for renewal"] == format_money(own["atr"])


def test_what_comes_up_and_is_expected_is_the_forecasts(book: sm.Book, desk: RenewalDesk) -> None:
    total = sm.renewals.forecast(book).df.iloc[-1]
    assert cards(desk)["Up for renewal"] == format_money(total["atr"])
    assert cards(desk)["Expected"] == format_money(total["value"])


def test_a_target_has_its_chance(book: sm.Book, desk: RenewalDesk) -> None:
    assert "Chance of 85 %" not in cards(desk)
    desk.controls = {**desk.controls, "target": 85}
    due = sm.renewals.forecast(book).df["atr"].iloc[-1]
    found = sm.renewals.forecast(book, target=round(due * 0.85, 2)).df.iloc[-1]
    assert cards(desk)["Chance of 85 %"] == format_ratio(found["probability"])
    assert "target=" in desk.forecast["code"]


def test_a_higher_target_is_never_likelier(desk: RenewalDesk) -> None:
    chances = []
    for share in (60, 75, 90, 100):
        desk.controls = {**desk.controls, "target": share}
        chances.append(float(cards(desk)[f"Chance of {share} %"].rstrip("%")))
    assert chances == sorted(chances, reverse=True)


def test_a_category_opens_to_its_contracts(book: sm.Book, desk: RenewalDesk) -> None:
    desk.selection = dict(marks(desk, "calendar")[0]["pick"])
    assert desk.customers is not None
    df = sm.renewals.calendar(book).df
    cell = df[(df["period"] == pd.Timestamp(desk.selection["period"]))]
    cell = cell[cell["category"] == desk.selection["category"]]
    assert desk.customers["atr"].sum() == pytest.approx(cell["value"].iloc[0])
    assert 'rows(period="' in desk.table["code"]


@pytest.mark.parametrize("panel", ["outcomes", "forecast"])
def test_every_bar_opens_to_rows(desk: RenewalDesk, panel: str) -> None:
    for mark in marks(desk, panel):
        desk.selection = dict(mark["pick"])
        assert desk.table["message"] == ""
        assert desk.customers is not None


def test_a_segment_is_that_of_the_book_cut_to_it(book: sm.Book, desk: RenewalDesk) -> None:
    desk.controls = {**desk.controls, "column": "segment", "value": "SMB"}
    own = sm.renewals.forecast(book.where(segment="SMB")).df.iloc[-1]
    assert cards(desk)["Up for renewal"] == format_money(own["atr"])


def test_a_book_without_terms_says_what_to_add() -> None:
    desk = RenewalDesk(sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}))
    assert "contracts" in desk.view["cards"][0]["note"]
    assert desk.view["error"] == ""


def test_unknown_controls_are_refused(book: sm.Book) -> None:
    with pytest.raises(UnknownNameError, match="target"):
        RenewalDesk(book, target=83)
    with pytest.raises(UnknownNameError, match="control"):
        RenewalDesk(book, windows=3)
    with pytest.raises(DataError, match="frequency"):
        RenewalDesk(book, freq="W")

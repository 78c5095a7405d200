"""Scenarios and levers: each does once what it says, they are saved and compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import saasmetrics as sm
from saasmetrics.forecast import Scenario
from tests.forecast import books


def test_prices_go_up_once_in_their_month() -> None:
    scenario = {"price": 0.05, "price_month": 3}
    df = sm.forecast.mrr(books.flat(), 5, scenario, freq="M").df
    assert df["value"].to_numpy() == pytest.approx([1000, 1000, 1050, 1050, 1050])
    assert df["expansion"].to_numpy() == pytest.approx([0, 0, 50, 0, 0])


def test_prices_go_up_only_for_those_who_stay() -> None:
    df = sm.forecast.mrr(books.two_per_cent(), 1, {"price": 0.1}, freq="M").df
    assert df["value"].iloc[0] == pytest.approx(10_000 * 0.98**13 * 1.1)


def test_a_price_cut_is_contraction() -> None:
    df = sm.forecast.mrr(books.flat(), 1, {"price": -0.1}, freq="M").df
    assert df[["expansion", "contraction", "value"]].iloc[0].tolist() == pytest.approx(
        [0, -100, 900]
    )


def test_seats_grow_by_their_yearly_rate_over_a_year() -> None:
    df = sm.forecast.mrr(books.flat(), 12, {"seats": 0.2}, freq="M").df
    assert df["value"].iloc[-1] == pytest.approx(1200)


def test_an_exchange_rate_moves_the_share_in_its_currency_once() -> None:
    df = sm.forecast.mrr(books.euro(), 3, {"fx": {"EUR": 0.9}}, freq="M").df
    assert df["fx"].tolist() == pytest.approx([-10, 0, 0])  # a tenth of the 100 in euros
    assert df["value"].tolist() == pytest.approx([390, 390, 390])


def test_new_business_comes_at_the_new_exchange_rate(demo_book: sm.Book) -> None:
    now, weak = (
        sm.forecast.mrr(demo_book, 1, scenario).df.iloc[0]
        for scenario in (None, {"fx": {"EUR": 0.5}})
    )
    share = 1 + weak["fx"] / now["opening"]
    assert share < 1
    assert weak["new"] == pytest.approx(now["new"] * share)


def test_the_currency_of_the_book_and_unknown_ones_are_refused() -> None:
    with pytest.raises(sm.DataError, match="USD is the currency of this book"):
        sm.forecast.mrr(books.euro(), scenario={"fx": {"USD": 1.1}})
    with pytest.raises(sm.DataError, match="GBP"):
        sm.forecast.mrr(books.euro(), scenario={"fx": {"GBP": 1.1}})


def test_levers_multiply_what_they_are_called(demo_book: sm.Book) -> None:
    now = sm.forecast.mrr(demo_book, 1, freq="M").df.iloc[0]
    for lever in ("churn", "expansion", "contraction", "new"):
        moved = sm.forecast.mrr(demo_book, 1, {lever: 1.5}, freq="M").df.iloc[0]
        assert moved[lever] == pytest.approx(1.5 * now[lever])
    grown = sm.forecast.mrr(demo_book, 12, {"new_growth": 0.2}, freq="M").df
    usual = sm.forecast.mrr(demo_book, 12, freq="M").df
    assert grown["new"].iloc[-1] == pytest.approx(1.2 * usual["new"].iloc[-1])


def test_a_scenario_is_saved_and_read_again(tmp_path: Path) -> None:
    scenario = Scenario("plan", churn=0.8, price=0.05, price_month=3, fx={"EUR": 0.95})
    path = scenario.save(tmp_path / "plan.json")
    assert Scenario.load(path) == scenario
    assert scenario.text == "churn x 0.8, prices +5.0% from month 3, EUR x 0.95"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no json", "is not a scenario"),
        ("[1]", "not a scenario of version 1"),
        ('{"version": 2}', "not a scenario of version 1"),
        ('{"version": 1, "chrun": 2}', "has no 'chrun'"),
        ('{"version": 1, "churn": "half"}', "churn='half'"),
        ('{"version": 1, "fx": [1]}', "fx by currency"),
    ],
)
def test_a_file_that_is_no_scenario_says_why(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(content)
    with pytest.raises(sm.DataError, match=said):
        Scenario.load(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sm.DataError, match=r"none\.json is not a scenario"):
        Scenario.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    "levers",
    [
        {"churn": -0.1},
        {"churn": float("nan")},
        {"new": True},
        {"price": -2},
        {"price_month": 0},
        {"price_month": 1.5},
        {"fx": {"EUR": 0}},
        {"name": 3},
    ],
)
def test_levers_that_cannot_be_are_refused(levers) -> None:
    with pytest.raises(sm.DataError, match="scenario"):
        Scenario(**levers)


def test_scenarios_stand_side_by_side_with_the_first_as_measure(demo_book: sm.Book) -> None:
    plan = Scenario("plan", churn=0.5)
    made = sm.forecast.scenarios(demo_book, [None, plan, {"price": 0.05}], target=5e5)
    df = made.df
    assert list(dict.fromkeys(df["scenario"])) == ["as now", "plan", "prices +5.0% from month 1"]
    for name, scenario in (("as now", None), ("plan", plan)):
        alone = sm.forecast.mrr(demo_book, scenario=scenario, target=5e5).df
        mine = df[df["scenario"] == name]
        for column in ("value", "low", "p50", "high", "probability"):
            assert mine[column].to_numpy() == pytest.approx(alone[column].to_numpy()), column
        kept = sm.forecast.nrr(demo_book, scenario=scenario).df["value"].to_numpy()
        assert mine["nrr"].to_numpy() == pytest.approx(kept)
    first, second = (df[df["scenario"] == name] for name in ("as now", "plan"))
    assert (first[["change", "nrr_change"]] == 0).all(axis=None)
    assert second["change"].to_numpy() == pytest.approx(
        second["value"].to_numpy() - first["value"].to_numpy()
    )
    assert "plan: churn x 0.5" in made.footnote


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "no scenario"),
        ([None, None], "Two scenarios are called 'as now'"),
        ({"churn": 1}, "is not a list"),
    ],
)
def test_scenarios_that_cannot_be_compared_are_refused(demo_book: sm.Book, given, said) -> None:
    with pytest.raises(sm.DataError, match=said):
        sm.forecast.scenarios(demo_book, given)


def test_the_lever_that_matters_most_comes_first(demo_book: sm.Book) -> None:
    made = sm.forecast.tornado(demo_book)
    df = made.df
    assert (np.diff(df["size"]) <= 0).all()
    assert set(df["lever"]) == {"churn", "expansion", "contraction", "new", "price", "seats", "EUR"}
    base = sm.forecast.mrr(demo_book).df["value"].iloc[-1]
    row = df.set_index("lever").loc["churn"]
    more = sm.forecast.mrr(demo_book, scenario={"churn": 1.1}).df["value"].iloc[-1]
    assert row["value_up"] == pytest.approx(more)
    assert row["change_up"] == pytest.approx(more - base)
    assert row["change_up"] < 0 < row["change_down"]


def test_levers_move_by_as_much_as_they_are_told() -> None:
    df = sm.forecast.tornado(books.euro(), levers={"EUR": 0.05, "price": 0.2}).df
    assert df["lever"].tolist() == ["price", "EUR"]
    assert df["change_up"].tolist() == pytest.approx([80, 5])  # a fifth of 400, a twentieth of 100
    assert df["down"].tolist() == ["-20%", "-5%"]


@pytest.mark.parametrize(
    ("levers", "said"), [(["wind"], "wind"), ({"churn": 2}, "moves by 2"), ([], "no lever")]
)
def test_levers_that_are_none_are_refused(demo_book: sm.Book, levers, said: str) -> None:
    with pytest.raises(sm.DataError, match=said):
        sm.forecast.tornado(demo_book, levers=levers)

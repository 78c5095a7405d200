"""Intervals are drawn as bands where these can be told apart, and else the chart says where they stand."""

from __future__ import annotations

from typing import Any

import pytest

from saasmetrics import charts
from tests.charts import stand_ins

TEN = tuple(f"Segment {n}" for n in range(10))


def areas(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the bands of a chart."""
    found = []
    for layer in made["layer"]:
        mark = layer["mark"]
        if (mark if isinstance(mark, str) else mark["type"]) == "area":
            found += layer["data"]["values"]
    return found


def subtitle(made: dict[str, Any]) -> str:
    return " ".join(made["title"]["subtitle"])


def test_three_lines_have_their_bands() -> None:
    made = charts.series(stand_ins.rates(TEN[:3])).to_dict()
    assert {row["line"] for row in areas(made)} == {*TEN[:3]}
    assert "Band: 95% interval" in subtitle(made)


def test_ten_lines_have_no_band_and_the_chart_says_where_the_intervals_are() -> None:
    made = charts.series(stand_ins.rates(TEN)).to_dict()
    assert not areas(made)
    assert "The tooltips have the 95% intervals" in subtitle(made)
    tips = [row for layer in made["layer"] for row in layer["data"].get("values", ())]
    assert any(row.get("between") and row["line"] == TEN[0] for row in tips)


def test_the_axis_of_ten_lines_is_that_of_the_lines() -> None:
    held = stand_ins.rates(TEN)
    made = charts.series(held).to_dict()
    low, high = next(
        layer["encoding"]["y"]["scale"]["domain"]
        for layer in made["layer"]
        if "scale" in layer["encoding"].get("y", {})
    )
    span = held.df["value"].max() - held.df["value"].min()
    assert high - low < 1.2 * span


def test_lines_without_a_name_are_faint_and_behind_those_with_one() -> None:
    made = charts.series(stand_ins.rates(TEN)).to_dict()
    lines = [layer for layer in made["layer"] if layer["mark"]["type"] == "line"]
    named = [{row["named"] for row in layer["data"]["values"]} for layer in lines]
    assert named == [{False}, {False}, {True}, {True}]
    assert all("strokeDash" in lines[at]["mark"] for at in (1, 3))  # the period is not over
    assert all(line["mark"]["opacity"] < 0.5 for line in lines[:2])
    assert lines[0]["mark"]["strokeWidth"] < lines[2]["mark"]["strokeWidth"]


@pytest.mark.parametrize(("last", "seen"), [(1, True), (2, False)])
def test_groups_without_a_name_are_points_where_there_is_one_period(last: int, seen: bool) -> None:
    made = charts.series(stand_ins.rates(TEN), last=last).to_dict()
    quiet = [
        layer["mark"]["opacity"] > 0
        for layer in made["layer"]
        if layer["mark"]["type"] == "point" and layer["data"]["values"]
        and not layer["data"]["values"][0].get("named", True)
    ]  # fmt: skip
    assert quiet == [seen]


def test_curves_of_four_groups_have_no_bands() -> None:
    hazards = dict(zip(TEN[:4], (0.01, 0.02, 0.03, 0.05), strict=True))
    made = charts.curve(stand_ins.survival(hazards)).to_dict()
    assert not areas(made)
    assert "The tooltips have the 95% intervals" in subtitle(made)


@pytest.mark.parametrize("many", [3, 7, 20, 200])
def test_the_sentence_over_the_lines_of_groups_ranks_all_of_them(many: int) -> None:
    held = stand_ins.rates(tuple(f"Segment {n}" for n in range(many)))
    done = held.df[held.df["complete"]]
    ends = done[done["period"] == done["period"].max()].sort_values("value")
    low, high = ends.iloc[0], ends.iloc[-1]
    said = " ".join(charts.series(held).to_dict()["title"]["text"])
    assert said == (
        f"NRR runs from {low['value']:.1%} ({low['segment']}) to {high['value']:.1%} "
        f"({high['segment']}) in Feb 2026"
    )


def test_the_sentence_over_the_lines_of_groups_is_of_one_month() -> None:
    held = stand_ins.rates(TEN[:2])
    left = (held.df["segment"] == TEN[0]) & (held.df["period"] >= "2025-06-01")
    held.df.loc[left, "value"] = float("nan")
    done = held.df[held.df["complete"] & (held.df["segment"] == TEN[1])]
    said = " ".join(charts.series(held).to_dict()["title"]["text"])
    assert said == f"NRR was {done['value'].iloc[-1]:.1%} ({TEN[1]}) in Feb 2026"


@pytest.mark.parametrize(("many", "says"), [(6, False), (20, True)])
def test_a_sentence_on_some_of_the_groups_says_of_how_many(many: int, says: bool) -> None:
    hazards = {f"Segment {n}": 0.01 + n / 1000 for n in range(many)}
    said = " ".join(charts.curve(stand_ins.survival(hazards)).to_dict()["title"]["text"])
    assert said.startswith("Of the 6 largest of 20 groups, after 12 months, ") is says


@pytest.mark.parametrize(
    ("amounts", "says"),
    [
        ({}, ""),
        ({"fx": 12_000.0}, ", +$12.0k from exchange rates"),
        ({"fx": -450.0, "transfer": 90.0}, ", −$450 from exchange rates, +$90 from transfers"),
    ],
)
def test_what_exchange_rates_did_is_said_beside_gains_and_losses(
    amounts: dict[str, float], says: str
) -> None:
    held = stand_ins.bridge()
    for move, amount in amounts.items():
        held.df.loc[held.df.index[-2], move] = amount
    said = " ".join(charts.bridge(held, last=12).to_dict()["title"]["text"])
    assert said.partition(" lost")[2] == says


@pytest.mark.parametrize(("annual", "name"), [(True, "ARR bridge (12 x MRR)"), (False, "MRR bridge")])  # fmt: skip
def test_the_bridge_is_called_what_it_shows(annual: bool, name: str) -> None:
    made = charts.bridge(stand_ins.bridge(), last=12, annual=annual).to_dict()
    assert subtitle(made).startswith(name)

"""Charts of hazards, causes, fits and comparisons: what they show, and that they do so for any company."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics import charts
from tests.charts.test_honesty import marks
from tests.survival.books import book_of, life

s = sm.survival
ASKED: dict[str, Callable[[sm.Book], sm.Result]] = {
    "hazard": s.hazard,
    "hazard by segment": lambda book: s.hazard(book, by="segment", smooth=1),
    "renewals": lambda book: s.hazard(book, per="renewal"),
    "causes": s.causes,
    "causes by segment": lambda book: s.causes(book, by="segment"),
    "fit": lambda book: s.fit(book, "weibull"),
    "fits by segment": lambda book: s.fit(book, "sbg", by="segment"),
    "comparison": lambda book: s.compare(book, "segment"),
    "comparison of many": lambda book: s.compare(book, ["segment", "region"], horizon=12),
    "hazard ratios": lambda book: s.cox(book, ["segment", "region"]),
}


@pytest.fixture(scope="module")
def results(demo_book: sm.Book) -> dict[str, sm.Result]:
    return {name: ask(demo_book) for name, ask in ASKED.items()}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ASKED)
def test_a_chart_draws_in_both_themes(results: dict[str, sm.Result], name: str, theme: str) -> None:
    svg = charts.to_svg(results[name].chart(theme=theme))
    assert svg.startswith("<svg")
    assert "NaN" not in svg
    assert "undefined" not in svg


@pytest.mark.parametrize("name", ASKED)
def test_a_chart_says_what_it_shows_and_as_of_when(
    results: dict[str, sm.Result], name: str
) -> None:
    spec = results[name].chart(width="container").to_dict()
    assert spec["width"] == "container"
    assert "as of 2026-10-31" in " ".join(spec["title"]["subtitle"])
    assert len("".join(spec["title"]["text"])) > 20


@pytest.mark.parametrize("name", ["hazard", "causes", "fit", "comparison"])
def test_a_result_without_rows_says_that_there_is_nothing_to_show(
    results: dict[str, sm.Result], name: str
) -> None:
    found = replace(results[name], df=results[name].df.iloc[:0])
    assert "Nothing to show yet" in str(found.chart().to_dict())


@pytest.mark.parametrize("name", ["hazard", "causes", "fit"])
def test_a_company_with_one_customer_has_charts(name: str) -> None:
    mrr = {"customer_id": ["a"] * 3, "month": ["2026-01", "2026-02", "2026-03"], "mrr": [1, 1, 0]}
    assert charts.to_svg(ASKED[name](sm.Book(mrr=mrr)).chart()).startswith("<svg")


def layers_of(chart: Any, kind: str, column: str) -> list[list[dict[str, Any]]]:
    return [m["rows"] for m in marks(chart, kind) if m["rows"] and column in m["rows"][0]]


def test_what_is_projected_is_dashed_and_what_was_observed_is_not(
    results: dict[str, sm.Result],
) -> None:
    found = results["fit"]
    spec = found.chart().to_dict()
    dashed = [
        layer
        for layer in spec["layer"]
        if layer["mark"]["type"] == "line" and layer["mark"].get("strokeDash")
    ]
    assert len(dashed) == 1
    lines = layers_of(found.chart(), "line", "projected")
    solid, beyond = lines[1], lines[2]  # the first are the steps of what was observed
    assert not any(row["projected"] for row in solid)
    assert (
        sum(row["projected"] for row in beyond) == len(beyond) - 1
    )  # it starts where the other ends


def test_the_layers_of_causes_end_where_survival_begins(results: dict[str, sm.Result]) -> None:
    found = results["causes"]
    rows = [row for layer in layers_of(found.chart(), "area", "cause") for row in layer]
    last = found.df["age"].max()
    top = max(row["high"] for row in rows if row["age"] == last)
    assert top + found.df["survival"].iloc[-1] == pytest.approx(1)


def test_of_many_causes_the_smallest_are_drawn_as_one() -> None:
    lives = [
        life(f"c{k}{i}", "2025-06-01", 1 + k % 5, because=f"reason {k}")
        for k in range(9)
        for i in range(9 - k)
    ]
    found = s.causes(book_of(lives), column="because")
    rows = [row for layer in layers_of(found.chart(), "area", "cause") for row in layer]
    kinds = {row["cause"] for row in rows}
    assert kinds == {*(f"reason {k}" for k in range(5)), "other causes"}
    assert max(row["high"] for row in rows) == pytest.approx(1)  # all 45 left


def test_a_difference_that_chance_would_explain_is_grey(results: dict[str, sm.Result]) -> None:
    found = results["hazard ratios"]
    points = layers_of(found.chart(), "point", "value")
    grey = charts.theme.LIGHT.plain
    for row in (row for layer in points for row in layer):
        if row["value"] is not None:
            assert (row["color"] == grey) == (row["low"] <= 1 <= row["high"])


def test_a_scale_of_ratios_is_as_far_from_1_for_half_as_for_twice(
    results: dict[str, sm.Result],
) -> None:
    points = layers_of(results["hazard ratios"].chart(), "point", "value")[-1]
    inside = [row for row in points if 0.03 < row["value"] < 30]
    assert all(row["x"] == pytest.approx(math.log(row["value"])) for row in inside)

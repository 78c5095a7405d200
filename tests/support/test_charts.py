"""Every kind of support result draws in both themes, also where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics import charts
from saasmetrics.charts.theme import contrast

S = sm.support
DRAWN: dict[str, Callable[[sm.Book], Any]] = {
    "times by channel": lambda b: S.times(b, by="channel", freq="Q"),
    "times of one team": lambda b: S.times(b, freq="Y", statistic="p95"),
    "answered": lambda b: S.answered(b, freq="Q"),
    "sla": lambda b: S.sla(b, freq="Q"),
    "backlog": S.backlog,
    "backlog days": lambda b: S.backlog(b, "days"),
    "tank tickets": S.tank_tickets,
    "mix": S.mix,
    "voice": S.voice,
    "top issues": S.top_issues,
    "funnel": S.productivity,
    "league": lambda b: S.league(b, "handle", by="agent_id"),
    "before and after": lambda b: S.before_after(b, "2025-03-01", freq="M"),
    "conversion": S.trial_conversion,
    "unit cost": lambda b: S.unit_cost(b, by="channel"),
    "unit cost over time": S.unit_cost,
    "cost to serve": S.cost_to_serve,
    "cost to serve over time": lambda b: S.cost_to_serve(b, by=None),
    "tiers": lambda b: S.tiers(b, freq="Q"),
}


@pytest.fixture(scope="module")
def drawn(demo_book: sm.Book) -> dict[str, Any]:
    return {name: make(demo_book) for name, make in DRAWN.items()}


@pytest.mark.parametrize("name", DRAWN)
def test_a_result_of_support_draws_in_both_themes(drawn: dict[str, Any], name: str) -> None:
    svg = charts.to_svg(drawn[name].chart(theme="dark"))
    assert "NaN" not in svg
    assert "undefined" not in svg
    spec = drawn[name].chart(width="container").to_dict()
    assert spec["width"] == "container"
    assert drawn[name].context.as_of in " ".join(spec["title"]["subtitle"])


@pytest.mark.parametrize("name", DRAWN)
def test_an_empty_result_says_that_there_is_nothing(drawn: dict[str, Any], name: str) -> None:
    found = drawn[name]
    extra = dict(found.extra)
    if "series" in extra:
        extra["series"] = extra["series"].head(0)
    nothing = replace(found, df=found.df.head(0), extra=extra)
    if name == "conversion":
        nothing = replace(found, df=found.df.assign(value=float("nan")))
    assert "Nothing to show yet" in str(nothing.chart().to_dict())


def test_words_in_the_heat_map_can_be_read_on_every_cell(drawn: dict[str, Any]) -> None:
    for theme in ("light", "dark"):
        spec = drawn["mix"].chart(theme=theme).to_dict()
        rows = [d for layer in spec["layer"] for d in layer["data"]["values"]]
        cells = [d for d in rows if "tip" in d]
        words = [d for d in rows if str(d.get("text", "")).endswith("%")]
        for word in words:
            (under,) = [
                c for c in cells if c["x"] < word["x"] < c["x2"] and c["y"] < word["y"] < c["y2"]
            ]
            assert contrast(word["color"], under["color"]) >= 4
        assert not [
            layer for layer in spec["layer"] if "rule" in str(layer["mark"])
        ]  # no grid lines


def test_before_and_after_says_on_the_chart_that_it_is_not_causal(drawn: dict[str, Any]) -> None:
    assert "NOT CAUSAL" in " ".join(
        drawn["before and after"].chart().to_dict()["title"]["subtitle"]
    )

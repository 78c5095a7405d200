"""Every result of customer success has a chart in both themes, at every width, also where there is nothing to show."""

from __future__ import annotations

from dataclasses import replace

import pytest

import saasmetrics as sm
from saasmetrics import charts
from tests.success.books import book, paying, tickets

ASKED = {
    "health": lambda b: sm.success.health(b, by="segment"),
    "health_history": lambda b: sm.success.health_history(b, last=6),
    "health_backtest": sm.success.backtest,
    "health_learnt": sm.success.learn,
    "signal_validation": sm.success.validate,
    "alert_record": lambda b: sm.success.alert_record(b, ["usage_drop", "silence"]),
    "alerts": sm.success.alerts,
    "worklist": sm.success.worklist,
    "targets": lambda b: sm.success.targets(b, "pod"),
    "csm_league": sm.success.league,
    "adoption": sm.success.adoption,
    "usage_daily": lambda b: sm.success.usage_daily(b, last=30, top=8),
    "lifecycle": sm.success.lifecycle,
    "success_growth": sm.success.growth,
    "self_serve": lambda b: sm.success.self_serve_rate(b, "automation", kind="training"),
    "ltv_cac_change": lambda b: sm.economics.ltv_cac_change(b, "2025-10-31"),
    "margin_by_age": sm.economics.margin_by_age,
}


@pytest.fixture(scope="module")
def drawn(company):
    return {kind: ask(company) for kind, ask in ASKED.items()}


@pytest.mark.parametrize("kind", ASKED)
def test_a_chart_draws_in_both_themes_with_its_date(drawn, kind):
    result = drawn[kind]
    assert result.kind == kind
    for theme in ("light", "dark"):
        svg = charts.to_svg(result.chart(theme=theme))
        assert "NaN" not in svg
        assert "undefined" not in svg
        assert "as of 2026-10-31" in svg.replace("\n", " ")


@pytest.mark.parametrize("kind", ASKED)
def test_a_chart_takes_the_width_of_its_container(drawn, kind):
    assert drawn[kind].chart(width="container").to_dict()["width"] == "container"


def test_the_probability_behind_a_score_can_be_drawn_too(drawn):
    assert charts.to_svg(drawn["health_backtest"].chart(view="calibration")).startswith("<svg")


@pytest.mark.parametrize(
    "kind",
    ["health", "alerts", "worklist", "targets", "csm_league", "usage_daily", "success_growth"],
)
def test_without_rows_a_chart_says_that_there_is_nothing_to_show(drawn, kind):
    empty = replace(drawn[kind], df=drawn[kind].df.iloc[:0])
    assert "Nothing to show yet" in str(empty.chart().to_dict())


def test_names_that_are_code_are_drawn_as_text():
    name = "<script>alert(1)</script>"
    found = sm.success.worklist(
        book(subscriptions=paying(name), tickets=tickets((name, "2026-03-01"))), uplift=0.1
    )
    assert "<script>alert" not in charts.to_svg(found.chart())


@pytest.mark.parametrize("kind", ASKED)
def test_every_result_has_a_headline_and_a_footnote(drawn, kind):
    assert drawn[kind].text != "–"
    assert drawn[kind].metric.id in drawn[kind].footnote

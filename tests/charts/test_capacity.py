"""Charts of surveys and capacity draw in both themes, whatever the data, and say what they show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics import charts

C, S = sm.capacity, sm.surveys
DRAWN: dict[str, Callable[[sm.Book], sm.Result]] = {
    "nps": lambda b: S.nps(b, by="segment"),
    "csat": S.csat,
    "ces": lambda b: S.ces(b, "Y"),
    "survey_change": lambda b: S.compare(b, "nps", by="region"),
    "books": lambda b: C.books(b, limits=(10, 20)),
    "touch_workload": C.touch_workload,
    "spans": C.spans,
    "pods": C.pods,
    "load": C.load,
    "effective": lambda b: C.effective(b, by="role"),
    "attrition": C.attrition,
    "workload": lambda b: C.workload(b, "Q"),
    "demand": C.demand,
    "drivers": C.drivers,
    "hiring_plan": lambda b: C.hiring_plan(b, handle_minutes=60),
    "staffing": lambda b: C.staffing(b, "chat", at_once=3),
    "referral_share": sm.economics.referral_share,
}
HOSTILE = ("<script>alert(1)</script>", '"; DROP TABLE x; --', "Ζωή\nand\tSons " * 9, "=cmd()|'x'")


@pytest.fixture(scope="module")
def results(demo_book: sm.Book) -> dict[str, sm.Result]:
    return {name: ask(demo_book) for name, ask in DRAWN.items()}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_draws_in_both_themes(results: dict[str, sm.Result], name: str, theme: str) -> None:
    svg = charts.to_svg(results[name].chart(theme=theme))
    assert svg.startswith("<svg")
    assert "NaN" not in svg
    assert "undefined" not in svg


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_says_its_date_and_takes_the_width_of_its_container(
    results: dict[str, sm.Result], name: str
) -> None:
    spec = results[name].chart(width="container").to_dict()
    assert spec["width"] == "container"
    assert "as of 2026-10-31" in " ".join(spec["title"]["subtitle"])
    assert spec["title"]["text"]


@pytest.mark.parametrize("name", DRAWN)
def test_without_rows_there_is_nothing_to_show(results: dict[str, sm.Result], name: str) -> None:
    empty = replace(results[name], df=results[name].df.iloc[:0])
    assert "Nothing to show yet" in str(empty.chart().to_dict())


@pytest.mark.parametrize("kind", ["books", "survey_change"])
def test_names_of_any_kind_are_drawn(results: dict[str, sm.Result], kind: str) -> None:
    column = {"books": "csm_id", "survey_change": "group"}[kind]
    df = results[kind].df.copy()
    df[column] = [HOSTILE[k % len(HOSTILE)] for k in range(len(df))]
    assert charts.to_svg(replace(results[kind], df=df).chart()).startswith("<svg")


def rows_of(chart: Any, mark: str) -> list[dict[str, Any]]:
    spec = chart.to_dict()
    sets = spec.get("datasets", {})
    return [
        row
        for layer in spec["layer"]
        if layer["mark"]["type"] == mark
        for row in layer["data"].get("values") or sets.get(layer["data"].get("name"), [])
    ]


def test_books_outside_their_limits_have_another_color_and_say_why(
    results: dict[str, sm.Result],
) -> None:
    made = results["books"]
    bars = {row["name"]: row for row in rows_of(made.chart(), "bar")}
    for row in made.df.to_dict("records"):
        bad = row["verdict"] != "within"
        bar = bars[row["csm_id"]]
        assert (bar["color"] == charts.theme.LIGHT.loss) is bad  # type: ignore[attr-defined]
        assert row["reason"] in bar["full"]


def test_a_hiring_plan_shows_every_requisition(results: dict[str, sm.Result]) -> None:
    made = results["hiring_plan"]
    shown = [row["open"] for row in rows_of(made.chart(), "text") if "short_now" in row]
    assert shown == [str(n) if n else "" for n in made.df["open"]]


def test_tickets_to_come_are_dashed(results: dict[str, sm.Result]) -> None:
    made = results["demand"]
    spec = made.chart().to_dict()
    dashed = [layer for layer in spec["layer"] if "strokeDash" in layer["mark"]]
    assert dashed
    assert " ".join(spec["title"]["text"]).replace(" ", "") == made.text.replace(" ", "")

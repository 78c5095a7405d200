"""Every kind of result has a chart that draws in both themes, without the network, whatever the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics import charts
from tests.charts import stand_ins

SEGMENTS = ("Enterprise", "Mid-market", "SMB")
POLICIES = {"default": 0.04, "stripe": 0.11, "profitwell": 0.041, "skok": 0.04}
CHOICES = {"Snapshots or events": 0.02, "Discounts": -0.035, "Net revenue retention": 0.09}
FIFTEEN = {f"Choice number {n} of fifteen, with a long title": 9e3 * (-1) ** n for n in range(15)}
HOSTILE = ("<script>alert(1)</script>", '"; DROP TABLE x; --', "=cmd()|'x'", "Ζωή\nand\tSons " * 9)
DRAWN: dict[str, Callable[..., Any]] = {
    "waterfall": lambda **look: charts.bridge(stand_ins.bridge(), last=12, **look),
    "waterfall of a small month": lambda **look: charts.bridge(
        stand_ins.bridge(2, 0.2, 2.5e6), **look
    ),
    "movements": lambda **look: charts.movements(stand_ins.bridge(), **look),
    "one rate": lambda **look: charts.series(stand_ins.rates(), **look),
    "rates by segment": lambda **look: charts.series(stand_ins.rates(SEGMENTS), **look),
    "two rates": lambda **look: charts.compared(
        {"NRR": stand_ins.rates(), "GRR": stand_ins.rates(level=0.9)}, **look
    ),
    "cohorts": lambda **look: charts.cohorts(stand_ins.triangle(), **look),
    "survival": lambda **look: charts.curve(stand_ins.survival(), **look),
    "survival by segment": lambda **look: charts.curve(
        stand_ins.survival(dict(zip(SEGMENTS, (0.01, 0.02, 0.05), strict=True))), **look
    ),
    "ltv to cac": lambda **look: charts.verdict(stand_ins.ltv_cac(), **look),
    "payback": lambda **look: charts.verdict(stand_ins.payback(), **look),
    "layer cake": lambda **look: charts.layers(stand_ins.cake(), **look),
    "reasons": lambda **look: charts.subtypes(stand_ins.reasons(), **look),
    "committed": lambda **look: charts.committed(stand_ins.committed(), **look),
    "balances": lambda **look: charts.balances(stand_ins.balances(), **look),
    "tiers": lambda **look: charts.tiers(stand_ins.tiers(), **look),
    "sensitivity": lambda **look: charts.sensitivity(stand_ins.sensitivity(), **look),
    "policies": lambda **look: charts.comparison(stand_ins.compared(POLICIES), **look),
    "policies by segment": lambda **look: charts.comparison(
        stand_ins.compared(POLICIES, SEGMENTS), **look
    ),
    "fourteen policies": lambda **look: charts.comparison(
        stand_ins.compared({f"policy {n}": n / 100 for n in range(14)}), **look
    ),
    "policies and groups with hostile names": lambda **look: charts.comparison(
        stand_ins.compared(dict.fromkeys(HOSTILE, 0.1) | {"a" * 200: 0.2}, HOSTILE), **look
    ),
    "one policy of one month": lambda **look: charts.comparison(
        stand_ins.compared({"default": 0.1}, months=1), **look
    ),
    "explanation": lambda **look: charts.explanation(stand_ins.explained(1.02, CHOICES), **look),
    "explanation of money in fifteen steps": lambda **look: charts.explanation(
        stand_ins.explained(2.4e6, FIFTEEN, "money"), **look
    ),
    "explanation in one step of one customer": lambda **look: charts.explanation(
        stand_ins.explained(0.9, {"Pauses": -0.2}, customers=1), **look
    ),
    "explanation of no difference": lambda **look: charts.explanation(
        stand_ins.explained(0.9, {}, customers=0), **look
    ),
    "explanation through negative numbers": lambda **look: charts.explanation(
        stand_ins.explained(-100.0, {"Up": 300.0, "Down": -250.0}, "money"), **look
    ),
}
EMPTY = {
    "bridge": stand_ins.bridge(),
    "movements": stand_ins.bridge(),
    "series": stand_ins.rates(),
    "cohorts": stand_ins.triangle(),
    "curve": stand_ins.survival(),
    "verdict": stand_ins.payback(),
    "layers": stand_ins.cake(),
    "subtypes": stand_ins.reasons(),
    "committed": stand_ins.committed(),
    "balances": stand_ins.balances(),
    "tiers": stand_ins.tiers(),
    "sensitivity": stand_ins.sensitivity(),
    "comparison": stand_ins.compared(POLICIES),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_draws_in_both_themes(name: str, theme: str) -> None:
    svg = charts.to_svg(DRAWN[name](theme=theme))
    assert svg.startswith("<svg")
    assert "NaN" not in svg
    assert "undefined" not in svg


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_takes_the_width_of_its_container(name: str) -> None:
    spec = DRAWN[name](width="container").to_dict()
    assert spec["width"] == "container"
    assert spec["autosize"] == {"type": "fit-x", "contains": "padding"}


@pytest.mark.parametrize("name", DRAWN)
def test_altair_is_told_what_each_channel_is_for_inferring_it_takes_as_long_as_drawing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inferred = []
    monkeypatch.setattr(alt.SchemaBase, "from_dict", lambda given, **_: inferred.append(given))
    DRAWN[name]()
    assert inferred == []


@pytest.mark.parametrize("name", DRAWN)
def test_the_subtitle_has_unit_date_and_meaning(name: str) -> None:
    title = DRAWN[name]().to_dict()["title"]
    words = " ".join(title["subtitle"])
    assert "as of 2026-03-31" in words
    assert words.endswith(".")
    assert title["text"]


@pytest.mark.parametrize("kind", EMPTY)
def test_a_result_without_rows_says_that_there_is_nothing_to_show_yet(kind: str) -> None:
    result = replace(EMPTY[kind], df=EMPTY[kind].df.iloc[:0])
    spec = charts.CHARTS[kind](result).to_dict()
    assert "Nothing to show yet" in str(spec)


def test_an_empty_chart_gives_the_reason_of_the_result() -> None:
    # stand_ins.rates leaves the first three months without a value
    spec = charts.series(stand_ins.rates(months=2)).to_dict()
    assert "nobody paid twelve months earlier" in str(spec)


ONE_CUSTOMER: dict[str, Callable[[sm.Book], sm.Result]] = {
    "bridge": sm.revenue.bridge,
    "nrr": sm.retention.nrr,
    "cohorts": sm.retention.cohorts,
    "survival": sm.survival.curve,
    "layers": sm.revenue.layers,
    "reasons": lambda book: sm.revenue.movements(book, subtypes=True),
    "committed": sm.revenue.committed,
    "balances": sm.revenue.balances,
    "tiers": lambda book: sm.revenue.tiers(book, window=1),
    "sensitivity": lambda book: sm.retention.sensitivity(book, window=1),
    "compare": lambda book: sm.definitions.compare(book, "nrr", ["default", "stripe"], window=1),
    "explain": lambda book: sm.definitions.explain(book, "nrr", "default", "stripe", window=1),
}


@pytest.mark.parametrize("name", ONE_CUSTOMER)
def test_a_company_with_one_customer_has_charts(name: str) -> None:
    book = sm.Book(
        mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [10, 12]}
    )
    assert charts.to_svg(ONE_CUSTOMER[name](book).chart()).startswith("<svg")


@pytest.mark.parametrize("kind", EMPTY)
def test_drawing_leaves_the_numbers_alone(kind: str) -> None:
    result = EMPTY[kind]
    before = result.df.copy(deep=True)
    charts.CHARTS[kind](result).to_dict()
    pd.testing.assert_frame_equal(result.df, before)


def test_an_unknown_theme_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(sm.DataError, match="Did you mean 'dark'"):
        charts.series(stand_ins.rates(), theme="darkk")  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [420, 680, 900])
@pytest.mark.parametrize("metric", ["nrr", "arr"])
def test_drivers_draw_as_an_explanation_at_every_width(metric: str, width: int) -> None:
    book = sm.demo(customers=120, seed=7)
    chart = sm.retention.drivers(book, metric).chart(width=width)
    assert charts.to_svg(chart).startswith("<svg")


def test_comparing_shows_numerator_and_denominator_and_what_is_not_shared() -> None:
    book = sm.demo(customers=120, seed=7)
    found = sm.definitions.compare(book, "nrr", ["default", "stripe"])
    shown = found._repr_html_()
    beside = next(iter(found.extra["tables"].values()))
    assert list(beside.columns[:4]) == ["policy", "value", "numerator", "denominator"]
    assert [f"<th>{name}</th>" in shown for name in beside.columns] == [True] * len(beside.columns)
    assert "What they do not share" in shown
    assert "customers won back are left out" in shown  # what default says on reactivation
    assert "lifetime value" not in shown.split("What they do not share")[1].split("</table>")[0]


def test_names_in_the_display_are_text_and_not_markup() -> None:
    rows = {"customer_id": ["<b>x</b>", "<b>x</b>"], "month": ["2026-01", "2026-02"]}
    book = sm.Book(mrr=rows | {"mrr": [10, 12]})
    found = sm.retention.drivers(book, "arr", then="2026-01-15")
    assert "&lt;b&gt;x&lt;/b&gt;" in found._repr_html_()
    assert "<b>x</b>" not in found._repr_html_()


def test_every_kind_is_drawn_by_a_function_of_its_name() -> None:
    """A module of the same name, imported later, would take the place of a function."""
    assert [kind for kind, draw in charts.CHARTS.items() if not callable(draw)] == []
    assert [name for name in charts.__all__ if not callable(getattr(charts, name))] == ["CHARTS"]


def test_ideal_customers_are_drawn_best_first_and_each_note_is_said_once(
    demo_book: sm.Book,
) -> None:
    made = sm.economics.ideal_customers(demo_book)
    spec = made.chart().to_dict()
    drawn = spec["layer"][0]["data"]["values"]
    values = [row["value"] for row in sorted(drawn, key=lambda row: row["j"]) if row["value"]]
    assert len(values) >= 3
    assert values == sorted(values, reverse=True)
    assert len(made.notes) == len(set(made.notes))

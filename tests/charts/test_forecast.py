"""The charts of forecasts say what their numbers say."""

from __future__ import annotations

from dataclasses import replace

import pytest

import saasmetrics as sm
from saasmetrics import charts
from tests.forecast import books


@pytest.fixture(scope="module")
def results(demo_book: sm.Book) -> dict[str, sm.Result]:
    plan = sm.forecast.Scenario("plan", churn=0.8, price=0.05)
    some = [None, plan, {"new": 1.2}, {"fx": {"EUR": 0.9}}]
    return {
        "mrr": sm.forecast.mrr(demo_book, target=7e5),
        "segments": sm.forecast.mrr(demo_book, by="segment", freq="M", quarters=6, target=3e5),
        "many": sm.forecast.mrr(demo_book, by=["segment", "region"]),
        "nrr": sm.forecast.nrr(demo_book, scenario=plan, target=1.1),
        "one": sm.forecast.mrr(books.flat(14, 1)),
        "none": sm.forecast.mrr(books.book(9, {"a": (0, 9, 50.0)}, as_of="2025-06-30")),
        "years": sm.forecast.mrr(demo_book, 2, freq="Y"),
        "scenarios": sm.forecast.scenarios(demo_book, some, target=7e5),
        "two": sm.forecast.scenarios(demo_book, some[:2]),
        "tornado": sm.forecast.tornado(demo_book),
        "backtest": sm.forecast.backtest(demo_book, origins=4),
        "backtest of nrr": sm.forecast.backtest(demo_book, 2, 3, "nrr"),
    }


NAMES = (
    "mrr",
    "segments",
    "many",
    "nrr",
    "one",
    "none",
    "years",
    "scenarios",
    "two",
    "tornado",
    "backtest",
    "backtest of nrr",
)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_a_chart_draws_in_both_themes(results: dict[str, sm.Result], name: str, theme: str) -> None:
    svg = charts.to_svg(results[name].chart(theme=theme))
    assert svg.startswith("<svg")
    assert "NaN" not in svg
    assert "undefined" not in svg


@pytest.mark.parametrize("name", NAMES)
def test_the_subtitle_has_the_date_and_the_width_is_that_of_the_container(
    results: dict[str, sm.Result], name: str
) -> None:
    spec = results[name].chart(width="container").to_dict()
    assert spec["width"] == "container"
    assert f"as of {results[name].context.as_of}" in " ".join(spec["title"]["subtitle"])


@pytest.mark.parametrize("name", NAMES)
def test_a_result_without_rows_says_that_there_is_nothing_to_show(
    results: dict[str, sm.Result], name: str
) -> None:
    none = replace(results[name], df=results[name].df.iloc[:0])
    assert "Nothing to show yet" in str(none.chart().to_dict())


def test_windows_without_customers_say_why_nothing_is_shown() -> None:
    made = sm.forecast.nrr(books.flat(5), 2)
    assert "nobody was paying at the start of the window" in str(made.chart().to_dict())


def title(result: sm.Result) -> str:
    return " ".join(result.chart().to_dict()["title"]["text"])


def drawn(result: sm.Result) -> str:
    return charts.to_svg(result.chart())


def test_the_title_tells_the_end_and_how_likely_the_target_is(
    results: dict[str, sm.Result],
) -> None:
    last = results["mrr"].df.iloc[-1]
    said = title(results["mrr"])
    assert "in Q3 2027" in said
    assert f"{last['probability']:.0%} likely to reach $700k" in said
    assert "with plan" in title(results["nrr"])
    assert ">target $700k<" in drawn(results["mrr"])


def test_the_end_of_each_scenario_is_named_with_its_difference(
    results: dict[str, sm.Result],
) -> None:
    svg = drawn(results["scenarios"])
    for name in ("as now $", "plan +$", "new business x 1.2 +$", "EUR x 0.9 −$"):
        assert f">{name}" in svg


def test_of_many_groups_the_largest_have_a_panel(results: dict[str, sm.Result]) -> None:
    spec = results["many"].chart().to_dict()
    assert "The 6 largest of" in " ".join(spec["title"]["subtitle"])
    assert " more" in title(results["many"])


def test_the_lever_on_top_is_in_the_title(results: dict[str, sm.Result]) -> None:
    top = results["tornado"].df["lever"].iloc[0]
    top = {"new": "new business", "price": "prices"}.get(top, top)
    assert title(results["tornado"]).startswith(f"MRR moves most with {top}: ")


def test_the_backtest_tells_how_often_the_range_held(results: dict[str, sm.Result]) -> None:
    made = results["backtest"]
    assert f"{int(made.df['within'].sum())} of {len(made.df)} outcomes" in title(made)

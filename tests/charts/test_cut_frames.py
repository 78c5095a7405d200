"""Frames that somebody cut by hand before drawing them: where no value is left, the chart says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics import charts
from tests.charts.test_kinds import EMPTY

ASKED: dict[str, Callable[[sm.Book], sm.Result]] = {
    "cohorts": lambda book: sm.retention.cohorts(book, freq="Q"),
    "renewal cohorts": sm.retention.renewal_cohorts,
    "causes": sm.survival.causes,
    "expansion by cause": lambda book: sm.renewals.expansion(book, measure="causes"),
    "forecasts of the past": lambda book: sm.forecast.backtest(book, origins=2),
    "top issues": sm.support.top_issues,
    "mix": sm.support.mix,
    "league": lambda book: sm.support.league(book, "csat"),
    "hiring plan": sm.capacity.hiring_plan,
    "books": sm.capacity.books,
    "alerts": sm.success.alerts,
    "change of LTV to CAC": lambda book: sm.economics.ltv_cac_change(book, "2025-10-31"),
    "sources": sm.definitions.sources,
    "customers of sources": lambda book: sm.definitions.sources(
        book, "contracts", period="2026-08"
    ),
    "self-serve": lambda book: sm.success.self_serve_rate(book, "automation", kind="training"),
}
CUTS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "no row": lambda frame: frame.iloc[:0],
    "no number": lambda frame: without(frame, "number"),
    "no measured number": lambda frame: without(frame, "floating"),
    "no value": lambda frame: (
        frame.assign(value=float("nan")) if "value" in frame.columns else frame
    ),
}
SAY_SO = ("no row", "no number")


def without(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return a frame whose columns of a kind are all missing."""
    return frame.assign(**dict.fromkeys(frame.select_dtypes(kind), float("nan")))


@pytest.fixture(scope="module")
def made(demo_book: sm.Book) -> dict[str, sm.Result]:
    return {name: ask(demo_book) for name, ask in ASKED.items()}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", ASKED)
def test_a_chart_of_a_frame_that_was_cut_draws_or_says_that_nothing_is_left(
    name: str, cut: str, made: dict[str, sm.Result]
) -> None:
    svg = charts.to_svg(replace(made[name], df=CUTS[cut](made[name].df)).chart())
    assert "NaN" not in svg
    if cut in SAY_SO:
        assert "Nothing to show yet" in svg


@pytest.mark.parametrize("kind", EMPTY)
def test_a_frame_without_a_number_says_so_whatever_draws_it(kind: str) -> None:
    result = replace(EMPTY[kind], df=without(EMPTY[kind].df, "number"))
    assert "Nothing to show yet" in str(charts.CHARTS[kind](result).to_dict())


def test_a_chart_without_values_keeps_the_size_and_the_title_that_were_asked_for(
    made: dict[str, sm.Result],
) -> None:
    result = replace(made["books"], df=without(made["books"].df, "number"))
    spec = result.chart(width=400, title="Ours", theme="dark").to_dict()
    assert (spec["width"], spec["title"]["text"]) == (400, ["Ours"])

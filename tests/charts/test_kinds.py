"""Every kind of result has a chart that draws in both themes, without the network, whatever the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics import charts
from tests.charts import stand_ins

SEGMENTS = ("Enterprise", "Mid-market", "SMB")
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

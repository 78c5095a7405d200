"""Charts of the renewal desk: what is open is marked, lost is not open, and labels do not touch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics import charts
from saasmetrics.charts.text import text_width
from tests.charts.test_honesty import marks
from tests.renewals.contract_book import CONTRACTS, book, columns

RESULTS: dict[str, Callable[[sm.Book], Any]] = {
    "rates": sm.renewals.rates,
    "logos": lambda b: sm.renewals.rates(b, measure="logo"),
    "by segment": lambda b: sm.renewals.rates(b, freq="Y", measure="net", by="segment"),
    "churn": lambda b: sm.renewals.rates(b, measure="churn"),
    "waterfall": sm.renewals.waterfall,
    "calendar": sm.renewals.calendar,
    "calendar by owner": lambda b: sm.renewals.calendar(b, by="owner_id"),
    "forecast": lambda b: sm.renewals.forecast(b, target=1_000_000),
    "forecast by segment": lambda b: sm.renewals.forecast(b, by="segment"),
    "accuracy": lambda b: sm.renewals.accuracy(b, quarters=4, horizons=[0, 90]),
    "expansion": lambda b: sm.renewals.expansion(b, by="segment"),
    "causes": lambda b: sm.renewals.expansion(b, measure="causes"),
}


def one_customer() -> sm.Book:
    return book([row for row in CONTRACTS if row[1] == "Ada"])


def nobody() -> sm.Book:
    none = {name: values[:0] for name, values in columns(CONTRACTS).items()}
    return book(contracts=pd.DataFrame(none))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", RESULTS)
def test_every_result_of_the_desk_draws_in_both_themes(
    demo_book: sm.Book, name: str, theme: str
) -> None:
    result = RESULTS[name](demo_book)
    before = result.df.copy(deep=True)
    chart = result.chart(theme=theme)
    assert charts.to_svg(chart).startswith("<svg")
    subtitle = " ".join(chart.to_dict()["title"]["subtitle"])
    assert "as of 2026-10-31" in subtitle
    pd.testing.assert_frame_equal(result.df, before)


@pytest.mark.parametrize("name", [n for n in RESULTS if "owner" not in n])
def test_one_customer_and_nobody_have_charts(name: str) -> None:
    assert charts.to_svg(RESULTS[name](one_customer()).chart()).startswith("<svg")
    spec = RESULTS[name](nobody()).chart().to_dict()
    assert "Nothing to show yet" in str(spec)


def test_a_period_with_open_terms_is_shaded_and_its_band_is_where_the_rate_can_end(
    demo_book: sm.Book,
) -> None:
    result = sm.renewals.rates(demo_book)
    still = result.df[result.df["open"] > 0]
    chart = result.chart()
    shaded = marks(chart, "rect")[0]["rows"]
    assert [row["text"] for row in shaded] == [
        f"{share:.0%}\nopen" for share in still["open_share"]
    ]
    band = marks(chart, "area")[0]["rows"][-1]
    last = still.iloc[-1]
    assert band["low"] == pytest.approx(last["of_all"])
    assert band["high"] == pytest.approx((last["numerator"] + last["open"]) / last["atr"])


def test_the_waterfall_ends_each_bar_where_the_next_begins(demo_book: sm.Book) -> None:
    bars = marks(sm.renewals.waterfall(demo_book).chart(last=2), "rect")[0]["rows"]
    frame = sm.renewals.waterfall(demo_book).df.tail(2)
    levels = {bar["name"]: bar["level"] for bar in bars}
    assert levels["Renewed"] == pytest.approx(frame["renewed"].sum())
    assert levels["Still open"] == pytest.approx(levels["Renewed"])
    assert levels["Upsell"] == pytest.approx(levels["After renewal"])


def test_stacked_quarters_sum_to_what_comes_up(demo_book: sm.Book) -> None:
    result = sm.renewals.calendar(demo_book, by="segment")
    bars = marks(result.chart(), "rect")[0]["rows"]
    assert sum(b["end"] - b["start"] for b in bars) == pytest.approx(result.df["value"].sum())
    assert len({bar["place"] for bar in bars} - {"Overdue"}) == 4


def test_the_fan_goes_on_from_the_rates_and_leaves_a_gap_for_what_is_not_decided(
    demo_book: sm.Book,
) -> None:
    result = sm.renewals.forecast(demo_book)
    chart = result.chart(view="fan")
    line, ahead = (m["rows"] for m in marks(chart, "line"))
    rates = sm.renewals.rates(demo_book).df
    done = rates[rates["complete"] & rates["value"].notna()].tail(12)
    assert [row["value"] for row in line] == done["value"].tolist()
    assert [row["period"] for row in (line[-1], ahead[0])] == ["Q2 2026", "Q4 2026"]
    assert ahead[0]["i"] - line[-1]["i"] == 2  # the third quarter is still in its grace
    for row in ahead:
        assert row["low"] <= row["value"] <= row["high"]


@pytest.mark.parametrize("target", [None, 1_000_000, 1_500_000])
def test_labels_of_the_distribution_do_not_touch(demo_book: sm.Book, target: float | None) -> None:
    chart = sm.renewals.forecast(demo_book, target=target).chart()
    labels = marks(chart, "text")[-1]["rows"]
    for i, one in enumerate(labels):
        assert one["half"] <= one["center"] <= 680 - one["half"]
        for other in labels[i + 1 :]:
            apart = abs(one["center"] - other["center"])
            room = (text_width(one["label"]) + text_width(other["label"])) / 2
            assert one["level"] != other["level"] or apart > room


def test_a_quarter_outside_the_forecast_range_is_orange(demo_book: sm.Book) -> None:
    result = sm.renewals.accuracy(demo_book, quarters=8, horizons=[90])
    dots = result.chart().to_dict()["data"]["values"]  # one set of rows for all layers
    outside = [row["color"] == "#d55e00" for row in dots]  # LIGHT.loss
    assert outside == [not inside for inside in result.df["inside"]]

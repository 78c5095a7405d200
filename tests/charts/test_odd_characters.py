"""Names with characters that no picture can hold are drawn with a mark in their place, and reported."""

from __future__ import annotations

import altair as alt
import pytest

import saasmetrics as sm
from saasmetrics.charts.render import to_png, to_svg

ODD = "x\x01y\x1f\ud800\ufffe"


@pytest.fixture(scope="module")
def book() -> sm.Book:
    customers = {
        "customer_id": ["a", "b"],
        "segment": ["x\x01y", "z"],
        "path": ["C:\\foo\\bar", "z"],
    }
    rows = {"customer_id": ["a", "b"] * 2, "month": ["2026-01"] * 2 + ["2026-02"] * 2}
    return sm.Book(mrr=rows | {"mrr": [1, 2, 3, 4]}, customers=customers)


@pytest.mark.parametrize(
    "ask", [sm.revenue.mrr, sm.revenue.bridge, sm.retention.cohorts, sm.survival.curve]
)
def test_a_group_with_a_control_character_is_drawn(book: sm.Book, ask) -> None:
    html = ask(book, by="segment")._repr_html_()
    assert "<svg" in html or "<img" in html


def test_the_last_guard_is_the_renderer() -> None:
    chart = alt.Chart(alt.Data(values=[{"x": ODD}])).mark_point()
    chart = chart.encode(x=alt.X("x:N", title=ODD)).properties(title=ODD)
    svg = to_svg(chart)
    assert "x\ufffdy" in svg
    assert not any(character in svg for character in ODD[1:2] + ODD[3:])
    assert to_png(chart)[1:4] == b"PNG"


def test_what_can_be_shown_stays_as_it_is(book: sm.Book) -> None:
    chart = alt.Chart(alt.Data(values=[{"x": "C:\\foo\\bar \U0001f600"}])).mark_text()
    assert "C:\\foo\\bar \U0001f600" in to_svg(chart.encode(text="x:N"))


def test_control_characters_are_reported(book: sm.Book) -> None:
    found = book.check().df
    one = found[found["code"] == "control-characters"].iloc[0]
    assert (one["table"], one["column"], one["rows"], one["severity"]) == (
        "customers",
        "segment",
        1,
        "warning",
    )

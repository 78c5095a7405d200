"""A plan of one quarter has a mark where it stands, as no line leads to it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from pptx import Presentation
from pptx.enum.chart import XL_MARKER_STYLE

import saasmetrics as sm
from saasmetrics.board import Pack
from saasmetrics.board.specs import spec


@pytest.fixture(scope="module")
def planned() -> Pack:
    months = [f"{year}-{month:02d}" for year in (2024, 2025, 2026) for month in range(1, 13)][:33]
    rows = [
        (f"c{n}", month, 100 + n + at // 6)
        for n in range(12)
        for at, month in enumerate(months)
        if at < 33 - n  # one leaves each month at the end
    ]
    book = sm.Book(
        mrr=dict(zip(("customer_id", "month", "mrr"), zip(*rows, strict=True), strict=True)),
        as_of="2026-09-30",
    )
    asked = {"pages": ["retention"], "targets": {"nrr": {"2026-Q3": 1.05}}}
    return sm.board.pack(book, settings=asked)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_plan_of_one_quarter_is_a_point_of_the_page(planned: Pack, theme: str) -> None:
    made = spec(planned, planned.pages[0].charts[0], theme, 520, 190)
    lines = [each for each in made["layer"] if each["mark"]["type"] == "line"]
    (plan,) = [each for each in lines if each["data"]["values"][0]["s"] == "Plan NRR"]
    assert plan["mark"]["point"]["shape"] == "diamond"
    assert plan["mark"]["point"]["color"] == plan["mark"]["color"]


def test_a_plan_of_one_quarter_is_a_point_of_the_slide_and_of_its_legend(
    planned: Pack, tmp_path: Path
) -> None:
    deck = Presentation(str(planned.to_pptx(tmp_path / "pack.pptx")))
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    styles = {each.name: each.marker.style for each in charts[0].plots[0].series}
    assert styles["Plan NRR"] == XL_MARKER_STYLE.DIAMOND
    assert styles["NRR"] == XL_MARKER_STYLE.NONE


def test_a_plan_of_one_quarter_is_a_point_of_the_sheet(planned: Pack, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(planned.to_xlsx(tmp_path / "pack.xlsx"))
    charts = [chart for sheet in book.worksheets for chart in sheet._charts]
    marked = [each.marker.symbol for each in charts[0].series if each.marker is not None]
    assert marked.count("diamond") == 1

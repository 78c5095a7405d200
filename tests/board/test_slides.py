"""Slides in a font that is wider than Arial: words stand beside one another, and none is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pptx import Presentation

from saasmetrics.board import Pack
from saasmetrics.board.deck_charts import _AROUND, _NUMBER, _large, add_chart
from saasmetrics.board.deck_tables import fitted, points_of, split
from saasmetrics.board.drawn import look
from saasmetrics.board.measured import inches
from saasmetrics.board.views import CellView, RowView, TableView

INCH = 914_400


@pytest.fixture(scope="module")
def slides(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    path = pack.to_pptx(tmp_path_factory.mktemp("slides") / "pack.pptx")
    return list(Presentation(str(path)).slides)


def wide(paragraph: Any) -> float:
    """Return how many inches a paragraph takes on one line."""
    return inches(paragraph.text, paragraph.font.size.pt, bold=bool(paragraph.font.bold))


def broken(slides: list[Any], asked: Callable[[Any], bool]) -> list[str]:
    """Return the words of the shapes asked for that do not stand on one line."""
    return [
        shape.text_frame.text
        for slide in slides
        for shape in slide.shapes
        if shape.has_text_frame and asked(shape)
        if wide(shape.text_frame.paragraphs[0]) > shape.width / INCH + 0.01
    ]


def test_no_head_of_a_table_of_numbers_is_broken(pack: Pack, slides: list[Any]) -> None:
    plain = {f"table {t.id}" for page in pack.pages for t in page.tables if t.kind != "text"}
    cut = [
        (shape.name, cell.text)
        for slide in slides
        for shape in slide.shapes
        if shape.has_table and shape.name in plain
        for column, cell in zip(shape.table.columns, shape.table.rows[0].cells, strict=True)
        if wide(cell.text_frame.paragraphs[0]) > column.width / INCH - 0.1
    ]
    assert not cut


def test_the_title_of_a_table_stands_on_one_line_above_it(pack: Pack, slides: list[Any]) -> None:
    titles = {table.title for page in pack.pages for table in page.tables}
    assert not broken(slides, lambda shape: shape.text_frame.text in titles)


def test_figures_and_their_names_stand_on_one_line(pack: Pack, slides: list[Any]) -> None:
    names = {tile.name for page in pack.pages for tile in page.tiles}
    assert not broken(
        slides, lambda shape: shape.text_frame.text in names or shape.name.startswith("figure ")
    )


def test_tables_that_are_wider_than_a_slide_have_smaller_numbers_and_end_with_it() -> None:
    months = tuple(f"Sep {2020 + n}" for n in range(20))
    row = RowView("Required", "", tuple(CellView("12.5") for _ in months))
    table = TableView("a", "People", "plain", months, (row,))
    columns = fitted([table], 12.3)[0]
    assert sum(columns) <= 12.31
    assert columns[0] >= 1.0
    assert 6 <= points_of(table, columns, 10.0) < 9


@pytest.mark.parametrize("steps", [7, 8, 9])
def test_no_word_below_the_columns_of_a_bridge_is_broken(steps: int, pack: Pack) -> None:
    bridge = next(c for page in pack.pages for c in page.charts if c.kind == "bridge")
    names = ["Opening ARR", "Reactivation", "Contraction", *(f"Step {n}" for n in range(6))]
    cells = [bridge.series[0].cells[0], *[bridge.series[0].cells[1]] * (steps - 1)]
    series = replace(bridge.series[0], cells=tuple(cells))
    held = replace(bridge, categories=tuple(names[:steps]), series=(series,))
    half, deck = 5.9, Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    place = (0, 0, int(half * INCH), 3 * INCH)
    made = add_chart(pack, held, slide, place, look({})).chart
    size = made.category_axis.tick_labels.font.size.pt
    assert inches("Reactivation", size) < 0.96 * half / steps  # of which the frame takes a little


def test_the_last_slide_of_a_long_table_is_not_almost_empty(pack: Pack) -> None:
    page = next(page for page in pack.pages if page.id == "quality")
    findings = next(table for table in page.tables if table.kind == "text")
    for many in range(4, 30):
        rows = (findings.rows * 30)[:many]
        made = replace(page, tables=(*page.tables[:-1], replace(findings, rows=rows)))
        slides = [[view for view in views if view.kind == "text"] for views in split(pack, made)]
        parts = [len(views[0].rows) for views in slides if views]
        assert sum(parts) == many
        assert len(parts) == 1 or parts[-1] >= 3


def test_numbers_of_a_stack_have_air_in_their_parts() -> None:
    high = 2.55  # inches, of which 2 are for columns
    assert _large([[10.0, 0.99], [10.0, 1.01]], _NUMBER / (high - _AROUND)) == [[0], [0]]
    assert _NUMBER * 72 >= 1.6 * 8  # points of a number

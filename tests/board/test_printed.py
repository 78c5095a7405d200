"""The sheets of a pack as they are read and printed: nothing stands on anything else, and a page is a page."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from tests.board.conftest import Written


@pytest.fixture(scope="module")
def sheets(written: Written) -> dict[str, Any]:
    """The sheet of each page, by the name of the page."""
    book = openpyxl.load_workbook(written.xlsx)
    return {page.name: book[page.name] for page in written.pack.pages}


def rows_of(chart: Any) -> range:
    """Return the rows that a chart covers, as a sheet counts them."""
    return range(chart.anchor._from.row + 1, chart.anchor.to.row + 2)


def width(sheet: Any, column: int) -> float:
    """Return how many characters wide a column is; those alike are told as one."""
    return next(
        each.width for each in sheet.column_dimensions.values() if each.min <= column <= each.max
    )


def test_no_chart_stands_on_a_cell(sheets: dict[str, Any]) -> None:
    covered = [
        (name, cell.coordinate)
        for name, sheet in sheets.items()
        for chart in sheet._charts
        for row in rows_of(chart)
        for cell in sheet[row]
        if cell.value is not None
    ]
    assert not covered


def test_charts_of_a_sheet_stand_beside_one_another(sheets: dict[str, Any]) -> None:
    for name, sheet in sheets.items():
        charts = sorted(sheet._charts, key=lambda chart: chart.anchor._from.col)
        for one, two in pairwise(charts):
            ends = (one.anchor.to.col, one.anchor.to.colOff)
            assert ends < (two.anchor._from.col, two.anchor._from.colOff), name


def test_a_page_is_printed_as_wide_as_the_paper_with_all_that_is_on_it(
    sheets: dict[str, Any],
) -> None:
    for name, sheet in sheets.items():
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (None, 1)  # what is not said is 1
        _, _, right, low = range_boundaries(sheet.print_area.split("!")[-1])
        assert (right, low) >= (sheet.max_column, sheet.max_row), name
        assert all(chart.anchor.to.col < right for chart in sheet._charts), name


def test_the_trailing_quarters_are_printed_on_one_sheet_of_paper(sheets: dict[str, Any]) -> None:
    assert sheets["Trailing nine quarters"].page_setup.fitToHeight in (None, 1)
    assert sheets["Cohorts"].page_setup.fitToHeight == 0  # it could not be read


def test_every_head_of_numbers_fits_its_column(sheets: dict[str, Any]) -> None:
    tight = [
        (name, cell.value)
        for name, sheet in sheets.items()
        for line in sheet.iter_rows(min_row=5)
        for cell in line
        if cell.font.b and cell.alignment.horizontal == "right" and cell.value
        and len(str(cell.value)) * 1.2 > width(sheet, cell.column)
    ]  # fmt: skip
    assert not tight


def test_words_stand_in_columns_that_are_wide_enough_for_them(sheets: dict[str, Any]) -> None:
    sheet = sheets["Data quality"]
    head = next(c for line in sheet.iter_rows() for c in line if c.value == "What to do")
    assert width(sheet, head.column) > 40


def test_words_in_tables_of_numbers_end_where_the_numbers_do(sheets: dict[str, Any]) -> None:
    sheet = sheets["NRR and GRR"]
    head = next(c for line in sheet.iter_rows() for c in line if c.value == "95% interval")
    assert sheet.cell(head.row + 1, head.column).alignment.horizontal == "right"


def test_figures_of_a_sheet_say_their_unit(sheets: dict[str, Any]) -> None:
    named = {line[0].value for name in ("Summary", "Support") for line in sheets[name].iter_rows()}
    assert {"ARR, USD", "CAC payback, months", "First reply, median, hours", "NRR"} <= named


def test_intervals_of_a_sheet_are_drawn_from_cells(sheets: dict[str, Any]) -> None:
    for chart in sheets["Unit economics"]._charts:
        bars = chart.series[0].errBars
        assert bars.plus.numRef.f.startswith("'Unit economics'!$B$")


def test_the_axis_of_a_sheet_holds_whole_intervals(
    sheets: dict[str, Any], written: Written
) -> None:
    value = {key: quantity.value for key, quantity in written.pack.quantities.items()}
    ranges = [c for page in written.pack.pages for c in page.charts if c.kind == "ranges"]
    for held, drawn in zip(ranges, sheets["Unit economics"]._charts, strict=True):
        most = max(value[key] or 0.0 for key in held.series[0].high if key)
        assert drawn.y_axis.scaling.max > most


def test_the_legend_of_a_sheet_leaves_out_the_ends_of_intervals(sheets: dict[str, Any]) -> None:
    chart = sheets["NRR and GRR"]._charts[0]
    assert [entry.idx for entry in chart.legend.legendEntry] == [1, 2, 4, 5]

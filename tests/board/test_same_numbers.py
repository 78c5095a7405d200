"""One pack, four renderings: what is read back from each is what the library computes, and what the others show."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest
from pptx import Presentation

import saasmetrics as sm
from saasmetrics.board import Pack
from saasmetrics.board.deck_charts import series_of
from saasmetrics.board.figures import said, shown
from saasmetrics.board.model import Text, cells_of
from saasmetrics.board.sheet_blocks import in_cell
from tests.board.conftest import Written
from tests.proof.recalculation import cells

NOW, THEN = (
    "2026-07-01",
    "2025-07-01",
)  # the demo ends in October 2026: its last whole quarter, and a year before


def close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= max(1e-9 * abs(one), 1e-9)


class Marked(HTMLParser):
    """The text of every element that names its quantity, and the JSON beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self.held = ""
        self._at = ""

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._at = "json" if found.get("id") == "pack" else str(found.get("data-q") or "")
        if self._at not in ("", "json"):
            self.texts.append((self._at, ""))

    def handle_data(self, data: str) -> None:
        if self._at == "json":
            self.held += data
        elif self._at:
            self.texts[-1] = (self._at, self.texts[-1][1] + data)

    def handle_endtag(self, _: str) -> None:
        self._at = ""


@pytest.fixture(scope="module")
def page(written: Written) -> Marked:
    found = Marked()
    found.feed(written.html.read_text("utf-8"))
    return found


def test_the_numbers_of_the_pack_are_those_of_the_results(pack: Pack, pack_book: sm.Book) -> None:
    closed = pack_book.as_of("2026-09-30", known="2026-10-31")
    results = {
        "arr": sm.revenue.arr(pack_book, freq="Q"),
        "nrr": sm.retention.nrr(pack_book, freq="Q"),
        "grr": sm.retention.grr(pack_book, freq="Q"),
        "logo_churn": sm.retention.logo_churn(pack_book, freq="Q"),
        "renewal_rates": sm.renewals.rates(pack_book, freq="Q"),
        "cac_ratio": sm.economics.cac_ratio(pack_book, freq="Q"),
        "burn_multiple": sm.economics.burn_multiple(pack_book, freq="Q"),
        "rule_of_40": sm.economics.rule_of_40(pack_book, freq="Q"),
        "magic_number": sm.economics.magic_number(pack_book, freq="Q"),
    }
    for name, result in results.items():
        values = result.df.set_index("period")["value"]
        for day in (NOW, THEN):
            assert pack.quantities[f"{name}@{day}"].value == pytest.approx(values[day], abs=1e-4), (
                name
            )
    assert pack.quantities["ltv_cac"].value == sm.economics.ltv_cac(closed).df["value"].iloc[0]
    assert pack.quantities["payback"].value == sm.economics.payback(closed).df["value"].iloc[0]
    bridge = sm.revenue.bridge(pack_book, freq="Q").df.set_index("period")
    for move in ("opening", "new", "expansion", "churn", "closing"):
        found = pack.quantities[f"{move}@{NOW}"].value
        assert found == pytest.approx(12 * bridge.loc[NOW, move], abs=0.005)


def test_the_page_holds_every_number_and_shows_it(written: Written, page: Marked) -> None:
    held = json.loads(page.held)["quantities"]
    assert {key: each["value"] for key, each in held.items()} == {
        key: q.value for key, q in written.pack.quantities.items()
    }
    assert {key for key, _ in page.texts} <= set(held)
    scales = {
        c: t.scale
        for p in written.pack.pages
        for t in p.tables
        for r in t.rows
        for c in r.cells
        if c
    }
    for key, text in page.texts:
        quantity = written.pack.quantities[key]
        ways = {shown(quantity, scales.get(key, "")), said(quantity, "USD")}
        assert text.strip("▲▼ ") in ways, key


def test_the_document_shows_every_row_of_every_table_of_numbers(written: Written) -> None:
    text = re.sub(r"\s+", " ", written.pdf_text)
    rows = 0
    for shown_page in written.pack.pages:
        for table in (t for t in shown_page.tables if t.kind != "text"):
            for row in table.rows:
                words = [row.label, *(_text(written.pack, cell, table.scale) for cell in row.cells)]
                assert " ".join(word for word in words if word) in text, (shown_page.id, row.label)
                rows += 1
        for tile in shown_page.tiles:
            assert said(written.pack.quantities[tile.value], "USD") in text
    assert rows > 60


def _text(pack: Pack, cell: Any, scale: str) -> str:
    return (
        cell.text if isinstance(cell, Text) else shown(pack.quantities[cell], scale) if cell else ""
    )


def test_the_workbook_inside_each_chart_of_the_slides_has_the_same_numbers(
    written: Written,
) -> None:
    charts = {c.id: c for p in written.pack.pages for c in p.charts}
    seen = set()
    for slide in Presentation(str(written.pptx)).slides:
        for shape in (s for s in slide.shapes if s.has_chart):
            chart = charts[shape.name.removeprefix("chart ")]
            inside = openpyxl.load_workbook(
                io.BytesIO(shape.chart.part.chart_workbook.xlsx_part.blob)
            ).active
            table = [[cell.value for cell in row] for row in inside.iter_rows()]
            expected = series_of(written.pack, chart)
            assert [row[0] for row in table[1:]] == list(chart.categories)
            assert table[0][1:] == [name for name, _ in expected]
            for column, (name, values) in enumerate(expected, 1):
                assert all(
                    close(row[column], v) for row, v in zip(table[1:], values, strict=True)
                ), name
            seen.add(chart.id)
    assert seen == set(charts)


def test_a_waterfall_of_the_slides_is_made_of_the_steps(pack: Pack) -> None:
    chart = next(c for p in pack.pages for c in p.charts if c.kind == "bridge")
    base, whole, up, down = (values for _, values in series_of(pack, chart))
    steps = [(t or 0.0) + (u or 0.0) - (d or 0.0) for t, u, d in zip(whole, up, down, strict=True)]
    assert steps == [pack.quantities[key].value for key in chart.series[0].cells]
    level = steps[0]
    for at in range(1, len(steps) - 1):
        assert base[at] == pytest.approx(min(level, level + steps[at]))
        level += steps[at]
    assert level == pytest.approx(steps[-1], abs=0.01)


def test_the_slides_show_the_tables_as_the_page_does(written: Written, page: Marked) -> None:
    on_slides = [
        shape.table.cell(r, c).text_frame.text
        for slide in Presentation(str(written.pptx)).slides
        for shape in slide.shapes
        if shape.has_table
        for r in range(1, len(shape.table.rows))
        for c in range(1, len(shape.table.columns))
    ]
    tables = [
        _text(written.pack, cell, table.scale)
        for shown_page in written.pack.pages
        for table in shown_page.tables
        for row in table.rows
        for cell in row.cells
    ]
    assert on_slides == tables


def test_the_workbook_calculated_anew_has_every_number_that_is_shown(written: Written) -> None:
    found = cells(written.again)
    wanted = {key for shown_page in written.pack.pages for key in cells_of(shown_page)}
    wrong = []
    for key in wanted:
        place = written.homes[key].replace("'", "").replace("$", "")
        value = found.get(place)
        if not close(None if value == "" else value, in_cell(written.pack.quantities[key])):
            wrong.append((key, place, value, in_cell(written.pack.quantities[key])))
    assert not wrong, wrong[:5]
    assert len(wanted) > 500

"""What charts and pages of a pack say beside their numbers: upright, apart from lines, and with what differs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation
from pptx.oxml.ns import qn

import saasmetrics as sm
from saasmetrics.board import Pack
from saasmetrics.board.model import Chart, Series
from saasmetrics.board.specs import spec
from saasmetrics.board.views import tile_view
from tests.board.conftest import pdf_text

HALF = 480  # pixels of one of two charts on a page of 16:9


def chart(pack: Pack, name: str) -> Chart:
    return next(c for page in pack.pages for c in page.charts if c.id == name)


def texts(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the layers of words whose rows are quantities."""
    return [layer for layer in made["layer"] if layer["mark"].get("fontWeight") == 600]


@pytest.mark.parametrize("width", [HALF, 1000])
def test_the_steps_of_the_bridge_stand_upright(pack: Pack, width: int) -> None:
    made = spec(pack, chart(pack, "bridge"), "light", width, 190)
    axis = made["layer"][0]["encoding"]["x"]["axis"]
    assert axis["labelAngle"] == 0
    assert axis.get("labelFontSize", 11) >= 7.5


def test_the_words_of_the_bridge_do_not_touch_in_a_wide_font(pack: Pack) -> None:
    held = chart(pack, "bridge")
    axis = spec(pack, held, "light", HALF, 190)["layer"][0]["encoding"]["x"]["axis"]
    # Reactivation is 6.26 times as wide as its letters are high in DejaVu Sans.
    assert axis["labelFontSize"] * 6.26 < HALF / len(held.categories)


def test_the_links_of_the_bridge_run_between_its_bars(pack: Pack) -> None:
    link = spec(pack, chart(pack, "bridge"), "light", HALF, 190)["layer"][0]["encoding"]
    assert (link["x"]["bandPosition"], link["x2"]["bandPosition"]) == (1, 0)


def test_the_plan_of_a_line_has_its_color(pack: Pack) -> None:
    retention = next(c for page in pack.pages for c in page.charts if c.kind == "lines")
    grr = Series("GRR", retention.series[0].cells, "second")
    plan = replace(grr, name="Plan GRR", role="plan")
    made = spec(pack, replace(retention, series=(grr, plan)), "light", HALF, 190)
    drawn = [each["mark"]["color"] for each in made["layer"] if each["mark"]["type"] == "line"]
    assert drawn[0] == drawn[1]


def test_words_that_would_be_too_small_stand_aslant(pack: Pack) -> None:
    long = replace(chart(pack, "bridge"), categories=("Reactivations",) * 9)
    made = spec(pack, long, "light", 300, 190)
    axis = made["layer"][0]["encoding"]["x"]["axis"]
    assert (axis["labelAngle"], axis["labelOverlap"]) == (-32, False)  # none is left out


def test_a_label_stands_beside_the_line_of_the_target(pack: Pack) -> None:
    ranges = next(c for page in pack.pages for c in page.charts if c.kind == "ranges")
    at = ranges.series[0].cells[0]
    made = spec(pack, replace(ranges, target=at), "light", HALF, 125)
    moved = {
        row["q"]: layer["mark"]["dx"] for layer in texts(made) for row in layer["data"]["values"]
    }
    assert abs(moved[at]) > 10  # it would be on the line
    assert set(moved) == {cell for cell in ranges.series[0].cells if cell}


def test_where_less_is_renewed_than_is_won_the_page_says_why() -> None:
    # 1000 ends with the quarter and is renewed early at 700.
    contracts = {
        "contract_id": ["a1", "a2", "b1"],
        "customer_id": ["a", "a", "b"],
        "start": ["2025-07-01", "2026-07-01", "2025-08-01"],
        "end": ["2026-07-01", "2027-07-01", "2026-08-01"],
        "arr": [1000, 700, 500],
        "signed_at": ["2025-06-01", "2026-06-15", "2025-07-01"],
    }
    months = [f"2025-{m:02}" for m in range(7, 13)] + [f"2026-{m:02}" for m in range(1, 7)]
    mrr = {
        "customer_id": ["a"] * 12 + ["b"] * 12,
        "month": months * 2,
        "mrr": [83] * 12 + [41] * 12,
    }
    book = sm.Book(mrr=mrr, contracts=contracts, as_of="2026-06-30")
    page = sm.board.pack(book, settings={"pages": ["renewals"]}).pages[0]
    assert (
        "Won counts what the terms were worth: $300 of it was given up in price or seats"
        in page.comment
    )


def test_slides_write_numbers_into_stacks_and_show_whole_intervals(
    pack: Pack, tmp_path: Path
) -> None:
    slides = Presentation(str(pack.to_pptx(tmp_path / "pack.pptx"))).slides
    native = {
        shape.name: shape.chart for slide in slides for shape in slide.shapes if shape.has_chart
    }
    stack = native["chart calendar"]
    assert stack._chartSpace.xpath("count(.//c:dLbl[c:showVal/@val='1'])") >= 3
    ranges = next(c for page in pack.pages for c in page.charts if c.kind == "ranges")
    most = max(pack.quantities[key].value or 0 for key in ranges.series[0].high if key)
    assert native[f"chart {ranges.id}"].value_axis.maximum_scale > most


@pytest.fixture(scope="module")
def slides(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    path = pack.to_pptx(tmp_path_factory.mktemp("slides") / "pack.pptx")
    return list(Presentation(str(path)).slides)


def test_charts_of_slides_draw_the_target_where_its_value_stands(
    pack: Pack, slides: list[Any]
) -> None:
    goals = {c.id: c for page in pack.pages for c in page.charts if c.target}
    lines = {
        shape.name.removeprefix("target "): (shape, slide)
        for slide in slides
        for shape in slide.shapes
        if shape.name.startswith("target ")
    }
    assert set(lines) == set(goals)
    for name, (line, slide) in lines.items():
        frame = next(shape for shape in slide.shapes if shape.name == f"chart {name}")
        layout = frame.chart._chartSpace.chart.plotArea.find(qn("c:layout"))[0]
        begin, wide = (float(layout.find(qn(f"c:{key}")).get("val")) for key in "xw")
        share = (line.left - frame.left - begin * frame.width) / (wide * frame.width)
        axis = frame.chart.value_axis
        value = axis.minimum_scale + share * (axis.maximum_scale - axis.minimum_scale)
        assert value == pytest.approx(pack.quantities[goals[name].target].value, rel=1e-3)


def test_the_legend_of_a_slide_names_lines_and_not_the_ends_of_their_intervals(
    slides: list[Any],
) -> None:
    shown = {}
    for slide in slides:
        for chart in (shape.chart for shape in slide.shapes if shape.has_chart):
            names = [series.name for series in chart.plots[0].series]
            if chart.has_legend and "NRR" in names:
                gone = {
                    int(e.find(qn("c:idx")).get("val"))
                    for e in chart.legend._element.findall(qn("c:legendEntry"))
                }
                shown = {name for at, name in enumerate(names) if at not in gone}
    assert {"NRR", "GRR"} <= shown
    assert not [name for name in shown if name.endswith((", low", ", high"))]


def test_slides_have_the_course_of_every_figure_that_the_page_draws(
    pack: Pack, slides: list[Any]
) -> None:
    drawn = sum(shape.name == "course" for s in slides for shape in s.shapes)
    assert drawn == sum(
        bool(tile_view(pack, tile).spark) for page in pack.pages for tile in page.tiles
    )


def test_the_chart_of_nine_quarters_has_room_on_its_slide(slides: list[Any]) -> None:
    frame = next(shape for s in slides for shape in s.shapes if shape.name == "chart leaky_bucket")
    assert frame.height / 914_400 > 1.7


def test_a_loss_of_nearly_everything_has_its_number_inside_its_column(tmp_path: Path) -> None:
    months = [f"2025-{m:02}" for m in range(1, 13)] + [f"2026-{m:02}" for m in range(1, 9)]
    rows = [("a", month, 5000) for month in months]
    rows += [("b", month, 200) for month in [*months, "2026-09", "2026-10"]]
    mrr = dict(zip(("customer_id", "month", "mrr"), zip(*rows, strict=True), strict=True))
    made = sm.board.pack(
        sm.Book(mrr=mrr, as_of="2026-10-31"), settings={"pages": ["bridge", "t9q"]}
    )
    deck = Presentation(str(made.to_pptx(tmp_path / "pack.pptx")))
    frame = next(s for s in deck.slides[0].shapes if s.name == "chart bridge")
    steps = {series.name: series for series in frame.chart.plots[0].series}
    at = list(frame.chart.plots[0].categories).index("Churn")
    assert steps["Down"].points[at].data_label.text_frame.text == "−60,000"
    assert "The quarter took 96.2% off ARR." in made.pages[1].comment


@pytest.fixture(scope="module")
def level() -> Pack:
    """A company in which nothing changes, so that NRR and GRR are the same."""
    months = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]
    rows = {"customer_id": ["a"] * 24, "month": months, "mrr": [10.0] * 24}
    return sm.board.pack(sm.Book(mrr=rows), settings={"pages": ["retention"]})


def test_the_labels_of_lines_that_end_alike_stand_apart_on_slides(
    level: Pack, tmp_path: Path
) -> None:
    slides = Presentation(str(level.to_pptx(tmp_path / "pack.pptx"))).slides
    chart = next(shape.chart for shape in slides[0].shapes if shape.has_chart)
    moves = chart._chartSpace.xpath(".//c:dLbl/c:layout/c:manualLayout/c:y/@val")
    assert sorted(float(move) for move in moves) == [-0.03, 0.03]


def test_a_line_that_is_level_stands_above_the_axis_of_its_slide(
    level: Pack, tmp_path: Path
) -> None:
    slides = Presentation(str(level.to_pptx(tmp_path / "pack.pptx"))).slides
    chart = next(shape.chart for shape in slides[0].shapes if shape.has_chart)
    assert chart.value_axis.minimum_scale == pytest.approx(0.9)


def test_no_line_of_a_page_ends_between_a_minus_and_its_number(level: Pack, tmp_path: Path) -> None:
    for at in range(44, 66, 2):  # wherever the line ends
        title = f"{'x ' * at}−$314k"
        told = replace(level, pages=(replace(level.pages[0], title=title),))
        text = pdf_text(told.to_pdf(tmp_path / f"{at}.pdf"))
        assert "−$314k" in text


def test_the_foot_of_a_page_of_a4_has_its_number_beside_the_title(
    level: Pack, tmp_path: Path
) -> None:
    lines = pdf_text(level.to_pdf(tmp_path / "pack.pdf", paper="a4")).splitlines()
    foot = next(line for line in lines if line.endswith("page 1 of 1"))
    assert foot.strip().startswith(level.title)

"""Marks on slides that no chart of PowerPoint has by itself: the line of a target, the course of a figure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from saasmetrics.board.figures import shown
from saasmetrics.charts.text import text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.board.build import Pack
    from saasmetrics.board.drawn import Look
    from saasmetrics.board.model import Chart

_EMU = 12_700  # of a point
_TOP, _HIGH, _RIGHT = 0.13, 0.7, 0.04  # of a chart: above its plot, the plot, right of it
_LEAST, _MOST = 0.08, 0.35  # of a chart, for the names of its rows
_SIZE = 9.0  # points
LINE, _PLOT = 0.06, 0.75  # of the height of a chart: a line of words, and its plot


def target_line(
    pack: Pack, chart: Chart, slide: Any, made: Any, place: tuple[int, int, int, int], colors: Look
) -> None:
    """Draw the target of rows as a line with its value above, as the page has it.

    The plot has a place of its own in the chart and its axis fixed ends, so that the line stands where its value is.
    """
    from pptx.enum.dml import MSO_LINE
    from pptx.enum.shapes import MSO_CONNECTOR
    from pptx.util import Pt

    quantity = pack.quantities[chart.target]
    if quantity.value is None:
        return
    left, top, wide, high = place
    names = max(text_width(name, _SIZE) for name in chart.categories) * _EMU / wide + 0.03
    begin = min(max(names, _LEAST), _MOST)
    across = 1 - begin - _RIGHT
    _placed(made, begin, _TOP, across, _HIGH)
    axis = made.value_axis
    share = (quantity.value - axis.minimum_scale) / (axis.maximum_scale - axis.minimum_scale)
    at = int(left + wide * (begin + across * share))
    ends = (int(top + high * _TOP), int(top + high * (_TOP + _HIGH)))
    line = slide.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, at, ends[0], at, ends[1])
    line.name = f"target {chart.id}"
    line.line.color.rgb, line.line.width = rgb(colors.accent), Pt(1.25)
    line.line.dash_style = MSO_LINE.DASH
    words = f"target {shown(quantity, chart.scale)}"
    size = int((text_width(words, _SIZE) + 8) * _EMU)
    start = min(at - size // 2, left + wide - size)
    box = slide.shapes.add_textbox(start, int(top + high * 0.01), size, int(high * _TOP))
    frame = box.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.text = words
    font = frame.paragraphs[0].font
    font.size, font.name, font.color.rgb = Pt(_SIZE), "Arial", rgb(colors.accent)


def _placed(made: Any, left: float, top: float, wide: float, high: float) -> None:
    """Give the plot of a chart its place within it, in shares of the chart."""
    from lxml import etree
    from pptx.oxml.ns import qn

    area = made._chartSpace.chart.plotArea  # noqa: SLF001  (the library cannot place a plot)
    for old in area.findall(qn("c:layout")):
        area.remove(old)
    layout = etree.Element(qn("c:layout"))
    held = etree.SubElement(layout, qn("c:manualLayout"))
    told = {"layoutTarget": "inner", "xMode": "edge", "yMode": "edge"}
    told |= {
        name: repr(round(v, 4)) for name, v in zip("xywh", (left, top, wide, high), strict=True)
    }
    for name, value in told.items():
        etree.SubElement(held, qn(f"c:{name}")).set("val", value)
    area.insert(0, layout)


def aside_of(made: Any, values: Sequence[float]) -> list[float]:
    """Return by which share of a chart's height the labels of values move down, so that none stands on another."""
    told = [v for series in made.plots[0].series for v in series.values if v is not None]
    span = (max(told, default=0.0) - min(told, default=0.0)) or 1.0
    own = [-_PLOT * value / span for value in values]
    order = sorted(range(len(own)), key=lambda at: (own[at], at))
    out = [0.0] * len(own)
    for above, below in pairwise(order):
        short = LINE - (own[below] + out[below] - own[above] - out[above])
        if short > 0:
            out[above] -= short / 2
            out[below] += short / 2
    return out


def moved(label: Any, down: float) -> None:
    """Move the label of a point down by a share of the height of its chart, or up where it is below 0."""
    from lxml import etree
    from pptx.oxml.ns import qn

    element = label._get_or_add_dLbl()  # noqa: SLF001  (the library cannot move a label)
    for old in element.findall(qn("c:layout")):
        element.remove(old)
    layout = etree.Element(qn("c:layout"))
    held = etree.SubElement(layout, qn("c:manualLayout"))
    etree.SubElement(held, qn("c:x")).set("val", "0")
    etree.SubElement(held, qn("c:y")).set("val", repr(round(down, 4)))
    element.find(qn("c:idx")).addnext(layout)


def without_edges(made: Any, edges: list[int]) -> None:
    """Take the ends of intervals out of the legend of a chart: they are drawn beside the line that they belong to."""
    from lxml import etree
    from pptx.oxml.ns import qn

    legend = made.legend._element  # noqa: SLF001  (the library cannot leave out an entry)
    place = legend.find(qn("c:legendPos"))
    for at in reversed(edges):
        entry = etree.Element(qn("c:legendEntry"))
        etree.SubElement(entry, qn("c:idx")).set("val", str(at))
        etree.SubElement(entry, qn("c:delete")).set("val", "1")
        place.addnext(entry)


def spark(slide: Any, points: str, place: tuple[int, int, int, int], color: str) -> None:
    """Draw the course of a figure below it as a thin line; nothing where too little of it is known."""
    from pptx.oxml.ns import qn
    from pptx.util import Pt

    if not points:
        return
    left, top, wide, high = place
    pairs = [tuple(map(float, point.split(","))) for point in points.split(" ")]
    spots = [(int(left + x / 100 * wide), int(top + y / 24 * high)) for x, y in pairs]
    drawn = slide.shapes.build_freeform(*spots[0])
    drawn.add_line_segments(spots[1:], close=False)
    line = drawn.convert_to_shape()
    line.name = "course"
    line.fill.background()
    element = line._element  # noqa: SLF001  (the library cannot take off the shadow of the theme)
    style = element.find(qn("p:style"))
    if style is not None:
        element.remove(style)
    line.line.color.rgb, line.line.width = rgb(color), Pt(0.9)


def rgb(color: str) -> Any:
    """Return a color, written as in the web, as slides take it."""
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(color.lstrip("#").upper())

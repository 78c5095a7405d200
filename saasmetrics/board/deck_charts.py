"""Charts of a pack as PowerPoint's own, each with the workbook of its numbers inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.board.deck_marks import LINE, aside_of, moved, rgb, target_line, without_edges
from saasmetrics.board.drawn import gaps_of, line_color, round_below, stands_alone
from saasmetrics.board.figures import shown
from saasmetrics.board.kinds import YEARS, stack_color
from saasmetrics.charts.theme import readable_on

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack
    from saasmetrics.board.drawn import Look
    from saasmetrics.board.model import Chart

_FONT = "Arial"
_FORMATS = {
    "money": {"": "#,##0;−#,##0", "k": "#,##0,;−#,##0,", "M": "#,##0.0,,;−#,##0.0,,",
              "B": "#,##0.00,,,;−#,##0.00,,,"}, "ratio": "0.0%", "months": "0.0",
    "multiple": '0.0"x"', "hours": "0.0", "fte": "0.0", "count": "#,##0", "score": "0",
}  # fmt: skip
_INCH = 914_400
_NUMBER, _AROUND = 0.18, 0.55  # inches of a number and its air, and of legend and axis of a chart
_FOOT = 0.08  # of the height of a waterfall
_MARK = 8  # points of a value of a line that has none beside it
_FLAT = 2.2  # inches of a chart that has no room for a legend above
_LABELED = 14  # categories of a line that can bear labels


def add_chart(
    pack: Pack, chart: Chart, slide: Any, place: tuple[int, int, int, int], colors: Look
) -> Any:
    """Add a native chart at a place on a slide, and return its frame."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE as KIND

    kinds = {
        "columns": KIND.COLUMN_CLUSTERED, "variance": KIND.COLUMN_CLUSTERED, "lines": KIND.LINE, "curve": KIND.LINE,
        "stack": KIND.COLUMN_STACKED, "bridge": KIND.COLUMN_STACKED, "ranges": KIND.BAR_CLUSTERED,
    }  # fmt: skip
    form: Any = _FORMATS.get(chart.unit, "General")
    data = CategoryChartData(number_format=form[chart.scale] if isinstance(form, dict) else form)
    data.categories = [_safe(name) for name in chart.categories]
    for name, values in series_of(pack, chart):
        data.add_series(name, values)
    frame = slide.shapes.add_chart(kinds[chart.kind], *place, data)
    _dressed(pack, chart, frame.chart, colors, place[3] / _INCH)
    if chart.kind == "stack":
        _parts(pack, chart, frame.chart, colors, place[3] / _INCH)
    if chart.kind == "ranges" and chart.target:
        target_line(pack, chart, slide, frame.chart, place, colors)
    return frame


def _safe(name: str) -> str:
    """Return a category as text that a spreadsheet does not run, should somebody edit the numbers."""
    from saasmetrics.printable import printable

    return printable(
        f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else name
    )


def series_of(pack: Pack, chart: Chart) -> list[tuple[str, list[float | None]]]:
    """Return name and values of the series of a native chart; of a waterfall, what it is stacked of."""
    value = {key: q.value for key, q in pack.quantities.items()}
    if chart.kind == "bridge":
        return _waterfall([value[key] or 0.0 for key in chart.series[0].cells], chart.totals)
    found = []
    for series in chart.series:
        found.append((_safe(series.name), [value[key] if key else None for key in series.cells]))
        if chart.kind in ("lines", "curve"):
            for end, cells in (("low", series.low), ("high", series.high)):
                if any(cells):
                    found.append(
                        (
                            f"{_safe(series.name)}, {end}",
                            [value[key] if key else None for key in cells],
                        )
                    )
    return found


def _waterfall(
    values: list[float], totals: tuple[int, ...]
) -> list[tuple[str, list[float | None]]]:
    base: list[float | None] = []
    whole: list[float | None] = []
    up: list[float | None] = []
    down: list[float | None] = []
    level = 0.0
    for at, value in enumerate(values):
        before, level = level, value if at in totals else level + value
        total = at in totals
        base.append(None if total else min(before, level))
        whole.append(value if total else None)
        up.append(value if not total and value >= 0 else None)
        down.append(-value if not total and value < 0 else None)
    return [("Base", base), ("Total", whole), ("Up", up), ("Down", down)]


def _dressed(pack: Pack, chart: Chart, made: Any, colors: Look, high: float) -> None:
    """Give a chart its colors, labels and axes."""
    from pptx.enum.chart import XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION, XL_TICK_MARK
    from pptx.util import Pt

    made.font.size, made.font.name = Pt(9), _FONT
    made.has_title = False
    made.has_legend = chart.kind in ("stack", "lines") or (
        chart.kind == "columns" and len(chart.series) > 1
    )
    if made.has_legend:
        side = XL_LEGEND_POSITION.RIGHT if high < _FLAT else XL_LEGEND_POSITION.TOP
        made.legend.position, made.legend.include_in_layout = side, False
    axis, across = made.value_axis, made.category_axis
    labeled = chart.kind in ("lines", "curve")
    axis.visible = labeled or chart.kind == "ranges"
    axis.has_major_gridlines = labeled
    if labeled:
        axis.major_gridlines.format.line.color.rgb = rgb("#e5e7eb")
    else:
        axis.minimum_scale = (
            None if any((v or 0) < 0 for _, vs in series_of(pack, chart) for v in vs) else 0
        )
    if chart.kind == "curve":
        axis.minimum_scale, axis.maximum_scale = 0, 1
    if chart.kind == "lines":
        known = [v for _, values in series_of(pack, chart) for v in values if v is not None]
        axis.minimum_scale = round_below(known)
    axis.format.line.fill.background()
    across.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    across.major_tick_mark = XL_TICK_MARK.NONE
    across.format.line.color.rgb = rgb(colors.muted)
    long = max((len(word) for name in chart.categories for word in name.split()), default=0)
    tight = len(chart.categories) > 6 and long > 10
    across.tick_labels.font.size = Pt(7 if tight else 8 if len(chart.categories) > 6 else 9)
    _upright(across, 6 if chart.kind == "curve" else 1)
    axis.tick_labels.number_format = {"ratio": "0%", "multiple": '0"x"'}.get(chart.unit, "#,##0")
    axis.tick_labels.number_format_is_linked = False
    if chart.kind == "ranges":
        across.reverse_order = True
        made.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
    ways = {
        "bridge": _bridge,
        "lines": _lines,
        "curve": _lines,
        "variance": _variance,
        "ranges": _ranges,
    }
    ways.get(chart.kind, _bars)(pack, chart, made, colors)


def _upright(axis: Any, every: int) -> None:
    """Write the categories level, each or every so many."""
    from lxml import etree
    from pptx.oxml.ns import qn

    held = axis._element  # noqa: SLF001  (the library cannot turn labels, nor leave some out)
    body = held.find(qn("c:txPr")).find(qn("a:bodyPr"))
    if every == 1:
        body.set("rot", "0")
        body.set("vert", "horz")
    else:
        skip = etree.Element(qn("c:tickLblSkip"))
        skip.set("val", str(every))
        after = held.find(qn("c:noMultiLvlLbl"))
        after.addprevious(skip)


def _bars(_: Pack, chart: Chart, made: Any, colors: Look) -> None:
    from pptx.util import Pt

    plot = made.plots[0]
    # A plan is an outline: columns stand apart, so that none of its lines crosses a number.
    planned = any(series.role == "plan" for series in chart.series)
    plot.gap_width, plot.overlap = 45, 100 if chart.kind == "stack" else 0 if planned else 35
    solid = {"actual": colors.actual, "prior": colors.prior}
    for at, (series, held) in enumerate(zip(plot.series, chart.series, strict=True)):
        series.invert_if_negative = False
        if held.role == "plan":
            series.format.fill.background()
            series.format.line.color.rgb, series.format.line.width = rgb(colors.plan), Pt(1.25)
            continue
        color = solid.get(held.role) or stack_color(held, at, len(chart.series), colors)
        _fill(series, color)
        if chart.kind == "columns" and held.role == "actual":
            _labels(series, 7 if planned else 8)


def _parts(pack: Pack, chart: Chart, made: Any, colors: Look, high: float) -> None:
    """Write the numbers of a stack into the parts that are high enough for one."""
    many = len(chart.series)
    least = _NUMBER / max(high - _AROUND, _NUMBER)
    large = _large([values for _, values in series_of(pack, chart)], least)
    for at, (series, held) in enumerate(zip(made.plots[0].series, chart.series, strict=True)):
        color = readable_on(stack_color(held, at, many, colors))
        for place in large[at]:
            _part_label(series.points[place].data_label, color)


def _large(values: list[list[float | None]], share: float) -> list[list[int]]:
    """Return the columns in which each part of a stack is more than a share of the height.

    Examples
    --------
    >>> _large([[10.0, 1.0], [0.5, None], [-2.0, 9.0]], 0.1)
    [[0], [], [0, 1]]
    """
    columns = [[value or 0.0 for value in column] for column in zip(*values, strict=True)]
    up = max((sum(value for value in column if value > 0) for column in columns), default=0.0)
    down = min((sum(value for value in column if value < 0) for column in columns), default=0.0)
    least = share * (up - down)
    return [[at for at, value in enumerate(part) if abs(value or 0.0) > least] for part in values]


def _part_label(label: Any, color: str) -> None:
    from pptx.enum.chart import XL_LABEL_POSITION
    from pptx.util import Pt

    label.font.size, label.font.color.rgb = Pt(8), rgb(color)
    label.position = XL_LABEL_POSITION.CENTER


def _variance(pack: Pack, chart: Chart, made: Any, colors: Look) -> None:
    plot = made.plots[0]
    plot.gap_width = 55
    series = plot.series[0]
    series.invert_if_negative = False
    for at, key in enumerate(chart.series[0].cells):
        value = pack.quantities[key].value if key else None
        point = series.points[at]
        point.format.fill.solid()
        point.format.fill.fore_color.rgb = rgb(colors.good if (value or 0) >= 0 else colors.bad)
    _labels(series, 9)
    form: Any = _FORMATS.get(chart.unit, "General")
    up, _, down = (form[chart.scale] if isinstance(form, dict) else form).partition(";")
    series.data_labels.number_format = f"▲ +{up};▼ {down or f'−{up}'};{up}"
    series.data_labels.number_format_is_linked = False


def _bridge(pack: Pack, chart: Chart, made: Any, colors: Look) -> None:
    plot = made.plots[0]
    plot.gap_width, plot.overlap = 40, 100
    for series, color in zip(
        plot.series, ("", colors.actual, colors.good, colors.bad), strict=True
    ):
        series.invert_if_negative = False
        if color:
            _fill(series, color)
        else:
            series.format.fill.background()
            series.format.line.fill.background()
    base, whole, up, down = plot.series
    held = dict(series_of(pack, chart))
    least = _FOOT * max(v for values in held.values() for v in (*values, 0.0) if v is not None)
    for at, key in enumerate(chart.series[0].cells):
        quantity, total = pack.quantities[key], at in chart.totals
        text = shown(quantity, chart.scale)
        text = text if total or (quantity.value or 0) <= 0 else f"+{text}"
        # A step that stands on the axis has its number inside: below it are the words of the axis.
        on_axis = (held["Base"][at] or 0.0) < least <= abs(quantity.value or 0.0)
        step = (up if (quantity.value or 0) >= 0 else down) if on_axis else base
        _written(
            (whole if total else step).points[at].data_label,
            text,
            "#ffffff" if total or on_axis else colors.ink,
        )


def _written(label: Any, text: str, color: str) -> None:
    """Write a text at the upper end of a column: a floating one has it below, at the end of what is not seen."""
    from pptx.enum.chart import XL_LABEL_POSITION
    from pptx.util import Pt

    label.text_frame.text = text
    run = label.text_frame.paragraphs[0].runs[0]
    run.font.size, run.font.bold, run.font.color.rgb = Pt(9), True, rgb(color)
    label.position = XL_LABEL_POSITION.INSIDE_END


def _lines(_: Pack, chart: Chart, made: Any, colors: Look) -> None:
    from pptx.enum.chart import XL_MARKER_STYLE
    from pptx.enum.dml import MSO_LINE
    from pptx.util import Pt

    roles = {_safe(series.name): series.role for series in chart.series}
    paint = {_safe(series.name): line_color(chart, series, colors) for series in chart.series}
    edges: list[int] = []
    ends: list[tuple[float, Any]] = []  # the last value of each line, with its label
    for at, series in enumerate(made.plots[0].series):
        name, _, end = series.name.rpartition(", ")
        edge = end in ("low", "high") and name in roles
        color = paint.get(name if edge else series.name, colors.actual)
        series.smooth = False
        series.marker.style = XL_MARKER_STYLE.NONE
        if not edge and stands_alone(series.values):
            plan = roles.get(series.name) == "plan"
            series.marker.style = XL_MARKER_STYLE.DIAMOND if plan else XL_MARKER_STYLE.CIRCLE
            series.marker.size = _MARK
            _fill(series.marker, color)
            series.marker.format.line.color.rgb = rgb(color)
        series.format.line.color.rgb, series.format.line.width = rgb(color), Pt(0.5 if edge else 2)
        if edge:
            edges.append(at)
            series.format.line.dash_style = MSO_LINE.ROUND_DOT
        elif roles.get(series.name) == "plan":
            series.format.line.width, series.format.line.dash_style = Pt(1.25), MSO_LINE.DASH
        elif len(chart.categories) <= _LABELED and chart.kind == "lines":
            last = series.points[len(chart.categories) - 1].data_label
            last.has_text_frame = False
            _point_label(last, beside=True)
            ends.append((float(series.values[-1] or 0.0), last))
        if chart.kind == "curve" and not edge:
            for place, age in enumerate(chart.categories):
                if int(age) in YEARS:
                    year = series.points[place].data_label
                    _point_label(year, beside=True)
                    moved(year, -LINE)  # the curve goes on right of it: the label stands above
    downs = aside_of(made, [value for value, _ in ends])
    for (_value, label), down in zip(ends, downs, strict=True):
        if down:
            moved(label, down)
    if made.has_legend:
        without_edges(made, edges)


def _point_label(label: Any, *, beside: bool = False) -> None:
    from pptx.enum.chart import XL_LABEL_POSITION
    from pptx.util import Pt

    label.font.size, label.font.bold = Pt(9), True
    label.position = XL_LABEL_POSITION.RIGHT if beside else XL_LABEL_POSITION.ABOVE


def _ranges(pack: Pack, chart: Chart, made: Any, colors: Look) -> None:
    """Draw a bar for each value and its interval as an error bar."""
    from lxml import etree
    from pptx.enum.chart import XL_LABEL_POSITION
    from pptx.oxml.ns import qn

    plot = made.plots[0]
    plot.gap_width = 120
    series, held = plot.series[0], chart.series[0]
    series.invert_if_negative = False
    _fill(series, colors.prior)
    _labels(series, 9)
    series.data_labels.position = XL_LABEL_POSITION.INSIDE_BASE  # the end is the interval's
    value = {key: q.value for key, q in pack.quantities.items()}
    keys = (*held.cells, *held.low, *held.high, chart.target)
    ends = [0.0, *(value[key] or 0.0 for key in keys if key)]
    made.value_axis.minimum_scale = 1.05 * min(ends)  # else intervals are cut off
    made.value_axis.maximum_scale = 1.05 * max(ends) or 1.0
    bars = etree.Element(qn("c:errBars"))
    for tag, said in (("errBarType", "both"), ("errValType", "cust"), ("noEndCap", "0")):
        etree.SubElement(bars, qn(f"c:{tag}")).set("val", said)
    for side, sizes in gaps_of(pack, held).items():
        literal = etree.SubElement(etree.SubElement(bars, qn(f"c:{side}")), qn("c:numLit"))
        etree.SubElement(literal, qn("c:ptCount")).set("val", str(len(sizes)))
        for at, size in enumerate(sizes):
            point = etree.SubElement(literal, qn("c:pt"))
            point.set("idx", str(at))
            etree.SubElement(point, qn("c:v")).text = repr(size)
    element = series._element  # noqa: SLF001  (the library has no error bars)
    element.find(qn("c:cat")).addprevious(bars)


def _fill(series: Any, color: str) -> None:
    series.format.fill.solid()
    series.format.fill.fore_color.rgb = rgb(color)


def _labels(series: Any, size: float) -> None:
    from pptx.util import Pt

    labels = series.data_labels
    labels.show_value = True
    labels.font.size = Pt(size)
    labels.font.name = _FONT

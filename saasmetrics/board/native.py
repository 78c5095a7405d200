"""Charts of a pack as Excel's own, drawn from the cells beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.board.drawn import look
from saasmetrics.board.kinds import stack_color
from saasmetrics.board.views import heading
from saasmetrics.export.workbook import Formula, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saasmetrics.board.build import Pack
    from saasmetrics.board.drawn import Look
    from saasmetrics.board.model import Chart, Series
    from saasmetrics.export.workbook import Sheet

_FORMATS = {
    "money": {"": "#,##0", "k": "#,##0,", "M": "#,##0.0,,", "B": "#,##0.00,,,"},
    "ratio": "0%",
    "months": "0",
    "multiple": '0.0"x"',
    "hours": "0.0",
    "fte": "0.0",
}
_KINDS: dict[str, dict[str, str]] = {
    "columns": {"type": "column"}, "variance": {"type": "column"}, "lines": {"type": "line"},
    "curve": {"type": "line"}, "ranges": {"type": "bar"},
    "stack": {"type": "column", "subtype": "stacked"}, "bridge": {"type": "column", "subtype": "stacked"},
}  # fmt: skip


def draw(pack: Pack, chart: Chart, sheet: Sheet, row: int, aside: tuple[int, int]) -> None:
    """Draw a chart of the block of cells that begins at a row, beside the blocks."""
    colors = look(pack.settings.colors)
    made = sheet.book.writer.add_chart(_KINDS[chart.kind])
    if chart.kind == "curve":
        series = _curve(chart, sheet, row, colors)
    elif chart.kind == "bridge":
        series = _bridge(pack, chart, sheet, row, aside, colors)
    else:
        series = _plain(chart, sheet, row, colors)
    for each in series:
        made.add_series(each)
    what, when = heading(pack, chart)
    form: Any = _FORMATS.get(chart.unit, "General")
    form = form[chart.scale] if isinstance(form, dict) else form
    made.set_title(
        {"name": f"{what} ({when})", "name_font": {"size": 10, "bold": True}, "overlay": False}
    )
    made.set_legend(
        {"position": "bottom"} if len(chart.series) > 1 or chart.kind == "stack" else {"none": True}
    )
    grid = {"visible": chart.kind in ("lines", "curve"), "line": {"color": "#E5E7EB"}}
    bare = {"line": {"none": True}, "num_font": {"size": 8}}
    made.set_y_axis({"num_format": form, "major_gridlines": grid, **bare})
    made.set_x_axis(
        {
            "num_font": {"size": 8},
            "label_position": "low",
            **({"interval_unit": 6} if chart.kind == "curve" else {}),
            "num_format": form if chart.kind == "ranges" else "General",
        }
    )
    made.set_size({"width": 640, "height": 300})
    sheet.page.insert_chart(aside[0], aside[1], made, {"description": f"{what}, {when}"})


def _plain(chart: Chart, sheet: Sheet, row: int, colors: Look) -> Iterator[dict[str, Any]]:
    line, last = row + 2, len(chart.categories)
    drawn = chart.kind in ("lines", "curve")
    for number, series in enumerate(chart.series):
        look_of = _line(series, colors) if drawn else _column(chart, number, colors)
        made: dict[str, Any] = {
            "name": [sheet.name, line, 0],
            "categories": [sheet.name, row + 1, 1, row + 1, last],
            "values": [sheet.name, line, 1, line, last],
            **look_of,
        }
        yield made
        line += 1
        for cells in (series.low, series.high):
            if not any(cells):
                continue
            if drawn:
                thin = {"color": made["line"]["color"], "width": 0.5, "transparency": 55}
                name, values = [sheet.name, line, 0], [sheet.name, line, 1, line, last]
                yield {**made, "name": name, "values": values, "line": thin}
            line += 1


def _line(series: Series, colors: Look) -> dict[str, Any]:
    dash = {"dash_type": "dash"} if series.role == "plan" else {}
    paint = {"second": colors.accent, "plan": colors.plan, "prior": colors.prior}
    return {"line": {"color": paint.get(series.role, colors.actual), "width": 2, **dash}}


def _column(chart: Chart, number: int, colors: Look) -> dict[str, Any]:
    series = chart.series[number]
    labels = {"data_labels": {"value": True, "font": {"size": 8}}}
    if chart.kind == "variance":
        bad = {"invert_if_negative": True, "invert_if_negative_color": colors.bad}
        return {"gap": 60, "fill": {"color": colors.good}, **bad, **labels}
    overlap = {"overlap": {"stack": 100, "columns": 30}.get(chart.kind, 0)}
    if series.role == "plan":
        return {
            "gap": 60,
            "fill": {"none": True},
            "border": {"color": colors.plan, "width": 1.25},
            **overlap,
        }
    solid = {"actual": colors.actual, "prior": colors.prior}
    color = solid.get(series.role) or stack_color(series, number, len(chart.series), colors)
    told = labels if chart.kind in ("columns", "ranges") and series.role == "actual" else {}
    return {"gap": 60, "fill": {"color": color}, **overlap, **told}


def _curve(chart: Chart, sheet: Sheet, row: int, colors: Look) -> Iterator[dict[str, Any]]:
    first, last = row + 2, row + 1 + len(chart.categories)
    ends = [end for s in chart.series for end in (s.low, s.high) if any(end)]
    for column in range(1, 1 + len(chart.series) + len(ends)):
        edge = column > len(chart.series)
        yield {
            "name": [sheet.name, row + 1, column], "categories": [sheet.name, first, 0, last, 0],
            "values": [sheet.name, first, column, last, column],
            "line": {"color": colors.actual, "width": 0.5 if edge else 2, "transparency": 50 if edge else 0},
        }  # fmt: skip


def _bridge(
    pack: Pack, chart: Chart, sheet: Sheet, row: int, aside: tuple[int, int], colors: Look
) -> Iterator[dict[str, Any]]:
    """Write what a waterfall is stacked of, as formulas of its steps, and give the series of it."""
    first, values = row + 2, [pack.quantities[key].value or 0.0 for key in chart.series[0].cells]
    top, left = aside[0] + 16, aside[1]
    names = ("Level", "Total", "Up", "Down", "Base")
    paint = {"Total": colors.actual, "Up": colors.good, "Down": colors.bad}
    level = 0.0
    for line, name in enumerate(names, top + 1):
        sheet.write(line, left, name, "subtitle")
    for column, value in enumerate(values, 1):
        here, whole = at(first, column), column - 1 in chart.totals
        before = level
        level = value if whole else level + value
        places = {name: at(top + 1 + n, left + column) for n, name in enumerate(names)}
        last = at(top + 1, left + column - 1)
        cells = {
            "Level": (f"={here}" if whole else f"={last}+{here}", level),
            "Total": (f"={here}" if whole else "=0", value if whole else 0.0),
            "Up": ("=0" if whole else f"=MAX({here},0)", 0.0 if whole else max(value, 0.0)),
            "Down": ("=0" if whole else f"=MAX(-{here},0)", 0.0 if whole else max(-value, 0.0)),
            "Base": (
                "=0" if whole else f"=MIN({last},{places['Level']})",
                0.0 if whole else min(before, level),
            ),
        }
        for n, name in enumerate(names):
            text, held = cells[name]
            sheet.write(
                top + 1 + n, left + column, Formula(text, held), f"money {chart.scale or 'units'}"
            )
        sheet.write(top, left + column, chart.categories[column - 1], "subtitle")
    last_column = left + len(values)
    for name in ("Base", "Total", "Up", "Down"):
        line = top + 1 + names.index(name)
        fill = {"none": True} if name == "Base" else {"color": paint[name]}
        yield {
            "name": name, "categories": [sheet.name, top, left + 1, top, last_column],
            "values": [sheet.name, line, left + 1, line, last_column], "fill": fill, "gap": 50, "overlap": 100,
        }  # fmt: skip

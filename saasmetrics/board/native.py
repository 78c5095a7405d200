"""Charts of a pack as Excel's own, drawn from the cells beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.board.drawn import gaps_of, line_color, look, round_below, stands_alone
from saasmetrics.board.kinds import stack_color
from saasmetrics.board.sheet_blocks import REACH, STACKED, style_of
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


def draw(pack: Pack, chart: Chart, sheet: Sheet, row: int, spot: tuple[int, int, int]) -> None:
    """Draw a chart of the block of cells that begins at a row, at a spot: a row, a place in it, and a width."""
    colors = look(pack.settings.colors)
    made = sheet.book.writer.add_chart(_KINDS[chart.kind])
    if chart.kind == "curve":
        series = _curve(chart, sheet, row, colors)
    elif chart.kind == "bridge":
        series = _bridge(pack, chart, sheet, row, colors)
    else:
        series = _plain(pack, chart, sheet, row, colors)
    for each in series:
        made.add_series(each)
    what, when = heading(pack, chart)
    made.set_title(
        {"name": f"{what} ({when})", "name_font": {"size": 10, "bold": True}, "overlay": False}
    )
    several = len(chart.series) > 1 or chart.kind == "stack"
    ends = [at for at, told in enumerate(_told(chart)) if not told]
    made.set_legend({"position": "bottom", "delete_series": ends} if several else {"none": True})
    _axes(pack, chart, made)
    made.set_size({"width": spot[2], "height": 310})
    told = {"description": f"{what}, {when}", "x_offset": spot[1]}
    sheet.page.insert_chart(spot[0], 0, made, told)


def _told(chart: Chart) -> list[bool]:
    """Return of each line that is drawn whether it is in the legend: the ends of an interval are not."""
    told = []
    for series in chart.series:
        told += [True, *(False for cells in (series.low, series.high) if any(cells))]
    return told if chart.kind in ("lines", "curve") else []


def _axes(pack: Pack, chart: Chart, made: Any) -> None:
    """Set the axes of a chart: rows from the top down, lines from near the least of them."""
    form: Any = _FORMATS.get(chart.unit, "General")
    form = form[chart.scale] if isinstance(form, dict) else form
    font = {"num_font": {"size": 8}}
    grid = {"line": {"color": "#E5E7EB"}}
    values = [pack.quantities[key].value for s in chart.series for cells in (s.cells, s.low, s.high) for key in cells
              if key]  # fmt: skip
    known = [value for value in values if value is not None]
    if chart.kind == "ranges":
        reach = {
            "min": 1.05 * min([0.0, *known]),
            "max": 1.05 * max([0.0, *known]) or 1.0,
        }  # whole intervals
        made.set_x_axis(
            {
                "num_format": form,
                "label_position": "high",
                "major_gridlines": {"visible": True, **grid},
                **reach,
                **font,
            }
        )
        made.set_y_axis({"reverse": True, **font})
        return
    lined = chart.kind in ("lines", "curve")
    ends = {"min": round_below(known)} if chart.kind == "lines" else {}
    ends = {"min": 0, "max": 1} if chart.kind == "curve" else ends
    shown = {"major_gridlines": {"visible": lined, **grid}, "line": {"none": True}}
    made.set_y_axis({"num_format": form, **shown, **ends, **font})
    apart = {"interval_unit": 6} if chart.kind == "curve" else {}
    made.set_x_axis({"label_position": "low", "num_format": "General", **apart, **font})


def _plain(
    pack: Pack, chart: Chart, sheet: Sheet, row: int, colors: Look
) -> Iterator[dict[str, Any]]:
    line, last = row + 2, len(chart.categories)
    drawn = chart.kind in ("lines", "curve")
    for number, series in enumerate(chart.series):
        look_of = _line(pack, chart, series, colors) if drawn else _column(chart, number, colors)
        made: dict[str, Any] = {
            "name": [sheet.name, line, 0],
            "categories": [sheet.name, row + 1, 1, row + 1, last],
            "values": [sheet.name, line, 1, line, last],
            **look_of,
        }
        if chart.kind == "ranges":
            made["x_error_bars"] = _reach(pack, chart, sheet, row, colors)
        yield made
        line += 1
        for cells in (series.low, series.high):
            if not any(cells):
                continue
            if drawn:
                thin = {"color": made["line"]["color"], "width": 0.5, "transparency": 55}
                name, values = [sheet.name, line, 0], [sheet.name, line, 1, line, last]
                edge = {"name": name, "values": values, "line": thin, "marker": {"type": "none"}}
                yield made | edge
            line += 1


def _reach(pack: Pack, chart: Chart, sheet: Sheet, row: int, colors: Look) -> dict[str, Any]:
    """Write how far intervals reach from their values below them, as formulas, and give the bars of them."""
    held, found = chart.series[0], row + 2
    gaps = gaps_of(pack, held)
    lines = [found + 1 + any(held.low) + any(held.high) + at for at in range(len(REACH))]
    ends = (found + 1 + any(held.low), found + 1)
    for name, line, end, sign, sizes in zip(
        REACH, lines, ends, (1, -1), gaps.values(), strict=True
    ):
        sheet.write(line, 0, name, "subtitle")
        for column, size in enumerate(sizes, 1):
            here, there = at(found, column), at(end, column)
            text = f"=IF(COUNT({here},{there})=2,{f'{there}-{here}' if sign > 0 else f'{here}-{there}'},0)"
            sheet.write(
                line,
                column,
                Formula(text, size),
                style_of(pack.quantities[held.cells[column - 1]], ""),
            )
    last = len(chart.categories)
    plus, minus = (
        f"='{sheet.name}'!{at(n, 1, fixed=True)}:{at(n, last, fixed=True)}" for n in lines
    )
    return {
        "type": "custom",
        "plus_values": plus,
        "minus_values": minus,
        "line": {"color": colors.ink},
    }


def _line(pack: Pack, chart: Chart, series: Series, colors: Look) -> dict[str, Any]:
    plan, color = series.role == "plan", line_color(chart, series, colors)
    dash = {"dash_type": "dash"} if plan else {}
    line = {"line": {"color": color, "width": 2, **dash}}
    if not stands_alone([pack.quantities[key].value if key else None for key in series.cells]):
        return line
    paint = {"fill": {"color": color}, "border": {"color": color}}
    return line | {"marker": {"type": "diamond" if plan else "circle", "size": 7, **paint}}


def _column(chart: Chart, number: int, colors: Look) -> dict[str, Any]:
    series = chart.series[number]
    labels = {"data_labels": {"value": True, "font": {"size": 8}}}
    if chart.kind == "variance":
        bad = {"invert_if_negative": True, "invert_if_negative_color": colors.bad}
        return {"gap": 60, "fill": {"color": colors.good}, **bad, **labels}
    overlap = {"overlap": {"stack": 100, "columns": 30}.get(chart.kind, 0)}
    if chart.kind == "ranges":  # the end is the interval's
        inside = {"data_labels": {"value": True, "font": {"size": 8}, "position": "inside_base"}}
        return {"gap": 60, "fill": {"color": colors.prior}, **inside}
    if series.role == "plan":
        return {
            "gap": 60,
            "fill": {"none": True},
            "border": {"color": colors.plan, "width": 1.25},
            **overlap,
        }
    solid = {"actual": colors.actual, "prior": colors.prior}
    color = solid.get(series.role) or stack_color(series, number, len(chart.series), colors)
    told = labels if chart.kind == "columns" and series.role == "actual" else {}
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
    pack: Pack, chart: Chart, sheet: Sheet, row: int, colors: Look
) -> Iterator[dict[str, Any]]:
    """Write what a waterfall is stacked of below its steps, as formulas of them, and give the series of it."""
    steps, top = row + 2, row + 3
    values = [pack.quantities[key].value or 0.0 for key in chart.series[0].cells]
    lines = {name: top + at for at, name in enumerate(STACKED)}
    level = 0.0
    for name, line in lines.items():
        sheet.write(line, 0, name, "subtitle")
    for column, value in enumerate(values, 1):
        here, whole = at(steps, column), column - 1 in chart.totals
        before, level = level, value if whole else level + value
        last, now = (at(lines["Level"], each) for each in (column - 1, column))
        cells = {
            "Level": (f"={here}" if whole else f"={last}+{here}", level),
            "Total": (f"={here}" if whole else "=0", value if whole else 0.0),
            "Up": ("=0" if whole else f"=MAX({here},0)", 0.0 if whole else max(value, 0.0)),
            "Down": ("=0" if whole else f"=MAX(-{here},0)", 0.0 if whole else max(-value, 0.0)),
            "Base": (
                "=0" if whole else f"=MIN({last},{now})",
                0.0 if whole else min(before, level),
            ),
        }
        for name, (text, held) in cells.items():
            sheet.write(lines[name], column, Formula(text, held), f"money {chart.scale or 'units'}")
    paint = {"Total": colors.actual, "Up": colors.good, "Down": colors.bad}
    for name in ("Base", "Total", "Up", "Down"):
        fill = {"none": True} if name == "Base" else {"color": paint[name]}
        yield {
            "name": name, "categories": [sheet.name, row + 1, 1, row + 1, len(values)],
            "values": [sheet.name, lines[name], 1, lines[name], len(values)], "fill": fill, "gap": 50, "overlap": 100,
        }  # fmt: skip

"""Kinds of charts as Vega-Lite: actual solid, prior light, plan outlined; color for impact alone."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from saasmetrics.board.drawn import line_color, vertical
from saasmetrics.charts.text import text_width
from saasmetrics.charts.theme import along, readable_on

if TYPE_CHECKING:
    from saasmetrics.board.drawn import Drawn, Look
    from saasmetrics.board.model import Series

    Row = dict[str, Any]

YEARS = (12, 24, 36, 48)  # months of a curve that have their value beside them
_LINE, _DIGIT = 16, 5.5  # pixels that a line of a label is high, and a digit of it wide


def columns(d: Drawn) -> dict[str, Any]:
    """Columns of periods: actual in front, the year before behind it, plan as an outline."""
    layers, c = [], d.colors
    band = d.width / max(len(d.chart.categories), 1) * 0.65
    shift, size = max(2, band * 0.16), max(3.0, band * 0.74)
    looks = {
        "prior": {"type": "bar", "color": c.prior, "xOffset": -shift, "width": size},
        "plan": {
            "type": "bar",
            "fillOpacity": 0,
            "stroke": c.plan,
            "strokeWidth": 1.3,
            "xOffset": shift,
            "width": size,
        },
        "actual": {"type": "bar", "color": c.actual, "width": size},
    }
    several = len(d.chart.series) > 1
    for role in ("prior", "plan", "actual"):
        layers += [
            d.layer(d.rows(series), looks[role], x=d.x, y=vertical("v"))
            for series in d.chart.series
            if series.role == role
        ]
    for series in (s for s in d.chart.series if s.role == "actual"):
        own, hidden = _labelled(d, series, size)
        layers.append(d.label(own, "top", bold=not several))
        if hidden:
            ink = readable_on(c.actual)
            layers.append(d.label(hidden, "top", dy=_LINE // 2 + 1, color=ink, bold=not several))
    return {"layer": [*layers, _baseline(d)]}


def _labelled(d: Drawn, series: Series, size: float) -> tuple[list[Row], list[Row]]:
    """Return the columns whose number stands above them, and those that have it inside.

    Where another column is higher its outline is there, and a number on that would seem to be its own.
    """
    rows = [{**row, "top": max(row["v"], 0)} for row in d.rows(series)]
    highest: dict[Any, float] = {}
    for row in (row for other in d.chart.series if other is not series for row in d.rows(other)):
        highest[row["i"]] = max(highest.get(row["i"], 0), row["v"])
    most = max([row["top"] for row in rows] + list(highest.values()), default=0) or 1
    inside = [
        row
        for row in rows
        if highest.get(row["i"], 0) > row["top"] > most * _LINE / d.height
        and len(row["t"]) * _DIGIT < size
    ]
    return [row for row in rows if row not in inside], inside


def _baseline(d: Drawn) -> dict[str, Any]:
    return {
        "data": {"values": [{"v": 0}]}, "mark": {"type": "rule", "color": d.colors.muted, "strokeWidth": 1},
        "encoding": {"y": vertical("v")},
    }  # fmt: skip


def bridge(d: Drawn) -> dict[str, Any]:
    """A waterfall from a total to a total, each step colored by its impact."""
    rows, level, c = [], 0.0, d.colors
    for row in d.rows(d.chart.series[0]):
        total = row["i"] in d.chart.totals
        start, end = (0.0, row["v"]) if total else (level, level + row["v"])
        color = c.actual if total else c.good if row["v"] >= 0 else c.bad
        sign = "" if total or row["v"] <= 0 or row["t"].startswith("+") else "+"
        rows.append(
            {
                **row,
                "y0": start,
                "y1": end,
                "top": max(start, end),
                "fill": color,
                "t": sign + row["t"],
            }
        )
        level = end
    links = [{"c": a["c"], "n": b["c"], "v": a["y1"]} for a, b in pairwise(rows)]  # between bars
    fill = {"field": "fill", "type": "nominal", "scale": None, "legend": None}
    bars = d.layer(rows, {"type": "bar"}, x=d.x, y=vertical("y0"), y2={"field": "y1"}, color=fill)
    link = {
        "data": {"values": links}, "mark": {"type": "rule", "color": c.muted, "strokeWidth": 0.7},
        "encoding": {"x": {**d.x, "bandPosition": 1}, "x2": {"field": "n", "bandPosition": 0}, "y": vertical("v")},
    }  # fmt: skip
    return {"layer": [link, bars, d.label(rows, "top", bold=True), _baseline(d)]}


def variance(d: Drawn) -> dict[str, Any]:
    """Differences as columns, good and bad by color and by mark."""
    rows, c = [], d.colors
    for row in d.rows(d.chart.series[0]):
        better = row["v"] >= 0
        seen = any(digit in row["t"] for digit in "123456789")
        mark = "" if not seen else "▲" if row["v"] > 0 else "▼"
        rows.append(
            {
                **row,
                "fill": c.good if better else c.bad,
                "top": max(row["v"], 0),
                "t": f"{mark} {row['t']}".strip(),
            }
        )
    fill = {"field": "fill", "type": "nominal", "scale": None, "legend": None}
    bars = d.layer(rows, {"type": "bar"}, x=d.x, y=vertical("v"), color=fill)
    return {"layer": [bars, d.label(rows, "top"), _baseline(d)]}


def stack_color(series: Series, at: int, many: int, c: Look) -> str:
    """Return the color of one part of a stack: a movement, the state of a renewal, or a vintage."""
    kind, _, name = series.role.partition(":")
    if kind == "part":
        return c.movements.get(name, c.prior)
    if kind == "category":
        known = {"won": c.actual, "commit": c.good, "best": along((c.good, c.surface), 0.55), "at_risk": c.bad,
                 "omit": c.prior, "unclassified": along((c.good, c.surface), 0.8)}  # fmt: skip
        return known.get(name, c.muted)
    return along(c.ramp[1:], 1 - at / max(many - 1, 1))


def stack(d: Drawn) -> dict[str, Any]:
    """Columns of parts, gains above zero and losses below."""
    many = len(d.chart.series)
    paint = {s.name: stack_color(s, at, many, d.colors) for at, s in enumerate(d.chart.series)}
    rows, up, down = [], dict.fromkeys(range(len(d.chart.categories)), 0.0), {}
    down = dict(up)
    for series in d.chart.series:
        for row in d.rows(series):
            side = up if row["v"] >= 0 else down
            start = side[row["i"]]
            side[row["i"]] = start + row["v"]
            rows.append({**row, "y0": start, "y1": side[row["i"]], "mid": start + row["v"] / 2})
    color = {
        "field": "s", "type": "nominal", "sort": list(paint),
        "scale": {"domain": list(paint), "range": list(paint.values())},
        "legend": {"title": None, "orient": "top", "direction": "horizontal", "columns": 8},
    }  # fmt: skip
    bars = d.layer(rows, {"type": "bar"}, x=d.x, y=vertical("y0"), y2={"field": "y1"}, color=color)
    band = d.width / max(len(d.chart.categories), 1) * 0.62
    span = max((max(up.values(), default=0.0) - min(down.values(), default=0.0)), 1e-9)
    inside = [
        {**row, "ink": readable_on(paint[row["s"]])}
        for row in rows
        if abs(row["v"]) / span * d.height > 13 and text_width(row["t"], 10) < band
    ]
    labels = d.layer(
        inside, {"type": "text", "fontSize": 10}, x=d.x, y=vertical("mid"), text={"field": "t", "type": "nominal"},
        color={"field": "ink", "type": "nominal", "scale": None, "legend": None},
    )  # fmt: skip
    return {"layer": [bars, labels, _baseline(d)], "resolve": {"scale": {"color": "independent"}}}


def lines(d: Drawn) -> dict[str, Any]:
    """Lines of rates with their intervals, each named at its end."""
    layers, ends, c = [], [], d.colors
    free = vertical("v", zero=False, show=True)
    for series in d.chart.series:
        rows, stroke = d.rows(series), line_color(d.chart, series, c)
        band = [row for row in rows if "low" in row and "high" in row]
        if band:
            area = {"type": "area", "color": stroke, "opacity": 0.11}
            layers.append(
                d.layer(band, area, x=d.x, y={**free, "field": "low"}, y2={"field": "high"})
            )
        plan = series.role in ("plan", "forecast")
        dots: dict[str, Any] | bool = not plan and {"color": stroke, "size": 24}
        if plan and len(rows) == 1:
            dots = {"color": stroke, "size": 60, "shape": "diamond", "filled": True}
        line: dict[str, Any] = {
            "type": "line",
            "color": stroke,
            "strokeWidth": 1.2 if plan else 2.2,
            "point": dots,
        }
        line |= {"strokeDash": [4, 3]} if plan else {}
        layers.append(d.layer(rows, line, x=d.x, y=free))
        if rows:
            ends.append({**rows[-1], "t": f"{series.name} {rows[-1]['t']}", "fill": stroke})
    for row in _spread(d, ends):
        place = {"align": "left", "dx": 9, "dy": row["dy"]}
        mark = {"type": "text", **place, "fontSize": 11, "fontWeight": 600, "color": row["fill"]}
        layers.append(d.layer([row], mark, x=d.x, y=free, text={"field": "t", "type": "nominal"}))
    return {"layer": layers, "padding": {"left": 4, "right": 84, "top": 6, "bottom": 4}}


def _spread(d: Drawn, ends: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Move labels at the ends of lines apart, so that none is written on another."""
    values = [
        row[k]
        for s in d.chart.series
        for row in d.rows(s)
        for k in ("v", "low", "high")
        if k in row
    ]
    span = (max(values) - min(values)) or 1.0 if values else 1.0
    placed, last = [], -1e9
    for row in sorted(ends, key=lambda row: -row["v"]):
        own = -row["v"] / span * d.height
        at = max(own, last + 14)
        placed.append({**row, "own": own, "at": at})
        last = at
    low = -min(values, default=0.0) / span * d.height  # below it the axis has its words
    for row in reversed(placed):
        row["at"] = min(row["at"], low)
        low = row["at"] - 14
    return [{**row, "dy": row["at"] - row["own"]} for row in placed]


def curve(d: Drawn) -> dict[str, Any]:
    """A curve by age, falling in steps, with its interval."""
    series = d.chart.series[0]
    rows = [{**row, "age": int(row["c"])} for row in d.rows(series)]
    x = {
        "field": "age",
        "type": "quantitative",
        "axis": {"title": "months", "tickMinStep": 6, "grid": False},
        "scale": {"nice": False},
    }
    y = {**vertical("v", show=True), "scale": {"domain": [0, 100], "zero": True}}
    band = [row for row in rows if "low" in row and "high" in row]
    area = d.layer(band, {"type": "area", "color": d.colors.actual, "opacity": 0.13, "interpolate": "step-after"},
                   x=x, y={**y, "field": "low"}, y2={"field": "high"})  # fmt: skip
    line = d.layer(
        rows,
        {"type": "line", "color": d.colors.actual, "strokeWidth": 2, "interpolate": "step-after"},
        x=x,
        y=y,
    )
    marked = [row for row in rows if row["age"] in YEARS]
    dots = d.layer(
        marked,
        {"type": "point", "filled": True, "color": d.colors.actual, "size": 30, "opacity": 1},
        x=x,
        y=y,
    )
    text = {
        "type": "text",
        "dx": 4,
        "dy": -9,
        "align": "left",
        "fontSize": 10.5,
        "color": d.colors.ink,
    }
    labels = d.layer(marked, text, x=x, y=y, text={"field": "t", "type": "nominal"})
    return {"layer": [area, line, dots, labels]}


def _beside(d: Drawn, rows: list[Row], goal: float | None) -> list[tuple[float, list[Row]]]:
    """Return by how many pixels the labels of rows move aside, so that none stands on the line of the target."""
    if goal is None:
        return [(0.0, rows)]
    ends = [row[name] for row in rows for name in ("v", "low", "high") if name in row]
    span = max([goal, *ends]) or 1.0
    moved: dict[float, list[Row]] = {0.0: []}
    for row in rows:
        off = (row["v"] - goal) / span * d.width
        lacking = text_width(row["t"], 10.5) / 2 + _LINE / 2 - abs(off)
        aside = 0.0 if lacking <= 0 else lacking if off >= 0 else -lacking
        moved.setdefault(round(aside, 1), []).append(row)
    return [(aside, some) for aside, some in moved.items() if some]


def ranges(d: Drawn) -> dict[str, Any]:
    """Values with their intervals beside a target."""
    rows = d.rows(d.chart.series[0])
    side = {
        "field": "c",
        "type": "ordinal",
        "sort": None,
        "axis": {"title": None, "ticks": False, "labelLimit": 140},
    }
    x = {
        "field": "v",
        "type": "quantitative",
        "axis": {"title": None, "tickCount": 5},
        "scale": {"zero": True, "nice": True},
    }
    band = [row for row in rows if "low" in row and "high" in row]
    whisker = d.layer(band, {"type": "rule", "color": d.colors.muted, "strokeWidth": 1.4},
                      y=side, x={**x, "field": "low"}, x2={"field": "high"})  # fmt: skip
    dot = d.layer(
        rows,
        {"type": "point", "filled": True, "size": 75, "opacity": 1, "color": d.colors.actual},
        y=side,
        x=x,
    )
    goal = d.scaled(d.chart.target)
    text = {"type": "text", "dy": -11, "fontSize": 10.5, "fontWeight": 600, "color": d.colors.ink}
    labels = [
        d.layer(some, {**text, "dx": aside}, y=side, x=x, text={"field": "t", "type": "nominal"})
        for aside, some in _beside(d, rows, goal)
    ]
    layers = [whisker, dot, *labels]
    if goal is not None:
        layers = [*_target(d, goal, x), *layers]
    return {"layer": layers, "padding": {"left": 4, "right": 50, "top": 12, "bottom": 4}}


def _target(d: Drawn, goal: float, x: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the line of a target, with its value above."""
    text = f"target {d.text(d.chart.target)}"
    row = {"v": goal, "t": text, "s": "target", "c": "", "q": d.chart.target}
    color = d.colors.accent
    rule = {"type": "rule", "strokeDash": [4, 3], "color": color, "strokeWidth": 1.4}
    mark = {"type": "text", "align": "left", "dx": 4, "fontSize": 10.5, "color": color}
    return [
        d.layer([row], rule, x=x),
        d.layer([row], mark, x=x, y={"value": -4}, text={"field": "t", "type": "nominal"}),
    ]

"""The marks of lines over time: intervals, complete and open periods, points with their tooltips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import data

if TYPE_CHECKING:
    from saasmetrics.charts.theme import Palette

_QUIET = 0.3  # opacity of lines that have no name
_TIPS = {
    "line": "group", "period": "period", "text": "value", "sides": "of", "between": "interval", "reason": "reason",
}  # fmt: skip


def line_layers(
    rows: list[dict[str, Any]],
    x: alt.X,
    y: alt.Y,
    scale: alt.Scale,
    colors: Palette,
    *,
    clip: bool = False,
) -> list[alt.Chart]:
    """Return the marks of lines: intervals, complete and open periods, points with their tooltips."""
    color = alt.Color("color:N", scale=None)
    one = alt.Detail("line:N")
    tip = [alt.Tooltip(f"{name}:N", title=title) for name, title in _TIPS.items()]
    band = (
        alt.Chart(data([r for r in rows if r["low"] is not None and r["named"]]))
        .mark_area(opacity=0.15, clip=True)
        .encode(x=x, y=alt.Y("low:Q", scale=scale), y2=alt.Y2("high:Q"), color=color, detail=one)
    )
    behind = _quiet(
        [r for r in rows if not r["named"]], {"x": x, "y": y, "color": color, "detail": one}, tip
    )
    rows = [r for r in rows if r["named"]]
    done = [r for r in rows if r["complete"]]
    solid = (
        alt.Chart(data(done))
        .mark_line(strokeWidth=2.2, strokeJoin="round", clip=clip)
        .encode(x=x, y=y, color=color, detail=one)
    )
    dashed = (
        alt.Chart(data(open_ends(rows)))
        .mark_line(strokeWidth=2, strokeDash=[4, 3], clip=clip)
        .encode(x=x, y=y, color=color, detail=one)
    )
    alone = len({r["i"] for r in rows if r["value"] is not None}) <= 24
    dots = (
        alt.Chart(data([r for r in done if r["value"] is not None]))
        .mark_point(filled=True, size=32 if alone else 60, opacity=1 if alone else 0, clip=clip)
        .encode(x=x, y=y, color=color, tooltip=tip)
    )
    hollow = (
        alt.Chart(data([r for r in rows if not r["complete"] and r["value"] is not None]))
        .mark_point(filled=True, size=44, fill=colors.surface, opacity=1, strokeWidth=1.8)
        .encode(x=x, y=y, stroke=alt.Stroke("color:N", scale=None), tooltip=tip)
    )
    return [*behind, band, solid, dashed, dots, hollow]


def _quiet(
    rows: list[dict[str, Any]], encoding: Mapping[str, Any], tip: list[alt.Tooltip]
) -> list[alt.Chart]:
    """Return the marks of lines without a name, faint, dashed where a period is not over."""
    if not rows:
        return []
    done = alt.Chart(data([r for r in rows if r["complete"]]))
    single = len({r["i"] for r in rows if r["value"] is not None}) == 1  # of which no line is seen
    layers = [
        done.mark_line(strokeWidth=1, opacity=_QUIET),
        alt.Chart(data(open_ends(rows))).mark_line(
            strokeWidth=1, strokeDash=[4, 3], opacity=_QUIET
        ),
        alt.Chart(data(rows))
        .mark_point(size=30, opacity=_QUIET if single else 0, filled=True)
        .encode(tooltip=tip),
    ]
    return [layer.encode(**encoding) for layer in layers]


def open_ends(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the open periods of each line with the complete period before them."""
    ends = []
    for line in dict.fromkeys(r["line"] for r in rows):
        mine = [r for r in rows if r["line"] == line]
        first = next((k for k, r in enumerate(mine) if not r["complete"]), None)
        if first is not None:
            ends += mine[max(0, first - 1) :]
    return ends

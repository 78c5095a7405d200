"""Small multiples in one chart: a panel per group, all with one scale, their lines named at the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

import altair as alt

from saasmetrics.charts.frame import Canvas, data, what
from saasmetrics.charts.line_marks import open_ends
from saasmetrics.charts.series import readable_text
from saasmetrics.charts.text import period_text, shortened, spread, text_width, ticks

if TYPE_CHECKING:
    from saasmetrics.charts.comparison import Lines

    Align = Literal["left", "center", "right"]

_HEAD, _FOOT, _LEFT, _APART = 24.0, 22.0, 40.0, 14.0  # pixels around the plot of a panel
_PLOT, _GAP = 116.0, 13.0
_WIDE = 560  # pixels from which two panels stand side by side


@dataclass(frozen=True)
class Panel:
    """Where a panel stands, in pixels of the chart, and what its axis spans."""

    left: float
    top: float
    width: float
    height: float
    low: float
    high: float
    count: int

    def x(self, index: float) -> float:
        """Return where a period stands; the only one in the middle."""
        return self.left + self.width * (index / (self.count - 1) if self.count > 1 else 0.5)

    def holds(self, value: float | None) -> bool:
        """Return whether a value is on the scale."""
        return value is not None and self.low <= value <= self.high

    def y(self, value: float) -> float:
        """Return where a value stands; at the edge where it is beyond it."""
        share = (value - self.low) / ((self.high - self.low) or 1)
        return self.top + self.height * (1 - min(max(share, 0.0), 1.0))


def panels(lines: Lines, canvas: Canvas, note: str) -> alt.LayerChart:
    """Draw one panel per group."""
    names = {key: lines.name(key, 84) for key in lines.names}
    label = max(text_width(f"{name} {_longest(lines)}", 10) for name in names.values()) + 8
    across = 2 if canvas.room >= _WIDE and len(lines.groups) > 1 else 1
    plot = max(_PLOT, _GAP * len(names) + 4)
    width, height = canvas.room / across, _HEAD + plot + _FOOT
    low, high = lines.bounds(canvas.unit)
    at = {
        group: Panel(
            (n % across) * width + _LEFT,
            (n // across) * height + _HEAD,
            width - _LEFT - label - _APART,
            plot,
            low,
            high,
            len(lines.periods),
        )
        for n, group in enumerate(lines.groups)
    }
    total = math.ceil(len(at) / across) * height
    layers = [*_frames(at, lines, canvas), *_lines(at, lines)]
    layers.append(_names(at, lines, names, canvas))
    x = alt.Scale(domain=[0, canvas.room], nice=False)
    y = alt.Scale(domain=[total, 0], nice=False, zero=False)
    placed = [layer.encode(x=alt.X("x:Q", scale=x, axis=None)) for layer in layers]
    placed = [layer.encode(y=alt.Y("y:Q", scale=y, axis=None)) for layer in placed]
    notes = [*([note] if note else []), "All panels have one scale", *lines.notes(canvas.unit)]
    return canvas.finish(
        placed,
        message=lines.message(canvas.result),
        subtitle=what(canvas.result, freq=lines.freq, note=". ".join(notes)),
        height=total,
    )


def _longest(lines: Lines) -> str:
    return max((str(row["text"]) for row in lines.rows), key=len)


def _frames(at: dict[str, Panel], lines: Lines, canvas: Canvas) -> list[alt.Chart]:
    """Return the titles of the panels, their grid lines and what stands at these, and their first and last period."""
    colors = canvas.colors
    titles, grid = [], []
    periods: dict[Align, list[dict[str, Any]]] = {"left": [], "center": [], "right": []}
    for group, panel in at.items():
        right = panel.left + panel.width
        name = shortened(group, panel.width + (canvas.room / 8), 12)
        titles.append({"x": panel.left - _LEFT + 6, "y": panel.top - 12, "text": name})
        for value, word in ticks(panel.low, panel.high, canvas.unit, canvas.currency, 3).items():
            grid.append({"x": panel.left, "x2": right, "y": panel.y(value), "text": word})
        ends: tuple[Align, ...] = ("left", "right") if panel.count > 1 else ("center",)
        for align in ends:
            n = panel.count - 1 if align == "right" else 0
            word = period_text(lines.periods[n], lines.freq, canvas.result.context.fiscal_start)
            below = panel.top + panel.height + 12
            periods[align].append({"x": panel.x(n), "y": below, "text": word})
    ruled = alt.Chart(data(grid))
    title = alt.Chart(data(titles)).mark_text(
        align="left", fontSize=12, fontWeight=600, color=colors.ink
    )
    words = [
        alt.Chart(data(rows)).mark_text(align=align, fontSize=10, color=colors.muted)
        for align, rows in periods.items()
        if rows
    ]
    value = ruled.mark_text(align="right", dx=-5, fontSize=10, color=colors.muted)
    texts = [word.encode(text=alt.Text("text:N")) for word in (title, value, *words)]
    return [ruled.mark_rule(color=colors.grid).encode(x2=alt.X2("x2:Q")), *texts]


def _lines(at: dict[str, Panel], lines: Lines) -> list[alt.Chart]:
    rows = []
    for row in lines.rows:
        panel, value = at[row["group"]], row["value"]
        spot = {"x": panel.x(row["i"]), "y": panel.y(value) if panel.holds(value) else None}
        rows.append({**row, **spot, "one": f"{row['group']}\n{row['line']}"})
    tip = [
        alt.Tooltip(f"{name}:N", title=title)
        for name, title in (
            ("group", "group"),
            ("policies", "policy"),
            ("period", "period"),
            ("text", "value"),
            ("sides", "of"),
            ("reason", "reason"),
        )
    ]
    color, one = alt.Color("color:N", scale=None), alt.Detail("one:N")
    still = [
        row
        for _, mine in groupby(rows, key=lambda row: row["group"])
        for row in open_ends(list(mine))
    ]
    done = [row for row in rows if row["complete"]]
    seen = [row for row in rows if row["y"] is not None]
    few = len({row["i"] for row in seen}) <= 12
    return [
        alt.Chart(data(done)).mark_line(strokeWidth=1.8).encode(color=color, detail=one),
        alt.Chart(data(still))
        .mark_line(strokeWidth=1.6, strokeDash=[4, 3])
        .encode(color=color, detail=one),
        alt.Chart(data(seen))
        .mark_point(filled=True, size=22 if few else 40, opacity=1 if few else 0)
        .encode(color=color, tooltip=tip),
    ]


def _names(at: dict[str, Panel], lines: Lines, names: dict[str, str], canvas: Canvas) -> alt.Chart:
    """Return what stands at the ends of the lines of every panel."""
    spots = []
    for group, panel in at.items():
        ends = lines.ends(group)
        wanted = [panel.y(row["at"]) for row in ends]
        placed = spread(wanted, _GAP, panel.top, panel.top + panel.height)
        for row, spot in zip(ends, placed, strict=True):
            color = readable_text(row["color"], canvas.colors)
            word = f"{names[row['line']]} {row['text']}"
            right = panel.left + panel.width
            spots.append({"x": right, "y": spot, "text": word, "color": color})
    words = alt.Chart(data(spots)).mark_text(align="left", dx=6, fontSize=10, fontWeight=600)
    drawn: alt.Chart = words.encode(text=alt.Text("text:N"), color=alt.Color("color:N", scale=None))
    return drawn

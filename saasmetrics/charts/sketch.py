"""Marks placed in pixels: rectangles, areas, rules, lines, points and words of one chart, in one system of axes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, data
from saasmetrics.charts.text import text_width, thinned, ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Point = tuple[float, float]


@dataclass(frozen=True)
class Plot:
    """A rectangle of a chart in pixels, and the numbers that its axes span."""

    left: float
    top: float
    width: float
    height: float
    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        """Return where a number stands across."""
        return self.left + self.width * (value - self.x0) / ((self.x1 - self.x0) or 1)

    def y(self, value: float) -> float:
        """Return where a number stands; at the edge where it is beyond it."""
        share = (value - self.y0) / ((self.y1 - self.y0) or 1)
        return self.top + self.height * (1 - min(max(share, 0.0), 1.0))

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height


@dataclass
class Sketch:
    """The marks of a chart, drawn in the order: grid, rectangles, areas, rules, lines, points, words.

    Examples
    --------
    >>> sketch = Sketch(Canvas.of(None, "light", 300, 100, None))
    >>> sketch.word(10, 10, "hello")
    >>> len(sketch.words)
    1
    """

    canvas: Canvas
    grid: list[dict[str, Any]] = field(default_factory=list)
    rects: list[dict[str, Any]] = field(default_factory=list)
    areas: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)
    words: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0

    def rect(self, x: float, x2: float, y: float, y2: float, color: str, tip: str = "") -> None:
        """Add a rectangle."""
        self.rects.append({"x": x, "x2": x2, "y": y, "y2": y2, "color": color, "tip": tip})

    def rule(
        self,
        x: float,
        y: float,
        x2: float,
        y2: float,
        color: str,
        *,
        dashed: bool = False,
        thick: float = 1,
    ) -> None:
        """Add a straight line."""
        place = {"x": x, "y": y, "x2": x2, "y2": y2}
        self.rules.append({**place, "color": color, "dashed": dashed, "thick": thick})

    def line(self, points: Sequence[Point | None], color: str, *, dashed: bool = False) -> None:
        """Add a line through points; it breaks at None."""
        for x, y in ((None, None) if point is None else point for point in points):
            if x is None:
                self.count += 1
                continue
            self.lines.append({"x": x, "y": y, "color": color, "dashed": dashed, "key": self.count})
        self.count += 1

    def area(self, points: Sequence[tuple[float, float, float] | None], color: str) -> None:
        """Add a band through (x, low, high); it breaks at None."""
        for point in points:
            if point is None:
                self.count += 1
                continue
            x, y, y2 = point
            self.areas.append({"x": x, "y": y, "y2": y2, "color": color, "key": self.count})
        self.count += 1

    def point(
        self, x: float, y: float, color: str, tip: str = "", *, size: float = 40, fill: str = ""
    ) -> None:
        """Add a point; `fill` makes it hollow in that color."""
        self.points.append(
            {"x": x, "y": y, "color": color, "fill": fill or color, "tip": tip, "size": size}
        )

    def word(
        self,
        x: float,
        y: float,
        text: str,
        color: str = "",
        align: str = "left",
        *,
        size: int = 11,
        bold: bool = False,
    ) -> None:
        """Add a word."""
        self.words.append(
            {"x": x, "y": y, "text": text, "color": color or self.canvas.colors.ink}
            | {"align": align, "size": size, "bold": bold}
        )

    def heights(self, plot: Plot, unit: str, count: int = 3) -> None:
        """Add the lines and labels of the upright axis of a plot."""
        for value, label in ticks(plot.y0, plot.y1, unit, self.canvas.currency, count).items():
            y = plot.y(value)
            self.grid.append({"x": plot.left, "x2": plot.right, "y": y, "y2": y})
            self.word(plot.left - 6, y, label, self.canvas.colors.muted, "right", size=10)

    def across(self, plot: Plot, labels: Sequence[str], freq: str = "", first: int = 1) -> None:
        """Add labels below positions 0, 1, 2... of a plot, as many as fit."""
        for index in thinned(labels, plot.width, freq=freq, first_month=first):
            half = text_width(labels[index], 10) / 2
            x = min(max(plot.x(index), plot.left + half - 8), plot.right - half + 8)
            self.word(
                x, plot.bottom + 12, labels[index], self.canvas.colors.muted, "center", size=10
            )

    def finish(self, message: str, subtitle: str, height: float) -> alt.LayerChart:
        """Return the chart."""
        x = alt.Scale(domain=[0, self.canvas.room], nice=False)
        y = alt.Scale(domain=[height, 0], nice=False, zero=False)
        placed = [
            layer.encode(x=alt.X("x:Q", scale=x, axis=None), y=alt.Y("y:Q", scale=y, axis=None))
            for layer in self._layers()
        ]
        return self.canvas.finish(placed, message=message, subtitle=subtitle, height=height)

    def _layers(self) -> Iterable[alt.Chart]:
        color = alt.Color("color:N", scale=None)
        if self.grid:
            ruled = alt.Chart(data(self.grid)).mark_rule(color=self.canvas.colors.grid)
            yield ruled.encode(x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"))
        tip = [alt.Tooltip("tip:N", title=" ")]
        if self.rects:
            yield (
                alt.Chart(data(self.rects))
                .mark_rect()
                .encode(x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), color=color, tooltip=tip)
            )
        if self.areas:
            yield (
                alt.Chart(data(self.areas))
                .mark_area(opacity=0.16)
                .encode(y2=alt.Y2("y2:Q"), color=color, detail=alt.Detail("key:N"))
            )
        for dashed in (False, True):
            dash: dict[str, Any] = {"strokeDash": [4, 3]} if dashed else {}
            for thick in sorted({r["thick"] for r in self.rules if r["dashed"] is dashed}):
                mine = [r for r in self.rules if r["dashed"] is dashed and r["thick"] == thick]
                mark = alt.Chart(data(mine)).mark_rule(strokeWidth=thick, **dash)
                yield mark.encode(x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), color=color)
            mine = [r for r in self.lines if r["dashed"] is dashed]
            if mine:
                mark = alt.Chart(data(mine)).mark_line(strokeWidth=2, **dash)
                yield mark.encode(color=color, detail=alt.Detail("key:N"), order=alt.Order("x:Q"))
        if self.points:
            yield (
                alt.Chart(data(self.points))
                .mark_point(filled=True, opacity=1, strokeWidth=1.6)
                .encode(
                    fill=alt.Fill("fill:N", scale=None),
                    stroke=alt.Stroke("color:N", scale=None),
                    size=alt.Size("size:Q", scale=None),
                    tooltip=tip,
                )
            )
        kinds = {(w["align"], w["size"], w["bold"]) for w in self.words}
        for align, size, bold in sorted(kinds):
            mine = [
                w for w in self.words if (w["align"], w["size"], w["bold"]) == (align, size, bold)
            ]
            weight: Any = 600 if bold else 400
            mark = alt.Chart(data(mine)).mark_text(
                align=align, fontSize=size, fontWeight=weight, baseline="middle"
            )
            yield mark.encode(text=alt.Text("text:N"), color=color)

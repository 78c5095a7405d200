"""A series before and after a date: values, fit, and how it would have gone on, a panel per group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.charts.frame import Canvas, group_text, what
from saasmetrics.charts.sketch import Plot, Sketch
from saasmetrics.charts.text import shortened
from saasmetrics.money import format_value

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_LEFT = 52.0


def before_after(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the series of every group before and after a date, with its fit and how it would have gone on.

    Parameters
    ----------
    result
        Result of `sm.support.before_after`.
    theme, width, height, title
        As for `series`; the height follows the number of groups.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.support.before_after(sm.demo(customers=100), "2025-03-01", freq="M")
    >>> chart = before_after(found)
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    points = result.extra["series"]
    if not len(points):
        return canvas.empty("the series has no values.")
    sketch = Sketch(canvas)
    rows: list[dict[str, Any]] = [dict(row) for _, row in result.df.iterrows()]
    across = 2 if canvas.room >= 560 and len(rows) > 1 else 1
    wide, tall = canvas.room / across, 168.0
    for n, row in enumerate(rows):
        mine = points
        for name in result.by:
            mine = mine[mine[name] == row[name]]
        _change(sketch, result, row, mine, ((n % across) * wide, (n // across) * tall, wide, tall))
    names = "Dots: values. Lines: fit. Dashed: as before the date, gone on. Every panel has its own scale"
    note = f"{names}. NOT CAUSAL: what else changed at the date is in it too"
    total = tall * -(-len(rows) // across)
    return sketch.finish(
        f"Before and after {result.extra['date']:%Y-%m-%d}: {result.text}",
        what(result, unit=result.extra["unit"], note=note),
        total,
    )


def _change(
    sketch: Sketch,
    result: Result,
    row: dict[str, Any],
    mine: pd.DataFrame,
    box: tuple[float, float, float, float],
) -> None:
    left, top, wide, tall = box
    unit, colors, currency = result.extra["unit"], sketch.canvas.colors, sketch.canvas.currency
    day = mine["period"].to_numpy().astype("datetime64[D]").astype(np.int64).astype(float)
    values = mine["value"].to_numpy(float)
    if not np.isfinite(values).any():
        return
    high = float(np.nanmax(values)) * 1.08 or 1.0
    low = min(float(np.nanmin(values)), 0.0) if unit != "ratio" else float(np.nanmin(values)) * 0.95
    plot = Plot(
        left + _LEFT,
        top + 24,
        wide - _LEFT - 18,
        tall - 24 - 26,
        float(day.min()),
        float(day.max()),
        low,
        high,
    )
    sketch.heights(plot, unit, 3)
    known = row["relative"] == row["relative"]
    change = f" {row['relative'] * 100:+.0f}%" if known else ""
    both = f"{format_value(row['before'], unit, currency)} → {format_value(row['after'], unit, currency)}{change}"
    name = group_text(row, result.by) if result.by else ""
    sketch.word(
        plot.left, top + 10, shortened(f"{name}  {both}".strip(), plot.width + 14), bold=True
    )
    cut = float(np.datetime64(result.extra["date"], "D").astype(np.int64))
    if plot.x0 <= cut <= plot.x1:
        sketch.rule(plot.x(cut), plot.top, plot.x(cut), plot.bottom, colors.muted, dashed=True)
    for x, value, after in zip(day, values, mine["after"], strict=True):
        if value == value:
            sketch.point(plot.x(x), plot.y(value), colors.gain if after else colors.plain, size=12)
    _fits(sketch, plot, mine, day)
    for x, align in ((day.min(), "left"), (day.max(), "right")):
        said = str(np.datetime64(int(x), "D"))
        sketch.word(plot.x(float(x)), plot.bottom + 11, said, colors.muted, align, size=10)


def _fits(sketch: Sketch, plot: Plot, mine: pd.DataFrame, day: NDArray[np.float64]) -> None:
    """Add the fitted lines before and after, and how the first would have gone on."""
    colors = sketch.canvas.colors
    post = mine["after"].to_numpy(bool)
    for column, dashed, kept in (
        ("fit", False, ~post),
        ("fit", False, post),
        ("gone_on", True, post),
    ):
        fits = mine[column].to_numpy(float)
        ends = [
            (plot.x(x), plot.y(v)) for x, v, k in zip(day, fits, kept, strict=True) if k and v == v
        ]
        sketch.line(ends, colors.ink if not dashed else colors.muted, dashed=dashed)

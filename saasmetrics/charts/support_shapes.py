"""Support compared: heat map of the mix, funnel of productivity, cost against quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.charts.frame import Canvas, group_text, options_of, what
from saasmetrics.charts.series import readable_text, series
from saasmetrics.charts.sketch import Plot, Sketch
from saasmetrics.charts.text import period_text, shortened, spread, text_width, ticks
from saasmetrics.charts.theme import blend, readable_on
from saasmetrics.money import format_money, format_ratio, format_value

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_MOST = 20  # rows and columns of a heat map, rows of a list
_FAR = 8.0  # adjusted residuals beyond have the full color


def mix(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw a table of shares of rows; blue cells have more tickets than chance would give, orange ones fewer.

    Parameters
    ----------
    result
        Result of `sm.support.mix` or `voice`.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page, the height follows the rows.
    title
        Replaces the generated message; "" draws no title.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = mix(sm.support.mix(sm.demo(customers=50)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame, (first, second) = result.df, result.by
    if not len(frame):
        return canvas.empty("there are no tickets.")
    rows, columns = _largest(frame, first), _largest(frame, second)
    left = min(max(text_width(str(row), 11) for row in rows) + 64, canvas.room * 0.4)
    wide = (canvas.room - left - 8) / len(columns)
    tall = 30.0 if height is None else max((height - 30) / len(rows), 14.0)
    sketch, cells = Sketch(canvas), {(r[first], r[second]): r for r in frame.to_dict("records")}
    for j, column in enumerate(columns):
        name = shortened(str(column), wide - 6)
        sketch.word(left + (j + 0.5) * wide, 12, name, canvas.colors.muted, "center")
    for i, row in enumerate(rows):
        y = 26 + i * tall
        total = int(cells[row, columns[0]]["denominator"])
        sketch.word(
            left - 8, y + tall / 2, f"{shortened(str(row), left - 56)}  {total:,}", align="right"
        )
        for j, column in enumerate(columns):
            cell = cells[row, column]
            color = _residual_color(cell["residual_adjusted"], canvas)
            x = left + j * wide
            tip = f"{row} · {column}: {int(cell['n']):,} tickets, {cell['expected']:,.1f} expected"
            tip += f", residual {cell['residual_adjusted']:+.1f}"
            sketch.rect(x + 1, x + wide - 1, y + 1, y + tall - 1, color, tip)
            if wide > 34:
                said = format_ratio(cell["value"], 0)
                sketch.word(x + wide / 2, y + tall / 2, said, readable_on(color), "center")
    note = (
        "Shares of the row, with its tickets. Blue: more than chance would give, orange: fewer; full color from 8 "
        "standard errors"
    )
    message = f"{result.definition.name}: {result.text}"
    return sketch.finish(message, what(result, note=note), 34 + len(rows) * tall)


def _largest(frame: pd.DataFrame, name: str) -> list[Any]:
    size = frame.groupby(name, sort=False)["n"].sum().sort_values(ascending=False, kind="stable")
    return list(size.index[:_MOST])


def _residual_color(residual: float, canvas: Canvas) -> str:
    colors = canvas.colors
    if residual != residual:
        return colors.middle
    end = colors.above if residual > 0 else colors.below
    return blend(colors.middle, end, min(abs(residual) / _FAR, 1.0) * 0.92)


def funnel(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 320,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw everybody's observed / expected against the number of tickets, with the funnel that chance makes.

    Parameters
    ----------
    result
        Result of `sm.support.productivity`.
    theme, width, height, title
        As for `mix`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = funnel(sm.support.productivity(sm.demo(customers=50)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df[result.df["value"].notna()]
    if not len(frame):
        return canvas.empty("nobody has a ticket with the measure.")
    most = float(frame["n"].max()) * 1.08
    error = ((frame["funnel_high"] - 1) / 1.96 * np.sqrt(frame["n"])).median()
    low = max(min(float(frame["value"].min()), 1 - 2.2 * error / np.sqrt(most)) - 0.08, 0.0)
    high = max(float(frame["value"].max()), 1 + 3.09 * error / np.sqrt(most)) + 0.08
    sketch = Sketch(canvas)
    plot = Plot(52, 8, canvas.room - 52 - 96, height - 8 - 44, 0, most, low, high)
    _funnel_lines(sketch, plot, float(error))
    named = []
    records: list[dict[str, Any]] = [dict(row) for _, row in frame.iterrows()]
    for row in records:
        far, colors = row["funnel"], canvas.colors
        hue = {"within": colors.plain, "outside 95%": colors.gain}.get(far, colors.loss)
        name = group_text(row, result.by)
        tip = f"{name}: {row['value']:.2f} of expected, {int(row['n']):,} tickets, {far}"
        sketch.point(plot.x(row["n"]), plot.y(row["value"]), hue, tip, size=56)
        if far != "within":
            named.append((plot.x(row["n"]), plot.y(row["value"]), name, hue))
    _labels(sketch, plot, named)
    measure = str(options_of(result).get("measure", ""))
    note = "1 is as expected of the same kinds of tickets. Dashed: 95%, lines: 99.8% of what chance gives"
    message = f"{result.text[:1].upper()}{result.text[1:]} ({measure.replace('_', ' ')}, observed / expected)"
    return sketch.finish(message, what(result, unit="table", note=note), height)


def _funnel_lines(sketch: Sketch, plot: Plot, error: float) -> None:
    colors = sketch.canvas.colors
    sketch.heights(plot, "multiple", 4)
    at = np.geomspace(max(plot.x1 / 400, 1.0), plot.x1, 80)
    for z, dashed in ((1.96, True), (3.09, False)):
        for sign in (-1, 1):
            edge = 1 + sign * z * error / np.sqrt(at)
            inside = (edge >= plot.y0) & (edge <= plot.y1)
            points = [(plot.x(x), plot.y(y)) for x, y in zip(at[inside], edge[inside], strict=True)]
            sketch.line(points, colors.rule, dashed=dashed)
    ends = [plot.y(1 + z * error / np.sqrt(plot.x1)) for z in (1.96, 3.09)]
    for y, word in zip(spread(ends, 12, plot.top, plot.bottom), ("95%", "99.8%"), strict=True):
        sketch.word(plot.right + 6, y, word, colors.muted, size=10)
    sketch.rule(plot.left, plot.y(1), plot.right, plot.y(1), colors.muted)
    for value, label in ticks(0, plot.x1, "count", "", 5).items():
        sketch.word(plot.x(value), plot.bottom + 12, label, colors.muted, "center", size=10)
    sketch.word(
        plot.left + plot.width / 2, plot.bottom + 28, "tickets", colors.muted, "center", size=10
    )


def _labels(sketch: Sketch, plot: Plot, named: list[tuple[float, float, str, str]]) -> None:
    """Name points beside them, those of a column of the chart a line apart."""
    places = spread([y for _, y, _, _ in named], 13, plot.top + 6, plot.bottom - 6)
    for (x, _, name, hue), y in zip(named, places, strict=True):
        wide = text_width(name, 11)
        left = x + 10 + wide > plot.right + 60
        sketch.word(
            x - 9 if left else x + 9,
            y,
            name,
            readable_text(hue, sketch.canvas.colors),
            "right" if left else "left",
        )


def frontier(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 340,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw cost against quality: groups in their last complete period, or the company from period to period.

    Parameters
    ----------
    result
        Result of `sm.support.cost_to_serve` (against gross retention) or `unit_cost` (against CSAT).
    theme, width, height, title
        As for `mix`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = frontier(sm.support.cost_to_serve(sm.demo(customers=50)))
    """
    across = "gross_retention" if "gross_retention" in result.df.columns else "csat"
    if across not in result.df.columns or (across == "csat" and not result.by):
        return series(result, theme=theme, width=width, height=height, title=title)
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df[
        result.df["complete"] & result.df["value"].notna() & result.df[across].notna()
    ]
    if not len(frame):
        return canvas.empty("no complete period has both cost and quality.")
    freq = str(options_of(result).get("freq", "M"))
    when = frame["period"].max()
    if result.by:
        frame = frame[frame["period"] == when].sort_values("n", ascending=False).head(_MOST)
    else:
        frame = frame.sort_values("period").tail(12)
    sketch = Sketch(canvas)
    plot = _cloud(sketch, frame, across, result)
    named = _costs(sketch, plot, frame, across, result)
    if not result.by:
        sketch.line(
            [(plot.x(r["value"]), plot.y(r[across])) for r in frame.to_dict("records")],
            canvas.colors.rule,
        )
    _labels(sketch, plot, named)
    quality = {"gross_retention": "gross retention", "csat": "CSAT"}[across]
    note = f"Upper left is cheap and good. Across: {result.definition.name.lower()}; up: {quality}"
    message = f"{result.definition.name} against {quality} in {period_text(when, freq, result.context.fiscal_start)}"
    return sketch.finish(
        message if result.by else message.replace(" in ", " up to "),
        what(result, freq=freq, note=note),
        height,
    )


def _costs(
    sketch: Sketch, plot: Plot, frame: pd.DataFrame, across: str, result: Result
) -> list[tuple[float, float, str, str]]:
    """Add a point per group or period, and return those to name."""
    colors, named = sketch.canvas.colors, []
    freq = str(options_of(result).get("freq", "M"))
    records: list[dict[str, Any]] = [dict(row) for _, row in frame.iterrows()]
    for i, row in enumerate(records):
        name = (
            group_text(row, result.by)
            if result.by
            else period_text(row["period"], freq, result.context.fiscal_start)
        )
        x, y, hours = plot.x(row["value"]), plot.y(row[across]), row.get("resolution", np.nan)
        more = f" · solved in {format_value(hours, 'hours')}" if hours == hours else ""
        cost = format_money(row["value"], sketch.canvas.currency)
        tip = f"{name}: {cost}, {format_ratio(row[across])}, {int(row['n']):,} tickets"
        sketch.point(x, y, colors.gain, tip + more, size=70)
        if result.by or i in (0, len(frame) - 1):
            named.append((x, y, f"{name}{more}", colors.ink))
    return named


def _cloud(sketch: Sketch, frame: pd.DataFrame, across: str, result: Result) -> Plot:
    canvas, colors = sketch.canvas, sketch.canvas.colors
    y0, y1 = float(frame[across].min()), float(frame[across].max())
    pad = (y1 - y0) * 0.15 or 0.05
    top = float(frame["value"].max()) * 1.15
    plot = Plot(
        56,
        10,
        canvas.room - 56 - 24,
        canvas.height - 10 - 44,
        0,
        top,
        max(y0 - pad, 0),
        min(y1 + pad, 1.02),
    )
    sketch.heights(plot, "ratio", 4)
    for value, label in ticks(0, top, "money", canvas.currency, 5).items():
        sketch.word(plot.x(value), plot.bottom + 12, label, colors.muted, "center", size=10)
    name = "per customer and month" if result.definition.id == "cost_to_serve" else "per ticket"
    sketch.word(plot.left + plot.width / 2, plot.bottom + 28, name, colors.muted, "center", size=10)
    return plot

"""What forecasts said, and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import NO_VALUES, Canvas, axis, data, freq_of, period_axis, what
from saasmetrics.charts.text import period_text, ticks
from saasmetrics.money import format_value

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result


def backtest(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 300,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw what came as a line, and every forecast of it with its range: blue where it held, orange where not.

    Parameters
    ----------
    result
        Result of `sm.forecast.backtest`.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = backtest(sm.forecast.backtest(sm.demo(customers=50), origins=2))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df
    if not len(frame):
        return canvas.empty("no forecast has an outcome yet.")
    if frame[["value", "actual"]].isna().all(axis=None):
        return canvas.empty(NO_VALUES)
    unit = "money" if result.extra["what"] == "mrr" else "ratio"
    periods = sorted(frame["period"].unique())
    freq = freq_of(result, frame)
    low, high = _bounds(frame, unit)
    x = alt.X(
        "i:Q",
        scale=alt.Scale(domain=[-0.6, len(periods) - 0.4], nice=False, zero=False),
        axis=axis(
            period_axis(periods, freq, canvas.room - 70, result.context.fiscal_start), grid=False
        ),
    )
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    marks = axis(ticks(low, high, unit, canvas.currency))
    name = result.extra["what"].upper()
    ahead = "Left to right at each period: one, two, three... periods before it"
    note = f"Line: {name} that came. Bars: {result.context.options['interval']:.0%} ranges. {ahead}"
    return canvas.finish(
        _layers(_rows(frame, periods, freq, unit, canvas), x, scale, marks, canvas),
        message=f"{name} forecasts were {result.extra['headline']}",
        subtitle=what(result, freq=freq, note=note),
    )


def _bounds(frame: pd.DataFrame, unit: str) -> tuple[float, float]:
    values = frame[["value", "low", "high", "actual"]]
    low, high = float(values.min().min()), float(values.max().max())
    margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return (0.0 if unit == "money" else low - margin), high + margin


def _rows(
    frame: pd.DataFrame, periods: list[Any], freq: str, unit: str, canvas: Canvas
) -> list[dict[str, Any]]:
    place = {period: number for number, period in enumerate(periods)}
    step = 0.7 / max(int(frame["horizon"].max()), 1)
    middle = (int(frame["horizon"].max()) + 1) / 2
    colors, rows = canvas.colors, []
    for row in frame.to_dict("records"):
        said = {
            name: format_value(row[name], unit, canvas.currency)
            for name in ("value", "low", "high", "actual")
        }
        rows.append(
            {
                "i": place[row["period"]] + (row["horizon"] - middle) * step,
                "at": place[row["period"]],
                "value": row["value"],
                "low": row["low"],
                "high": row["high"],
                "actual": row["actual"],
                "color": colors.gain if row["within"] else colors.loss,
                "period": period_text(row["period"], freq, canvas.result.context.fiscal_start),
                "origin": f"{row['origin']:%Y-%m-%d}",
                "said": f"{said['value']} ({said['low']} to {said['high']})",
                "came": said["actual"],
            }
        )
    return rows


def _layers(
    rows: list[dict[str, Any]], x: alt.X, scale: alt.Scale, marks: alt.Axis, canvas: Canvas
) -> list[alt.Chart]:
    color = alt.Color("color:N", scale=None)
    tip = [alt.Tooltip(f"{name}:N") for name in ("origin", "period", "said", "came")]
    ranges = (
        alt.Chart(data(rows))
        .mark_rule(strokeWidth=3, opacity=0.35)
        .encode(x=x, y=alt.Y("low:Q", scale=scale, axis=marks), y2=alt.Y2("high:Q"), color=color)
    )
    dots = (
        alt.Chart(data(rows))
        .mark_point(filled=True, size=38, opacity=1)
        .encode(x=x, y=alt.Y("value:Q", scale=scale), color=color, tooltip=tip)
    )
    came = {row["at"]: {"i": row["at"], "actual": row["actual"]} for row in rows}
    steps = alt.Chart(data([came[at] for at in sorted(came)]))
    y = alt.Y("actual:Q", scale=scale)
    ink = canvas.colors.ink
    line = steps.mark_line(strokeWidth=1.6, color=ink).encode(x=x, y=y)
    ends = steps.mark_point(filled=True, size=44, color=ink, opacity=1).encode(x=x, y=y)
    return [ranges, line, ends, dots]

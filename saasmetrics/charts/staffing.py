"""Agents by hour of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, what
from saasmetrics.charts.text import ticks

if TYPE_CHECKING:
    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_DAY = 24


def staffing(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw agents at work as steps over the week, the range of the arrivals as a band, the load as a line.

    Parameters
    ----------
    result
        Result of `sm.capacity.staffing`.
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
    >>> chart = staffing(sm.capacity.staffing(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df
    if not len(frame):
        return canvas.empty()
    rows = [_row(row) for row in frame.to_dict("records")]
    high = float(frame["high"].max()) * 1.05 or 1.0
    scale = alt.Scale(domain=[0, high], nice=False)
    days = {_DAY * k + 12.0: name for k, name in enumerate(frame["weekday"].unique())}
    x = alt.X(
        "i:Q",
        scale=alt.Scale(domain=[0, 168], nice=False),
        axis=axis(days, grid=False, ticks=False),
    )
    y = alt.Y("value:Q", scale=scale, axis=axis(ticks(0, high, "count", canvas.currency)))
    layers = _layers(rows, x, y, scale, canvas)
    note = "Steps: agents at work. Band: for the range of the arrivals. Grey: load in erlangs"
    return canvas.finish(
        layers, message=str(result.extra["headline"]), subtitle=what(result, note=note)
    )


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    level = row["service_level"]
    return {
        "i": row["slot"],
        "end": row["slot"] + 1,
        "value": row["value"],
        "low": row["low"],
        "high": row["high"],
        "load": row["erlangs"],
        "when": f"{row['weekday']} {row['hour']}:00",
        "said": f"{row['value']:.0f} at work, {row['scheduled']} scheduled",
        "between": f"{row['low']:.0f} to {row['high']:.0f}",
        "calls": f"{row['arrivals']:.1f} an hour, load {row['erlangs']:.2f}",
        "level": "" if level != level else f"{level:.0%}",
    }


def _layers(
    rows: list[dict[str, Any]], x: alt.X, y: alt.Y, scale: alt.Scale, canvas: Canvas
) -> list[alt.Chart]:
    colors = canvas.colors
    tip = [
        alt.Tooltip(f"{name}:N", title=words)
        for name, words in (
            ("when", "hour"),
            ("said", "agents"),
            ("between", "range"),
            ("calls", "arrivals"),
            ("level", "in time"),
        )
    ]
    base = alt.Chart(data(rows))
    band = base.mark_rect(opacity=0.22, color=colors.gain).encode(
        x=x, x2=alt.X2("end:Q"), y=alt.Y("low:Q", scale=scale), y2=alt.Y2("high:Q")
    )
    bars = base.mark_tick(thickness=2.4, color=colors.gain, orient="horizontal", opacity=1)
    steps = base.mark_line(strokeWidth=2, interpolate="step-after", color=colors.gain)
    load = base.mark_line(strokeWidth=1.4, interpolate="step-after", color=colors.muted)
    nights = alt.Chart(data([{"i": _DAY * k} for k in range(1, 7)])).mark_rule(color=colors.grid)
    return [
        nights.encode(x=x),
        band,
        load.encode(x=x, y=alt.Y("load:Q", scale=scale)),
        steps.encode(x=x, y=y),
        bars.encode(x=x, y=y, tooltip=tip, opacity=alt.OpacityValue(0)),
    ]

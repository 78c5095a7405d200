"""Tickets in bars over time: the backlog by age, and those that take longer than tickets used to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.charts.frame import Canvas, freq_of, what
from saasmetrics.charts.series import series
from saasmetrics.charts.sketch import Plot, Sketch
from saasmetrics.charts.text import period_text, text_width
from saasmetrics.charts.theme import along
from saasmetrics.money import format_ratio, format_value

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_LEFT, _FOOT = 52.0, 24.0


def backlog(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
    last: int | None = 24,
) -> alt.LayerChart:
    """Draw the open tickets at the end of each period, stacked by age; other measures and groups as lines.

    Parameters
    ----------
    result
        Result of `sm.support.backlog`.
    theme, width, height, title, last
        As for `series`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = backlog(sm.support.backlog(sm.demo(customers=50)))
    """
    if result.by or result.extra["measure"] != "open":
        return series(result, theme=theme, width=width, height=height, title=title, last=last)
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df if last is None else result.df.tail(last)
    if not len(frame) or not frame["backlog"].any():
        return canvas.empty("no ticket is open at the end of any period.")
    ages = list(result.extra["ages"])
    # the oldest is the darkest on light and the brightest on dark
    shade = {
        name: along(canvas.colors.ramp, 0.15 + 0.85 * i / max(len(ages) - 1, 1))
        for i, name in enumerate(ages)
    }
    message, subtitle = _backlog_words(result, frame)
    return _stacked(canvas, frame, ages, shade, message, subtitle)


def _backlog_words(result: Result, frame: pd.DataFrame) -> tuple[str, str]:
    freq = freq_of(result, frame)
    row = frame.iloc[-1]
    old = int(row[result.extra["ages"][-1]])
    when = (
        result.context.as_of
        if not row["complete"]
        else f"the end of {period_text(row['period'], freq, result.context.fiscal_start)}"
    )
    tail = (
        f", {old:,} of them {result.extra['ages'][-1].replace(' and more', ' or older')}"
        if old
        else ""
    )
    return f"{int(row['backlog']):,} tickets open at {when}{tail}", what(
        result, freq=freq, note="By age"
    )


def _stacked(
    canvas: Canvas,
    frame: pd.DataFrame,
    parts: list[str],
    shade: dict[str, str],
    message: str,
    subtitle: str,
) -> alt.LayerChart:
    """Draw counts of parts stacked per period, with a legend above."""
    result = canvas.result
    freq = freq_of(result, frame)
    sketch = Sketch(canvas)
    total = frame[parts].sum(axis=1).to_numpy(float)
    plot = Plot(
        _LEFT,
        30,
        canvas.room - _LEFT - 16,
        canvas.height - 30 - _FOOT,
        -0.5,
        len(frame) - 0.5,
        0,
        max(float(total.max()) * 1.12, 1),
    )
    sketch.heights(plot, "count", 4)
    half = plot.width / len(frame) * 0.39
    start = canvas.result.context.fiscal_start
    for i, row in enumerate(frame.to_dict("records")):
        level, when = 0.0, period_text(row["period"], freq, start)
        for name in parts:
            if not row[name]:
                continue
            tip = f"{name}: {int(row[name]):,} in {when}"
            sides = (plot.x(i) - half, plot.x(i) + half)
            sketch.rect(*sides, plot.y(level), plot.y(level + row[name]), shade[name], tip)
            level += row[name]
        if half * 2 >= text_width(f"{int(level):,}", 10):
            sketch.word(plot.x(i), plot.y(level) - 8, f"{int(level):,}", align="center", size=10)
    x = _LEFT
    for name in parts:
        sketch.rect(x, x + 10, 5, 15, shade[name])
        sketch.word(x + 14, 10, name, canvas.colors.muted)
        x += text_width(name, 11) + 34
    labels = [period_text(p, freq, start) for p in frame["period"]]
    first = frame["period"].iloc[0]
    sketch.across(plot, labels, freq, {"M": first.month, "Q": first.quarter}.get(freq, 1))
    return sketch.finish(message, subtitle, canvas.height)


def tank_tickets(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
    last: int | None = 26,
) -> alt.LayerChart:
    """Draw the tickets solved per period, those that took longer than the baseline apart; groups as lines of shares.

    Parameters
    ----------
    result
        Result of `sm.support.tank_tickets`.
    theme, width, height, title, last
        As for `series`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = tank_tickets(sm.support.tank_tickets(sm.demo(customers=100)))
    """
    if result.by:
        return series(result, theme=theme, width=width, height=height, title=title, last=last)
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df[result.df["value"].notna()]
    frame = frame if last is None else frame.tail(last)
    if not len(frame):
        return canvas.empty()
    parts = {
        "longer than the baseline": frame["numerator"],
        "not longer": frame["denominator"] - frame["numerator"],
    }
    shown = frame.assign(**parts)
    done = frame[frame["complete"]]
    row = (done if len(done) else frame).iloc[-1]
    freq = freq_of(result, frame)
    eaten = (
        f", and {format_ratio(row['handle_share'], 0)} of the work"
        if row["handle_share"] == row["handle_share"]
        else ""
    )
    limit = format_value(float(row["threshold"]), "hours")
    said = period_text(row["period"], freq, result.context.fiscal_start)
    when = f"in the week from {said}" if freq == "W" else f"in {said}"
    share = format_ratio(row["value"], 0)
    message = f"{share} of tickets solved took longer than {limit}{eaten} {when}"
    shade = {"longer than the baseline": canvas.colors.loss, "not longer": canvas.colors.plain}
    return _stacked(
        canvas,
        shown,
        list(parts),
        shade,
        message,
        what(result, freq=freq, unit="count", note="Tickets solved"),
    )

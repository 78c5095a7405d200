"""Support in rows: the league of teams with bands, the top issues, the conversion of trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.charts.frame import NO_VALUES, Canvas, options_of, what
from saasmetrics.charts.series import readable_text
from saasmetrics.charts.sketch import Plot, Sketch
from saasmetrics.charts.text import period_text, shortened, text_width, ticks
from saasmetrics.money import format_money, format_ratio, format_value

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_MOST = 20  # rows


def league(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw teams from the best to the last with their intervals; teams of one band share a shade.

    Parameters
    ----------
    result
        Result of `sm.support.league`.
    theme, width, height, title
        As for `mix`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = league(sm.support.league(sm.demo(customers=50), "csat"))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = result.df.head(_MOST)
    if not len(frame):
        return canvas.empty("no team has a case in the period.")
    if frame[["low", "high"]].isna().all(axis=None):
        return canvas.empty(NO_VALUES)
    unit, colors = result.extra["unit"], canvas.colors
    by = result.by[0]
    left = min(max(text_width(str(name), 11) for name in frame[by]) + 40, canvas.room * 0.35)
    tall = 28.0
    low, high = float(frame["low"].min()), float(frame["high"].max())
    pad = (high - low) * 0.05 or 0.01
    plot = Plot(
        left, 4, canvas.room - left - 150, len(frame) * tall, max(low - pad, 0.0), high + pad, 0, 1
    )
    sketch = Sketch(canvas)
    _bands(sketch, plot, frame, tall)
    _teams(sketch, plot, frame, result, tall)
    for value, label in ticks(plot.x0, plot.x1, unit, canvas.currency, 4).items():
        sketch.grid.append(
            {"x": plot.x(value), "x2": plot.x(value), "y": plot.top, "y2": plot.bottom}
        )
        sketch.word(plot.x(value), plot.bottom + 12, label, colors.muted, "center", size=10)
    when = period_text(
        frame["period"].iloc[0],
        str(options_of(result).get("freq", "Q")),
        result.context.fiscal_start,
    )
    measure = result.extra["measure"].replace("_", " ")
    note = (
        "Adjusted for the kinds of cases. Bars: intervals; hollow: drawn towards the mean. Teams of a band may "
        "differ by chance alone"
    )
    return sketch.finish(
        f"{result.text[:1].upper()}{result.text[1:]}: {measure} in {when}",
        what(result, unit="table", note=note),
        plot.bottom + 26,
    )


def _bands(sketch: Sketch, plot: Plot, frame: pd.DataFrame, tall: float) -> None:
    canvas, colors = sketch.canvas, sketch.canvas.colors
    bands = [int(band) for band in frame["band"]]
    for band in dict.fromkeys(bands):
        first, many = bands.index(band), bands.count(band)
        top, bottom = plot.top + first * tall + 1, plot.top + (first + many) * tall - 1
        if band % 2:
            sketch.rect(0, canvas.room, top, bottom, colors.grid)
        words = f"band {band}: {'not distinguishable' if many > 1 else 'on its own'}"
        sketch.word(canvas.room - 6, (top + bottom) / 2, words, colors.muted, "right", size=10)


def _teams(sketch: Sketch, plot: Plot, frame: pd.DataFrame, result: Result, tall: float) -> None:
    by, unit, colors = result.by[0], result.extra["unit"], sketch.canvas.colors
    for i, row in enumerate(frame.to_dict("records")):
        y = plot.top + (i + 0.5) * tall
        name = f"{row['rank']}  {shortened(str(row[by]), plot.left - 36)}"
        sketch.word(plot.left - 10, y, name, align="right")
        sketch.rule(plot.x(row["low"]), y, plot.x(row["high"]), y, colors.rule, thick=3)
        said, low, high = (
            format_value(float(row[name]), unit, sketch.canvas.currency)
            for name in ("value", "low", "high")
        )
        tip = f"{row[by]}: {said} ({low} to {high}), {int(row['n']):,} cases"
        sketch.point(plot.x(row["value"]), y, colors.gain, tip, size=60)
        at = plot.x(row["shrunk"])
        sketch.point(at, y, colors.ink, "drawn towards the mean", size=18, fill=colors.surface)


def top_issues(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the problems that most tickets are about as bars, with the change and the ARR behind each.

    Parameters
    ----------
    result
        Result of `sm.support.top_issues`.
    theme, width, height, title
        As for `mix`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = top_issues(sm.support.top_issues(sm.demo(customers=50)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame, colors = result.df.head(_MOST), canvas.colors
    if frame["value"].isna().all():
        return canvas.empty("the period has no tickets with a topic." if frame.empty else NO_VALUES)
    by = result.by[0]
    left = min(max(text_width(str(name), 11) for name in frame[by]) + 34, canvas.room * 0.35)
    tall, sketch = 30.0, Sketch(canvas)
    plot = Plot(
        left, 22, canvas.room - left - 210, len(frame) * tall, 0, float(frame["value"].max()), 0, 1
    )
    right = canvas.room - 8
    for x, word in ((right - 90, "change"), (right, "ARR behind it")):
        sketch.word(x, 10, word, colors.muted, "right", size=10)
    for i, row in enumerate(frame.to_dict("records")):
        y = plot.top + (i + 0.5) * tall
        sketch.word(
            left - 10, y, f"{row['rank']}  {shortened(str(row[by]), left - 30)}", align="right"
        )
        sketch.rect(
            left,
            max(plot.x(row["value"]), left + 1),
            y - 9,
            y + 9,
            colors.gain,
            f"{int(row['value']):,} tickets of {int(row['customers']):,} customers",
        )
        sketch.word(plot.x(row["value"]) + 6, y, f"{int(row['value']):,}", bold=True)
        change = int(row["change"])
        hue = colors.loss if change > 0 else colors.gain if change < 0 else colors.muted
        sketch.word(
            right - 90, y, f"{change:+,}" if change else "±0", readable_text(hue, colors), "right"
        )
        sketch.word(right, y, format_money(row["arr"], canvas.currency), align="right")
    freq, start = str(options_of(result).get("freq", "M")), result.context.fiscal_start
    when = period_text(frame["period"].iloc[0], freq, start)
    note = "ARR of the customers who wrote. Change against the period before"
    return sketch.finish(
        f"{result.text[:1].upper()}{result.text[1:]} in {when}",
        what(result, note=note),
        plot.bottom + 8,
    )


def conversion(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 190,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the conversion of trials with and without support: at the landmark, and naively as a warning.

    Parameters
    ----------
    result
        Result of `sm.support.trial_conversion`.
    theme, width, height, title
        As for `mix`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = conversion(sm.support.trial_conversion(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame, colors = result.df, canvas.colors
    if not frame["value"].notna().any():
        return canvas.empty()
    sketch, left = Sketch(canvas), 168.0
    high = float(frame["high"].max(skipna=True)) * 1.05
    plot = Plot(left, 8, canvas.room - left - 130, height - 8 - 26, 0, high, 0, 1)
    tall = plot.height / len(frame)
    for i, row in enumerate(frame.to_dict("records")):
        y = plot.top + (i + 0.5) * tall
        naive = row["method"] == "naive"
        name = f"{'naive, ' if naive else ''}{row['group']}"
        sketch.word(left - 10, y, name, colors.muted if naive else colors.ink, "right")
        if row["value"] != row["value"]:
            sketch.word(left + 6, y, row["reason"], colors.muted)
            continue
        hue = colors.grid if naive else colors.gain if row["group"] == "contacted" else colors.plain
        sketch.rect(left, plot.x(row["value"]), y - tall * 0.3, y + tall * 0.3, hue)
        sketch.rule(plot.x(row["low"]), y, plot.x(row["high"]), y, colors.ink)
        said = (
            f"{format_ratio(row['value'])}  {int(row['numerator']):,} / {int(row['denominator']):,}"
        )
        sketch.word(plot.x(row["high"]) + 8, y, said, colors.muted if naive else colors.ink)
    for value, label in ticks(0, high, "ratio", "", 4).items():
        sketch.word(plot.x(value), plot.bottom + 12, label, colors.muted, "center", size=10)
    note = "An association, not an effect. Naive rates favor the contacted: a trial must last until it asks"
    return sketch.finish(f"Conversion of trials: {result.text}", what(result, note=note), height)

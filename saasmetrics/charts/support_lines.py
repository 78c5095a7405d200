"""Support over time: speed above the quality that it must not cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.charts.frame import (
    MOST_BANDS,
    Canvas,
    band_note,
    freq_of,
    options_of,
    what,
    with_group,
)
from saasmetrics.charts.series import MOST_GROUPS, readable_text
from saasmetrics.charts.sketch import Plot, Sketch
from saasmetrics.charts.text import among, period_text, shortened, spread, text_width
from saasmetrics.money import format_value

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

PARTNERS = {"csat": "CSAT", "reopen_rate": "Reopen rate"}
_LEFT, _FOOT, _HEAD = 52.0, 24.0, 20.0
_FEW = 30  # periods of a line whose points have tooltips


def paired(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 300,
    title: str | None = None,
    last: int | None = None,
) -> alt.LayerChart:
    """Draw a measure of speed over time, and below it the quality that it must not cost.

    Parameters
    ----------
    result
        Result of `sm.support.times`, `answered` or `sla`.
    theme, width, height, title, last
        As for `series`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = paired(sm.support.times(sm.demo(customers=50), by="channel", freq="Q"))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = with_group(result.df, result.by)
    if not len(frame) or not frame["value"].notna().any():
        return canvas.empty()
    freq, partner = freq_of(result, frame), result.extra["partner"]
    periods = sorted(frame.loc[frame["value"].notna(), "period"].unique())
    periods = periods if last is None else periods[-last:]
    frame = frame[frame["period"].isin(periods)]
    names, note = _named(frame)
    frame = frame[frame["group"].isin(names)]
    hues = canvas.colors.groups if len(names) > 1 else (canvas.colors.gain,)
    color = {name: hues[i % len(hues)] for i, name in enumerate(names)}
    sketch = Sketch(canvas)
    words = [
        _ends(frame, name, column, unit, canvas)
        for name in names
        for column, unit in (("value", canvas.unit), (partner, "ratio"))
    ]
    room = min(max(text_width(word, 11) for word in words) + 14, canvas.room * 0.34)
    upper = (height - 2 * _HEAD - _FOOT - 16) * 0.6
    places = ((_HEAD, upper), (2 * _HEAD + upper + 16, height - 2 * _HEAD - _FOOT - 16 - upper))
    said = (_title(result), f"{PARTNERS[partner]} of the same tickets")
    plots = []
    sides = (("value", canvas.unit), (partner, "ratio"))
    for (column, unit), (top, tall), title_of in zip(sides, places, said, strict=True):
        low, high = _bounds(frame, column, unit)
        wide = canvas.room - _LEFT - room
        plots.append(Plot(_LEFT, top, wide, tall, 0, max(len(periods) - 1, 1), low, high))
        _panel(sketch, plots[-1], frame, column, unit, periods, color, room)
        sketch.word(_LEFT, top - 12, title_of, bold=True)
    labels = [period_text(p, freq, result.context.fiscal_start) for p in periods]
    first = {"M": periods[0].month, "Q": periods[0].quarter}.get(freq, 1)
    sketch.across(plots[1], labels, freq, first)
    done = "Hollow: the period is not over" if not frame["complete"].all() else ""
    told = len(names) <= MOST_BANDS or len(periods) <= _FEW
    band = band_note(len(names), known=told and {"low", "high"} <= set(frame.columns))
    notes = ". ".join(x for x in (note, band, done) if x)
    headline = among(_message(frame, names, result, freq), note)
    return sketch.finish(headline, what(result, freq=freq, note=notes), height)


def _title(result: Result) -> str:
    options = options_of(result)
    spoken = {
        "first_reply": "First reply",
        "first_resolution": "First resolution",
        "resolution": "Full resolution",
        "handle": "Handle time",
    }
    name = spoken.get(str(options.get("measure", "")), result.definition.name)
    statistic = options.get("statistic")
    if result.definition.id == "answered_within":
        return f"{name} within {options['within']} h"
    return f"{name}, {statistic}" if statistic else f"{name}: {result.definition.name}"


def _named(frame: pd.DataFrame) -> tuple[list[str], str]:
    names = list(dict.fromkeys(frame["group"]))
    if len(names) <= MOST_GROUPS:
        return names, ""
    size = frame.groupby("group", sort=False)["n"].sum().sort_values(ascending=False, kind="stable")
    return list(size.index[:MOST_GROUPS]), f"The {MOST_GROUPS} largest of {len(names)} groups"


def _bounds(frame: pd.DataFrame, column: str, unit: str) -> tuple[float, float]:
    values = frame[column].dropna()
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    ends = ("low", "high") if column == "value" else (f"{column}_low", f"{column}_high")
    room = (high - low) or abs(high) * 0.2 or 0.1
    if set(ends) <= set(frame.columns):
        lows, highs = (frame[end].dropna() for end in ends)
        low = max(min(low, float(lows.min()) if len(lows) else low), low - room)
        high = min(max(high, float(highs.max()) if len(highs) else high), high + room)
    if unit == "ratio":
        margin = (high - low) * 0.08 or 0.02
        return max(low - margin, 0.0), min(high + margin, 1.0) if high <= 1 else high + margin
    return 0.0, high * 1.06 or 1.0


def _panel(
    sketch: Sketch,
    plot: Plot,
    frame: pd.DataFrame,
    column: str,
    unit: str,
    periods: list[Any],
    color: dict[str, str],
    room: float,
) -> None:
    sketch.heights(plot, unit)
    place = {period: i for i, period in enumerate(periods)}
    ends = ("low", "high") if column == "value" else (f"{column}_low", f"{column}_high")
    wanted, said = [], []
    colors, currency = sketch.canvas.colors, sketch.canvas.currency
    for name, hue in color.items():
        rows = frame[frame["group"] == name].sort_values("period").to_dict("records")
        known = [row for row in rows if row[column] == row[column]]
        sketch.line(
            [
                (plot.x(place[r["period"]]), plot.y(r[column])) if r[column] == r[column] else None
                for r in rows
            ],
            hue,
        )
        if len(color) <= MOST_BANDS and set(ends) <= set(frame.columns):
            low, high = ends
            spans: list[tuple[float, float, float] | None] = [
                (plot.x(place[r["period"]]), plot.y(r[low]), plot.y(r[high]))
                if r[low] == r[low] and r[high] == r[high]
                else None
                for r in rows
            ]
            sketch.area(spans, hue)
        few = len(periods) <= _FEW
        for row in known:
            if few or not row["complete"]:
                tip = _tip(name, row, column, ends, unit, currency)
                fill = "" if row["complete"] else colors.surface
                sketch.point(
                    plot.x(place[row["period"]]), plot.y(row[column]), hue, tip, size=22, fill=fill
                )
        if known:
            wanted.append(plot.y(known[-1][column]))
            said.append(
                (shortened(_ends(frame, name, column, unit, sketch.canvas), room - 10), hue)
            )
    for y, (text, hue) in zip(spread(wanted, 14, plot.top, plot.bottom), said, strict=True):
        sketch.word(plot.right + 8, y, text, readable_text(hue, colors), bold=True)


def _tip(
    name: str, row: dict[Any, Any], column: str, ends: tuple[str, str], unit: str, currency: str
) -> str:
    """Return the tooltip of a point: its line, its value with the interval where there is one, and when."""
    low, high = (row.get(end) for end in ends)
    known = low is not None and high is not None and low == low and high == high
    between = (
        f"({format_value(low, unit, currency)} to {format_value(high, unit, currency)})"
        if known
        else ""
    )
    words = (name, format_value(row[column], unit, currency), between, f"{row['period']:%Y-%m-%d}")
    return " ".join(word for word in words if word)


def _ends(frame: pd.DataFrame, name: str, column: str, unit: str, canvas: Canvas) -> str:
    rows = frame[(frame["group"] == name) & frame[column].notna()].sort_values("period")
    if not len(rows):
        return name
    return f"{name} {format_value(float(rows[column].iloc[-1]), unit, canvas.currency)}".strip()


def _message(frame: pd.DataFrame, names: list[str], result: Result, freq: str) -> str:
    done = frame[frame["complete"] & frame["value"].notna()]
    if not len(done):
        return result.definition.name
    when = done["period"].max()
    last = done[done["period"] == when].sort_values("value")
    low, high = last.iloc[0], last.iloc[-1]
    unit, currency = result.definition.unit, result.context.currency
    at, end = (format_value(float(row["value"]), unit, currency) for row in (low, high))
    title = _title(result)
    said = period_text(when, freq, result.context.fiscal_start)
    if len(names) == 1 or len(last) == 1:
        return f"{title}: {end} in {said}"
    return f"{title}: from {at} ({low['group']}) to {end} ({high['group']}) in {said}"

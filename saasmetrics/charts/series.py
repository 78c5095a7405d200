"""Values over time as lines with their intervals: NRR and GRR, churn, MRR, ARPA, any series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import (
    MOST_BANDS,
    Canvas,
    axis,
    band_note,
    data,
    freq_of,
    period_axis,
    what,
    with_group,
)
from saasmetrics.charts.line_marks import line_layers
from saasmetrics.charts.text import period_text, side_units, sides_text, spread, ticks
from saasmetrics.charts.theme import Palette, Theme, Width, blend, contrast
from saasmetrics.money import format_value
from saasmetrics.periods import PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result

MOST_GROUPS = 6
_PARITY = ("nrr", "quick_ratio")


def series(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
    last: int | None = None,
) -> alt.LayerChart:
    """Draw a value over time, one line per group, of up to three with its interval as a band.

    Periods that are not over are dashed and hollow; a missing value is a gap, never 0.

    Parameters
    ----------
    result
        Result with the columns period and value, and where known low, high, complete, n.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.
    last
        Only so many of the last periods.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = series(sm.retention.nrr(sm.demo(customers=50)))
    """
    lines = with_group(result.df, result.by).rename(columns={"group": "line"})
    return _draw(lines, Canvas.of(result, theme, width, height, title), last)


def compared(
    results: Mapping[str, Result],
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
    last: int | None = None,
) -> alt.LayerChart:
    """Draw several ungrouped series of one unit in one chart, such as NRR and GRR.

    Parameters
    ----------
    results
        Name of the line -> result; the first gives the subtitle.
    theme, width, height, title, last
        As for `series`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=50)
    >>> chart = compared({"NRR": sm.retention.nrr(book), "GRR": sm.retention.grr(book)})
    """
    import pandas as pd

    lines = pd.concat([result.df.assign(line=name) for name, result in results.items()])
    first = next(iter(results.values()))
    return _draw(lines, Canvas.of(first, theme, width, height, title), last)


def _draw(frame: pd.DataFrame, canvas: Canvas, last: int | None) -> alt.LayerChart:
    if not len(frame) or not frame["value"].notna().any():
        return canvas.empty()
    result = canvas.result
    freq = freq_of(result, frame)
    known = frame.loc[frame["value"].notna(), "period"]
    periods = [p for p in sorted(frame["period"].unique()) if known.min() <= p <= known.max()]
    if last is not None:
        periods = periods[-last:]
    frame = frame[frame["period"].isin(periods)]
    place = {period: index for index, period in enumerate(periods)}
    named, note = _most(frame)
    rows = line_rows(frame, place, named, freq, result)
    return _chart(rows, periods, named, canvas, freq, note)


def _most(frame: pd.DataFrame) -> tuple[list[str], str]:
    """Return the lines that are named and colored: all, or the largest where there are many."""
    lines = list(dict.fromkeys(frame["line"]))
    if len(lines) <= MOST_GROUPS:
        return lines, ""
    weight = next((c for c in ("denominator", "n", "value") if c in frame.columns), "value")
    size = frame.sort_values("period").groupby("line", sort=False)[weight].last()
    largest = list(size.sort_values(ascending=False).index[:MOST_GROUPS])
    return (
        largest,
        f"The {MOST_GROUPS} largest of {len(lines)} groups are named, the others are grey",
    )


def line_rows(
    frame: pd.DataFrame, place: dict[Any, int], named: list[str], freq: str, result: Result
) -> list[dict[str, Any]]:
    """Return one row per line and period with what marks and tooltips need."""
    unit, currency = result.definition.unit, result.context.currency
    units = side_units(frame, unit)
    rows, banded = [], len(named) <= MOST_BANDS
    for row in frame.sort_values(["line", "period"]).to_dict("records"):
        text = format_value(row["value"], unit, currency)
        low, high = (_number(row.get(name)) for name in ("low", "high"))
        between = (
            ""
            if low is None or high is None
            else f"{format_value(low, unit, currency)} to {format_value(high, unit, currency)}"
        )
        rows.append(
            {
                "i": place[row["period"]],
                "line": row["line"],
                "named": row["line"] in named,
                "value": _number(row["value"]),
                "low": low if between and banded else None,
                "high": high if between and banded else None,
                "complete": bool(row.get("complete", True)),
                "text": text,
                "sides": sides_text(row["numerator"], row["denominator"], units, currency)
                if units
                else "",
                "between": between,
                "period": period_text(row["period"], freq, result.context.fiscal_start),
                "reason": row.get("reason") or "",
            }
        )
    return rows


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def bounds_of(rows: list[dict[str, Any]], unit: str) -> tuple[float, float]:
    """Return where the axis of some rows begins and ends."""
    values = [r["value"] for r in rows if r["value"] is not None]
    spans = [r[k] for r in rows if r["named"] for k in ("low", "high") if r[k] is not None]
    low, high = min(values), max(values)
    room = (high - low) or abs(high) * 0.1 or 1.0
    # one wide interval must not flatten every line; the tooltip still tells its ends
    low, high = (
        max(min([low, *spans]), low - 1.5 * room),
        min(max([high, *spans]), high + 1.5 * room),
    )
    if unit in {"money", "count"} and low >= 0:
        low = 0.0
    margin = (high - low) * 0.06 or (5.0 if unit in {"money", "count"} else 0.05)
    return (low if low == 0 else low - margin), high + margin


def _chart(
    rows: list[dict[str, Any]],
    periods: list[Any],
    named: list[str],
    canvas: Canvas,
    freq: str,
    note: str,
) -> alt.LayerChart:
    unit, currency, colors = canvas.unit, canvas.currency, canvas.colors
    low, high = bounds_of(rows, unit)
    marks = ticks(low, high, unit, currency)
    labels = period_axis(periods, freq, canvas.room - 190, canvas.result.context.fiscal_start)
    x = alt.X(
        "i:Q",
        scale=alt.Scale(domain=[-0.2, max(len(periods) - 0.8, 0.2)], nice=False),
        axis=axis(labels, grid=False),
    )
    scale = alt.Scale(domain=[low, high], nice=False, zero=False, clamp=True)
    y = alt.Y(
        "value:Q", scale=scale, axis=axis(marks, title="months" if unit == "months" else None)
    )
    hues = colors.groups if len(named) > 1 else (colors.gain,)
    color = {line: hues[index % len(hues)] for index, line in enumerate(named)}
    layers: list[alt.Chart] = []
    if unit == "ratio" and low < 1.0 < high:
        layers.append(
            alt.Chart(data([{"y": 1.0}]))
            .mark_rule(color=colors.muted, strokeDash=[2, 3])
            .encode(y=alt.Y("y:Q", scale=scale))
        )
    for row in rows:
        row["color"] = color.get(row["line"], colors.plain)
    layers += line_layers(rows, x, y, scale, colors)
    layers.append(_end_labels(rows, named, (low, high), scale, canvas, len(periods)))
    still_open = "Dashed: the period is not over" if any(not r["complete"] for r in rows) else ""
    band = band_note(len(named), known=any(r["between"] for r in rows))
    notes = ". ".join(part for part in (note, band, still_open) if part)
    return canvas.finish(
        layers,
        message=message(rows, named, canvas.result),
        subtitle=what(canvas.result, freq=freq, note=notes),
    )


def _end_labels(
    rows: list[dict[str, Any]],
    named: list[str],
    bounds: tuple[float, float],
    scale: alt.Scale,
    canvas: Canvas,
    count: int,
) -> alt.Chart:
    (low, high), height, colors = bounds, canvas.height, canvas.colors
    ends = []
    for line in named:
        mine = [r for r in rows if r["line"] == line and r["value"] is not None]
        if mine:
            ends.append(next((r for r in reversed(mine) if r["complete"]), mine[-1]))
    wanted = [height * (1 - (r["value"] - low) / ((high - low) or 1)) for r in ends]
    placed = spread(wanted, 15, 4, height - 4)
    labels = [
        {
            "label": f"{r['line']} {r['text']}".strip(),
            "color": readable_text(r["color"], colors),
            "y": high - at / height * (high - low),
            "i": count - 0.8,
        }
        for r, at in zip(ends, placed, strict=True)
    ]
    drawn: alt.Chart = (
        alt.Chart(data(labels))
        .mark_text(align="left", dx=8, fontWeight=600, baseline="middle")
        .encode(
            x=alt.X("i:Q"),
            y=alt.Y("y:Q", scale=scale),
            text=alt.Text("label:N"),
            color=alt.Color("color:N", scale=None),
        )
    )
    return drawn


def readable_text(color: str, colors: Palette) -> str:
    """Return a color moved towards the text color until words in it can be read.

    Examples
    --------
    >>> from saasmetrics.charts.theme import LIGHT
    >>> readable_text("#0072b2", LIGHT)
    '#0072b2'
    """
    while contrast(color, colors.surface) < 4.5:
        color = blend(color, colors.ink, 0.15)
    return color


def message(rows: list[dict[str, Any]], named: list[str], result: Result) -> str:
    """Return the last complete values as a sentence; of groups the lowest and the highest of all, named or not."""
    name = result.definition.abbr or result.definition.name
    if result.by and len(named) > 1:
        return _ranked(rows, name)
    ends: dict[str, dict[str, Any]] = {}
    for line in named:
        mine = [r for r in rows if r["line"] == line and r["complete"] and r["value"] is not None]
        ends.update({line: mine[-1]} if mine else {})
    if not ends:
        ends = {row["line"]: row for row in rows if row["value"] is not None}
    if list(ends) in ([""], [name]) or len(named) == 1:
        row = next(iter(ends.values()))
        if gone := _gone(result):
            return f"{name} has no value in {gone}; it was {row['text']} in {row['period']}"
        return f"{name} was {row['text']} in {row['period']}{_change(rows, row, result)}"
    parts = [f"{line} {row['text']}" for line, row in ends.items()]
    return f"{' and '.join(parts)} in {next(iter(ends.values()))['period']}"


def _gone(result: Result) -> str:
    """Return the last complete period where it has no value, so that no earlier one is taken for it."""
    df = result.df
    done = df[df["complete"].astype(bool)] if "complete" in df.columns else df
    last = done[done["period"] == done["period"].max()]
    if not len(last) or last["value"].notna().any():
        return ""
    return period_text(last["period"].iloc[0], freq_of(result, df), result.context.fiscal_start)


def _ranked(rows: list[dict[str, Any]], name: str) -> str:
    known = [row for row in rows if row["value"] is not None]
    done = [row for row in known if row["complete"]] or known
    last = max(row["i"] for row in done)
    ranked = sorted((row for row in done if row["i"] == last), key=lambda row: row["value"])
    low, high = ranked[0], ranked[-1]
    if low["line"] == high["line"]:
        return f"{name} was {high['text']} ({high['line']}) in {high['period']}"
    return (
        f"{name} runs from {low['text']} ({low['line']}) to {high['text']} ({high['line']}) "
        f"in {high['period']}"
    )


def _change(rows: list[dict[str, Any]], row: dict[str, Any], result: Result) -> str:
    """Return the change against the same period a year before."""
    year = PER_YEAR.get(freq_of(result, result.df), 12)
    before = [r for r in rows if r["line"] == row["line"] and r["i"] == row["i"] - year]
    if not before or before[0]["value"] is None or before[0]["period"] == row["period"]:
        return ""
    difference = row["value"] - before[0]["value"]
    verb = "up" if difference > 0 else "down" if difference < 0 else "level"
    return f", {verb} from {before[0]['text']} in {before[0]['period']}" if difference else ""

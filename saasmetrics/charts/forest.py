"""Forest plots: one row per comparison, its value and its interval against a line of no difference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, what
from saasmetrics.charts.text import text_width, ticks, wrap

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

MOST_ROWS = 20
_ROW = 34  # pixels
_RATIOS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
_REACH = 50.0  # ratios beyond are cut, with an arrow


def forest(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw values with intervals, one row each, against the line of no difference.

    Parameters
    ----------
    result
        Result of kind "forest": value, low, high, p, and either covariate, level, reference (ratios,
        on a scale of ratios around 1) or group, against (differences around 0).
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
    >>> chart = forest(sm.survival.compare(sm.demo(customers=200), by="segment"))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = result.df
    if not len(frame) or not frame["value"].notna().any():
        return canvas.empty()
    frame, note = _clearest(frame)
    ratio = "covariate" in frame.columns
    rows = [_row(row, canvas, ratio=ratio) for row in frame.to_dict("records")]
    return _chart(rows, note, canvas, ratio=ratio)


def _clearest(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    if len(frame) <= MOST_ROWS:
        return frame, ""
    order = frame["p"].fillna(1.0).sort_values(kind="stable").index[:MOST_ROWS]
    note = f"The {MOST_ROWS} clearest of {len(frame)} rows"
    return frame.loc[sorted(order)], note


def _row(row: dict[Any, Any], canvas: Canvas, *, ratio: bool) -> dict[str, Any]:
    value, low, high = (_known(row[name]) for name in ("value", "low", "high"))
    none = 1.0 if ratio else 0.0
    if ratio:
        name = f"{row['covariate']}: {row['level']}" if row["reference"] else str(row["level"])
        against = f"against {row['reference']}" if row["reference"] else ""
    else:
        name, against = f"{row['group']} against {row['against']}", ""
    worse = None
    if low is not None and high is not None and value is not None and (low > none or high < none):
        lower_is_better = getattr(canvas.result.definition, "better", "higher") == "lower"
        worse = (value > none) == lower_is_better
    shown = str(row.get("reason") or "not determined") if value is None else _text(value, ratio)
    edges = ""
    if low is not None and high is not None:
        edges = f"{_text(low, ratio).lstrip('+')} to {_text(high, ratio).lstrip('+')}"
    p = _known(row.get("p_corrected", row["p"]))
    chance = "" if p is None else "p < 0.001" if p < 0.001 else f"p {p:.3f}"
    return {
        "name": name,
        "against": against,
        "value": value,
        "low": low,
        "high": high,
        "label": ", ".join(
            part for part in (f"{shown} ({edges})" if edges else shown, chance) if part
        ),
        "color": {True: canvas.colors.loss, False: canvas.colors.gain, None: canvas.colors.plain}[
            worse
        ],
        "words": str(row.get("words") or ""),
    }


def _known(value: Any) -> float | None:
    number = math.nan if value is None else float(value)
    return number if math.isfinite(number) else None


def _text(value: float, ratio: bool) -> str:
    if not ratio:
        return f"{value:+.1f}"
    return f"{value:.2f}x" if value < 9.995 else f"{value:,.0f}x"


def _place(value: float, *, ratio: bool) -> float:
    return math.log(min(max(value, 1 / _REACH / 2), _REACH * 2)) if ratio else value


def _extent(rows: list[dict[str, Any]], *, ratio: bool) -> tuple[float, float]:
    known = [row[k] for row in rows for k in ("value", "low", "high") if row[k] is not None]
    places = [_place(value, ratio=ratio) for value in known]
    if ratio:
        places = [min(max(p, -math.log(_REACH)), math.log(_REACH)) for p in places]
        places += [math.log(0.67), math.log(1.5)]
    low, high = min([0.0, *places]), max([0.0, *places])
    room = (high - low) * 0.06 or 1.0
    return low - room, high + room


def _chart(rows: list[dict[str, Any]], note: str, canvas: Canvas, *, ratio: bool) -> alt.LayerChart:
    low, high = _extent(rows, ratio=ratio)
    colors = canvas.colors
    side = max(text_width(row["label"]) for row in rows) + 16
    end = high + (high - low) * side / max(canvas.room - 190 - side, 120)
    x = alt.Scale(domain=[low, end], nice=False, zero=False)
    y = alt.Scale(domain=[len(rows) - 0.4, -0.6], nice=False, zero=False)
    marks = (
        {math.log(v): f"{v:g}x" for v in _RATIOS if low <= math.log(v) <= high}
        if ratio
        else {k: v for k, v in ticks(low, high, "months", canvas.currency, 5).items() if k <= high}
    )
    noun = getattr(canvas.result, "extra", {}).get("noun", "months")
    below = "times as fast; further right leaves sooner" if ratio else f"{noun} longer"
    names = {
        float(i): [*wrap(row["name"], 170), *(wrap(row["against"], 170) if row["against"] else [])]
        for i, row in enumerate(rows)
    }
    axes = {
        "x": alt.X("x:Q", scale=x, axis=axis(marks, title=below, grid=True, titleAnchor="start")),
        "y": alt.Y(
            "j:Q",
            scale=y,
            axis=axis(
                {k: list(v) for k, v in names.items()},
                grid=False,
                domain=False,
                ticks=False,
                labelColor=colors.ink,
                labelLimit=190,
            ),
        ),
    }
    placed = _placed(rows, low, high, ratio=ratio)
    words = [note] if note else []
    words.append("Line: 95% interval" + (", arrow: it goes further" if _cut(placed) else ""))
    words.append("Grey: could be chance")
    tallest = max(len(lines) for lines in names.values())
    return canvas.finish(
        _layers(placed, axes, x, y, high, colors),
        message=message(canvas.result, ratio=ratio),
        subtitle=what(canvas.result, unit="table", note=". ".join(words)),
        height=canvas.height or max(_ROW, 15 * tallest + 6) * len(rows) + 10,
    )


def _cut(placed: list[dict[str, Any]]) -> bool:
    return any(row["cut_low"] or row["cut_high"] for row in placed)


def _placed(
    rows: list[dict[str, Any]], low: float, high: float, *, ratio: bool
) -> list[dict[str, Any]]:
    placed = []
    for index, row in enumerate(rows):
        at = {
            name: None if row[name] is None else _place(row[name], ratio=ratio)
            for name in ("value", "low", "high")
        }
        a, b = at["low"], at["high"]
        placed.append(
            {
                **row,
                "j": float(index),
                "x": None if at["value"] is None else min(max(at["value"], low), high),
                "from": None if a is None else max(a, low),
                "to": None if b is None else min(b, high),
                "cut_low": a is not None and a < low,
                "cut_high": b is not None and b > high,
            }
        )
    return placed


def _layers(
    rows: list[dict[str, Any]],
    axes: dict[str, Any],
    x: alt.Scale,
    y: alt.Scale,
    high: float,
    colors: Palette,
) -> list[alt.Chart]:
    color, across = alt.Color("color:N", scale=None), alt.Y("j:Q", scale=y)
    tip = [alt.Tooltip("name:N"), alt.Tooltip("words:N", title="in words")]
    span = [row for row in rows if row["from"] is not None and row["to"] is not None]
    line = alt.Chart(data([{"x": 0.0}])).mark_rule(color=colors.rule, strokeWidth=1.5)
    bars = alt.Chart(data(span)).mark_rule(strokeWidth=2.5)
    points = alt.Chart(data([r for r in rows if r["x"] is not None])).mark_point(
        filled=True, size=80, opacity=1
    )
    arrows = [
        alt.Chart(data([r for r in span if r[cut]]))
        .mark_point(shape=shape, filled=True, size=55, opacity=1)
        .encode(x=alt.X(f"{end}:Q", scale=x), y=across, color=color)
        for cut, end, shape in (
            ("cut_low", "from", "triangle-left"),
            ("cut_high", "to", "triangle-right"),
        )
    ]
    texts = [{**row, "side": high} for row in rows]
    label = (
        alt.Chart(data(texts))
        .mark_text(align="left", dx=10, baseline="middle", color=colors.ink)
        .encode(x=alt.X("side:Q", scale=x), y=across, text=alt.Text("label:N"))
    )
    return [
        line.encode(x=alt.X("x:Q", scale=x)),
        bars.encode(x=alt.X("from:Q", scale=x), x2=alt.X2("to:Q"), y=across, color=color),
        *arrows,
        points.encode(x=axes["x"], y=axes["y"], color=color, tooltip=tip),
        label,
    ]


def message(result: Result, *, ratio: bool) -> str:
    """Return the clearest of the rows as a sentence."""
    frame = result.df[result.df["value"].notna()]
    sure = frame.loc[frame["p"].fillna(1.0).sort_values(kind="stable").index].iloc[0]
    if not bool((frame.get("p_corrected", frame["p"]) < 0.05).any()):
        return "No difference that chance would not explain"
    if ratio:
        who = f"{sure['covariate']} {sure['level']}" if sure["reference"] else str(sure["level"])
        end = f" as {sure['reference']}" if sure["reference"] else ""
        verb = "leaves" if sure["reference"] else "goes with leaving"
        start = (
            f"{who[:1].upper()}{who[1:]} {verb} {_text(float(sure['value']), True)} as fast{end}"
        )
        return start.replace("x as", " times as")
    noun = getattr(result, "extra", {}).get("noun", "months")
    horizon = getattr(result, "extra", {}).get("horizon")
    within = f" over {horizon} {noun}" if horizon else ""
    more = "longer" if sure["value"] > 0 else "less long"
    return (
        f"{sure['group']} customers stay {abs(float(sure['value'])):.1f} {noun} {more} than "
        f"{sure['against']}{within}"
    )

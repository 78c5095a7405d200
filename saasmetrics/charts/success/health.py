"""Health: how many customers have which score, in bands, and how the bands change over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from saasmetrics.charts.frame import Canvas, axis, data, freq_of, period_axis, what
from saasmetrics.charts.success.shared import band_color, scale
from saasmetrics.charts.text import period_text
from saasmetrics.money import format_money, format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_STEP = 5
_BANDS = ("red", "amber", "green")


def health(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw how many customers have which score, colored by band, with the mean.

    Parameters
    ----------
    result
        Result of kind "health".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = health(sm.success.health(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    known = result.df[result.df["value"].notna()]
    if not len(known):
        return canvas.empty()
    low, high = result.extra["model"].bands
    edges = sorted({*range(0, 101, _STEP), low, high})
    count, _ = np.histogram(known["value"], edges)
    bars = [_bar(canvas, edges[i], edges[i + 1], int(n), (low, high)) for i, n in enumerate(count)]
    top = max(int(count.max()), 1) * 1.35
    x, y = scale(0, 100), scale(0, top)
    ticks = axis({float(v): f"{v:g}" for v in range(0, 101, 10)}, title="score")
    drawn = (
        alt.Chart(data(bars))
        .mark_rect(stroke=canvas.colors.surface)
        .encode(
            x=alt.X("left:Q", scale=x, axis=ticks),
            x2=alt.X2("right:Q"),
            y=alt.Y("zero:Q", scale=y, axis=axis(_counts(int(count.max())), title="customers")),
            y2=alt.Y2("n:Q"),
            color=alt.Color("color:N", scale=None),
            tooltip=[alt.Tooltip("text:N", title="score"), alt.Tooltip("n:Q", title="customers")],
        )
    )
    return canvas.finish(
        [drawn, *_bands(canvas, (low, high), top), *_mean(canvas, top)],
        message=f"{str(result.extra['headline'])[0].upper()}{str(result.extra['headline'])[1:]}",
        subtitle=what(result, unit="table", note=_not_scored(result)),
    )


def _counts(most: int) -> dict[float, str]:
    step = next(
        s
        for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 10**9)
        if most / s <= 5
    )
    return {float(v): f"{v:,}" for v in range(0, most + 1, step)}


def _bar(
    canvas: Canvas, left: float, right: float, n: int, bands: tuple[float, float]
) -> dict[str, Any]:
    band = _BANDS[int(np.searchsorted(bands, left, side="right"))]
    text = f"{left:g} to {right:g}"
    return {
        "left": left,
        "right": right,
        "zero": 0,
        "n": n,
        "color": band_color(canvas.colors, band),
        "text": text,
    }


def _bands(canvas: Canvas, bands: tuple[float, float], top: float) -> list[alt.Chart]:
    """Return the name of each band with its customers and ARR, above its bars."""
    df, currency = canvas.result.df, canvas.currency
    edges = [0.0, *bands, 100.0]
    rows = []
    for i, band in enumerate(_BANDS):
        mine = df[df["band"] == band]
        money = format_money(float(mine["arr"].sum()), currency)
        middle = (edges[i] + edges[i + 1]) / 2
        rows.append({"x": middle, "y": top * 0.97, "label": f"{band}: {len(mine):,}"})
        rows.append({"x": middle, "y": top * 0.90, "label": f"{money} ARR"})
    x, y = alt.X("x:Q", scale=scale(0, 100)), alt.Y("y:Q", scale=scale(0, top))
    names = (
        alt.Chart(data(rows))
        .mark_text(color=canvas.colors.ink)
        .encode(x=x, y=y, text=alt.Text("label:N"))
    )
    lines = [{"x": edge} for edge in bands]
    rules = (
        alt.Chart(data(lines)).mark_rule(color=canvas.colors.rule, strokeDash=[3, 3]).encode(x=x)
    )
    return [rules, names]


def _mean(canvas: Canvas, top: float) -> list[alt.Chart]:
    mean = float(canvas.result.extra["means"].iloc[-1]["mean"])
    rows = [{"x": mean, "y": 0.0, "y2": top * 0.82, "label": f"mean {mean:.0f}"}]
    x = alt.X("x:Q", scale=scale(0, 100))
    rule = alt.Chart(data(rows)).mark_rule(color=canvas.colors.ink, strokeWidth=1.4)
    rule = rule.encode(x=x, y=alt.Y("y:Q", scale=scale(0, top)), y2=alt.Y2("y2:Q"))
    base = alt.Chart(data(rows)).encode(
        x=x, y=alt.Y("y2:Q", scale=scale(0, top)), text=alt.Text("label:N")
    )
    look: dict[str, Any] = {"dy": -6, "fontWeight": 600}
    return [rule, base.mark_text(**look, color=canvas.colors.ink)]


def _not_scored(result: Result) -> str:
    missing = int(result.df["value"].isna().sum())
    return f"{missing:,} customers are not scored" if missing else ""


def health_history(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the share of customers in each band over time, the worst at the bottom, with the mean score.

    Parameters
    ----------
    result
        Result of kind "health_history".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = health_history(sm.success.health_history(sm.demo(customers=100), last=3))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    means = result.extra["means"]
    if not len(means) or not means["scored"].sum():
        return canvas.empty()
    freq, many = freq_of(result, means), len(means)
    rows = _stacks(canvas, means, freq)
    x = alt.X(
        "left:Q",
        scale=scale(-0.5, many - 0.5),
        axis=axis(
            period_axis(list(means["period"]), freq, canvas.room - 90, result.context.fiscal_start)
        ),
    )
    y = alt.Y(
        "low:Q",
        scale=scale(0, 1.0),
        axis=axis({0.0: "0%", 0.5: "50%", 1.0: "100%"}, title="customers"),
    )
    tips = [alt.Tooltip("period:N"), alt.Tooltip("band:N"), alt.Tooltip("text:N", title="share")]
    bars = (
        alt.Chart(data(rows))
        .mark_rect()
        .encode(
            x=x,
            x2=alt.X2("right:Q"),
            y=y,
            y2=alt.Y2("high:Q"),
            color=alt.Color("color:N", scale=None),
            tooltip=tips,
        )
    )
    return canvas.finish(
        [bars, *_ends(canvas, rows, many)],
        message=f"{str(result.extra['headline'])[0].upper()}{str(result.extra['headline'])[1:]}",
        subtitle=what(result, freq=freq, note="Share of customers by band"),
    )


def _stacks(canvas: Canvas, means: pd.DataFrame, freq: str) -> list[dict[str, Any]]:
    """Return a part of a bar per period and band, the worst band at the bottom."""
    rows = []
    for i, row in enumerate(means.to_dict("records")):
        base = 0.0
        for band in (*_BANDS, "not scored"):
            share = float(row[f"{band}_share"] or 0.0)
            cell: dict[str, Any] = {
                "left": i - 0.42,
                "right": i + 0.42,
                "low": base,
                "high": base + share,
            }
            cell |= {"band": band, "color": band_color(canvas.colors, band)}
            period = period_text(row["period"], freq, canvas.result.context.fiscal_start)
            rows.append(cell | {"text": format_ratio(share), "period": period})
            base += share
    return rows


def _ends(canvas: Canvas, rows: list[dict[str, Any]], many: int) -> list[alt.Chart]:
    """Return the name of each band that is high enough, at the right end."""
    last = [
        row
        for row in rows
        if row["right"] > many - 1 and row["high"] - row["low"] > 14 / canvas.height
    ]
    labels = [
        {
            "x": many - 0.5,
            "y": (row["low"] + row["high"]) / 2,
            "label": f"{row['band']} {row['text']}",
        }
        for row in last
    ]
    x, y = alt.X("x:Q", scale=scale(-0.5, many - 0.5)), alt.Y("y:Q", scale=scale(0, 1.0))
    text = alt.Chart(data(labels)).mark_text(
        align="left", dx=6, baseline="middle", color=canvas.colors.ink
    )
    return [text.encode(x=x, y=y, text=alt.Text("label:N"))]

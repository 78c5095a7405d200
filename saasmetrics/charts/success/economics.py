"""What customer success moves in unit economics: why worth over cost changed, and gross profit by year of life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import NO_VALUES, Canvas, axis, data, what
from saasmetrics.charts.success.shared import scale
from saasmetrics.charts.text import ticks
from saasmetrics.money import format_money, format_value

if TYPE_CHECKING:
    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result


def ltv_cac_change(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw how LTV to CAC became what it is, factor by factor.

    Parameters
    ----------
    result
        Result of kind "ltv_cac_change".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = ltv_cac_change(sm.economics.ltv_cac_change(sm.demo(customers=300), "2025-10-31"))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    if result.df["value"].isna().all():
        return canvas.empty(NO_VALUES)
    rows = _bars(canvas)
    high = max(max(row["low"], row["high"]) for row in rows) * 1.15
    names = axis({float(row["i"]): row["step"] for row in rows}, grid=False)
    wide, tall = scale(-0.5, len(rows) - 0.5), scale(0, high)
    x = alt.X("left:Q", scale=wide, axis=names)
    y = alt.Y("low:Q", scale=tall, axis=axis(ticks(0, high, "multiple", canvas.currency)))
    base = alt.Chart(data(rows))
    bars = base.mark_rect().encode(
        x=x, x2=alt.X2("right:Q"), y=y, y2=alt.Y2("high:Q"), color=alt.Color("color:N", scale=None)
    )
    text = base.mark_text(dy=-8, fontWeight=600, color=canvas.colors.ink)
    labels = text.encode(
        x=alt.X("i:Q", scale=wide), y=alt.Y("top:Q", scale=tall), text=alt.Text("label:N")
    )
    return canvas.finish([bars, labels], message=_heading(result), subtitle=what(result))


def _heading(result: Result) -> str:
    said = str(result.extra["headline"])
    return f"{said[0].upper()}{said[1:]}"


def _bars(canvas: Canvas) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    before = 0.0
    for i, row in enumerate(canvas.result.df.to_dict("records")):
        ends, value = row["step"] in ("start", "end"), float(row["value"])
        low, high = (0.0, value) if ends else (before, before + value)
        color = (
            canvas.colors.total
            if ends
            else canvas.colors.gain
            if value >= 0
            else canvas.colors.loss
        )
        label = format_value(value, "multiple") if ends else f"{value:+.2f}"
        cell = {"i": i, "left": i - 0.36, "right": i + 0.36, "low": low, "high": high}
        rows.append(
            cell | {"top": max(low, high), "color": color, "label": label, "step": row["step"]}
        )
        before = value if ends else before + value
    return rows


def margin_by_age(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw gross profit of a customer by year of its life: of all that were won, and of those still there.

    Parameters
    ----------
    result
        Result of kind "margin_by_age".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = margin_by_age(sm.economics.margin_by_age(sm.demo(customers=200), years=3))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    known = result.df[result.df["value"].notna()]
    if not len(known):
        return canvas.empty()
    rows = _years(canvas)
    high = max(float(row["y"]) for row in rows) * 1.15
    wide, tall = scale(0.4, float(known["year"].max()) + 0.6), scale(0, high)
    names = axis({float(year): f"year {year}" for year in known["year"]}, grid=False)
    y = alt.Y("zero:Q", scale=tall, axis=axis(ticks(0, high, "money", canvas.currency)))
    base = alt.Chart(data(rows))
    tips = [
        alt.Tooltip("year:Q"),
        alt.Tooltip("who:N", title="customers"),
        alt.Tooltip("label:N"),
        alt.Tooltip("n:Q"),
    ]
    bars = base.mark_rect().encode(
        x=alt.X("left:Q", scale=wide, axis=names),
        x2=alt.X2("right:Q"),
        y=y,
        y2=alt.Y2("y:Q"),
        color=alt.Color("color:N", scale=None),
        tooltip=tips,
    )
    text = base.mark_text(dy=-7, fontSize=10, color=canvas.colors.ink)
    labels = text.encode(
        x=alt.X("x:Q", scale=wide), y=alt.Y("y:Q", scale=tall), text=alt.Text("label:N")
    )
    note = "Grey: per customer won, those who left counting 0; blue: per customer still there"
    return canvas.finish([bars, labels], message=_heading(result), subtitle=what(result, note=note))


def _years(canvas: Canvas) -> list[dict[str, Any]]:
    """Return two bars a year: of all that were won, and of those still there."""
    colors = canvas.colors
    pair = {"value": ("won", colors.plain, -0.2), "value_alive": ("still there", colors.gain, 0.2)}
    rows: list[dict[str, Any]] = []
    for row in canvas.result.df.to_dict("records"):
        for name, (who, color, shift) in pair.items():
            if row[name] != row[name]:
                continue
            x = row["year"] + shift
            cell = {"x": x, "left": x - 0.18, "right": x + 0.18, "zero": 0.0, "y": row[name]}
            label = format_money(row[name], canvas.currency)
            rows.append(
                cell
                | {"color": color, "label": label, "who": who, "n": row["n"], "year": row["year"]}
            )
    return rows

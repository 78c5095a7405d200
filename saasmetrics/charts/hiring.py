"""The hiring plan: people needed against people there, and when to open requisitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import NO_VALUES, Canvas, axis, data, period_axis, what
from saasmetrics.charts.text import period_text, spread, ticks
from saasmetrics.money import format_part

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_STRIP = 0.3  # of the height, for the chance of being short and the requisitions


def hiring_plan(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 340,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw people needed as a band, people there as lines, and below the chance of being short and the requisitions.

    Parameters
    ----------
    result
        Result of `sm.capacity.hiring_plan`.
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
    >>> plan = sm.capacity.hiring_plan(sm.demo(customers=100), handle_minutes=200)
    >>> chart = hiring_plan(plan)
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df
    if not len(frame):
        return canvas.empty()
    if frame[["required", "capacity"]].isna().all(axis=None):
        return canvas.empty(NO_VALUES)
    rows = [_row(row, at) for at, row in enumerate(frame.to_dict("records"))]
    high = float(frame[["required_high", "capacity", "capacity_now"]].max().max()) * 1.06 or 1.0
    low = -high * _STRIP / (1 - _STRIP)
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    labels = period_axis(list(frame["period"]), "M", canvas.room - 190, result.context.fiscal_start)
    x = alt.X(
        "i:Q",
        scale=alt.Scale(domain=[-0.5, len(rows) - 0.5], nice=False, zero=False),
        axis=axis(labels, grid=False),
    )
    marks = axis(ticks(0, high, "fte", canvas.currency))
    note = (
        "Band: 90% of draws. Bars below: chance of being short, with the plan and (pale) without. "
        "Numbers: requisitions to open"
    )
    return canvas.finish(
        [
            *_people(rows, x, scale, marks, canvas),
            *_below(rows, x, scale, low, canvas),
            *_ends(frame, scale, (low, high), canvas),
        ],
        message=str(result.extra["headline"]),
        subtitle=what(result, unit="fte", freq="M", note=note),
    )


def _row(row: dict[Any, Any], index: int) -> dict[str, Any]:
    return {
        "i": index,
        "period": period_text(row["period"], "M"),
        "low": row["required_low"],
        "high": row["required_high"],
        "required": row["required"],
        "now": row["capacity_now"],
        "plan": row["capacity"],
        "short": row["short"],
        "short_now": row["short_now"],
        "open": str(int(row["open"])) if row["open"] else "",
        "said": f"{row['required']:.1f} ({row['required_low']:.1f} to {row['required_high']:.1f})",
        "there": f"{row['capacity']:.1f} with the plan, {row['capacity_now']:.1f} without",
        "risk": f"{format_part(row['short'], 0)} with the plan, {format_part(row['short_now'], 0)} without",
    }


def _people(
    rows: list[dict[str, Any]], x: alt.X, scale: alt.Scale, marks: alt.Axis, canvas: Canvas
) -> list[alt.Chart]:
    colors = canvas.colors
    tip = [
        alt.Tooltip(f"{name}:N", title=title)
        for name, title in (
            ("period", "month"),
            ("said", "needed"),
            ("there", "there"),
            ("risk", "short"),
            ("open", "open"),
        )
    ]
    base = alt.Chart(data(rows))
    band = base.mark_area(opacity=0.18, color=colors.muted).encode(
        x=x, y=alt.Y("low:Q", scale=scale, axis=marks), y2=alt.Y2("high:Q")
    )
    need = base.mark_line(strokeWidth=2, color=colors.muted, strokeDash=[2, 2]).encode(
        x=x, y=alt.Y("required:Q", scale=scale)
    )
    now = base.mark_line(strokeWidth=2.2, color=colors.loss).encode(
        x=x, y=alt.Y("now:Q", scale=scale)
    )
    plan = base.mark_line(strokeWidth=2.2, color=colors.gain, point=False).encode(
        x=x, y=alt.Y("plan:Q", scale=scale)
    )
    dots = base.mark_point(filled=True, size=44, opacity=1, color=colors.gain).encode(
        x=x, y=alt.Y("plan:Q", scale=scale), tooltip=tip
    )
    return [band, need, now, plan, dots]


def _below(
    rows: list[dict[str, Any]], x: alt.X, scale: alt.Scale, low: float, canvas: Canvas
) -> list[alt.Chart]:
    """Return bars of the chance of being short that hang from 0, and the requisitions under them."""
    colors = canvas.colors
    drop, line = low * 0.62, low * 0.86
    placed = [
        {
            **row,
            "zero": 0.0,
            "down": row["short"] * drop,
            "down_now": row["short_now"] * drop,
            "line": line,
        }
        for row in rows
    ]
    base = alt.Chart(data(placed))
    y = alt.Y("zero:Q", scale=scale)
    pale = base.mark_bar(size=14, color=colors.loss, opacity=0.25).encode(
        x=x, y=y, y2=alt.Y2("down_now:Q")
    )
    full = base.mark_bar(size=8, color=colors.loss).encode(x=x, y=y, y2=alt.Y2("down:Q"))
    rule = (
        alt.Chart(data([{"y": 0.0}]))
        .mark_rule(color=colors.rule)
        .encode(y=alt.Y("y:Q", scale=scale))
    )
    text = base.mark_text(fontWeight=600, color=colors.ink).encode(
        x=x, y=alt.Y("line:Q", scale=scale), text=alt.Text("open:N")
    )
    return [pale, full, rule, text]


def _ends(
    frame: pd.DataFrame, scale: alt.Scale, bounds: tuple[float, float], canvas: Canvas
) -> list[alt.Chart]:
    colors, height = canvas.colors, canvas.height
    low, high = bounds
    last = frame.iloc[-1]
    drop = low * 0.62
    lines = [
        (f"with the plan {last['capacity']:.1f}", last["capacity"], colors.gain),
        (f"needed {last['required']:.1f}", last["required"], colors.muted),
        (f"without hires {last['capacity_now']:.1f}", last["capacity_now"], colors.loss),
        ("chance of being short", drop / 2, colors.muted),
        ("open", low * 0.86, colors.ink),
    ]
    wanted = [height * (1 - (value - low) / (high - low)) for _, value, _ in lines]
    placed = spread(wanted, 15, 4, height - 4)
    labels = [
        {
            "label": text,
            "color": color,
            "y": high - at / height * (high - low),
            "i": len(frame) - 0.5,
        }
        for (text, _, color), at in zip(lines, placed, strict=True)
    ]
    return [
        alt.Chart(data(labels))
        .mark_text(align="left", dx=8, baseline="middle")
        .encode(
            x=alt.X("i:Q"),
            y=alt.Y("y:Q", scale=scale),
            text=alt.Text("label:N"),
            color=alt.Color("color:N", scale=None),
        )
    ]

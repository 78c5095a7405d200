"""Alerts on a time line, from the day on which each was raised, and the worklist as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, what
from saasmetrics.charts.success.shared import ROW, longest, names_axis, scale
from saasmetrics.charts.text import text_width, ticks
from saasmetrics.money import format_money

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

MOST = 15


def _name(row: Mapping[Any, Any]) -> str:
    name = row.get("name")
    return str(row["customer_id"] if name is None or name != name else name)


def alerts(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the alerts of the customers with the most at stake, each from its first day on.

    Parameters
    ----------
    result
        Result of kind "alerts".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = alerts(sm.success.alerts(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    df = result.df.head(MOST)
    if not len(df):
        return canvas.empty("no alert is open.")
    longest_open = max(int(df["days_open"].max()), 14)
    rows = [_line(canvas, i, row) for i, row in enumerate(df.to_dict("records"))]
    names = [row["name"] for row in rows]
    low, room = -longest_open * 1.04, longest(names, 260)
    inside = canvas.room - room - 20
    share = max(text_width(row["label"]) + 14 for row in rows) / inside
    high = -low * share / max(1 - share, 0.2)
    x = alt.X(
        "from:Q",
        scale=scale(low, high),
        axis=axis(_days(longest_open), title="days before the as-of date"),
    )
    y = alt.Y(
        "i:Q",
        scale=alt.Scale(domain=[len(rows) - 0.5, -0.5], nice=False),
        axis=names_axis(names, room),
    )
    base = alt.Chart(data(rows))
    tips = [alt.Tooltip("rule:N"), alt.Tooltip("evidence:N")]
    tone = alt.Color("color:N", scale=None)
    lines = base.mark_rule(strokeWidth=4).encode(
        x=x, x2=alt.X2("to:Q"), y=y, color=tone, tooltip=tips
    )
    dots = base.mark_circle(size=70, opacity=1).encode(x=x, y=y, color=tone, tooltip=tips)
    end = alt.X("to:Q", scale=scale(low, high))
    text = base.mark_text(align="left", dx=8, baseline="middle", color=canvas.colors.ink).encode(
        x=end, y=y, text=alt.Text("label:N")
    )
    more = f", the first {MOST} of {len(result.df):,}" if len(result.df) > MOST else ""
    said = str(result.extra["headline"])
    return canvas.finish(
        [lines, dots, text],
        message=f"{said[0].upper()}{said[1:]}",
        subtitle=what(result, note=f"Danger orange, room to grow blue; ARR beside the name{more}"),
        height=height or ROW * len(rows) + 10,
    )


def _line(canvas: Canvas, i: int, row: Mapping[Any, Any]) -> dict[str, Any]:
    color = canvas.colors.loss if row["kind"] == "churn" else canvas.colors.gain
    rule, days = row["rule"].replace("_", " "), int(row["days_open"])
    cell = {"i": i, "from": -float(days), "to": 0.0, "color": color, "evidence": row["evidence"]}
    name = f"{_name(row)}  {format_money(row['arr'], canvas.currency)}"
    return cell | {"label": f"{rule}, {days} d", "rule": rule, "name": name}


def _days(most: int) -> dict[float, str]:
    step = next(s for s in (7, 14, 30, 60, 90, 180, 365, 730, 3650) if most / s <= 5)
    return {-float(v): f"{v}" for v in range(0, most + 1, step)}


def worklist(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the first customers of the list with what is expected to be saved per hour, or what is at risk.

    Parameters
    ----------
    result
        Result of kind "worklist".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = worklist(sm.success.worklist(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    df = result.df[result.df["value"].notna()].head(MOST)
    if not len(df):
        return canvas.empty()
    rows = _bars(canvas, df)
    low, high = min(float(df["value"].min()), 0.0), max(float(df["value"].max()), 0.0) or 1.0
    room = longest([row["name"] for row in rows], 220)
    inside = canvas.room - room - 20
    share = min(max(text_width(row["label"]) + 14 for row in rows) / inside, 0.6)
    top = high / (1 - share)
    x = alt.X(
        "value:Q",
        scale=scale(low, top),
        axis=axis(ticks(low, high, "money", canvas.currency, count=4)),
    )
    y = alt.Y(
        "i:Q",
        scale=alt.Scale(domain=[len(rows) - 0.5, -0.5], nice=False),
        axis=names_axis([row["name"] for row in rows], room),
    )
    base = alt.Chart(data(rows))
    zero = alt.X("zero:Q", scale=scale(low, top))
    tips = [alt.Tooltip("name:N"), alt.Tooltip("label:N", title=" ")]
    bars = base.mark_bar(size=13, color=canvas.colors.gain).encode(
        x=zero, x2=alt.X2("value:Q"), y=y, tooltip=tips
    )
    text = base.mark_text(align="left", dx=6, baseline="middle", color=canvas.colors.ink).encode(
        x=x, y=y, text=alt.Text("label:N")
    )
    known = result.df["uplift"].notna().all()
    note = "ARR saved per hour" if known else "ARR at risk; how much a touch helps is unknown"
    said = str(result.extra["headline"])
    return canvas.finish(
        [bars, text],
        message=f"{said[0].upper()}{said[1:]}",
        subtitle=what(result, note=note),
        height=height or ROW * len(rows) + 10,
    )


def _bars(canvas: Canvas, df: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for i, row in enumerate(df.to_dict("records")):
        health = "not scored" if row["score"] != row["score"] else f"health {row['score']:.0f}"
        label = f"{format_money(row['value'], canvas.currency)}, {health}"
        rows.append(
            {"i": i, "name": _name(row), "value": row["value"], "zero": 0.0, "label": label}
        )
    return rows

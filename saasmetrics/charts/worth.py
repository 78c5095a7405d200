"""What customers are worth: a bar per group, what was seen solid and what is projected light, with the interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, what, with_group
from saasmetrics.charts.text import text_width, ticks, wrap
from saasmetrics.money import format_money, format_ratio

if TYPE_CHECKING:
    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_ROW = 38
_REACH = 2.2  # times the largest value: an interval that goes further ends in an arrow
_LIGHT = 0.4
MOST_ROWS = 20


def worth(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw one bar per group: solid what was seen, light what is projected, a line for the interval.

    A tick marks what the group would be worth if all left at one average churn, where the result says it.

    Parameters
    ----------
    result
        Result of kind "worth": value, low, high, n, observed, projected, uniform, reason.
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
    >>> chart = worth(sm.economics.ltv(sm.demo(customers=200), by="segment"))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = with_group(result.df, result.by)
    if not len(frame) or not frame["value"].notna().any():
        return canvas.empty()
    frame = frame.sort_values("value", ascending=False, kind="stable", na_position="last")
    note = f"The {MOST_ROWS} largest of {len(frame)} groups" if len(frame) > MOST_ROWS else ""
    rows = [_row(dict(row), canvas) for _, row in frame.head(MOST_ROWS).iterrows()]
    return _chart(rows, note, canvas)


def _number(value: Any) -> float | None:
    if value is None or value != value or not math.isfinite(float(value)):
        return None
    return float(value)


def _row(row: dict[str, Any], canvas: Canvas) -> dict[str, Any]:
    names = ("value", "low", "high", "observed", "projected", "uniform", "n")
    found = {name: _number(row.get(name)) for name in names}
    value, low, high = found["value"], found["low"], found["high"]
    reason = str(row.get("reason") or "")

    def said(amount: float | None) -> str:
        return "" if amount is None else format_money(amount, canvas.currency)

    details = [] if low is None or high is None else [f"{said(low)} to {said(high)}"]
    share = (found["projected"] or 0.0) / value if value else 0.0
    details += [f"{format_ratio(share)} projected"] if share > 0.0005 else []
    details += ["a lower bound"] if reason.startswith("a lower bound") else []
    return {
        **found,
        "group": row["group"] or "All customers",
        "seen": value if found["observed"] is None else found["observed"],
        "label": said(value) if value is not None else reason or "no value",
        "detail": ", ".join(details),
        "reason": reason,
        "seen_text": said(found["observed"]),
        "projected_text": said(found["projected"]),
        "uniform_text": said(found["uniform"]),
        "customers": "" if found["n"] is None else f"{found['n']:,.0f}",
        "model": str(row.get("model") or ""),
    }


def _placed(rows: list[dict[str, Any]], room: float) -> tuple[list[dict[str, Any]], float]:
    """Return the rows with where bars, lines and words stand, and where the axis ends."""
    most = max(row["value"] or 0.0 for row in rows) or 1.0
    placed, need = [], 0.0
    for index, row in enumerate(rows):
        reach = min(row["high"] or 0.0, most * _REACH)
        edge = max(reach, row["value"] or 0.0, row["uniform"] or 0.0)
        words = max(text_width(row["label"], 11.5), text_width(row["detail"], 10)) + 18
        need = max(need, edge / max(room - words, room * 0.3))
        placed.append(
            {
                **row,
                "j": index,
                "top": index - 0.3,
                "bottom": index + 0.3,
                "zero": 0.0,
                "edge": edge,
                "shown_low": None if row["high"] is None else row["low"],
                "shown_high": None if row["high"] is None else reach,
                "cut": (row["high"] or 0.0) > most * _REACH,
            }
        )
    return placed, need * room


def _chart(rows: list[dict[str, Any]], note: str, canvas: Canvas) -> alt.LayerChart:
    rows, end = _placed(rows, canvas.room - 200)
    reach = max(row["edge"] for row in rows)
    shown = ticks(0.0, end, "money", canvas.currency, 4)
    marks = {at: text for at, text in shown.items() if at <= reach * 1.02} or shown
    names = [wrap(r["group"] + (f" ({r['customers']})" if r["n"] else ""), 150) for r in rows]
    y = alt.Scale(domain=[len(rows) - 0.4, -0.6], nice=False, zero=False)
    x = alt.Scale(domain=[0, end], nice=False)
    ink = canvas.colors.ink
    left = axis(
        dict(enumerate(names)),
        grid=False,
        domain=False,
        ticks=False,
        labelColor=ink,
        labelLimit=170,
    )
    return canvas.finish(
        [
            *_bars(rows, x, axis(marks, grid=True), y, left, canvas),
            *_lines(rows, x, y, canvas),
            *_words(rows, x, y, canvas),
        ],
        message=message(rows, canvas.result),
        subtitle=what(canvas.result, note=". ".join(_notes(rows, note))),
        height=canvas.height or _ROW * len(rows) + 18,
    )


def _notes(rows: list[dict[str, Any]], note: str) -> list[str]:
    words = [note] if note else []
    if any(row["n"] for row in rows):
        words.append("In brackets: customers")
    if any(row["projected"] for row in rows):
        words.append("Light: projected beyond what was seen")
    if any(row["shown_high"] is not None for row in rows):
        further = ", arrow: it goes further" if any(row["cut"] for row in rows) else ""
        words.append(f"Line: 95% interval{further}")
    if any(row["uniform"] is not None for row in rows):
        words.append("Diamond: at one average churn")
    return words


def _bars(
    rows: list[dict[str, Any]],
    x: alt.Scale,
    below: alt.Axis,
    y: alt.Scale,
    left: alt.Axis,
    canvas: Canvas,
) -> list[alt.Chart]:
    tip = [
        alt.Tooltip(f"{name}:N", title=title)
        for name, title in (
            ("group", "group"),
            ("label", "value"),
            ("detail", "of it"),
            ("seen_text", "seen"),
            ("projected_text", "projected"),
            ("model", "model"),
            ("uniform_text", "at one average churn"),
            ("customers", "customers"),
            ("reason", "reason"),
        )
    ]
    color = canvas.colors.gain
    base = alt.Chart(data(rows))
    height = {"y": alt.Y("top:Q", scale=y, axis=left), "y2": alt.Y2("bottom:Q")}
    start = alt.X("zero:Q", scale=x, axis=below)
    solid = base.mark_rect(color=color).encode(x=start, x2=alt.X2("seen:Q"), tooltip=tip, **height)
    ahead = [row for row in rows if row["projected"] and row["value"] is not None]
    light = (
        alt.Chart(data(ahead))
        .mark_rect(color=color, opacity=_LIGHT, stroke=color, strokeDash=[3, 2])
        .encode(x=alt.X("seen:Q", scale=x), x2=alt.X2("value:Q"), tooltip=tip, **height)
    )
    return [solid, light]


def _lines(
    rows: list[dict[str, Any]], x: alt.Scale, y: alt.Scale, canvas: Canvas
) -> list[alt.Chart]:
    ink, middle = canvas.colors.ink, alt.Y("j:Q", scale=y)
    span = [row for row in rows if row["shown_low"] is not None]
    rule = (
        alt.Chart(data(span))
        .mark_rule(color=ink, strokeWidth=1.5)
        .encode(x=alt.X("shown_low:Q", scale=x), x2=alt.X2("shown_high:Q"), y=middle)
    )
    caps = [
        alt.Chart(data([r for r in span if name == "shown_low" or not r["cut"]]))
        .mark_tick(color=ink, thickness=1.5, size=9, orient="vertical")
        .encode(x=alt.X(f"{name}:Q", scale=x), y=middle)
        for name in ("shown_low", "shown_high")
    ]
    arrow = (
        alt.Chart(data([r for r in span if r["cut"]]))
        .mark_point(shape="triangle-right", filled=True, color=ink, size=50, opacity=1)
        .encode(x=alt.X("shown_high:Q", scale=x), y=middle)
    )
    uniform = (
        alt.Chart(data([row for row in rows if row["uniform"] is not None]))
        .mark_point(
            shape="diamond",
            filled=True,
            size=60,
            opacity=1,
            color=canvas.colors.loss,
            stroke=canvas.colors.surface,
            strokeWidth=1,
        )
        .encode(x=alt.X("uniform:Q", scale=x), y=middle)
    )
    return [rule, *caps, arrow, uniform]


def _words(
    rows: list[dict[str, Any]], x: alt.Scale, y: alt.Scale, canvas: Canvas
) -> list[alt.Chart]:
    colors = canvas.colors
    drawn = []
    for some in (False, True):
        mine = [row for row in rows if bool(row["detail"]) is some]
        base = alt.Chart(data(mine)).encode(x=alt.X("edge:Q", scale=x), y=alt.Y("j:Q", scale=y))
        lift = -6 if some else 0
        drawn.append(
            base.mark_text(align="left", dx=10, dy=lift, fontWeight=600, color=colors.ink).encode(
                text=alt.Text("label:N")
            )
        )
        if some:
            drawn.append(
                base.mark_text(align="left", dx=10, dy=7, fontSize=10, color=colors.muted).encode(
                    text=alt.Text("detail:N")
                )
            )
    return drawn


def message(rows: list[dict[str, Any]], result: Result) -> str:
    """Return the value of the whole, or of the best and the worst group, as a sentence."""
    name = result.definition.abbr or result.definition.name
    known = [row for row in rows if row["value"] is not None]
    if len(rows) == 1 or len(known) == 1:
        row = known[0]
        who = "" if len(rows) == 1 and row["group"] == "All customers" else f" of {row['group']}"
        if row["reason"].startswith("a lower bound"):
            return f"{name}{who}: {row['label']} or more"
        share = (row["projected"] or 0.0) / row["value"] if row["value"] else 0.0
        part = f", {format_ratio(share)} of it projected" if share > 0.0005 else ""
        return f"{name}{who}: {row['label']}{part}"
    best, worst = known[0], known[-1]
    return f"{name}: {best['group']} {best['label']}, {worst['group']} {worst['label']}"

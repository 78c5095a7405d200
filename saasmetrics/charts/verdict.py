"""Verdicts against a target: LTV:CAC against 3:1, payback against 12 months, with intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, constant, data, what, with_group
from saasmetrics.charts.text import ticks, verdict_mark, wrap
from saasmetrics.money import format_value

if TYPE_CHECKING:
    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

_ROW = 38
_REACH = 4.0  # times the target: an interval that goes further ends in an arrow
MOST_ROWS = 20


def verdict(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw one bar per group with its interval against the target, and the verdict in words.

    Blue passes, orange fails, grey is not proven: the interval holds the target.

    Parameters
    ----------
    result
        Result of kind "verdict": value, low, high, n, verdict, target, reason.
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
    >>> chart = verdict(sm.economics.ltv_cac(sm.demo(customers=200), by="segment"))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = with_group(result.df, result.by)
    if not len(frame) or (not frame["value"].notna().any() and not result.by):
        return canvas.empty()
    which = "largest"
    if "cohort" in result.by:
        frame, which = frame.sort_values("cohort", ascending=False, kind="stable"), "latest"
    elif result.definition.id == "ideal_customers":
        frame, which = frame.sort_values("value", ascending=False, kind="stable"), "best"
    elif "n" in frame.columns and result.by:
        frame = frame.sort_values("n", ascending=False, kind="stable")
    note = f"The {MOST_ROWS} {which} of {len(frame)} groups" if len(frame) > MOST_ROWS else ""
    rows = [_row(dict(row), canvas) for _, row in frame.head(MOST_ROWS).iterrows()]
    return _chart(rows, note, canvas)


def _row(row: dict[str, Any], canvas: Canvas) -> dict[str, Any]:
    unit, currency, colors = canvas.unit, canvas.currency, canvas.colors
    word = str(row.get("verdict") or "not proven")
    value, low, high = (_number(row.get(name)) for name in ("value", "low", "high"))
    reason = str(row.get("reason") or "no value")
    short = reason.partition(";")[0]
    text = format_value(value, unit, currency) if value is not None else short
    between = ""
    if low is not None or high is not None:
        ends = [format_value(x, unit, currency) if x is not None else "?" for x in (low, high)]
        between = (
            f"{ends[0].removesuffix(' months')} to {ends[1]}"
            if high is not None
            else f"{ends[0]} or more"
        )
    sign = verdict_mark(word)
    return {
        "group": row["group"] or "All customers",
        "value": value,
        "low": low,
        "high": high,
        "verdict": word,
        "text": text,
        "between": between,
        "reason": str(row.get("reason") or ""),
        "target": _number(row.get("target")),
        "label": f"{text}  {sign} {word}",
        "detail": between,
        "n": f"{row['n']:,.0f}" if _number(row.get("n")) is not None else "",
        "color": {"pass": colors.gain, "fail": colors.loss}.get(word, colors.plain),
    }


def _number(value: Any) -> float | None:
    if value is None or value != value or not math.isfinite(float(value)):
        return None
    return float(value)


def _end(rows: list[dict[str, Any]]) -> float:
    target = next((row["target"] for row in rows if row["target"]), None)
    values = [row["value"] for row in rows if row["value"] is not None]
    highs = [row["high"] for row in rows if row["high"] is not None]
    reach = max([*(v * 1.3 for v in values), (target or 0.0) * _REACH, 1e-9])
    longer = [row["value"] * 1.15 for row in rows if _open(row)]
    intervals = (min(high, reach) for high in highs)
    return float(max([*values, *longer, *intervals, (target or 0.0) * 1.25, 1e-9]))


def _open(row: dict[str, Any]) -> bool:
    return row["value"] is not None and row["low"] is not None and row["high"] is None


def _placed(rows: list[dict[str, Any]], end: float) -> list[dict[str, Any]]:
    """Return the rows with where their bars, intervals and words stand."""
    placed = []
    for index, row in enumerate(rows):
        low, high = row["low"], row["high"]
        reach = end if _open(row) else None if high is None else min(high, end)
        placed.append(
            {
                **row,
                "j": index,
                "top": index - 0.3,
                "bottom": index + 0.3,
                "zero": 0.0,
                # Words stand below each other beyond all bars: beside the line of the target they would be its label.
                "edge": 0.0 if row["value"] is None else end,
                "shown_low": None if low is None else max(low, 0.0),
                "shown_high": reach,
                "cut": _open(row) or (high is not None and high > end),
            }
        )
    return placed


def _chart(rows: list[dict[str, Any]], note: str, canvas: Canvas) -> alt.LayerChart:
    unit, colors, end = canvas.unit, canvas.colors, _end(rows)
    rows = _placed(rows, end)
    names = [wrap(row["group"] + (f" ({row['n']})" if row["n"] else ""), 150) for row in rows]
    marks = ticks(0.0, end, unit, canvas.currency, 4)
    y = alt.Scale(domain=[len(rows) - 0.4, -0.9], nice=False, zero=False)
    x = alt.Scale(domain=[0, end], nice=False)
    left = axis(
        dict(enumerate(names)),
        grid=False,
        domain=False,
        ticks=False,
        labelColor=colors.ink,
        labelLimit=170,
    )
    below = axis(marks, title="months" if unit == "months" else None, grid=True)
    axes = {
        "y": alt.Y("top:Q", scale=y, axis=left),
        "x": alt.X("zero:Q", scale=x, axis=below),
    }
    words = [note] if note else []
    if any(row["n"] for row in rows):
        words.append("In brackets: customers")
    if any(row["between"] for row in rows):
        further = ", arrow: it goes further" if any(row["cut"] for row in rows) else ""
        words.append(f"Line: 95% interval{further}")
    return canvas.finish(
        [
            *_bars(rows, axes, x, y, colors),
            *_words(rows, x, y, colors),
            *_target(rows, x, y, canvas),
        ],
        message=message(rows, canvas.result),
        subtitle=what(canvas.result, note=". ".join(words)),
        height=canvas.height or _ROW * len(rows) + 22,
    )


def _bars(
    rows: list[dict[str, Any]], axes: dict[str, Any], x: alt.Scale, y: alt.Scale, colors: Palette
) -> list[alt.Chart]:
    tip = [
        alt.Tooltip(f"{name}:N", title=title)
        for name, title in (
            ("group", "group"),
            ("text", "value"),
            ("between", "interval"),
            ("verdict", "verdict"),
            ("reason", "reason"),
            ("n", "customers"),
        )
    ]
    known = [row for row in rows if row["value"] is not None]
    bars = (
        alt.Chart(data(rows))
        .mark_rect()
        .encode(
            x=axes["x"],
            x2=alt.X2("value:Q"),
            y=axes["y"],
            y2=alt.Y2("bottom:Q"),
            color=alt.Color("color:N", scale=None),
            tooltip=tip,
        )
    )
    span = [row for row in known if row["shown_low"] is not None and row["shown_high"] is not None]
    rule = (
        alt.Chart(data(span))
        .mark_rule(color=colors.ink, strokeWidth=1.5)
        .encode(x=alt.X("shown_low:Q", scale=x), x2=alt.X2("shown_high:Q"), y=alt.Y("j:Q", scale=y))
    )
    caps = [
        alt.Chart(data([r for r in span if name == "shown_low" or not r["cut"]]))
        .mark_tick(color=colors.ink, thickness=1.5, size=9, orient="vertical")
        .encode(x=alt.X(f"{name}:Q", scale=x), y=alt.Y("j:Q", scale=y))
        for name in ("shown_low", "shown_high")
    ]
    arrow = (
        alt.Chart(data([r for r in span if r["cut"]]))
        .mark_point(shape="triangle-right", filled=True, color=colors.ink, size=50, opacity=1)
        .encode(x=alt.X("shown_high:Q", scale=x), y=alt.Y("j:Q", scale=y))
    )
    return [bars, rule, *caps, arrow]


def _words(
    rows: list[dict[str, Any]], x: alt.Scale, y: alt.Scale, colors: Palette
) -> list[alt.Chart]:
    base = alt.Chart(data(rows)).encode(x=alt.X("edge:Q", scale=x), y=alt.Y("j:Q", scale=y))
    label = base.mark_text(align="left", dx=10, dy=-6, fontWeight=600, color=colors.ink).encode(
        text=alt.Text("label:N")
    )
    detail = base.mark_text(align="left", dx=10, dy=7, fontSize=10, color=colors.muted).encode(
        text=alt.Text("detail:N")
    )
    return [label, detail]


def _target(
    rows: list[dict[str, Any]], x: alt.Scale, y: alt.Scale, canvas: Canvas
) -> list[alt.Chart]:
    unit, colors = canvas.unit, canvas.colors
    targets = sorted({row["target"] for row in rows if row["target"] is not None})
    if not targets:
        return []
    text = {"multiple": "target {:g}:1", "months": "target {:g} months"}.get(unit, "target {:g}")
    spots = [{"x": target, "top": -0.55, "label": text.format(target)} for target in targets]
    base = alt.Chart(data(spots))
    rule = base.mark_rule(color=colors.ink, strokeDash=[4, 3]).encode(
        x=alt.X("x:Q", scale=x),
        y=alt.Y("top:Q", scale=y),
        y2=constant(alt.Y2Value, {"expr": "height"}),
    )
    word = base.mark_text(baseline="bottom", dy=-2, fontSize=10, color=colors.ink).encode(
        x=alt.X("x:Q", scale=x), y=alt.Y("top:Q", scale=y), text=alt.Text("label:N")
    )
    return [rule, word]


def message(rows: list[dict[str, Any]], result: Result) -> str:
    """Return how many groups pass, as a sentence."""
    name = result.definition.abbr or result.definition.name
    target = next((row["target"] for row in rows if row["target"] is not None), None)
    goal = (
        ""
        if target is None
        else (
            f" {target:g}:1"
            if result.definition.unit == "multiple"
            else f" {target:g} {result.definition.unit}"
        )
    )
    if len(rows) == 1:
        row = rows[0]
        words = {"pass": f"passes{goal}", "fail": f"misses{goal}"}.get(
            row["verdict"], f"is not proven to meet{goal}"
        )
        return (
            f"{name} of {row['text']} {words}"
            if row["value"] is not None
            else f"{name}: {row['text']}"
        )
    count = {word: sum(row["verdict"] == word for row in rows) for word in ("pass", "fail")}
    rest = len(rows) - count["pass"] - count["fail"]
    parts = [f"{count['pass']} of {len(rows)} pass{'es' if count['pass'] == 1 else ''}"]
    parts += [f"{count['fail']} fail{'s' if count['fail'] == 1 else ''}"] if count["fail"] else []
    parts += [f"{rest} not proven"] if rest else []
    return f"{name} against{goal or ' the target'}: {', '.join(parts)}"

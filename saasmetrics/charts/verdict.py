"""Verdicts against a target: LTV:CAC against 3:1, payback against 12 months, with intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import axis, data, empty, finish, what, with_group
from saasmetrics.charts.text import ticks, wrap
from saasmetrics.charts.theme import Palette, Theme, Width, palette
from saasmetrics.money import format_value

if TYPE_CHECKING:
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
    colors = palette(theme)
    frame = with_group(result.df, result.by)
    if not len(frame) or (not frame["value"].notna().any() and not result.by):
        return empty(result, colors, width=width, title=title)
    if "n" in frame.columns and result.by:
        frame = frame.sort_values("n", ascending=False, kind="stable")
    note = f"The {MOST_ROWS} largest of {len(frame)} groups" if len(frame) > MOST_ROWS else ""
    rows = [_row(row, result, colors) for row in frame.head(MOST_ROWS).to_dict("records")]
    return _chart(rows, note, result, colors, width, height, title)


def _row(row: dict[str, Any], result: Result, colors: Palette) -> dict[str, Any]:
    unit, currency = result.definition.unit, result.context.currency
    word = str(row.get("verdict") or "not proven")
    value, low, high = (_number(row.get(name)) for name in ("value", "low", "high"))
    text = (
        format_value(value, unit, currency)
        if value is not None
        else str(row.get("reason") or "no value")
    )
    between = ""
    if low is not None or high is not None:
        ends = [format_value(x, unit, currency) if x is not None else "?" for x in (low, high)]
        between = f"{ends[0]} to {ends[1]}" if high is not None else f"{ends[0]} or more"
    sign = {"pass": "▲", "fail": "▼"}.get(word, "○")
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
    return max([*values, *longer, *(min(h, reach) for h in highs), (target or 0.0) * 1.25, 1e-9])


def _open(row: dict[str, Any]) -> bool:
    return row["value"] is not None and row["low"] is not None and row["high"] is None


def _chart(
    rows: list[dict[str, Any]],
    note: str,
    result: Result,
    colors: Palette,
    width: Width,
    height: int | None,
    title: str | None,
) -> alt.LayerChart:
    unit, currency = result.definition.unit, result.context.currency
    end = _end(rows)
    for index, row in enumerate(rows):
        edge = min(row["high"] if row["high"] is not None else (row["value"] or 0.0), end)
        open_end = _open(row)
        row.update(
            j=index,
            top=index - 0.3,
            bottom=index + 0.3,
            zero=0.0,
            edge=end if open_end else max(edge, row["value"] or 0.0, row["target"] or 0.0),
            shown_low=max(row["low"] or 0.0, 0.0) if row["low"] is not None else None,
            shown_high=end
            if open_end
            else (min(row["high"], end) if row["high"] is not None else None),
            cut=open_end or (row["high"] is not None and row["high"] > end),
        )
    names = [wrap(row["group"] + (f" ({row['n']})" if row["n"] else ""), 150) for row in rows]
    marks = ticks(0.0, end, unit, currency, 4)
    y = alt.Scale(domain=[len(rows) - 0.4, -0.9], nice=False, zero=False)
    x = alt.Scale(domain=[0, end], nice=False)
    axes = {
        "y": alt.Y(
            "top:Q",
            scale=y,
            axis=axis(
                dict(enumerate(names)),
                grid=False,
                domain=False,
                ticks=False,
                labelColor=colors.ink,
                labelLimit=170,
            ),
        ),
        "x": alt.X(
            "zero:Q",
            scale=x,
            axis=axis(marks, title="months" if unit == "months" else None, grid=True),
        ),
    }
    drawn = [*_bars(rows, axes, x, y, colors), *_words(rows, x, y, colors)]
    drawn += _target(rows, x, y, result, colors)
    words = [note] if note else []
    if any(row["n"] for row in rows):
        words.append("In brackets: customers")
    if any(row["between"] for row in rows):
        words.append(
            "Line: 95% interval"
            + (", arrow: it goes further" if any(r["cut"] for r in rows) else "")
        )
    return finish(
        alt.layer(*drawn),
        result,
        colors,
        width=width,
        height=height or _ROW * len(rows) + 22,
        title=title,
        message=message(rows, result),
        subtitle=what(result, note=". ".join(words)),
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
            x2="value:Q",
            y=axes["y"],
            y2="bottom:Q",
            color=alt.Color("color:N", scale=None),
            tooltip=tip,
        )
    )
    span = [row for row in known if row["shown_low"] is not None and row["shown_high"] is not None]
    rule = (
        alt.Chart(data(span))
        .mark_rule(color=colors.ink, strokeWidth=1.5)
        .encode(x=alt.X("shown_low:Q", scale=x), x2="shown_high:Q", y=alt.Y("j:Q", scale=y))
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
        text="label:N"
    )
    detail = base.mark_text(align="left", dx=10, dy=7, fontSize=10, color=colors.muted).encode(
        text="detail:N"
    )
    return [label, detail]


def _target(
    rows: list[dict[str, Any]], x: alt.Scale, y: alt.Scale, result: Result, colors: Palette
) -> list[alt.Chart]:
    targets = sorted({row["target"] for row in rows if row["target"] is not None})
    if not targets:
        return []
    unit = result.definition.unit
    text = {"multiple": "target {:g}:1", "months": "target {:g} months"}.get(unit, "target {:g}")
    spots = [{"x": target, "top": -0.55, "label": text.format(target)} for target in targets]
    base = alt.Chart(data(spots))
    rule = base.mark_rule(color=colors.ink, strokeDash=[4, 3]).encode(
        x=alt.X("x:Q", scale=x), y=alt.Y("top:Q", scale=y), y2=alt.value({"expr": "height"})
    )
    word = base.mark_text(baseline="bottom", dy=-2, fontSize=10, color=colors.ink).encode(
        x=alt.X("x:Q", scale=x), y=alt.Y("top:Q", scale=y), text="label:N"
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

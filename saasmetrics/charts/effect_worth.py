"""What an effect is worth, as steps: ARR kept, gross profit, cost, net."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, what
from saasmetrics.charts.text import text_width, ticks, wrap
from saasmetrics.money import format_money

if TYPE_CHECKING:
    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_ROW = 44
_NAMES = 150


def attribution_value(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the steps from the revenue kept to what is left of it after margin and cost.

    Parameters
    ----------
    result
        Result of kind "attribution_value": step, value, low, high.
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
    >>> found = sm.success.attribution(sm.demo(customers=300), "success_plan", cluster="csm_id", randomized=True)
    >>> chart = attribution_value(found.money(margin=0.8, cost=1000))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    if len(result.df) < 5 or not result.df["value"].notna().all():
        return canvas.empty()
    rows = _steps(result, canvas)
    layers = _layers(rows, canvas)
    first = result.df.iloc[0]
    note = f"{first['words']} a year. Line: interval of the effect"
    message = str(result.extra.get("headline", result.definition.name))
    return canvas.finish(
        layers,
        message=message,
        subtitle=what(result, note=note),
        height=canvas.height or _ROW * len(rows) + 10,
    )


def _layers(rows: list[dict[str, Any]], canvas: Canvas) -> list[Any]:
    """Return bars with intervals, the line of nothing, and the amounts on the right."""
    places = [
        0.0,
        *(row[k] for row in rows for k in ("from", "to", "low", "high") if row[k] is not None),
    ]
    low, high = min(places), max(places)
    room = (high - low) * 0.05 or 1.0
    side = max(text_width(row["label"]) for row in rows) + 20
    free = max(canvas.room - _NAMES - 16, 200)
    end = high + room + (high - low + 2 * room) * side / max(free - side, 100)
    x = alt.Scale(domain=[low - room, end], nice=False, zero=False)
    y = alt.Scale(domain=[len(rows) - 0.4, -0.6], nice=False, zero=False)
    marks = {
        v: t for v, t in ticks(low, high, "money", canvas.currency, 4).items() if v <= high + room
    }
    names = axis(
        {row["j"]: wrap(row["step"], _NAMES - 10) for row in rows},
        grid=False,
        domain=False,
        ticks=False,
        labelColor=canvas.colors.ink,
        labelLimit=_NAMES,
    )
    base = alt.Chart(data([{**row, "side": high + room} for row in rows]))
    spans = alt.Chart(data([row for row in rows if row["low"] is not None]))
    color = alt.Color("color:N", scale=None)
    tip = [alt.Tooltip("step:N"), alt.Tooltip("label:N", title="amount")]
    return [
        base.mark_bar(height=20).encode(
            x=alt.X("from:Q", scale=x, axis=axis(marks, grid=True)),
            x2=alt.X2("to:Q"),
            y=alt.Y("j:Q", scale=y, axis=names),
            color=color,
            tooltip=tip,
        ),
        spans.mark_rule(color=canvas.colors.ink, strokeWidth=1.5).encode(
            x=alt.X("low:Q", scale=x), x2=alt.X2("high:Q"), y=alt.Y("j:Q", scale=y)
        ),
        alt.Chart(data([{"x": 0.0}]))
        .mark_rule(color=canvas.colors.rule)
        .encode(x=alt.X("x:Q", scale=x)),
        base.mark_text(align="left", dx=10, baseline="middle", color=canvas.colors.ink).encode(
            x=alt.X("side:Q", scale=x), y=alt.Y("j:Q", scale=y), text=alt.Text("label:N")
        ),
    ]


def _steps(result: Result, canvas: Canvas) -> list[dict[str, Any]]:
    """Return where each bar starts and ends: what is kept, what of it is profit, the cost off its end, the net."""
    colors, currency = canvas.colors, canvas.currency
    found = {str(row["step"]): row for row in result.df.to_dict("records")}
    profit = float(found["gross profit"]["value"])
    rows = []
    for j, (step, row) in enumerate(list(found.items())[1:]):
        value = float(row["value"])
        cost = step == "cost"
        edges = [None if math.isnan(row[k]) else float(row[k]) for k in ("low", "high")]
        between = ""
        if edges[0] is not None and edges[1] is not None:
            between = f" ({format_money(edges[0], currency)} to {format_money(edges[1], currency)})"
        sign = colors.loss if cost or value < 0 else colors.gain
        rows.append(
            {
                "j": float(j),
                "step": step,
                "from": profit if cost else 0.0,
                "to": profit + value if cost else value,
                "low": edges[0],
                "high": edges[1],
                "label": format_money(value, currency) + between,
                "color": sign if cost or step == "net" else colors.plain,
            }
        )
    return rows

"""Effects with their intervals, one row each: the rungs of a ladder of designs, and levers side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, what
from saasmetrics.charts.text import text_width, ticks, wrap
from saasmetrics.money import format_difference

if TYPE_CHECKING:
    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_LINE = 15  # pixels of a line of text
_NAMES = 200  # pixels of the names on the left
MOST_ROWS = 20


@dataclass(frozen=True)
class Row:
    """One effect to draw: name and what stands below it, numbers, the words on the right, and how sure it is.

    `weight` is "used" (the answer), "other" or "none" (nothing to draw; the words say why).
    """

    name: str
    below: str
    value: float | None
    low: float | None
    high: float | None
    words: str
    weight: str


def attribution(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the rungs of the ladder: the one used in color, those not possible with the reason.

    Parameters
    ----------
    result
        Result of kind "attribution": rung, name, label, value, low, high, used, reason.
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
    >>> chart = attribution(sm.success.attribution(sm.demo(customers=300), "qbr"))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    if not len(result.df):
        return canvas.empty()
    rows = [_rung(row, canvas) for row in result.df.to_dict("records")]
    used = result.df[result.df["used"]]
    message = str(result.extra.get("headline", "")) if len(used) else canvas.result.definition.name
    label = str(used["label"].iloc[0]) if len(used) else ""
    kind = {
        "association": "an association, not an effect",
        "local effect": "an effect at the cut-off",
    }
    note = f"The rung used is {kind.get(label, 'an effect')}; light grey is not the answer. Line: interval"
    return _drawn(rows, canvas, message, note, "points of the outcome at the horizon")


def _rung(row: dict[Any, Any], canvas: Canvas) -> Row:
    value, low, high = (_known(row[name]) for name in ("value", "low", "high"))
    name = f"{row['rung']}  {row['name']}"
    if value is None:
        return Row(name, "", None, None, None, str(row["reason"]), "none")
    words = _text(value, "ratio", canvas.currency)
    if low is not None and high is not None:
        words += f" ({' to '.join(_text(edge, 'ratio', canvas.currency) for edge in (low, high))})"
    return Row(name, str(row["label"]), value, low, high, words, "used" if row["used"] else "other")


def levers(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw what each lever is worth per customer, and why some cannot be compared.

    Parameters
    ----------
    result
        Result of kind "levers": lever, value, low, high, n, n_with, words, reason.
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
    >>> chart = levers(sm.success.levers(sm.demo(customers=1000)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    if not len(result.df):
        return canvas.empty()
    rows = []
    for row in result.df.to_dict("records"):
        value, low, high = (_known(row[name]) for name in ("value", "low", "high"))
        name, below = (
            str(row["lever"]).replace("_", " "),
            f"{row['n_with']:,} of {row['n']:,} have it",
        )
        if value is None:
            rows.append(Row(name, below, None, None, None, str(row["reason"]), "none"))
            continue
        edges = " to ".join(
            _text(edge, "money", canvas.currency) for edge in (low, high) if edge is not None
        )
        sure = low is not None and high is not None and (low > 0 or high < 0)
        words = f"{_text(value, 'money', canvas.currency)} ({edges})"
        rows.append(Row(name, below, value, low, high, words, "used" if sure else "other"))
    message = _best(rows)
    return _drawn(rows, canvas, message, "Line: interval. Grey: could be chance", canvas.currency)


def _best(rows: list[Row]) -> str:
    sure = [row for row in rows if row.weight == "used"]
    if not sure:
        return "No lever is proven to change what customers pay"
    best = max(sure, key=lambda row: row.value or 0.0)
    return f"{best.name[:1].upper()}{best.name[1:]} is worth most: {best.words.partition(' (')[0]} per customer"


def _known(value: Any) -> float | None:
    number = math.nan if value is None else float(value)
    return number if math.isfinite(number) else None


def _text(value: float, unit: str, currency: str) -> str:
    return f"{100 * value:+.1f}" if unit == "ratio" else format_difference(value, unit, currency)


def _drawn(rows: list[Row], canvas: Canvas, message: str, note: str, below: str) -> alt.LayerChart:
    rows = rows[:MOST_ROWS]
    unit = "money" if canvas.unit == "money" else "ratio"
    known = [v for row in rows if row.weight != "none" for v in (row.value, row.low, row.high)]
    places = [0.0, *(v for v in known if v is not None)]
    low, high = min(places), max(places)
    room = (high - low) * 0.06 or 0.05
    low, high = low - room, high + room
    side = max([text_width(row.words) for row in rows if row.weight != "none"], default=0.0) + 20
    free = max(canvas.room - _NAMES - 16, 200)
    end = high + (high - low) * side / max(free - side, 100)
    lines = [_lines(row, free) for row in rows]
    spans = [max(len(found[0]), len(found[1])) * _LINE + 12 for found in lines]
    tops = [sum(spans[:n]) for n in range(len(spans) + 1)]
    middle = [(tops[n] + tops[n + 1]) / 2 for n in range(len(rows))]
    x = alt.Scale(domain=[low, end], nice=False, zero=False)
    y = alt.Scale(domain=[tops[-1], 0], nice=False, zero=False)
    marks = {v: t for v, t in _ticks(low, high, unit, canvas.currency).items() if v <= high}
    layers = _layers(rows, lines, middle, (low, high), (x, y), canvas)
    layers[-1] = layers[-1].encode(
        x=alt.X("x:Q", scale=x, axis=axis(marks, title=below, titleAnchor="start"))
    )
    labels = {m: found[0] for m, found in zip(middle, lines, strict=True)}
    left = axis(
        labels,
        grid=False,
        domain=False,
        ticks=False,
        labelColor=canvas.colors.ink,
        labelLimit=_NAMES,
    )
    layers[-1] = layers[-1].encode(y=alt.Y("y:Q", scale=y, axis=left))
    return canvas.finish(
        layers,
        message=message,
        subtitle=what(canvas.result, unit="table", note=note),
        height=canvas.height or tops[-1],
    )


def _lines(row: Row, free: float) -> tuple[list[str], list[str]]:
    """Return the lines of the name, and those of the words."""
    name = wrap(row.name, _NAMES - 20) + ([row.below] if row.below else [])
    return name, wrap(row.words, free - 20) if row.weight == "none" else [row.words]


def _ticks(low: float, high: float, unit: str, currency: str) -> dict[float, str]:
    if unit == "money":
        return ticks(low, high, "money", currency, 4)
    return {v / 100: t for v, t in ticks(100 * low, 100 * high, "months", currency, 5).items()}


def _layers(
    rows: list[Row],
    lines: list[tuple[list[str], list[str]]],
    middle: list[float],
    ends: tuple[float, float],
    scales: tuple[alt.Scale, alt.Scale],
    canvas: Canvas,
) -> list[Any]:
    (low, high), (x, y), colors = ends, scales, canvas.colors
    shown: list[dict[str, Any]] = [
        {
            "x": row.value,
            "y": at,
            "from": row.low,
            "to": row.high,
            "color": _color(row, canvas),
            "label": row.words,
            "side": high,
            "name": row.name,
        }
        for row, at in zip(rows, middle, strict=True)
        if row.weight != "none"
    ]
    reasons = [
        {"x": low, "y": at - (len(found[1]) - 1) * _LINE / 2, "text": "\n".join(found[1])}
        for row, found, at in zip(rows, lines, middle, strict=True)
        if row.weight == "none"
    ]
    color = alt.Color("color:N", scale=None)
    across = {"y": alt.Y("y:Q", scale=y)}
    # Only beside effects: a line through the words of a reason would make them hard to read.
    tall = [{"x": 0.0, "y": row["y"] - _LINE - 6, "y2": row["y"] + _LINE + 6} for row in shown]
    zero = alt.Chart(data(tall)).mark_rule(color=colors.rule, strokeWidth=1.5)
    spans = alt.Chart(data([r for r in shown if r["from"] is not None])).mark_rule(strokeWidth=2.5)
    words = alt.Chart(data(shown)).mark_text(
        align="left", dx=10, baseline="middle", color=colors.ink
    )
    why = alt.Chart(data(reasons)).mark_text(
        align="left", dx=6, baseline="middle", color=colors.muted, lineBreak="\n", lineHeight=_LINE
    )
    points = alt.Chart(data(shown)).mark_point(filled=True, size=85, opacity=1)
    tip = [alt.Tooltip("name:N"), alt.Tooltip("label:N", title="value")]
    return [
        zero.encode(x=alt.X("x:Q", scale=x), y2=alt.Y2("y2:Q"), **across),
        spans.encode(x=alt.X("from:Q", scale=x), x2=alt.X2("to:Q"), color=color, **across),
        words.encode(x=alt.X("side:Q", scale=x), text=alt.Text("label:N"), **across),
        why.encode(x=alt.X("x:Q", scale=x), text=alt.Text("text:N"), **across),
        points.encode(color=color, tooltip=tip),
    ]


def _color(row: Row, canvas: Canvas) -> str:
    if row.weight != "used" or row.value is None:
        return canvas.colors.plain
    if row.low is None or row.high is None or row.low <= 0 <= row.high:
        return canvas.colors.total
    return canvas.colors.gain if row.value > 0 else canvas.colors.loss

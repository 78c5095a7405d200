"""A rate with single customers left out: one dot per scenario, against the rate as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.catalogue import CATALOGUE
from saasmetrics.charts.frame import Canvas, axis, data, what
from saasmetrics.charts.text import text_width, ticks
from saasmetrics.money import format_ratio

if TYPE_CHECKING:
    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

_ROW = 22
_LONGEST = 30  # characters of a scenario


def sensitivity(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw a rate as it is and without its largest and its most influential customers.

    Parameters
    ----------
    result
        Result of kind "sensitivity".
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
    >>> chart = sensitivity(sm.retention.sensitivity(sm.demo(customers=50)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = result.df
    if frame.empty or not frame["value"].notna().any():
        return canvas.empty()
    base = float(frame["value"].iloc[0])
    rows = _rows(result, base, canvas.colors)
    known = [row["value"] for row in rows if row["value"] is not None]
    room = (max(known) - min(known)) or abs(base) * 0.02 or 0.01
    low, high = min(known) - 0.08 * room, max(known) + 0.08 * room
    need = max(text_width(row["label"]) for row in rows) + 14
    high += need * (high - low) / max(canvas.room - 200 - need, 120)
    x = alt.Scale(domain=[low, high], nice=False, zero=False)
    names = {float(row["i"]): row["name"] for row in rows}
    y = alt.Y(
        "i:Q",
        scale=alt.Scale(domain=[len(rows) - 0.5, -0.5], nice=False, zero=False),
        axis=axis(names, grid=False, labelColor=canvas.colors.ink, labelLimit=220),
    )
    marks = axis(ticks(low, high, "ratio", canvas.currency), grid=True)
    return canvas.finish(
        _layers(rows, base, x, marks, y, canvas.colors),
        message=str(result.extra["headline"]),
        subtitle=what(result, note="Line: the rate as it is"),
        height=height or _ROW * len(rows) + 8,
    )


def _rows(result: Result, base: float, colors: Palette) -> list[dict[str, Any]]:
    known = result.df["value"].dropna()
    digits = 1 if known.max() - known.min() > 0.02 else 2
    lower = CATALOGUE[result.extra["metric"]].better == "lower"
    rows = []
    for index, row in enumerate(result.df.to_dict("records")):
        value = None if row["value"] != row["value"] else float(row["value"])
        change = 0.0 if value is None else value - base
        sign = "+" if change > 0 else "−" if change < 0 else ""
        moved = (
            f"  ({sign}{abs(change) * 100:.{digits}f} points)"
            if index and value is not None
            else ""
        )
        name = str(row["scenario"])
        name = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
        rows.append(
            {
                "i": index,
                "name": name[:1].upper() + name[1:],
                "value": value,
                "base": base,
                "color": _color(-change if lower else change, colors) if index else colors.total,
                "label": ("nobody is left" if value is None else format_ratio(value, digits))
                + moved,
                "at": base if value is None else max(value, base),
            }
        )
    return rows


def _color(better: float, colors: Palette) -> str:
    return colors.gain if better > 0 else colors.loss if better < 0 else colors.plain


def _layers(
    rows: list[dict[str, Any]],
    base: float,
    scale: alt.Scale,
    marks: alt.Axis,
    y: alt.Y,
    colors: Palette,
) -> list[alt.Chart]:
    x = alt.X("value:Q", scale=scale, axis=marks)
    color = alt.Color("color:N", scale=None)
    known = [row for row in rows if row["value"] is not None]
    rule = alt.Chart(data([{"value": base}])).mark_rule(color=colors.muted, strokeDash=[2, 3])
    reach = alt.Chart(data(known)).mark_rule(strokeWidth=2)
    dots = alt.Chart(data(known)).mark_point(filled=True, size=60, opacity=1)
    texts = alt.Chart(data(rows)).mark_text(align="left", dx=9, baseline="middle", color=colors.ink)
    tip = [alt.Tooltip("name:N", title="scenario"), alt.Tooltip("label:N", title="rate")]
    return [
        rule.encode(x=x),
        reach.encode(x=x, x2=alt.X2("base:Q"), y=y, color=color),
        dots.encode(x=x, y=y, color=color, tooltip=tip),
        texts.encode(x=alt.X("at:Q", scale=scale), y=y, text=alt.Text("label:N")),
    ]

"""Named rows with a value each: books of business against limits, and differences against none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import NO_VALUES, Canvas, axis, data, group_text, what
from saasmetrics.charts.text import shortened, text_width, ticks
from saasmetrics.money import counted, format_money, format_value

if TYPE_CHECKING:
    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

MOST_ROWS = 24
_ROW, _SIDE = 24, 150  # pixels
_BAD = ("over", "under", "no owner", "no manager", "short", "no pod")


def books(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw how much each owner has as bars, against the limits; what is outside them is orange and says why.

    Parameters
    ----------
    result
        Result of `sm.capacity.books`, `spans` or `pods`.
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
    >>> chart = books(sm.capacity.books(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = result.df
    if not len(frame):
        return canvas.empty()
    if frame["value"].isna().all():
        return canvas.empty(NO_VALUES)
    note: str = "" if len(frame) <= MOST_ROWS else f"The {MOST_ROWS} largest of {len(frame):,}"
    colors = canvas.colors
    rows = []
    shown: list[dict[str, Any]] = frame.head(MOST_ROWS).to_dict("records")  # type: ignore[assignment]
    for index, row in enumerate(shown):
        bad = row["verdict"] in _BAD
        said = format_value(row["value"], canvas.unit, canvas.currency)
        arr = f", {format_money(row['arr'], canvas.currency)} ARR" if "arr" in row else ""
        why = f": {row['reason']}" if row["reason"] else ""
        rows.append(
            {
                "name": group_text(row, result.by),
                "j": index,
                "value": float(row["value"]),
                "zero": 0.0,
                "color": colors.loss if bad else colors.gain,
                "label": shortened(f"{said}{arr}{why}", 300),
                "full": f"{said}{arr}{why}",
            }
        )
    limits = [float(edge) for edge in result.extra.get("limits", ()) if edge]
    notes = [note] if note else []
    if limits:
        notes.append(
            f"Dashed: {' and '.join(format_value(edge, canvas.unit, canvas.currency) for edge in limits)}"
        )
    return _bars(rows, limits, canvas, ". ".join(notes))


def _bars(
    rows: list[dict[str, Any]], limits: list[float], canvas: Canvas, note: str
) -> alt.LayerChart:
    colors = canvas.colors
    high = max([*(row["value"] for row in rows), *limits]) or 1.0
    side = max(text_width(row["label"]) for row in rows) + 14
    end = high * (1 + side / max(canvas.room - _SIDE - side, 120))
    x = alt.Scale(domain=[0, end], nice=False)
    y = alt.Y("j:Q", scale=_places(rows), axis=_names(rows, colors.ink))
    marks = {k: v for k, v in ticks(0, high, canvas.unit, canvas.currency).items() if k <= high}
    color = alt.Color("color:N", scale=None)
    tip = [alt.Tooltip("name:N"), alt.Tooltip("full:N", title="value")]
    bars = (
        alt.Chart(data(rows))
        .mark_bar(height=_ROW * 0.62)
        .encode(
            x=alt.X("zero:Q", scale=x, axis=axis(marks, grid=True)),
            x2=alt.X2("value:Q"),
            y=y,
            color=color,
            tooltip=tip,
        )
    )
    text = (
        alt.Chart(data([{**row, "side": high} for row in rows]))
        .mark_text(align="left", dx=8, baseline="middle", color=colors.ink)
        .encode(
            x=alt.X("side:Q", scale=x),
            y=alt.Y("j:Q", scale=_places(rows)),
            text=alt.Text("label:N"),
        )
    )
    rules = (
        alt.Chart(data([{"edge": edge} for edge in limits]))
        .mark_rule(strokeDash=[4, 3], color=colors.muted)
        .encode(x=alt.X("edge:Q", scale=x))
    )
    return canvas.finish(
        [bars, rules, text],
        message=str(canvas.result.extra.get("headline", canvas.result.definition.name)),
        subtitle=what(canvas.result, note=note),
        height=canvas.height or _ROW * len(rows) + 10,
    )


def survey_change(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw differences of survey scores with their intervals against no difference.

    Parameters
    ----------
    result
        Result of `sm.surveys.compare`.
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
    >>> found = sm.surveys.compare(sm.demo(customers=100), "csat", before="2024", after="2025")
    >>> chart = survey_change(found)
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = result.df[result.df["value"].notna()]
    if not len(frame):
        return canvas.empty()
    order = frame["p_corrected"].sort_values(kind="stable").index[:MOST_ROWS]
    kept = frame.loc[sorted(order)]
    rows = [_difference(row, at, canvas) for at, row in enumerate(kept.to_dict("records"))]
    note = "Line: 95% interval. Grey: could be chance"
    if len(kept) < len(frame):
        note = f"The {MOST_ROWS} clearest of {len(frame):,}. {note}"
    return _against_zero(rows, canvas, str(result.extra["headline"]), note)


def _difference(row: dict[Any, Any], index: int, canvas: Canvas) -> dict[str, Any]:
    colors = canvas.colors
    times = 100 if canvas.result.extra["instrument"] == "csat" else 1
    digits = 2 if canvas.result.extra["instrument"] == "ces" else 1
    value, low, high = (row[name] * times for name in ("value", "low", "high"))
    sure = row["p_corrected"] < 0.05
    color = colors.plain if not sure else colors.gain if value > 0 else colors.loss
    return {
        "name": f"{row['group']} against {row['against']}",
        "j": index,
        "value": value,
        "low": low,
        "high": high,
        "color": color,
        "label": f"{value:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})",
        "full": f"{counted(int(row['n']), 'answer')} against {int(row['n_against']):,}",
    }


def _against_zero(
    rows: list[dict[str, Any]], canvas: Canvas, message: str, note: str
) -> alt.LayerChart:
    colors = canvas.colors
    low, high = min(0.0, *(r["low"] for r in rows)), max(0.0, *(r["high"] for r in rows))
    room = (high - low) * 0.06 or 1.0
    low, high = low - room, high + room
    side = max(text_width(row["label"]) for row in rows) + 14
    end = high + (high - low) * side / max(canvas.room - _SIDE - side, 120)
    x = alt.Scale(domain=[low, end], nice=False, zero=False)
    marks = {k: v for k, v in ticks(low, high, "points", canvas.currency).items() if k <= high}
    unit = {"csat": "percentage points", "nps": "points", "ces": "points of 1 to 7"}
    named = unit[canvas.result.extra["instrument"]]
    color, y = alt.Color("color:N", scale=None), alt.Y("j:Q", scale=_places(rows))
    tip = [alt.Tooltip(f"{name}:N") for name in ("name", "label", "full")]
    zero = (
        alt.Chart(data([{"x": 0.0}]))
        .mark_rule(color=colors.rule, strokeWidth=1.5)
        .encode(x=alt.X("x:Q", scale=x))
    )
    spans = alt.Chart(data(rows)).mark_rule(strokeWidth=2.5)
    dots = alt.Chart(data(rows)).mark_point(filled=True, size=80, opacity=1)
    texts = alt.Chart(data([{**row, "side": high} for row in rows])).mark_text(
        align="left", dx=8, baseline="middle", color=colors.ink
    )
    below = axis(marks, title=named, grid=True, titleAnchor="start")
    return canvas.finish(
        [
            zero,
            spans.encode(x=alt.X("low:Q", scale=x), x2=alt.X2("high:Q"), y=y, color=color),
            dots.encode(
                x=alt.X("value:Q", scale=x, axis=below),
                y=alt.Y("j:Q", scale=_places(rows), axis=_names(rows, colors.ink)),
                color=color,
                tooltip=tip,
            ),
            texts.encode(x=alt.X("side:Q", scale=x), y=y, text=alt.Text("label:N")),
        ],
        message=message,
        subtitle=what(canvas.result, unit="table", note=note),
        height=canvas.height or max(_ROW, 30) * len(rows) + 20,
    )


def _places(rows: list[dict[str, Any]]) -> alt.Scale:
    return alt.Scale(domain=[len(rows) - 0.4, -0.6], nice=False, zero=False)


def _names(rows: list[dict[str, Any]], ink: str) -> alt.Axis:
    names: dict[float, str | list[str]] = {
        float(row["j"]): shortened(row["name"], _SIDE + 30) for row in rows
    }
    more: dict[str, Any] = {
        "grid": False,
        "domain": False,
        "ticks": False,
        "labelColor": ink,
        "labelLimit": 220,
    }
    return axis(names, **more)

"""What comes next: the past as a line, then the forecast with the range of what may happen."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import MOST_BANDS, Canvas, axis, data, freq_option, what, with_group
from saasmetrics.charts.series import readable_text
from saasmetrics.charts.text import period_text, spread, thinned, ticks
from saasmetrics.money import format_part, format_value

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

MOST_PANELS = 6
LONGEST = 28  # characters of the name of a line
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_ROOM = (
    0.74  # of a panel's height for its lines; the rest is for its title and the name of a target
)
_TITLE = 0.94
_BELOW = -0.03
_ENDS = 165  # pixels for the labels at the right


@dataclass(frozen=True)
class Panel:
    """One group: where it is drawn, and which values fit.

    Parameters
    ----------
    name
        Title of the panel; "" draws none.
    number
        Its place from the bottom.
    low, high
        The values at its lower and upper edge.
    """

    name: str
    number: int
    low: float
    high: float

    def at(self, value: float) -> float:
        """Return the place of a value on the common axis."""
        return self.number + (_ROOM if self.name else 1.0) * (value - self.low) / (
            self.high - self.low
        )


def fan(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the past as a solid line, and the forecast dashed within the range of what may happen.

    Parameters
    ----------
    result
        Result of `sm.forecast.mrr` or `sm.forecast.nrr`; groups get a panel each, with a scale of its own.
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
    >>> chart = fan(sm.forecast.mrr(sm.demo(customers=50)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    ahead, past = with_group(result.df, result.by), result.extra["history"]
    ahead, past = ahead.assign(line=""), with_group(past, result.by)
    if not len(ahead) or not ahead["value"].notna().any():
        return canvas.empty()
    shown = list(ahead.groupby("group")["value"].last().sort_values(ascending=False).index)
    note = ""
    if len(shown) > MOST_PANELS:
        note = f"The {MOST_PANELS} largest of {len(shown)} groups. "
        shown = shown[:MOST_PANELS]
    if len(shown) > 1:
        note += "Every panel has its own scale. "
    ahead, past = (frame[frame["group"].isin(shown)] for frame in (ahead, past))
    interval = result.context.options.get("interval", 0.8)
    note += f"Band: {interval:.0%} of what may happen"
    return drawn(ahead, past, shown, canvas, message=_message(result, ahead, shown), note=note)


def drawn(
    ahead: pd.DataFrame,
    past: pd.DataFrame,
    groups: list[str],
    canvas: Canvas,
    *,
    message: str,
    note: str,
) -> alt.LayerChart:
    """Draw forecasts by group (a panel) and line, after the past of each group.

    Parameters
    ----------
    ahead
        group, line, period, value, low, high; and `said`, what to write at the end in place of the value.
    past
        group, month, value.
    groups
        The panels from top to bottom.
    """
    freq = freq_option(canvas.result) or "Q"
    target = canvas.result.context.options.get("target")
    panels = {
        name: _panel(name, len(groups) - 1 - number, ahead, past, target, canvas.unit)
        for number, name in enumerate(groups)
    }
    rows = _rows(ahead, past, panels, freq, canvas)
    height = canvas.height or (280 if len(groups) == 1 else 118 * len(groups))
    scale = alt.Scale(domain=[_BELOW, _top(panels)], nice=False, zero=False)
    first, last = min(r["i"] for r in rows), max(r["i"] for r in rows)
    margin = 0.012 * (last - first)
    x = alt.X(
        "i:Q",
        scale=alt.Scale(domain=[first - margin, last + margin], nice=False, zero=False),
        axis=axis(_periods(rows, canvas.room - _ENDS - 60), grid=False),
    )
    y = alt.Y("y:Q", scale=scale, axis=axis(_ticks(panels, canvas, height)))
    layers = [*_parity(panels, scale, canvas), *_lines(rows, x, y, scale)]
    layers += _targets(panels, target, first, scale, canvas)
    layers += [_titles(panels, first, scale, canvas), _ends(rows, panels, scale, canvas, height)]
    return canvas.finish(
        layers, message=message, subtitle=what(canvas.result, freq=freq, note=note), height=height
    )


def _top(panels: dict[str, Panel]) -> float:
    return len(panels) - 1 + (_TITLE + 0.06 if any(panels) else 1.07)


def _panel(
    name: str,
    number: int,
    ahead: pd.DataFrame,
    past: pd.DataFrame,
    target: float | None,
    unit: str,
) -> Panel:
    mine, before = ahead[ahead["group"] == name], past[past["group"] == name]
    values = [*mine["value"], *mine["low"], *mine["high"], *before["value"]]
    values = [float(value) for value in values if value == value]
    values += [] if target is None else [float(target)]
    low, high = min(values), max(values)
    room = (high - low) or abs(high) * 0.1 or 1.0
    least = 0.0 if unit == "money" else low - room * 0.08
    return Panel(name, number, least, high + room * 0.04)


def _month(when: pd.Timestamp, more: int = 0) -> int:
    return int(when.year) * 12 + int(when.month) - 1 + more


def _rows(
    ahead: pd.DataFrame,
    past: pd.DataFrame,
    panels: dict[str, Panel],
    freq: str,
    canvas: Canvas,
) -> list[dict[str, Any]]:
    """Return the points of all lines; each forecast begins where the past ends."""
    lines, colors = list(dict.fromkeys(ahead["line"])), canvas.colors
    hues = colors.groups if len(lines) > 1 else (colors.gain,)
    color = {name: hues[number % len(hues)] for number, name in enumerate(lines)}
    months, rows = _MONTHS[freq], []
    for name, panel in panels.items():
        before = past[past["group"] == name].to_dict("records")
        points = [_point(row, panel, canvas, i=_month(row["month"])) for row in before]
        for row, point in zip(before, points, strict=True):
            point |= {"part": "past", "line": "", "color": colors.ink if lines[1:] else hues[0]}
            point |= {"period": period_text(row["month"], "M"), "tick": ""}
        rows += points
        for line in lines:
            begin = [{**points[-1], "part": "ahead", "joint": True}] if points else []
            mine = ahead[(ahead["group"] == name) & (ahead["line"] == line)].to_dict("records")
            found = [
                _point(row, panel, canvas, i=_month(row["period"], months - 1)) for row in mine
            ]
            for row, point in zip(mine, found, strict=True):
                point |= {
                    "period": period_text(row["period"], freq, canvas.result.context.fiscal_start),
                    "part": "ahead",
                }
                point["tick"] = point["period"]
            rows += [p | {"line": line, "color": color[line]} for p in (*begin, *found)]
    _name_past(rows, freq)
    return rows


def _point(row: Mapping[Hashable, Any], panel: Panel, canvas: Canvas, *, i: int) -> dict[str, Any]:
    value = row["value"]
    low, high = (row.get(name, value) for name in ("low", "high"))
    value_text, *ends = (format_value(v, canvas.unit, canvas.currency) for v in (value, low, high))
    known = value == value
    return {
        "i": i,
        "panel": panel.name,
        "y": panel.at(value) if known else None,
        "low": panel.at(low) if low == low else None,
        "high": panel.at(high) if high == high else None,
        "value": value_text,
        "range": " to ".join(ends) if "low" in row and low == low else "",
        "said": row.get("said", ""),
        "joint": False,
    }


def _name_past(rows: list[dict[str, Any]], freq: str) -> None:
    """Name the past points that close a period by it, counted back from the first period ahead."""
    import pandas as pd

    months = _MONTHS[freq]
    anchor = next(row["i"] for row in rows if row["part"] == "ahead" and not row["joint"])
    for row in rows:
        if row["part"] == "past" and (anchor - row["i"]) % months == 0:
            start = row["i"] - months + 1
            row["tick"] = period_text(pd.Timestamp(start // 12, start % 12 + 1, 1), freq)


def _periods(rows: list[dict[str, Any]], room: float) -> dict[float, str]:
    named = dict(sorted({row["i"]: row["tick"] for row in rows if row["tick"]}.items()))
    places, texts = list(named), list(named.values())
    return {float(places[k]): texts[k] for k in thinned(texts, room)}


def _ticks(panels: dict[str, Panel], canvas: Canvas, height: float) -> dict[float, str]:
    count = max(2, min(5, int(height / len(panels) / 45)))
    return {
        round(panel.at(value), 6): text
        for panel in panels.values()
        for value, text in ticks(panel.low, panel.high, canvas.unit, canvas.currency, count).items()
    }


def _lines(rows: list[dict[str, Any]], x: alt.X, y: alt.Y, scale: alt.Scale) -> list[alt.Chart]:
    color, one = alt.Color("color:N", scale=None), alt.Detail(["panel:N", "line:N"])
    names = ("line", "panel", "period", "value", "range")
    tip = [alt.Tooltip(f"{name}:N") for name in names if any(r.get(name) for r in rows)]
    ahead = [r for r in rows if r["part"] == "ahead"]
    lines = list(dict.fromkeys(r["line"] for r in ahead))
    banded = lines if len(lines) <= MOST_BANDS else lines[:1]
    band = (
        alt.Chart(data([r for r in ahead if r["line"] in banded]))
        .mark_area(opacity=0.18 if len(lines) == 1 else 0.1)
        .encode(x=x, y=alt.Y("low:Q", scale=scale), y2=alt.Y2("high:Q"), color=color, detail=one)
    )
    solid = (
        alt.Chart(data([r for r in rows if r["part"] == "past"]))
        .mark_line(strokeWidth=2.2, strokeJoin="round")
        .encode(x=x, y=y, color=color, detail=one)
    )
    dashed = (
        alt.Chart(data(ahead))
        .mark_line(strokeWidth=2, strokeDash=[5, 3])
        .encode(x=x, y=y, color=color, detail=one)
    )
    dots = (
        alt.Chart(data([r for r in rows if not r["joint"]]))
        .mark_point(filled=True, size=34, opacity=1)
        .encode(x=x, y=y, color=color, tooltip=tip)
    )
    return [band, solid, dashed, dots]


def _parity(panels: dict[str, Panel], scale: alt.Scale, canvas: Canvas) -> list[alt.Chart]:
    at = [p.at(1.0) for p in panels.values() if canvas.unit == "ratio" and p.low < 1.0 < p.high]
    rule = alt.Chart(data([{"y": value} for value in at])).mark_rule(
        color=canvas.colors.muted, strokeDash=[2, 3]
    )
    return [rule.encode(y=alt.Y("y:Q", scale=scale))] if at else []


def _targets(
    panels: dict[str, Panel], target: float | None, first: int, scale: alt.Scale, canvas: Canvas
) -> list[alt.Chart]:
    """Return a line at the target, named where the past begins."""
    if target is None:
        return []
    text = f"target {format_value(target, canvas.unit, canvas.currency)}"
    marks = [{"y": panel.at(target), "i": first, "text": text} for panel in panels.values()]
    y, colors = alt.Y("y:Q", scale=scale), canvas.colors
    words = alt.Chart(data(marks)).encode(x=alt.X("i:Q"), y=y, text=alt.Text("text:N"))
    look: dict[str, Any] = {"align": "left", "baseline": "bottom", "dy": -3}
    return [
        words.mark_text(**look, stroke=colors.surface, strokeWidth=4),
        alt.Chart(data(marks)).mark_rule(color=colors.ink, strokeWidth=1.2).encode(y=y),
        words.mark_text(**look, color=colors.ink),
    ]


def _titles(panels: dict[str, Panel], first: int, scale: alt.Scale, canvas: Canvas) -> alt.Chart:
    rows = [{"i": first, "y": p.number + _TITLE, "text": p.name} for p in panels.values()]
    drawn: alt.Chart = (
        alt.Chart(data(row for row in rows if row["text"]))
        .mark_text(align="left", baseline="middle", fontWeight=600, color=canvas.colors.ink)
        .encode(x=alt.X("i:Q"), y=alt.Y("y:Q", scale=scale), text=alt.Text("text:N"))
    )
    return drawn


def _ends(
    rows: list[dict[str, Any]],
    panels: dict[str, Panel],
    scale: alt.Scale,
    canvas: Canvas,
    height: float,
) -> alt.Chart:
    """Name the end of every line with its value; with one line per panel its range stands below."""
    top, bottom = _top(panels), _BELOW
    last = max(row["i"] for row in rows)
    ends = [r for r in rows if r["part"] == "ahead" and r["i"] == last and r["y"] is not None]
    several = len(ends) > len(panels)
    wanted = [height * (top - row["y"]) / (top - bottom) for row in ends]
    placed = spread(wanted, 15 if several else 29, 8, height - (8 if several else 20))
    marks = []
    for row, at in zip(ends, placed, strict=True):
        color = readable_text(row["color"], canvas.colors)
        name = f"{_short(row['line'])} {row['said'] or row['value']}" if several else row["value"]
        lines = [(name, 600, color, at)]
        if row["range"] and not several:
            lines.append((row["range"], 400, canvas.colors.muted, at + 14))
        marks += [
            {"i": last, "y": top - y * (top - bottom) / height, "text": t, "bold": w, "color": c}
            for t, w, c, y in lines
        ]
    base = alt.Chart(data(marks)).encode(
        x=alt.X("i:Q"),
        y=alt.Y("y:Q", scale=scale),
        text=alt.Text("text:N"),
        color=alt.Color("color:N", scale=None),
    )
    look: dict[str, Any] = {"align": "left", "baseline": "middle", "dx": 9}
    bold = base.transform_filter("datum.bold == 600").mark_text(**look, fontWeight=600)
    plain = base.transform_filter("datum.bold == 400").mark_text(**look)
    return alt.layer(bold, plain)  # type: ignore[return-value]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1].rstrip() + "…"


def _message(result: Result, ahead: pd.DataFrame, groups: list[str]) -> str:
    unit, currency = result.definition.unit, result.context.currency
    last: Any = ahead.groupby("group").last()
    when = period_text(
        ahead["period"].max(), freq_option(result) or "Q", result.context.fiscal_start
    )
    if len(groups) > 1:
        said = [f"{g} {format_value(last.loc[g, 'value'], unit, currency)}" for g in groups[:3]]
        more = f" and {len(last) - 3} more" if len(last) > 3 else ""
        return f"{_name(result)} in {when}: {', '.join(said)}{more}"
    row = last.iloc[0]
    text = f"{_name(result)} would be {format_value(row['value'], unit, currency)} in {when}"
    scenario = result.extra.get("scenario")
    if scenario is not None and scenario.changed:
        text += f" with {scenario.name}"
    if "probability" in row.index:
        target = format_value(result.context.options["target"], unit, currency)
        text += f"; {format_part(row['probability'], 0)} likely to reach {target}"
    return text


def _name(result: Result) -> str:
    return result.definition.name.removeprefix("Forecast of ")

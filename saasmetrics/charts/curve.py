"""Survival curves: steps with their band, and the number at risk below the plot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np

from saasmetrics.charts.age_axis import age_marks, end_labels
from saasmetrics.charts.frame import (
    MOST_BANDS,
    Canvas,
    axis,
    band_note,
    constant,
    data,
    freq_option,
    options_of,
    what,
    with_group,
)
from saasmetrics.charts.series import MOST_GROUPS, readable_text
from saasmetrics.charts.text import among
from saasmetrics.money import format_money, format_part, format_ratio
from saasmetrics.periods import NOUNS
from saasmetrics.survival.logrank import corrected, logrank

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

_TOP = 1.02  # of the scale, so that the line at 100 % is not cut
_ROW = 15  # pixels of one row of the table under the plot
_CHANCE = 0.05
_MAYBE = "; differences may be chance"
_THIN = 10  # fewer at risk than this: the line is dashed


def curve(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw survival by age as steps, of up to three groups with a band, and the number at risk in a table below.

    Parameters
    ----------
    result
        Result of kind "curve": age, value, low, high, at_risk, events, censored.
    theme
        "light" or "dark".
    width, height
        Size of the plot in pixels; the table comes below it.
    title
        Replaces the generated message; "" draws no title.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = curve(sm.survival.curve(sm.demo(customers=200), by="segment"))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = with_group(result.df, result.by)
    if not len(frame) or not frame["value"].notna().any():
        return canvas.empty("no customer has a lifetime yet.")
    size = frame.groupby("group", sort=False)["at_risk"].max().sort_values(ascending=False)
    named = [
        group for group in dict.fromkeys(frame["group"]) if group in set(size.index[:MOST_GROUPS])
    ]
    note = f"The {len(named)} largest of {len(size)} groups" if len(size) > len(named) else ""
    frame = frame[frame["group"].isin(named) & frame["value"].notna()]
    return _chart(frame, named, note, canvas)


def expansion(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the share of customers that have expanded by age as steps, and the number not yet expanded below.

    Parameters
    ----------
    result
        Result of kind "expansion": age, value, low, high, at_risk, events, censored.
    theme, width, height, title
        As for `curve`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = expansion(sm.renewals.expansion(sm.demo(customers=200)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = with_group(result.df, result.by)
    if not len(frame) or not frame["value"].gt(0).any():
        return canvas.empty("no customer has expanded yet.")
    size = frame.groupby("group", sort=False)["at_risk"].max().sort_values(ascending=False)
    named = [g for g in dict.fromkeys(frame["group"]) if g in set(size.index[:MOST_GROUPS])]
    note = f"The {len(named)} largest of {len(size)} groups" if len(size) > len(named) else ""
    return _chart(frame[frame["group"].isin(named)], named, note, canvas, grows=True)


@dataclass(frozen=True)
class _Plot:
    """What all layers of one plot share: scales, colors by group, ticks, height and words."""

    x: alt.Scale
    y: alt.Scale
    colors: Palette
    color: dict[str, str]
    marks: list[int]
    height: int
    noun: str
    currency: str  # "" where customers are counted
    says: str = "still there"

    @property
    def full(self) -> int:
        """Height with the table that hangs below the plot, on the same scale."""
        return self.height + 34 + _ROW * (len(self.color) + 1)

    @property
    def floor(self) -> float:
        """Bottom of the table on the scale of survival."""
        return -(self.full - self.height) / self.height

    def level(self, pixels_below: float) -> float:
        """Place on the scale of a distance below 0 in pixels."""
        return -pixels_below * (_TOP - self.floor) / self.full


def _chart(
    frame: pd.DataFrame, named: list[str], note: str, canvas: Canvas, *, grows: bool = False
) -> alt.LayerChart:
    last = float(frame["age"].max()) or 1.0
    hues = canvas.colors.groups if len(named) > 1 else (canvas.colors.gain,)
    counted = options_of(canvas.result).get("weight", "logos") == "logos"
    plot = _Plot(
        x=alt.Scale(domain=[0, last], nice=False),
        y=alt.Scale(),
        colors=canvas.colors,
        color={group: hues[index % len(hues)] for index, group in enumerate(named)},
        marks=age_marks(last, canvas.room - 190),
        height=int(canvas.height),
        noun=f"{NOUNS[freq_option(canvas.result) or 'M']}s",
        currency="" if counted else canvas.currency,
        says="expanded" if grows else "still there",
    )
    said = (
        _expanded(frame, named, plot.noun)
        if grows
        else message(frame, named, plot.noun, counted=counted)
    )
    plot = replace(plot, y=alt.Scale(domain=[plot.floor, _TOP], nice=False, zero=False))
    rows = _rows(frame, plot)
    notes = [note] if note else []
    if band := band_note(len(named), known=any(row["between"] for row in rows)):
        notes.append(band)
    if any(row["thin"] for row in rows):
        notes.append(f"Dashed: fewer than {_THIN} at risk")
    return canvas.finish(
        [*_steps(rows, plot), _end_labels(frame, plot, last), *_risk_table(frame, plot)],
        message=among(said, note),
        subtitle=what(canvas.result, note=". ".join(notes)),
        height=plot.full,
    )


def _rows(frame: pd.DataFrame, plot: _Plot) -> list[dict[str, Any]]:
    rows = []
    for row in frame.sort_values(["group", "age"]).to_dict("records"):
        low: Any = row.get("low")
        high: Any = row.get("high")
        known = low is not None and low == low and high is not None and high == high
        banded = known and len(plot.color) <= MOST_BANDS
        rows.append(
            {
                "group": row["group"],
                "age": float(row["age"]),
                "value": float(row["value"]),
                "low": float(low) if banded else None,
                "high": float(high) if banded else None,
                "thin": not plot.currency and float(row["at_risk"]) < _THIN,
                "color": plot.color[row["group"]],
                "text": format_ratio(float(row["value"])),
                "at_risk": _count(row["at_risk"], plot.currency),
                "between": f"{format_ratio(low)} to {format_ratio(high)}" if known else "",
            }
        )
    return rows


def _steps(rows: list[dict[str, Any]], plot: _Plot) -> list[alt.Chart]:
    y, colors = plot.y, plot.colors
    below = axis({float(m): f"{m}" for m in plot.marks}, grid=False, offset=plot.height - plot.full)
    axes = {
        "x": alt.X("age:Q", scale=plot.x, axis=below),
        "y": alt.Y("value:Q", scale=y, axis=axis({q / 4: f"{q * 25}%" for q in range(5)})),
    }
    color, one = alt.Color("color:N", scale=None), alt.Detail("group:N")
    tip = [
        alt.Tooltip("group:N"),
        alt.Tooltip("age:Q"),
        alt.Tooltip("text:N", title=plot.says),
        alt.Tooltip("between:N", title="interval"),
        alt.Tooltip("at_risk:N", title="at risk"),
    ]
    known = [row for row in rows if row["low"] is not None]
    band = (
        alt.Chart(data(known))
        .mark_area(opacity=0.15, interpolate="step-after")
        .encode(
            x=axes["x"], y=alt.Y("low:Q", scale=y), y2=alt.Y2("high:Q"), color=color, detail=one
        )
    )
    half = (
        alt.Chart(data([{"y": 0.5}]))
        .mark_rule(color=colors.rule, strokeDash=[2, 3])
        .encode(y=alt.Y("y:Q", scale=y))
    )
    thick = [row for row in rows if not row["thin"]]
    line = (
        alt.Chart(data(thick))
        .mark_line(interpolate="step-after", strokeWidth=2.2)
        .encode(x=axes["x"], y=axes["y"], color=color, detail=one)
    )
    tail = (
        alt.Chart(data(_tails(rows)))
        .mark_line(interpolate="step-after", strokeWidth=1.8, strokeDash=[3, 3])
        .encode(x=axes["x"], y=axes["y"], color=color, detail=one)
    )
    touch = (
        alt.Chart(data(rows))
        .mark_point(size=60, opacity=0, filled=True)
        .encode(x=axes["x"], y=axes["y"], tooltip=tip)
    )
    return [band, half, line, tail, touch]


def _tails(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the thin end of each curve, with the last thick step before it."""
    found = []
    for group in dict.fromkeys(row["group"] for row in rows):
        mine = [row for row in rows if row["group"] == group]
        first = next(
            (k for k, row in enumerate(mine) if row["thin"] and all(r["thin"] for r in mine[k:])),
            None,
        )
        if first is not None:
            found += mine[max(0, first - 1) :]
    return found


def _end_labels(frame: pd.DataFrame, plot: _Plot, last: float) -> alt.Chart:
    ends = frame.sort_values("age").groupby("group", sort=False)["value"].last()
    values = [
        (f"{group} {format_part(float(ends[group]), 0)}".strip(), float(ends[group]), color)
        for group, color in plot.color.items()
    ]
    return end_labels(values, last, plot.colors, plot.height, plot.x, plot.y)


def _risk_table(frame: pd.DataFrame, plot: _Plot) -> list[alt.Chart]:
    cells: list[dict[str, Any]] = []
    names: list[dict[str, Any]] = []
    for index, (group, color) in enumerate(plot.color.items()):
        level, ink = plot.level(34 + _ROW * (index + 1.1)), readable_text(color, plot.colors)
        mine = frame[frame["group"] == group]
        at_risk = dict(zip(mine["age"].astype(int), mine["at_risk"], strict=True))
        cells += [
            {
                "age": mark,
                "y": level,
                "color": ink,
                "text": _count(at_risk.get(mark, 0), plot.currency),
            }
            for mark in plot.marks
        ]
        names.append({"y": level, "text": group or "at risk", "color": ink})
    y, color_of = alt.Y("y:Q", scale=plot.y), alt.Color("color:N", scale=None)
    table = (
        alt.Chart(data(cells))
        .mark_text(fontSize=10, baseline="middle")
        .encode(x=alt.X("age:Q", scale=plot.x), y=y, text=alt.Text("text:N"), color=color_of)
    )
    sides = (
        alt.Chart(data(names))
        .mark_text(fontSize=10, align="right", dx=-22, baseline="middle")
        .encode(x=constant(alt.XValue, 0), y=y, text=alt.Text("text:N"), color=color_of)
    )
    counted = "MRR" if plot.currency else "number"
    words = f"{plot.noun} since the first payment; below: {counted} at risk"
    heading = (
        alt.Chart(data([{"y": plot.level(30), "text": words}]))
        .mark_text(fontSize=11, align="left", baseline="middle", color=plot.colors.muted)
        .encode(x=constant(alt.XValue, 0), y=y, text=alt.Text("text:N"))
    )
    return [table, sides, heading]


def _count(value: float, currency: str) -> str:
    if currency:
        return format_money(value, currency)
    return f"{value:,.0f}" if value < 10_000 else f"{value / 1000:,.0f}k"


def message(frame: pd.DataFrame, named: list[str], noun: str, *, counted: bool) -> str:
    """Return what is left after a year, or at the end, as a sentence."""
    year = {"days": 365, "weeks": 52, "months": 12, "quarters": 4, "years": 1}[noun]
    at = {}
    for group in named:
        mine = frame[(frame["group"] == group) & (frame["age"] <= year)].sort_values("age")
        if len(mine) and frame.loc[frame["group"] == group, "age"].max() >= year:
            at[group] = float(mine["value"].iloc[-1])
    of, verb = ("customers", "are") if counted else ("starting MRR", "is")
    when = f"after {year} {noun}" if year > 1 else f"after {year} {noun[:-1]}"
    if not at:
        return f"Survival of {of}, observed for less than a year"
    ranked = sorted(at.items(), key=lambda item: item[1])
    (worst, low), (best, high) = ranked[0], ranked[-1]
    if len(at) == 1:
        return f"{format_part(high, 0)} of {f'{best} {of}'.strip()} {verb} still there {when}"
    sure = _apart(frame, best, worst, year) if counted else True
    return (
        f"{when.capitalize()}, {format_part(high, 0)} of {best} {of} {verb} still there, "
        f"{'but' if sure else 'and'} {format_part(low, 0)} of {worst}{'' if sure else _MAYBE}"
    )


def _apart(frame: pd.DataFrame, one: str, other: str, age: int) -> bool:
    """Return whether two groups have enough customers at an age, and a log-rank test tells them apart.

    The test is corrected for all pairs of groups, as in `sm.survival.compare`.
    """
    seen = frame[frame["age"] <= age].groupby("group")["at_risk"].last()
    if min(seen[one], seen[other]) < _THIN:
        return False
    risk, lost = (
        frame.pivot_table(index="group", columns="age", values=name, aggfunc="sum", fill_value=0)
        for name in ("at_risk", "events")
    )
    pairs = list(combinations(risk.index, 2))
    found = [logrank(risk.loc[list(p)].to_numpy(), lost.loc[list(p)].to_numpy()).p for p in pairs]
    asked = next(i for i, pair in enumerate(pairs) if set(pair) == {one, other})
    return bool(corrected(np.array(found), "holm")[asked] < _CHANCE)


def _expanded(frame: pd.DataFrame, named: list[str], noun: str) -> str:
    """Return who has expanded after a year, as a sentence."""
    at = {}
    for group in named:
        mine = frame[(frame["group"] == group) & (frame["age"] <= 12)].sort_values("age")
        if len(mine) and mine["age"].max() >= 12:
            at[group] = float(mine["value"].iloc[-1])
    if not at:
        return "Customers are observed for less than a year"
    ranked = sorted(at.items(), key=lambda item: item[1])
    (worst, low), (best, high) = ranked[0], ranked[-1]
    if len(at) == 1:
        return f"{format_part(high, 0)} of {f'{best} customers'.strip()} that stay expand within 12 {noun}"
    return (
        f"Within 12 {noun}, {format_part(high, 0)} of {best} customers that stay expand, "
        f"but {format_part(low, 0)} of {worst}"
    )

"""Survival curves: steps with their band, and the number at risk below the plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import (
    axis,
    data,
    empty,
    finish,
    options_of,
    pixels,
    what,
    with_group,
)
from saasmetrics.charts.series import MOST_GROUPS, readable_text
from saasmetrics.charts.text import spread
from saasmetrics.charts.theme import Palette, Theme, Width, palette
from saasmetrics.money import format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result

_NOUNS = {"D": "days", "W": "weeks", "M": "months", "Q": "quarters", "Y": "years"}
_ROW = 15  # pixels of one row of the table under the plot
_THIN = 10  # fewer at risk than this: the line is dashed


def curve(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw survival by age as steps with a band, and the number at risk in a table below.

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
    colors = palette(theme)
    frame = with_group(result.df, result.by)
    if not len(frame) or not frame["value"].notna().any():
        return empty(
            result, colors, width=width, title=title, reason="no customer has a lifetime yet."
        )
    size = frame.groupby("group", sort=False)["at_risk"].max().sort_values(ascending=False)
    named = [
        group for group in dict.fromkeys(frame["group"]) if group in set(size.index[:MOST_GROUPS])
    ]
    note = f"The {len(named)} largest of {len(size)} groups" if len(size) > len(named) else ""
    frame = frame[frame["group"].isin(named) & frame["value"].notna()]
    return _chart(frame, named, note, result, colors, width, height, title)


def _chart(
    frame: pd.DataFrame,
    named: list[str],
    note: str,
    result: Result,
    colors: Palette,
    width: Width,
    height: int,
    title: str | None,
) -> alt.LayerChart:
    last = float(frame["age"].max()) or 1.0
    hues = colors.groups if len(named) > 1 else (colors.gain,)
    color = {group: hues[index % len(hues)] for index, group in enumerate(named)}
    rows = _rows(frame, color)
    full = height + 34 + _ROW * (len(named) + 1)
    floor = -(full - height) / height  # the table hangs below 0 on the same scale
    x = alt.Scale(domain=[0, last], nice=False)
    y = alt.Scale(domain=[floor, 1.02], nice=False, zero=False)
    noun = _NOUNS.get(str(options_of(result).get("freq", "M")), "months")
    marks = _ages(last, pixels(width) - 190)
    axes = {
        "x": alt.X(
            "age:Q",
            scale=x,
            axis=axis({float(m): f"{m}" for m in marks}, grid=False, offset=-(full - height)),
        ),
        "y": alt.Y("value:Q", scale=y, axis=axis({q / 4: f"{q * 25}%" for q in range(5)})),
    }
    pixel = (1.02 - floor) / full
    drawn = [
        *_steps(rows, axes, y, colors),
        _end_labels(frame, named, color, colors, x, y, last, height),
        *_risk_table(frame, named, color, marks, pixel, colors, x, y, noun),
    ]
    notes = [note] if note else []
    if any(row["low"] is not None for row in rows):
        notes.append("Band: 95% interval")
    if any(row["thin"] for row in rows):
        notes.append(f"Dashed: fewer than {_THIN} at risk")
    return finish(
        alt.layer(*drawn),
        result,
        colors,
        width=width,
        height=full,
        title=title,
        message=message(frame, named, noun, result),
        subtitle=what(result, note=". ".join(notes)),
    )


def _rows(frame: pd.DataFrame, color: dict[str, str]) -> list[dict[str, Any]]:
    rows = []
    for row in frame.sort_values(["group", "age"]).to_dict("records"):
        low, high = row.get("low"), row.get("high")
        known = low is not None and low == low and high is not None and high == high
        rows.append(
            {
                "group": row["group"],
                "age": float(row["age"]),
                "value": float(row["value"]),
                "low": float(low) if known else None,
                "high": float(high) if known else None,
                "thin": float(row["at_risk"]) < _THIN,
                "color": color[row["group"]],
                "text": format_ratio(float(row["value"])),
                "at_risk": f"{row['at_risk']:,.0f}",
                "between": f"{format_ratio(low)} to {format_ratio(high)}" if known else "",
            }
        )
    return rows


def _steps(
    rows: list[dict[str, Any]], axes: dict[str, Any], y: alt.Scale, colors: Palette
) -> list[alt.Chart]:
    color, one = alt.Color("color:N", scale=None), alt.Detail("group:N")
    tip = [
        alt.Tooltip("group:N"),
        alt.Tooltip("age:Q"),
        alt.Tooltip("text:N", title="still there"),
        alt.Tooltip("between:N", title="interval"),
        alt.Tooltip("at_risk:N", title="at risk"),
    ]
    known = [row for row in rows if row["low"] is not None]
    band = (
        alt.Chart(data(known))
        .mark_area(opacity=0.15, interpolate="step-after")
        .encode(x=axes["x"], y=alt.Y("low:Q", scale=y), y2="high:Q", color=color, detail=one)
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


def _end_labels(
    frame: pd.DataFrame,
    named: list[str],
    color: dict[str, str],
    colors: Palette,
    x: alt.Scale,
    y: alt.Scale,
    last: float,
    height: int,
) -> alt.Chart:
    ends = frame.sort_values("age").groupby("group", sort=False)["value"].last()
    wanted = [height * (1 - float(ends[group])) for group in named]
    placed = spread(wanted, 15, 6, height - 6)
    rows = [
        {
            "age": last,
            "y": 1 - at / height,
            "color": readable_text(color[group], colors),
            "label": f"{group} {format_ratio(float(ends[group]), 0)}".strip(),
        }
        for group, at in zip(named, placed, strict=True)
    ]
    return (
        alt.Chart(data(rows))
        .mark_text(align="left", dx=8, fontWeight=600, baseline="middle")
        .encode(
            x=alt.X("age:Q", scale=x),
            y=alt.Y("y:Q", scale=y),
            text="label:N",
            color=alt.Color("color:N", scale=None),
        )
    )


def _ages(last: float, room: float) -> list[int]:
    most = max(2, int(room / 52))
    step = next((s for s in (1, 2, 3, 6, 12, 24, 36, 60, 120, 180, 365) if last / s <= most), 730)
    return list(range(0, int(last) + 1, step))


def _risk_table(
    frame: pd.DataFrame,
    named: list[str],
    color: dict[str, str],
    marks: list[int],
    pixel: float,
    colors: Palette,
    x: alt.Scale,
    y: alt.Scale,
    noun: str,
) -> list[alt.Chart]:
    import pandas as pd

    cells, names = [], []
    for index, group in enumerate(named):
        level = -(34 + _ROW * (index + 0.5)) * pixel - _ROW * 0.6 * pixel
        mine = frame[frame["group"] == group].sort_values("age")
        at = pd.merge_asof(
            pd.DataFrame({"age": [float(m) for m in marks]}),
            mine[["age", "at_risk"]].assign(age=mine["age"].astype(float)),
            on="age",
            direction="forward",
        )
        cells += [
            {
                "age": row["age"],
                "y": level,
                "text": "0" if row["at_risk"] != row["at_risk"] else _count(row["at_risk"]),
                "color": readable_text(color[group], colors),
            }
            for row in at.to_dict("records")
        ]
        names.append(
            {"y": level, "text": group or "at risk", "color": readable_text(color[group], colors)}
        )
    table = (
        alt.Chart(data(cells))
        .mark_text(fontSize=10, baseline="middle")
        .encode(
            x=alt.X("age:Q", scale=x),
            y=alt.Y("y:Q", scale=y),
            text="text:N",
            color=alt.Color("color:N", scale=None),
        )
    )
    sides = (
        alt.Chart(data(names))
        .mark_text(fontSize=10, align="right", dx=-22, baseline="middle")
        .encode(
            x=alt.value(0),
            y=alt.Y("y:Q", scale=y),
            text="text:N",
            color=alt.Color("color:N", scale=None),
        )
    )
    heading = f"{noun} since the first payment; below: number at risk"
    title = (
        alt.Chart(data([{"y": -30 * pixel, "text": heading}]))
        .mark_text(fontSize=11, align="left", baseline="middle", color=colors.muted)
        .encode(x=alt.value(0), y=alt.Y("y:Q", scale=y), text="text:N")
    )
    return [table, sides, title]


def _count(value: float) -> str:
    return f"{value:,.0f}" if value < 10_000 else f"{value / 1000:,.0f}k"


def message(frame: pd.DataFrame, named: list[str], noun: str, result: Result) -> str:
    """Return what is left after a year, or at the end, as a sentence."""
    year = {"days": 365, "weeks": 52, "months": 12, "quarters": 4, "years": 1}[noun]
    at = {}
    for group in named:
        mine = frame[(frame["group"] == group) & (frame["age"] <= year)].sort_values("age")
        if len(mine) and frame.loc[frame["group"] == group, "age"].max() >= year:
            at[group] = float(mine["value"].iloc[-1])
    of = "dollars" if "dollar" in result.definition.name.casefold() else "customers"
    if not at:
        return f"Survival of {of} by age, observed for less than a year"
    if len(at) == 1:
        share = format_ratio(next(iter(at.values())), 0)
        return f"{share} of {of} are still there after {year} {noun}"
    ranked = sorted(at.items(), key=lambda item: item[1])
    (worst, low), (best, high) = ranked[0], ranked[-1]
    return (
        f"After {year} {noun}, {format_ratio(high, 0)} of {best} {of} are still there, "
        f"but {format_ratio(low, 0)} of {worst}"
    )

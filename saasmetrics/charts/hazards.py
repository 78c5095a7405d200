"""Churn hazard by age or renewal: a line per group with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.age_axis import (
    age_marks,
    age_noun,
    age_title,
    end_labels,
    largest_groups,
    tips,
)
from saasmetrics.charts.frame import Canvas, axis, data, what, with_group
from saasmetrics.charts.text import among, ticks
from saasmetrics.money import format_part, format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_THIN = 10  # fewer at risk: the point is hollow, off the line, and does not set the scale
_MANY = 30  # with several groups, bands of fewer at risk would cover everything


def hazard(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the share that leaves at each age, with its interval.

    Parameters
    ----------
    result
        Result of kind "hazard": age, value, low, high, at_risk, events.
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
    >>> chart = hazard(sm.survival.hazard(sm.demo(customers=200), freq="Q"))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = with_group(result.df, result.by)
    frame = frame[frame["value"].notna() & (frame["age"] > 0)]
    if not len(frame):
        return canvas.empty("no customer has been at risk for a whole period yet.")
    named, note = largest_groups(frame)
    frame = frame[frame["group"].isin(named)]
    hues = canvas.colors.groups if len(named) > 1 else (canvas.colors.loss,)
    color = {group: hues[index % len(hues)] for index, group in enumerate(named)}
    return _chart(frame, color, note, canvas)


def _top(frame: pd.DataFrame) -> float:
    """Return the top of the scale: the highest value of those with some at risk, and most intervals."""
    solid = frame[frame["at_risk"] >= _THIN]
    solid = solid if len(solid) else frame
    highs = solid["high"].dropna()
    usual = float(highs.quantile(0.9)) if len(highs) else 0.0
    return min(max(float(solid["value"].max()) * 1.15, usual, 0.01), 1.02)


def _chart(frame: pd.DataFrame, color: dict[str, str], note: str, canvas: Canvas) -> alt.LayerChart:
    noun, top = age_noun(canvas.result), _top(frame)
    first, last = int(frame["age"].min()), float(frame["age"].max())
    few = last - first <= 14
    x = alt.Scale(domain=[first - 0.4, last + 0.4] if few else [0, last], nice=False, zero=False)
    y = alt.Scale(domain=[0, top], nice=False)
    rows = _rows(frame, color, top)
    room = canvas.room - 190
    labels = {float(m): f"{m}" for m in age_marks(last, room, first) if m >= x.domain[0]}
    axes = {
        "x": alt.X(
            "age:Q",
            scale=x,
            axis=axis(labels, grid=False, title=age_title(noun), titleAnchor="start"),
        ),
        "y": alt.Y("value:Q", scale=y, axis=axis(ticks(0, top, "ratio", "", 4))),
    }
    hue = alt.Color("color:N", scale=None)
    known = [row for row in rows if row["low"] is not None and (len(color) == 1 or row["many"])]
    interval = alt.Chart(data(known))
    drawn = (
        interval.mark_rule(strokeWidth=1.3, opacity=0.6)
        if few
        else interval.mark_area(opacity=0.14)
    ).encode(
        x=axes["x"],
        y=alt.Y("low:Q", scale=y),
        y2=alt.Y2("high:Q"),
        color=hue,
        detail=alt.Detail("group:N"),
    )
    solid = [row for row in rows if not row["thin"]]
    line = alt.Chart(data(solid)).mark_line(strokeWidth=1.8, clip=True)
    points = alt.Chart(data(rows)).mark_point(size=34 if few else 12, opacity=1, clip=True)
    tip = tips(group="group", age=noun, text="left", between="interval", count="left of at risk")
    fill = alt.Fill("fill:N", scale=None)
    layers = [
        drawn,
        line.encode(**axes, color=hue, detail=alt.Detail("group:N")),
        points.encode(**axes, color=hue, fill=fill, tooltip=tip),
    ]
    if len(color) > 1:
        ends = _ends(frame, color, top)
        layers.append(end_labels(ends, last, canvas.colors, canvas.height, x, y, top))
    notes = _notes(note, rows, known=bool(known), few=few, many=len(color) > 1)
    return canvas.finish(
        layers,
        message=among(message(frame, noun), note),
        subtitle=what(canvas.result, note=". ".join(notes)),
    )


def _ends(frame: pd.DataFrame, color: dict[str, str], top: float) -> list[tuple[str, float, str]]:
    """Return each group with the last value that enough were at risk for."""
    firm = frame[frame["at_risk"] >= _THIN]
    ends = frame.sort_values("age").groupby("group", sort=False)["value"].last()
    ends.update(firm.sort_values("age").groupby("group", sort=False)["value"].last())
    return [(group, min(float(ends[group]), top), ink) for group, ink in color.items()]


def _notes(
    note: str, rows: list[dict[str, Any]], *, known: bool, few: bool, many: bool
) -> list[str]:
    notes = [note] if note else []
    if known:
        part = f" where {_MANY} or more are at risk" if many else ""
        notes.append(f"{'Lines' if few else 'Band'}: 95% interval{part}")
    if any(row["thin"] for row in rows):
        notes.append(f"Hollow: fewer than {_THIN} at risk")
    return notes


def _rows(frame: pd.DataFrame, color: dict[str, str], top: float) -> list[dict[str, Any]]:
    rows = []
    for row in frame.sort_values(["group", "age"]).to_dict("records"):
        known = row["low"] == row["low"] and row["high"] == row["high"]
        rows.append(
            {
                "group": row["group"],
                "age": float(row["age"]),
                "value": float(row["value"]),
                "low": min(float(row["low"]), top) if known else None,
                "high": min(float(row["high"]), top) if known else None,
                "thin": row["at_risk"] < _THIN,
                "many": row["at_risk"] >= _MANY,
                "color": color[row["group"]],
                "fill": "transparent" if row["at_risk"] < _THIN else color[row["group"]],
                "text": format_ratio(row["value"]),
                "between": f"{format_ratio(row['low'])} to {format_ratio(row['high'])}"
                if known
                else "",
                "count": f"{row['events']:,.0f} of {row['at_risk']:,.0f}",
            }
        )
    return rows


def message(frame: pd.DataFrame, noun: str) -> str:
    """Return whether leaving becomes rarer with age, as a sentence."""
    counts = frame.groupby("age")[["events", "at_risk"]].sum()
    counts = counts[counts["at_risk"] > 0]
    if noun == "renewals":
        solid = counts[counts["at_risk"] >= _THIN]
        solid = solid if len(solid) else counts
        kept = 1 - solid["events"] / solid["at_risk"]
        start = f"{format_part(float(kept.iloc[0]), 0)} renew at renewal {kept.index[0]}"
        if len(kept) == 1:
            return start
        return f"{start}, {format_part(float(kept.iloc[-1]), 0)} at renewal {kept.index[-1]}"
    one = noun.removesuffix("s")
    year = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}.get(one, 12)
    early, late = counts[counts.index <= year], counts[counts.index > year]
    first = format_ratio(float(early["events"].sum() / max(early["at_risk"].sum(), 1)))
    if not len(late) or not late["at_risk"].sum():
        return f"{first} of customers leave each {one} in the first year"
    after = format_ratio(float(late["events"].sum() / late["at_risk"].sum()))
    return f"{first} of customers leave each {one} in the first year, {after} after it"

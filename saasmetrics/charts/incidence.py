"""Churn by cause: the causes stacked by age, with what is still there above them."""

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
from saasmetrics.charts.frame import NO_VALUES, Canvas, axis, constant, data, what, with_group
from saasmetrics.charts.text import among, wrap
from saasmetrics.charts.theme import readable_on
from saasmetrics.money import format_part, format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

MOST_PANELS = 4
MOST_CAUSES = 6
_GAP = 0.09  # between panels, of the width of one
_THICK = 0.06  # a layer this thick holds its number
_LINE = 14  # pixels
_ROOM = 0.16  # of a panel that a number takes
OTHER = "other causes"


def incidence(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 270,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the share lost to each cause by age as layers, a panel for each group.

    Parameters
    ----------
    result
        Result of kind "incidence": cause, age, value, low, high, survival, at_risk.
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
    >>> chart = incidence(sm.survival.causes(sm.demo(customers=200)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = with_group(result.df, result.by)
    if not len(frame) or not frame["events"].sum():
        return canvas.empty("nobody has left yet.")
    if frame["value"].isna().all():
        return canvas.empty(NO_VALUES)
    named, note = largest_groups(frame, MOST_PANELS)
    frame = _merged(frame[frame["group"].isin(named)])
    return _chart(frame, named, note, canvas)


def _merged(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with all but the largest causes as one."""
    size = frame.groupby("cause")["events"].sum().sort_values(ascending=False)
    if len(size) <= MOST_CAUSES:
        return frame
    kept = set(size.index[: MOST_CAUSES - 1])
    frame = frame.assign(cause=frame["cause"].where(frame["cause"].isin(kept), OTHER))
    how = {"value": "sum", "events": "sum", "survival": "first", "at_risk": "first"}
    merged: pd.DataFrame = frame.groupby(["group", "cause", "age"], as_index=False, sort=False).agg(
        how
    )
    return merged.assign(low=float("nan"), high=float("nan"))


def _colors(causes: list[str], colors: Palette) -> dict[str, str]:
    known = {
        "voluntary": colors.movements["churn"],
        "involuntary": colors.movements["contraction"],
        "unknown": colors.plain,
        OTHER: colors.plain,
    }
    free = [hue for hue in colors.groups if hue not in known.values()]
    others = [cause for cause in causes if cause not in known]
    return known | {cause: free[i % len(free)] for i, cause in enumerate(others)}


def _chart(frame: pd.DataFrame, named: list[str], note: str, canvas: Canvas) -> alt.LayerChart:
    last, colors = float(frame["age"].max()) + 1.0, canvas.colors
    size = frame.groupby("cause")["events"].sum().sort_values(ascending=False)
    causes = [str(cause) for cause in size.index if size[cause] > 0]
    hue = _colors(causes, colors)
    rows, ends = _stacked(frame, named, causes, hue, last)
    whole = len(named) + _GAP * (len(named) - 1)
    x = alt.Scale(domain=[0, whole], nice=False)
    y = alt.Scale(domain=[0, 1.02], nice=False)
    room = (canvas.room - 200) / len(named)
    at = age_marks(last, room)
    marks = {k * (1 + _GAP) + m / last: f"{m}" for k in range(len(named)) for m in at}
    noun = age_noun(canvas.result)
    below = axis(marks, grid=False, title=age_title(noun), titleAnchor="start")
    across, up = (
        alt.X("x:Q", scale=x, axis=below),
        alt.Y("low:Q", scale=y, axis=axis({q / 4: f"{q * 25}%" for q in range(5)})),
    )
    color, one = alt.Color("color:N", scale=None), alt.Detail("layer:N")
    areas = [
        alt.Chart(data([row for row in rows if row["panel"] == k]))
        .mark_area(interpolate="step-after", opacity=0.9, stroke=colors.surface, strokeWidth=0.6)
        .encode(x=across, y=up, y2=alt.Y2("high:Q"), color=color, detail=one)
        for k in range(len(named))
    ]
    tip = tips(
        group="group",
        cause="cause",
        age=noun,
        text="lost to it",
        between="interval",
        left="still there",
    )
    touch = (
        alt.Chart(data(rows))
        .mark_point(size=60, opacity=0, filled=True)
        .encode(x=across, y=alt.Y("high:Q", scale=y), tooltip=tip)
    )
    labels = [(end["label"], end["y"], end["color"]) for end in ends if end["last"]]
    return canvas.finish(
        [
            *areas,
            touch,
            *_inside(ends, x, y),
            *_headings(named, x, canvas, room),
            end_labels(labels, whole, colors, canvas.height, x, y, 1.02),
        ],
        message=among(message(frame, named, causes, noun), note),
        subtitle=what(canvas.result, note=note),
    )


def _stacked(
    frame: pd.DataFrame, named: list[str], causes: list[str], hue: dict[str, str], last: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the layers by age, and the numbers at the right end of each panel."""
    rows: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    for panel, group in enumerate(named):
        mine = frame[frame["group"] == group]
        wide = mine.pivot_table(index="age", columns="cause", values="value", aggfunc="first")
        upper = wide.reindex(columns=causes).fillna(0.0).cumsum(axis=1)
        layers = _panel(mine, upper, panel, hue, last)
        end = float(upper.index[-1])
        rows += layers
        rows += [  # the last age is as wide as the others
            {**row, "x": panel * (1 + _GAP) + (end + 1) / last}
            for row in layers
            if row["age"] == end
        ]
        ends += [
            {**found, "label": f"{found['cause']} {found['text']}"}
            if len(named) == 1
            else {**found, "label": found["cause"]}
            for found in _numbers(upper, panel, hue, last, of=len(named))
        ]
    return rows, ends


def _panel(
    mine: pd.DataFrame, upper: pd.DataFrame, panel: int, hue: dict[str, str], last: float
) -> list[dict[str, Any]]:
    below = upper.shift(axis=1).fillna(0.0)
    rows = []
    for cell in mine.to_dict("records"):
        age, cause = cell["age"], cell["cause"]
        if cause not in upper.columns:
            continue
        known = cell["low"] == cell["low"] and cell["high"] == cell["high"]
        edges = f"{format_ratio(cell['low'])} to {format_ratio(cell['high'])}"
        rows.append(
            {
                "panel": panel,
                "layer": f"{panel} {cause}",
                "group": cell["group"],
                "cause": cause,
                "age": int(age),
                "x": panel * (1 + _GAP) + age / last,
                "low": float(below.loc[age, cause]),
                "high": float(upper.loc[age, cause]),
                "color": hue[cause],
                "text": format_ratio(cell["value"]),
                "between": edges if known else "",
                "left": format_ratio(cell["survival"]),
            }
        )
    return rows


def _numbers(
    upper: pd.DataFrame, panel: int, hue: dict[str, str], last: float, *, of: int
) -> list[dict[str, Any]]:
    """Return what each layer is at its right end, and where a number fits into it."""
    end = upper.index[-1]
    tops = [*upper.loc[end].tolist(), 1.0]
    before = upper[upper.index <= end + 1 - _ROOM * last]
    earlier = [*(before if len(before) else upper).iloc[-1].tolist(), 1.0]
    found = []
    for k, name in enumerate([*upper.columns, "still there"]):
        low, high = (0.0, *tops)[k], tops[k]
        under, over = max(low, (0.0, *earlier)[k]), min(high, earlier[k])
        found.append(
            {
                "x": panel * (1 + _GAP) + (end + 1) / last,
                "y": (low + high) / 2,
                "inside": (under + over) / 2,
                "thick": over - under,
                "text": format_part(high - low, 0),
                "color": hue.get(name, "#808080"),
                "cause": name,
                "last": panel == of - 1,
            }
        )
    return found


def _inside(ends: list[dict[str, Any]], x: alt.Scale, y: alt.Scale) -> list[alt.Chart]:
    """Return the numbers at the right end of each layer, where there are several panels."""
    if all(end["last"] for end in ends):
        return []
    rows = [
        {**end, "ink": readable_on(end["color"]) if end["cause"] != "still there" else "#808080"}
        for end in ends
        if end["thick"] >= _THICK
    ]
    drawn: alt.Chart = (
        alt.Chart(data(rows))
        .mark_text(align="right", dx=-4, baseline="middle", fontSize=10)
        .encode(
            x=alt.X("x:Q", scale=x),
            y=alt.Y("inside:Q", scale=y),
            text=alt.Text("text:N"),
            color=alt.Color("ink:N", scale=None),
        )
    )
    return [drawn]


def _headings(named: list[str], x: alt.Scale, canvas: Canvas, room: float) -> list[alt.Chart]:
    """Return the name of each panel above it, in as many lines as its width needs."""
    if len(named) < 2:
        return []
    lines = [wrap(group, room, 12) for group in named]
    rows = [{"x": k * (1 + _GAP), "text": "\n".join(words)} for k, words in enumerate(lines)]
    high = max(len(words) for words in lines)
    drawn: alt.Chart = (
        alt.Chart(data(rows))
        .mark_text(
            align="left",
            baseline="bottom",
            lineBreak="\n",
            dy=-4 - _LINE * (high - 1),
            lineHeight=_LINE,
            fontWeight=600,
            color=canvas.colors.ink,
        )
        .encode(x=alt.X("x:Q", scale=x), y=constant(alt.YValue, 0), text=alt.Text("text:N"))
    )
    return [drawn]


def message(frame: pd.DataFrame, named: list[str], causes: list[str], noun: str) -> str:
    """Return how much each of the two largest causes took, as a sentence."""
    group = named[0] if len(named) == 1 else None
    if group is None:
        lost = frame.groupby("cause")["events"].sum()
        top = causes[0]
        share = float(lost[top] / max(lost.sum(), 1))
        return f"{format_part(share, 0)} of the customers that left did so as {top} churn"
    last = int(frame["age"].max())
    end = frame[frame["age"] == last].set_index("cause")["value"]
    parts = [f"{format_part(float(end[cause]), 0)}{{}} to {cause}" for cause in causes[:2]]
    who = f" of {group} customers" if group else " of customers"
    said = " and ".join([parts[0].format(f"{who} are lost"), *(p.format("") for p in parts[1:])])
    return f"After {last} {noun if last != 1 else noun.removesuffix('s')}, {said} churn"

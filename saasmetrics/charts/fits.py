"""Fitted survival: what was observed as steps, the model through it, and the projection dashed beyond."""

from __future__ import annotations

from dataclasses import dataclass
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
from saasmetrics.charts.frame import Canvas, axis, constant, data, what, with_group
from saasmetrics.charts.text import among
from saasmetrics.money import format_part, format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_TOP = 1.02
_POINTS = 400  # more ages than this are thinned
_FEW = 30  # up to as many ages are marked by points
_NAMES = {"sbg": "sBG", "bdw": "BdW", "weibull": "Weibull", "log_logistic": "log-logistic"}


def fit(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw a fitted curve with its band, dashed where it is projected, over what was observed.

    Parameters
    ----------
    result
        Result of kind "fit": age, value, low, high, observed, at_risk, projected.
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
    >>> chart = fit(sm.survival.fit_shares([1, 0.869, 0.743, 0.653, 0.593]))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = with_group(result.df, result.by)
    if not len(frame) or not frame["value"].notna().any():
        return canvas.empty()
    frame = frame[frame["value"].notna()]
    named, note = largest_groups(frame)
    frame = frame[frame["group"].isin(named)]
    hues = canvas.colors.groups if len(named) > 1 else (canvas.colors.gain,)
    color = {group: hues[index % len(hues)] for index, group in enumerate(named)}
    return _chart(frame, color, note, canvas)


@dataclass(frozen=True)
class _Plot:
    """What the layers share: the scales, the axes, the colors by group, the noun of an age."""

    x: alt.Scale
    y: alt.Scale
    axes: dict[str, Any]
    color: dict[str, str]
    last: float
    noun: str

    @property
    def lines(self) -> dict[str, Any]:
        """Color and separation of lines by group."""
        return {"color": alt.Color("color:N", scale=None), "detail": alt.Detail("group:N")}


def _chart(frame: pd.DataFrame, color: dict[str, str], note: str, canvas: Canvas) -> alt.LayerChart:
    last, noun = float(frame["age"].max()), age_noun(canvas.result)
    x = alt.Scale(domain=[0, last], nice=False)
    y = alt.Scale(domain=[0, _TOP], nice=False, zero=True)
    marks = {float(m): f"{m}" for m in age_marks(last, canvas.room - 190)}
    below = axis(marks, grid=False, title=age_title(noun), titleAnchor="start")
    axes = {
        "x": alt.X("age:Q", scale=x, axis=below),
        "y": alt.Y("value:Q", scale=y, axis=axis({q / 4: f"{q * 25}%" for q in range(5)})),
    }
    plot, rows = _Plot(x, y, axes, color, last, noun), _rows(frame, color)
    ends = frame.sort_values("age").groupby("group", sort=False)["value"].last()
    labels = [
        (f"{group} {format_part(float(ends[group]), 0)}".strip(), float(ends[group]), ink)
        for group, ink in color.items()
    ]
    return canvas.finish(
        [
            *_observed(rows, plot),
            *_edge(frame, x, canvas),
            *_fitted(rows, plot),
            end_labels(labels, last, canvas.colors, canvas.height, x, y, _TOP),
        ],
        message=among(message(frame, list(color), noun, canvas.result), note),
        subtitle=what(canvas.result, note=". ".join(_notes(rows, note, canvas))),
    )


def _observed(rows: list[dict[str, Any]], plot: _Plot) -> list[alt.Chart]:
    points: Any = {"size": 16} if plot.last <= _FEW else False
    return [
        alt.Chart(data([row for row in rows if row["low"] is not None]))
        .mark_area(opacity=0.14)
        .encode(
            x=plot.axes["x"], y=alt.Y("low:Q", scale=plot.y), y2=alt.Y2("high:Q"), **plot.lines
        ),
        alt.Chart(data([row for row in rows if row["observed"] is not None]))
        .mark_line(interpolate="step-after", strokeWidth=1, opacity=0.75, point=points)
        .encode(x=plot.axes["x"], y=alt.Y("observed:Q", scale=plot.y), **plot.lines),
    ]


def _fitted(rows: list[dict[str, Any]], plot: _Plot) -> list[alt.Chart]:
    seen, beyond = _split(rows)
    tip = tips(
        group="group",
        age=plot.noun,
        text="by the model",
        between="interval",
        was="observed",
        status="status",
    )
    return [
        alt.Chart(data(seen)).mark_line(strokeWidth=2.4).encode(**plot.axes, **plot.lines),
        alt.Chart(data(beyond))
        .mark_line(strokeWidth=2, strokeDash=[5, 4])
        .encode(**plot.axes, **plot.lines),
        alt.Chart(data(rows))
        .mark_point(size=60, opacity=0, filled=True)
        .encode(**plot.axes, tooltip=tip),
    ]


def _notes(rows: list[dict[str, Any]], note: str, canvas: Canvas) -> list[str]:
    notes = [note] if note else []
    notes.append("Thin steps: observed; line: model; dashed: projected")
    if any(row["low"] is not None for row in rows):
        notes.append("Band: 95% interval if the model is right")
    summary = getattr(canvas.result, "extra", {}).get("summary")
    if summary is not None and not summary["converged"].all():
        notes.append("Not settled, see the footnote")
    return notes


def _rows(frame: pd.DataFrame, color: dict[str, str]) -> list[dict[str, Any]]:
    rows = []
    step = max(1, int(frame["age"].max()) // _POINTS)
    kept = frame[(frame["age"] % step == 0) | (frame["age"] == frame["age"].max())]
    for row in kept.sort_values(["group", "age"]).to_dict("records"):
        known = row["low"] == row["low"] and row["high"] == row["high"]
        was = row["observed"] if row["observed"] == row["observed"] else None
        rows.append(
            {
                "group": row["group"],
                "age": float(row["age"]),
                "value": float(row["value"]),
                "low": float(row["low"]) if known else None,
                "high": float(row["high"]) if known else None,
                "observed": None if was is None else float(was),
                "projected": bool(row["projected"]),
                "color": color[row["group"]],
                "text": format_ratio(row["value"]),
                "between": f"{format_ratio(row['low'])} to {format_ratio(row['high'])}"
                if known
                else "",
                "was": format_ratio(was) if was is not None else "",
                "status": "projected" if row["projected"] else "observed",
            }
        )
    return rows


def _split(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the points of the solid lines and of the dashed ones, which start where those end."""
    seen, beyond = [], []
    for group in dict.fromkeys(row["group"] for row in rows):
        mine = [row for row in rows if row["group"] == group]
        first = next((k for k, row in enumerate(mine) if row["projected"]), len(mine))
        seen += mine[:first]
        beyond += mine[max(first - 1, 0) :] if first < len(mine) else []
    return seen, beyond


def _edge(frame: pd.DataFrame, x: alt.Scale, canvas: Canvas) -> list[alt.Chart]:
    """Return the line where observation ends, if it does so at one age for all groups."""
    ends = frame[~frame["projected"]].groupby("group")["age"].max()
    if len(set(ends)) != 1 or not frame["projected"].any():
        return []
    at = [{"age": float(ends.iloc[0]), "text": "projected →"}]
    base = alt.Chart(data(at)).encode(x=alt.X("age:Q", scale=x))
    return [
        base.mark_rule(color=canvas.colors.rule, strokeDash=[2, 3]),
        base.mark_text(
            align="left", baseline="top", dx=5, dy=2, fontSize=10, color=canvas.colors.muted
        ).encode(y=constant(alt.YValue, 0), text=alt.Text("text:N")),
    ]


def message(frame: pd.DataFrame, named: list[str], noun: str, result: Result) -> str:
    """Return how long customers stay, within what was observed, as a sentence; what is projected stays a picture."""
    extra = getattr(result, "extra", {})
    if len(named) == 1 and not named[0] and "headline" in extra:
        said = str(extra["headline"])
        return f"{said[:1].upper()}{said[1:]}"
    seen = frame[~frame["projected"].astype(bool)]
    seen = seen if len(seen) else frame
    last = int(seen.groupby("group")["age"].max().min())
    end = frame[frame["age"] == last].set_index("group")["value"]
    when = f"after {last} {noun if last != 1 else noun.removesuffix('s')}"
    if len(named) == 1:
        who = f"{named[0]} customers".strip()
        summary = extra.get("summary")
        name = "" if summary is None else str(summary["model"].iloc[0])
        model = f" ({_NAMES.get(name, name.replace('_', '-'))} model)" if name else ""
        return f"{format_part(float(end[named[0]]), 0)} of {who} are still there {when}{model}"
    low, high = str(end.idxmin()), str(end.idxmax())
    return (
        f"{when.capitalize()}, {format_part(float(end[high]), 0)} of {high} customers are still there by the model, "
        f"but {format_part(float(end[low]), 0)} of {low}"
    )

"""Progress: stages as curves, three lines of growth, and who took up a feature alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, freq_of, period_axis, what
from saasmetrics.charts.success.shared import scale
from saasmetrics.charts.text import period_text, spread, text_width, ticks
from saasmetrics.charts.theme import Theme, Width, along, readable_on
from saasmetrics.money import format_money, format_ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.result import Result

_CELL = 40


def _heading(result: Result) -> str:
    said = str(result.extra["headline"])
    return f"{said[0].upper()}{said[1:]}"


def lifecycle(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the share of new customers that have reached each stage, by days since the first payment.

    Parameters
    ----------
    result
        Result of kind "lifecycle".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = lifecycle(sm.success.lifecycle(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    curves = result.extra["curves"]
    if curves is None or not len(curves):
        return canvas.empty()
    stages = list(dict.fromkeys(curves["stage"]))
    end = float(min(curves["day"].max(), 365)) or 1.0
    rows, tails = _steps(canvas, curves, stages, end)
    share = (max(text_width(t["label"]) for t in tails) + 16) / (canvas.room - 50)
    wide = scale(0, end / (1 - share))
    for tail, pixel in zip(
        tails, spread([height * (1 - t["y"]) for t in tails], 15, 6, height - 6), strict=True
    ):
        tail["y"] = 1 - pixel / height
    step = next(s for s in (7, 14, 30, 60, 90) if end / s <= 7)
    marks = axis(
        {float(d): f"{d}" for d in range(0, int(end) + 1, step)},
        title="days since the first payment",
    )
    fifths = axis({v / 4: f"{v * 25}%" for v in range(5)}, title="have reached the stage")
    x, y = alt.X("x:Q", scale=wide, axis=marks), alt.Y("y:Q", scale=scale(0, 1), axis=fifths)
    color_ = alt.Color("color:N", scale=None)
    line = (
        alt.Chart(data(rows))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(x=x, y=y, color=color_, detail=alt.Detail("stage:N"))
    )
    text = (
        alt.Chart(data(tails))
        .mark_text(align="left", dx=6, baseline="middle", color=canvas.colors.ink)
        .encode(x=x, y=y, text=alt.Text("label:N"))
    )
    return canvas.finish(
        [line, text],
        message=_heading(result),
        subtitle=what(result, note="Kaplan-Meier: customers still on the way count"),
    )


def _steps(
    canvas: Canvas, curves: pd.DataFrame, stages: list[str], end: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the points of each curve up to a day, and its name at the right end."""
    rows: list[dict[str, Any]] = []
    tails: list[dict[str, Any]] = []
    for at, stage in enumerate(stages):
        mine = curves[(curves["stage"] == stage) & (curves["day"] <= end)]
        color = canvas.colors.groups[at % len(canvas.colors.groups)]
        pairs = zip(mine["day"].tolist(), mine["value"].tolist(), strict=True)
        points = [{"x": 0.0, "y": 0.0}, *({"x": day, "y": 1 - left} for day, left in pairs)]
        last = points[-1]["y"]
        points.append({"x": end, "y": last})
        rows += [point | {"stage": stage, "color": color} for point in points]
        tails.append({"x": end, "y": last, "label": f"{stage} {format_ratio(last, 0)}"})
    return rows, tails


def success_growth(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw renewals, add-ons and referrals period by period, targets as marks.

    Parameters
    ----------
    result
        Result of kind "success_growth".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = success_growth(sm.success.growth(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    df = result.df[result.df["complete"] & result.df["value"].notna()]
    if not len(df):
        return canvas.empty()
    freq, periods = freq_of(result, df), sorted(df["period"].unique())
    periods = periods[-16:]
    df = df[df["period"].isin(periods)]
    place = {period: i for i, period in enumerate(periods)}
    names = list(dict.fromkeys(df["line"]))
    color = {name: canvas.colors.groups[i] for i, name in enumerate(names)}
    rows = [
        _point(canvas, row, place[row["period"]], color[row["line"]], freq)
        for row in df.to_dict("records")
    ]
    high = max(v for row in rows for v in (row["y"], row["target"] or 0.0)) * 1.08 or 1.0
    ends = _named(rows, names, high, height)
    last = len(periods) - 1
    share = (max(text_width(e["label"]) for e in ends) + 16) / (canvas.room - 60)
    wide = scale(-0.2, (last + 0.2) / (1 - share) + 0.2)
    room, start = (canvas.room - 60) * (1 - share), result.context.fiscal_start
    labels = period_axis(list(map(_stamp, periods)), freq, room, start)
    x = alt.X("i:Q", scale=wide, axis=axis(labels, grid=False))
    y = alt.Y("y:Q", scale=scale(0, high), axis=axis(ticks(0, high, "money", canvas.currency)))
    base = alt.Chart(data(rows))
    tone = alt.Color("color:N", scale=None)
    tips = [alt.Tooltip("line:N"), alt.Tooltip("period:N"), alt.Tooltip("said:N", title="ARR")]
    line = base.mark_line(strokeWidth=2).encode(x=x, y=y, color=tone, detail=alt.Detail("line:N"))
    dots = base.mark_circle(size=45, opacity=1).encode(x=x, y=y, color=tone, tooltip=tips)
    aims = alt.Chart(data([r | {"y": r["target"]} for r in rows if r["target"] is not None]))
    goal = aims.mark_tick(thickness=2, size=18).encode(x=x, y=y, color=tone)
    right = alt.Chart(data([e | {"i": last} for e in ends]))
    text = right.mark_text(align="left", dx=8, baseline="middle", color=canvas.colors.ink).encode(
        x=x, y=y, text=alt.Text("label:N")
    )
    note = "Bars are targets; what came, not what customer success did"
    return canvas.finish(
        [line, dots, goal, text],
        message=_heading(result),
        subtitle=what(result, freq=freq, note=note),
    )


def _named(
    rows: list[dict[str, Any]], names: list[str], high: float, height: float
) -> list[dict[str, Any]]:
    """Return the last point of each line with its name, moved so that names do not touch."""
    tails = [max((r for r in rows if r["line"] == name), key=lambda r: r["i"]) for name in names]
    at = spread([height * (1 - tail["y"] / high) for tail in tails], 15, 6, height - 6)
    pairs = zip(tails, at, strict=True)
    return [t | {"y": (1 - pixel / height) * high, "label": t["line"]} for t, pixel in pairs]


def _stamp(period: Any) -> pd.Timestamp:
    import pandas as pd

    return pd.Timestamp(period)


def _point(canvas: Canvas, row: Mapping[Any, Any], i: int, color: str, freq: str) -> dict[str, Any]:
    target = row["target"] if row["target"] == row["target"] else None
    said = format_money(row["value"], canvas.currency)
    cell = {
        "i": i,
        "y": row["value"],
        "line": row["line"],
        "color": color,
        "said": said,
        "target": target,
    }
    return cell | {"period": period_text(row["period"], freq, canvas.result.context.fiscal_start)}


def self_serve(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 70,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the customers that were told of a feature: on their own, with help, not yet.

    Parameters
    ----------
    result
        Result of kind "self_serve".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=300)
    >>> chart = self_serve(sm.success.self_serve_rate(book, "automation", kind="training"))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    if not len(result.df):
        return canvas.empty()
    row = result.df.iloc[0]
    many = int(row["denominator"])
    if not many:
        return canvas.empty()
    rows = _parts(canvas, row, many)
    x = alt.X(
        "left:Q", scale=scale(0, many), axis=axis({0.0: "0%", many / 2: "50%", float(many): "100%"})
    )
    drawn = (
        alt.Chart(data(rows))
        .mark_rect()
        .encode(
            x=x,
            x2=alt.X2("right:Q"),
            color=alt.Color("color:N", scale=None),
            tooltip=[alt.Tooltip("name:N"), alt.Tooltip("n:Q")],
        )
    )
    text = (
        alt.Chart(data(rows))
        .mark_text(fontWeight=600)
        .encode(
            x=alt.X("middle:Q", scale=scale(0, many)),
            color=alt.Color("ink:N", scale=None),
            text=alt.Text("label:N"),
        )
    )
    note = f"{int(row['already']):,} used it before and {int(row['open']):,} may still: not counted"
    return canvas.finish([drawn, text], message=_heading(result), subtitle=what(result, note=note))


def _parts(canvas: Canvas, row: Any, many: int) -> list[dict[str, Any]]:
    """Return the three parts of the bar, each with its words where they fit."""
    colors = (canvas.colors.gain, along(canvas.colors.ramp, 0.35), canvas.colors.plain)
    names = {"on their own": "numerator", "with help": "with_help", "not yet": "not_yet"}
    rows: list[dict[str, Any]] = []
    base = 0
    for (name, column), color in zip(names.items(), colors, strict=True):
        n = int(row[column])
        text = f"{name} {n:,}"
        fits = text_width(text) < n / many * (canvas.room - 20) - 8
        cell = {"left": base, "right": base + n, "middle": base + n / 2, "color": color}
        cell |= {"ink": readable_on(color), "label": text if fits else "", "name": name, "n": n}
        rows.append(cell)
        base += n
    return rows

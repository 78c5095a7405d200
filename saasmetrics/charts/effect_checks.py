"""What makes an effect believable, drawn: effects by months since the start, and balance before and after weighting."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, what
from saasmetrics.charts.text import shortened, ticks

if TYPE_CHECKING:
    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_ROW = 22
_ALIKE = 0.1
_NAMES = 300


def event_study(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the effect by months since the start: what is left of the start should be 0.

    Parameters
    ----------
    result
        Result of kind "event_study": since, value, low, high, phase.
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
    >>> found = sm.success.attribution(sm.demo(customers=1000), "success_plan", cluster="csm_id")
    >>> chart = event_study(sm.success.event_study(found))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    if not result.df["value"].notna().any():
        return canvas.empty()
    layers = _event_layers(result, canvas)
    note = "Grey: before the start, where nothing should be. Line: interval"
    return canvas.finish(
        layers,
        message=_capital(str(result.extra.get("headline", result.definition.name))),
        subtitle=what(result, unit="table", note=note),
    )


def _event_layers(result: Result, canvas: Canvas) -> list[Any]:
    """Return the effects with their intervals, the line of no effect, and that of the start."""
    colors = canvas.colors
    rows: list[dict[str, Any]] = [
        {
            **{str(k): v for k, v in row.items()},
            "color": colors.gain if row["phase"] == "after" else colors.plain,
        }
        for row in result.df.to_dict("records")
        if row["value"] == row["value"]
    ]
    places = [0.0, *(v for row in rows for v in (row["low"], row["high"]) if math.isfinite(v))]
    low, high = min(places), max(places)
    room = (high - low) * 0.08 or 0.01
    y = alt.Scale(domain=[low - room, high + room], nice=False, zero=False)
    sides = [row["since"] for row in rows]
    x = alt.Scale(domain=[min([*sides, 0]) - 2, max([*sides, 0]) + 3], nice=False)
    found = ticks(100 * (low - room), 100 * (high + room), "months", canvas.currency, 5)
    marks = {value / 100: text for value, text in found.items()}
    below = axis(
        {float(s): f"{s:+d}" for s in sides},
        title="months since the start, each point three of them",
    )
    color = alt.Color("color:N", scale=None)
    base = alt.Chart(data(rows))
    tip = [alt.Tooltip("since:Q"), alt.Tooltip("value:Q", format="+.2%"), alt.Tooltip("phase:N")]
    spans = base.mark_rule(strokeWidth=2.5).encode(
        x=alt.X("since:Q", scale=x), y=alt.Y("low:Q", scale=y), y2=alt.Y2("high:Q"), color=color
    )
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        x=alt.X("since:Q", scale=x, axis=below),
        y=alt.Y("value:Q", scale=y, axis=axis(marks, title="points a month", grid=True)),
        color=color,
        tooltip=tip,
    )
    return [*_signs(x, y, high + room, canvas), spans, points]


def _signs(x: alt.Scale, y: alt.Scale, top: float, canvas: Canvas) -> list[Any]:
    """Return the line of no effect, that of the start, and which side is before it."""
    colors = canvas.colors
    zero = alt.Chart(data([{"y": 0.0}])).mark_rule(color=colors.rule, strokeWidth=1.5)
    start = alt.Chart(data([{"x": -0.5}])).mark_rule(color=colors.muted, strokeDash=[4, 3])
    layers: list[Any] = [
        zero.encode(y=alt.Y("y:Q", scale=y)),
        start.encode(x=alt.X("x:Q", scale=x)),
    ]
    for word, align, away in (("before", "right", -6), ("after", "left", 6)):
        text: Any = alt.Chart(data([{"x": -0.5, "y": top, "text": word}]))
        text = text.mark_text(align=align, dx=away, dy=6, color=colors.muted)
        layers.append(
            text.encode(x=alt.X("x:Q", scale=x), y=alt.Y("y:Q", scale=y), text=alt.Text("text:N"))
        )
    return layers


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def balance(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw a love plot: how far those touched are from the others in each covariate, before and after weighting.

    Parameters
    ----------
    result
        Result of kind "balance": covariate, before, after.
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
    >>> found = sm.success.attribution(sm.demo(customers=300), "qbr")
    >>> chart = balance(sm.success.balance(found))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    if not len(result.df):
        return canvas.empty()
    weighted = bool(result.df["after"].notna().any())
    rows = _covariates(result)
    layers = _love_layers(rows, canvas, weighted=weighted)
    note = (
        "Ring: before weighting. Diamond: after" if weighted else "Dot: as drawn, without weights"
    )
    return canvas.finish(
        layers,
        message=_capital(str(result.extra.get("headline", result.definition.name))),
        subtitle=what(result, unit="table", note=f"{note}. Band: up to 0.1 counts as alike"),
        height=canvas.height or _ROW * len(rows) + 10,
    )


def _covariates(result: Result) -> list[dict[str, Any]]:
    """Return the covariates, the one that differed most first."""
    frame = result.df.sort_values("before", key=lambda s: -s.abs(), kind="stable")
    return [
        {
            "name": shortened(str(row["covariate"]), _NAMES - 24),
            "before": float(row["before"]),
            "after": float(row["after"]),
            "j": float(n),
        }
        for n, row in enumerate(frame.to_dict("records"))
    ]


def _love_layers(rows: list[dict[str, Any]], canvas: Canvas, *, weighted: bool) -> list[Any]:
    """Return the band of what counts as alike, and each covariate before and after weighting."""
    colors = canvas.colors
    known = [abs(v) for row in rows for v in (row["before"], row["after"]) if v == v]
    reach = max([0.15, *known]) * 1.1
    x = alt.Scale(domain=[-reach, reach], nice=False)
    y = alt.Scale(domain=[len(rows) - 0.5, -0.5], nice=False, zero=False)
    names = {row["j"]: row["name"] for row in rows}
    look: dict[str, Any] = {"grid": False, "domain": False, "ticks": False}
    left = axis(names, labelColor=colors.ink, labelLimit=_NAMES, **look)
    below = axis(_plain(reach), title="standardized difference", grid=True)
    band = alt.Chart(data([{"x": -_ALIKE, "x2": _ALIKE}])).mark_rect(color=colors.grid, opacity=1)
    line = alt.Chart(data([{"x": 0.0}])).mark_rule(color=colors.rule, strokeWidth=1.5)
    base, across = alt.Chart(data(rows)), alt.Y("j:Q", scale=y)
    tip = [
        alt.Tooltip("name:N"),
        *(alt.Tooltip(f"{n}:Q", format=".2f") for n in ("before", "after")),
    ]
    first = base.mark_point(
        filled=not weighted,
        shape="circle",
        size=60,
        color=colors.plain if weighted else colors.gain,
        opacity=1,
        strokeWidth=2,
    )
    layers: list[Any] = [
        band.encode(x=alt.X("x:Q", scale=x), x2=alt.X2("x2:Q")),
        line.encode(x=alt.X("x:Q", scale=x)),
        first.encode(
            x=alt.X("before:Q", scale=x, axis=below),
            y=alt.Y("j:Q", scale=y, axis=left),
            tooltip=tip,
        ),
    ]
    if weighted:
        moved = base.mark_rule(color=colors.plain, strokeWidth=1)
        after = base.mark_point(filled=True, shape="diamond", size=80, color=colors.gain, opacity=1)
        layers.insert(2, moved.encode(x=alt.X("before:Q", scale=x), x2=alt.X2("after:Q"), y=across))
        layers.append(after.encode(x=alt.X("after:Q", scale=x), y=across, tooltip=tip))
    return layers


def _plain(reach: float) -> dict[float, str]:
    """Return round differences with their labels."""
    step = next(s for s in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 1e6) if reach / s <= 4)
    count = int(reach / step + 1e-9)
    return {n * step: f"{n * step:.2g}" for n in range(-count, count + 1)}

"""Back-tests of health: leavers against stayers by score (ROC), or predicted against observed (calibration)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, what
from saasmetrics.charts.success.shared import ROW, longest, names_axis, scale
from saasmetrics.charts.text import ticks
from saasmetrics.money import format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_FIFTHS = {0.0: "0%", 0.2: "20%", 0.4: "40%", 0.6: "60%", 0.8: "80%", 1.0: "100%"}


def health_backtest(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 320,
    title: str | None = None,
    view: Literal["roc", "calibration"] = "roc",
) -> alt.LayerChart:
    """Draw how many leavers and stayers score so low, or what a probability made of the score promised and what came.

    Parameters
    ----------
    result
        Result of kind "health_backtest".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.
    view
        "roc" (default) or "calibration".

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = health_backtest(sm.success.backtest(sm.demo(customers=400)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    if view == "calibration":
        bins = result.extra["calibration"]
        return _calibration(canvas, bins) if len(bins) else canvas.empty("too few customers left.")
    roc = result.extra["roc"]
    return _roc(canvas, roc) if len(roc) else canvas.empty()


def _heading(canvas: Canvas) -> str:
    said = str(canvas.result.extra["headline"])
    return f"{said[0].upper()}{said[1:]}"


def _roc(canvas: Canvas, roc: pd.DataFrame) -> alt.LayerChart:
    rows: list[dict[str, Any]] = [{"x": 0.0, "y": 0.0, "text": ""}]
    rows += [
        {"x": r["stayed"], "y": r["left"], "text": f"score up to {r['score']:.0f}"}
        for r in roc.to_dict("records")
    ]
    x = alt.X(
        "x:Q", scale=scale(0, 1), axis=axis(_FIFTHS, title="of customers who stayed score so low")
    )
    y = alt.Y(
        "y:Q", scale=scale(0, 1), axis=axis(_FIFTHS, title="of customers who left score so low")
    )
    even = [{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 1.0}]
    chance = (
        alt.Chart(data(even))
        .mark_line(color=canvas.colors.rule, strokeDash=[4, 3])
        .encode(x=x, y=y)
    )
    tip = [alt.Tooltip("text:N", title=" ")]
    line = (
        alt.Chart(data(rows))
        .mark_line(color=canvas.colors.gain, strokeWidth=2)
        .encode(x=x, y=y, tooltip=tip)
    )
    df = canvas.result.df
    found = df[(df["measure"] == "auc") & df["value"].notna()]
    told = [
        f"AUC {r['population'].replace('_', ' ')}: {r['value']:.2f} ({r['low']:.2f} to {r['high']:.2f})"
        for r in found.to_dict("records")
    ]
    step = 17 / canvas.height
    notes = [
        {"x": 1.0, "y": 0.05 + step * i, "label": text} for i, text in enumerate(reversed(told))
    ]
    base = alt.Chart(data(notes)).encode(x=x, y=y, text=alt.Text("label:N"))
    look: dict[str, Any] = {"align": "right", "baseline": "middle", "dx": -4}
    halo = base.mark_text(**look, stroke=canvas.colors.surface, strokeWidth=4)
    name = [{"x": 0.86, "y": 0.72, "label": "chance"}]
    label = (
        alt.Chart(data(name))
        .mark_text(color=canvas.colors.muted)
        .encode(x=x, y=y, text=alt.Text("label:N"))
    )
    return canvas.finish(
        [chance, line, label, halo, base.mark_text(**look, color=canvas.colors.ink)],
        message=_heading(canvas),
        subtitle=what(
            canvas.result, note="Above the dashed line, who left had scored lower than who stayed"
        ),
    )


def _calibration(canvas: Canvas, bins: pd.DataFrame) -> alt.LayerChart:
    top = float(max(bins["high"].max(), bins["probability"].max())) * 1.08
    wide = float(bins["probability"].max()) * 1.08
    left = max(float(bins["probability"].min()) * 0.92, 0.0)
    rows = [
        {"x": r["probability"], "y": r["observed"], "low": r["low"], "high": r["high"]}
        | {
            "text": f"{format_ratio(r['observed'])} of {int(r['n']):,}",
            "said": format_ratio(r["probability"]),
        }
        for r in bins.to_dict("records")
    ]
    x = alt.X(
        "x:Q",
        scale=scale(left, wide),
        axis=axis(ticks(left, wide, "ratio", "USD"), title="predicted to leave"),
    )
    y = alt.Y("y:Q", scale=scale(0, top), axis=axis(ticks(0, top, "ratio", "USD"), title="left"))
    right = min(wide, top)
    even = [{"x": left, "y": left}, {"x": right, "y": right}]
    line = (
        alt.Chart(data(even))
        .mark_line(color=canvas.colors.rule, strokeDash=[4, 3])
        .encode(x=x, y=y)
    )
    base = alt.Chart(data(rows))
    tips = [alt.Tooltip("said:N", title="predicted"), alt.Tooltip("text:N", title="left")]
    bars = base.mark_rule(color=canvas.colors.gain, opacity=0.6).encode(
        x=x, y=alt.Y("low:Q", scale=scale(0, top)), y2=alt.Y2("high:Q")
    )
    dots = base.mark_circle(size=60, color=canvas.colors.gain, opacity=1).encode(
        x=x, y=y, tooltip=tips
    )
    found = canvas.result.df.set_index("measure")["value"]
    brier, slope = float(found["brier"]), float(found["calibration_slope"])
    note = f"Dashed: right on average. Brier {brier:.3f}, slope {slope:.2f} where 1 is right; later half of the days"
    return canvas.finish(
        [line, bars, dots], message=_heading(canvas), subtitle=what(canvas.result, note=note)
    )


def graded(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw measures with their intervals, one row each: AUC of hand and learnt weights, of a signal, or of alerts.

    Parameters
    ----------
    result
        Result of kind "health_learnt", "signal_validation" or "alert_record".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = graded(sm.success.validate(sm.demo(customers=500)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    rows = _shares(result)
    if not rows:
        return canvas.empty()
    top = max(1.0 if row["value"] > 0.5 else row["high"] for row in rows)
    top = 1.0 if top > 0.6 else top * 1.15
    room = longest([row["name"] for row in rows], 260)
    x = alt.X("value:Q", scale=scale(0, top), axis=axis(ticks(0, top, "ratio", "USD"), grid=True))
    y = alt.Y(
        "i:Q",
        scale=alt.Scale(domain=[len(rows) - 0.5, -0.5], nice=False),
        axis=names_axis([row["name"] for row in rows], room),
    )
    base = alt.Chart(data(rows))
    tips = [alt.Tooltip("name:N"), alt.Tooltip("said:N", title="value")]
    bars = base.mark_rule(color=canvas.colors.gain, opacity=0.6).encode(
        x=alt.X("low:Q", scale=scale(0, top)), x2=alt.X2("high:Q"), y=y
    )
    dots = base.mark_circle(size=60, opacity=1).encode(
        x=x, y=y, color=alt.Color("color:N", scale=None), tooltip=tips
    )
    half = [{"value": 0.5}] if any(row["auc"] for row in rows) and top > 0.5 else []
    line = alt.Chart(data(half)).mark_rule(color=canvas.colors.rule, strokeDash=[4, 3]).encode(x=x)
    said = str(result.extra["headline"])
    note = "Dashed: an AUC of 50% is chance" if half else "Lines are intervals"
    return canvas.finish(
        [line, bars, _colored(dots, canvas)],
        message=f"{said[0].upper()}{said[1:]}",
        subtitle=what(result, note=note),
        height=height or ROW * len(rows) + 10,
    )


def _colored(dots: alt.Chart, canvas: Canvas) -> alt.Chart:
    drawn: alt.Chart = dots.encode(color=alt.ColorValue(canvas.colors.gain))
    return drawn


def _shares(result: Result) -> list[dict[str, Any]]:
    """Return the rows that are shares, named."""
    wanted = ("auc", "churn", "precision", "recall", "missed")
    rows: list[dict[str, Any]] = []
    for row in result.df.to_dict("records"):
        if row["measure"] not in wanted or row["value"] != row["value"]:
            continue
        if row["measure"] == "precision" and row["population"] != "all":
            continue
        rule = row.get("rule", "")
        name = " ".join(
            str(part) for part in (rule, row["measure"], row["population"]) if part
        ).replace("_", " ")
        name = name.replace(" all", "").replace(" left", "").replace("auc", "AUC")
        said = f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
        cell = {
            "i": len(rows),
            "name": name,
            "value": row["value"],
            "low": row["low"],
            "high": row["high"],
        }
        rows.append(cell | {"said": said, "auc": row["measure"] == "auc"})
    return rows

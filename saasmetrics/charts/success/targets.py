"""Targets as bullets: the actual as a share of the target, with the pace of the season, and owners side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, what
from saasmetrics.charts.success.shared import ROW, longest, names_axis, scale
from saasmetrics.charts.text import text_width, ticks
from saasmetrics.money import format_part, format_ratio, format_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_TALL = 34


def targets(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw each actual as a share of its target, the pace as a thin mark, the target as a thick one.

    Parameters
    ----------
    result
        Result of kind "targets".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = targets(sm.success.targets(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    df = result.df
    df = df[df["target"].notna() & (df["target"] > 0) & df["value"].notna()]
    if not len(df):
        return canvas.empty()
    rows = [_row(canvas, i, row) for i, row in enumerate(df.to_dict("records"))]
    names = [row["name"] for row in rows]
    room, most = longest(names, 200), max(1.1, *(row["share"] for row in rows))
    share = max(text_width(row["label"]) + 14 for row in rows) / (canvas.room - room - 20)
    top = most / (1 - min(share, 0.6))
    x = alt.X("zero:Q", scale=scale(0, top), axis=axis(_marks(most), title="of the target"))
    y = alt.Y(
        "i:Q",
        scale=alt.Scale(domain=[len(rows) - 0.5, -0.5], nice=False),
        axis=names_axis(names, room),
    )
    base = alt.Chart(data(rows))
    color = alt.Color("color:N", scale=None)
    tips = [
        alt.Tooltip("name:N"),
        alt.Tooltip("said:N", title="actual, target"),
        alt.Tooltip("paced:N", title="pace"),
    ]
    bars = base.mark_bar(size=12).encode(x=x, x2=alt.X2("share:Q"), y=y, color=color, tooltip=tips)
    goal = base.mark_tick(size=24, thickness=3, color=canvas.colors.ink).encode(
        x=alt.X("one:Q", scale=scale(0, top)), y=y
    )
    paced = [row for row in rows if row["pace"] is not None]
    pace = alt.Chart(data(paced)).mark_tick(size=20, thickness=2, color=canvas.colors.muted)
    pace = pace.encode(x=alt.X("pace:Q", scale=scale(0, top)), y=y)
    end = alt.X("end:Q", scale=scale(0, top))
    text = base.mark_text(align="left", dx=8, baseline="middle", color=canvas.colors.ink).encode(
        x=end, y=y, text=alt.Text("label:N")
    )
    said = str(result.extra["headline"])
    note = "Thick mark: the target" + ("; thin mark: usual by now" if paced else "")
    return canvas.finish(
        [bars, pace, goal, text],
        message=f"{said[0].upper()}{said[1:]}",
        subtitle=what(result, note=f"{note}; blue is good, orange is not"),
        height=height or _TALL * len(rows) + 10,
    )


def _marks(most: float) -> dict[float, str]:
    step = next(s for s in (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0, 1e6) if most / s <= 6)
    return {step * i: format_ratio(step * i, 0) for i in range(int(most / step) + 1)}


def _row(canvas: Canvas, i: int, row: Mapping[Any, Any]) -> dict[str, Any]:
    share = row["value"] / row["target"]
    expected = row["expected"] / row["target"] if row["expected"] == row["expected"] else None
    aim = 1.0 if expected is None else expected
    good = share <= aim if row["metric"] == "churn" else share >= aim
    metric = row["metric"].upper() if row["metric"] in ("arr", "nrr", "grr") else row["metric"]
    name = metric if row["owner"] == "company" else f"{metric} {row['owner']}"
    texts = [format_value(row[key], row["unit"], canvas.currency) for key in ("value", "target")]
    label = f"{texts[0]} of {texts[1]}"
    if row["probability"] == row["probability"]:
        label += f", {format_part(row['probability'], 0)} likely"
    cell: dict[str, Any] = {
        "i": i,
        "zero": 0.0,
        "one": 1.0,
        "share": share,
        "pace": expected,
        "name": name,
    }
    cell |= {
        "color": canvas.colors.gain if good else canvas.colors.loss,
        "label": label,
        "said": " of ".join(texts),
    }
    paced = format_ratio(row["pace_ratio"], 0) if row["pace_ratio"] == row["pace_ratio"] else "–"
    return cell | {"end": max(share, 1.0, aim), "paced": paced}


def csm_league(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw owners with their intervals, those of a band in one color, beside the share of all.

    Parameters
    ----------
    result
        Result of kind "csm_league".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = csm_league(sm.success.league(sm.demo(customers=300)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    df = result.df[result.df["value"].notna()].head(40)
    if not len(df):
        return canvas.empty()
    rows = [_owner(canvas, i, row) for i, row in enumerate(df.to_dict("records"))]
    low, high = min(r["low"] for r in rows), max(r["high"] for r in rows)
    names = [row["name"] for row in rows]
    edge = scale(low - 0.02, high + 0.02)
    x = alt.X("value:Q", scale=edge, axis=axis(ticks(low, high, "ratio", "USD"), grid=True))
    y = alt.Y(
        "i:Q",
        scale=alt.Scale(domain=[len(rows) - 0.5, -0.5], nice=False),
        axis=names_axis(names, longest(names, 200)),
    )
    base = alt.Chart(data(rows))
    color = alt.Color("color:N", scale=None)
    tips = [alt.Tooltip("name:N"), alt.Tooltip("said:N", title=" "), alt.Tooltip("band:Q")]
    bars = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", scale=edge), x2=alt.X2("high:Q"), y=y, color=color
    )
    dots = base.mark_circle(size=70, opacity=1).encode(x=x, y=y, color=color, tooltip=tips)
    whole = alt.Chart(data([{"value": result.extra["overall"]}]))
    line = whole.mark_rule(color=canvas.colors.rule, strokeDash=[4, 3]).encode(x=x)
    said = str(result.extra["headline"])
    return canvas.finish(
        [line, bars, dots],
        message=f"{said[0].upper()}{said[1:]}",
        subtitle=what(
            result, note="Dashed: the share of all. Owners of one color cannot be told apart"
        ),
        height=height or ROW * len(rows) + 10,
    )


def _owner(canvas: Canvas, i: int, row: Mapping[Any, Any]) -> dict[str, Any]:
    groups, band = canvas.colors.groups, int(row["band"])
    cell = {"i": i, "name": str(row[canvas.result.by[0]]), "band": band}
    cell |= {name: row[name] for name in ("value", "low", "high")}
    said = f"{int(row['numerator'])} of {int(row['denominator'])} renewed"
    return cell | {"color": groups[(band - 1) % len(groups)], "said": said}

"""Adoption: moves between levels as a matrix, days of use as a heat map, stages as curves, three lines of growth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, freq_of, period_axis, what
from saasmetrics.charts.success.shared import longest, names_axis, scale
from saasmetrics.charts.text import period_text, spread, text_width, ticks
from saasmetrics.charts.theme import Theme, Width, along, blend, readable_on
from saasmetrics.money import format_money, format_ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.result import Result

_CELL = 40


def _heading(result: Result) -> str:
    said = str(result.extra["headline"])
    return f"{said[0].upper()}{said[1:]}"


def adoption(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the moves between levels of use: from each level (rows) to each (columns), in per cent of the row.

    Parameters
    ----------
    result
        Result of kind "adoption".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = adoption(sm.success.adoption(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = result.extra["transitions"]
    if not len(frame):
        return canvas.empty("fewer than two periods are complete.")
    starts, ends = (list(dict.fromkeys(frame[side])) for side in ("start", "end"))
    cells = []
    for row in frame.to_dict("records"):
        j, i = starts.index(row["start"]), ends.index(row["end"])
        color = _shade(canvas, starts, ends, row)
        share = (
            ""
            if not row["customers"]
            else "<1%"
            if row["share"] < 0.005
            else format_ratio(row["share"], 0)
        )
        cell = {
            "left": i - 0.5,
            "right": i + 0.5,
            "top": j - 0.5,
            "bottom": j + 0.5,
            "i": i,
            "j": j,
            "color": color,
        }
        tip = f"{row['start']} → {row['end']}"
        cells.append(
            cell
            | {"ink": readable_on(color), "share": share, "tip": tip, "customers": row["customers"]}
        )
    high = alt.Scale(domain=[len(starts) - 0.5, -0.5], nice=False, zero=False)
    wide = scale(-0.5, len(ends) - 0.5)
    plain: dict[str, Any] = {"domain": False, "ticks": False, "grid": False}
    top = axis(
        {float(i): n for i, n in enumerate(ends)},
        orient="top",
        title="at the end",
        titleAnchor="start",
        **plain,
    )
    x, y = (
        alt.X("left:Q", scale=wide, axis=top),
        alt.Y("top:Q", scale=high, axis=names_axis(starts, 140)),
    )
    base = alt.Chart(data(cells))
    tips = [
        alt.Tooltip("tip:N", title="from, to"),
        alt.Tooltip("customers:Q"),
        alt.Tooltip("share:N"),
    ]
    drawn = base.mark_rect(stroke=canvas.colors.surface, strokeWidth=2).encode(
        x=x, x2="right:Q", y=y, y2="bottom:Q", color=alt.Color("color:N", scale=None), tooltip=tips
    )
    text = base.mark_text(fontWeight=600).encode(
        x="i:Q", y="j:Q", color=alt.Color("ink:N", scale=None), text="share:N"
    )
    return canvas.finish(
        [drawn, text],
        message=_heading(result),
        subtitle=what(
            result, note="Rows: level at the start of a period; each row adds up to 100%"
        ),
        height=height or _CELL * len(starts) + 10,
    )


def _shade(canvas: Canvas, starts: list[str], ends: list[str], row: Mapping[Any, Any]) -> str:
    """Return grey where customers stay, blue where they rise, orange where they fall or leave."""
    colors = canvas.colors
    ground = blend(colors.surface, colors.grid, 0.6)
    if not row["customers"]:
        return ground
    _j, i = starts.index(row["start"]), ends.index(row["end"])
    if row["start"] == row["end"] or "use unknown" in (row["start"], row["end"]):
        return blend(colors.surface, colors.plain, 0.6)
    down = row["end"] == "left" or ends.index(row["start"]) > i
    return blend(colors.surface, colors.loss if down else colors.gain, 0.25 + 0.75 * row["share"])


def usage_daily(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw use of the last seven days against what is usual, customers by days; orange is less, blue is more.

    Parameters
    ----------
    result
        Result of kind "usage_daily".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = usage_daily(sm.success.usage_daily(sm.demo(customers=100), last=30, top=5))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    df = result.df
    if not len(df) or not df["ratio"].notna().any():
        return canvas.empty("nobody used the product before the days shown.")
    days, ids = list(dict.fromkeys(df["date"])), list(dict.fromkeys(df["customer_id"]))
    place, row_of = {d: i for i, d in enumerate(days)}, {c: j for j, c in enumerate(ids)}
    rows = [
        _day(canvas, row, place[row["date"]], row_of[row["customer_id"]])
        for row in df.to_dict("records")
    ]
    first = df.drop_duplicates("customer_id").to_dict("records")
    names = [("! " if row["alerts"] else "") + _customer(row) for row in first]
    y = alt.Y(
        "top:Q",
        scale=alt.Scale(domain=[len(ids) - 0.5, -0.5], nice=False, zero=False),
        axis=names_axis(names, longest(names, 200)),
    )
    step = max(1, -(-len(days) // 6))
    marks = axis({float(i): f"{days[i]:%d %b}" for i in range(0, len(days), step)}, grid=False)
    x = alt.X("left:Q", scale=scale(-0.5, len(days) - 0.5), axis=marks)
    tips = [alt.Tooltip(f"{name}:N") for name in ("customer", "day", "used", "usual", "alerts")]
    drawn = (
        alt.Chart(data(rows))
        .mark_rect()
        .encode(
            x=x,
            x2="right:Q",
            y=y,
            y2="bottom:Q",
            color=alt.Color("color:N", scale=None),
            tooltip=tips,
        )
    )
    note = "Last 7 days against usual: orange less, blue more, grey unknown; ! has an open alert"
    return canvas.finish(
        [drawn],
        message=_heading(result),
        subtitle=what(result, note=note),
        height=height or 18 * len(ids) + 10,
    )


def _customer(row: Mapping[Any, Any]) -> str:
    name = row.get("name")
    return str(row["customer_id"] if name is None or name != name else name)


def _day(canvas: Canvas, row: Mapping[Any, Any], i: int, j: int) -> dict[str, Any]:
    ratio, colors = row["ratio"], canvas.colors
    color = colors.grid
    if ratio == ratio:
        end = colors.below if ratio < 1 else colors.above
        color = blend(colors.middle, end, min(abs(ratio - 1), 1.0))
    usual = f"{row['usual']:,.0f} a day" if row["usual"] == row["usual"] else "unknown"
    used = f"{row['value']:,.0f}" if row["value"] == row["value"] else "–"
    cell = {"left": i - 0.5, "right": i + 0.5, "top": j - 0.45, "bottom": j + 0.45, "color": color}
    cell |= {
        "customer": _customer(row),
        "day": f"{row['date']:%Y-%m-%d}",
        "used": used,
        "usual": usual,
    }
    return cell | {"alerts": row["alerts"] or "none"}


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
    rows, tails = [], []
    for at, stage in enumerate(stages):
        mine = curves[(curves["stage"] == stage) & (curves["day"] <= end)]
        color = canvas.colors.groups[at % len(canvas.colors.groups)]
        points = [
            {"x": 0.0, "y": 0.0},
            *({"x": d, "y": 1 - v} for d, v in zip(mine["day"], mine["value"], strict=True)),
        ]
        points.append({"x": end, "y": points[-1]["y"]})
        rows += [point | {"stage": stage, "color": color} for point in points]
        tails.append(
            {
                "x": end,
                "y": points[-1]["y"],
                "label": f"{stage} {format_ratio(points[-1]['y'], 0)}",
                "color": color,
            }
        )
    share = (max(text_width(t["label"]) for t in tails) + 16) / (canvas.room - 50)
    wide = scale(0, end / (1 - share))
    placed = spread([height * (1 - t["y"]) for t in tails], 15, 6, height - 6)
    for tail, pixel in zip(tails, placed, strict=True):
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
        .encode(x=x, y=y, color=color_, detail="stage:N")
    )
    text = (
        alt.Chart(data(tails))
        .mark_text(align="left", dx=6, baseline="middle", color=canvas.colors.ink)
        .encode(x=x, y=y, text="label:N")
    )
    return canvas.finish(
        [line, text],
        message=_heading(result),
        subtitle=what(result, note="Kaplan-Meier: customers still on the way count"),
    )


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
    high = (
        max(*(row["y"] for row in rows), df["target"].max() if df["target"].notna().any() else 0.0)
        * 1.08
        or 1.0
    )
    tails = [max((r for r in rows if r["line"] == name), key=lambda r: r["i"]) for name in names]
    at = spread([height * (1 - tail["y"] / high) for tail in tails], 15, 6, height - 6)
    ends = [
        t | {"y": (1 - a / height) * high, "label": t["line"]}
        for t, a in zip(tails, at, strict=True)
    ]
    last = len(periods) - 1
    share = (max(text_width(e["label"]) for e in ends) + 16) / (canvas.room - 60)
    wide = scale(-0.2, (last + 0.2) / (1 - share) + 0.2)
    x = alt.X(
        "i:Q",
        scale=wide,
        axis=axis(
            period_axis(list(map(_stamp, periods)), freq, (canvas.room - 60) * (1 - share)),
            grid=False,
        ),
    )
    y = alt.Y("y:Q", scale=scale(0, high), axis=axis(ticks(0, high, "money", canvas.currency)))
    base = alt.Chart(data(rows))
    tone = alt.Color("color:N", scale=None)
    tips = [alt.Tooltip("line:N"), alt.Tooltip("period:N"), alt.Tooltip("said:N", title="ARR")]
    line = base.mark_line(strokeWidth=2).encode(x=x, y=y, color=tone, detail="line:N")
    dots = base.mark_circle(size=45, opacity=1).encode(x=x, y=y, color=tone, tooltip=tips)
    aims = alt.Chart(data([r | {"y": r["target"]} for r in rows if r["target"] is not None]))
    goal = aims.mark_tick(thickness=2, size=18).encode(x=x, y=y, color=tone)
    right = alt.Chart(data([e | {"i": last} for e in ends]))
    text = right.mark_text(align="left", dx=8, baseline="middle", color=canvas.colors.ink).encode(
        x=x, y=y, text="label:N"
    )
    note = "Bars are targets; what came, not what customer success did"
    return canvas.finish(
        [line, dots, goal, text],
        message=_heading(result),
        subtitle=what(result, freq=freq, note=note),
    )


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
    return cell | {"period": period_text(row["period"], freq)}


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
    row = result.df.iloc[0]
    many = int(row["denominator"])
    if not many:
        return canvas.empty()
    parts = [
        ("on their own", int(row["numerator"]), canvas.colors.gain),
        ("with help", int(row["with_help"]), along(canvas.colors.ramp, 0.35)),
    ]
    parts.append(("not yet", int(row["not_yet"]), canvas.colors.plain))
    rows: list[dict[str, Any]] = []
    base = 0
    for name, n, color in parts:
        text = f"{name} {n:,}"
        fits = text_width(text) < n / many * (canvas.room - 20) - 8
        cell = {
            "left": base,
            "right": base + n,
            "middle": base + n / 2,
            "color": color,
            "ink": readable_on(color),
        }
        rows.append(cell | {"label": text if fits else "", "name": name, "n": n})
        base += n
    x = alt.X(
        "left:Q", scale=scale(0, many), axis=axis({0.0: "0%", many / 2: "50%", float(many): "100%"})
    )
    drawn = (
        alt.Chart(data(rows))
        .mark_rect()
        .encode(
            x=x,
            x2="right:Q",
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
            text="label:N",
        )
    )
    note = f"{int(row['already']):,} used it before and {int(row['open']):,} may still: not counted"
    return canvas.finish([drawn, text], message=_heading(result), subtitle=what(result, note=note))

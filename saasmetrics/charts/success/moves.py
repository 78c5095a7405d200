"""Adoption: moves between levels as a matrix, and days of use as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, what
from saasmetrics.charts.success.shared import longest, names_axis, scale
from saasmetrics.charts.theme import Theme, Width, blend, readable_on
from saasmetrics.money import format_ratio

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
    cells = _cells(canvas, frame, starts, ends)
    high = alt.Scale(domain=[len(starts) - 0.5, -0.5], nice=False, zero=False)
    wide = scale(-0.5, len(ends) - 0.5)
    plain: dict[str, Any] = {"domain": False, "ticks": False, "grid": False}
    labels = {float(i): name for i, name in enumerate(ends)}
    top = axis(labels, orient="top", title="at the end", titleAnchor="start", **plain)
    x = alt.X("left:Q", scale=wide, axis=top)
    y = alt.Y("top:Q", scale=high, axis=names_axis(starts, 140))
    base = alt.Chart(data(cells))
    tips = [
        alt.Tooltip("tip:N", title="from, to"),
        alt.Tooltip("customers:Q"),
        alt.Tooltip("share:N"),
    ]
    drawn = base.mark_rect(stroke=canvas.colors.surface, strokeWidth=2).encode(
        x=x,
        x2=alt.X2("right:Q"),
        y=y,
        y2=alt.Y2("bottom:Q"),
        color=alt.Color("color:N", scale=None),
        tooltip=tips,
    )
    text = base.mark_text(fontWeight=600).encode(
        x=alt.X("i:Q"),
        y=alt.Y("j:Q"),
        color=alt.Color("ink:N", scale=None),
        text=alt.Text("share:N"),
    )
    return canvas.finish(
        [drawn, text],
        message=_heading(result),
        subtitle=what(
            result, note="Rows: level at the start of a period; each row adds up to 100%"
        ),
        height=height or _CELL * len(starts) + 10,
    )


def _cells(
    canvas: Canvas, frame: pd.DataFrame, starts: list[str], ends: list[str]
) -> list[dict[str, Any]]:
    """Return a cell per pair of levels, with the share of its row."""
    cells = []
    for row in frame.to_dict("records"):
        j, i = starts.index(row["start"]), ends.index(row["end"])
        color = _shade(canvas, starts, ends, row)
        share = "<1%" if row["share"] < 0.005 else format_ratio(row["share"], 0)
        cell: dict[str, Any] = {
            "left": i - 0.5,
            "right": i + 0.5,
            "top": j - 0.5,
            "bottom": j + 0.5,
            "i": i,
            "j": j,
        }
        cell |= {"color": color, "ink": readable_on(color), "customers": row["customers"]}
        tip = f"{row['start']} → {row['end']}"
        cells.append(cell | {"share": share if row["customers"] else "", "tip": tip})
    return cells


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
            x2=alt.X2("right:Q"),
            y=y,
            y2=alt.Y2("bottom:Q"),
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

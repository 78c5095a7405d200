"""Migration between bands of ARR as a matrix: from rows to columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, options_of, what
from saasmetrics.charts.text import text_width
from saasmetrics.charts.theme import Palette, Theme, Width, blend, readable_on
from saasmetrics.money import format_money, format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result

_ROW = 40


def tiers(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw customers by band at the start (rows) and at the end (columns) of a window.

    Moves to a higher band are blue, moves to a lower one and out are orange, the darker the larger the share of the
    row.

    Parameters
    ----------
    result
        Result of kind "tiers".
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
    >>> chart = tiers(sm.revenue.tiers(sm.demo(customers=50)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = result.df
    if frame.empty or not frame["customers"].sum():
        return canvas.empty()
    sides = [list(dict.fromkeys(frame[side])) for side in ("then", "now")]
    height = height or _ROW * len(sides[0]) + 8
    cells = _cells(frame, sides, canvas)
    slot = (canvas.room - 130) / len(sides[1])
    x, y = _axes(sides, slot, str(options_of(result).get("window", "")))
    drawn = (
        alt.Chart(data(cells))
        .mark_rect(stroke=canvas.colors.surface, strokeWidth=2)
        .encode(
            x=x,
            x2=alt.X2("right:Q"),
            y=y,
            y2=alt.Y2("bottom:Q"),
            color=alt.Color("color:N", scale=None),
            tooltip=[
                alt.Tooltip("tip:N", title="from, to"),
                alt.Tooltip("customers:Q"),
                alt.Tooltip("said:N", title="share"),
                alt.Tooltip("arr:N", title="ARR"),
            ],
        )
    )
    longest = max((cell["share"] for cell in cells), key=len)
    both = text_width(longest, 10) < slot - 4
    return canvas.finish(
        [drawn, *_texts([cell for cell in cells if cell["label"]], both=both)],
        message=str(result.extra["headline"]),
        subtitle=what(result, note="Rows add up to 100% of the customers in a band"),
        height=height,
    )


def _axes(sides: list[list[str]], slot: float, window: str) -> tuple[alt.X, alt.Y]:
    plain: dict[str, Any] = {"domain": False, "ticks": False, "grid": False}
    most = max(6, int((slot - 8) / text_width("x")))
    names = [textwrap.wrap(name, most) for name in sides[1]]
    columns = axis(
        dict(zip(map(float, range(len(names))), names, strict=True)),
        orient="top",
        labelPadding=4
        + 13 * (max(map(len, names)) - 1),  # or the cells hide all lines but the first
        title=f"ARR now, {window} later",
        titleAnchor="start",
        **plain,
    )
    rows = axis({float(i): name for i, name in enumerate(sides[0])}, **plain)
    wide = alt.Scale(domain=[-0.5, len(sides[1]) - 0.5], nice=False, zero=False)
    high = alt.Scale(domain=[len(sides[0]) - 0.5, -0.5], nice=False, zero=False)
    return alt.X("left:Q", scale=wide, axis=columns), alt.Y("top:Q", scale=high, axis=rows)


def _cells(frame: pd.DataFrame, sides: list[list[str]], canvas: Canvas) -> list[dict[str, Any]]:
    places = [{name: number for number, name in enumerate(names)} for names in sides]
    rows = []
    for row in frame.to_dict("records"):
        j, i = places[0][row["then"]], places[1][row["now"]]
        share = row["share"] if row["share"] == row["share"] else 0.0
        color = _color(j, i, share, sides, canvas.colors) if row["customers"] else _ground(canvas)
        said = _share(share) if row["customers"] and share else ""
        rows.append(
            {
                "i": i,
                "j": j,
                "left": i - 0.5,
                "right": i + 0.5,
                "top": j - 0.5,
                "bottom": j + 0.5,
                "color": color,
                "ink": readable_on(color),
                "customers": row["customers"],
                "label": f"{row['customers']:,}" if row["customers"] else "",
                "said": said,
                "share": said,
                "arr": f"{format_money(row['arr_then'], canvas.currency)} → "
                f"{format_money(row['arr_now'], canvas.currency)}",
                "tip": f"{row['then']} → {row['now']}",
            }
        )
    return rows


def _share(share: float) -> str:
    return "<1%" if share < 0.005 else format_ratio(share, 0)


def _ground(canvas: Canvas) -> str:
    return blend(canvas.colors.surface, canvas.colors.grid, 0.6)


def _color(j: int, i: int, share: float, sides: list[list[str]], colors: Palette) -> str:
    """Return grey where customers stay in their band, blue where they come or rise, orange where they fall or leave."""
    came, left = j == len(sides[0]) - 1, i == len(sides[1]) - 1
    if i == j and not came:
        return blend(colors.surface, colors.plain, 0.6)
    if came:
        return blend(colors.surface, colors.gain, 0.35)
    return blend(colors.surface, colors.loss if left or i < j else colors.gain, 0.25 + 0.75 * share)


def _texts(cells: list[dict[str, Any]], *, both: bool) -> list[alt.Chart]:
    """Return the number of customers in each cell, with their share below it where it fits."""
    place = {"x": alt.X("i:Q"), "y": alt.Y("j:Q"), "color": alt.Color("ink:N", scale=None)}
    known = [cell for cell in cells if cell["share"]] if both else []
    alone = [cell for cell in cells if cell not in known]
    return [
        alt.Chart(data(known))
        .mark_text(dy=-6, fontWeight=600)
        .encode(**place, text=alt.Text("label:N")),
        alt.Chart(data(known))
        .mark_text(dy=8, fontSize=10)
        .encode(**place, text=alt.Text("share:N")),
        alt.Chart(data(alone)).mark_text(fontWeight=600).encode(**place, text=alt.Text("label:N")),
    ]

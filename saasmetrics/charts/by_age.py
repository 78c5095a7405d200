"""Lines by age, one per cohort or group, with their interval: who holds what as it grows older."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.age_axis import end_labels
from saasmetrics.charts.cohorts import since
from saasmetrics.charts.frame import (
    MOST_BANDS,
    Canvas,
    axis,
    band_note,
    data,
    freq_option,
    options_of,
    what,
)
from saasmetrics.charts.series import MOST_GROUPS
from saasmetrics.charts.text import among, ticks
from saasmetrics.money import format_money, format_ratio
from saasmetrics.periods import NOUNS, PER_YEAR

THIN = 10  # fewer customers than this: the line is dashed

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result


def ages(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw a value by age as one line per cohort, of up to three with its interval as a band.

    Parameters
    ----------
    result
        Result of kind "ages": cohort, age, value, denominator and, with an interval, low and high.
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
    >>> chart = ages(sm.retention.cohorts(sm.demo(customers=100), cohort="segment", freq="Q"))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df[result.df["value"].notna()]
    if not len(frame):
        return canvas.empty("no cohort has been observed for a full period.")
    frame = frame.assign(line=_names(frame, result.by))
    size = frame.groupby("line", sort=False)["n"].max().sort_values(ascending=False)
    named = [n for n in dict.fromkeys(frame["line"]) if n in set(size.index[:MOST_GROUPS])]
    note = f"The {len(named)} largest of {len(size)} cohorts" if len(size) > len(named) else ""
    return _chart(frame[frame["line"].isin(named)], named, note, canvas)


def _names(frame: pd.DataFrame, by: tuple[str, ...]) -> pd.Series[str]:
    names = [*by, *(["cohort"] if "cohort" in frame.columns else [])]
    if not names:
        return frame["age"].astype(str).str[:0]
    return frame[names].astype(str).agg(" · ".join, axis=1)


def _chart(frame: pd.DataFrame, named: list[str], note: str, canvas: Canvas) -> alt.LayerChart:
    money = canvas.unit == "money" or options_of(canvas.result).get("measure") == "gross_profit"
    rows = _rows(frame, named, canvas, money=money)
    sure = [row for row in rows if not row["thin"]] or rows
    high = max(row["value"] for row in sure)
    top = min(max(high, *(row["high"] or 0 for row in sure)), 2 * high) * 1.03 or 1.0
    rows = [row for row in rows if row["value"] <= top]
    last = float(frame["age"].max()) or 1.0
    marks = ticks(0.0, top, "money" if money else "ratio", canvas.currency)
    step = next((s for s in (1, 2, 3, 6, 12, 24, 36) if last / s <= (canvas.room - 190) / 52), 60)
    freq = freq_option(canvas.result) or "M"
    below = axis(
        {float(a): str(a) for a in range(0, int(last) + 1, step)},
        title=f"{NOUNS[freq]}s since {since(canvas.result)}",
        titleAnchor="start",
        grid=False,
    )
    along = alt.Scale(domain=[0, last], nice=False)
    x = alt.X("age:Q", scale=along, axis=below)
    y = alt.Scale(domain=[0, top], nice=False)
    notes = [note] if note else []
    if band := band_note(len(named), known=any(row["between"] for row in rows)):
        notes.append(band)
    if any(row["thin"] for row in rows):
        notes.append(f"Dashed: fewer than {THIN} customers")
    if any(row["ahead"] for row in rows):
        notes.append("Dotted: projected beyond what was seen")
    return canvas.finish(
        [*_lines(rows, x, y, marks), _ends(rows, named, top, last, (along, y), canvas)],
        message=among(message(rows, named, freq, canvas.currency if money else ""), note),
        subtitle=what(canvas.result, note=". ".join(notes), unit="money" if money else "ratio"),
    )


def _rows(
    frame: pd.DataFrame, named: list[str], canvas: Canvas, *, money: bool
) -> list[dict[str, Any]]:
    hues = canvas.colors.groups
    color = {name: hues[number % len(hues)] for number, name in enumerate(named)}

    def said(value: float) -> str:
        return format_money(value, canvas.currency) if money else format_ratio(value)

    rows = []
    for row in frame.sort_values(["line", "age"]).to_dict("records"):
        low: Any = row.get("low")
        high: Any = row.get("high")
        known = low is not None and low == low and high == high
        banded = known and len(named) <= MOST_BANDS
        rows.append(
            {
                "line": row["line"],
                "age": float(row["age"]),
                "value": float(row["value"]),
                "low": float(low) if banded else None,
                "high": float(high) if banded else None,
                "color": color[row["line"]],
                "thin": int(row["n"]) < THIN and not row.get("projected", False),
                "ahead": bool(row.get("projected", False)),
                "text": said(float(row["value"])),
                "between": f"{said(low)} to {said(high)}" if known else "",
                "of": f"{row['n']:,.0f}",
            }
        )
    return rows


def _lines(
    rows: list[dict[str, Any]], x: alt.X, scale: alt.Scale, marks: dict[float, str]
) -> list[alt.Chart]:
    color, one = alt.Color("color:N", scale=None), alt.Detail("line:N")
    y = alt.Y("value:Q", scale=scale, axis=axis(marks))
    known = [row for row in rows if row["low"] is not None and not row["thin"]]
    band = (
        alt.Chart(data(known))
        .mark_area(opacity=0.14, clip=True)
        .encode(x=x, y=alt.Y("low:Q", scale=scale), y2=alt.Y2("high:Q"), color=color, detail=one)
    )
    base = alt.Chart(data(rows))
    dash = alt.StrokeDash(
        "style:N",
        scale=alt.Scale(domain=["solid", "thin", "ahead"], range=[[1, 0], [3, 3], [1, 2]]),
    )
    pieces = alt.Chart(data(_pieces(rows)))
    line = pieces.mark_line(strokeWidth=2.2).encode(
        x=x, y=y, color=color, detail=one, strokeDash=dash.legend(None)
    )
    tip = [
        *(alt.Tooltip(f"{name}:N") for name in ("line", "age")),
        alt.Tooltip("text:N", title="value"),
        alt.Tooltip("between:N", title="interval"),
        alt.Tooltip("of:N", title="customers"),
    ]
    touch = base.mark_point(size=60, opacity=0, filled=True).encode(x=x, y=y, tooltip=tip)
    return [band, line, touch]


def _pieces(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with the last of each solid piece also in the dashed one that goes on from it."""
    styled = [{**row, "style": _style(row)} for row in rows]
    joints = [
        {**before, "style": after["style"]}
        for before, after in pairwise(styled)
        if before["line"] == after["line"] and after["style"] not in ("solid", before["style"])
    ]
    return sorted([*styled, *joints], key=lambda row: (row["line"], row["age"]))


def _style(row: dict[str, Any]) -> str:
    return "ahead" if row["ahead"] else "thin" if row["thin"] else "solid"


def _ends(
    rows: list[dict[str, Any]],
    named: list[str],
    top: float,
    last: float,
    scales: tuple[alt.Scale, alt.Scale],
    canvas: Canvas,
) -> alt.Chart:
    ends = [max((r for r in rows if r["line"] == name), key=lambda r: r["age"]) for name in named]
    labels = [(f"{r['line']} {r['text']}".strip(), r["value"], r["color"]) for r in ends]
    return end_labels(labels, last, canvas.colors, canvas.height, *scales, top=top, limit=170)


def message(rows: list[dict[str, Any]], named: list[str], freq: str, currency: str) -> str:
    """Return the best and the worst at one year, or at the oldest age that all have reached, as a sentence."""
    year = PER_YEAR[freq]
    oldest = min(max(r["age"] for r in rows if r["line"] == name) for name in named)
    at = int(min(year, oldest))
    there = sorted((r for r in rows if r["age"] == at), key=lambda r: r["value"])
    if not there:
        return "By age"
    noun = NOUNS[freq] + ("s" if at != 1 else "")
    worst, best = there[0], there[-1]
    verb = "has brought" if currency else "keeps"
    if best["line"] == worst["line"]:
        return f"{best['line'] or 'A customer'} {verb} {best['text']} after {at} {noun}"
    return (
        f"After {at} {noun}, {best['line']} {verb} {best['text']}, {worst['line']} {worst['text']}"
    )

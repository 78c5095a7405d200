"""From MRR to the bills or the revenue of one period, step by step, and what stays unexplained over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, freq_of, period_axis, what
from saasmetrics.charts.text import period_text, text_width, ticks
from saasmetrics.errors import DataError
from saasmetrics.money import format_money, format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

_ROW = 27
_SEEN = 0.005  # currency units: less than half a cent is not drawn
_LABEL_WIDTH = 185


@dataclass(frozen=True)
class Strip:
    """Shares over time against a tolerance, and how they are told.

    Parameters
    ----------
    frame
        period, share, amount, complete.
    tolerance
        The band that is acceptable.
    message, name
        The title, and what a share is one of.
    """

    frame: pd.DataFrame
    tolerance: float
    message: str
    name: str


def reconciliation(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
    view: Literal["waterfall", "time"] = "waterfall",
    period: Any = None,
    last: int | None = None,
) -> alt.LayerChart:
    """Draw the steps from MRR to the bills of one period, or the unexplained share of every period.

    Parameters
    ----------
    result
        Result of `sm.revenue.reconcile`; groups are added up.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.
    view
        "waterfall" or "time".
    period
        A day in the period of the waterfall; by default the last complete one.
    last
        Over time, only so many of the last periods.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = reconciliation(sm.revenue.reconcile(sm.demo(customers=50)), view="time")
    """
    if view not in ("waterfall", "time"):
        msg = f"view is 'waterfall' or 'time', not {view!r}."
        raise DataError(msg)
    frame = _together(result)
    whole = replace(result, by=())
    canvas = Canvas.of(whole, theme, width, height or 0, title)
    if frame.empty:
        return canvas.empty()
    if view == "time":
        return strip(_unexplained(result, frame, last), canvas)
    row = _row_of(result, frame, period)
    if row is None or not any(abs(row[name]) >= _SEEN for name in result.extra["steps"]):
        return canvas.empty("all amounts are 0." if row is not None else "no such period.")
    return _waterfall(row, canvas, freq_of(result, result.df))


def _together(result: Result) -> pd.DataFrame:
    """Return one row per period, groups added up."""
    names = [*result.extra["steps"], result.extra["target"]]
    frame = result.df.groupby("period")[names].sum(min_count=1)
    frame["complete"] = result.df.groupby("period")["complete"].all()
    frame["share"] = frame["unexplained"] / frame["mrr"].where(frame["mrr"] != 0)
    return frame.reset_index()


def _row_of(result: Result, frame: pd.DataFrame, period: Any) -> dict[str, Any] | None:
    import pandas as pd

    if period is not None:
        found = frame[frame["period"] <= pd.Timestamp(period)].tail(1)
    else:
        target = result.extra["target"]
        known = frame[frame["complete"] & frame[target].notna()]
        found = (known if len(known) else frame).tail(1)
    return {str(k): v for k, v in found.iloc[0].items()} if len(found) else None


def _waterfall(row: dict[str, Any], canvas: Canvas, freq: str) -> alt.LayerChart:
    extra, colors = canvas.result.extra, canvas.colors
    bars = _bars(row, canvas)
    low = min(0.0, *(min(bar["start"], bar["end"]) for bar in bars))
    high = max(0.0, *(max(bar["start"], bar["end"]) for bar in bars))
    room = canvas.room - _LABEL_WIDTH
    widest = max(text_width(bar["label"], 12) for bar in bars) + 12
    high += (high - low) * widest / max(room - widest, 100)
    x = alt.Scale(domain=[low, high], nice=False, zero=False)
    y = alt.Scale(domain=[len(bars) - 0.5, -0.5], nice=False, zero=False)
    left = axis(
        {float(bar["j"]): bar["name"] for bar in bars},
        grid=False,
        domain=False,
        ticks=False,
        labelColor=colors.ink,
        labelLimit=_LABEL_WIDTH,
    )
    rects = (
        alt.Chart(data(bars))
        .mark_rect()
        .encode(
            x=alt.X("start:Q", scale=x, axis=None),
            x2=alt.X2("end:Q"),
            y=alt.Y("top:Q", scale=y, axis=left),
            y2=alt.Y2("bottom:Q"),
            color=alt.Color("color:N", scale=None),
            tooltip=[alt.Tooltip("name:N"), alt.Tooltip("tip:N", title="amount")],
        )
    )
    words = (
        alt.Chart(data(bars))
        .mark_text(align="left", dx=5, fontSize=12, fontWeight=600, color=colors.ink)
        .encode(
            x=alt.X("edge:Q", scale=x, axis=None), y=alt.Y("j:Q", scale=y), text=alt.Text("label:N")
        )
    )
    return canvas.finish(
        [_joints(bars, x, y, colors), rects, words],
        message=message(row, canvas.result, freq),
        subtitle=what(canvas.result, note=_hidden(row, extra["steps"])),
        height=canvas.height or _ROW * len(bars) + 6,
    )


def _joints(bars: list[dict[str, Any]], x: alt.Scale, y: alt.Scale, colors: Palette) -> alt.Chart:
    """Return a rule from the end of each bar to the next bar."""
    joints = [
        {"x": one["end"], "y": one["bottom"], "y2": two["top"]} for one, two in pairwise(bars)
    ]
    drawn: alt.Chart = (
        alt.Chart(data(joints))
        .mark_rule(color=colors.rule)
        .encode(x=alt.X("x:Q", scale=x, axis=None), y=alt.Y("y:Q", scale=y), y2=alt.Y2("y2:Q"))
    )
    return drawn


def _bars(row: dict[str, Any], canvas: Canvas) -> list[dict[str, Any]]:
    """Return one bar for MRR, for each step that can be seen and for where they lead."""
    extra, colors, level = canvas.result.extra, canvas.colors, 0.0
    labels, target = extra["labels"], extra["target"]
    bars: list[dict[str, Any]] = []
    for name in (*extra["steps"], target):
        amount = 0.0 if row[name] != row[name] else float(row[name])
        ends = name in ("mrr", target)
        if not ends and name != "unexplained" and abs(amount) < _SEEN:
            continue
        start, end = (0.0, amount) if ends else (level, level + amount)
        color = colors.total if ends else colors.gain if amount >= 0 else colors.loss
        if name == "unexplained":
            color = colors.movements["residual"]
        bars.append(
            {
                "j": len(bars),
                "top": len(bars) - 0.34,
                "bottom": len(bars) + 0.34,
                "name": labels[name],
                "start": start,
                "end": end,
                "edge": max(start, end),
                "color": color,
                "label": _label(name, row, canvas, ends=ends),
                "tip": f"{canvas.currency} {amount:,.2f}",
            }
        )
        level = end
    return bars


def _label(name: str, row: dict[str, Any], canvas: Canvas, *, ends: bool) -> str:
    amount = row[name]
    if amount != amount:
        return "not known"
    money = format_money(amount if ends else abs(amount), canvas.currency)
    if abs(amount) < _SEEN:
        money = format_money(0, canvas.currency)
    sign = "" if ends or abs(amount) < _SEEN else "+" if amount > 0 else "−"
    share = row["share"]
    if name != "unexplained" or share != share:
        return f"{sign}{money}"
    inside = "within" if abs(share) <= canvas.result.extra["tolerance"] else "beyond"
    return f"{sign}{money}, {_percent(share)}, {inside} tolerance"


def _percent(share: float) -> str:
    return format_ratio(abs(share), 1 if abs(share) >= 0.0005 or abs(share) < 5e-6 else 3)


def _hidden(row: dict[str, Any], steps: tuple[str, ...]) -> str:
    empty = sum(abs(row[name]) < _SEEN for name in steps if name not in ("mrr", "unexplained"))
    return f"{empty} steps are 0 and not drawn" if empty > 1 else ""


def message(row: dict[str, Any], result: Result, freq: str) -> str:
    """Return the reconciliation of a period as a sentence."""
    currency, extra = result.context.currency, result.extra
    when, target = (
        period_text(row["period"], freq, result.context.fiscal_start),
        row[extra["target"]],
    )
    word = {"billed": "invoiced", "recognised": "recognised", "revenue": "of revenue"}
    base = f"{extra['labels']['mrr']} of {format_money(row['mrr'], currency)}"
    if freq == "M":
        base = f"MRR of {format_money(row['mrr'], currency)}"
    if target != target:
        return f"{base} in {when} cannot be reconciled: finance does not have its revenue"
    share, rest = row["share"], "what is left has no MRR to compare with"
    if share == share:
        rest = f"{_percent(share)} unexplained ({format_ratio(extra['tolerance'])} allowed)"
    led = format_money(target, currency)
    return f"{base}, {led} {word[extra['target']]} in {when}: {rest}"


def _unexplained(result: Result, frame: pd.DataFrame, last: int | None) -> Strip:
    if last is not None:
        frame = frame.tail(last)
    freq, tolerance = freq_of(result, result.df), result.extra["tolerance"]
    known = frame[frame["share"].notna()]
    words = "No period can be reconciled yet"
    if len(known):
        within = int((known["share"].abs() <= tolerance).sum())
        worst = known.iloc[int(known["share"].abs().to_numpy().argmax())]
        noun = {"D": "days", "W": "weeks", "M": "months", "Q": "quarters", "Y": "years"}[freq]
        words = f"{within} of {len(known)} {noun} within {format_ratio(tolerance)} of MRR"
        if within < len(known):
            when = period_text(worst["period"], freq, result.context.fiscal_start)
            words += f"; most unexplained: {_percent(worst['share'])} in {when}"
    frame = frame.rename(columns={"unexplained": "amount"})
    return Strip(frame, tolerance, words, "unexplained share of MRR")


def strip(told: Strip, canvas: Canvas) -> alt.LayerChart:
    """Draw shares over time as bars around 0, with the band of the tolerance behind them."""
    frame, colors = told.frame, canvas.colors
    freq, periods = freq_of(canvas.result, frame), list(frame["period"])
    if not frame["share"].notna().any():
        return canvas.empty()
    rows = [_share_bar(i, dict(row), told, canvas) for i, (_, row) in enumerate(frame.iterrows())]
    edge = max(told.tolerance * 1.5, 1e-4)
    low = min(-edge, float(frame["share"].min()) * 1.1)
    high = max(edge, float(frame["share"].max()) * 1.1)
    marks = ticks(low, high, "ratio", canvas.currency, 4)
    y = alt.Scale(domain=[low, high], nice=False)
    x = alt.Scale(domain=[-0.6, len(periods) - 0.4], nice=False)
    below = axis(
        period_axis(periods, freq, canvas.room - 60, canvas.result.context.fiscal_start), grid=False
    )
    ends = {"left": -0.6, "right": len(periods) - 0.4, "top": told.tolerance}
    band = (
        alt.Chart(data([{**ends, "bottom": -told.tolerance}]))
        .mark_rect(color=colors.grid)
        .encode(
            x=alt.X("left:Q", scale=x, axis=below),
            x2=alt.X2("right:Q"),
            y=alt.Y("top:Q", scale=y, axis=axis(marks, grid=False)),
            y2=alt.Y2("bottom:Q"),
        )
    )
    bars = (
        alt.Chart(data(row for row in rows if row["share"] == row["share"]))
        .mark_rect()
        .encode(
            x=alt.X("left:Q", scale=x),
            x2=alt.X2("right:Q"),
            y=alt.Y("zero:Q", scale=y),
            y2=alt.Y2("share:Q"),
            color=alt.Color("color:N", scale=None),
            opacity=alt.Opacity("faint:Q", scale=None),
            tooltip=[alt.Tooltip(f"{n}:N") for n in ("period", "said", "amount")],
        )
    )
    zero = (
        alt.Chart(data([{"y": 0.0}])).mark_rule(color=colors.muted).encode(y=alt.Y("y:Q", scale=y))
    )
    note = f"Bars: {told.name}. Band: tolerance of {format_ratio(told.tolerance)}"
    return canvas.finish(
        [band, bars, zero],
        message=told.message,
        subtitle=what(canvas.result, freq=freq, note=note),
        height=canvas.height or 170,
    )


def _share_bar(number: int, row: dict[str, Any], told: Strip, canvas: Canvas) -> dict[str, Any]:
    share, amount = float(row["share"]), float(row["amount"])
    inside = abs(share) <= told.tolerance
    return {
        "left": number - 0.4,
        "right": number + 0.4,
        "zero": 0.0,
        "share": share,
        "color": canvas.colors.plain if inside else canvas.colors.loss,
        "faint": 1.0 if row["complete"] else 0.45,
        "period": period_text(
            row["period"], freq_of(canvas.result, told.frame), canvas.result.context.fiscal_start
        ),
        "said": format_ratio(share, 3),
        "amount": f"{canvas.currency} {amount:,.2f}",
    }

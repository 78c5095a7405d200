"""The bridge of recurring revenue: a waterfall from opening to closing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import altair as alt
import numpy as np

from saasmetrics.charts.frame import Canvas, axis, data, freq_of, what
from saasmetrics.charts.movements import MOVEMENTS, NAMES, movements
from saasmetrics.charts.text import period_text, text_width, wrap
from saasmetrics.errors import DataError
from saasmetrics.money import format_money, format_ratio
from saasmetrics.periods import day_number

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

_SMALL = 0.05  # of the opening: movements smaller than this cannot be seen beside it
_NEITHER = {"fx": "exchange rates", "transfer": "transfers"}  # is neither gained nor lost
_ALWAYS = ("new", "expansion", "contraction", "churn")


@dataclass(frozen=True)
class Steps:
    """A bridge of one or several periods, summed over groups.

    Parameters
    ----------
    opening, closing
        Amounts before the first and after the last period.
    moves
        Amount of each movement; losses are negative.
    when
        The periods, as people read them.
    periods
        How many periods were summed.
    """

    opening: float
    closing: float
    moves: dict[str, float]
    when: str
    periods: int

    def times(self, factor: int) -> Steps:
        """Return the bridge with all amounts multiplied."""
        moves = {name: amount * factor for name, amount in self.moves.items()}
        return replace(
            self, opening=self.opening * factor, closing=self.closing * factor, moves=moves
        )


def bridge(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 300,
    title: str | None = None,
    view: Literal["waterfall", "time"] | None = None,
    first: str | date | None = None,
    last: int | str | date | None = None,
    annual: bool = False,
) -> alt.LayerChart:
    """Draw a bridge as a waterfall from opening to closing, or its movements over time.

    Parameters
    ----------
    result
        Result of kind "bridge". Groups are added up; show one by filtering the book.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.
    view
        "waterfall" (default) or "time"; results of `sm.revenue.movements` show time by default.
    first, last
        First and last period summed in the waterfall: a day in it, such as first="2026-01", last="2026-03"; default:
        all complete periods. `last` as a number: only so many of the last periods.
    annual
        Draw the waterfall of ARR: twelve times MRR.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> quarter = bridge(sm.revenue.bridge(sm.demo(customers=50)), first="2026-01", last="2026-03")
    >>> "from Jan 2026 to Mar 2026" in quarter.to_dict()["title"]["text"][0]
    True
    """
    by_default = "time" if result.definition.id == "movements" else "waterfall"
    if (view or by_default) == "time":
        count = last if isinstance(last, int) else None
        if first is not None or count != last:
            result = replace(result, df=selected(result, first, last))
        return movements(result, theme=theme, width=width, height=height, title=title, last=count)
    canvas = Canvas.of(result, theme, width, height, title)
    frame = selected(result, first, last)
    if frame.empty or not (frame[["opening", "closing"]].abs().sum().sum() > 0):
        return canvas.empty(_why_empty(result, frame))
    steps = steps_of(frame, freq_of(result, result.df), result.context.fiscal_start)
    if annual:
        steps = steps.times(12)
    return _waterfall(steps, canvas, "ARR" if annual else "MRR")


def selected(
    result: Result, first: str | date | None = None, last: int | str | date | None = None
) -> pd.DataFrame:
    """Return the rows of a bridge to be summed: complete periods unless only open ones exist."""
    frame = result.df
    if "complete" in frame.columns and frame["complete"].any():
        frame = frame[frame["complete"].astype(bool)]
    if first is not None:
        frame = frame[frame["period"] >= _period_of(result.df, first)]
    if last is not None and not isinstance(last, int):
        return frame[frame["period"] <= _period_of(result.df, last)]
    if last is not None:
        if last < 1:
            msg = f"last is a number of periods, at least 1, not {last!r}."
            raise DataError(msg)
        periods = sorted(frame["period"].unique())[-last:]
        frame = frame[frame["period"].isin(periods)]
    return frame


def _period_of(frame: pd.DataFrame, day: str | date) -> pd.Timestamp:
    """Return the period in which a day lies."""
    import pandas as pd

    asked = pd.Timestamp(np.datetime64(day_number(day), "D"))
    begun = frame.loc[frame["period"] <= asked, "period"]
    return asked if begun.empty else begun.max()


def steps_of(frame: pd.DataFrame, freq: str, fiscal_start: int = 1) -> Steps:
    """Return one bridge over all periods and groups of some rows."""
    first, final = frame["period"].min(), frame["period"].max()
    moves = {name: float(frame[name].sum()) for name in MOVEMENTS if name in frame.columns}
    names = [period_text(period, freq, fiscal_start) for period in (first, final)]
    when = f"in {names[0]}" if final == first else f"from {names[0]} to {names[1]}"
    return Steps(
        opening=float(frame.loc[frame["period"] == first, "opening"].sum()),
        closing=float(frame.loc[frame["period"] == final, "closing"].sum()),
        moves={k: v for k, v in moves.items() if k in _ALWAYS or abs(v) >= 0.005},
        when=when,
        periods=int(frame["period"].nunique()),
    )


def message(steps: Steps, name: str, currency: str) -> str:
    """Return the bridge as a sentence with its numbers."""
    change = steps.closing - steps.opening
    gains = sum(v for k, v in steps.moves.items() if v > 0 and k not in _NEITHER)
    losses = -sum(v for k, v in steps.moves.items() if v < 0 and k not in _NEITHER)
    verb = "rose" if change > 0 else "fell" if change < 0 else "stayed"
    share = _share(change, steps.opening)
    tail = f": {format_money(gains, currency)} gained, {format_money(losses, currency)} lost"
    for move, words in _NEITHER.items():
        if amount := steps.moves.get(move, 0.0):
            sign = "+" if amount > 0 else "−"
            tail += f", {sign}{format_money(abs(amount), currency)} from {words}"
    return (
        f"{name} {verb} {'at' if not change else 'to'} {format_money(steps.closing, currency)}"
        f"{f' ({share})' if share else ''} {steps.when}{tail}"
    )


def _why_empty(result: Result, frame: pd.DataFrame) -> str:
    if not len(result.df):
        return "no period holds a paying customer."
    return "no period falls into the range asked for." if frame.empty else "all amounts are 0."


def _bars(steps: Steps, colors: Palette, currency: str) -> list[dict[str, Any]]:
    rows = [_bar("Opening", 0.0, steps.opening, colors.total, steps, currency)]
    level = steps.opening
    for name, amount in steps.moves.items():
        color = (
            colors.movements[name]
            if name in {"fx", "transfer", "residual"}
            else (colors.gain if amount >= 0 else colors.loss)
        )
        rows.append(_bar(NAMES[name], level, level + amount, color, steps, currency, move=True))
        level += amount
    rows.append(_bar("Closing", 0.0, steps.closing, colors.total, steps, currency))
    for index, row in enumerate(rows):
        row["i"] = index
    return rows


def _bar(
    name: str,
    low: float,
    high: float,
    color: str,
    steps: Steps,
    currency: str,
    *,
    move: bool = False,
) -> dict[str, Any]:
    amount = high - low
    sign = ("+" if amount > 0 else "−" if amount < 0 else "") if move else ""
    money = format_money(abs(amount) if move else amount, currency)
    change = amount if move else steps.closing - steps.opening
    return {
        "name": name,
        "start": low,
        "end": high,
        "color": color,
        "label": f"{sign}{money}",
        "share": "" if name == "Opening" else _share(change, steps.opening),
        "move": move,
        "tip": f"{sign}{currency} {abs(amount):,.2f}",
    }


def _share(change: float, opening: float) -> str:
    if opening <= 0 or not change:
        return ""
    sign, size = "+" if change > 0 else "−", abs(change) / opening
    return f"{sign}{format_ratio(size, 1 if size >= 0.0005 else 2)}"


def _floor(steps: Steps, rows: list[dict[str, Any]]) -> float:
    """Return where the axis starts: 0, or higher where movements would be too thin to see."""
    levels: list[float] = [
        value for row in rows if row["move"] for value in (row["start"], row["end"])
    ]
    largest = max((abs(v) for v in steps.moves.values()), default=0.0)
    if not largest or largest >= _SMALL * max(steps.opening, steps.closing) or steps.opening <= 0:
        return 0.0
    low, high = min(levels), max(levels)
    return max(0.0, low - (high - low) * 0.9)


def _waterfall(steps: Steps, canvas: Canvas, name: str) -> alt.LayerChart:
    colors, currency = canvas.colors, canvas.currency
    rows = _bars(steps, colors, currency)
    floor = _floor(steps, rows)
    for row in rows:
        if not row["move"]:
            row["start"] = floor
    slot = canvas.room / len(rows)
    top = max(max(row["start"], row["end"]) for row in rows)
    bottom = min(min(row["start"], row["end"]) for row in rows)
    span = (top - bottom) or 1.0
    y = alt.Scale(domain=[bottom - span * 0.02, top + span * 0.14], nice=False, zero=False)
    names = [wrap(row["name"], slot) for row in rows]
    below = axis(
        dict(enumerate(names)), labelColor=colors.ink, ticks=False, domain=False, grid=False
    )
    across = alt.Scale(domain=[-0.5, len(rows) - 0.5], nice=False)
    for row in rows:
        row.update(left=row["i"] - 0.36, right=row["i"] + 0.36)
    base = alt.Chart(data(rows))
    bars = base.mark_rect().encode(
        x=alt.X("left:Q", scale=across, axis=below),
        x2=alt.X2("right:Q"),
        y=alt.Y("start:Q", scale=y, axis=None),
        y2=alt.Y2("end:Q"),
        color=alt.Color("color:N", scale=None),
        tooltip=[
            alt.Tooltip("name:N"),
            alt.Tooltip("tip:N", title="amount"),
            alt.Tooltip("share:N"),
        ],
    )
    rules = connectors(rows, "end", y, colors, strokeWidth=1)
    layers: list[alt.Chart] = [rules, bars, *_labels(rows, slot, y, colors)]
    if floor > 0:
        layers.append(_breaks(rows, floor, span, y, colors))
    said = "ARR bridge (12 x MRR)" if name == "ARR" else ""
    by = canvas.result.by
    notes = [f"The groups by {', '.join(by)} are added up"] if by else []
    notes += ["The axis does not start at 0"] if floor > 0 else []
    subtitle = what(replace(canvas.result, by=()), note=". ".join(notes), name=said)
    return canvas.finish(layers, message=message(steps, name, currency), subtitle=subtitle)


def connectors(
    rows: list[dict[str, Any]], level: str, y: alt.Scale, colors: Palette, **mark: Any
) -> alt.Chart:
    """Return a rule from each bar of a waterfall to the next, at a level that the first one names."""
    joints = [
        {"left": one["right"], "right": two["left"], "level": one[level]}
        for one, two in pairwise(rows)
    ]
    drawn: alt.Chart = (
        alt.Chart(data(joints))
        .mark_rule(color=colors.rule, **mark)
        .encode(x=alt.X("left:Q"), x2=alt.X2("right:Q"), y=alt.Y("level:Q", scale=y, axis=None))
    )
    return drawn


def _labels(
    rows: list[dict[str, Any]], slot: float, y: alt.Scale, colors: Palette
) -> list[alt.Chart]:
    size = 12 if max(text_width(row["label"], 12) for row in rows) < slot - 4 else 10
    placed = [{**row, "edge": max(row["start"], row["end"])} for row in rows]
    base = alt.Chart(data(placed)).encode(x=alt.X("i:Q"), y=alt.Y("edge:Q", scale=y, axis=None))
    share = base.mark_text(dy=-7, fontSize=10, color=colors.muted).encode(text=alt.Text("share:N"))
    amounts = [
        alt.Chart(data(row for row in placed if bool(row["share"]) is above))
        .mark_text(dy=-20 if above else -9, fontSize=size, fontWeight=600, color=colors.ink)
        .encode(x=alt.X("i:Q"), y=alt.Y("edge:Q", scale=y, axis=None), text=alt.Text("label:N"))
        for above in (True, False)
    ]
    return [share, *amounts]


def _breaks(
    rows: list[dict[str, Any]], floor: float, span: float, y: alt.Scale, colors: Palette
) -> alt.Chart:
    """Return the gaps cut into opening and closing: their bars do not show the whole amount."""
    cuts = [
        {
            "x": row["i"] - 0.42,
            "x2": row["i"] + 0.42,
            "y": floor + span * at,
            "y2": floor + span * (at + 0.035),
        }
        for row in rows
        if not row["move"]
        for at in (0.10, 0.14)
    ]
    drawn: alt.Chart = (
        alt.Chart(data(cuts))
        .mark_rule(color=colors.surface, strokeWidth=3)
        .encode(
            x=alt.X("x:Q"), x2=alt.X2("x2:Q"), y=alt.Y("y:Q", scale=y, axis=None), y2=alt.Y2("y2:Q")
        )
    )
    return drawn

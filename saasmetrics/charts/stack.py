"""Amounts of each period as stacked bars, gains up and losses down, with their net as a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, freq_of, period_axis, what
from saasmetrics.charts.text import period_text, ticks
from saasmetrics.errors import DataError
from saasmetrics.money import format_money

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Palette
    from saasmetrics.result import Result

MOST_PERIODS = 60


@dataclass(frozen=True)
class Part:
    """A column that is drawn as one color, with the name that people read."""

    column: str
    name: str
    color: str


def tail(
    frame: pd.DataFrame, parts: Sequence[Part], last: int | None
) -> tuple[pd.DataFrame, list[Part], str]:
    """Return the last periods, the parts that are not 0 in them, and a note where earlier ones are left out.

    Raises
    ------
    DataError
        If `last` is no number of periods.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"new": [0.0, 5.0], "churn": [-2.0, 0.0]})
    >>> shown, parts, note = tail(frame, [Part("new", "New", "#000"), Part("churn", "Churn", "#999")], 1)
    >>> [part.name for part in parts], note
    (['New'], 'The last 1 of 2 periods')
    """
    if last is not None and last < 1:
        msg = f"last is a number of periods, at least 1, not {last!r}."
        raise DataError(msg)
    total = len(frame)
    frame = frame.tail(min(last or MOST_PERIODS, MOST_PERIODS)).reset_index(drop=True)
    used = [part for part in parts if frame[part.column].abs().sum() >= 0.005]
    return frame, used, f"The last {len(frame)} of {total} periods" if total > len(frame) else ""


def told(result: Result, note: str) -> str:
    """Return a note that also says that groups are added up, where there are any."""
    return ". ".join(words for words in (note, "Groups are added up" if result.by else "") if words)


def stacked(
    frame: pd.DataFrame,
    parts: Sequence[Part],
    canvas: Canvas,
    *,
    message: Callable[[pd.DataFrame, str], str],
    note: str = "",
    net: str = "Net",
) -> alt.LayerChart:
    """Return the chart of one row per period, with a column per part and `net`, their sum.

    Parameters
    ----------
    frame
        period, one column per part, net, complete.
    parts
        What is stacked, the first next to 0.
    canvas
        The result and how to draw it.
    message
        The sentence above the chart, from the frame and its frequency.
    note
        More for the subtitle.
    net
        The word for the line; "" for none.
    """
    colors, currency, freq = canvas.colors, canvas.currency, freq_of(canvas.result, frame)
    bars, nets = _rows(frame, parts, freq, canvas.result)
    levels = [0.0, *(row["end"] for row in bars)]
    levels += [row["net"] for row in nets] if net else []
    low, high = min(levels), max(levels)
    marks = ticks(low, high, "money", currency)
    y = alt.Scale(domain=[low - (high - low) * 0.04, high + (high - low) * 0.06], nice=False)
    labels = period_axis(
        list(frame["period"]), freq, canvas.room - 60, canvas.result.context.fiscal_start
    )
    x = alt.Scale(domain=[-0.6, len(frame) - 0.4], nice=False)
    xaxis = axis(labels, domain=False, ticks=False, grid=False)
    yaxis = axis(marks)
    scale = alt.Scale(domain=[part.name for part in parts], range=[part.color for part in parts])
    drawn = (
        alt.Chart(data(bars))
        .mark_rect()
        .encode(
            x=alt.X("left:Q", scale=x, axis=xaxis),
            x2=alt.X2("right:Q"),
            y=alt.Y("start:Q", scale=y, axis=yaxis),
            y2=alt.Y2("end:Q"),
            color=alt.Color("name:N", scale=scale, legend=alt.Legend(columns=0)),
            opacity=alt.Opacity("opacity:Q", scale=None),
            tooltip=[
                alt.Tooltip("period:N"),
                alt.Tooltip("name:N"),
                alt.Tooltip("tip:N", title="amount"),
            ],
        )
    )
    zero = alt.Chart(data([{"y": 0}])).mark_rule(color=colors.muted).encode(y=alt.Y("y:Q", scale=y))
    return canvas.finish(
        [drawn, zero, *(_net_layers(nets, x, y, colors, net) if net else [])],
        message=message(frame, freq),
        subtitle=what(canvas.result, freq=freq, note=_note(note, nets)),
    )


def _rows(
    frame: pd.DataFrame, parts: Sequence[Part], freq: str, result: Result
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    currency = result.context.currency
    bars: list[dict[str, Any]] = []
    nets: list[dict[str, Any]] = []
    for index, row in enumerate(frame.to_dict("records")):
        up = down = 0.0
        period = period_text(row["period"], freq, result.context.fiscal_start)
        complete = bool(row.get("complete", True))
        # losses from the last part on, so that the first of the gains and the last of the losses sit on the line
        up_first = [part for part in parts if row[part.column] > 0]
        for part in up_first + [part for part in reversed(parts) if row[part.column] < 0]:
            amount = float(row[part.column])
            start = up if amount > 0 else down
            up, down = (up + amount, down) if amount > 0 else (up, down + amount)
            bars.append(
                {
                    "left": index - 0.38,
                    "right": index + 0.38,
                    "start": start,
                    "end": start + amount,
                    "name": part.name,
                    "period": period,
                    "opacity": 1.0 if complete else 0.4,
                    "tip": f"{'+' if amount > 0 else '−'}{currency} {abs(amount):,.2f}",
                }
            )
        net = float(row["net"])
        nets.append(
            {
                "i": index,
                "net": net,
                "period": period,
                "complete": complete,
                "label": signed(net, currency),
                "tip": f"{currency} {net:,.2f}",
            }
        )
    return bars, nets


def signed(amount: float, currency: str) -> str:
    """Return an amount with its sign.

    Examples
    --------
    >>> signed(-950, "USD")
    '−$950'
    """
    return (
        f"{'+' if amount > 0 else '−' if amount < 0 else ''}{format_money(abs(amount), currency)}"
    )


def _net_layers(
    nets: list[dict[str, Any]], x: alt.Scale, y: alt.Scale, colors: Palette, word: str
) -> list[alt.Chart]:
    fit = {"x": alt.X("i:Q", scale=x), "y": alt.Y("net:Q", scale=y)}
    tip = [alt.Tooltip("period:N"), alt.Tooltip("tip:N", title=word.lower())]
    base = alt.Chart(data(nets))
    halo = base.mark_line(color=colors.surface, strokeWidth=4.5).encode(**fit)
    line = base.mark_line(color=colors.ink, strokeWidth=2).encode(**fit)
    size = 34 if len(nets) <= 36 else 14
    so_far = "" if nets[-1]["complete"] else " so far"
    solid = (
        alt.Chart(data([n for n in nets if n["complete"]]))
        .mark_point(filled=True, size=size, color=colors.ink, opacity=1)
        .encode(**fit, tooltip=tip)
    )
    hollow = (
        alt.Chart(data([n for n in nets if not n["complete"]]))
        .mark_point(
            filled=True,
            size=size + 10,
            fill=colors.surface,
            stroke=colors.ink,
            opacity=1,
            strokeWidth=1.5,
        )
        .encode(**fit, tooltip=tip)
    )
    label = (
        alt.Chart(
            data(
                [
                    {
                        **nets[-1],
                        "label": f"{word} {nets[-1]['label']}{so_far}",
                    }
                ]
            )
        )
        .mark_text(align="left", dx=12, dy=-8, fontWeight=600, color=colors.ink)
        .encode(**fit, text=alt.Text("label:N"))
    )
    return [halo, line, solid, hollow, label]


def _note(note: str, nets: list[dict[str, Any]]) -> str:
    still_open = "Pale: the period is not over" if not all(n["complete"] for n in nets) else ""
    return ". ".join(part for part in (note, still_open) if part)

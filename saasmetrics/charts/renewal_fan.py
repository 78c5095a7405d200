"""The gross renewal rate so far, and the range that is forecast for the next quarters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import axis, data, period_axis, what
from saasmetrics.charts.text import period_text, ticks
from saasmetrics.money import format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.frame import Canvas
    from saasmetrics.result import Result

_PAST = 12  # quarters


def fan(canvas: Canvas) -> alt.LayerChart:
    """Draw the gross renewal rate of decided quarters as a line, and the expected one with P10 to P90 ahead.

    Parameters
    ----------
    canvas
        The canvas of a result of kind "renewal_forecast" without groups.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> from saasmetrics.charts.frame import Canvas
    >>> result = sm.renewals.forecast(sm.demo(customers=300))
    >>> chart = fan(Canvas.of(result, "light", 680, 260, None))
    """
    import pandas as pd

    past, ahead = _rows(canvas.result)
    first, last = (past or ahead)[0]["period"], ahead[-1]["period"]
    periods = [first + pd.DateOffset(months=3 * k) for k in range(_quarters(first, last) + 1)]
    for row in (*past, *ahead):
        at = _quarters(first, row["period"])
        row |= {
            "i": at,
            "period": period_text(row["period"], "Q", canvas.result.context.fiscal_start),
            "text": format_ratio(row["value"]),
        }
    levels = [
        row[name] for row in (*past, *ahead) for name in ("value", "low", "high") if name in row
    ]
    low, high = max(min(levels) - 0.04, 0.0), max(*levels, 1.0) + 0.01
    return canvas.finish(
        _layers(past, ahead, periods, (low, high), canvas),
        message=_message(past, canvas.result),
        subtitle=what(
            canvas.result,
            unit="ratio",
            note="Hollow: expected, bars: P10 to P90, gap: not decided yet",
        ),
    )


def _layers(
    past: list[dict[str, Any]],
    ahead: list[dict[str, Any]],
    periods: list[pd.Timestamp],
    bounds: tuple[float, float],
    canvas: Canvas,
) -> list[alt.Chart]:
    colors, (low, high) = canvas.colors, bounds
    x = alt.Scale(domain=[-0.3, len(periods) - 0.5], nice=False)
    y = alt.Scale(domain=[low, high], nice=False, zero=False)
    across = alt.X(
        "i:Q",
        scale=x,
        axis=axis(
            period_axis(periods, "Q", canvas.room - 60, canvas.result.context.fiscal_start),
            grid=False,
        ),
    )
    up = alt.Y("value:Q", scale=y, axis=axis(ticks(low, high, "ratio", canvas.currency)))
    tip = [alt.Tooltip("period:N"), alt.Tooltip("text:N", title="rate")]
    line = alt.Chart(data(past)).encode(x=across, y=up)
    next_ones = alt.Chart(data(ahead)).encode(x=across, y=up)
    return [
        alt.Chart(data(ahead))
        .mark_rule(strokeWidth=14, color=colors.gain, opacity=0.3)
        .encode(x=across, y=alt.Y("low:Q", scale=y), y2=alt.Y2("high:Q")),
        line.mark_line(strokeWidth=2.2, color=colors.gain),
        line.mark_point(filled=True, size=34, color=colors.gain, opacity=1).encode(tooltip=tip),
        next_ones.mark_line(strokeWidth=1.8, strokeDash=[4, 3], color=colors.gain),
        next_ones.mark_point(
            filled=True,
            size=44,
            fill=colors.surface,
            stroke=colors.gain,
            opacity=1,
            strokeWidth=1.8,
        ).encode(tooltip=tip),
        next_ones.mark_text(dy=-12, fontSize=10, fontWeight=600, color=colors.ink).encode(
            text=alt.Text("text:N")
        ),
    ]


def _rows(result: Result) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    history = result.extra["history"].sort_values("period").tail(_PAST)
    past = [
        {"period": p, "value": float(v)}
        for p, v in zip(history["period"], history["value"], strict=True)
    ]
    frame = result.df[(result.df["periods"] == 1) & result.df["value"].notna()]
    ahead = [
        {
            "period": row["period"],
            "value": float(row["share"]),
            "low": float(row["share_p10"]),
            "high": float(row["share_p90"]),
        }
        for row in frame.to_dict("records")
    ]
    return past, ahead


def _quarters(first: pd.Timestamp, last: pd.Timestamp) -> int:
    """Return how many quarters one period starts after another."""
    return ((last.year - first.year) * 12 + last.month - first.month) // 3


def _message(past: list[dict[str, Any]], result: Result) -> str:
    total = result.df[result.df["periods"] == result.df["periods"].max()].iloc[0]
    span = f"{format_ratio(total['share_p10'])} to {format_ratio(total['share_p90'])}"
    said = f"Gross renewal of {format_ratio(total['share'])} is expected, {span} with 80% chance"
    return f"{said}; it was {past[-1]['text']} in {past[-1]['period']}" if past else said

"""Movements by reason as bars to the right and to the left: what grew and shrank MRR, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, freq_of, what
from saasmetrics.charts.stack import signed, told
from saasmetrics.charts.text import period_text, text_width, ticks
from saasmetrics.errors import DataError
from saasmetrics.periods import PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

NAMES = {
    "seats": "Seats",
    "price": "Price",
    "plan": "Plan changes",
    "cross_sell": "Cross-sell",
    "interval": "Billing interval",
    "discount_start": "Discounts given",
    "discount_end": "Discounts ended",
    "escalator": "Contracted uplifts",
    "usage": "Usage",
    "fx": "Exchange rates",
    "voluntary": "Churn, voluntary",
    "involuntary": "Churn, involuntary",
    "unknown": "Churn, cause unknown",
}
_ROW = 24


def subtypes(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
    last: int | None = None,
) -> alt.LayerChart:
    """Draw the sums of movements by reason over the last year as bars, gains right and losses left.

    Parameters
    ----------
    result
        Result of kind "subtypes"; groups are added up.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.
    last
        Over how many of the last complete periods; by default a year.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = subtypes(sm.revenue.movements(sm.demo(customers=50), subtypes=True))
    """
    if last is not None and last < 1:
        msg = f"last is a number of periods, at least 1, not {last!r}."
        raise DataError(msg)
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = result.df
    if frame.empty:
        return canvas.empty("no customer grew, shrank or left in any period.")
    freq = freq_of(result, frame)
    done = frame[frame["complete"].astype(bool)]
    done = done if len(done) else frame
    known = result.extra.get(
        "periods", done["period"].unique()
    )  # also those in which nothing moved
    periods = sorted(known)[-(last or PER_YEAR[freq]) :]
    rows = reasons(done[done["period"].isin(periods)])
    if rows.empty:
        return canvas.empty("no customer grew, shrank or left in these periods.")
    span = period_text(periods[-1], freq, result.context.fiscal_start)
    span = (
        span
        if len(periods) == 1
        else f"{period_text(periods[0], freq, result.context.fiscal_start)} to {span}"
    )
    return _chart(rows, span, freq, canvas)


def reasons(frame: pd.DataFrame) -> pd.DataFrame:
    """Return gain and loss per reason over all periods and groups, the largest sums first.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"movement": ["expansion", "contraction"], "subtype": "seats", "value": [9.0, -4.0]})
    >>> reasons(frame).values.tolist()
    [['seats', 9.0, -4.0]]
    """
    gain, loss = frame["value"].clip(lower=0), frame["value"].clip(upper=0)
    sums = frame.assign(gain=gain, loss=loss).groupby("subtype")[["gain", "loss"]].sum()
    sums = sums[sums.abs().max(axis=1) >= 0.005]
    order = (sums["gain"] + sums["loss"]).sort_values(ascending=False, kind="stable").index
    out: pd.DataFrame = sums.loc[order].reset_index()
    return out


def _chart(rows: pd.DataFrame, span: str, freq: str, canvas: Canvas) -> alt.LayerChart:
    colors, currency = canvas.colors, canvas.currency
    height = canvas.height or _ROW * len(rows) + 8
    bars = _bars(rows, canvas)
    low, high = _bounds(bars, canvas.room)
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    x = alt.X("zero:Q", scale=scale, axis=axis(ticks(low, high, "money", currency), grid=True))
    names = {
        float(i): NAMES.get(name, str(name)) for i, name in enumerate(rows["subtype"].tolist())
    }
    y = alt.Y(
        "top:Q",
        scale=alt.Scale(domain=[len(rows) - 0.5, -0.5], nice=False, zero=False),
        axis=axis(names, grid=False, labelColor=colors.ink),
    )
    drawn = (
        alt.Chart(data(bars))
        .mark_rect()
        .encode(
            x=x,
            x2=alt.X2("value:Q"),
            y=y,
            y2=alt.Y2("bottom:Q"),
            color=alt.Color("color:N", scale=None),
            tooltip=[alt.Tooltip("name:N"), alt.Tooltip("tip:N", title="amount")],
        )
    )
    zero = alt.Chart(data([{"x": 0}])).mark_rule(color=colors.muted).encode(x=alt.X("x:Q"))
    return canvas.finish(
        [drawn, zero, *_labels(bars, scale, colors.ink)],
        message=message(rows, span, currency),
        subtitle=what(
            canvas.result, freq=freq, unit="money", note=told(canvas.result, f"Sums over {span}")
        ),
        height=height,
    )


def _bars(rows: pd.DataFrame, canvas: Canvas) -> list[dict[str, Any]]:
    colors, currency = canvas.colors, canvas.currency
    bars: list[dict[str, Any]] = []
    for index, row in enumerate(rows.to_dict("records")):
        churn = row["subtype"] in ("voluntary", "involuntary", "unknown")
        for side in ("gain", "loss"):
            if abs(row[side]) < 0.005:
                continue
            color = colors.movements["churn" if churn else "contraction"]
            bars.append(
                {
                    "top": index - 0.34,
                    "bottom": index + 0.34,
                    "i": index,
                    "zero": 0.0,
                    "value": row[side],
                    "name": NAMES.get(row["subtype"], row["subtype"]),
                    "color": colors.movements["expansion"] if side == "gain" else color,
                    "label": signed(row[side], currency),
                    "tip": f"{currency} {row[side]:,.2f}",
                }
            )
    return bars


def _bounds(bars: list[dict[str, Any]], room: int) -> tuple[float, float]:
    """Return the ends of the scale of amounts, with room for the labels at the ends of the bars."""
    low = min(0.0, *(bar["value"] for bar in bars))
    high = max(0.0, *(bar["value"] for bar in bars))
    need = max(text_width(bar["label"]) for bar in bars) + 12
    sides = (low < 0) + (high > 0)
    per_pixel = (high - low) / max(room - 130 - need * sides, 120)
    return low - need * per_pixel * (low < 0), high + need * per_pixel * (high > 0)


def _labels(bars: list[dict[str, Any]], scale: alt.Scale, ink: str) -> list[alt.Chart]:
    place = {"x": alt.X("value:Q", scale=scale), "y": alt.Y("i:Q"), "text": alt.Text("label:N")}
    gains, losses = ([bar for bar in bars if (bar["value"] > 0) is side] for side in (True, False))
    return [
        alt.Chart(data(gains)).mark_text(align="left", dx=5, color=ink).encode(**place),
        alt.Chart(data(losses)).mark_text(align="right", dx=-5, color=ink).encode(**place),
    ]


def message(rows: pd.DataFrame, span: str, currency: str) -> str:
    """Return the largest gain and the largest loss as a sentence."""
    parts = []
    for column, verb in (("gain", "added most"), ("loss", "took most")):
        if rows[column].abs().max() >= 0.005:
            row = rows.iloc[int(rows[column].abs().to_numpy().argmax())]
            name = NAMES.get(row["subtype"], row["subtype"])
            parts.append(f"{name} {verb} ({signed(float(row[column]), currency)})")
    return f"{'; '.join(parts)}, {span}"

"""The layer cake: recurring revenue over time, one layer per cohort of customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, freq_of, freq_option, period_axis, what
from saasmetrics.charts.text import frequency, period_text, spread, ticks
from saasmetrics.charts.theme import Theme, Width, along
from saasmetrics.money import format_money, format_part

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result

MOST_LAYERS = 10
_COARSER = {"D": "M", "W": "Q", "M": "Q", "Q": "Y"}


def layers(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 300,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw recurring revenue over time by the cohort that pays it, the oldest at the bottom.

    Parameters
    ----------
    result
        Result of kind "layers": cohort, period, value. More than ten cohorts are added up into
        quarters or years.
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
    >>> chart = layers(sm.revenue.layers(sm.demo(customers=50)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df
    if not len(frame) or not frame["value"].fillna(0).abs().sum() > 0:
        return canvas.empty()
    cake, cohort_freq = merged(frame, freq_option(result))
    return _chart(cake, cohort_freq, canvas)


def merged(frame: pd.DataFrame, freq: str | None = None) -> tuple[pd.DataFrame, str]:
    """Return value by cohort and period for at most ten cohorts, and the cohorts' frequency.

    Examples
    --------
    >>> import pandas as pd
    >>> months = pd.date_range("2024-01-01", periods=24, freq="MS")
    >>> cake, freq = merged(pd.DataFrame({"cohort": months, "period": months[-1], "value": 1.0}))
    >>> freq, len(cake)
    ('Q', 8)
    """
    rows = frame[["cohort", "period", "value"]]
    freq = frequency(rows["cohort"], freq)
    while rows["cohort"].nunique() > MOST_LAYERS and freq in _COARSER:
        freq = _COARSER[freq]
        rows = rows.assign(cohort=rows["cohort"].dt.to_period(freq).dt.start_time)
    return rows.groupby(["cohort", "period"], as_index=False, sort=True).agg({"value": "sum"}), freq


def _chart(cake: pd.DataFrame, cohort_freq: str, canvas: Canvas) -> alt.LayerChart:
    wide = cake.pivot_table(index="period", columns="cohort", values="value", aggfunc="sum")
    wide = wide.fillna(0.0)  # a cohort that pays nothing in a period, not one that is unknown
    freq, periods = freq_of(canvas.result, cake), list(wide.index)
    rows = _rows(wide, cohort_freq, freq, canvas)
    high = max(row["high"] for row in rows) * 1.04 or 1.0
    labels = period_axis(periods, freq, canvas.room - 170, canvas.result.context.fiscal_start)
    marks = ticks(0.0, high, "money", canvas.currency)
    scale = alt.Scale(domain=[0, high], nice=False)
    one = len(periods) == 1
    x = alt.X(
        "i:Q",
        scale=alt.Scale(domain=[-0.4, 0.4] if one else [0, len(periods) - 1], nice=False),
        # Pushed inwards, the first and the last would touch their neighbors.
        axis=axis(labels, grid=False, labelFlush=False),
    )
    y = alt.Y("low:Q", scale=scale, axis=axis(marks))
    base = alt.Chart(data(rows))
    mark = (
        base.mark_bar(size=120)
        if one
        else base.mark_area(stroke=canvas.colors.surface, strokeWidth=0.7)
    )
    area = mark.encode(
        x=x,
        y=y,
        y2=alt.Y2("high:Q"),
        color=alt.Color("color:N", scale=None),
        detail=alt.Detail("cohort:N"),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("cohort", "period", "value")],
    )
    return canvas.finish(
        [area, _end_labels(rows, high, len(periods), scale, canvas)],
        message=message(wide, cohort_freq, freq, canvas.currency),
        subtitle=what(canvas.result, freq=freq, unit="money"),
    )


def _rows(wide: pd.DataFrame, cohort_freq: str, freq: str, canvas: Canvas) -> list[dict[str, Any]]:
    cohorts: list[Any] = list(wide.columns)
    periods: list[Any] = list(wide.index)
    amount = wide.to_numpy(dtype=float)
    high = amount.cumsum(axis=1)
    shades = [
        along(canvas.colors.ramp[::-1][:-1], index / max(1, len(cohorts) - 1))
        for index in range(len(cohorts))
    ]
    return [
        {
            "i": i,
            "cohort": period_text(cohort, cohort_freq, canvas.result.context.fiscal_start),
            "color": shades[k],
            "low": high[i, k] - amount[i, k],
            "high": high[i, k],
            "period": period_text(period, freq, canvas.result.context.fiscal_start),
            "value": format_money(amount[i, k], canvas.currency),
        }
        for k, cohort in enumerate(cohorts)
        for i, period in enumerate(periods)
        if len(periods) == 1 or period >= _first_drawn(cohort, periods)
    ]


def _first_drawn(cohort: Any, periods: list[Any]) -> Any:
    """Return the last period before a cohort starts, where its layer has no height yet."""
    earlier = [period for period in periods if period < cohort]
    return earlier[-1] if earlier else periods[0]


def _end_labels(
    rows: list[dict[str, Any]], high: float, count: int, scale: alt.Scale, canvas: Canvas
) -> alt.Chart:
    height, colors = canvas.height, canvas.colors
    ends = [row for row in rows if row["i"] == count - 1 and row["high"] > row["low"]]
    middle = [height * (1 - (row["low"] + row["high"]) / 2 / high) for row in ends]
    placed = spread(middle, 14, 4, height - 4)
    texts = [
        {
            "i": count - 1 if count > 1 else 0.4,
            "y": (1 - at / height) * high,
            "label": f"{row['cohort']}  {row['value']}",
        }
        for row, at in zip(ends, placed, strict=True)
    ]
    drawn: alt.Chart = (
        alt.Chart(data(texts))
        .mark_text(align="left", dx=8, baseline="middle", color=colors.ink)
        .encode(x=alt.X("i:Q"), y=alt.Y("y:Q", scale=scale), text=alt.Text("label:N"))
    )
    return drawn


def message(wide: pd.DataFrame, cohort_freq: str, freq: str, currency: str) -> str:
    """Return how much the older half of the cohorts still brings, as a sentence."""
    last, when = wide.iloc[-1], period_text(wide.index[-1], freq)
    total = float(last.sum())
    if len(last) < 2 or total <= 0:
        return f"MRR by cohort: {format_money(total, currency)} in {when}"
    newest = last.index[-1]
    share = float(last.iloc[:-1].sum()) / total
    return (
        f"{format_part(share, 0)} of the {format_money(total, currency)} MRR in {when} comes from "
        f"customers won before {period_text(newest, cohort_freq)}"
    )

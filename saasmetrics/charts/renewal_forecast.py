"""The distribution of what will be renewed, quarter by quarter, and how good forecasts were."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, constant, data, first_reason, what
from saasmetrics.charts.renewal_fan import fan
from saasmetrics.charts.text import period_text, text_width, ticks
from saasmetrics.money import format_money, format_part

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_BINS = 64


def renewal_forecast(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
    view: Literal["distribution", "quarters", "fan"] | None = None,
) -> alt.LayerChart:
    """Draw the distribution of the renewed ARR with the target, or the range of every quarter.

    Parameters
    ----------
    result
        Result of kind "renewal_forecast".
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.
    view
        "distribution" of all quarters (default without groups), "quarters", or "fan": the gross renewal rate so far
        and its range ahead.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = renewal_forecast(sm.renewals.forecast(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df
    if not len(frame) or not frame["value"].notna().any():
        return canvas.empty(first_reason(result) or "nothing comes up for renewal.")
    wanted = view or ("quarters" if result.by else "distribution")
    if wanted == "fan" and "history" in result.extra:
        return fan(canvas)
    if wanted == "distribution" and "distribution" in result.extra:
        return _distribution(canvas, result.extra["distribution"])
    return _quarters(canvas)


def _totals(result: Result) -> pd.DataFrame:
    frame = result.df
    last: pd.DataFrame = frame[frame["periods"] == frame["periods"].max()]
    return last


def _distribution(canvas: Canvas, masses: pd.DataFrame) -> alt.LayerChart:
    currency = canvas.currency
    totals = _totals(canvas.result)
    row = totals.iloc[0]
    bars, extent = _bins(canvas, masses, row)
    low, high = extent
    top = max(bar["share"] for bar in bars)
    x = alt.Scale(domain=[low, high], nice=False)
    y = alt.Scale(domain=[0, top * 1.55], nice=False)
    drawn = (
        alt.Chart(data(bars))
        .mark_rect()
        .encode(
            x=alt.X(
                "left:Q",
                scale=x,
                axis=axis(ticks(low, high, "money", currency), grid=False),
            ),
            x2=alt.X2("right:Q"),
            y=alt.Y("share:Q", scale=y, axis=None),
            y2=constant(alt.Y2Value, {"expr": "height"}),
            color=alt.Color("color:N", scale=None),
            tooltip=[alt.Tooltip("text:N", title="renewed"), alt.Tooltip("chance:N")],
        )
    )
    words = f"Renewed of the {format_money(row['atr'], currency)} that comes up"
    return canvas.finish(
        [drawn, *_lines(canvas, totals, x, top, extent)],
        message=message(canvas.result),
        subtitle=what(canvas.result, note=words),
    )


def _bins(
    canvas: Canvas, masses: pd.DataFrame, row: pd.Series[Any]
) -> tuple[list[dict[str, Any]], tuple[float, float]]:
    """Return the bars of the histogram, and the range of their axis."""
    colors, currency = canvas.colors, canvas.currency
    low, high = _extent(masses, row)
    step = (high - low) / _BINS
    cell = float(masses["value"].diff().min()) if len(masses) > 1 else step
    if (
        cell < step
    ):  # bars of whole cells of the grid, or they would differ by how many cells they hold
        step = math.ceil(step / cell) * cell
        low = math.floor(low / cell) * cell
    last = math.ceil((high - low) / step - 1e-9) - 1
    high = low + (last + 1) * step
    at = ((masses["value"] - low) / step + 1e-9).astype(int).clip(0, last)
    share = masses["probability"].groupby(at).sum()
    bars: list[dict[str, Any]] = [
        {
            "left": low + i * step,
            "right": low + (i + 1) * step,
            "share": float(p),
            "color": colors.plain
            if row["target"] == row["target"] and low + (i + 1) * step <= row["target"]
            else colors.gain,
            "text": f"{format_money(low + i * step, currency)} to {format_money(low + (i + 1) * step, currency)}",
            "chance": format_part(float(p)),
        }
        for i, p in zip(share.index.to_numpy(int).tolist(), share.tolist(), strict=True)
    ]
    return bars, (low, high)


def _extent(masses: pd.DataFrame, row: pd.Series[Any]) -> tuple[float, float]:
    """Return the range that holds all but one in ten thousand, and the lines drawn into it."""
    total = masses["probability"].cumsum()
    inside = masses[(total >= 1e-4) & (total <= 1 - 1e-4)]
    values = list(inside["value"]) or list(masses["value"])
    marks = [row[name] for name in ("p10", "p90", "commit", "target") if row[name] == row[name]]
    low, high = min([*values, *marks]), max([*values, *marks])
    room = (high - low) or abs(high) or 1.0
    return max(low - 0.04 * room, 0.0), high + 0.04 * room


def _lines(
    canvas: Canvas, totals: pd.DataFrame, x: alt.Scale, top: float, extent: tuple[float, float]
) -> list[alt.Chart]:
    """Return the lines at P10, P50, P90, commit and the target, with labels that do not touch."""
    colors, currency, row = canvas.colors, canvas.currency, totals.iloc[0]
    names = {"p10": "P10", "p50": "P50", "p90": "P90", "commit": "Commit", "target": "Target"}
    spots: dict[float, list[str]] = {}
    for name in names:
        if row[name] == row[name]:
            spots.setdefault(float(row[name]), []).append(name)
    marks: list[dict[str, Any]] = [
        {
            "at": at,
            "label": f"{', '.join(names[name] for name in here)} {format_money(at, currency)}",
            "color": colors.loss if "target" in here else colors.ink,
            "dash": set(here) <= {"commit", "target"},
        }
        for at, here in spots.items()
    ]
    y = alt.Scale(domain=[0, top * 1.55], nice=False)
    low, high = extent
    placed = _placed(marks, canvas.room, extent)
    for p in placed:
        p["y"] = top * (1.48 - 0.13 * p["level"])
        p["x"] = low + p["center"] / canvas.room * (high - low)
    for p in placed:
        p.update(y0=0.0, y1=p["y"] - top * 0.05)
    rules = [
        alt.Chart(data(p for p in placed if p["dash"] is dashed))
        .mark_rule(strokeWidth=1.4, strokeDash=[4, 3] if dashed else [1, 0])
        .encode(
            x=alt.X("at:Q", scale=x),
            y=alt.Y("y0:Q", scale=y, axis=None),
            y2=alt.Y2("y1:Q"),
            color=alt.Color("color:N", scale=None),
        )
        for dashed in (False, True)
    ]
    base = alt.Chart(data(placed)).encode(
        x=alt.X("x:Q", scale=x), y=alt.Y("y:Q", scale=y, axis=None), text=alt.Text("label:N")
    )
    look: dict[str, Any] = {"fontSize": 11, "fontWeight": 600, "baseline": "middle"}
    halo = base.mark_text(**look, stroke=colors.surface, strokeWidth=5)
    text = base.mark_text(**look).encode(color=alt.Color("color:N", scale=None))
    return [*rules, halo, text]


def _placed(
    marks: list[dict[str, Any]], room: float, extent: tuple[float, float]
) -> list[dict[str, Any]]:
    """Return the labels with the level at which none touches another."""
    low, high = extent
    placed: list[dict[str, Any]] = []
    for mark in sorted(marks, key=lambda m: m["at"]):
        pixel = (mark["at"] - low) / (high - low) * room
        half = text_width(mark["label"]) / 2 + 4
        center = min(max(pixel, half), room - half)
        level = next(
            k
            for k in range(len(marks) + 1)
            if all(abs(center - p["center"]) > half + p["half"] for p in placed if p["level"] == k)
        )
        placed.append({**mark, "center": center, "half": half, "level": level})
    return placed


def message(result: Result) -> str:
    """Return what is expected and how surely, as a sentence."""
    totals, currency = _totals(result), result.context.currency
    value, atr = float(totals["value"].sum()), float(totals["atr"].sum())
    said = f"{format_money(value, currency)} of {format_money(atr, currency)} is expected to renew"
    row = totals.iloc[0]
    if len(totals) == 1 and row["probability"] == row["probability"]:
        chance = float(row["probability"])
        words = format_part(chance, 0)
        if chance > 0.995:
            words = "over 99%" if chance < 1 else "100%"
        elif 0 < chance < 0.005:
            words = "under 1%"
        return f"{said}; the chance of {format_money(row['target'], currency)} is {words}"
    if len(totals) == 1 and row["p10"] == row["p10"]:
        low, high = (format_money(row[name], currency) for name in ("p10", "p90"))
        return f"{said}, with 80% chance from {low} to {high}"
    return said


def _quarters(canvas: Canvas) -> alt.LayerChart:
    """Draw ATR, won, expected and the range from P10 to P90 of every quarter and group."""
    result, colors, currency = canvas.result, canvas.colors, canvas.currency
    rows = _quarter_rows(result)
    high = max(row["atr"] for row in rows) * 1.02 or 1.0
    x = alt.Scale(domain=[0, high], nice=False)
    y = alt.Scale(domain=[len(rows) - 0.4, -0.6], nice=False)
    side = axis(
        {row["i"]: row["label"] for row in rows}, ticks=False, labelColor=colors.ink, grid=False
    )
    across = alt.X("zero:Q", scale=x, axis=axis(ticks(0.0, high, "money", currency), grid=True))
    tip = [
        alt.Tooltip("label:N"),
        alt.Tooltip("text:N", title="expected"),
        alt.Tooltip("range:N", title="P10 to P90"),
    ]
    base = alt.Chart(data(rows))
    at = alt.Y("i:Q", scale=y, axis=side)
    frame_bar = base.mark_rect(fill=colors.grid).encode(
        x=across,
        x2=alt.X2("atr:Q"),
        y=alt.Y("top:Q", scale=y, axis=side),
        y2=alt.Y2("bottom:Q"),
        tooltip=tip,
    )
    won = base.mark_rect(fill=colors.total).encode(
        x=across, x2=alt.X2("won:Q"), y=alt.Y("top:Q", scale=y, axis=side), y2=alt.Y2("bottom:Q")
    )
    range_bar = base.mark_rule(strokeWidth=7, color=colors.gain, opacity=0.45).encode(
        x=alt.X("p10:Q", scale=x), x2=alt.X2("p90:Q"), y=at, tooltip=tip
    )
    dot = base.mark_point(filled=True, size=70, color=colors.gain, opacity=1).encode(
        x=alt.X("value:Q", scale=x), y=at, tooltip=tip
    )
    commit = base.mark_tick(color=colors.loss, thickness=2, size=22).encode(
        x=alt.X("commit:Q", scale=x), y=at
    )
    note = "Pale: came up. Dark: won. Dot: expected. Bar: P10 to P90. Tick: commit"
    return canvas.finish(
        [frame_bar, won, range_bar, dot, commit],
        message=message(result),
        subtitle=what(result, note=note),
        height=max(canvas.height, 30 * len(rows)),
    )


def _quarter_rows(result: Result) -> list[dict[str, Any]]:
    currency, by = result.context.currency, list(result.by)
    frame = result.df[(result.df["periods"] == 1) & result.df["value"].notna()]
    rows: list[dict[str, Any]] = []
    for i, row in enumerate(frame.to_dict("records")):
        name = period_text(row["period"], "Q", result.context.fiscal_start)
        label = f"{' · '.join(str(row[b]) for b in by)}  {name}" if by else name
        rows.append(
            {
                "i": i,
                "top": i - 0.32,
                "bottom": i + 0.32,
                "zero": 0.0,
                **{k: float(row[k]) for k in ("value", "atr", "won", "p10", "p90", "commit")},
                "label": label,
                "text": f"{format_money(row['value'], currency)} of {format_money(row['atr'], currency)}",
                "range": f"{format_money(row['p10'], currency)} to {format_money(row['p90'], currency)}",
            }
        )
    return rows


def renewal_accuracy(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 260,
    title: str | None = None,
    horizon: int | None = None,
) -> alt.LayerChart:
    """Draw what was forecast before each past quarter as a range, and what came as a dot.

    Parameters
    ----------
    result
        Result of kind "renewal_accuracy".
    theme, width, height, title
        As for `renewal_forecast`.
    horizon
        Days before the quarter; by default 90 if it was asked for, else the first.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.renewals.accuracy(sm.demo(customers=300), quarters=4, horizons=[90])
    >>> chart = renewal_accuracy(found)
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df
    if not len(frame) or not frame["value"].notna().any():
        return canvas.empty(first_reason(result) or "no quarter is decided yet.")
    days = sorted(frame["horizon"].unique())
    shown = horizon if horizon is not None else (90 if 90 in days else days[0])
    frame = frame[(frame["horizon"] == shown) & frame["value"].notna()].sort_values("period")
    if not len(frame):
        return canvas.empty(f"no forecast was made {shown} days ahead.")
    return _backtest(frame, shown, canvas)


def _backtest(frame: pd.DataFrame, shown: int, canvas: Canvas) -> alt.LayerChart:
    colors, currency = canvas.colors, canvas.currency
    rows: list[dict[str, Any]] = [
        {
            "i": i,
            **{k: float(row[k]) for k in ("value", "low", "high", "actual")},
            "inside": bool(row["inside"]),
            "color": colors.ink if row["inside"] else colors.loss,
            "period": period_text(row["period"], "Q", canvas.result.context.fiscal_start),
            "said": format_money(row["value"], currency),
            "came": format_money(row["actual"], currency),
            "miss": f"{row['error']:+.1%}" if row["error"] == row["error"] else "",
        }
        for i, row in enumerate(frame.to_dict("records"))
    ]
    high = max(max(row["high"], row["actual"]) for row in rows) * 1.12 or 1.0
    y = alt.Scale(domain=[0, high], nice=False)
    x = alt.Scale(domain=[-0.5, len(rows) - 0.5], nice=False)
    below = axis({row["i"]: row["period"] for row in rows}, ticks=False, grid=False)
    tip = [
        alt.Tooltip("period:N"),
        alt.Tooltip("said:N", title="forecast"),
        alt.Tooltip("came:N", title="came"),
        alt.Tooltip("miss:N", title="error"),
    ]
    base = alt.Chart(data(rows)).encode(x=alt.X("i:Q", scale=x, axis=below))
    marks = axis(ticks(0.0, high, "money", currency))
    bar = base.mark_rule(strokeWidth=12, color=colors.gain, opacity=0.4).encode(
        y=alt.Y("low:Q", scale=y, axis=marks), y2=alt.Y2("high:Q"), tooltip=tip
    )
    middle = base.mark_tick(color=colors.gain, thickness=2.5, size=22, orient="horizontal").encode(
        y=alt.Y("value:Q", scale=y), tooltip=tip
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        y=alt.Y("actual:Q", scale=y), color=alt.Color("color:N", scale=None), tooltip=tip
    )
    miss = base.mark_text(fontSize=10, align="left", dx=14, color=colors.muted).encode(
        y=alt.Y("actual:Q", scale=y), text=alt.Text("miss:N")
    )
    hit = sum(row["inside"] for row in rows)
    return canvas.finish(
        [bar, middle, dots, miss],
        message=f"{hit} of {len(rows)} quarters came within the range forecast {shown} days ahead",
        subtitle=what(
            canvas.result,
            note="Bar: P10 to P90, tick: expected, dot: what came (orange: outside), per cent: error",
        ),
    )

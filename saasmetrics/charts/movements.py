"""Movements of recurring revenue over time: gains up, losses down, the net as a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, freq_of, period_axis, what
from saasmetrics.charts.text import period_text, ticks
from saasmetrics.errors import DataError
from saasmetrics.money import format_money

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

MOVEMENTS = (
    "new",
    "expansion",
    "reactivation",
    "transfer",
    "fx",
    "pause",
    "contraction",
    "churn",
    "residual",
)
NAMES = {
    "new": "New",
    "expansion": "Expansion",
    "reactivation": "Reactivation",
    "transfer": "Transfer",
    "fx": "FX",
    "pause": "Pause",
    "contraction": "Contraction",
    "churn": "Churn",
    "residual": "Residual",
}
MOST_PERIODS = 60


def movements(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 300,
    title: str | None = None,
    last: int | None = None,
) -> alt.LayerChart:
    """Draw the movements of each period as stacked bars, gains up and losses down, with the net.

    Parameters
    ----------
    result
        Result of kind "bridge" or "movements"; groups are added up.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.
    last
        Only so many of the last periods; more than 60 are never drawn, and the subtitle says so.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = movements(sm.revenue.bridge(sm.demo(customers=50)), last=24)
    """
    if last is not None and last < 1:
        msg = f"last is a number of periods, at least 1, not {last!r}."
        raise DataError(msg)
    canvas = Canvas.of(result, theme, width, height, title)
    frame = by_period(result.df)
    names = [name for name in MOVEMENTS if name in frame.columns]
    total, shown = len(frame), min(last or MOST_PERIODS, MOST_PERIODS)
    frame = frame.tail(shown).reset_index(drop=True)
    names = [name for name in names if frame[name].abs().sum() >= 0.005]
    if frame.empty or not names:
        return canvas.empty("no MRR moved in any period.")
    note = f"The last {len(frame)} of {total} periods" if total > len(frame) else ""
    return _chart(frame, names, canvas, note)


def by_period(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per period and one column per movement, groups added up, with their `net`.

    Examples
    --------
    >>> import pandas as pd
    >>> tall = pd.DataFrame({"period": pd.Timestamp("2026-01-01"), "movement": ["new", "churn"],
    ...     "value": [9.0, -4.0], "complete": True})
    >>> by_period(tall)[["new", "churn", "net"]].values.tolist()
    [[9.0, -4.0, 5.0]]
    """
    if "movement" in frame.columns:
        wide = frame.pivot_table(index="period", columns="movement", values="value", aggfunc="sum")
        if "complete" in frame.columns:
            wide["complete"] = frame.groupby("period")["complete"].min()
        wide = wide.reset_index()
    else:
        wide = frame
    names = [name for name in MOVEMENTS if name in wide.columns]
    complete = {"complete": "min"} if "complete" in wide.columns else {}
    kinds: dict[str, Any] = {**dict.fromkeys(names, "sum"), **complete}
    summed: pd.DataFrame = wide.groupby("period", as_index=False, sort=True).agg(kinds)
    return summed.assign(net=summed[[name for name in names if name != "residual"]].sum(axis=1))


def _chart(frame: pd.DataFrame, names: list[str], canvas: Canvas, note: str) -> alt.LayerChart:
    colors, currency, freq = canvas.colors, canvas.currency, freq_of(canvas.result, frame)
    bars, nets = _rows(frame, names, freq, currency)
    levels = [0.0, *(row["end"] for row in bars), *(row["net"] for row in nets)]
    low, high = min(levels), max(levels)
    marks = ticks(low, high, "money", currency)
    y = alt.Scale(domain=[low - (high - low) * 0.04, high + (high - low) * 0.06], nice=False)
    labels = period_axis(list(frame["period"]), freq, canvas.room - 60)
    x = alt.Scale(domain=[-0.6, len(frame) - 0.4], nice=False)
    xaxis = axis(labels, domain=False, ticks=False, grid=False)
    yaxis = axis(marks)
    order = [NAMES[name] for name in names]
    scale = alt.Scale(domain=order, range=[colors.movements[name] for name in names])
    stacked = (
        alt.Chart(data(bars))
        .mark_rect()
        .encode(
            x=alt.X("left:Q", scale=x, axis=xaxis),
            x2="right:Q",
            y=alt.Y("start:Q", scale=y, axis=yaxis),
            y2="end:Q",
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
        [stacked, zero, *_net_layers(nets, x, y, colors)],
        message=_message(frame, freq, currency),
        subtitle=what(canvas.result, freq=freq, note=_note(note, nets)),
    )


def _rows(
    frame: pd.DataFrame, names: list[str], freq: str, currency: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    bars: list[dict[str, Any]] = []
    nets: list[dict[str, Any]] = []
    for index, row in enumerate(frame.to_dict("records")):
        up = down = 0.0
        period, complete = period_text(row["period"], freq), bool(row.get("complete", True))
        # the outermost segments are drawn last, so that new and churn, the largest, sit on the line
        for name in [n for n in names if row[n] > 0] + [n for n in reversed(names) if row[n] < 0]:
            amount = float(row[name])
            start = up if amount > 0 else down
            up, down = (up + amount, down) if amount > 0 else (up, down + amount)
            bars.append(
                {
                    "left": index - 0.38,
                    "right": index + 0.38,
                    "start": start,
                    "end": start + amount,
                    "name": NAMES[name],
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
                "label": _signed(net, currency),
                "tip": f"{currency} {net:,.2f}",
            }
        )
    return bars, nets


def _signed(amount: float, currency: str) -> str:
    return (
        f"{'+' if amount > 0 else '−' if amount < 0 else ''}{format_money(abs(amount), currency)}"
    )


def _net_layers(
    nets: list[dict[str, Any]], x: alt.Scale, y: alt.Scale, colors: Palette
) -> list[alt.Chart]:
    fit = {"x": alt.X("i:Q", scale=x), "y": alt.Y("net:Q", scale=y)}
    tip = [alt.Tooltip("period:N"), alt.Tooltip("tip:N", title="net")]
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
                        "label": f"Net {nets[-1]['label']}{so_far}",
                    }
                ]
            )
        )
        .mark_text(align="left", dx=12, dy=-8, fontWeight=600, color=colors.ink)
        .encode(**fit, text="label:N")
    )
    return [halo, line, solid, hollow, label]


def _note(note: str, nets: list[dict[str, Any]]) -> str:
    still_open = "Pale: the period is not over" if not all(n["complete"] for n in nets) else ""
    return ". ".join(part for part in (note, still_open) if part)


def _message(frame: pd.DataFrame, freq: str, currency: str) -> str:
    done = frame[frame["complete"].astype(bool)] if "complete" in frame.columns else frame
    if done.empty:
        done = frame
    last = done.iloc[-1]
    grew = int((done["net"] > 0).sum())
    return (
        f"Net new MRR was {_signed(float(last['net']), currency)} in "
        f"{period_text(last['period'], freq)}; it was positive in {grew} of {len(done)} periods"
    )

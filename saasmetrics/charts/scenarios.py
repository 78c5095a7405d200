"""Scenarios side by side, and which lever matters most."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import altair as alt

from saasmetrics.charts.fan import drawn
from saasmetrics.charts.frame import MOST_BANDS, Canvas, axis, data, freq_option, what
from saasmetrics.charts.text import period_text, text_width, ticks
from saasmetrics.money import format_money, format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

_ROW = 34


def scenarios(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the past once, and every scenario as a dashed line with its name at the end.

    Parameters
    ----------
    result
        Result of `sm.forecast.scenarios`. Of more than three scenarios only the first has a band.
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
    >>> chart = scenarios(sm.forecast.scenarios(sm.demo(customers=50), [None, {"churn": 0.5}]))
    """
    canvas = Canvas.of(result, theme, width, height or 300, title)
    frame = result.df
    if not len(frame) or not frame["value"].notna().any():
        return canvas.empty()
    said = [_signed(change, canvas.currency) for change in frame["change"]]
    ahead = frame.assign(line=frame["scenario"], group="", said=said)
    ahead.loc[frame["scenario"] == frame["scenario"].iloc[0], "said"] = ""
    past = result.extra["history"].assign(group="")
    many = frame["scenario"].nunique() > MOST_BANDS
    interval = f"{result.context.options.get('interval', 0.8):.0%} of what may happen"
    note = f"Band: {interval}" + (f" in {frame['scenario'].iloc[0]}" if many else "")
    return drawn(ahead, past, [""], canvas, message=_best(result), note=note)


def _signed(change: float, currency: str) -> str:
    return f"{'−' if change < 0 else '+'}{format_money(abs(round(change, 2)), currency)}"


def _best(result: Result) -> str:
    last = result.df.groupby("scenario", sort=False).last()
    currency = result.context.currency
    when = period_text(
        result.df["period"].max(), freq_option(result) or "Q", result.context.fiscal_start
    )
    first = last.iloc[0]
    text = (
        f"{str(last.index[0]).capitalize()}: {format_money(first['value'], currency)} MRR in {when}"
    )
    if len(last) == 1:
        return text
    change = last["change"].iloc[1:]
    name = str(change.abs().idxmax())
    verb = "adds" if change[name] >= 0 else "takes"
    return f"{text}; {name} {verb} {format_money(abs(change[name]), currency)}"


def tornado(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw for every lever what MRR at the horizon gains and loses, the lever that matters most on top.

    Parameters
    ----------
    result
        Result of `sm.forecast.tornado`.
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
    >>> chart = tornado(sm.forecast.tornado(sm.demo(customers=50)))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = result.df
    if not len(frame) or not (frame["size"] > 0).any():
        return canvas.empty("no lever moves MRR.")
    words = result.extra["words"]
    frame = frame.assign(lever=[words.get(name, name) for name in frame["lever"]])
    bars = [
        _bar(number, row, side, canvas)
        for number, row in enumerate(frame.to_dict("records"))
        for side in ("down", "up")
    ]
    names = {float(number): str(name) for number, name in enumerate(frame["lever"])}
    freq = freq_option(result) or "Q"
    when = period_text(result.extra["period"], freq, result.context.fiscal_start)
    note = (
        f"Change of the {format_money(result.extra['value'], canvas.currency)} expected for {when}"
    )
    return canvas.finish(
        _bars(bars, names, canvas),
        message=_most(frame, when, canvas.currency),
        subtitle=what(result, note=note, unit="money"),
        height=canvas.height or _ROW * len(names) + 20,
    )


def _bar(number: int, row: Mapping[Hashable, Any], side: str, canvas: Canvas) -> dict[str, Any]:
    change = round(row[f"change_{side}"], 2)
    label = f"{_signed(change, canvas.currency)}  ({_minus(row[side])})"
    if not change:
        label = "no effect" if side == "up" and not row["size"] else ""
    return {
        "j": number,
        "change": change,
        "color": canvas.colors.gain if change >= 0 else canvas.colors.loss,
        "label": label,
        "side": side,
        "lever": row["lever"],
        "setting": row[side],
        "mrr": format_money(row[f"value_{side}"], canvas.currency),
    }


def _minus(setting: str) -> str:
    return setting.replace("-", "−")


def _bars(bars: list[dict[str, Any]], names: dict[float, str], canvas: Canvas) -> list[alt.Chart]:
    colors = canvas.colors
    most = max(abs(bar["change"]) for bar in bars)
    room = max(canvas.room - 120, 200) / 2
    widest = max(text_width(bar["label"]) for bar in bars) + 14
    edge = most / max(1 - widest / room, 0.2)
    x = alt.Scale(domain=[-edge, edge], nice=False)
    y = alt.Scale(domain=[len(names) - 0.4, -0.6], nice=False, zero=False)
    marks = ticks(-most, most, "money", canvas.currency, 4)
    rows = alt.Y(
        "j:Q", scale=y, axis=axis(names, grid=False, labelColor=colors.ink, labelLimit=160)
    )
    drawn_bars = (
        alt.Chart(data(bars))
        .mark_bar(size=18)
        .encode(
            x=alt.X("change:Q", scale=x, axis=axis(marks, grid=True)),
            x2=alt.datum(0),
            y=rows,
            color=alt.Color("color:N", scale=None),
            tooltip=[alt.Tooltip(f"{name}:N") for name in ("lever", "setting", "mrr", "label")],
        )
    )
    zero = alt.Chart(data([{"x": 0}])).mark_rule(color=colors.muted).encode(x=alt.X("x:Q", scale=x))
    words = []
    sides: tuple[tuple[Literal["left", "right"], int, int], ...]
    sides = (("left", 1, 5), ("right", -1, -5))
    for align, sign, dx in sides:
        mine = [
            b for b in bars if b["change"] * sign > 0 or (b["label"] == "no effect" and sign > 0)
        ]
        words.append(
            alt.Chart(data(_apart(mine)))
            .mark_text(align=align, baseline="middle", dx=dx, color=colors.ink)
            .encode(
                x=alt.X("change:Q", scale=x), y=alt.Y("at:Q", scale=y), text=alt.Text("label:N")
            )
        )
    return [drawn_bars, zero, *words]


def _apart(bars: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return bars with the height of their labels: two that point the same way stand one above the other."""
    seen: dict[int, int] = {}
    for bar in bars:
        seen[bar["j"]] = seen.get(bar["j"], 0) + 1
    shift = {"down": -0.2, "up": 0.2}
    return [
        bar | {"at": bar["j"] + (shift[bar["side"]] if seen[bar["j"]] > 1 else 0)} for bar in bars
    ]


def _most(frame: pd.DataFrame, when: str, currency: str) -> str:
    top = frame.iloc[0]
    side = "down" if abs(top["change_down"]) >= abs(top["change_up"]) else "up"
    change = top[f"change_{side}"]
    share = format_ratio(abs(change) / (top[f"value_{side}"] - change), 0)
    verb = "adds" if change > 0 else "costs"
    return (
        f"MRR moves most with {top['lever']}: {_minus(top[side])} {verb} "
        f"{format_money(abs(change), currency)} ({share}) by {when}"
    )

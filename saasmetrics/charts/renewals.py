"""Renewal rates over time with what is still open, and the waterfall of what came up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.bridge import connectors
from saasmetrics.charts.frame import Canvas, axis, constant, data, freq_of, options_of, what
from saasmetrics.charts.series import series
from saasmetrics.charts.text import period_text, text_width, wrap
from saasmetrics.errors import DataError
from saasmetrics.money import format_money, format_part, format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

MEASURES = {
    "gross": "Gross renewal rate",
    "net": "Net renewal rate",
    "full": "Share renewed at full value",
    "logo": "Logo renewal rate",
    "churn": "Churn of what came up",
}
NAMES = {
    "atr": "Came up (ATR)",
    "lost": "Lost",
    "downsell": "Downsell",
    "open": "Still open",
    "renewed": "Renewed",
    "escalator": "Escalator",
    "mid_term": "Grown in the term",
    "upsell": "Upsell",
    "final": "After renewal",
}
_TOTALS = ("atr", "renewed", "final")
_LOSSES = ("lost", "downsell", "open")


def renewal_rates(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
    last: int | None = None,
) -> alt.LayerChart:
    """Draw a renewal rate by due period; where terms are still open, the band is where the rate can end.

    Parameters
    ----------
    result
        Result of kind "renewal_rates".
    theme, width, height, title, last
        As for `series`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = renewal_rates(sm.renewals.rates(sm.demo(customers=50), freq="Y"))
    """
    from dataclasses import replace

    if not len(result.df):
        canvas = Canvas.of(result, theme, width, height, title)
        return canvas.empty("nothing has come up for renewal.")
    measure = str(options_of(result).get("measure", "gross"))
    frame = reachable(result.df, measure)
    name = MEASURES[measure]
    if title is None and len(frame) and frame["value"].notna().any():
        title = _message(frame, result, name)
    drawn = replace(result, df=frame)
    chart = series(drawn, theme=theme, width=width, height=height, title=title, last=last)
    if result.by or not frame["value"].notna().any():
        return chart
    return _with_open_shares(chart, frame, Canvas.of(result, theme, width, height, title), last)


def reachable(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return rates in which the interval of a period with open terms is where it can end once they are decided.

    Examples
    --------
    >>> import pandas as pd
    >>> half = pd.DataFrame({"value": [1.0], "low": [0.9], "high": [1.0], "of_all": [0.5],
    ...     "open_share": [0.5], "terms_open": [1]})
    >>> reachable(half, "gross")[["low", "high"]].values.tolist()
    [[0.5, 1.0]]
    """
    if not len(frame) or "low" not in frame.columns:
        return frame
    still = frame["terms_open"] > 0
    share = frame["open_share"]
    if measure == "logo":
        share = frame["customers_open"] / frame["customers"].where(frame["customers"] > 0)
    out = frame.copy()
    out["low"] = frame["low"].where(~still, frame["of_all"])
    out["high"] = frame["high"].where(~still, frame["of_all"] + share)
    return out


def _message(frame: pd.DataFrame, result: Result, name: str) -> str:
    freq = freq_of(result, frame)
    done = frame[frame["complete"] & frame["value"].notna()]
    if result.by:
        done = done[done["period"] == done["period"].max()].sort_values("value")
        if len(done) < 2:
            return name
        low, high = done.iloc[0], done.iloc[-1]
        names = [" · ".join(str(row[b]) for b in result.by) for row in (low, high)]
        return (
            f"{name} runs from {format_ratio(low['value'])} ({names[0]}) to {format_ratio(high['value'])} "
            f"({names[1]}) of what came up in {period_text(high['period'], freq, result.context.fiscal_start)}"
        )
    row = (done if len(done) else frame[frame["value"].notna()]).iloc[-1]
    of = f"of what came up in {period_text(row['period'], freq, result.context.fiscal_start)}"
    if not len(done):
        return f"{name} is {format_ratio(row['value'])} so far {of}"
    return f"{name} was {format_ratio(row['value'])} {of}"


def _with_open_shares(
    chart: alt.LayerChart, frame: pd.DataFrame, canvas: Canvas, last: int | None
) -> alt.LayerChart:
    """Shade the periods in which terms are open, and say how much of them is."""
    known = frame[frame["value"].notna()]
    shown = sorted(
        frame.loc[frame["period"].between(known["period"].min(), known["period"].max()), "period"]
    )
    shown = shown[-last:] if last is not None else shown
    share = dict(zip(frame["period"], frame["open_share"], strict=True))
    rows = [
        {
            "i": i,
            "left": i - 0.5,
            "right": min(i + 0.5, len(shown) - 0.8),
            "text": f"{format_part(share[period], 0)}\nopen",
        }
        for i, period in enumerate(shown)
        if share[period] > 0
    ]
    shade = (
        alt.Chart(data(rows))
        .mark_rect(color=canvas.colors.grid, opacity=0.7)
        .encode(
            x=alt.X("left:Q"),
            x2=alt.X2("right:Q"),
            y=constant(alt.YValue, 0),
            y2=constant(alt.Y2Value, {"expr": "height"}),
        )
    )
    words = (
        alt.Chart(data(rows))
        .mark_text(fontSize=10, color=canvas.colors.ink, lineBreak="\n", baseline="bottom")
        .encode(x=alt.X("i:Q"), y=constant(alt.YValue, canvas.height - 16), text=alt.Text("text:N"))
    )
    chart.layer = [shade, *chart.layer, words]
    if chart.title is not alt.Undefined and rows:
        lines = list(chart.title.subtitle)
        said = "Shaded: terms are still open; the band there is where the rate can end."
        chart.title.subtitle = [*lines, *wrap(said, canvas.room - 16)]
    return chart


def atr_waterfall(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 300,
    title: str | None = None,
    period: str | None = None,
    last: int = 4,
) -> alt.LayerChart:
    """Draw what came up for renewal, what became of it, and what the renewals added.

    Parameters
    ----------
    result
        Result of kind "atr_waterfall". Groups are added up.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.
    period
        One due period, as ISO date.
    last
        So many of the last periods added up, where no period is named.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    DataError
        If nothing is due in the period named.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = atr_waterfall(sm.renewals.waterfall(sm.demo(customers=100)))
    """
    import pandas as pd

    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df
    freq = freq_of(result, frame) if len(frame) else "Q"
    if period is not None:
        frame = frame[frame["period"] == pd.Timestamp(period)]
        if not len(frame):
            msg = f"No term is due in the period from {period}; name the first day of a period of the result."
            raise DataError(msg)
    elif len(frame):
        frame = frame[frame["period"].isin(sorted(frame["period"].unique())[-last:])]
    amounts = {name: float(frame[name].sum()) for name in NAMES}
    if not amounts["atr"]:
        return canvas.empty("nothing came up for renewal.")
    first, final = (
        period_text(frame["period"].agg(side), freq, result.context.fiscal_start)
        for side in ("min", "max")
    )
    when = f"in {first}" if first == final else f"from {first} to {final}"
    return _waterfall(amounts, when, canvas)


def _waterfall(amounts: dict[str, float], when: str, canvas: Canvas) -> alt.LayerChart:
    colors = canvas.colors
    rows = _bars(amounts, canvas)
    slot = canvas.room / len(rows)
    top = max(row["high"] for row in rows)
    y = alt.Scale(domain=[0, top * 1.16], nice=False)
    across = alt.Scale(domain=[-0.5, len(rows) - 0.5], nice=False)
    below = axis(
        {row["i"]: wrap(row["name"], slot) for row in rows},
        labelColor=colors.ink,
        ticks=False,
        domain=False,
        grid=False,
    )
    bars = (
        alt.Chart(data(rows))
        .mark_rect()
        .encode(
            x=alt.X("left:Q", scale=across, axis=below),
            x2=alt.X2("right:Q"),
            y=alt.Y("low:Q", scale=y, axis=None),
            y2=alt.Y2("high:Q"),
            color=alt.Color("color:N", scale=None),
            tooltip=[alt.Tooltip("name:N"), alt.Tooltip("tip:N", title="amount")],
        )
    )
    size = 12 if max(text_width(row["label"], 12) for row in rows) < slot - 4 else 10
    base = alt.Chart(data(rows)).encode(x=alt.X("i:Q"), y=alt.Y("high:Q", scale=y, axis=None))
    words = base.mark_text(dy=-20, fontSize=size, fontWeight=600, color=colors.ink)
    shares = base.mark_text(dy=-8, fontSize=10, color=colors.muted)
    kept = format_part(amounts["renewed"] / amounts["atr"])
    still = -amounts["open"] / amounts["atr"]
    tail = f"; {format_part(still, 0)} is still open" if still > 0 else ""
    return canvas.finish(
        [
            connectors(rows, "level", y, colors),
            bars,
            words.encode(text=alt.Text("label:N")),
            shares.encode(text=alt.Text("share:N")),
        ],
        message=f"Of {format_money(amounts['atr'], canvas.currency)} that came up {when}, {kept} is renewed{tail}",
        subtitle=what(canvas.result, note="Per cents are of what came up"),
    )


def _bars(amounts: dict[str, float], canvas: Canvas) -> list[dict[str, Any]]:
    colors, currency = canvas.colors, canvas.currency
    rows: list[dict[str, Any]] = []
    level = 0.0
    for name, amount in amounts.items():
        whole = name in _TOTALS
        if not whole and not amount and name in ("escalator", "mid_term"):
            continue
        start = 0.0 if whole else level
        level = amount if whole else level + amount
        shade = colors.total if whole else colors.loss if name in _LOSSES else colors.gain
        sign = "" if whole else "+" if amount > 0 else "−" if amount < 0 else ""
        rows.append(
            {
                "i": len(rows),
                "left": len(rows) - 0.36,
                "right": len(rows) + 0.36,
                "low": min(start, level),
                "high": max(start, level),
                "level": level,
                "name": NAMES[name],
                "color": colors.plain if name == "open" else shade,
                "label": f"{sign}{format_money(abs(amount), currency)}",
                "share": "" if name == "atr" else format_ratio(abs(amount) / amounts["atr"]),
                "tip": f"{currency} {amount:,.2f}",
            }
        )
    return rows

"""Two sources of one number: the difference over time, and the customers who make it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import Canvas, axis, data, freq_of, what
from saasmetrics.charts.reconciliation import Strip, strip
from saasmetrics.charts.text import period_text, text_width, ticks
from saasmetrics.errors import UnknownNameError
from saasmetrics.money import format_money, format_ratio

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
    from saasmetrics.result import Result

MOST_ROWS = 15
_ROW = 24
_AWAY = ("differs", "only_a", "only_b")
_CENT = 0.005


def sources(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
    against: str | None = None,
    last: int | None = None,
) -> alt.LayerChart:
    """Draw how far the second source is from the first in every period, with the tolerance as a band.

    Parameters
    ----------
    result
        Result of `sm.definitions.sources` over time.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.
    against
        Which of several sources; by default the one that is furthest away.
    last
        Only so many of the last periods.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = sources(sm.definitions.sources(sm.demo(customers=50)), against="contracts")
    """
    canvas = Canvas.of(replace(result, by=()), theme, width, height or 0, title)
    frame, name = _of(result, against)
    if last is not None:
        frame = frame.tail(last)
    if frame.empty or not frame["share"].notna().any():
        return canvas.empty("neither source has MRR.")
    words = _over_time(frame, result, name)
    told = frame.rename(columns={"difference": "amount"})
    said = f"difference to {result.extra['labels'][0]}, as a share of it"
    return strip(Strip(told, result.extra["tolerance"], words, said), canvas)


def _of(result: Result, against: str | None) -> tuple[pd.DataFrame, str]:
    """Return the rows of one pair of sources, and the name of the second."""
    if result.df.empty or "against" not in result.df.columns:
        return result.df, result.extra["labels"][1]
    size = result.df.groupby("against", sort=False)["difference"].apply(lambda d: d.abs().sum())
    name = size.idxmax() if against is None else against
    if name not in size.index:
        raise UnknownNameError.of("source in this comparison", name, list(size.index))
    return result.df[result.df["against"] == name], str(name)


def _over_time(frame: pd.DataFrame, result: Result, name: str) -> str:
    known = frame[frame["complete"]] if frame["complete"].any() else frame
    row = known.iloc[-1]
    away = int(sum(row[n] for n in _AWAY))
    customers = int(sum(row[n] for n in ("equal", "within", *_AWAY)))
    when = period_text(row["period"], freq_of(result, frame), result.context.fiscal_start)
    one = result.extra["labels"][0]
    amount = row["difference"]
    if abs(amount) < _CENT and not away:
        return f"{_capital(name)} and {one} say the same of every customer in {when}"
    verb = "more" if amount > 0 else "less"
    share = "" if row["share"] != row["share"] else f" ({format_ratio(abs(row['share']))})"
    size = format_money(abs(amount), result.context.currency)
    return (
        f"{_capital(name)}: {size}{share} {verb} than {one} in {when}; "
        f"{away:,} of {customers:,} customers differ"
    )


def _capital(name: str) -> str:
    return name.replace("mrr", "MRR", 1) if name.startswith("mrr") else name[:1].upper() + name[1:]


def source_customers(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
    against: str | None = None,
) -> alt.LayerChart:
    """Draw the customers whose amounts are furthest apart, both amounts and the way between them.

    Parameters
    ----------
    result
        Result of `sm.definitions.sources` for one period.
    theme, width, height, title, against
        As for `sources`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.definitions.sources(sm.demo(customers=50), "contracts", period="2026-08")
    >>> chart = source_customers(made)
    """
    canvas = Canvas.of(replace(result, by=()), theme, width, height or 0, title)
    frame, name = _of(result, against)
    apart = frame[~frame["status"].isin(["equal"])]
    if frame.empty:
        return canvas.empty("nobody pays.")
    shown = apart if len(apart) else frame.sort_values("a", ascending=False, kind="stable")
    told = _told(frame, apart, result, name)
    return _dumbbells(shown.head(MOST_ROWS), canvas, told, len(shown))


def _told(frame: pd.DataFrame, apart: pd.DataFrame, result: Result, name: str) -> str:
    currency, one = result.context.currency, result.extra["labels"][0]
    if apart.empty:
        return f"{_capital(name)} and {one} say the same of all {len(frame):,} customers"
    total = float(frame["difference"].sum())
    verb = "more" if total > 0 else "less"
    return (
        f"{_capital(name)}: {format_money(abs(total), currency)} {verb} than {one}: "
        f"{len(apart):,} of {len(frame):,} customers are not equal"
    )


def _dumbbells(shown: pd.DataFrame, canvas: Canvas, message: str, apart: int) -> alt.LayerChart:
    colors, currency = canvas.colors, canvas.currency
    rows = [_dumbbell(number, row, canvas) for number, row in enumerate(shown.itertuples())]
    low = min(0.0, *(min(row["a"], row["b"]) for row in rows))
    high = max(max(row["a"], row["b"]) for row in rows)
    widest = max(text_width(row["label"], 11) for row in rows) + 18
    room = max(canvas.room - 110 - widest, 120)
    end = high + (high - low) * widest / room
    x = alt.Scale(domain=[low, end], nice=False, zero=False)
    y = alt.Scale(domain=[len(rows) - 0.4, -0.6], nice=False, zero=False)
    names = {float(row["j"]): row["name"] for row in rows}
    left = axis(
        names,
        grid=False,
        domain=False,
        ticks=False,
        labelColor=colors.ink,
        labelLimit=140,
        labelPadding=10,
    )
    below = axis(ticks(low, high, "money", currency, 4))
    ways = (
        alt.Chart(data(rows))
        .mark_rule(strokeWidth=3)
        .encode(
            x=alt.X("a:Q", scale=x, axis=below),
            x2=alt.X2("b:Q"),
            y=alt.Y("j:Q", scale=y, axis=left),
            color=alt.Color("color:N", scale=None),
        )
    )
    dots = [_dots(rows, name, x, y, canvas) for name in ("a", "b")]
    words = (
        alt.Chart(data(rows))
        .mark_text(align="left", dx=9, color=colors.ink)
        .encode(x=alt.X("edge:Q", scale=x), y=alt.Y("j:Q", scale=y), text=alt.Text("label:N"))
    )
    one, two = canvas.result.extra["labels"]
    note = f"Hollow: {one}, filled: {two}, period of {canvas.result.extra['period']}"
    if apart > len(rows):
        order = "that are largest" if (shown["status"] == "equal").all() else "furthest apart"
        note += f". The {len(rows)} of {apart:,} customers {order}"
    return canvas.finish(
        [ways, *dots, words],
        message=message,
        subtitle=what(canvas.result, note=note),
        height=canvas.height or _ROW * len(rows) + 24,
    )


def _dots(
    rows: list[dict[str, Any]], name: str, x: alt.Scale, y: alt.Scale, canvas: Canvas
) -> alt.Chart:
    inside = (
        alt.FillValue(canvas.colors.surface) if name == "a" else alt.Fill("color:N", scale=None)
    )
    drawn: alt.Chart = (
        alt.Chart(data(rows))
        .mark_point(size=60, strokeWidth=2, opacity=1)
        .encode(
            x=alt.X(f"{name}:Q", scale=x),
            y=alt.Y("j:Q", scale=y),
            fill=inside,
            stroke=alt.Stroke("color:N", scale=None),
            tooltip=[alt.Tooltip(f"{n}:N") for n in ("name", "one", "two", "status")],
        )
    )
    return drawn


def _dumbbell(number: int, row: Any, canvas: Canvas) -> dict[str, Any]:
    colors, currency = canvas.colors, canvas.currency
    color = colors.gain if row.difference > 0 else colors.loss
    if row.status in ("within", "equal"):
        color = colors.plain
    sign = "+" if row.difference > 0 else "−"
    words = {"only_a": "only in {0}", "only_b": "only in {1}", "within": "within tolerance"}
    said = words.get(row.status, "").format(*canvas.result.extra["labels"])
    size = format_money(abs(row.difference), currency)
    return {
        "j": number,
        "name": str(row.customer_id),
        "a": row.a,
        "b": row.b,
        "edge": max(row.a, row.b),
        "color": color,
        "label": "equal" if row.status == "equal" else f"{sign}{size}{f', {said}' if said else ''}",
        "one": f"{currency} {row.a:,.2f}",
        "two": f"{currency} {row.b:,.2f}",
        "status": row.status.replace("_", " "),
    }

"""Committed MRR as the way from MRR, and the balances at risk under MRR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.charts.frame import Canvas
from saasmetrics.charts.stack import Part, signed, stacked, tail, told
from saasmetrics.charts.text import period_text
from saasmetrics.money import format_money, format_ratio

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

SHOWN = 24


def committed(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 300,
    title: str | None = None,
    last: int = SHOWN,
) -> alt.LayerChart:
    """Draw what lies between MRR and committed MRR in each period, with the gap as a line.

    Parameters
    ----------
    result
        Result of kind "committed"; groups are added up.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.
    last
        How many of the last periods.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = committed(sm.revenue.committed(sm.demo(customers=50)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = _added(result.df)
    if frame.empty:
        return canvas.empty()
    frame, parts, note = tail(frame.assign(net=frame["gap"]), _ahead(canvas.colors), last)

    def said(frame: pd.DataFrame, freq: str) -> str:
        return _committed(frame, freq, canvas.currency)

    if not parts:
        return canvas.empty("nothing is known ahead, so that committed MRR is MRR.")
    return stacked(frame, parts, canvas, message=said, note=told(result, note), net="Gap")


def balances(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 300,
    title: str | None = None,
    last: int = SHOWN,
) -> alt.LayerChart:
    """Draw the MRR that is past due, paused or on its way out in each period.

    Parameters
    ----------
    result
        Result of kind "balances"; groups are added up.
    theme, width, height, title, last
        As for `committed`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = balances(sm.revenue.balances(sm.demo(customers=50)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame, known = _added(result.df), canvas.colors.movements
    parts = [
        Part("scheduled_churn", "Leaving", known["churn"]),
        Part("scheduled_downgrades", "Shrinking", known["contraction"]),
        Part("past_due", "Past due", known["residual"]),
        Part("paused", "Paused", known["pause"]),
    ]
    if frame.empty:
        return canvas.empty()
    frame["net"] = frame[[part.column for part in parts]].sum(axis=1)
    frame, parts, note = tail(frame, parts, last)

    def said(frame: pd.DataFrame, freq: str) -> str:
        return _at_risk(frame, freq, canvas.currency)

    if not parts:
        return canvas.empty("no MRR is past due, paused or on its way out.")
    return stacked(frame, parts, canvas, message=said, note=told(result, note), net="")


def _ahead(colors: Palette) -> list[Part]:
    known = colors.movements
    return [
        Part("not_started", "Not started", known["new"]),
        Part("resuming", "Resuming", known["reactivation"]),
        Part("discounts_ending", "Discounts ending", known["expansion"]),
        Part("scheduled_downgrades", "Known downgrades", known["contraction"]),
        Part("scheduled_churn", "Known churn", known["churn"]),
    ]


def _added(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per period, groups added up; what is left out by the method is 0."""
    columns = ("scheduled_downgrades", "scheduled_churn")
    frame = frame.assign(**{name: 0.0 for name in columns if name not in frame.columns})
    amounts = [name for name in frame.select_dtypes("number").columns if name != "n"]
    kinds = {**dict.fromkeys(amounts, "sum"), "complete": "min"}
    added: pd.DataFrame = frame.groupby("period", as_index=False, sort=True).agg(kinds)
    return added


def _last(frame: pd.DataFrame) -> pd.Series:
    done = frame[frame["complete"].astype(bool)]
    row: pd.Series = (done if len(done) else frame).iloc[-1]
    return row


def _committed(frame: pd.DataFrame, freq: str, currency: str) -> str:
    row = _last(frame)
    share = f" ({format_ratio(abs(row['gap']) / row['live'])})" if row["live"] > 0 else ""
    return (
        f"Committed MRR was {format_money(row['value'], currency)} in {period_text(row['period'], freq)}: "
        f"MRR {signed(float(row['gap']), currency)}{share}"
    )


def _at_risk(frame: pd.DataFrame, freq: str, currency: str) -> str:
    row = _last(frame)
    share = f", {format_ratio(row['net'] / row['live'])} of MRR," if row["live"] > 0 else ""
    return (
        f"{format_money(row['net'], currency)}{share} was past due, paused or on its way out in "
        f"{period_text(row['period'], freq)}"
    )

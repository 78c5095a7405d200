"""Movements of recurring revenue over time: gains up, losses down, the net as a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.charts.frame import Canvas
from saasmetrics.charts.stack import Part, signed, stacked, tail, told
from saasmetrics.charts.text import period_text

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from saasmetrics.charts.theme import Theme, Width
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
    canvas = Canvas.of(result, theme, width, height, title)
    frame, known = by_period(result.df), canvas.colors.movements
    parts = [Part(name, NAMES[name], known[name]) for name in MOVEMENTS if name in frame.columns]
    frame, parts, note = tail(frame, parts, last)
    if frame.empty or not parts:
        return canvas.empty("no MRR moved in any period.")

    def said(frame: pd.DataFrame, freq: str) -> str:
        return message(frame, freq, canvas.currency)

    return stacked(frame, parts, canvas, message=said, note=told(result, note))


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


def message(frame: pd.DataFrame, freq: str, currency: str) -> str:
    """Return the net of the last complete period as a sentence."""
    done = frame[frame["complete"].astype(bool)] if "complete" in frame.columns else frame
    if done.empty:
        done = frame
    last = done.iloc[-1]
    grew = int((done["net"] > 0).sum())
    return (
        f"Net new MRR was {signed(float(last['net']), currency)} in "
        f"{period_text(last['period'], freq)}; it was positive in {grew} of {len(done)} periods"
    )

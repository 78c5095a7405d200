"""Renewal rates: of what came up, how much was renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import bootstrap_ratio, made, money, ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.renewals.cells import EARLY, GRACE, SOURCES, TERMS
from saasmetrics.metrics.renewals.due import so_far
from saasmetrics.money import format_part
from saasmetrics.survival.bootstrap import bags_for
from saasmetrics.survival.estimate import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.renewals.due import Summed
    from saasmetrics.metrics.renewals.shared import Desk
    from saasmetrics.result import Result

MEASURES = {
    "gross": "gross: renewed up to the expiring value / ATR that is decided; never above 100 %",
    "net": "net: value after renewal, without what the customer already paid on top during the term / ATR decided",
    "full": "full: ATR renewed at its full value or more / ATR decided",
    "logo": "logo: customers that renewed any of what was due / customers decided",
    "churn": "churn on the ATR basis: lost and downsold at renewal / ATR decided; arr_basis: churned / opening ARR",
}
_PARTS = {
    "gross": ("renewed",),
    "net": ("renewed", "escalator", "upsell"),
    "full": ("full",),
    "churn": ("lost", "downsell"),
}
DECIDED = ("renewed", "downsell", "lost")
_AMOUNTS = ("atr", "renewed", "full", "downsell", "lost", "open", "escalator", "mid_term", "upsell")
_TIMES = ("early", "on_time", "late", "multi_year")
_NOT_DUE = "nothing came up for renewal"
_ALL_OPEN = "all that came up is still open"


@metric(
    id="renewal_rates",
    name="Renewal rate",
    unit="ratio",
    better="higher",
    meaning="Of the contract value, or the customers, that came up for renewal in a period, the share that renewed.",
    formula="renewed / available to renew (ATR), of the terms that end in the period and are decided",
    missing="Missing where nothing came up for renewal, or all of it is still open.",
    sources=SOURCES,
    options={
        "measure": MEASURES,
        "terms": TERMS,
        "grace_days": GRACE,
        "early_days": EARLY,
        "escalators": {
            "included": "contracted uplifts count in it",
            "excluded": "contracted uplifts are left out of it",
        },
        "interval": "customer bootstrap interval of {value:.0%} (logo: Wilson)",
    },
    choices=("escalators",),
)
def rates(
    book: Book,
    freq: str = "Q",
    by: str | Sequence[str] | None = None,
    *,
    measure: str = "gross",
    terms: str = "fixed",
    grace_days: int = 90,
    early_days: int = 90,
    interval: float | None = 0.95,
) -> Result:
    """Renewal rate by due period: of what came up for renewal, the share that renewed.

    Parameters
    ----------
    book
        The tables: contracts, or subscriptions billed by the quarter or longer.
    freq
        Length of a due period: "M", "Q" or "Y". A term is due in the period in which it ends, whenever it is renewed.
    by
        Columns of customers or of contracts, or "term" (month-to-month, annual, multi-year), "how" (auto-renew,
        negotiated), "renewal" (first, second, later).
    measure
        "gross", "net", "full", "logo" or "churn".
    terms
        "fixed" (longer than a month), "monthly" or "all".
    grace_days
        Days after the end within which a signature still is a (late) renewal; until then the term is open.
    early_days
        Days before the end; what is signed before them is early.
    interval
        Coverage of the interval, None for none.

    Returns
    -------
    Result
        period, by-columns, value, numerator, denominator (currency units per year; customers for "logo"), n
        (customers decided), reason, complete (the grace of all is over), low, high; `of_all`, the value if nothing
        that is open came back, and `open_share`, the part of ATR that is open; then the amounts: atr, renewed, full,
        downsell, lost, open, escalator, mid_term, upsell, early, on_time, late, multi_year (value renewed into
        terms of two years or more), terms; with measure "churn" also `arr_basis`.

    Raises
    ------
    UnknownNameError
        If the measure, the kind of terms or a column does not exist.

    Notes
    -----
    Open terms are neither renewed nor lost: they are in neither side of the rate. While renewals come before the end
    and losses show only after the grace, the rate of a period that is not complete leans upwards. A rate of 0 or 100 %
    has no bootstrap interval: drawing from customers that all did the same tells nothing.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.renewals.rates(sm.demo(customers=300), freq="Y")
    >>> 0.5 < found.value <= 1
    True
    """
    one_of("measure", measure, MEASURES)
    check_interval(interval)
    desk = so_far(book, freq, by, terms, grace_days, early_days)
    df = rate_frame(desk, measure, interval)
    if measure == "churn":
        df["arr_basis"] = _arr_basis(desk, df)
    options = {"measure": measure, **desk.options, "freq": freq, "interval": interval}
    options["escalators"] = book.policy.escalators if measure == "net" else None

    def drill(period: Any = None, **group: Any) -> pd.DataFrame:
        return _sided(desk, desk.drilled(period, group), measure)

    return made(
        book,
        "renewal_rates",
        df,
        "renewal_rates",
        by=by,
        options=options,
        notes=(*desk.notes(), *_open_note(df)),
        drill=drill,
        tables=desk.tables,
    )


def numerator_parts(book: Book, measure: str) -> tuple[str, ...]:
    """Return the measures that add up to the numerator of a rate of money."""
    parts = _PARTS[measure]
    if measure == "net" and book.policy.escalators == "excluded":
        return tuple(name for name in parts if name != "escalator")
    return parts


def rate_frame(desk: Desk | Summed, measure: str, interval: float | None) -> pd.DataFrame:
    """Return a renewal rate as a tidy frame with the amounts behind it."""
    import pandas as pd

    _, periods = desk.span()
    bags = 0
    if interval is not None and measure != "logo":
        bags = bags_for(periods * len(desk.groups))
    split = desk.sums(bags)
    sums = {name: value.sum(axis=1) for name, value in split.items()}
    heads = desk.heads()
    decided = heads["customers_renewed"] + heads["customers_lost"]
    if measure == "logo":
        top, bottom, whole = heads["customers_renewed"], decided, heads["customers"]
        shown = [side.astype(float) for side in (top, bottom, whole)]
    else:
        parts = numerator_parts(desk.book, measure)
        top, bottom = _sum(sums, parts), _sum(sums, DECIDED)
        shown = [money(side) for side in (top, bottom, sums["atr"])]
    value = ratio(shown[0], shown[1])
    data = desk.cells()
    data |= {"value": value.ravel(), "numerator": shown[0].ravel(), "denominator": shown[1].ravel()}
    data["n"] = decided.ravel()
    why = np.where(sums["terms"].ravel() > 0, _ALL_OPEN, _NOT_DUE)
    data["reason"] = np.where(np.isnan(data["value"]), why, "")
    data["complete"] = desk.settled()
    if interval is not None:
        low, high = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
        if measure == "logo":
            low, high = wilson(top, bottom, interval)
        elif bags:
            low, high = bootstrap_ratio(_sum(split, parts), _sum(split, DECIDED), interval)
            same = np.isclose(value, 0, atol=1e-6) | np.isclose(value, 1, atol=1e-6)
            low, high = np.where(same, np.nan, low), np.where(same, np.nan, high)
        data["low"], data["high"] = low.ravel(), high.ravel()
    data["of_all"] = ratio(shown[0], shown[2]).ravel()
    data["open_share"] = ratio(sums["open"], sums["atr"]).ravel()
    data |= {name: money(sums[name]).ravel() for name in (*_AMOUNTS, *_TIMES)}
    data |= {name: sums[name].ravel() for name in sums if name.startswith("terms")}
    data |= {name: value.ravel() for name, value in heads.items()}
    return pd.DataFrame(data)


def _sum(sums: dict[str, NDArray[np.int64]], names: Sequence[str]) -> NDArray[np.int64]:
    return np.asarray(sum(sums[name] for name in names))


def _arr_basis(desk: Desk | Summed, df: pd.DataFrame) -> Any:
    """Return churned over opening ARR of the same periods and groups; missing where groups are those of contracts."""
    try:
        moved = desk.book.movements(desk.freq, desk.by)
    except DataError:
        return np.nan
    moved["arr_basis"] = ratio(-moved["churn"], moved["opening"])
    keys = ["period", *desk.by]
    return df[keys].merge(moved[[*keys, "arr_basis"]], on=keys, how="left")["arr_basis"].to_numpy()


def _open_note(df: pd.DataFrame) -> tuple[str, ...]:
    """Return the sentence about what is still open in the last period."""
    if not len(df):
        return ()
    whole = df.groupby("period")[["atr", "open"]].sum()
    still = whole[whole["open"] > 0]
    if not len(still):
        return ()
    share = still["open"].iloc[-1] / still["atr"].iloc[-1]
    said = (
        f"Open is not lost: {format_part(share, 0)} of what is due in the period from {still.index[-1]:%Y-%m-%d} is "
        "still open and is left out of both sides of its rate"
    )
    return (said,)


def _sided(desk: Desk | Summed, rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Put first what each contract adds to the two sides of the rate."""
    top: Any
    bottom: Any
    if measure == "logo":
        best = rows["outcome"].map({"renewed": 2, "open": 1, "lost": 0})
        rows = rows.assign(best=best).sort_values("best", ascending=False, kind="stable")
        rows = rows.drop_duplicates("customer_id").sort_index().reset_index(drop=True)
        top, bottom = rows["outcome"] == "renewed", rows["outcome"] != "open"
        top, bottom = top.astype(float), bottom.astype(float)
        rows = rows.drop(columns="best")
    else:
        kept = {**{name: rows[name] for name in rows.columns}}
        kept["full"] = rows["atr"].where(rows["final"] >= rows["atr"], 0.0)
        kept["full"] = kept["full"].where(rows["outcome"] == "renewed", 0.0)
        top = sum(kept[name] for name in numerator_parts(desk.book, measure))
        bottom = sum(kept[name] for name in DECIDED)
    rows.insert(2, "numerator", top)
    rows.insert(3, "denominator", bottom)
    return rows

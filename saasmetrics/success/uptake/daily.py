"""Use by customer and day, beside what is usual for the customer: the heat map on which danger points show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.metrics.made import made
from saasmetrics.money import MICRO, counted
from saasmetrics.success.alarm.alerts import alerts
from saasmetrics.success.score.health import about
from saasmetrics.success.score.scorer import day_of
from saasmetrics.success.uptake.ladder import watched

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result


@metric(
    id="usage_daily",
    name="Daily use",
    unit="table",
    better="neutral",
    meaning="How much each customer used the product on each day, beside what is usual for it, and its open alerts.",
    formula="events of a customer on a day (users, or rows, where there are no events); usual = mean per day from its "
    "first use in the 180 days before the days shown; ratio = events of the last 7 days / 7 / usual",
    missing="Missing before the first use of a customer; usual is missing for who used nothing before the days shown.",
    sources=("METRICS.md", "Udesk: every customer's daily use and activity on boards"),
    options={"last": "the last {value} days", "top": "the {value} customers with the most ARR"},
)
def usage_daily(book: Book, last: int = 90, top: int = 30, *, as_of: Any = None) -> Result:
    """Use by customer and day, for the customers with the most ARR.

    Parameters
    ----------
    book
        The company's tables, with usage.
    last
        How many days.
    top
        How many customers, those with an open alert of churn first, then by ARR.
    as_of
        As for `health`.

    Returns
    -------
    Result
        customer_id, name where known, date, value (events), usual (events per day), ratio, alerts (open ones, named),
        arr, reason. A day without use is 0 once a customer has begun.

    Raises
    ------
    MissingTableError
        If there is no table usage.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.usage_daily(sm.demo(customers=100), last=30, top=5)
    >>> len(found.df)
    150
    """
    import pandas as pd

    width, many = (
        whole("last", last, 1, "a number of days", 3660),
        whole("top", top, 1, "a number of customers"),
    )
    facts, usage = watched(book, "Daily use")
    day = day_of(book, as_of)
    mrr, _ = facts.ledger.state(day)
    ids = followed(book.engine).spans.entity_ids.to_pandas()
    who, named = _first(book, mrr, ids, as_of, many)
    place = np.full(facts.many, -1)
    place[who] = np.arange(len(who))
    shown = _sums(usage, place, len(who), day - width + 1, day)
    usage.move_to(day)
    first = usage.first[who].astype(np.int64)
    before = _sums(usage, place, len(who), day - width - 179, day - width).sum(axis=1)
    watched_days = np.clip(day - width - np.maximum(first, day - width - 179) + 1, 0, 180)
    usual = np.divide(before, watched_days, out=np.full(len(who), np.nan), where=watched_days > 0)
    week = np.cumsum(np.pad(shown, ((0, 0), (7, 0))), axis=1)
    recent = (week[:, 7:] - week[:, :-7]) / 7
    dates = np.arange(day - width + 1, day + 1)
    value = np.where(dates[None, :] >= first[:, None], shown, np.nan)
    data: dict[str, Any] = {"customer_id": np.repeat(ids.iloc[who].to_numpy(), width)}
    data |= {key: np.repeat(v, width) for key, v in about(book, who, ("name",)).items()}
    data["date"] = np.tile(dates.astype("datetime64[D]").astype("datetime64[ns]"), len(who))
    data |= {"value": value.ravel(), "usual": np.repeat(usual, width)}
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(usual[:, None] > 0, recent / usual[:, None], np.nan)
    data["ratio"] = np.where(np.isnan(value), np.nan, ratio).ravel()
    data["alerts"] = np.repeat(ids.iloc[who].map(named).fillna("").to_numpy(), width)
    data["arr"] = np.repeat(12 * mrr[who] / MICRO, width)
    data["reason"] = np.where(np.isnan(value), "before its first use", "").ravel()
    df = pd.DataFrame(data)
    return made(
        book,
        "usage_daily",
        df,
        "usage_daily",
        options={"last": width, "top": len(who)},
        notes=usage.events.notes(),
        extra={"headline": _headline(df)},
        tables=("usage",),
        trace=lambda **_: "use is not an amount of customers' MRR",
    )


def _first(book: Book, mrr: Any, ids: Any, as_of: Any, many: int) -> tuple[Any, Any]:
    """Return the customers to show, those with an open alert first, then by ARR, and the alerts of each."""
    danger = alerts(book, as_of=as_of, kind="churn").df
    named = danger.sort_values("rule").groupby("customer_id")["rule"].agg(", ".join)
    paying = np.flatnonzero(mrr > 0)
    calls = ids.iloc[paying].isin(named.index).to_numpy()
    order = np.lexsort((ids.iloc[paying].astype(str).to_numpy(), -mrr[paying], ~calls))
    return paying[order[:many]], named


def _sums(usage: Any, place: Any, many: int, first: int, last: int) -> Any:
    here = usage.events.within(first, last)
    at = place[usage.events.entity[here]]
    mine = at >= 0
    width = last - first + 1
    cell = at[mine] * width + usage.events.day[here][mine].astype(np.int64) - first
    return np.bincount(cell, usage.amount[here][mine], many * width).reshape(many, width)


def _headline(df: pd.DataFrame) -> str:
    if not len(df):
        return "nobody pays on this day"
    last = df[df["date"] == df["date"].max()]
    low = int((last["ratio"] < 0.5).sum())
    return f"{counted(low, 'customer')} of {len(last):,} at less than half of the usual use in the last 7 days"

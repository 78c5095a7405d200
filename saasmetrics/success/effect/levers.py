"""Which lever is worth more: to set the customer up, or to get the yearly contract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import listed, text, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.first_days import first_activity, first_annual
from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.metrics.made import made
from saasmetrics.money import MICRO, agreeing, counted, format_difference, format_money
from saasmetrics.success.effect.doubly import Difference, difference
from saasmetrics.success.effect.panel import balances
from saasmetrics.success.effect.regress import dummies
from saasmetrics.success.effect.treatments import NEVER, customer_ids, numbered
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import check_level, kaplan_meier, normal_quantile
from saasmetrics.survival.logrank import logrank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics.tables import Table

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

_LIKE = ("segment", "plan", "region", "channel", "icp")
_MOST_LEVELS = 12


@dataclass(frozen=True, eq=False)
class _Start:
    """Customers at the landmark: the first month end, by which the lever is or is not there.

    `mrr` is customers x months, the landmark first; `whole` says who is followed all through the horizon; `of` is the
    column behind each column of `x`.
    """

    unit: Ints
    mrr: Array
    seen: Ints
    whole: Bools
    x: Array
    names: tuple[str, ...]
    of: NDArray[Any]
    landmark_day: Ints

    def without(self, column: str) -> _Start:
        """Return the customers without one of the columns that they are made alike in."""
        return replace(self, x=self.x[:, self.of != column])


@metric(
    id="levers",
    name="Worth of levers",
    unit="money",
    better="higher",
    meaning="How much more revenue a customer brings in its first months with a lever than without it.",
    formula="mean revenue within the horizon if all had it, less if none had (doubly robust)",
    missing="Missing where customers with the lever are unlike those without, or too few are followed so long.",
    sources=("METRICS.md", "Lunceford and Davidian 2004", "Robins, Rotnitzky and Zhao 1994"),
    options={
        "levers": "levers {value}",
        "horizon": "revenue of {value} months",
        "like": "customers made alike in {value}",
        "interval": "interval of {value:.0%}",
    },
)
def levers(
    book: Book,
    levers: Sequence[str] = ("onboarded", "annual_contract"),
    horizon: int = 12,
    *,
    like: Sequence[str] | None = None,
    interval: float = 0.95,
) -> Result:
    """Compare levers by what they add to the revenue of a customer in its first months.

    Parameters
    ----------
    book
        The company's tables.
    levers
        "onboarded": an activity of the kind onboarding by the landmark. "annual_contract": a term of a year or more
        from the start. Or a column of the customers with yes and no, known by the landmark.
    horizon
        Months of revenue from the landmark, the end of the customer's first month, on.
    like
        Columns in which customers are made alike, beside their MRR and the month they came in; by default
        segment, plan, region, channel and icp.
    interval
        Coverage.

    Returns
    -------
    Result
        One row per lever, the largest first: lever, value (difference of revenue per customer), low, high, p, plain
        (without making them alike), kept_with and kept_without (Kaplan-Meier at the horizon), logrank_p, n, n_with,
        alike (share with somebody alike of the other kind), effective_with, effective_without, words, reason.

    Raises
    ------
    MissingTableError
        If a lever is of a table that is missing.
    UnknownNameError
        If there is no such lever or column.

    Notes
    -----
    Customers who left before the landmark count on neither side, so that nobody had to stay to get the lever.
    Revenue within a horizon is its restricted mean: what a customer who left pays afterwards is 0.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.levers(sm.demo(customers=1000)).df
    >>> sorted(found["lever"])
    ['annual_contract', 'onboarded']
    """
    horizon = whole("horizon", horizon, 1, "a whole number of months", 120)
    check_level(interval)
    names = [text("levers", name, "a lever") for name in listed("levers", levers, "levers")]
    start = _starts(book, horizon, like)
    rows = [
        _row(book, name, _has(book, name, start), start.without(name), horizon, interval)
        for name in names
    ]
    import pandas as pd

    df = pd.DataFrame(rows).sort_values("value", ascending=False, kind="stable", ignore_index=True)
    known = df[df["reason"] == ""]
    headline = " ".join(known["words"].head(2)) if len(known) else "; ".join(df["reason"])
    left = len(start.unit) - int(start.whole.sum())
    short = f"{counted(left, 'customer')} {agreeing(left, 'is', 'are')} not followed"
    notes = [
        "From the end of a customer's first month on; who had left by then counts on neither side",
        f"{short} for {horizon} months yet and only {agreeing(left, 'counts', 'count')} in the curves",
        "It assumes that customers alike in these columns differ in nothing else that matters",
    ]
    return made(
        book,
        "levers",
        df,
        "levers",
        options={
            "levers": ", ".join(names),
            "horizon": horizon,
            "like": ", ".join(start.names),
            "interval": interval,
        },
        notes=notes,
        extra={"headline": headline},
        tables=[t for t in ("activities", "contracts") if t in book.tables],
    )


def _starts(book: Book, horizon: int, like: Sequence[str] | None) -> _Start:
    held, first, full = balances(book)
    began = (held > 0).argmax(axis=1)
    there = (held > 0).any(axis=1)
    if book.since_day is not None:
        there &= began + first >= int(book.calendar("M").ordinal(np.array([book.since_day]))[0])
    # MRR at the end of the first month: who left by then never was at the landmark.
    unit = np.flatnonzero(there)
    begun = began[unit]
    last = full - first
    steps = np.minimum(begun[:, None] + np.arange(horizon + 1)[None], last)
    mrr = held[unit[:, None], steps] / MICRO
    # A customer that left is lost: what it pays after it came back is another story.
    mrr = np.where(np.minimum.accumulate(mrr > 0, axis=1), mrr, 0.0)
    seen = np.minimum(last - begun, horizon)
    calendar = book.calendar("M")
    close = calendar.last_day(begun + first).astype(np.int64)
    x, of = _alike(book, unit, begun, mrr[:, 0], like)
    names = tuple(dict.fromkeys(of.tolist()))
    return _Start(unit, mrr, seen, seen >= horizon, x, names, of, close)


def _alike(
    book: Book, unit: Ints, begun: Ints, mrr: Array, like: Sequence[str] | None
) -> tuple[Array, NDArray[Any]]:
    """Return what customers are made alike in: their MRR, when they came, and columns of theirs."""
    have = {name for table in book.tables.values() for name in table.data.column_names}
    columns = (
        [c for c in _LIKE if c in have] if like is None else list(listed("like", like, "columns"))
    )
    base = np.log2(mrr)
    blocks = [np.stack([base, base**2, mrr], axis=1), begun[:, None].astype(np.float64)]
    for column in columns:
        code = followed(book.engine).origin((column,)).astype(np.int64)[unit]
        values, count = np.unique(code, return_counts=True)
        rare = values[np.argsort(-count, kind="stable")[_MOST_LEVELS:]]
        blocks.append(dummies(np.where(np.isin(code, rare), -1, code)))
    named = ("MRR", "month of start", *columns)
    widths = [block.shape[1] for block in blocks]
    return np.concatenate(blocks, axis=1), np.repeat(np.array(named, object), widths)


def _has(book: Book, name: str, start: _Start) -> Bools:
    """Return which customers have a lever at the landmark."""
    if name == "onboarded":
        found = first_activity(_table(book, "activities"), "onboarding")
        return _by_landmark(book, *found, start)
    if name == "annual_contract":
        table = "contracts" if "contracts" in book.tables else "subscriptions"
        return _by_landmark(book, *first_annual(_table(book, table)), start)
    return _column(book, name, start)


def _table(book: Book, name: str) -> Table:
    """Return a table of a book; refuse one that it does not have."""
    if name not in book.tables:
        book.frame(name)
    return book.tables[name]


def _by_landmark(book: Book, ids: Any, day: Ints, start: _Start) -> Bools:
    who = numbered(customer_ids(book), ids)
    place = np.full(len(followed(book.engine).spans.entity_ids), -1, np.int64)
    place[start.unit] = np.arange(len(start.unit))
    at = np.where(who >= 0, place[who], -1)
    mine = (at >= 0) & (day < NEVER)
    mine[mine] = day[mine] <= start.landmark_day[at[mine]]
    out = np.zeros(len(start.unit), bool)
    out[at[mine]] = True
    return out


def _column(book: Book, name: str, start: _Start) -> Bools:
    data = book.frame("customers")
    if name not in data:
        options = ["onboarded", "annual_contract", *data.columns]
        raise UnknownNameError.of("lever or column of the table customers", name, options)
    values = sorted(data[name].dropna().unique().tolist(), key=str)
    if len(values) != 2:
        msg = f"{name} has {len(values)} different values; a lever has two, with it and without."
        raise DataError(msg)
    who = numbered(customer_ids(book), data["customer_id"])
    out = np.zeros(len(followed(book.engine).spans.entity_ids), bool)
    known = who >= 0
    out[who[known]] = (data[name] == values[1]).fillna(False).to_numpy(bool)[known]
    return out[start.unit]


def _row(
    book: Book, name: str, has: Bools, start: _Start, horizon: int, level: float
) -> dict[str, Any]:
    use = start.whole
    revenue = start.mrr[use, 1:].sum(axis=1)
    kept, p = _curves(has, start, horizon)
    row: dict[str, Any] = {"lever": name}
    counts = {"n": int(use.sum()), "n_with": int(has[use].sum())}
    with_it, without = has[use], ~has[use]
    plain = (
        float(revenue[with_it].mean() - revenue[without].mean())
        if with_it.any() and without.any()
        else np.nan
    )
    curves = {"kept_with": kept[1], "kept_without": kept[0], "logrank_p": p}
    try:
        found = difference(revenue, with_it, start.x[use])
    except DataError as error:
        gone = dict.fromkeys(("value", "low", "high", "p"), np.nan)
        none = dict.fromkeys(("alike", "effective_with", "effective_without"), np.nan)
        why = {"words": "", "reason": str(error).rstrip(".")}
        return {**row, **gone, "plain": plain, **curves, **counts, **none, **why}
    numbers = _numbers(found, level)
    words = _words(book, name, found, numbers, horizon, level)
    return {
        **row,
        **numbers,
        "plain": plain,
        **curves,
        **counts,
        "alike": found.alike,
        "effective_with": found.effective[0],
        "effective_without": found.effective[1],
        "words": words,
        "reason": "",
    }


def _numbers(found: Difference, level: float) -> dict[str, float]:
    from scipy.stats import norm

    reach = normal_quantile(level) * found.error
    p = float(2 * norm.sf(abs(found.value) / found.error)) if found.error > 0 else np.nan
    return {"value": found.value, "low": found.value - reach, "high": found.value + reach, "p": p}


def _words(
    book: Book, name: str, found: Difference, row: dict[str, float], horizon: int, level: float
) -> str:
    currency = book.currency
    value, low, high = (
        format_difference(row[k], "money", currency) for k in ("value", "low", "high")
    )
    levels = [format_money(mean, currency) for mean in found.means]
    chance = "; no difference is not excluded" if row["low"] <= 0 <= row["high"] else ""
    return (
        f"{name}: {value} of {horizon}-month revenue per customer ({level:.0%} {low} to {high}), {levels[0]} rather "
        f"than {levels[1]}{chance}."
    )


def _curves(has: Bools, start: _Start, horizon: int) -> tuple[tuple[float, float], float]:
    """Return the share kept at the horizon without and with the lever, and the p of the log-rank test."""
    alive = start.mrr > 0
    lived = np.where(alive, np.arange(alive.shape[1])[None], 0).max(axis=1)
    event = (lived < start.seen).astype(np.int64)
    duration = np.where(event > 0, lived + 1, start.seen)
    table = exposure(duration, None, event, group=has.astype(np.int64), groups=2, ages=horizon + 1)
    share = kaplan_meier(table).share[:, horizon]
    known = table.at_risk[:, horizon] > 0
    shown = [float(s) if k else np.nan for s, k in zip(share, known, strict=True)]
    return (shown[0], shown[1]), logrank(table.at_risk, table.events).p

"""What customers cost to win: CAC and the CAC ratio, by period and group."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, only_for
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import has
from saasmetrics.engine.groups import columns
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.metrics.economics.asked import functions_of
from saasmetrics.metrics.economics.spans import Spans
from saasmetrics.metrics.economics.spend import (
    ACQUISITION,
    SHARED,
    Spend,
    lag_months,
    monthly_spend,
    new_customer_rows,
    shared_out,
    with_spend,
)
from saasmetrics.metrics.economics.traced import won_trace
from saasmetrics.metrics.economics.window import Months, divide, finite, interval_of
from saasmetrics.metrics.made import made
from saasmetrics.survival.lives import label_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.economics.spend import Label
    from saasmetrics.result import Result

METHODS = {
    "blended": "all spend over all new customers",
    "paid": "spend on the paid channels over the customers they won",
}
RATIOS = {
    "new": "ARR of new customers only",
    "blended": "ARR of new customers and expansion",
    "expansion": "expansion ARR only",
}
_LAG = "spend leads the customers it wins by {value}"
_SPEND = "spend on {value}"
_INTERVAL = "interval of {value:.0%} by resampling customers"


@metric(
    id="cac",
    name="Customer acquisition cost",
    abbr="CAC",
    unit="money",
    better="lower",
    meaning="What was spent on sales and marketing for each new customer.",
    formula="sales and marketing spend / new customers",
    missing="Missing where no customer was won, or where spend is not recorded for every month.",
    sources=("METRICS.md", "a16z, 16 startup metrics", "Bessemer law 6"),
    options={
        "method": METHODS,
        "spend": _SPEND,
        "lag": _LAG,
        "window": "over {value}",
        "interval": _INTERVAL,
    },
)
def cac(
    book: Book,
    by: str | Sequence[str] | None = None,
    lag: int | None = None,
    method: str | None = None,
    freq: str = "M",
    *,
    window: int = 1,
    spend: str | Sequence[str] = ACQUISITION,
    paid: Sequence[str] | None = None,
    interval: float | None = 0.95,
) -> Result:
    """Sales and marketing spend per new customer.

    Parameters
    ----------
    book
        The company's tables; needs `spend`.
    by
        Columns that customers and spend share, such as "segment" or "channel". Spend that names no
        group is shared out in proportion to new customers.
    lag
        Months by which spend leads the customers it wins. By default the policy's, or the median time
        from sign-up to first payment, or 0.
    method
        "blended", or "paid": only channels with spend of their own, and the customers they won.
    freq
        M, Q or Y; customers are counted as new by month and added up.
    window
        Periods to look back over, this one included.
    spend
        Functions of the table spend to count.
    paid
        For method "paid": the channels, by default those that spend names.
    interval
        Coverage of the interval, by resampling customers; None for none.

    Returns
    -------
    Result
        period, by-columns, value, numerator (spend), denominator and n (new customers), reason,
        complete, low, high.

    Raises
    ------
    MissingTableError
        If there is no table of spend.
    DataError
        If spend cannot be cut like the customers.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "b"], "month": ["2026-01", "2026-01"], "mrr": [9, 9]},
    ...     spend={"month": ["2026-01"], "function": ["sales"], "amount": [500]})
    >>> sm.economics.cac(book).value
    250.0
    """
    method = method or book.policy.cac
    one_of("method of CAC", method, METHODS)
    names, functions = columns(by), functions_of(spend)
    months, lead = lag_months(book, lag)
    spans = Spans.of(book, freq, window)
    only_for("paid", paid, "method", "paid", method)
    if method == "paid":
        found, channels = _paid(book, names, functions, months, spans, paid, interval)
        notes = [f"Paid channels: {', '.join(map(str, channels))}"]
    else:
        found, notes = _won(book, names, functions, months, spans, "customers_new", interval), []
    if len(found.keys) > 1 and any(None in key for key in found.keys):
        notes.append(SHARED)
    df = _frame(found, spans, names, interval)
    options = {
        "method": method,
        "spend": " and ".join(functions),
        "lag": lead,
        "interval": interval,
    }
    if window > 1:
        options["window"] = f"{window} {book.calendar(freq).noun}s"
    drill = new_customer_rows(book, names, spans.months_of)
    trace = won_trace(
        book, found.cost, found.cut, months, spans.months_of, ["customers_new"], among=found.among
    )
    return made(
        book,
        "cac",
        df,
        "series",
        by=by,
        options=options,
        notes=notes,
        drill=drill,
        tables=["spend"],
        trace=trace,
    )


@metric(
    id="cac_ratio",
    name="CAC ratio",
    unit="multiple",
    better="lower",
    meaning="Sales and marketing spend for each 1.00 of new ARR.",
    formula="sales and marketing spend / new ARR",
    missing="Missing where no ARR was added, or where spend is not recorded for every month.",
    sources=("METRICS.md", "Benchmarkit 2025: a median of 2.00 for new customers"),
    options={"method": RATIOS, "spend": _SPEND, "lag": _LAG, "interval": _INTERVAL},
)
def cac_ratio(
    book: Book,
    by: str | Sequence[str] | None = None,
    lag: int | None = None,
    method: str | None = None,
    freq: str = "Q",
    *,
    spend: str | Sequence[str] = ACQUISITION,
    interval: float | None = 0.95,
) -> Result:
    """Sales and marketing spend per dollar of new ARR; Bessemer's CAC ratio is the inverse of it.

    Parameters
    ----------
    book
        The company's tables; needs `spend`.
    by, lag, freq, spend, interval
        As in `cac`.
    method
        "new": ARR of new customers; "blended": and expansion; "expansion": expansion only.

    Returns
    -------
    Result
        period, by-columns, value, numerator (spend), denominator (new ARR), n (new customers), reason,
        complete, low, high.

    Raises
    ------
    UnknownNameError
        If there is no such method.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-03"], "mrr": [10]},
    ...     spend={"month": ["2026-01", "2026-02", "2026-03"], "function": ["sales"] * 3,
    ...         "amount": [80, 80, 80]})
    >>> sm.economics.cac_ratio(book).df["value"].tolist()
    [2.0]
    """
    method = method or book.policy.cac_ratio
    one_of("CAC ratio", method, RATIOS)
    names, functions = columns(by), functions_of(spend)
    months, lead = lag_months(book, lag)
    spans = Spans.of(book, freq, 1)
    measures = {"new": ("new",), "expansion": ("expansion",), "blended": ("new", "expansion")}
    found = _won(book, names, functions, months, spans, measures[method], interval, times=12)
    df = _frame(found, spans, names, interval, nothing="no ARR was added")
    options = {
        "method": method,
        "spend": " and ".join(functions),
        "lag": lead,
        "interval": interval,
    }
    drill = new_customer_rows(book, names, spans.months_of) if method == "new" else None
    trace = won_trace(
        book, found.cost, found.cut, months, spans.months_of, measures[method], times=12
    )
    return made(
        book,
        "cac_ratio",
        df,
        "series",
        by=by,
        options=options,
        drill=drill,
        tables=["spend"],
        trace=trace,
    )


@dataclass(frozen=True, eq=False)
class _Won:
    """What was spent and what was won, as draws x groups x spans; draw 0 is the book as it is.

    `cost` is the spend it comes from, by the columns `cut`, of the groups that are `among` those that count.
    """

    labels: tuple[Label, ...]
    cost: Spend
    cut: tuple[str, ...]
    spent: NDArray[np.float64]
    won: NDArray[np.float64]
    n: NDArray[np.float64]
    months: Months
    among: Callable[[Label], bool] = field(default=lambda _: True)

    @property
    def keys(self) -> tuple[Label, ...]:
        """Whom the spend was for."""
        return self.cost.keys

    def shown(self, known: int) -> _Won:
        """Return the same without the groups that neither customers nor spend belong to."""
        keep = with_spend(self.spent, known)
        labels = tuple(self.labels[g] for g in keep)
        spent, won = self.spent[:, keep], self.won[:, keep]
        months, n = self.months.picked(keep), self.n[keep]
        return replace(self, labels=labels, spent=spent, won=won, n=n, months=months)


def _won(
    book: Book,
    by: tuple[str, ...],
    functions: tuple[str, ...],
    lag: int,
    spans: Spans,
    measures: str | tuple[str, ...],
    interval: float | None,
    times: int = 1,
) -> _Won:
    cost = monthly_spend(book, functions, by)
    known = book.engine.grouping(by).labels
    labels = cost.labels(known)
    wanted = columns(measures)
    months = Months.of(book, by, None, interval, (*wanted, "customers_new")).widened(len(labels))
    counts = months.over("customers_new", spans.first, spans.last)
    won = sum(months.over(name, spans.first, spans.last) for name in wanted) * times
    amount = cost.over(spans.first - lag, spans.last - lag)
    spent = shared_out(cost, amount, labels, counts)
    found = _Won(labels, cost, by, spent, np.asarray(won), counts[0], months)
    return found.shown(len(known))


def _paid(
    book: Book,
    by: tuple[str, ...],
    functions: tuple[str, ...],
    lag: int,
    spans: Spans,
    paid: Sequence[str] | None,
    interval: float | None,
) -> tuple[_Won, tuple[Any, ...]]:
    """Return what the paid channels spent and won, folded to the groups asked for."""
    cut = by if "channel" in by else (*by, "channel")
    at = cut.index("channel")
    cost = monthly_spend(book, functions, cut)
    if not has(book.tables["spend"].data, "channel"):
        msg = "Paid CAC needs spend by channel: add the column channel to the table spend."
        raise DataError(msg)
    spending = {key[at] for key, row in zip(cost.keys, cost.amount, strict=True) if row.any()}
    channels = columns(paid) if paid else tuple(sorted(spending - {None}, key=str))
    if unknown := set(channels) - spending:
        raise UnknownNameError.of("channel with spend", min(unknown), sorted(spending - {None}))
    keep = [i for i, key in enumerate(cost.keys) if key[at] in channels]
    cost = Spend(tuple(cost.keys[i] for i in keep), cost.amount[keep], cost.recorded, cost.first)
    known = book.engine.grouping(cut).labels
    labels = cost.labels(known)
    months = Months.of(book, cut, None, interval, ("customers_new",)).widened(len(labels))
    counts = months.over("customers_new", spans.first, spans.last)
    counts = counts * np.array([label[at] in channels for label in labels])[:, None]
    amount = cost.over(spans.first - lag, spans.last - lag)
    spent = shared_out(cost, amount, labels, counts)
    found = _Won(
        labels, cost, cut, spent, counts, counts[0], months, lambda label: label[at] in channels
    ).shown(len(known))
    return (found if cut == by else _folded(found)), channels


def _folded(found: _Won) -> _Won:
    """Add up the groups that differ only in their last label."""
    short = [label[:-1] for label in found.labels]
    labels = tuple(dict.fromkeys(short))
    into = np.array([[label == one for one in short] for label in labels], float)
    spent, won = (np.einsum("gl,dls->dgs", into, x) for x in (found.spent, found.won))
    several = (into @ found.months.resampled) > 0
    months = Months(found.months.first, found.months.last, {}, several, found.months.bags)
    return replace(found, labels=labels, spent=spent, won=won, n=won[0], months=months)


def _frame(
    found: _Won,
    spans: Spans,
    by: tuple[str, ...],
    interval: float | None,
    nothing: str = "no customer was won",
) -> pd.DataFrame:
    import pandas as pd

    groups, periods = found.spent.shape[1:]
    draws = divide(found.spent, found.won)
    value = finite(draws[0]).reshape(-1)
    spent, won = found.spent[0].reshape(-1), found.won[0].reshape(-1)
    starts = spans.book.calendar(spans.freq).starts(spans.period)
    data: dict[str, Any] = {"period": np.tile(starts, groups)}
    data.update(label_columns(by, found.labels, np.repeat(np.arange(groups), periods)))
    data.update(value=value, numerator=spent, denominator=won, n=found.n.reshape(-1).astype(int))
    unknown = "spend is not recorded for every month; add rows of 0 where nothing was spent"
    cut = np.tile(spans.cut, groups)
    early = "the book is observed from a later month on"
    reason = np.select([cut, np.isnan(spent), won <= 0], [early, unknown, nothing], "")
    data["value"] = np.where(cut, np.nan, data["value"])
    data.update(reason=reason, complete=np.tile(spans.complete, groups))
    if interval is not None:
        edges = np.full((2, groups, periods), np.nan)
        for i in range(periods):
            edges[:, :, i] = interval_of(draws[:, :, i], found.months, interval)
        known = ~np.isnan(data["value"])
        data["low"], data["high"] = (np.where(known, finite(e.reshape(-1)), np.nan) for e in edges)
    return pd.DataFrame(data)

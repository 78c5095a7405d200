"""How many tickets will come, and how good such forecasts were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.engine.row_groups import of_customers
from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.plan import forecast_accuracy
from saasmetrics.metrics.made import made
from saasmetrics.money import format_part
from saasmetrics.success.capacity.askers import Askers
from saasmetrics.success.capacity.future import (
    CONTACTS,
    GROWTH,
    OUTSIDE,
    Assumed,
    fitted,
    history,
    simulated,
)
from saasmetrics.success.capacity.handling import handled
from saasmetrics.success.capacity.shared import coverage, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

SHOWN = 24  # months of the past beside the forecast
_WINDOW = "rates of the last {value} months"


@metric(
    id="demand",
    name="Demand for support",
    unit="count",
    better="neutral",
    meaning="How many tickets the customers of the coming months will open.",
    formula="customers to come by group and months since they began x tickets a customer opens at that age",
    missing="Never missing; accounts that do not pay, such as trials, are a group of their own.",
    sources=("METRICS.md", "HubSpot: forecast the volume of work from customer demand"),
    options={
        "window": _WINDOW,
        "channel": "tickets of channel {value}",
        "interval": "coverage {value:.0%}",
        "growth": GROWTH,
        "contact_change": CONTACTS,
    },
)
def demand(
    book: Book,
    horizon: int = 12,
    by: str | Sequence[str] | None = "segment",
    *,
    window: int = 12,
    channel: str | None = None,
    growth: float | None = None,
    contact_change: float = 0,
    interval: float = 0.95,
) -> Result:
    """Tickets of the coming months, by group of customers, after those of the past.

    Parameters
    ----------
    book
        The company's tables; needs `tickets`.
    horizon
        Months to look ahead.
    by
        Columns of customers; None for all together.
    window
        Months that rates of asking, leaving and coming are taken from.
    channel
        Only tickets of this channel; None for all.
    growth
        Growth of customers a year (0.2 is 20 %), which sets how many are won after those who leave; None for as many a
        month as in the past.
    contact_change
        Change of the tickets that an account opens (-0.1 is 10 % fewer).
    interval
        Coverage.

    Returns
    -------
    Result
        period, by-columns, value (tickets; the mean of the draws ahead), customers (paying at the end of the month), n
        (tickets of a month that is over, 0 ahead), forecast (True ahead), reason, complete (False ahead), low, high
        (ahead). `extra["total"]` has the sum of the groups, draw by draw. `.rows(period=...)` are the accounts that
        opened the tickets of a month that is over.

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    DataError
        If there are fewer than six complete months.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.capacity.demand(sm.demo(customers=200), horizon=3)
    >>> ahead = made.df[made.df["forecast"]]
    >>> bool((ahead["low"] <= ahead["value"]).all())
    True
    """
    horizon, window = whole("horizon", horizon, 1, most=60), whole("window", window, 3)
    level = coverage(interval)
    names = columns(by)
    _customers_only(book, names)
    where = None if channel is None else {"channel": channel}
    found = history(book, names, where)
    _, _, full = book.engine.extent("M")
    assumed, model = Assumed.of(growth, contact_change), fitted(book, names, found, full, window)
    ahead, people = simulated(model, horizon, assumed=assumed)
    notes = assumed.notes(model, people)
    labels = [*found.labels, tuple(OUTSIDE for _ in names)]
    past = np.concatenate([found.tickets.sum(axis=1), found.outside[None, :]])[:, -SHOWN:]
    there = np.concatenate([found.customers.sum(axis=1), 0 * found.outside[None, :]])[:, -SHOWN:]
    month = np.arange(full - past.shape[1] + 1, full + horizon + 1)
    if not names:  # all together, whoever asks
        ahead, people = ahead.sum(axis=1, keepdims=True), people.sum(axis=1, keepdims=True)
        past, there, labels = past.sum(axis=0)[None], there.sum(axis=0)[None], [()]
    parts = [
        _rows(book, month, past[k], there[k], ahead[:, k], people[:, k], level)
        for k in range(len(labels))
    ]
    sums = (past.sum(axis=0), there.sum(axis=0), ahead.sum(axis=1), people.sum(axis=1))
    total = _rows(book, month, *sums, level)
    said = {"window": window, "channel": channel, "interval": level, "freq": "M", **assumed.said}
    return made(
        book,
        "demand",
        _together(parts, names, labels),
        "demand",
        by=by,
        options=said,
        notes=notes,
        tables=["tickets"],
        extra={"total": total, "headline": _headline(total)},
        drill=Askers(book, names, where),
    )


def _customers_only(book: Book, names: tuple[str, ...]) -> None:
    if names and not of_customers(book.tables, names):
        known = (
            ", ".join(book.tables["customers"].data.column_names)
            if "customers" in book.tables
            else ""
        )
        msg = f"Demand is grouped by columns of customers ({known}), not by {' and '.join(names)}."
        raise DataError(msg)


def _rows(
    book: Book,
    month: NDArray[np.int64],
    past: NDArray[np.int64],
    there: NDArray[np.int64],
    ahead: Floats,
    people: Floats,
    level: float,
) -> pd.DataFrame:
    import pandas as pd

    edges = np.quantile(ahead, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    gone = np.full(len(past), np.nan)
    over = np.arange(len(month)) < len(past)
    return pd.DataFrame(
        {
            "period": book.calendar("M").starts(month),
            "value": np.concatenate([past.astype(float), ahead.mean(axis=0)]),
            "customers": np.concatenate([there.astype(float), people.mean(axis=0)]),
            "n": np.concatenate([past, np.zeros(ahead.shape[1], np.int64)]),
            "forecast": ~over,
            "reason": "",
            "complete": over,
            # Where tickets are so rare that most draws have none, the mean lies above them.
            "low": np.concatenate([gone, np.minimum(edges[0], ahead.mean(axis=0))]),
            "high": np.concatenate([gone, np.maximum(edges[1], ahead.mean(axis=0))]),
        }
    )


def _together(
    parts: list[pd.DataFrame], names: tuple[str, ...], labels: Sequence[tuple[Any, ...]]
) -> pd.DataFrame:
    import pandas as pd

    for part, label in zip(parts, labels, strict=True):
        for at, name in enumerate(names):
            part.insert(1 + at, name, label[at])
    return pd.concat(parts, ignore_index=True)


def _headline(total: pd.DataFrame) -> str:
    now, last = total[~total["forecast"]].iloc[-1], total.iloc[-1]
    return (
        f"{now['value']:,.0f} tickets in {now['period']:%b %Y}, {last['value']:,.0f} ({last['low']:,.0f} to "
        f"{last['high']:,.0f}) in {last['period']:%b %Y}"
    )


@metric(
    id="demand_backtest",
    name="Demand forecasts, tested",
    unit="table",
    better="neutral",
    meaning="How far forecasts of tickets, made in the past with what was known then, were from what came.",
    formula="(forecast - actual) / actual for each origin and month ahead",
    missing="Missing where nothing came.",
    sources=("METRICS.md", "Zendesk: the annual staffing need within 1 %"),
    options={
        "measure": {
            "tickets": "tickets",
            "fte": "full-time people: hours of handling over productive hours",
        },
        "window": _WINDOW,
        "tolerance": "a hit is within {value:.0%}",
        "interval": "coverage {value:.0%}",
    },
)
def demand_backtest(
    book: Book,
    by: str | Sequence[str] | None = "segment",
    *,
    origins: int = 6,
    horizon: int = 3,
    measure: str = "tickets",
    window: int = 12,
    tolerance: float = 0.01,
    interval: float = 0.95,
) -> Result:
    """Forecasts of demand from earlier months against what came.

    Parameters
    ----------
    book
        The company's tables; needs `tickets`.
    by
        Columns of customers that the forecast is made by; what is tested is the sum.
    origins
        How many months to forecast from, the last ones whose months ahead are all over.
    horizon
        Months ahead.
    measure
        "tickets", or "fte": people that they take, at the handling time known at the origin.
    window, interval
        As in `demand`.
    tolerance
        How far off is still a hit.

    Returns
    -------
    Result
        origin, period, horizon, value (forecast), low, high, actual, error (relative), within (whether the interval
        held it), hit (whether within the tolerance). `extra` has mape, bias, coverage and hits.

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    DataError
        If there are too few months.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.capacity.demand_backtest(sm.demo(customers=300), origins=4)
    >>> 0 <= made.extra["mape"] < 0.5
    True
    """
    import pandas as pd

    one_of("measure", measure, ("tickets", "fte"))
    origins, horizon = whole("origins", origins, 1), whole("horizon", horizon, 1, most=24)
    window, level = whole("window", window, 3), coverage(interval)
    tolerance, names = share("tolerance", tolerance), columns(by)
    _customers_only(book, names)
    found = history(book, names, None)
    _, _, full = book.engine.extent("M")
    first = full - horizon - origins + 1
    if first - found.first < 5:
        msg = f"{origins} origins with {horizon} months ahead need {origins + horizon + 6} complete months."
        raise DataError(msg)
    came = found.tickets.sum(axis=(0, 1)) + found.outside
    work = handled(book, found.first, len(came)) if measure == "fte" else None
    rows = []
    for origin in range(first, first + origins):
        ahead = simulated(fitted(book, names, found, origin, window), horizon)[0].sum(axis=1)
        at = origin - found.first
        actual = came[at + 1 : at + 1 + horizon].astype(float)
        if work is not None:
            ahead = work.of_tickets(ahead, slice(max(at - window + 1, 0), at + 1))
            actual = work.people[at + 1 : at + 1 + horizon]
        rows.append(_tested(book, origin, ahead, actual, level))
    df = pd.concat(rows, ignore_index=True)
    df["hit"] = df["error"].abs() <= tolerance + 1e-12
    summary = _summary(df, tolerance)
    said = {"measure": measure, "window": window, "tolerance": tolerance, "interval": level}
    return made(
        book, "demand_backtest", df, "table", options=said, tables=["tickets"], extra=summary
    )


def _tested(book: Book, origin: int, ahead: Floats, actual: Floats, level: float) -> pd.DataFrame:
    import pandas as pd

    calendar, steps = book.calendar("M"), np.arange(1, ahead.shape[1] + 1)
    low, high = np.quantile(ahead, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    value = ahead.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(actual > 0, value / actual - 1, np.nan)
    return pd.DataFrame(
        {
            "origin": calendar.starts(np.full(len(steps), origin)),
            "period": calendar.starts(origin + steps),
            "horizon": steps,
            "value": value,
            "low": low,
            "high": high,
            "actual": actual,
            "error": error,
            "within": (low <= actual) & (actual <= high),
        }
    )


def _summary(df: pd.DataFrame, tolerance: float) -> dict[str, Any]:
    found = forecast_accuracy(df["value"].tolist(), df["actual"].tolist(), tolerance)
    if found is None:
        return {"headline": "nothing came in the months forecast"}
    mape, bias, hits = found
    coverage = float(df["within"].mean())
    headline = (
        f"{mape:.1%} off on average, bias {bias:+.1%}, {format_part(coverage, 0)} of the ranges held; "
        f"{format_part(hits, 0)} within {tolerance:.0%}"
    )
    return {"mape": mape, "bias": bias, "hits": hits, "coverage": coverage, "headline": headline}

"""Cohorts by renewals instead of by months: customers with monthly and with yearly terms in one triangle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns, unreserved
from saasmetrics.engine.renewed import renewed_lives
from saasmetrics.errors import DataError, NotPortableError
from saasmetrics.metrics.made import group_code, made, ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.periods import NOUNS, day_number
from saasmetrics.survival.estimate import wilson
from saasmetrics.survival.lives import label_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.connected.engine import ConnectedEngine
    from saasmetrics.periods import Calendar
    from saasmetrics.result import Result

RENEWALS = "renewals"
_YOUNG = "no renewal of this number has come due in the cohort"
_DUE = (
    "A term is as long as the first contract, or else as the billing interval, that a customer began with; changes "
    "within it are no renewals"
)
_OLD = (
    "At each age only customers count whose so many terms would be over by now, whether or not they stayed: at high "
    "ages those with short terms"
)


@metric(
    id="renewal_cohorts",
    name="Retention by cohort and renewal",
    unit="ratio",
    better="higher",
    meaning="Of the customers who first paid in the same period, how many have renewed so many times.",
    formula="customers who renewed at least so often / customers for whom so many renewals have come due",
    missing="Missing where no renewal of the number has come due; 0 means that nobody renewed.",
    sources=("METRICS.md", "Fader and Hardie 2007: retention by renewal"),
    options={
        "measure": {"logos": "customers"},
        "cohort_freq": "cohorts by {value} of the first payment",
        "interval": "interval of {value:.0%} (Wilson)",
    },
)
def renewal_cohorts(
    book: Book,
    by: str | Sequence[str] | None = None,
    *,
    cohort_freq: str = "Y",
    interval: float | None = 0.95,
) -> Result:
    """Retention by cohort and number of renewals: monthly and yearly customers side by side.

    Parameters
    ----------
    book
        The company's tables; MRR from subscriptions.
    by
        Columns to group by; a customer stays in the group it began with.
    cohort_freq
        D, W, M, Q or Y: the length of a cohort.
    interval
        Coverage of the interval; None for none.

    Returns
    -------
    Result
        by-columns, cohort (first day), age (renewals), value, numerator, denominator (customers for whom so many
        renewals have come due), n (the same), observed, state ("observed", "not yet"), reason, low and high.
        `extra["average"]` has the same over all cohorts. The rows are the customers with renewals made and due.

    Raises
    ------
    DataError
        If the tables have no terms.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"subscription_id": [1, 2], "customer_id": ["a", "b"], "start": ["2023-01-01", "2025-10-01"],
    ...     "end": ["2025-01-01", "2025-12-01"], "amount": [12, 1], "interval": ["year", "month"]}
    >>> found = sm.retention.renewal_cohorts(sm.Book(subscriptions=rows, as_of="2025-12-31"))
    >>> found.df["value"].tolist()  # a renewed its year once and could have twice, b its month once
    [1.0, 1.0, 0.0, 1.0, 1.0, 0.0]
    """
    check_interval(interval)
    names, calendar = columns(by), book.calendar(cohort_freq)
    unreserved(names, ("state",))
    lives = _lives(book, names, calendar)
    labels = book.engine.grouping(names).labels
    used, place = np.unique(lives.cohort, return_inverse=True)
    cell = lives.group * len(used) + place.reshape(-1)
    top, bottom = _counted(lives, cell, len(labels) * len(used))
    shape = (len(labels), len(used), top.shape[1])
    df = _cells(top.reshape(shape), bottom.reshape(shape), names, labels, interval)
    df["cohort"] = calendar.starts(used)[df["cohort"]]
    average = _cells(
        top.reshape(shape).sum(axis=1, keepdims=True),
        bottom.reshape(shape).sum(axis=1, keepdims=True),
        *(names, labels, interval),
    )
    average = average[average["observed"]].drop(columns=["cohort", "observed", "state", "reason"])
    return made(
        book,
        "renewal_cohorts",
        df,
        "renewal_cohorts",
        by=by,
        options={"measure": "logos", "cohort_freq": NOUNS[cohort_freq], "interval": interval},
        notes=[_DUE, _OLD],
        extra={"average": average.reset_index(drop=True), "noun": RENEWALS},
        drill=_drill(book, names, lives, calendar),
    )


def only_logos(measure: str, cohort: str) -> None:
    """Refuse what is not counted by renewals.

    Examples
    --------
    >>> only_logos("logos", "first_payment")
    """
    if measure != "logos" or cohort != "first_payment":
        what = f"measure={measure!r}" if measure != "logos" else f"cohort={cohort!r}"
        msg = (
            f"By renewals customers are counted from their first payment on, not {what}; leave it out, use by= for "
            'columns, or take freq="Y" for money.'
        )
        raise DataError(msg)


@dataclass(frozen=True, eq=False)
class _Lives:
    """Customers, or as many as are alike: renewals made and due, group, cohort, and how many there are.

    `rows` returns those for whom so many renewals have come due, of a cohort and a group or of all.
    """

    made: NDArray[np.int64]
    due: NDArray[np.int64]
    group: NDArray[np.int64]
    cohort: NDArray[np.int64]
    n: NDArray[np.int64]
    rows: Callable[[int, int | None, int | None], pa.Table]


def _lives(book: Book, by: tuple[str, ...], calendar: Calendar) -> _Lives:
    """Return the lives of customers in terms, counted where the tables are."""
    engine = book.engine
    if hasattr(engine, "there"):
        from saasmetrics.engine.connected.renewed import RenewedThere

        try:
            there = RenewedThere(cast("ConnectedEngine", engine), by, calendar)
            return _Lives(**there.cells(), rows=there.rows)
        except NotPortableError:
            pass  # rows are brought instead
    lives = renewed_lives(engine)
    account = lives["account"]
    group = engine.origin(by)[account].astype(np.int64)
    cohort = calendar.ordinal(book.calendar("M").first_day(lives["since"])).astype(np.int64)

    def rows(age: int, begun: int | None, code: int | None) -> pa.Table:
        mine = lives["due"] >= age
        mine &= True if begun is None else cohort == begun
        mine &= True if code is None else group == code
        told = {name: lives[name][mine] for name in ("made", "due", "term", "since")}
        ids = engine.spans.entity_ids.take(pa.array(account[mine]))
        return pa.table({**told, "customer_id": ids})

    one = np.ones(len(account), np.int64)
    return _Lives(lives["made"], lives["due"], group, cohort, one, rows)


def _counted(
    lives: _Lives, cell: NDArray[np.int64], cells: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return per cell and number of renewals who made it, and for whom it has come due: cells x ages."""
    # no more ages than anybody could have made: beyond it all are 0 of ever fewer
    most = int(max(np.minimum(lives.made + 1, lives.due).max(initial=0), 0))
    ages = most + 1
    sides = []
    for upto in (np.minimum(lives.made, lives.due), lives.due):
        ends = np.zeros((cells, ages), np.int64)
        np.add.at(ends, (cell, np.minimum(upto, most)), lives.n)
        sides.append(np.cumsum(ends[:, ::-1], axis=1)[:, ::-1])
    return sides[0], sides[1]


def _cells(
    top: NDArray[np.int64],
    bottom: NDArray[np.int64],
    names: tuple[str, ...],
    labels: Sequence[tuple[Any, ...]],
    level: float | None,
) -> pd.DataFrame:
    """Return one row per group, cohort with customers, and number of renewals; `cohort` is its place."""
    import pandas as pd

    ages = top.shape[2]
    born = np.argwhere(bottom[:, :, 0] > 0)
    group, cohort = np.repeat(born, ages, axis=0).T
    age = np.tile(np.arange(ages), len(born))
    over, under = top[group, cohort, age], bottom[group, cohort, age]
    known = under > 0
    data: dict[str, Any] = label_columns(names, labels, group)
    data.update(cohort=cohort, age=age, value=ratio(over, under))
    data["numerator"] = np.where(known, over, np.nan)
    data["denominator"] = np.where(known, under, np.nan)
    data.update(n=under, observed=known)
    data["state"] = np.where(known, "observed", "not yet").astype(object)
    data["reason"] = np.where(known, "", _YOUNG).astype(object)
    if level is not None:
        low, high = wilson(over, under, level)
        start = age == 0
        data["low"], data["high"] = np.where(start, 1.0, low), np.where(start, 1.0, high)
    return pd.DataFrame(data)


def _drill(
    book: Book, by: tuple[str, ...], lives: _Lives, calendar: Calendar
) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: the customers for whom a number of renewals has come due."""

    def rows(cohort: Any = None, age: int = 0, **group: Any) -> pd.DataFrame:
        import pandas as pd

        code, begun = group_code(book, by, group), None
        if cohort is not None:
            begun = int(calendar.ordinal(np.array([day_number(cohort)]))[0])
        mine = lives.rows(age, begun, code)
        found = pd.DataFrame({"customer_id": mine["customer_id"].to_pandas()})
        found["numerator"] = (np.asarray(mine["made"]) >= age).astype(float)
        found["denominator"] = 1.0
        for name in ("made", "due", "term"):
            found[name] = np.asarray(mine[name])
        found["first_month"] = book.calendar("M").starts(np.asarray(mine["since"]))
        return found

    return rows

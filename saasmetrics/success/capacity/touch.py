"""How much of a customer success manager's time the accounts of the book take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from saasmetrics.asked import finite, text, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import days, flat, has, numbers
from saasmetrics.engine.contacts import BAND_NAMES, BANDS
from saasmetrics.engine.followed import followed
from saasmetrics.engine.groups import columns, unreserved
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.made import made, ratio
from saasmetrics.success.capacity.shared import share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Touches:
    """Activities, or sums of them: whose, on which day, how many minutes they took and how many they are."""

    entity: NDArray[np.int64]
    day: NDArray[np.int64]
    minutes: Floats
    n: NDArray[np.int64]


@metric(
    id="touch_workload",
    name="Touch workload",
    unit="ratio",
    better="neutral",
    meaning="Which share of the time of each customer success manager the accounts of the book take.",
    formula="sum over accounts of minutes a month that accounts of that segment and age take / minutes available",
    missing="Missing where activities have no minutes.",
    sources=("METRICS.md",),
    options={
        "by": "minutes by {value} and months since the customer began",
        "window": "activities of the last {value} months",
        "available": "{value}",
    },
)
def touch_workload(
    book: Book,
    by: str | Sequence[str] | None = "segment",
    *,
    owner: str = "csm_id",
    window: int = 12,
    hours: float = 160,
    shrinkage: float = 0.3,
    limit: float = 1.0,
) -> Result:
    """Hours that the accounts of each book take a month, against those that there are.

    Parameters
    ----------
    book
        The company's tables; needs `activities` with minutes, and `customers` with the owner.
    by
        Columns of customers that the minutes of an account depend on, beside its age.
    owner
        Column of customers that names the owner.
    window
        Months of activities that minutes are taken from.
    hours, shrinkage
        Paid hours of a month, and share of them not available for customers.
    limit
        Share of the available time above which a book is too much.

    Returns
    -------
    Result
        The owner, value (share of the time), numerator (hours needed a month), denominator (hours available), n
        (accounts), verdict ("within", "over", "no owner"), reason. `extra["rates"]` has the minutes a month of an
        account by group and age, with the activities and account-months behind them.

    Raises
    ------
    MissingTableError
        If there is no table activities or customers.
    DataError
        If activities have no minutes.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.capacity.touch_workload(sm.demo(customers=300))
    >>> bool((made.df["value"] > 0).all())
    True
    """
    import pandas as pd

    window, names = whole("window", window, 1), columns(by)
    unreserved((text("owner", owner, "a column of customers"),), ("account_months",))
    finite("hours", hours, "paid hours of a month", least=1, most=10_000)
    most = finite("limit", limit, "a share of the time such as 0.9", least=0.01, most=10)
    available = hours * (1 - share("shrinkage", shrinkage, most=0.99))
    touches = _touches(book)
    engine, (_, _, full) = followed(book.engine), book.engine.extent("M")
    group, many = engine.origin(names).astype(np.int64), len(engine.grouping(names))
    exposed, spent, count = _rates(book, group, many, (full - window + 1, full), touches)
    usual = ratio(spent.sum(axis=1), exposed.sum(axis=1))[:, None]
    rate = np.where(exposed > 0, ratio(spent, exposed), np.nan_to_num(usual))
    paying = np.flatnonzero(engine.entities.state(engine.as_of)[0] > 0)
    begun = engine.periodic("M").since.astype(np.int64)
    age = np.digitize(full + 1 - begun, BANDS)  # the month to come
    need = rate[group[paying], age[paying]] / 60
    owners = engine.grouping((owner,))
    code = engine.origin((owner,))[paying]
    hours_of = np.bincount(code, need, len(owners))
    accounts = np.bincount(code, minlength=len(owners))
    here = np.flatnonzero(accounts)
    df = pd.DataFrame(
        {
            owner: np.array([label[0] for label in owners.labels], object)[here],
            "value": hours_of[here] / available,
            "numerator": hours_of[here],
            "denominator": available,
            "n": accounts[here],
        }
    )
    rates = _table(book, names, rate, exposed, count)
    return _result(book, df, owner, most, rates, (names, window, hours, shrinkage))


def _result(
    book: Book,
    df: pd.DataFrame,
    owner: str,
    most: float,
    rates: pd.DataFrame,
    asked: tuple[tuple[str, ...], int, float, float],
) -> Result:
    lost, over = (df[owner] == "(none)").to_numpy(bool), df["value"].to_numpy() > most
    df["verdict"] = np.select([lost, over], ["no owner", "over"], "within")
    df["reason"] = np.select(
        [lost, over], ["nobody looks after these accounts", f"more than {most:.0%} of the time"], ""
    )
    df = df.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)
    names, window, hours, away = asked
    need, each = float(df["numerator"].sum()), float(df["denominator"].iloc[0]) if len(df) else 1.0
    said = {
        "by": " and ".join(names) or "nothing else",
        "window": window,
        "available": f"{hours:g} hours a month, shrinkage {away:.0%}",
    }
    headline = (
        f"{need:,.0f} hours a month take {need / each / most:.1f} people; "
        f"{int((df['verdict'] == 'over').sum())} of {len(df)} books are too much"
    )
    extra = {"headline": headline, "limits": (0, most), "rates": rates}
    used = ["activities"]
    return made(
        book, "touch_workload", df, "books", by=owner, options=said, tables=used, extra=extra
    )


def _touches(book: Book) -> _Touches:
    """Return the activities of paying customers: of those elsewhere the sums of each customer and month."""
    for table in ("activities", "customers"):
        if table not in book.tables:
            raise MissingTableError.of(table, "Touch workload")
    data = book.tables["activities"].data
    if not has(data, "minutes"):
        msg = "Touch workload needs the minutes of activities (activities.minutes). Add the column."
        raise DataError(msg)
    if book.tables["activities"].is_away:
        from saasmetrics.engine.connected.activities import minutes_by_month

        data = minutes_by_month(data, book.as_of_day)
        day, n = (np.asarray(data[name]).astype(np.int64) for name in ("day", "n"))
    else:
        day, n = days(data["at"], -(2**30)).astype(np.int64), np.ones(len(data), np.int64)
    ids = flat(data["customer_id"])
    at = pc.index_in(ids, value_set=flat(followed(book.engine).spans.entity_ids).cast(ids.type))
    entity = np.asarray(at.fill_null(-1)).astype(np.int64)
    minutes = numbers(data["minutes"], np.nan)
    keep = (entity >= 0) & ~np.isnan(minutes) & (day <= book.as_of_day)
    return _Touches(entity[keep], day[keep], minutes[keep], n[keep])


def _rates(
    book: Book,
    group: NDArray[np.int64],
    many: int,
    months: tuple[int, int],
    touches: _Touches,
) -> tuple[Floats, Floats, Floats]:
    """Return account-months, minutes and activities by group and age over some months."""
    ledger, bands = followed(book.engine).periodic("M"), len(BANDS) + 1
    begun = ledger.since.astype(np.int64)
    month = book.calendar("M").ordinal(touches.day)
    exposed, spent, count = (np.zeros((many, bands)) for _ in range(3))
    for period in range(months[0], months[1] + 1):
        cell = group * bands + np.digitize(period - begun, BANDS)
        paying = ledger.state(period)[0] > 0
        here = (month == period) & paying[touches.entity]
        where = cell[touches.entity[here]]
        exposed += np.bincount(cell[paying], minlength=many * bands).reshape(many, bands)
        spent += np.bincount(where, touches.minutes[here], many * bands).reshape(many, bands)
        count += np.bincount(where, touches.n[here], many * bands).reshape(many, bands)
    return exposed, spent, count


def _table(
    book: Book, names: tuple[str, ...], rate: Floats, exposed: Floats, count: Floats
) -> pd.DataFrame:
    import pandas as pd

    labels, bands = book.engine.grouping(names).labels, len(BAND_NAMES)
    data: dict[str, Any] = {
        name: np.repeat(np.array([label[at] for label in labels], object), bands)
        for at, name in enumerate(names)
    }
    data["age"] = np.tile(np.array(BAND_NAMES, object), len(labels))
    parts = {"minutes": rate, "account_months": exposed, "activities": count}
    return pd.DataFrame({**data, **{name: part.ravel() for name, part in parts.items()}})

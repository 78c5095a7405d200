"""The renewal calendar: what comes up in the next quarters, by forecast category."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.contracts import CATEGORIES
from saasmetrics.engine.renewals import LOST, OPEN, RENEWED
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made, money
from saasmetrics.metrics.renewals.cells import EARLY, GRACE, SOURCES, TERMS
from saasmetrics.metrics.renewals.due import coming
from saasmetrics.money import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.renewals.shared import Desk
    from saasmetrics.result import Result

STATES = ("won", *CATEGORIES, "lost")


@metric(
    id="renewal_calendar",
    name="Renewal calendar",
    unit="money",
    better="neutral",
    meaning="The contract value that comes up for renewal in each of the next quarters, by forecast category.",
    formula="ARR of the terms that end in the quarter; won where it is renewed already, else the category of the "
    "contract",
    missing="No row where nothing comes up.",
    sources=(*SOURCES, "Gainsight renewal forecast categories"),
    options={"terms": TERMS, "grace_days": GRACE, "early_days": EARLY},
)
def calendar(
    book: Book,
    quarters: int = 4,
    by: str | Sequence[str] | None = None,
    *,
    terms: str = "fixed",
    grace_days: int = 90,
    early_days: int = 90,
) -> Result:
    """What comes up for renewal in the next quarters, by forecast category.

    Parameters
    ----------
    book
        As for `rates`.
    quarters
        How many quarters, the one of the day after the as-of date first.
    by
        As for `rates`; "owner_id" for the people in charge.
    terms, grace_days, early_days
        As for `rates`.

    Returns
    -------
    Result
        period, by-columns, category (won, commit, best, at_risk, omit, unclassified, lost), value (expiring ARR,
        currency units), forecast (ARR after renewal: as forecast, or as signed where won; missing where nobody
        forecasts), n (terms), customers, overdue (due in an earlier quarter and still open). The values of a quarter
        sum to its ATR. `.rows(period=..., category=...)` has the contracts.

    Raises
    ------
    DataError
        If `quarters` is not a number of at least 1.

    Notes
    -----
    Only what was signed by the as-of date is known. Categories and forecasts are those of the table: it keeps no
    history of them.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.renewals.calendar(sm.demo(customers=300))
    >>> sorted(found.df["category"].unique())
    ['at_risk', 'best', 'commit', 'won']
    """
    quarters = quarters_ahead(quarters)
    desk, first = ahead(coming(book, by, quarters, terms, grace_days, early_days), quarters)
    if "category" in desk.by:
        msg = "The calendar is by category already; leave it out of `by`."
        raise DataError(msg)

    def drill(period: Any = None, category: str | None = None, **group: Any) -> pd.DataFrame:
        if category is not None:
            one_of("category", category, STATES)
        mask = np.ones(len(desk.kept), bool)
        if period is not None or group:
            day = period or desk.book.calendar("Q").starts(np.array([first]))[0]
            mask = desk.mask(day, group)
        if category is not None:
            mask &= states(desk) == STATES.index(category)
        return with_people(desk, mask)

    return made(
        book,
        "renewal_calendar",
        _frame(desk, first),
        "renewal_calendar",
        by=by,
        options={"quarters": quarters, **desk.options},
        notes=(*desk.notes(), *_notes(desk)),
        extra={"quarters": _starts(desk, first, quarters)},
        drill=drill,
        tables=desk.tables,
    )


def _starts(desk: Desk, first: int, quarters: int) -> list[pd.Timestamp]:
    import pandas as pd

    return list(pd.to_datetime(desk.book.calendar("Q").starts(np.arange(first, first + quarters))))


def quarters_ahead(quarters: Any) -> int:
    """Return how many quarters to look ahead; refuse what is no number of them.

    Raises
    ------
    DataError
        If it is not a whole number from 1 to 400.

    Examples
    --------
    >>> quarters_ahead(4)
    4
    """
    return whole("quarters", quarters, 1, "a number of quarters", most=400)


def ahead(desk: Desk, quarters: int) -> tuple[Desk, int]:
    """Return the desk of what is due in the next quarters or overdue, and the first of these quarters."""
    first = int(desk.book.calendar("Q").ordinal(np.array([desk.as_of + 1]))[0])
    due, still = desk.due, desk.found.outcome[desk.kept] == OPEN
    return desk.only((due < first + quarters) & ((due >= first) | still)), first


def states(desk: Desk) -> NDArray[np.int64]:
    """Return for each term its place in `STATES`: won, its category while it is open, or lost."""
    outcome, category = (
        desk.found.outcome[desk.kept],
        desk.found.terms.category[desk.kept],
    )
    return np.select(
        [outcome == RENEWED, outcome == LOST], [0, len(STATES) - 1], category + 1
    ).astype(np.int64)


def forecasts(desk: Desk) -> NDArray[np.int64]:
    """Return for each term the ARR after renewal, as signed or as forecast; -1 where nobody forecasts."""
    found = desk.found
    said = np.where(found.outcome == RENEWED, found.final, found.terms.forecast)
    return np.where(found.outcome == LOST, 0, said)[desk.kept]


def with_people(desk: Desk, mask: NDArray[np.bool_], **more: Any) -> pd.DataFrame:
    """Return the contracts of a cell with category, forecast and owner, and further columns of the same rows."""
    said, owners = forecasts(desk)[mask], desk.owners
    return desk.rows(
        mask,
        **more,
        category=np.array(STATES, object)[states(desk)[mask]],
        forecast=np.where(said < 0, np.nan, money(said)),
        owner_id=[owners[place] for place in desk.kept[mask].tolist()],
    )


def _frame(desk: Desk, first: int) -> pd.DataFrame:
    """Return the cells that hold terms: period, group and category."""
    import pandas as pd

    kinds = len(STATES)
    start, periods = desk.span()
    cell = (desk.code() * periods + desk.due - start) * kinds + states(desk)
    used, at = np.unique(cell, return_inverse=True)
    at = at.reshape(-1)
    value, ahead_of, told = (np.zeros(len(used), np.int64) for _ in range(3))
    np.add.at(value, at, desk.found.terms.due[desk.kept])
    said = forecasts(desk)
    np.add.at(ahead_of, at, np.maximum(said, 0))
    np.add.at(told, at, (said >= 0).astype(np.int64))
    who = desk.found.terms.customer[desk.kept]
    pairs = np.unique(np.stack([at, who]), axis=1)[0]
    group, number = used // kinds // max(periods, 1), used // kinds % max(periods, 1) + start
    data: dict[str, Any] = {"period": desk.book.calendar("Q").starts(number)}
    for i, name in enumerate(desk.by):
        label = np.empty(len(used), object)
        label[:] = [desk.groups.labels[g][i] for g in group]
        data[name] = label
    data["category"] = np.array(STATES, object)[used % kinds]
    data["value"] = money(value)
    data["forecast"] = np.where(told > 0, money(ahead_of), np.nan)
    data["n"] = np.bincount(at, minlength=len(used))
    data["customers"] = np.bincount(pairs, minlength=len(used))
    data["overdue"] = number < first
    return pd.DataFrame(data)


def _notes(desk: Desk) -> tuple[str, ...]:
    said = []
    if desk.later:
        said.append(f"{counted(desk.later, 'contract')} signed after the as-of date: not known yet")
        said.append("Categories and forecasts are as the table has them, not as they were then")
    first = int(desk.book.calendar("Q").ordinal(np.array([desk.as_of + 1]))[0])
    over = desk.due < first
    if over.any():
        said.append(
            f"{counted(int(over.sum()), 'term')} due in an earlier quarter and still open in the grace: overdue"
        )
    return tuple(said)

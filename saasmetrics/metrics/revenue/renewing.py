"""The renewal base: what comes up for renewal next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.book import columns
from saasmetrics.catalogue import metric
from saasmetrics.metrics.made import made
from saasmetrics.metrics.retention.window import ordinal
from saasmetrics.metrics.revenue.contracted import contracts_of, groups_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_NOTE = "Contracts are in force from their start to the day before their end, at the latest known exchange rates"


@metric(
    id="renewal_base",
    name="Renewal base",
    unit="money",
    better="neutral",
    meaning="How much of MRR under contract comes up for renewal in the next periods.",
    formula="monthly value of the contracts in force at the end of a period that end within `ahead` periods after it",
    missing="Never missing: where no contract ends it is 0.",
    sources=("METRICS.md",),
    options={"ahead": "that end within the next {value}"},
)
def renewal_base(
    book: Book, freq: str = "M", by: str | Sequence[str] | None = None, *, ahead: int = 1
) -> Result:
    """MRR under contract that is up for renewal, as seen from the end of every period.

    Parameters
    ----------
    book
        The company's tables, with contracts.
    freq
        D, W, M, Q or Y.
    by
        Columns of the customers to group by.
    ahead
        How many periods of `freq` to look ahead.

    Returns
    -------
    Result
        period, by-columns, value (per month, in currency units), n contracts, complete.

    Raises
    ------
    MissingTableError
        If the book has no contracts.
    UnknownNameError
        If a frequency does not exist.

    Notes
    -----
    A contract that has been renewed early counts once: the term that runs is up, the one that follows is not in force.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> lines = {"subscription_id": [1], "customer_id": ["a"], "start": ["2025-04-01"], "amount": [100]}
    >>> deals = {"contract_id": [1], "customer_id": ["a"], "start": ["2025-04-01"], "end": ["2026-04-01"]}
    >>> book = sm.Book(subscriptions=lines | {"interval": ["month"]}, contracts=deals | {"arr": [1200]},
    ...     as_of="2026-03-31")
    >>> sm.revenue.renewal_base(book).value
    100.0
    """
    import pandas as pd

    by = columns(by)
    first, periods, full = book.engine.extent(freq)
    group, labels, ids = groups_of(book, by)
    start, end, value, _ = contracts_of(book)
    calendar = book.calendar(freq)
    # Up from the end of the period `ahead` before the one it ends in, if it had begun by then.
    last, begun = calendar.ordinal(end) - 1, calendar.ordinal(start)
    total = np.zeros((len(labels), periods + 1))
    count = np.zeros((len(labels), periods + 1), np.int64)
    begin = np.clip(np.maximum(last - ahead + 1, begun) - first, 0, periods)
    stop = np.clip(last + 1 - first, 0, periods)
    used = (begin < stop) & (end > start)
    for at, sign in ((begin, 1), (stop, -1)):
        np.add.at(total, (group[used], at[used]), sign * value[used])
        np.add.at(count, (group[used], at[used]), sign)
    number = np.arange(first, first + periods)
    data: dict[str, Any] = {"period": np.tile(calendar.starts(number), len(labels))}
    for i, name in enumerate(by):
        data[name] = np.repeat(np.array([label[i] for label in labels], object), periods)
    data["value"] = (np.cumsum(total, axis=1)[:, :-1] / 12).round(6).ravel()
    data["n"] = np.cumsum(count, axis=1)[:, :-1].ravel()
    data["complete"] = np.tile(number <= full, len(labels))

    def drill(period: Any = None, **cell: Any) -> pd.DataFrame:
        at = ordinal(book, freq, period) - first
        mine = used & (begin <= at) & (at < stop)
        if cell:
            mine &= group == labels.index(tuple(str(cell[name]) for name in by))
        deals = book.tables["contracts"].data["contract_id"].to_pandas()
        found = pd.DataFrame({"customer_id": ids.to_pandas(), "contract_id": deals}).loc[mine]
        return found.assign(end=end[mine].astype("datetime64[D]"), numerator=value[mine] / 12)

    noun = calendar.noun
    words = f"{ahead} {noun}{'s' if ahead > 1 else ''}"
    return made(
        book,
        "renewal_base",
        pd.DataFrame(data),
        "series",
        by=by,
        options={"freq": freq, "ahead": words},
        notes=(_NOTE,),
        drill=drill,
        tables=["contracts"],
    )

"""The renewal base: what comes up for renewal next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.errors import UnknownNameError
from saasmetrics.metrics.made import made
from saasmetrics.metrics.retention.window import ordinal
from saasmetrics.metrics.revenue.contracted import contracts_of, groups_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

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
    by = columns(by)
    ahead = whole("ahead", ahead, 1, f"a number of {book.calendar(freq).noun}s")
    base = _Base.of(book, freq, by, ahead)
    noun = book.calendar(freq).noun
    words = f"{ahead} {noun}{'s' if ahead > 1 else ''}"
    return made(
        book,
        "renewal_base",
        base.frame(),
        "series",
        by=by,
        options={"freq": freq, "ahead": words},
        notes=(_NOTE,),
        drill=base.rows,
        tables=["contracts"],
    )


@dataclass(frozen=True, eq=False)
class _Base:
    """Contracts with the periods, counted from the first, from and before whose ends each is up for renewal."""

    book: Book
    freq: str
    by: tuple[str, ...]
    group: NDArray[np.int64]
    labels: list[tuple[Any, ...]]
    value: NDArray[np.float64]
    begin: NDArray[np.int64]
    stop: NDArray[np.int64]

    @classmethod
    def of(cls, book: Book, freq: str, by: tuple[str, ...], ahead: int) -> _Base:
        """Return the contracts of a book."""
        first, periods, _ = book.engine.extent(freq)
        group, labels, _ = groups_of(book, by)
        start, end, value, _ = contracts_of(book)
        slot = book.calendar(freq).ordinal
        last = np.where(end > start, slot(end) - first, 0)
        begin = np.maximum(last - ahead, slot(start) - first)
        edges = [np.clip(at, 0, periods) for at in (begin, last)]
        return cls(book, freq, by, group, labels, value / 12, edges[0], edges[1])

    def frame(self) -> pd.DataFrame:
        """Return the sums per group and period."""
        import pandas as pd

        first, periods, full = self.book.engine.extent(self.freq)
        shape = (len(self.labels), periods + 1)
        total, count = np.zeros(shape), np.zeros(shape, np.int64)
        used = self.begin < self.stop
        for at, sign in ((self.begin, 1), (self.stop, -1)):
            np.add.at(total, (self.group[used], at[used]), sign * self.value[used])
            np.add.at(count, (self.group[used], at[used]), sign)
        number = np.arange(first, first + periods)
        starts = self.book.calendar(self.freq).starts(number)
        data: dict[str, Any] = {"period": np.tile(starts, len(self.labels))}
        for i, name in enumerate(self.by):
            names = np.array([label[i] for label in self.labels], object)
            data[name] = np.repeat(names, periods)
        data["value"] = np.cumsum(total, axis=1)[:, :-1].round(6).ravel() + 0.0
        data["n"] = np.cumsum(count, axis=1)[:, :-1].ravel()
        data["complete"] = np.tile(number <= full, len(self.labels))
        return pd.DataFrame(data)

    def rows(self, period: Any = None, **group: Any) -> pd.DataFrame:
        """Return the contracts behind a cell."""
        at = ordinal(self.book, self.freq, period) - self.book.engine.extent(self.freq)[0]
        mine = (self.begin <= at) & (at < self.stop)
        if group:
            label = tuple(str(group.get(name)) for name in self.by)
            if label not in self.labels:
                known = [" · ".join(known) for known in self.labels]
                raise UnknownNameError.of("group", " · ".join(label), known)
            mine &= self.group == self.labels.index(label)
        deals: pd.DataFrame = self.book.frame("contracts").loc[mine]
        out = deals[["customer_id", "contract_id", "end"]].reset_index(drop=True)
        out.insert(1, "numerator", self.value[mine])
        return out

"""The renewal base: what comes up for renewal next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.expiring import AskedContracts, Expiring, contracts_shown, expiring
from saasmetrics.engine.groups import columns
from saasmetrics.errors import MissingTableError, UnknownNameError
from saasmetrics.metrics.made import made, money
from saasmetrics.metrics.retention.window import ordinal
from saasmetrics.metrics.revenue.contracted import customer_columns
from saasmetrics.tables.texts import to_frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import pyarrow as pa

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics.tables import Table

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
    """Contracts, or how many are alike, with the periods from and before whose ends each is up for renewal."""

    book: Book
    by: tuple[str, ...]
    ahead: int
    asked: AskedContracts
    found: Expiring

    @classmethod
    def of(cls, book: Book, freq: str, by: tuple[str, ...], ahead: int) -> _Base:
        """Return the contracts of a book."""
        if "contracts" not in book.tables:
            raise MissingTableError.of("contracts", "A sum of contracts")
        told = (book.calendar(freq), book.as_of_day, book.currency)
        asked = AskedContracts(customer_columns(book, by), *told)
        return cls(book, by, ahead, asked, _found(book.tables, asked))

    def frame(self) -> pd.DataFrame:
        """Return the sums per group and period."""
        import pandas as pd

        found, calendar = self.found, self.asked.calendar
        first, periods, full = self.book.engine.extent(calendar.freq)
        shape = (len(found.labels), periods + 1)
        total, count = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        begin = np.clip(np.maximum(found.end - self.ahead, found.start) - first, 0, periods)
        stop = np.clip(found.end - first, 0, periods)
        for at, sign in ((begin, 1), (stop, -1)):
            np.add.at(total, (found.group, at), sign * found.value)
            np.add.at(count, (found.group, at), sign * found.n)
        number = np.arange(first, first + periods)
        data: dict[str, Any] = {"period": np.tile(calendar.starts(number), len(found.labels))}
        for i, name in enumerate(self.by):
            names = np.array([label[i] for label in found.labels], object)
            data[name] = np.repeat(names, periods)
        monthly = money(np.cumsum(total, axis=1)[:, :-1].ravel()) / 12
        data["value"] = monthly.round(6) + 0.0
        data["n"] = np.cumsum(count, axis=1)[:, :-1].ravel()
        data["complete"] = np.tile(number <= full, len(found.labels))
        return pd.DataFrame(data)

    def rows(self, period: Any = None, **group: Any) -> pd.DataFrame:
        """Return the contracts behind a cell, those that end first first."""
        number = ordinal(self.book, self.asked.calendar.freq, period)
        label = None
        if group:
            label = tuple(str(group.get(name)) for name in self.by)
            if label not in self.found.labels:
                known = [" · ".join(known) for known in self.found.labels]
                raise UnknownNameError.of("group", " · ".join(label), known)
        deals = _shown(self.book.tables, self.asked, self.found, (number, self.ahead), label)
        deals = deals.sort_by([("end", "ascending"), ("contract_id", "ascending")])
        out = to_frame(deals.drop_columns(["value"]))
        out.insert(1, "numerator", money(np.asarray(deals["value"])) / 12)
        return out


def _found(tables: Mapping[str, Table], asked: AskedContracts) -> Expiring:
    """Return contracts by group and periods, counted where they are."""
    used = ("contracts", "customers") if asked.columns else ("contracts",)
    if all(tables[name].is_away for name in used):
        from saasmetrics.engine.connected.expiring import expiring_there

        found = expiring_there(tables, asked)
        if found is not None:
            return found
    return expiring(tables, asked)


def _shown(
    tables: Mapping[str, Table],
    asked: AskedContracts,
    found: Expiring,
    cell: tuple[int, int],
    label: tuple[str, ...] | None,
) -> pa.Table:
    """Return the contracts behind a cell: of those that are elsewhere they alone are brought."""
    if found.values:
        from saasmetrics.engine.connected.expiring import contracts_shown_there

        return contracts_shown_there(tables, asked, found, cell, label)
    return contracts_shown(tables, asked, found, cell, label)

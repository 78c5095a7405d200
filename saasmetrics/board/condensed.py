"""Rows behind a number, as many as a workbook can be opened with: the largest, and the others added up by cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.followed import followed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book

MOST = 2_000  # rows of a part that stand one by one
LARGEST = 200  # rows that do where there are more
COUNT = "rows"  # the column that says how many rows a line adds up
NOTE = (
    f"A part of more than {MOST:,} rows has its {LARGEST} largest one by one; the others are added up by the month in "
    "which their customers began. The column Rows says how many a line adds up."
)


@dataclass(eq=False)
class Began:
    """When each customer began: the months, and per customer which of them.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> began = Began.of(sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [9]}))
    >>> [str(month) for month in began.months]
    ['2026-01']
    """

    customers: pd.Index[Any]
    month: NDArray[np.intp]
    months: tuple[str, ...]
    _last: tuple[NDArray[Any], NDArray[np.intp]] | None = None

    @classmethod
    def of(cls, book: Book) -> Began:
        """Return when the customers of a book began."""
        import pandas as pd
        import pyarrow as pa

        engine = followed(book.engine)
        daily = engine.entities
        first = np.flatnonzero(daily.first)
        ids = engine.spans.entity_ids.take(pa.array(daily.account[first]))
        month = daily.time[first].astype("datetime64[D]").astype("datetime64[M]")
        months, at = np.unique(month, return_inverse=True)
        return cls(pd.Index(ids.to_pandas()), at.reshape(-1), tuple(months.astype(str)))

    def groups(
        self, customers: NDArray[Any], others: NDArray[np.bool_]
    ) -> tuple[list[str], NDArray[np.intp]]:
        """Return the months that some of the customers began in, in words, and which of them is whose."""
        used, group = np.unique(self._months_of(customers)[others], return_inverse=True)
        names = [*(f", began {month}" for month in self.months), " that never paid"]
        return [names[number] for number in used], group.reshape(-1)

    def _months_of(self, customers: NDArray[Any]) -> NDArray[np.intp]:
        """Look customers up; those of the last time, as those of several rates of one quarter are, only once."""
        import pandas as pd

        if self._last is None or not np.array_equal(self._last[0], customers):
            at = self.customers.get_indexer(pd.Index(customers))
            # Who never began is at -1, the last.
            self._last = (customers, np.append(self.month, len(self.months))[at])
        return self._last[1]


def condensed(rows: pd.DataFrame, added: Sequence[str], began: Began | None) -> pd.DataFrame:
    """Return the largest rows one by one and the others added up, so that every sum stays what it was.

    Parameters
    ----------
    rows
        The rows; the first column names each.
    added
        The columns that add up; the largest rows are those with most in any of them.
    began
        When each customer began; None: the others are one line.

    Returns
    -------
    DataFrame
        The rows themselves where they are few enough; otherwise fewer, with the column "rows".

    Examples
    --------
    >>> import pandas as pd
    >>> many = pd.DataFrame({"customer_id": range(3000), "mrr": range(3000)})
    >>> few = condensed(many, ["mrr"], None)
    >>> len(few), float(few["mrr"].sum() - many["mrr"].sum()), str(few["customer_id"].iloc[-1])
    (201, 0.0, '2,800 others')
    """
    import pandas as pd

    if len(rows) <= MOST:
        return rows
    values = {name: rows[name].to_numpy(float) for name in added}
    size = np.max([np.abs(each) for each in values.values()], axis=0)
    largest = np.sort(np.argpartition(-size, LARGEST)[:LARGEST])
    kept = rows.iloc[largest[np.argsort(-size[largest], kind="stable")]].assign(**{COUNT: 1})
    others = np.ones(len(rows), bool)
    others[largest] = False
    names, group = [""], np.zeros(int(others.sum()), np.intp)
    if began is not None and "customer_id" in rows.columns:
        names, group = began.groups(rows["customer_id"].to_numpy(), others)
    count = np.bincount(group)
    first = [f"{n:,} others{name}" for n, name in zip(count, names, strict=True)]
    sums = {name: np.bincount(group, value[others]) for name, value in values.items()}
    lines = pd.DataFrame({rows.columns[0]: first, **sums, COUNT: count})
    return pd.concat([kept, lines], ignore_index=True)

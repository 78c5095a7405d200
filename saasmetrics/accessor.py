"""`df.saas`: the library as an accessor of pandas, for those who want it; nothing registers it by itself.

Importing this module, or `sm.register_accessor()`, adds the accessor to every DataFrame of the session.

>>> import pandas as pd
>>> import saasmetrics.accessor
>>> rows = {"customer_id": ["a", "b", "a"], "month": ["2026-01", "2026-01", "2026-02"], "mrr": [9, 3, 10]}
>>> round(pd.DataFrame(rows).saas.nrr(window=1).value, 3)
0.833
"""

from __future__ import annotations

from functools import cache, partial
from importlib import import_module
from inspect import isfunction, signature
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from saasmetrics.book import Book
from saasmetrics.errors import DataError, UnknownNameError, hint
from saasmetrics.tables import SCHEMA, normalize
from saasmetrics.tables.names import fold
from saasmetrics.tables.schema import REVENUE

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SaasAccessor"]

_TOPICS = (
    "metrics.revenue",
    "metrics.retention",
    "metrics.renewals",
    "metrics.economics",
    "survival",
)


@pd.api.extensions.register_dataframe_accessor("saas")
class SaasAccessor:
    """What a table of subscriptions, of MRR per month or of invoices can be asked.

    Parameters
    ----------
    frame
        The table; it is read, never changed.

    Raises
    ------
    AttributeError
        If MRR does not follow from the columns of the table; the message names those that are missing.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        if not _fitting(frame):
            needs = "; ".join(f"{name} ({', '.join(SCHEMA[name].required)})" for name in REVENUE)
            msg = f"MRR does not follow from the columns {', '.join(map(str, frame.columns))}. It takes {needs}."
            raise AttributeError(msg)

    def book(self, table: str | None = None, **options: Any) -> Book:
        """Return the book of this table.

        Parameters
        ----------
        table
            What the rows are: "subscriptions", "mrr" or "invoices"; by default what the columns say.
        **options
            As for `Book`: policy, currency, fiscal_start, as_of, and other tables by name.

        Raises
        ------
        DataError
            If the columns fit several tables, or the table is given twice.

        Examples
        --------
        >>> rows = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [9]}
        >>> pd.DataFrame(rows).saas.book(policy="stripe").policy.name
        'stripe'
        """
        fitting = _fitting(self._frame)
        if table is None and len(fitting) > 1:
            msg = f"The columns fit {' and '.join(fitting)}; say which it is: df.saas.book({fitting[0]!r})."
            raise DataError(msg)
        if table is not None and table not in REVENUE:
            raise UnknownNameError.of("table that MRR follows from", table, REVENUE)
        name = table or fitting[0]
        if name in options:
            msg = f"The table {name} is this frame; leave out {name}=."
            raise DataError(msg)
        tables: dict[str, Any] = {name: self._frame}
        return Book(**tables, **options)

    def __getattr__(self, name: str) -> Any:
        """Return a metric of this table as a function: df.saas.nrr(window=12)."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in metrics():
            msg = f"There is no metric called {name!r}."
            raise AttributeError(msg + hint(name, metrics()))
        return _Asked(self, metrics()[name])

    def __dir__(self) -> list[str]:
        return ["book", *metrics()]


class _Asked(partial[Any]):
    """A metric of a frame; its help is that of the metric."""

    def __new__(cls, of: SaasAccessor, function: Callable[..., Any]) -> Self:
        made = super().__new__(cls, _answer, of, function)
        made.__doc__ = function.__doc__
        return made


def _answer(of: SaasAccessor, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    return function(of.book(), *args, **options)


@cache
def metrics() -> dict[str, Callable[..., Any]]:
    """Return the metrics of a book by name; where two topics share one, it is that of the first."""
    found: dict[str, Callable[..., Any]] = {}
    for topic in _TOPICS:
        module = import_module(f"saasmetrics.{topic}")
        for name in module.__all__:
            one = getattr(module, name)
            if isfunction(one) and next(iter(signature(one).parameters), "") == "book":
                found.setdefault(name, one)
    return found


def _fitting(frame: pd.DataFrame) -> list[str]:
    """Return the tables whose columns a frame has, those with the very names before those with usual ones.

    No value is looked at.
    """
    found = []
    for table in REVENUE:
        try:
            normalize(table, frame.head(0))
        except DataError:
            continue
        found.append(table)
    named = {fold(str(name)) for name in frame.columns}
    exact = [table for table in found if named.issuperset(map(fold, SCHEMA[table].required))]
    return exact or found

"""An as-of date long after the last change of a subscription: what ran on that day then reads as kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.asof import HAPPENED, observed_until
from saasmetrics.errors import Problem
from saasmetrics.money import counted
from saasmetrics.periods import iso_day
from saasmetrics.tables.runs import month_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from saasmetrics.tables import Table

    Tables = Mapping[str, Table]

CHANGES = ("start", "end", *HAPPENED)
USUAL = 3  # full months without a change, of which nothing is said
_YEAR = 12
_FEW = 6  # months with changes that are too few to tell how often there are some
_LAST = 13  # months with changes that tell it


def last_change(tables: Tables, as_of: int) -> tuple[int, int]:
    """Return the last day on which subscriptions say that something happened, and after how many silent months to ask.

    Examples
    --------
    >>> from saasmetrics.periods import day_number
    >>> from saasmetrics.tables import normalize
    >>> rows = {"customer_id": ["a", "b"], "start": ["2024-01-01", "2024-03-01"], "mrr": [10, 12]}
    >>> table = normalize("subscriptions", rows | {"subscription_id": [1, 2]})
    >>> day, months = last_change({"subscriptions": table}, day_number("2026-01-31"))
    >>> iso_day(day), months
    ('2024-03-01', 12)
    """
    last = observed_until(tables, latest=as_of)
    if full_months(last, as_of) <= USUAL:
        return last, USUAL
    return last, quiet_for(_months(tables, last))


def full_months(last: int, as_of: int) -> int:
    """Return how many full months lie between a day and the as-of date."""
    first, then = month_of(np.array([last])), month_of(np.array([as_of + 1]))
    return int(then[0]) - int(first[0]) - 1


def quiet_for(months: NDArray[np.int32]) -> int:
    """Return how many silent months are no wonder, by the months with changes: twice the longest gap of late.

    Where few months have changes, a year is no wonder either: contracts of a year, or few customers.
    """
    late = np.unique(months)[-_LAST:]
    longest = int(np.diff(late).max()) if len(late) > 1 else 0
    year = _YEAR if len(late) < _FEW else min(2 * longest, _YEAR)
    return max(USUAL, longest, year)


def _months(tables: Tables, until: int) -> NDArray[np.int32]:
    found = [_different(tables["subscriptions"], name) for name in CHANGES]
    if "invoices" in tables:
        found.append(_different(tables["invoices"], "date"))
    days = np.concatenate(found)
    return month_of(days[days <= until])


def _different(table: Table, column: str) -> NDArray[np.int64]:
    """Return the different days of a column: few, of however many rows."""
    if column not in table:
        return np.zeros(0, np.int64)
    days = table.data[column].cast(pa.date32()).cast(pa.int32())
    return np.array(pc.unique(days).drop_null().to_pylist(), np.int64)


def unchanged_since(found: tuple[int, int], as_of: int) -> Iterator[Problem]:
    """Return the finding that nothing happened for longer than is no wonder.

    Parameters
    ----------
    found
        What `last_change` says of the tables.
    as_of
        The as-of date.
    """
    last, enough = found
    silent = full_months(last, as_of)
    if silent <= enough:
        return
    many = counted(silent, "full month")
    yield Problem(
        "subscriptions",
        "",
        f"nothing starts, changes or ends after {iso_day(last)}, {many} before the as-of date ({iso_day(as_of)}), so "
        "all that ran on that day reads as kept until then",
        0,
        (),
        f'Say until when you know: as_of="{iso_day(last)}"; or export the tables again. If nothing has changed since, '
        "there is nothing to do.",
        "warning",
        "unchanged-since",
    )

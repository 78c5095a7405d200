"""Activities and tickets as contacts in periods: one by one, or where they are elsewhere those that are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.moments import end_of_day, local_days
from saasmetrics.engine.tickets import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.periods import Calendar

    Ints = NDArray[np.int64]

MOMENTS = {"activities": "at", "tickets": "created_at"}


@dataclass(frozen=True, eq=False)
class ContactRows:
    """Rows of a table, or those that are alike together.

    Parameters
    ----------
    data
        Their columns.
    at
        The period of each; that of the as-of date for later ones.
    seen
        Whether they came by the as-of date.
    n
        How many contacts each element stands for.
    """

    data: pa.Table
    at: Ints
    seen: NDArray[np.bool_]
    n: Ints


def contact_rows(
    book: Book,
    table: str,
    columns: Sequence[str],
    calendar: Calendar,
    zone: str,
    chosen: Mapping[str, Sequence[str]] | None = None,
) -> ContactRows:
    """Return the rows of activities or tickets; where they are elsewhere, counted there by columns and period.

    Parameters
    ----------
    book
        With the table.
    table
        "activities" or "tickets".
    columns
        What is looked at.
    calendar, zone
        The periods, and the time zone in which days begin.
    chosen
        Column -> texts: of rows elsewhere only those that have one of them are counted.
    """
    found, at = book.tables[table], MOMENTS[table]
    if found.is_away:
        from saasmetrics.engine.connected.activities import rows_by_period

        asked = (columns, calendar, book.as_of_day, zone, chosen)
        data = rows_by_period(found.data, at, *asked)
        period, n = (np.asarray(data[name]).astype(np.int64) for name in ("_period", "n"))
        return ContactRows(data, period, np.ones(len(data), bool), n)
    end = end_of_day(book.as_of_day, zone)
    moment = seconds(found.data, at)
    period = calendar.ordinal(local_days(np.minimum(moment, end - 1), zone)).astype(np.int64)
    return ContactRows(found.data, period, moment < end, np.ones(len(moment), np.int64))

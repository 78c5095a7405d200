"""Dates of a file that is a table, read when it is imported, so that what is written is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.errors import InvalidTablesError
from saasmetrics.tables.canonical import normalize
from saasmetrics.tables.names import match_columns
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    import pyarrow as pa

_DATES = ("date", "month", "timestamp")
_UNCLEAR = "ambiguous-dates"


def with_dates(table: str, data: pa.Table) -> pa.Table:
    """Return rows with their dates as dates, in the order that the columns of the file tell together.

    What else keeps the rows from being a table is said where they are read.

    Parameters
    ----------
    table
        Canonical name of the table.
    data
        Its rows as text.

    Raises
    ------
    InvalidTablesError
        If the day or the month may come first.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = {"month": ["31.01.2026", "28.02.2026"], "function": ["sales"] * 2, "amount": ["1", "2"]}
    >>> with_dates("spend", pa.table(rows))["month"].to_pylist()[0]
    datetime.date(2026, 1, 1)
    """
    try:
        read = normalize(table, data).data
    except InvalidTablesError as error:
        if unclear := [problem for problem in error.problems if problem.code == _UNCLEAR]:
            raise InvalidTablesError(unclear) from error
        return data
    if read.num_rows != data.num_rows:  # months as columns are rows of the table
        return data
    for name, (given, match) in match_columns(SCHEMA[table], data.column_names).known.items():
        if match.column.dtype in _DATES and not match.after and name in read.column_names:
            place = data.column_names.index(given)
            data = data.set_column(place, given, read[name])
    return data

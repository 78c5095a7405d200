"""Problems with their first rows, counted from a mask over an Arrow table."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from saasmetrics.errors import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

__all__ = ["SHOWN", "count", "examples", "finding", "first_rows"]

SHOWN = 3
"""How many offending rows a problem shows."""


def count(mask: pa.ChunkedArray) -> int:
    """Number of true values; missing ones do not count.

    Parameters
    ----------
    mask
        Booleans.

    Returns
    -------
    int
        How many are true.
    """
    return int(pc.sum(mask).as_py() or 0)


def first_rows(mask: pa.ChunkedArray) -> pa.ChunkedArray:
    """Positions of the first true values.

    Parameters
    ----------
    mask
        Booleans.

    Returns
    -------
    pyarrow.ChunkedArray
        At most three row numbers, from 0.
    """
    return pc.indices_nonzero(mask)[:SHOWN]


def examples(
    columns: Mapping[str, pa.ChunkedArray], rows: pa.ChunkedArray
) -> tuple[Mapping[str, Any], ...]:
    """Some rows as dictionaries, dates in ISO form.

    Parameters
    ----------
    columns
        Name -> values of the columns to show.
    rows
        Row numbers, from 0.

    Returns
    -------
    tuple of dict
        One per row; with "row" (from 1) where no column is given.
    """
    if not columns:
        return tuple({"row": int(row) + 1} for row in rows.to_pylist())
    taken = {name: values.take(rows).to_pylist() for name, values in columns.items()}
    return tuple(
        {name: _plain(values[n]) for name, values in taken.items()} for n in range(len(rows))
    )


def finding(
    table: str,
    data: pa.Table,
    mask: pa.ChunkedArray,
    *,
    column: str,
    rule: str,
    remedy: str,
    code: str,
    severity: Severity = "error",
    show: Sequence[str] = (),
) -> Problem | None:
    """Problem for the rows where a mask is true, or None where it never is.

    Parameters
    ----------
    table
        Canonical table name.
    data
        The rows.
    mask
        True where the rule is broken.
    column, rule, remedy, code, severity
        As in `Problem`.
    show
        Columns to show of the first rows; those that do not exist are left out.

    Returns
    -------
    Problem or None
        The finding.
    """
    rows = count(mask)
    if not rows:
        return None
    shown = {name: data[name] for name in dict.fromkeys(show) if name in data.column_names}
    return Problem(
        table, column, rule, rows, examples(shown, first_rows(mask)), remedy, severity, code
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, dt.date) else value

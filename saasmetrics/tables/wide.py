"""The wide customer cube, one row per customer and one column per month, made long."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import Problem
from saasmetrics.money import agreeing, counted
from saasmetrics.tables.amounts import read_numbers
from saasmetrics.tables.findings import examples, first_rows
from saasmetrics.tables.months import skipped
from saasmetrics.tables.names import fold
from saasmetrics.tables.texts import decode

__all__ = ["Melted", "melt"]


@dataclass
class Melted:
    """A wide table made long.

    Parameters
    ----------
    data
        The columns of the export that are no months, and `month` and `mrr`.
    notes
        What was done.
    problems
        Months that are there twice, cells that are no numbers.
    """

    data: pa.Table
    notes: list[str]
    problems: list[Problem]


def melt(data: pa.Table, months: dict[str, dt.date]) -> Melted:
    """Make a wide customer cube long: one row per customer and month that has an amount.

    Parameters
    ----------
    data
        The wide table.
    months
        Its columns that are months, as from `month_columns`.

    Returns
    -------
    Melted
        Customer by customer, month by month. Empty cells mean no MRR and give no row; zeros do.
    """
    problems = [*_twice(months), *_skipped(data.column_names)]
    attributes = [name for name in data.column_names if name not in months]
    cells: list[pa.Array] = []
    for name in months:
        read = read_numbers(decode(data[name]))
        if read.refusal is not None:
            problems.append(
                _bad_cells(data, name, attributes, read.refusal.mask, read.refusal.remedy)
            )
            continue
        cells.append(read.values)
    if problems:
        return Melted(data, [], problems)
    return _long(data, attributes, list(months.values()), cells)


def _long(
    data: pa.Table, attributes: list[str], months: list[dt.date], cells: list[pa.ChunkedArray]
) -> Melted:
    rows, wide = data.num_rows, len(cells)
    stacked = pa.chunked_array([chunk for cell in cells for chunk in cell.chunks], pa.float64())
    # Row after row, so that what belongs to one customer stays together.
    order = np.arange(rows * wide).reshape(wide, rows).T.ravel()
    amounts = stacked.combine_chunks().take(pa.array(order))
    filled = amounts.is_valid()
    source = pa.array(np.repeat(np.arange(rows), wide)).filter(filled)
    month = pa.array(np.tile(np.array(months, "datetime64[D]"), rows), pa.date32()).filter(filled)
    columns = {_beside(name): data[name].take(source) for name in attributes}
    columns |= {"month": month, "mrr": amounts.filter(filled)}
    span = f"{min(months):%Y-%m} to {max(months):%Y-%m}"
    notes = [
        f"{wide} month columns ({span}) of {counted(rows, 'row')} made into one row per customer and month"
    ]
    if empty := rows * wide - len(source):
        notes.append(f"{counted(empty, 'empty cell')} {agreeing(empty, 'means', 'mean')} no MRR")
    return Melted(pa.table(columns), notes, [])


def _beside(name: str) -> str:
    """Name of an attribute, which must not be that of one of the two new columns."""
    return f"{name}_as_given" if fold(name) in ("month", "mrr") else name


def _twice(months: dict[str, dt.date]) -> list[Problem]:
    groups: dict[dt.date, list[str]] = {}
    for name, month in months.items():
        groups.setdefault(month, []).append(name)
    return [
        Problem(
            "mrr",
            ", ".join(map(repr, names)),
            f"columns for the same month {month:%Y-%m}",
            0,
            (),
            "Keep one column per month, such as the last day of each.",
            "error",
            "repeated-month",
        )
        for month, names in groups.items()
        if len(names) > 1
    ]


def _skipped(names: list[str]) -> list[Problem]:
    lost = skipped(names)
    if not lost:
        return []
    return [
        Problem(
            "mrr",
            ", ".join(map(repr, lost)),
            "between months, and not read as the months that are missing there",
            0,
            (),
            "Write months as 2026-03; move other columns to the left of the months, or leave them out.",
            "error",
            "unreadable-month",
        )
    ]


def _bad_cells(
    data: pa.Table, name: str, attributes: list[str], mask: pa.ChunkedArray, remedy: str
) -> Problem:
    shown = {column: data[column] for column in [*attributes[:1], name]}
    return Problem(
        "mrr",
        name,
        "not a number",
        int(pc.sum(mask).as_py()),
        examples(shown, first_rows(mask)),
        remedy,
        "error",
        "unreadable-number",
    )

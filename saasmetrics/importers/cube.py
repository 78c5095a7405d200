"""The customer cube of a finance team: a sheet of customers by month, with titles above and totals below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.grid import words_of
from saasmetrics.importers.layout import LeftOut
from saasmetrics.tables.names import fold

if TYPE_CHECKING:
    from saasmetrics.importers.grid import Grid

_NAMES = ("customer", "customername", "client", "clientname", "account", "accountname", "company", "companyname",
          "customerid", "accountid", "name", "logo")  # fmt: skip
_TOTALS = ("total", "totals", "grandtotal", "sum", "mrr", "totalmrr", "check")


def is_cube(grid: Grid) -> bool:
    """Whether a sheet has a column of customers left of at least two months, and needs to be put in order first."""
    return _customer(grid) is not None and len(grid.months) > 1


def cube(grid: Grid) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Return one row per customer with its months, and the rows that are totals or headings.

    Empty cells mean no MRR. A merged group cell names the rows below it as well.
    """
    at = _customer(grid)
    assert at is not None
    others = [n for n in range(min(grid.months)) if n != at and grid.header[n]]
    rows, left = [], []
    group: dict[int, str] = {}
    for row in grid.rows:
        cells = [words_of(cell) for cell in (*row, *([None] * (max(grid.months) + 1 - len(row))))]
        group |= {n: cells[n] for n in others if cells[n]}
        if not cells[at] or fold(cells[at]) in _TOTALS or fold(cells[0]) in _TOTALS:
            left.append(next((cell for cell in cells if cell), ""))
            continue
        months = {f"{month:%Y-%m}": cells[n] or None for n, month in grid.months.items()}
        rows.append(
            {"customer_id": cells[at], **{grid.header[n]: group.get(n) for n in others}, **months}
        )
    why = "that are totals or headings"
    return pd.DataFrame(rows), [
        LeftOut(grid.label, len(left), why, tuple(left[:3]))
    ] if left else []


def _customer(grid: Grid) -> int | None:
    first = min(grid.months)
    return next((n for n, name in enumerate(grid.header[:first]) if fold(name) in _NAMES), None)

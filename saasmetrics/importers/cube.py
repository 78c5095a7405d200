"""The customer cube of a finance team: a sheet of customers by month, with titles above and totals below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from saasmetrics.importers.fields import amounts
from saasmetrics.importers.grid import words_of
from saasmetrics.importers.layout import LeftOut
from saasmetrics.tables.names import fold

if TYPE_CHECKING:
    from saasmetrics.importers.grid import Grid

_NAMES = ("customer", "customername", "client", "clientname", "account", "accountname", "company", "companyname",
          "customerid", "accountid", "name", "logo")  # fmt: skip
_TOTALS = re.compile(r"(?:grand[ -]?total|sub[ -]?total|totals?\b|number of |# of )", re.IGNORECASE)
_CENT = 0.01
_SUMS = ("sum", "mrr", "arr", "check", "sums", "checksum", "all customers", "overall")


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
    sums = _sums(grid, at)
    group: dict[int, str] = {}
    for place, row in enumerate(grid.rows):
        cells = _cells(grid, row)
        group |= {n: cells[n] for n in others if cells[n]}
        if not cells[at] or _TOTALS.match(cells[at]) or _TOTALS.match(cells[0]) or place in sums:
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


def joined(first: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """Return the cube of two sheets of different months, one row per customer; what the first says of one is kept."""
    keys = ["customer_id", *(name for name in first if name in then and name != "customer_id")]
    both = first.merge(then, on=keys, how="outer", sort=False)
    order = [name for name in both if not _is_month(name)]
    return both[[*order, *sorted(str(name) for name in both if _is_month(name))]]


def _is_month(name: object) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}", str(name)) is not None


def _cells(grid: Grid, row: tuple[Any, ...]) -> list[str]:
    return [words_of(cell) for cell in (*row, *([None] * (max(grid.months) + 1 - len(row))))]


def _sums(grid: Grid, at: int) -> set[int]:
    """Return the places of rows that are called sum or check, and are the sum of the rows above them."""
    texts = [_cells(grid, row) for row in grid.rows]
    if not any(cells[at].lower() in _SUMS for cells in texts):
        return set()
    customers = [bool(cells[at]) and not _TOTALS.match(cells[at]) for cells in texts]
    months = pd.DataFrame(
        [[cells[n] or None for n in grid.months] for cells in texts], dtype="object"
    )
    values = months.apply(amounts).fillna(0.0)
    found: set[int] = set()
    for place, cells in enumerate(texts):
        if cells[at].lower() not in _SUMS:
            continue
        others = [n for n, real in enumerate(customers) if real and n != place and n not in found]
        sums = values.iloc[others].sum()
        if len(others) > 1 and (values.iloc[place] - sums).abs().max() < _CENT:
            found.add(place)
    return found


def _customer(grid: Grid) -> int | None:
    first = min(grid.months)
    return next((n for n, name in enumerate(grid.header[:first]) if fold(name) in _NAMES), None)

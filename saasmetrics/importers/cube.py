"""The customer cube of a finance team: a sheet of customers by month, with titles above and totals below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from saasmetrics.errors import DataError
from saasmetrics.importers.fields import UnreadableError, amounts, told_decimal
from saasmetrics.importers.grid import words_of
from saasmetrics.importers.languages import said
from saasmetrics.importers.layout import LeftOut
from saasmetrics.importers.totals import totals
from saasmetrics.money import counted
from saasmetrics.tables.amounts import decimal_signs
from saasmetrics.tables.names import fold
from saasmetrics.tables.totals import is_total, may_be_total

if TYPE_CHECKING:
    from collections.abc import Collection

    from saasmetrics.importers.grid import Grid

_OURS = ("customer", "customername", "client", "clientname", "account", "accountname", "company", "companyname",
          "customerid", "accountid", "name", "logo")  # fmt: skip
_POINT = r"[(]?[+-]?[$€£¥]? ?[1-9]\d{0,2}\.\d{3} ?[$€£¥]?-?[)]?"
_EITHER_SIGN = _POINT.replace(r"\.", "[.,]")


def is_cube(grid: Grid) -> bool:
    """Whether a sheet has a column of customers left of at least two months, and needs to be put in order first."""
    return _customer(grid) is not None and len(grid.months) > 1


def cube(grid: Grid) -> tuple[pd.DataFrame, list[LeftOut], list[str]]:
    """Return one row per customer with its months, the rows that are totals or headings, and what was decided.

    Empty cells mean no MRR. A merged group cell names the rows below it as well.

    Raises
    ------
    DataError
        If an amount is none, or a point in it may part thousands or decimals.
    """
    at = _customer(grid)
    assert at is not None
    others = [n for n in range(min(grid.months)) if n != at and grid.header[n]]
    rows, left = [], []
    texts = [_cells(grid, row) for row in grid.rows]
    names = [_name(cells, at) for cells in texts]
    aside = {place for place, name in enumerate(names) if not name or is_total(name)}
    unreadable = _unreadable(grid, names)
    values = _values(grid, at, aside | unreadable)
    sums = totals(names, _with_totals(grid, at, values, names, unreadable), aside)
    group: dict[int, str] = {}
    for place, cells in enumerate(texts):
        group |= {n: cells[n] for n in others if cells[n]}
        if place in aside or place in sums.places or not cells[at]:
            left.append(next((cell for cell in cells if cell), ""))
            continue
        months = {f"{month:%Y-%m}": values.at[place, n] for n, month in grid.months.items()}
        rows.append(
            {"customer_id": cells[at], **{grid.header[n]: group.get(n) for n in others}, **months}
        )
    why = "that are totals or headings"
    out = [LeftOut(grid.label, len(left), why, tuple(left[:3]))] if left else []
    right = [
        name
        for n, name in enumerate(grid.header)
        if n > min(grid.months) and n not in grid.months and name
    ]
    notes = (
        [f"{grid.label}: not used, right of the first month: {', '.join(right)}"] if right else []
    )
    return pd.DataFrame(rows), out, [*sums.notes(grid.label, names), *notes]


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


def _name(cells: list[str], at: int) -> str:
    """Return whom a row names; a total may stand in the first column, before that of customers."""
    first = cells[0]
    return first if is_total(first) or (not cells[at] and may_be_total(first)) else cells[at]


def _unreadable(grid: Grid, names: list[str]) -> set[int]:
    """Return the places of rows that may be totals and hold something else than amounts, such as growth in percent."""
    out = set()
    for place, row in enumerate(grid.rows):
        if may_be_total(names[place]) or is_total(names[place]):
            cells = [
                row[n] for n in grid.months if n < len(row) and not isinstance(row[n], (int, float))
            ]
            texts = pd.Series(
                [words_of(cell) or None for cell in cells], dtype="object", name="amount"
            )
            try:
                amounts(texts)
            except UnreadableError:
                out.add(place)
    return out


def _with_totals(
    grid: Grid, at: int, values: pd.DataFrame, names: list[str], unreadable: Collection[int]
) -> pd.DataFrame:
    """Return the amounts of customers and of known totals, as far as these can be read, where names are in doubt."""
    known = [n for n, name in enumerate(names) if is_total(name) and n not in unreadable]
    if not known or not any(may_be_total(name) for name in names):
        return values
    out = {*range(len(names))} - {*values.index, *known}
    try:
        both = _values(grid, at, out)
    except (
        DataError
    ):  # a total that cannot be read proves nothing, and is no reason to refuse the sheet
        return values
    return pd.concat([values, both.loc[known]])


def _values(grid: Grid, at: int, aside: Collection[int]) -> pd.DataFrame:
    """Return the amounts of the rows of customers, by position of their month; one decimal sign holds for all."""
    width = max(grid.months) + 1
    named = {
        place: [*row, *([None] * width)][:width]
        for place, row in enumerate(grid.rows)
        if place not in aside
    }
    cells = pd.DataFrame.from_dict(named, orient="index", columns=range(width), dtype="object")
    cells = cells[list(grid.months)]
    where = pd.MultiIndex.from_product([cells.index, cells.columns])
    flat = pd.Series(cells.to_numpy(object).ravel(), index=where, dtype="object")
    typed = flat.map(lambda cell: isinstance(cell, (int, float)))
    texts = flat[~typed].map(words_of).rename("amount")
    texts = texts.where(texts != "", None)
    _refuse_ambiguous(grid, at, texts)
    try:
        flat[~typed] = amounts(texts)
    except UnreadableError as error:
        known = texts[texts.isin(error.values)].index
        some = "; ".join(f"{named[row][at]}, {grid.header[n]}" for row, n in known[:3])
        raise DataError(error.said(grid.label, some)) from error
    numbers = flat.to_numpy(float).reshape(cells.shape)
    return pd.DataFrame(numbers, index=cells.index, columns=cells.columns)


def _refuse_ambiguous(grid: Grid, at: int, texts: pd.Series) -> None:
    """Refuse 1.200 that is 1200 or 1.2, unless an amount shows a sign; points of files parted by commas are decimal."""
    pattern = {";": _EITHER_SIGN, ",": None}.get(grid.sign, _POINT)
    if pattern is None or told_decimal() is not None:
        return
    known = texts.dropna()
    some = known[known.astype(str).str.fullmatch(pattern)]
    if some.empty or decimal_signs(pa.chunked_array([pa.array(known.tolist(), pa.string())])):
        return
    row, n = some.index[0]
    msg = (
        f"{grid.label}: the sign in {counted(len(some), 'amount')}, such as {some.iloc[0]!r} "
        f"({words_of(grid.rows[row][at])}, {grid.header[n]}), may part thousands or decimals, and no "
        'amount of the sheet tells which. Say it: sm.read(..., decimal=",") or decimal=".".'
    )
    raise DataError(msg)


def _customer(grid: Grid) -> int | None:
    left = [fold(name) for name in grid.header[: min(grid.months)]]
    theirs = [
        fold(name) for field in ("customer", "customer_id") for name in said()["fields"][field]
    ]
    names = [*_OURS, *theirs]
    return next((n for n, name in enumerate(left) if name in names), None)

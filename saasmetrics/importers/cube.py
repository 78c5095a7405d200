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
from saasmetrics.money import counted
from saasmetrics.tables.amounts import decimal_signs
from saasmetrics.tables.names import fold

if TYPE_CHECKING:
    from saasmetrics.importers.grid import Grid

_OURS = ("customer", "customername", "client", "clientname", "account", "accountname", "company", "companyname",
          "customerid", "accountid", "name", "logo")  # fmt: skip
_TOTALS = re.compile(
    r"(?:grand[ -]?total|sub[ -]?total|sous[ -]?total|totals?\b|number of |# of |(?:gesamt|zwischen)summe\b|anzahl "
    r"|(?:summe|gesamt|insgesamt|totaal|subtotaal|totale|subtotale)(?: (?:mrr|arr|kunden))?:?$|合計|小計|総計)",
    re.IGNORECASE,
)
_CENT = 0.01
_POINT = r"[(]?[+-]?[$€£¥]? ?[1-9]\d{0,2}\.\d{3} ?[$€£¥]?-?[)]?"
_EITHER_SIGN = _POINT.replace(r"\.", "[.,]")
_SUMS = ("sum", "mrr", "arr", "check", "sums", "checksum", "all customers", "overall", "alle kunden", "somme", "suma",
         "somma", "som", "soma", "σ")  # fmt: skip


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
    values = _values(grid, at)
    sums = _sums(grid, at, values)
    group: dict[int, str] = {}
    for place, row in enumerate(grid.rows):
        cells = _cells(grid, row)
        group |= {n: cells[n] for n in others if cells[n]}
        if not cells[at] or _TOTALS.match(cells[at]) or _TOTALS.match(cells[0]) or place in sums:
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
    return pd.DataFrame(rows), out, notes


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


def _values(grid: Grid, at: int) -> pd.DataFrame:
    """Return the amounts of the rows of customers, by position of their month; one decimal sign holds for all."""
    width = max(grid.months) + 1
    named = {
        place: [*row, *([None] * width)][:width]
        for place, row in enumerate(grid.rows)
        if (who := words_of(row[at] if at < len(row) else None)) and not _TOTALS.match(who)
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


def _sums(grid: Grid, at: int, values: pd.DataFrame) -> set[int]:
    """Return the places of rows that are called sum or check, and are the sum of the rows above them."""
    texts = [_cells(grid, row) for row in grid.rows]
    if not any(cells[at].lower() in _SUMS for cells in texts):
        return set()
    customers = [bool(cells[at]) and not _TOTALS.match(cells[at]) for cells in texts]
    values = values.reindex(range(len(texts))).fillna(0.0)
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
    left = [fold(name) for name in grid.header[: min(grid.months)]]
    theirs = [
        fold(name) for field in ("customer", "customer_id") for name in said()["fields"][field]
    ]
    names = [*_OURS, *theirs]
    return next((n for n, name in enumerate(left) if name in names), None)

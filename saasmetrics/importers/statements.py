"""A profit and loss by month, as QuickBooks and Xero export it, as the tables finance and spend."""

from __future__ import annotations

import json
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from saasmetrics.asked import one_of
from saasmetrics.errors import DataError
from saasmetrics.importers.fields import amounts
from saasmetrics.importers.grid import words_of
from saasmetrics.importers.layout import LeftOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.importers.grid import Grid

_TITLES = ("profit and loss", "profit & loss", "income statement", "statement of profit")
_REVENUE = (
    "total income", "total for income", "total revenue", "total trading income", "total sales",
    "total operating income",
)  # fmt: skip
_COGS = (
    "total cost of goods sold", "total for cost of goods sold", "total cost of sales", "total for cost of sales",
    "total cost of revenue", "total cogs",
)  # fmt: skip
_FUNCTIONS = ("sales", "marketing", "cs", "support", "cogs", "rnd", "ga")
_CENT = 0.01
_SPENDING = ("expenses", "operating expenses", "less operating expenses", "overheads")
_SPENT = ("total expenses", "total for expenses", "total operating expenses", "total overheads")


def is_statement(grid: Grid) -> bool:
    """Whether a sheet is a profit and loss: it says so above its months, and has a total of income."""
    said = " ".join((*grid.titles, grid.header[0] if grid.header else "")).lower()
    return any(title in said for title in _TITLES) and _row(grid, _REVENUE) is not None


def statement(
    grid: Grid, functions: Mapping[str, str]
) -> tuple[dict[str, pd.DataFrame], list[LeftOut], list[str]]:
    """Return finance and spend of a profit and loss, with what was left out and decided.

    Parameters
    ----------
    grid
        The sheet.
    functions
        Account -> function (sales, marketing, cs, support, cogs, rnd, ga), as the user says; other accounts go by the
        words in their name, and those without a known word are left out.
    """
    for account, function in functions.items():
        one_of(f"function of {account!r} in accounts.csv", function, _FUNCTIONS)
    months = pd.to_datetime(list(grid.months.values()))
    revenue, cogs = _only(grid, _REVENUE), _only(grid, _COGS)
    finance = pd.DataFrame({"month": months, "revenue": _values(grid, revenue)})
    if cogs is not None:
        finance["cogs"] = _values(grid, cogs)
    parts: list[pd.DataFrame] = []
    lost: list[str] = []
    for account, row in _accounts(grid):
        plain = account.rsplit(": ", 1)[-1]
        known = functions.get(account) or functions.get(plain) or _guess(plain)
        if known is None:
            lost.append(account)
            continue
        parts.append(
            pd.DataFrame(
                {
                    "month": months,
                    "function": known,
                    "account": account,
                    "amount": _values(grid, row),
                }
            )
        )
    out = {"finance": finance}
    notes = []
    if parts:
        out["spend"] = pd.concat(parts).dropna(subset="amount").reset_index(drop=True)
        found = out["spend"].drop_duplicates("account")
        pairs = ", ".join(
            f"{a} is {f}" for a, f in zip(found["account"], found["function"], strict=True)
        )
        notes.append(f"{grid.label}: {pairs}")  # fmt: skip
    why = "of accounts of no known function; say which in accounts.csv (account, function)"
    left = [LeftOut(grid.label, len(lost), why, tuple(lost[:3]))] if lost else []
    return out, left, notes


def _name(row: tuple[Any, ...]) -> str:
    return words_of(row[0]) if row else ""


def _row(grid: Grid, names: tuple[str, ...]) -> tuple[Any, ...] | None:
    found = [row for row in grid.rows if _name(row).lower() in names]
    return found[0] if found else None


def _only(grid: Grid, names: tuple[str, ...]) -> tuple[Any, ...] | None:
    """Return the row of a total; two rows of one name are refused."""
    found = [_name(row) for row in grid.rows if _name(row).lower() in names]
    if twice := [
        name for n, name in enumerate(found) if name.lower() in {one.lower() for one in found[:n]}
    ]:
        msg = f"{grid.label} has two rows {twice[0]!r}. Leave out the one that is no total of the whole."
        raise DataError(msg)
    return _row(grid, names)


def _values(grid: Grid, row: tuple[Any, ...] | None) -> list[float]:
    cells = [row[at] if row and at < len(row) else None for at in grid.months]
    texts = pd.Series([words_of(cell) or None for cell in cells], dtype="object", name=grid.label)
    return [float(value) for value in amounts(texts)]


def _accounts(grid: Grid) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the accounts of operating expenses: rows with amounts that are no totals."""
    names = [_name(row).lower() for row in grid.rows]
    begin = next((n for n, name in enumerate(names) if name in _SPENDING), len(names))
    end = next((n for n, name in enumerate(names) if n > begin and name in _SPENT), len(names))
    inside = grid.rows[begin + 1 : end]
    found: list[tuple[str, str, tuple[Any, ...]]] = []
    headings = [_name(row) for row in inside]
    section: list[str] = []
    for row in inside:
        name = _name(row)
        if _totals(name, headings) is not None:
            if section and _totals(name, [section[-1]]) is not None:
                section.pop()
            continue
        filled = any(at < len(row) and words_of(row[at]) for at in grid.months)
        if filled and name.lower().startswith("total") and _sums_up(grid, row, found):
            continue
        if filled:
            found.append((name, section[-1] if section else "", row))
        if f"total {name}".lower() in names or f"total for {name}".lower() in names:
            section.append(name)
    return _qualified(grid, found)


def _sums_up(
    grid: Grid, row: tuple[Any, ...], found: list[tuple[str, str, tuple[Any, ...]]]
) -> bool:
    """Whether a row is the sum of the accounts right above it, whatever its section is called."""
    rest = np.nan_to_num(_values(grid, row))
    for _, _, above in reversed(found):
        rest = rest - np.nan_to_num(_values(grid, above))
        if np.abs(rest).max() < _CENT:
            return True
    return False


def _totals(name: str, headings: list[str]) -> str | None:
    """Return the heading that a row is the total of; an account called Total Wine is of none."""
    plain = name.lower()
    if plain in ("total", "totals", "subtotal"):
        return name
    of = (
        plain.removeprefix("total for ")
        if plain.startswith("total for ")
        else plain.removeprefix("total ")
    )
    return next((one for one in headings if of != plain and one.lower() == of), None)


def _qualified(
    grid: Grid, found: list[tuple[str, str, tuple[Any, ...]]]
) -> list[tuple[str, tuple[Any, ...]]]:
    """Return accounts with rows; accounts of one name are told apart by their section."""
    names = [name for name, _, _ in found]
    out = [
        (f"{part}: {name}" if names.count(name) > 1 and part else name, row)
        for name, part, row in found
    ]
    full = [name for name, _ in out]
    if twice := [name for name in full if full.count(name) > 1]:
        msg = (
            f"{grid.label} has the account {twice[0]!r} twice. Rename or leave out one of the rows."
        )
        raise DataError(msg)
    return out


def _guess(account: str) -> str | None:
    text = resources("saasmetrics.importers").joinpath("accounts.json").read_text(encoding="utf-8")
    words: dict[str, list[str]] = json.loads(text)
    plain = account.lower()
    found = {function for function, signs in words.items() if any(sign in plain for sign in signs)}
    return found.pop() if len(found) == 1 else None

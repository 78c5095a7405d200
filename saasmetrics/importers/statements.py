"""A profit and loss by month, as QuickBooks and Xero export it, as the tables finance and spend."""

from __future__ import annotations

import json
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any

import pandas as pd

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
    months = pd.to_datetime(list(grid.months.values()))
    revenue, cogs = _row(grid, _REVENUE), _row(grid, _COGS)
    finance = pd.DataFrame({"month": months, "revenue": _values(grid, revenue)})
    if cogs is not None:
        finance["cogs"] = _values(grid, cogs)
    parts, lost = [], []
    for account, row in _accounts(grid):
        function = functions.get(account) or _guess(account)
        if function is None:
            lost.append(account)
            continue
        parts.append(
            pd.DataFrame(
                {
                    "month": months,
                    "function": function,
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
    return next((row for row in grid.rows if _name(row).lower() in names), None)


def _values(grid: Grid, row: tuple[Any, ...] | None) -> list[float]:
    cells = [row[at] if row and at < len(row) else None for at in grid.months]
    texts = pd.Series([words_of(cell) or None for cell in cells], dtype="object", name=grid.label)
    return [float(value) for value in amounts(texts)]


def _accounts(grid: Grid) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the accounts of operating expenses: rows with amounts that are no totals."""
    names = [_name(row).lower() for row in grid.rows]
    begin = next((n for n, name in enumerate(names) if name in _SPENDING), len(names))
    end = next((n for n, name in enumerate(names) if n > begin and name in _SPENT), len(names))
    return [
        (_name(row), row)
        for row in grid.rows[begin + 1 : end]
        if not _name(row).lower().startswith("total")
        and any(at < len(row) and words_of(row[at]) for at in grid.months)
    ]


def _guess(account: str) -> str | None:
    text = resources("saasmetrics.importers").joinpath("accounts.json").read_text(encoding="utf-8")
    words: dict[str, list[str]] = json.loads(text)
    plain = account.lower()
    found = {function for function, signs in words.items() if any(sign in plain for sign in signs)}
    return found.pop() if len(found) == 1 else None

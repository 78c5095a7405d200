"""A result as a workbook: cohorts as a triangle, everything else as a table; rates are live formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.export.expression import in_excel
from saasmetrics.export.workbook import (
    MOST_ROWS,
    Column,
    Formula,
    Sheet,
    Workbook,
    document_day,
    header,
    looks,
    place,
)
from saasmetrics.money import counted

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas as pd

    from saasmetrics.result import Result

_TABLE = "Numbers"
_MOST_COLUMNS = 16_384  # of a sheet
_CLOSE = 1e-9


def write(result: Result, path: str | os.PathLike[str]) -> Path:
    """Write the numbers of a result as a workbook; see `Result.to_xlsx`."""
    book = Workbook(result.metric.name, document_day(result.context.as_of))
    if result.kind == "cohorts":
        triangle(result, book)
    else:
        table(result, book)
    definition(result, book.sheet("Definition"))
    return book.save(path)


def triangle(result: Result, book: Workbook) -> None:
    """Add the sheets of a triangle: what is left by cohort and age, and the amounts it is computed from.

    A cell that is not yet observed is empty, and a share is its amount over that of age 0. Below the cohorts is the
    average of those old enough, for each group.

    Raises
    ------
    DataError
        If there are more cohorts or ages than a sheet has rows or columns.
    """
    df, by = result.df, list(result.by)
    heads = df[[*by, "cohort", "denominator"]].drop_duplicates([*by, "cohort"], ignore_index=True)
    line = df.groupby([*by, "cohort"], sort=False, observed=True, dropna=False).ngroup().to_numpy()
    ages = int(df["age"].max()) + 1 if len(df) else 0
    if len(heads) + len(by) + 4 > MOST_ROWS or ages + len(by) + 2 > _MOST_COLUMNS:
        msg = f"{len(heads):,} cohorts of {ages:,} ages do not fit on a sheet; take longer periods, such as freq='M'."
        raise DataError(msg)
    amounts, shares = np.full((len(heads), ages), np.nan), np.full((len(heads), ages), np.nan)
    age = df["age"].to_numpy()
    amounts[line, age], shares[line, age] = df["numerator"], df["value"]
    rate = result.context.options.get("measure") != "mrr"
    whole = result.context.options.get("measure") == "logos"
    style = "count" if whole else "money"
    if rate:
        page = book.sheet("Retention", landscape=True)
        _heading(page, heads, by, ages, style)
        _shares(page, heads, by, amounts, shares)
        _averages(page, heads, by, amounts)
    page = book.sheet("Amounts", landscape=True)
    _heading(page, heads, by, ages, style)
    for i, cells in enumerate(amounts.tolist(), 1):
        for j, amount in enumerate(cells, len(by) + 2):
            if amount == amount:
                page.write(i, j, amount, style)


def table(result: Result, book: Workbook) -> None:
    """Add the sheet of a tidy table; a value that is its numerator over its denominator is a formula."""
    df = result.df[~_before_the_first(result.df)]
    titles = {str(name): str(name).replace("_", " ").capitalize() for name in df.columns}
    places = {name: place(_TABLE, title, here=True) for name, title in titles.items()}
    quotient = _is_quotient(df)
    columns = []
    for name, title in titles.items():
        formula = (
            in_excel("numerator / denominator", places) if quotient and name == "value" else ""
        )
        values = df[name].where(df[name].notna(), None) if formula else df[name]
        columns.append(Column(title, _plain(values), _style(result, name), formula))
    book.sheet("Numbers", landscape=True).table(_TABLE, columns)


def _before_the_first(df: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Return which rows are of periods before the first with a value in which nothing is counted either."""
    none = np.zeros(len(df), bool)
    if not {"period", "value"} <= set(df.columns) or df["period"].dtype.kind != "M":
        return none
    numbers = [df[name].fillna(0) != 0 for name in df.columns if df[name].dtype.kind in "iuf"]
    told = df["value"].notna().to_numpy() | np.any(numbers, axis=0)
    return (df["period"] < df["period"][told].min()).to_numpy() if told.any() else none


def _left_out(df: pd.DataFrame) -> list[tuple[str, str]]:
    """Return in words which periods the sheet does not show, as nothing was there to be counted."""
    gone = df[_before_the_first(df)]
    if not len(gone):
        return []
    first, last = (f"{day:%Y-%m-%d}" for day in (gone["period"].min(), gone["period"].max()))
    many = counted(gone["period"].nunique(), "period")
    whys = gone["reason"].unique().tolist() if "reason" in gone.columns else []
    why = f": {'; '.join(filter(None, whys))}" if any(whys) else ""
    return [("Left out", f"{many} before the first number, from {first} to {last}{why}")]


def definition(result: Result, sheet: Sheet) -> None:
    """Fill the sheet that says what the numbers are."""
    metric, context = result.metric, result.context
    lines = [
        (metric.name, metric.meaning),
        ("Formula", metric.formula),
        ("Missing", metric.missing),
        ("Footnote", result.footnote),
        *(_left_out(result.df) if result.kind != "cohorts" else ()),
        ("As of", context.as_of),
        ("Currency", context.currency),
        ("By", result.stamp),
    ]
    sheet.widths(28, 100)
    sheet.lines(0, [[(label, "label"), (text, "text")] for label, text in lines])


def _heading(page: Sheet, heads: pd.DataFrame, by: list[str], ages: int, style: str) -> None:
    """Write groups, cohorts and what they began with, and the ages above."""
    titles = [*(name.replace("_", " ").capitalize() for name in by), "Cohort", "At age 0"]
    cells: list[tuple[Any, str]] = [(title, "header") for title in titles]
    cells[-1] = (titles[-1], header(style))
    page.lines(0, [[*cells, *((age, header(style)) for age in range(ages))]])
    for row, label in enumerate(heads.itertuples(index=False, name=None), 1):
        *group, cohort, first = label
        for column, value in enumerate(group):
            page.write(row, column, _text(value))
        page.write(row, len(by), cohort.to_pydatetime(), "date")
        page.write(row, len(by) + 1, first, style)
    page.widths(*[14] * (len(by) + 2))
    page.page.freeze_panes(1, len(by) + 2)
    page.page.repeat_rows(0)


def _shares(
    page: Sheet,
    heads: pd.DataFrame,
    by: list[str],
    amounts: np.ndarray[Any, Any],
    shares: np.ndarray[Any, Any],
) -> None:
    from xlsxwriter.utility import xl_rowcol_to_cell as at

    first = len(by) + 1
    for i, cells in enumerate(shares.tolist(), 1):
        base = at(i, first, col_abs=True)
        for j, share in enumerate(cells, first + 1):
            if amounts[i - 1, j - first - 1] == amounts[i - 1, j - first - 1]:
                text = f'=IF({base}>0,Amounts!{at(i, j)}/{base},"")'
                page.write(i, j, Formula(text, share), "ratio")
    scale: dict[str, Any] = {
        "type": "2_color_scale",
        "min_color": "#FFFFFF",
        "max_color": "#A8C8E8",
    }
    scale |= {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": 1}
    last = first + max(amounts.shape[1], 1)
    page.page.conditional_format(1, first + 1, max(len(heads), 1), last, scale)


def _averages(
    page: Sheet, heads: pd.DataFrame, by: list[str], amounts: np.ndarray[Any, Any]
) -> None:
    """Write below the cohorts the average of each group over the cohorts that are observed at an age."""
    from xlsxwriter.utility import xl_range_abs as span
    from xlsxwriter.utility import xl_rowcol_to_cell as at

    many, first = len(heads), len(by) + 1
    found = heads[by].drop_duplicates().itertuples(index=False, name=None) if by else [()]
    base = heads["denominator"].to_numpy(float)
    for number, label in enumerate(found, many + 2):
        mine = np.ones(many, bool)
        wanted = ""
        for column, (name, value) in enumerate(zip(by, label, strict=True)):
            mine &= (heads[name] == value).to_numpy()
            page.write(number, column, _text(value), "label")
            wanted += f",{span(1, column, many, column)},{at(number, column, col_abs=True)}"
        page.write(number, len(by), "Average", "label")
        for j in range(amounts.shape[1]):
            seen = mine & ~np.isnan(amounts[:, j])
            whole = float(base[seen].sum())
            if not seen.any():
                continue
            column = first + 1 + j
            cells = f"Amounts!{span(1, column, many, column)}"
            old = f'SUMIFS({span(1, first, many, first)},{cells},"<>"{wanted})'
            left = f'SUMIFS({cells},{cells},"<>"{wanted})'
            value = float(amounts[seen, j].sum()) / whole if whole > 0 else None
            page.write(number, column, Formula(f'=IF({old}>0,{left}/{old},"")', value), "ratio")


def _is_quotient(df: pd.DataFrame) -> bool:
    """Return whether every value is its numerator over its denominator, and missing where that is."""
    if not {"value", "numerator", "denominator"} <= set(df.columns):
        return False
    top, bottom = df["numerator"].to_numpy(float), df["denominator"].to_numpy(float)
    again = np.divide(top, bottom, out=np.full(len(df), np.nan), where=bottom > 0)
    return bool(np.allclose(again, df["value"].to_numpy(float), _CLOSE, _CLOSE, equal_nan=True))


def _style(result: Result, name: str) -> str:
    kind = result.df[name].dtype.kind
    if name in ("value", "low", "high"):
        return looks(result.metric.unit)
    if kind == "M":
        return "date"
    if kind in "iu":
        return "count"
    return "money" if kind == "f" else "plain"


def _plain(values: pd.Series[Any]) -> list[Any]:
    """Return a column as Python's own values, what is no number, day or truth as text."""
    return [_text(value) for value in values.astype(object).where(values.notna(), None).tolist()]


def _text(value: Any) -> Any:
    if value is None or value != value:
        return None
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    number = isinstance(value, (bool, int, float, np.integer, np.floating))
    return value if number else bool(value) if isinstance(value, np.bool_) else str(value)

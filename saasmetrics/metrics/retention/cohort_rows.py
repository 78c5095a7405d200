"""The customers behind a cell of the cohorts, with what each adds to both sides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.engine.signups import sign_up_rows
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import group_code, in_currency
from saasmetrics.metrics.retention.triangles import MONTHS
from saasmetrics.periods import iso_day
from saasmetrics.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book

_SIDES = {
    "net": ("constant", "start"),
    "gross": ("floor", "start"),
    "mrr": ("mrr", "start"),
    "logos": ("customers", None),
    "gross_profit": ("total", None),
}


@dataclass(frozen=True)
class Cell:
    """What the cells of a result of `cohorts` are: its options."""

    measure: str
    freq: str
    by: tuple[str, ...]
    column: str | None
    start: str
    cohort_freq: str
    margin: float | None


def drill(book: Book, cell: Cell) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: by cohort, or by value of a column, and age."""

    def rows(cohort: Any = None, age: int = 0, **group: Any) -> pd.DataFrame:
        import pandas as pd

        if cohort is None:
            msg = "Name the cohort of the cell, such as rows(cohort='2025-01', age=3)."
            raise DataError(msg)
        age = whole("age", age, 0, "an age in whole periods")
        by, numbers = cell.by, list[Any]([None])
        if cell.column is None:
            numbers = _numbers(book, cell, cohort, age)
        else:
            by, group = (*by, cell.column), {**group, cell.column: cohort}
        code = group_code(book, by, group)
        asked: dict[str, Any] = {"age": age, "freq": cell.freq, "by": by, "group": code}
        if cell.start == "sign_up":
            parts = [sign_up_rows(book.engine, number, **asked) for number in numbers]
        else:
            parts = [book.engine.rows("triangle", cohort=number, **asked) for number in numbers]
        found = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
        return _sided(found, book, cell)

    return rows


def _numbers(book: Book, cell: Cell, cohort: Any, age: int) -> list[Any]:
    """Return the periods whose customers make a cohort, all old enough."""
    calendar, coarse = book.calendar(cell.freq), book.calendar(cell.cohort_freq)
    number = np.array([coarse.of(cohort)])
    first, last = coarse.first_day(number), coarse.last_day(number)
    begin, end = int(calendar.ordinal(first)[0]), int(calendar.ordinal(last)[0])
    _, _, full = book.engine.extent(cell.freq)
    if end + age > full:
        msg = f"The cohort {iso_day(int(first[0]))} has not been observed at age {age}."
        raise DataError(msg)
    return list(range(begin, end + 1))


def _sided(rows: pd.DataFrame, book: Book, cell: Cell) -> pd.DataFrame:
    """Put numerator and denominator beside each customer; without a base of money each counts once."""
    if cell.measure == "gross" and book.policy.cohort_floor == "point":
        rows["floor"] = rows["point"]
    rows = in_currency(rows)
    top, bottom = _SIDES[cell.measure]
    rows["total"] *= (cell.margin or 1.0) * MONTHS[cell.freq]
    rows.insert(1, "numerator", rows[top].astype(float))
    rows.insert(2, "denominator", rows[bottom].astype(float) if bottom in rows.columns else 1.0)
    if cell.measure == "gross_profit":
        return rows.rename(columns={"total": "gross_profit"})
    return rows.drop(columns="total")


def sided_rows(
    book: Book, cell: Cell, cells: NDArray[np.int64], cohorts: NDArray[np.datetime64], age: int
) -> pd.DataFrame:
    """Return the customers of several cells of a triangle, each a group and a cohort, with both sides.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [9]})
    >>> cell = Cell("logos", "M", (), None, "first_payment", "M", None)
    >>> sided_rows(book, cell, np.array([[0, 0]]), np.array(["2026-01-01"], "datetime64[D]"), 0)["customer_id"].tolist()
    ['a']
    """
    import pandas as pd

    calendar = book.calendar(cell.freq)
    asked: dict[str, Any] = {"age": int(age), "freq": cell.freq, "by": cell.by}
    parts = [
        book.engine.rows("triangle", cohort=calendar.of(cohorts[at]), group=int(group), **asked)
        for group, at in cells
    ]
    if not parts:
        msg = f"No customer of the cohort is seen at age {age}."
        raise DataError(msg)
    return _sided(pd.concat(parts, ignore_index=True), book, cell)


def traced(rows: Callable[..., pd.DataFrame], measure: str) -> Callable[..., Trace]:
    """Return how a cell follows from the customers of its cohort."""
    top, bottom = _SIDES[measure]
    top = "gross_profit" if measure == "gross_profit" else top

    def trace(**cell: Any) -> Trace:
        found = rows(**cell)
        parts = {"numerator": top} | ({"denominator": bottom} if bottom else {})
        if measure == "mrr":
            return Trace(found, "numerator", {"numerator": "sum"}, {"numerator": top}, unit="money")
        made = Trace.of_sides(found, parts)
        return replace(made, unit="money") if measure == "gross_profit" else made

    return trace

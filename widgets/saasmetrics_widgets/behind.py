"""The customers behind a cell of a result, and the call that gives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics.money import format_value
from saasmetrics_widgets.calls import arguments, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics_widgets.calls import Call, Results

_MOST_COLUMNS = 5


@dataclass(frozen=True, eq=False)
class Behind:
    """What stands behind a selection.

    Parameters
    ----------
    result
        The result that was selected from.
    frame
        One row per customer: customer_id, name where the book knows it, and the amounts.
    title
        What was selected, in words.
    code
        Python that gives the same rows.
    labels
        How people read columns, where these have words of their own.
    points
        Columns that are parts of a ratio.
    """

    result: Result
    frame: pd.DataFrame
    title: str
    code: str
    labels: Mapping[str, str] = field(default_factory=dict)
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """A selection in the library's terms: the call, the cell of its result, and which rows and columns count.

    `anywhere` names columns of which at least one must not be 0 for a customer to be listed; `customer` is the only one
    that is, where one is named.
    """

    call: Call
    where: dict[str, Any]
    columns: tuple[str, ...]
    anywhere: tuple[str, ...]
    title: str
    customer: Any = None


def behind(results: Results, cell: Cell) -> Behind:
    """Return the customers behind a cell.

    Raises
    ------
    DataError
        If there is no such cell, or the number is not made of customers.
    """
    result = results[cell.call]
    rows = result.rows(**cell.where)
    columns = cell.columns or tuple(
        name for name in rows.select_dtypes("number").columns if name != "customer_id"
    )
    code = f"rows = {cell.call.code()}.rows({', '.join(arguments(cell.where))})"
    known = tuple(name for name in cell.anywhere if name in rows.columns)
    if known:
        rows = rows[(rows[[*known]] != 0).any(axis=1)]
        tests = " | ".join(f'(rows["{name}"] != 0)' for name in known)
        code += f"\nrows[{tests if len(known) > 1 else tests[1:-1]}]"
    if cell.customer is not None:
        rows = rows[rows["customer_id"] == cell.customer]
        if not len(rows):
            msg = f"Customer {cell.customer!r} is not among those behind this."
            raise DataError(msg)
        code += f'\nrows[rows["customer_id"] == {quoted(cell.customer)}]'
        columns = tuple(name for name in columns if name in rows.columns and rows[name].any())
    said = f"{cell.title}{_value(result, cell)}"
    kept = rows[["customer_id", *columns[:_MOST_COLUMNS]]].reset_index(drop=True)
    return Behind(result, named(results.book, kept), said, code, *_worded(result))


def _worded(result: Result) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return how people read the columns of an explanation, and those that are parts of a ratio."""
    if result.kind != "explanation":
        return {}, ()
    steps, extra = result.extra["steps"], result.extra
    names = dict(zip(steps["step"].tolist(), steps["label"].tolist(), strict=True))
    for side in ("numerator", "denominator"):
        names |= {
            f"{side}_{end}": f"{side.capitalize()}, {label}"
            for end, label in zip("ab", extra["labels"], strict=True)
        }
    parts = ("value", *steps["step"].tolist()) if extra["unit"] == "ratio" else ()
    return {**names, "value": "Adds"}, parts


def _value(result: Result, cell: Cell) -> str:
    """Return the value of a cohort's cell as it stands in the picture."""
    if "cohort" not in cell.where or "cohort" not in result.df.columns:
        return ""
    df = result.df
    for name, value in cell.where.items():
        df = df[df[name] == value]
    known = df["value"].dropna()
    if not len(known):
        return ""
    unit = "money" if cell.columns[-1] == "mrr" and result.extra.get("average") is None else "ratio"
    return f": {format_value(float(known.iloc[0]), unit, result.context.currency)}"


def named(book: Book, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with the customers' names beside their ids, where the book knows any."""
    customers = book.tables.get("customers")
    if customers is None or "name" not in customers.data.column_names or not len(frame):
        return frame
    import pyarrow as pa
    import pyarrow.compute as pc

    known = customers.data["customer_id"].combine_chunks()
    wanted = pa.array(frame["customer_id"]).cast(known.type, safe=False)
    at = pc.index_in(wanted, value_set=known)
    names = pc.take(customers.data["name"], at).to_pandas()
    out = frame.copy()
    out.insert(1, "name", names.to_numpy())
    return out

"""From Arrow columns to numpy arrays: ids to codes, dates to day numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.arrays import filled
from saasmetrics.tables.arrays import one_chunk as flat
from saasmetrics.tables.encoded import encoded
from saasmetrics.tables.links import parents_like_customers

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["days", "encode", "flags", "flat", "has", "numbers", "parents"]


def has(data: pa.Table, column: str) -> bool:
    """Return whether a table has a column with at least one value."""
    if column not in data.column_names:
        return False
    away = getattr(data, "has", None)  # of rows that are not here
    return bool(away(column)) if away else data[column].null_count < len(data)


def encode(column: Any) -> tuple[pa.Array, NDArray[np.int32]]:
    """Return the distinct values of a column and, for each row, the index of its value (-1 where missing)."""
    return encoded(flat(column))


def days(column: Any, missing: Any = 0) -> NDArray[np.int32]:
    """Return a date column as day numbers, `missing` where there is none."""
    numbers = flat(column)
    if not pa.types.is_date32(numbers.type):
        numbers = numbers.cast(pa.date32())
    found: NDArray[np.int32] = filled(numbers.cast(pa.int32()), int(missing))
    return found


def numbers(column: Any, missing: float = 0.0) -> NDArray[np.float64]:
    """Return a number column as floats, `missing` where there is none."""
    values = flat(column)
    if not pa.types.is_float64(values.type):
        values = values.cast(pa.float64())
    found: NDArray[np.float64] = filled(values, missing)
    return found


def flags(column: Any) -> NDArray[np.bool_]:
    """Return a boolean column as an array, false where missing."""
    return np.asarray(flat(pc.fill_null(column, False))).astype(bool)


def parents(customer: Any, customers: pa.Table) -> Any:
    """Return for each row the parent of its customer, or the customer itself where it has none."""
    customer = flat(customer)
    at = pc.index_in(customer, value_set=flat(customers["customer_id"]))
    parent = pc.take(flat(parents_like_customers(customers, customer.type)), flat(at))
    return pc.coalesce(parent, customer)

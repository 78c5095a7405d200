"""Rows that share a key: found by a hash of its values, which is cheap, and compared by value where hashes agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.tables.gate.view import View
from saasmetrics.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["repeated"]

_STORED = (pa.int64(), pa.float64(), pa.date32(), pa.timestamp("us"))  # as numbers
_ODD = np.uint64(0x9E3779B97F4A7C15)  # any odd number
_MISSING = np.uint64(0x7FF8DEAD00000001)  # any number that stands for no value
_HALF = np.uint64(29)


def repeated(view: View, key: list[str]) -> npt.NDArray[np.intp]:
    """Return the numbers of the rows whose key occurs more than once.

    Parameters
    ----------
    view
        The table.
    key
        Columns that it has; a missing value counts as a value.
    """
    if not key:
        return np.zeros(0, np.intp)
    if len(key) == 1 and view.distinct(key[0]) == view.size:
        return np.zeros(0, np.intp)
    if key == ["customer_id", "month"] and _ascending(view):
        return np.zeros(0, np.intp)
    alike = _more_than_once(_mixed(view, key))
    if not len(alike):
        return alike
    some = Table(view.name, view.table.data.select(key).take(pa.array(alike)), {}, ())
    return alike[_more_than_once(View(some).combined(key))]


def _more_than_once(codes: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return the places of the values that occur more than once."""
    ordered = np.sort(codes)
    again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(again):
        return np.zeros(0, np.intp)
    at = np.minimum(np.searchsorted(again, codes), len(again) - 1)
    return np.flatnonzero(again[at] == codes)


def _mixed(view: View, columns: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return a number for each row: the same for the same values of some columns, rarely for others."""
    mixed = np.zeros(view.size, np.uint64)
    for name in columns:
        mixed ^= _bits(view, name)
        mixed *= _ODD
        mixed ^= mixed >> _HALF
    return mixed


def _bits(view: View, column: str) -> npt.NDArray[np.uint64]:
    """Return the value of each row as 64 bits, equal where values are."""
    kind = view.table.data.field(column).type
    if column == "customer_id" or kind not in _STORED:  # customer ids are numbered anyway
        return view.codes(column).astype(np.uint64)
    values = view.stored(column)
    if kind == pa.float64():
        bits = np.where(np.isnan(values), np.nan, values).view(np.uint64)  # there are many NaN
    else:
        bits = values.astype(np.uint64)
    return bits if view.valid(column).all() else np.where(view.valid(column), bits, _MISSING)


def _ascending(view: View) -> bool:
    """Whether each customer has its rows together, a later month after an earlier one, as in a table of runs."""
    if not (view.valid("month").all() and view.valid("customer_id").all()):
        return False
    who, day = view.codes("customer_id"), view.days("month")
    return bool(((who[1:] > who[:-1]) | ((who[1:] == who[:-1]) & (day[1:] > day[:-1]))).all())

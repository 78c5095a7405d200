"""Columns whose values are lists or records: lists of words and numbers are read as words, all else is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import DataError
from saasmetrics.tables.dates import Refusal
from saasmetrics.tables.lazy import LazyTable

__all__ = [
    "JOINED",
    "is_list",
    "is_nested",
    "joined",
    "kind_of",
    "nested_refusal",
    "refuse_nested",
]

JOINED = "lists read as words with commas between"


def kind_of(data: Any, name: str) -> pa.DataType | None:
    """Return the type of a column as far as it is known without reading it."""
    later = data.lazy(name) if isinstance(data, LazyTable) else None
    return data[name].type if later is None else later.kind


def is_nested(kind: pa.DataType | None) -> bool:
    """Return whether values of a type are made of several."""
    return kind is not None and pa.types.is_nested(kind)


def is_list(kind: pa.DataType | None) -> bool:
    """Return whether values of a type are lists of words or numbers.

    Examples
    --------
    >>> is_list(pa.list_(pa.string())), is_list(pa.list_(pa.list_(pa.string()))), is_list(pa.string())
    (True, False, False)
    """
    if kind is None:
        return False
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in lists) and not pa.types.is_nested(kind.value_type)


def joined(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return lists of words or numbers as words with commas between; other values as they are.

    Examples
    --------
    >>> joined(pa.chunked_array([[["billing", "refund"], [], None, ["bug"]]])).to_pylist()
    ['billing, refund', '', None, 'bug']
    """
    if not is_list(values.type):
        return values
    words = values.cast(pa.large_list(pa.string()))
    chunks = [pc.binary_join(_without_gaps(chunk), ", ") for chunk in words.chunks]
    return pa.chunked_array(chunks, pa.string())


def _without_gaps(lists: pa.LargeListArray) -> pa.LargeListArray:
    """Return lists without missing values, with one of which a list would not be joined."""
    flat, row = pc.list_flatten(lists), pc.list_parent_indices(lists)
    if not flat.null_count:
        return lists
    there = flat.is_valid()
    sizes = np.bincount(np.asarray(row.filter(there)), minlength=len(lists))
    offsets = pa.array(np.append(0, np.cumsum(sizes)).astype(np.int64))
    made = pa.LargeListArray.from_arrays(offsets, flat.filter(there))
    return pc.if_else(lists.is_valid(), made, pa.scalar(None, made.type))


def nested_refusal(values: pa.ChunkedArray) -> Refusal:
    """Return why a column of lists or records cannot be read."""
    rule = "lists or records, not one value in a row"
    remedy = (
        "Write one value into each row, such as the first of its list, or leave the column out."
    )
    return Refusal(values.is_valid(), rule, remedy, "nested-value")


def refuse_nested(table: str, column: str, kind: pa.DataType) -> None:
    """Refuse to choose or to group by a column of lists or records.

    Raises
    ------
    DataError
        If it is one.
    """
    if not is_nested(kind):
        return
    what = "records" if pa.types.is_struct(kind) or pa.types.is_map(kind) else "lists"
    part = (
        f"df[{column!r}].str[{kind.field(0).name!r}]"
        if pa.types.is_struct(kind) and kind.num_fields
        else f"df[{column!r}].str[0]"
    )
    msg = (
        f"{table}.{column} holds {what} ({kind}), by which rows can be neither chosen nor grouped. Put what is meant "
        f"into a column of its own, one value in a row, such as {part}."
    )
    raise DataError(msg)

"""Arrow columns as plain arrays, as to_numpy() and np.asarray() would import pandas; looking things up in arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["PART", "filled", "looked_up", "one_chunk", "parts", "raw"]

_Any = TypeVar("_Any", bound=np.generic)
PART = 1 << 17
"""Rows at a time, so that no step between takes the memory of all: memory that is taken anew costs time as well."""


def one_chunk(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:  # which combining would copy
        return column.chunk(0)
    array = column.combine_chunks()
    return array.chunk(0) if isinstance(array, pa.ChunkedArray) else array


def raw(array: pa.Array) -> Any:
    """Return the numbers of an array as they are stored; anything where missing.

    Examples
    --------
    >>> raw(pa.array([7, None, 9], pa.int32())[2:]).tolist()
    [9]
    """
    kind: Any = np.float64 if pa.types.is_floating(array.type) else np.int64
    if array.type in (pa.date32(), pa.int32()):
        kind = np.int32
    if not len(array):
        return np.zeros(0, kind)
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]


def filled(array: pa.Array, missing: Any) -> Any:
    """Return the numbers of an array, with another where one is missing.

    Examples
    --------
    >>> filled(pa.array([7, None, 9], pa.int32()), 5).tolist()
    [7, 5, 9]
    """
    values = raw(array)
    if not array.null_count:
        return values
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    known = np.unpackbits(bits, count=array.offset + len(array), bitorder="little")
    return np.where(known[array.offset :].view(bool), values, values.dtype.type(missing))


def parts(many: int, size: int = PART) -> Iterator[slice]:
    """Yield so many rows a part at a time.

    Examples
    --------
    >>> list(parts(PART + 1)) == [slice(0, PART), slice(PART, 2 * PART)]
    True
    """
    return (slice(at, at + size) for at in range(0, many, size))


def looked_up(values: NDArray[_Any], at: NDArray[Any]) -> NDArray[_Any]:
    """Return the values at places that all are there, from 0 on.

    To look whether they are there takes as long as to take them, and numpy turns other integers than its own into its
    own slowly when it is left to do so.

    Examples
    --------
    >>> looked_up(np.array([5.0, 7.0]), np.array([1, 0, 1], np.int32)).tolist()
    [7.0, 5.0, 7.0]
    """
    if at.dtype == np.intp or len(at) <= PART:
        return values.take(at.astype(np.intp, copy=False), mode="clip")
    out = np.empty(len(at), values.dtype)
    for part in parts(len(at)):
        out[part] = values.take(at[part].astype(np.intp), mode="clip")
    return out

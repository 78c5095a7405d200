"""Arrow columns as plain arrays; to_numpy() and np.asarray() of them would import pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

__all__ = ["one_chunk", "raw"]


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

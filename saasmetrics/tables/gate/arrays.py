"""Arrow arrays as those of numpy, without pandas: what the findings of the gate look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.encoded import encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "bits",
    "distinct",
    "encode",
    "mask_of",
    "one_chunk",
    "positions",
    "raw",
    "texts",
    "valid",
    "whole_numbers",
]

Bools = npt.NDArray[np.bool_]


def mask_of(array: pa.Array) -> Bools:
    """Booleans of Arrow as numpy's; missing ones are false.

    Parameters
    ----------
    array
        Booleans.

    Returns
    -------
    numpy.ndarray
        The same; all false where the array holds something else.
    """
    if not pa.types.is_boolean(array.type) or not len(array):
        return np.zeros(len(array), np.bool_)
    return bits(array.buffers()[1], array) & valid(array)


def texts(words: Sequence[str]) -> pa.Array:
    """Words as an Arrow array; pa.array() would import pandas.

    Parameters
    ----------
    words
        Any words.

    Returns
    -------
    pyarrow.Array
        The same words.
    """
    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def whole_numbers(values: npt.NDArray[np.intp]) -> pa.Array:
    """Return numbers of rows as an Arrow array."""
    whole = np.ascontiguousarray(values, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(whole), [None, pa.py_buffer(whole)])


def positions(names: pa.Array, known: pa.Array) -> npt.NDArray[np.int64]:
    """Return the number of each name among those known; -1 where it is none of them."""
    if pa.types.is_integer(names.type) != pa.types.is_integer(known.type):
        return np.full(len(names), -1, np.int64)
    found = pc.index_in(names, value_set=known.cast(names.type))
    return np.where(valid(found), raw(found), -1).astype(np.int64)


def one_chunk(values: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    if values.num_chunks == 1:  # which combining would copy
        return values.chunk(0)
    array = values.combine_chunks()
    return array.chunk(0) if isinstance(array, pa.ChunkedArray) else array


def valid(array: pa.Array) -> Bools:
    """Return which elements have a value."""
    bitmap = array.buffers()[0] if array.null_count else None
    if pa.types.is_null(array.type):
        return np.zeros(len(array), np.bool_)
    return np.ones(len(array), np.bool_) if bitmap is None else bits(bitmap, array)


def bits(buffer: pa.Buffer, array: pa.Array) -> Bools:
    """Return the bits of a buffer as booleans of an array."""
    every = np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")
    return every[array.offset : array.offset + len(array)].view(np.bool_)


def distinct(array: pa.Array) -> int:
    """Return how many different values an array has, a missing one counting as a value."""
    if array.type != pa.int64() or array.null_count or not len(array):
        return len(array.unique())
    ordered = np.sort(raw(array))
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + 1


def raw(array: pa.Array) -> Any:
    """Return the numbers of an array; anything where missing."""
    # to_numpy() would import pandas.
    kind: Any = np.float64 if pa.types.is_floating(array.type) else np.int64
    if array.type in (pa.date32(), pa.int32()):
        kind = np.int32
    if not len(array):
        return np.zeros(0, kind)
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]


def encode(array: pa.Array) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """Return the number of each value among the different ones, -1 where missing, and those."""
    if pa.types.is_null(array.type):
        array = array.cast(pa.string())
    names, codes = encoded(array)
    return codes, names

"""Numbering the different values of a column, as fast as they allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)
_SPARSE = 4  # times as many numbers between the least and the largest as rows: above, hashing needs less room
_FEW = 1 << 16


def encoded(column: pa.Array) -> tuple[pa.Array, NDArray[np.int32]]:
    """Return the different values of an array as they first come, and for each row the number of its value.

    Parameters
    ----------
    column
        Values of any type, as one array.

    Returns
    -------
    pyarrow.Array, numpy.ndarray
        The values, and numbers into them; -1 where missing.

    Examples
    --------
    >>> values, codes = encoded(pa.array([7, 9, 7, None]))
    >>> values.to_pylist(), codes.tolist()
    ([7, 9], [0, 1, 0, -1])
    """
    if column.type == pa.int64() and len(column) and not column.null_count:
        numbers = _numbers(column)
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < _SPARSE * len(numbers) + _FEW:
            return _of_close_numbers(numbers, low, high)
    coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    codes = coded.indices
    if codes.null_count:
        codes = pc.fill_null(codes, -1)
    return coded.dictionary, _raw(codes.cast(pa.int32()), np.int32)


def different(column: pa.Array) -> int:
    """Return how many different values an array has, a missing one counting as a value.

    Examples
    --------
    >>> different(pa.array([7, 9, 7])), different(pa.array(["a", None]))
    (2, 2)
    """
    if column.type != pa.int64() or column.null_count or not len(column):
        return len(column.unique())
    ordered = np.sort(_numbers(column))
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + 1


def _numbers(column: pa.Array) -> NDArray[np.int64]:
    return _raw(column, np.int64)


def _raw(column: pa.Array, kind: type[T]) -> NDArray[T]:
    # np.asarray() of an array of Arrow would import pandas.
    if not len(column):
        return np.zeros(0, kind)
    whole: NDArray[T] = np.frombuffer(column.buffers()[1], kind)
    return whole[column.offset : column.offset + len(column)]


def _of_close_numbers(
    numbers: NDArray[np.int64], low: int, high: int
) -> tuple[pa.Array, NDArray[np.int32]]:
    """Look up at which row each number comes first, instead of hashing it."""
    rows = np.arange(len(numbers), dtype=np.int32)
    first = np.empty(high - low + 1, np.int32)
    place = numbers - low
    first[place[::-1]] = rows[::-1]  # of repeated places the last one holds
    found = first[place]
    begins = found == rows
    rank = np.cumsum(begins, dtype=np.int32) - np.int32(1)
    values = np.ascontiguousarray(numbers[begins])
    return (
        pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)]),
        rank[found],
    )

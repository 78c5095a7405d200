"""Numbering the different values of a column, as fast as they allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.arrays import PART, looked_up, parts, raw
from saasmetrics.tables.words import first_rows, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.tables.words import Words

_SPARSE = 4  # times as many numbers between the least and the largest as rows: above, hashing needs less room
_FEW = 1 << 16
_MANY = 1 << 12  # texts from which looking at their words pays
_SAMPLE = 1 << 10  # texts that show whether they repeat much
_TOGETHER = (
    0.7  # of the rows: where fewer are the first of a run, equal numbers may all stand together
)


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
        numbers = raw(column)
        low, high = int(numbers.min()), int(numbers.max())
        if _are_close(len(numbers), low, high):
            return _of_close_numbers(numbers, low, high)
    if (words := _words(column)) is not None:
        return _of_words(column, words)
    numbered = pa.types.is_dictionary(column.type)
    coded = column if numbered else pc.dictionary_encode(column)
    codes = coded.indices
    if codes.null_count:
        codes = pc.fill_null(codes, -1)
    code = raw(codes.cast(pa.int32()))
    return _as_they_come(coded.dictionary, code) if numbered else (coded.dictionary, code)


def different(column: pa.Array) -> int:
    """Return how many different values an array has, a missing one counting as a value.

    Examples
    --------
    >>> different(pa.array([7, 9, 7])), different(pa.array(["a", None]))
    (2, 2)
    """
    if column.type != pa.int64() or column.null_count or not len(column):
        return len(column.unique())
    numbers = raw(column)
    low, high = int(numbers.min()), int(numbers.max())
    if _are_close(len(numbers), low, high):
        return int(np.count_nonzero(_seen(numbers, low, high)))
    ordered = np.sort(numbers)
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + 1


def _words(column: pa.Array) -> Words | None:
    """Return ids that are texts of one length as words; None of others, and of texts that repeat much."""
    some = column[:_SAMPLE]
    if (
        not pa.types.is_string(column.type)
        or len(column) < _MANY
        or 2 * len(some.unique()) < len(some)
    ):
        return None
    return words_of(column)


def _of_words(column: pa.Array, words: Words) -> tuple[pa.Array, NDArray[np.int32]]:
    first = first_rows(words)
    begins = first == np.arange(len(first), dtype=np.int32)
    rank = np.cumsum(begins, dtype=np.int32)
    rank -= 1
    return column.take(pa.array(np.flatnonzero(begins))), looked_up(rank, first)


def _as_they_come(values: pa.Array, code: NDArray[np.int32]) -> tuple[pa.Array, NDArray[np.int32]]:
    """Leave out the values that no row has, and put the others in the order in which they first come."""
    order = np.zeros(0, np.int64)
    seen = np.zeros(len(values), bool)
    for cut in parts(len(code)):
        first = np.full(len(values) + 1, PART)  # the last one is that of what is missing
        part = code[cut]
        first[part[::-1]] = np.arange(len(part))[::-1]  # of repeated places the last one holds
        fresh = np.flatnonzero((first[:-1] < PART) & ~seen)
        order = np.concatenate([order, fresh[np.argsort(first[fresh])]])
        seen[fresh] = True
        if seen.all():
            break
    if len(order) == len(values) and (order == np.arange(len(values))).all():
        return values, code
    rank = np.full(len(values) + 1, -1, np.int32)
    rank[order] = np.arange(len(order))
    return values.take(pa.array(order)), rank[code]


def _of_close_numbers(
    numbers: NDArray[np.int64], low: int, high: int
) -> tuple[pa.Array, NDArray[np.int32]]:
    """Look up at which row each number comes first, instead of hashing it."""
    begins = np.ones(len(numbers), bool)
    np.not_equal(numbers[1:], numbers[:-1], out=begins[1:])
    together = numbers[begins] if np.count_nonzero(begins) < _TOGETHER * len(numbers) else None
    if together is not None and _differ(together, low, high):
        return _whole(together), np.cumsum(begins, dtype=np.int32) - np.int32(1)
    first = np.empty(high - low + 1, np.int32)
    cuts = [*parts(len(numbers))]
    for part in reversed(cuts):
        place = numbers[part] - low
        rows = np.arange(part.start, part.start + len(place), dtype=np.int32)
        first[place[::-1]] = rows[::-1]  # of repeated places the last one holds
    code = np.empty(len(numbers), np.int32)
    for part in cuts:
        found = code[part] = looked_up(first, numbers[part] - low)
        begins[part] = found == np.arange(part.start, part.start + len(found), dtype=np.int32)
    rank = np.cumsum(begins, dtype=np.int32)
    rank -= 1
    for part in cuts:
        code[part] = looked_up(rank, code[part])
    return _whole(numbers[begins]), code


def _differ(numbers: NDArray[np.int64], low: int, high: int) -> bool:
    """Return whether numbers between two are all different."""
    return int(np.count_nonzero(_seen(numbers, low, high))) == len(numbers)


def _seen(numbers: NDArray[np.int64], low: int, high: int) -> NDArray[np.bool_]:
    """Return which of the numbers between two are there."""
    seen = np.zeros(high - low + 1, bool)
    for part in parts(len(numbers)):
        seen[numbers[part] - low] = True
    return seen


def _are_close(many: int, low: int, high: int) -> bool:
    """Return whether so many numbers are close enough to each other for a place for each that might be there."""
    return high - low < _SPARSE * many + _FEW


def _whole(numbers: NDArray[np.int64]) -> pa.Array:
    values = np.ascontiguousarray(numbers)
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])

"""What tells two rows of a customer apart besides month and amount: product, plan, currency, columns to group by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.errors import DataError
from saasmetrics.tables.texts import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST", "Kinds"]

MOST = 1 << 15
"""How many different kinds of rows there may be."""

_NOT_A_NUMBER = object()


class Kinds:
    """The kinds of rows that were seen: each is one value of every column.

    Examples
    --------
    >>> kinds = Kinds(["plan", "currency"])
    >>> kinds.numbers(pa.table({"plan": ["a", "b", "a"], "currency": ["USD", "USD", None]})).tolist()
    [0, 1, 2]
    >>> kinds.columns(np.array([2, 0]))["currency"].to_pylist()
    [None, 'USD']
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._codes: dict[str, dict[Any, int]] = {name: {} for name in names}
        self._values: dict[str, list[Any]] = {name: [] for name in names}
        self._types: dict[str, pa.DataType] = {}
        self._kinds: dict[tuple[int, ...], int] = {}

    def numbers(self, data: pa.Table) -> NDArray[np.int16]:
        """Return the kind of each row of a part.

        Raises
        ------
        DataError
            If there are too many kinds, which columns that differ in every row make.
        """
        if not self.names:
            return np.zeros(data.num_rows, np.int16)
        each = [self._of_column(name, data[name]) for name in self.names]
        key = each[0]
        for codes, name in zip(each[1:], self.names[1:], strict=True):
            key = _dense(key)[0] * len(self._values[name]) + codes
        place, first = _dense(key)
        number = np.empty(len(first), np.int16)
        for at, row in enumerate(first.tolist()):
            kind = tuple(int(codes[row]) for codes in each)
            number[at] = self._kinds.setdefault(kind, len(self._kinds))
            if len(self._kinds) >= MOST:
                raise self._too_many()
        return number[place]

    def columns(self, kind: NDArray[Any]) -> dict[str, pa.Array]:
        """Return the columns of rows of some kinds."""
        codes = np.array(list(self._kinds), np.int64).reshape(len(self._kinds), len(self.names))
        return {
            name: pa.array(self._values[name], self._types[name]).take(pa.array(codes[kind, at]))
            for at, name in enumerate(self.names)
            if name in self._types
        }

    def _of_column(self, name: str, values: pa.ChunkedArray) -> NDArray[np.int64]:
        coded = decode(values).combine_chunks().dictionary_encode(null_encoding="encode")
        kind = coded.dictionary.type
        if self._types.setdefault(name, kind) != kind:
            self._types[name] = _wider(name, self._types[name], kind)
        if len(coded.dictionary) >= MOST:
            raise self._too_many(name)
        known, numbers = self._codes[name], []
        for value in coded.dictionary.to_pylist():
            key = _NOT_A_NUMBER if value != value else (type(value), value)
            if key not in known:
                known[key] = len(known)
                self._values[name].append(value)
            numbers.append(known[key])
        found: NDArray[np.int64] = np.array(numbers, np.int64)[np.asarray(coded.indices)]
        return found

    def _too_many(self, name: str = "") -> DataError:
        most = name or max(self.names, key=lambda one: len(self._values[one]))
        msg = (
            f"mrr: the column {most!r} has so many different values that nearly every month of a customer differs from "
            "the one before, and a file of this size is read by what changes. Leave the column out of the file."
        )
        return DataError(msg)


def _dense(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of each value in the order in which they come first, and the row in which each does."""
    coded = pa.array(key).dictionary_encode()
    place = np.asarray(coded.indices).astype(np.int64)
    first = np.zeros(len(coded.dictionary), np.int64)
    first[place[::-1]] = np.arange(len(place))[::-1]
    return place, first


def _wider(name: str, one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Return the type that holds the values of both; a column without values fits any."""
    for first, second in ((one, other), (other, one)):
        if pa.types.is_null(first):
            return second
        if pa.types.is_integer(first) and pa.types.is_floating(second):
            return second
        if pa.types.is_string(first) and pa.types.is_large_string(second):
            return second
    msg = f"mrr: the column {name!r} is {one} in one part and {other} in another. Write it alike in all."
    raise DataError(msg)

"""Numbers for customers, in the order in which they come first, as parts of a column come by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.arrays import looked_up
from saasmetrics.tables.words import Places, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.tables.words import Words

__all__ = ["Ids"]

_ROOM = 1 << 22  # numbers that a table of places may have at least, however few customers there are
_SPARSE = 8  # places per customer from which ids are looked up instead
_SAMPLE = 4096
_UNKNOWN = -1


class Ids:
    """The customers that were seen, and the number of each.

    Whole numbers that lie close together are found in a table of places, texts of one length by their words, all others
    by their hash.

    Examples
    --------
    >>> ids = Ids()
    >>> [ids.numbers(pa.array(part)).tolist() for part in (["b", "a", "b"], ["c", "a"])]
    [[0, 1, 0], [2, 1]]
    >>> ids.values.to_pylist()
    ['b', 'a', 'c']
    """

    def __init__(self) -> None:
        self._parts: list[pa.Array] = []
        self._count = 0
        self._low = 0
        self._place: NDArray[np.int32] | None = None
        self._words: Places | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> pa.Array:
        """The customers, as they are numbered."""
        if len(self._parts) > 1:
            self._parts = [pa.concat_arrays(self._parts)]
        return self._parts[0] if self._parts else pa.array([], pa.string())

    def numbers(self, ids: pa.Array) -> NDArray[np.int32]:
        """Return the number of each id, new ones after those that are known."""
        if pa.types.is_integer(ids.type) and len(ids) and (self._place is not None or not self):
            found = self._by_place(np.asarray(ids))
            if found is not None:
                return found
        words = words_of(ids) if self._words is not None or not self else None
        if words is not None and (self._words is None or self._words.length == words.length):
            return self._by_words(ids, words)
        self._words = None
        if _repeats(ids):
            coded = ids.dictionary_encode()
            known: NDArray[np.int32] = self._by_hash(coded.dictionary)[np.asarray(coded.indices)]
            return known
        return self._by_hash(ids)

    def _by_words(self, ids: pa.Array, words: Words) -> NDArray[np.int32]:
        """Return the numbers by the words of texts of one length."""
        if self._words is None:
            self._words = Places(words.length)
        found = self._words.find(words)
        fresh = np.flatnonzero(found == _UNKNOWN)
        if len(fresh):
            coded = ids.take(pa.array(fresh)).dictionary_encode()
            number = np.asarray(coded.indices)
            first = fresh[np.unique(number, return_index=True)[1]]
            found[fresh] = number + self._count
            self._words.add(words.pick(first))
            self._add(coded.dictionary)
        return found

    def _by_hash(self, ids: pa.Array) -> NDArray[np.int32]:
        if not self._parts:
            coded = ids.dictionary_encode()
            self._add(coded.dictionary)
            return np.asarray(coded.indices)
        at = pc.index_in(ids, value_set=self.values)
        if not at.null_count:
            return np.asarray(at)
        coded = ids.filter(at.is_null()).dictionary_encode()
        found = np.array(pc.fill_null(at, _UNKNOWN))
        found[found == _UNKNOWN] = np.asarray(coded.indices) + self._count
        self._add(coded.dictionary)
        return found

    def _add(self, fresh: pa.Array) -> None:
        self._parts.append(fresh)
        self._count += len(fresh)

    def _by_place(self, ids: NDArray[np.int64]) -> NDArray[np.int32] | None:
        """Return the numbers by a table of places; None from where the table would be too long."""
        low, high = int(ids.min()), int(ids.max())
        if not self._reach(low, high):
            return None
        assert self._place is not None
        at = ids - self._low if self._low else ids
        found: NDArray[np.int32] = looked_up(self._place, at)
        fresh = np.flatnonzero(found == _UNKNOWN)
        if len(fresh):
            found[fresh] = self._numbered(at[fresh])
        return found

    def _numbered(self, at: NDArray[np.int64]) -> NDArray[np.int32]:
        """Number the ids of places that were not known, as they first come; the table holds their rows meanwhile."""
        assert self._place is not None
        row = np.arange(len(at), dtype=np.int32)
        self._place[at[::-1]] = row[::-1]  # of repeated places the last one holds
        first = looked_up(self._place, at)
        new = at[first == row]
        self._place[new] = np.arange(self._count, self._count + len(new), dtype=np.int32)
        # In Arrow's memory, which is given back as a whole.
        self._add(pc.add(pa.array(new), self._low))
        return looked_up(self._place, at)

    def _reach(self, low: int, high: int) -> bool:
        """Make the table of places reach some ids; give it up where it would be too long."""
        place = self._place
        if place is not None and self._low <= low and high < self._low + len(place):
            return True
        if place is not None:
            low, high = min(low, self._low), max(high, self._low + len(place) - 1)
        if 0 <= low < _ROOM:
            low = 0
        if high - low >= max(_ROOM, _SPARSE * max(self._count, 1 << 18)):
            self._place = None
            return False
        # A quarter of room, as later customers have higher numbers.
        longer = np.full(high - low + 1 + (high - low) // 4, _UNKNOWN, np.int32)
        if place is not None:
            longer[self._low - low : self._low - low + len(place)] = place
        self._low, self._place = low, longer
        return True


def _repeats(ids: pa.Array) -> bool:
    """Whether rows that follow each other have few different ids."""
    first: Any = ids[:_SAMPLE]
    return len(first) > 1 and len(pc.unique(first)) * 2 < len(first)

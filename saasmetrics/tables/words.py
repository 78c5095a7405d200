"""Texts of one length, such as UUIDs and the ids of billing systems, looked up by their bytes eight at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.tables.arrays import looked_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Places", "Words", "first_rows", "words_of"]

_WORD = 8  # bytes
_LONGEST = 40  # bytes of an id: five words
_LEAST = 1 << 10  # slots
_FEW = 2  # slots per text, of texts that are looked at once
_ROOM = 3  # slots per id, at least
_ODD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_UNKNOWN = -1


@dataclass(frozen=True)
class Words:
    """Texts of one length, in bytes, as whole numbers of eight bytes each; the last one is that of the last eight."""

    length: int
    each: list[NDArray[np.uint64]]

    def pick(self, rows: Any) -> Words:
        """Return those of some texts."""
        return Words(self.length, [word[rows] for word in self.each])


def words_of(texts: pa.Array) -> Words | None:
    """Return texts as words; None where their lengths differ, or are too short or too long.

    Examples
    --------
    >>> [len(set(word.tolist())) for word in words_of(pa.array(["cus_000001", "cus_000002"])).each]
    [1, 2]
    >>> words_of(pa.array(["a", "bc"])) is None
    True
    """
    if not pa.types.is_string(texts.type) or texts.null_count or not len(texts):
        return None
    ends = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    size = int(ends[1]) - int(ends[0])
    if not _WORD <= size <= _LONGEST or (np.diff(ends) != size).any():
        return None
    held, begin = texts.buffers()[2], int(ends[0])
    starts = [*range(0, size - _WORD, _WORD), size - _WORD]
    return Words(
        size,
        [
            np.ndarray((len(texts),), "<u8", held, begin + start, (size,)).astype(np.uint64)
            for start in starts
        ],
    )


def first_rows(words: Words) -> NDArray[np.int32]:
    """Return for each text the row in which it first stands.

    Examples
    --------
    >>> first_rows(words_of(pa.array(["cus_000001", "cus_000002", "cus_000001"]))).tolist()
    [0, 1, 0]
    """
    rows = np.arange(len(words.each[0]), dtype=np.int32)
    first, left, turn = rows.copy(), rows, 0
    while len(left):
        # Of texts that meet in a slot the one that comes first has it; the others look for another one.
        some = words if len(left) == len(rows) else words.pick(left)
        slot = _slots_of(some, (_FEW * len(left)).bit_length(), turn)
        held = np.empty(1 << (_FEW * len(left)).bit_length(), np.int32)
        held[slot[::-1]] = left[::-1]
        found = looked_up(held, slot)
        later = np.flatnonzero(found != left)
        at = looked_up(found, later).astype(np.intp)
        same = np.ones(len(later), bool)
        for word, own in zip(words.each, some.each, strict=True):
            same &= looked_up(word, at) == looked_up(own, later)
        first[left[later[same]]] = at[same]
        left, turn = left[later[~same]], turn + 1
    return first


def _slots_of(words: Words, bits: int, turn: int = 0) -> NDArray[np.int64]:
    """Return a slot of 2 ** bits for each text, another one at every turn."""
    mixed = (words.each[0] + np.uint64(turn)) * _ODD[0]
    for word in words.each[1:]:
        mixed ^= mixed >> np.uint64(32)
        mixed += word
        mixed *= _ODD[1]
    mixed ^= mixed >> np.uint64(29)
    mixed *= _ODD[0]
    mixed >>= np.uint64(64 - bits)
    return mixed.view(np.int64)


class Places:
    """The numbers of ids that were seen, found by their words in a table of slots that grows with them.

    Parameters
    ----------
    length
        How many bytes each id has.

    Examples
    --------
    >>> places = Places(10)
    >>> places.add(words_of(pa.array(["cus_000001", "cus_000002"])))
    >>> places.find(words_of(pa.array(["cus_000002", "cus_000003"]))).tolist()
    [1, -1]
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self._known = [np.zeros(0, np.uint64) for _ in range(-(-length // _WORD))]
        self._count = 0
        self._slots = np.full(_LEAST, _UNKNOWN, np.int32)

    def find(self, words: Words) -> NDArray[np.int32]:
        """Return the number of each id; -1 for one that is not known."""
        slot = self._slot(words)
        found = looked_up(self._slots, slot)
        open_ = np.flatnonzero(~self._same(found, words) & (found != _UNKNOWN))
        while len(open_):
            slot[open_] = (slot[open_] + 1) & (len(self._slots) - 1)
            found[open_] = looked_up(self._slots, slot[open_])
            now = found[open_]
            same = self._same(now, words.pick(open_))
            open_ = open_[~same & (now != _UNKNOWN)]
        return found

    def add(self, words: Words) -> None:
        """Take ids that are not known and differ from each other, and number them on."""
        first, self._count = self._count, self._count + len(words.each[0])
        for at, word in enumerate(words.each):
            if self._count > len(self._known[at]):
                room = np.zeros(self._count + self._count // 4, np.uint64)
                room[:first] = self._known[at][:first]
                self._known[at] = room
            self._known[at][first : self._count] = word
        if self._count * _ROOM > len(self._slots):
            size = len(self._slots)
            while self._count * _ROOM > size:
                size *= 2
            self._slots = np.full(size, _UNKNOWN, np.int32)
            first = 0
        self._put(np.arange(first, self._count, dtype=np.int32))

    def _put(self, numbers: NDArray[np.int32]) -> None:
        """Put ids into the first slot that is free from their own on; of several that meet, one after the other."""
        slot = self._slot(Words(self.length, self._known).pick(numbers))
        while len(numbers):
            free = self._slots[slot] == _UNKNOWN
            self._slots[slot[free]] = numbers[free]
            left = self._slots[slot] != numbers
            numbers, slot = numbers[left], (slot[left] + 1) & (len(self._slots) - 1)

    def _slot(self, words: Words) -> NDArray[np.int64]:
        return _slots_of(words, (len(self._slots) - 1).bit_length())

    def _same(self, numbers: NDArray[np.int32], words: Words) -> NDArray[np.bool_]:
        """Return where the ids with some numbers have some words; what has no number has none."""
        same: NDArray[np.bool_] = np.not_equal(numbers, _UNKNOWN)
        if not self._count:
            return same
        at = numbers.astype(np.intp)
        for known, word in zip(self._known, words.each, strict=True):
            same &= known.take(at, mode="wrap") == word
        return same

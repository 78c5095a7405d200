"""From days on which a rule holds to alerts: each raised once, when it first holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.success.alarm.grid import blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.success.alarm.rules import Rule

COOLDOWN = 30


@dataclass(frozen=True, eq=False)
class Raised:
    """Alerts of a book, one element each: which rule, which customer, from which day to which.

    `evidence` has words for those that still hold on the last day, "" for the others.
    """

    rule: NDArray[np.int64]
    entity: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    evidence: NDArray[Any]
    absent: dict[str, str]


def runs(
    hold: NDArray[np.bool_], cooldown: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return rows, first and last column of each stretch in which a condition holds.

    A stretch that begins again within the cooldown is the same one: who hovers about a limit is told of once.

    Examples
    --------
    >>> row, first, last = runs(np.array([[0, 1, 1, 0, 1, 0, 0, 0, 1]], bool), 2)
    >>> first.tolist(), last.tolist()
    ([1, 8], [4, 8])
    """
    padded = np.zeros((hold.shape[0], hold.shape[1] + 1), np.int8)
    padded[:, :-1] = hold
    change = np.diff(padded, axis=1, prepend=0)
    row, first = np.nonzero(change == 1)
    _, after = np.nonzero(change == -1)
    last = after - 1
    new = np.ones(len(row), bool)
    new[1:] = (row[1:] != row[:-1]) | (first[1:] - last[:-1] > cooldown)
    begin = np.flatnonzero(new)
    end = np.append(begin[1:], len(row))[: len(begin)] - 1
    return row[begin].astype(np.int64), first[begin].astype(np.int64), last[end].astype(np.int64)


def raised(book: Book, rules: Sequence[Rule], until: int, cooldown: int = COOLDOWN) -> Raised:
    """Return every alert up to a day; what holds on a day depends on nothing known later."""
    parts: list[tuple[Any, ...]] = []
    absent: dict[str, str] = {}
    for grid in blocks(book, until):
        for number, rule in enumerate(rules):
            found = rule.compute(grid, rule.numbers)
            if isinstance(found, str):
                absent[rule.name] = found
                continue
            hold, say = found
            row, first, last = runs(hold, cooldown)
            words = np.full(len(row), "", object)
            still = np.flatnonzero(last == grid.days - 1)
            words[still] = say(row[still], grid.days - 1)
            code = np.full(len(row), number)
            parts.append((code, row + grid.low, first + grid.first, last + grid.first, words))
    if not parts:
        none = np.zeros(0, np.int64)
        return Raised(none, none, none, none, np.zeros(0, object), absent)
    code, who, first, last, words = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Raised(code, who, first, last, words, absent)

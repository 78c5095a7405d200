"""Findings as words that can be kept; the rows behind them are looked for again when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import Problem
from saasmetrics.tables.findings import SHOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

__all__ = ["problem_of", "words_of"]

_SAID = ("table", "column", "rule", "rows", "remedy", "severity", "code", "place")
_PLAIN = (str, int, float, bool, type(None))


def words_of(problem: Problem) -> dict[str, Any] | None:
    """Return a problem as JSON has it; None where its examples are of a kind that JSON has not."""
    plain = all(type(value) in _PLAIN for row in problem.examples for value in row.values())
    if problem.found is not None or not plain:
        return None
    lines = problem.lines
    return {
        "problem": {name: getattr(problem, name) for name in _SAID},
        "examples": [dict(row) for row in problem.examples],
        "of rows": lines is not None,
        "first": _first(lines),
    }


def problem_of(words: Mapping[str, Any], again: Callable[[Problem], Any]) -> Problem:
    """Return the problem of words that were kept.

    Parameters
    ----------
    words
        As `words_of` returned them.
    again
        Finds the lines of the problem anew.
    """
    found = Problem(**words["problem"], examples=tuple(words["examples"]))
    return replace(found, lines=_Lines(again, found, words["first"])) if words["of rows"] else found


@dataclass(frozen=True)
class _Lines:
    """The rows behind a problem that was kept: looked for again when they are asked for."""

    again: Callable[[Problem], Any]
    problem: Problem
    first: list[int] | None

    def __call__(self) -> NDArray[np.intp]:
        """Return the numbers of the rows, from 0."""
        lines = self.again(self.problem)
        return np.asarray(lines() if callable(lines) else lines, np.intp)


def _first(lines: Any) -> list[int] | None:
    """Return the numbers of the first rows; None where they are not known, or are not the first of all."""
    if isinstance(lines, _Lines):
        return lines.first
    return [int(n) for n in lines[:SHOWN]] if isinstance(lines, np.ndarray) else None

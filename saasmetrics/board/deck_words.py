"""What a slide says in words below its tables: what is not shown or wrong, within the room that it has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from saasmetrics.board.measured import inches
from saasmetrics.board.model import remarks

if TYPE_CHECKING:
    from saasmetrics.board.model import Page

MOST_LINES = 4  # of small print; the notes of the slide have all

_IN_NOTES = "… (in full in the notes)"


def lines_at(words: str, points: float, wide: float) -> int:
    """Return on how many lines of so many inches words stand, in the widest font that may be there.

    Examples
    --------
    >>> lines_at("one two three", 72, 4.0), lines_at("", 72, 4.0)
    (3, 1)
    """
    many, at, blank = 1, 0.0, inches(" ", points)
    for word in words.split(" "):
        needs = inches(word, points)
        if at and at + blank + needs > wide:
            many, at = many + 1, needs
        else:
            at += (blank if at else 0.0) + needs
        if at > wide:  # a word of several lines
            many, at = many + int(at / wide), at % wide
    return many


def fitting_words(page: Page, points: float, wide: float) -> str:
    """Return what is not shown or wrong, and where it needs more lines than there are, how much of it is left out.

    Examples
    --------
    >>> from saasmetrics.board.model import Page
    >>> page = Page("a", "A", "1 is one", missing=("By pod: no target.",) * 9, faults=("Two plans differ.",))
    >>> fitting_words(replace(page, missing=page.missing[:1]), 8, 12.3)
    'Not shown. By pod: no target. To correct. Two plans differ.'
    >>> fitting_words(page, 8, 1.5)
    'Not shown. By pod: no target. To correct. Two plans differ. 8 more not shown: see the notes.'
    """
    missing, words = page.missing, ""
    for kept in range(len(missing), -1, -1):
        words, left = _said(replace(page, missing=missing[:kept])), len(missing) - kept
        if left:
            more = f"{left}{' more' if kept else ''} not shown: see the notes."
            words = f"{words} {more}".strip()
        if lines_at(words, points, wide) <= MOST_LINES:
            return words
    return cut(words, points, wide)


def cut(words: str, points: float, wide: float, most: int = MOST_LINES) -> str:
    """Return as many words as stand on some lines, with a mark where there are more.

    Examples
    --------
    >>> cut("one two three", 8, 1.2, 2)
    'one two three'
    >>> cut("one two three four five six seven", 8, 1.4, 1)
    'one … (in full in the notes)'
    """
    if lines_at(words, points, wide) <= most:
        return words
    parts = words.split(" ")
    while len(parts) > 1 and lines_at(" ".join([*parts, _IN_NOTES]), points, wide) > most:
        parts.pop()
    return " ".join([*parts, _IN_NOTES])


def _said(page: Page) -> str:
    return " ".join(f"{label}. {' '.join(texts)}" for label, texts in remarks(page))

"""The calls of the library behind what is shown: what is run, and what "copy as code" gives, are one thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import saasmetrics as sm
from saasmetrics.calls import arguments, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.book import Book
    from saasmetrics.result import Result


@dataclass(frozen=True)
class Call:
    """A call of a metric, as data.

    Parameters
    ----------
    path
        Its public name after `sm.`.
    options
        Its keyword arguments.
    as_of
        The day to which the book is cut first; "" for the book as it is.

    Examples
    --------
    >>> Call("retention.nrr", (("window", 4), ("freq", "Q"))).code()
    'sm.retention.nrr(book, window=4, freq="Q")'
    """

    path: str
    options: tuple[tuple[str, Any], ...] = ()
    as_of: str = ""

    def run(self, book: Book) -> Result:
        """Compute the result."""
        topic, name = self.path.split(".")
        result: Result = getattr(getattr(sm, topic), name)(book, **dict(self.options))
        return result

    def code(self) -> str:
        """Return the call as Python."""
        book = f"book.as_of({quoted(self.as_of)})" if self.as_of else "book"
        return f"sm.{self.path}({', '.join([book, *arguments(dict(self.options))])})"


_WINDOWED = {"nrr": "retention.nrr", "grr": "retention.grr", "logo_churn": "retention.logo_churn"}


def call(of: str, now: Mapping[str, Any], as_of: str = "") -> Call:
    """Return the call behind a part of the explorer.

    Parameters
    ----------
    of
        "bridge", "cohorts", "survival", or the id of a headline number.
    now
        The controls.
    as_of
        For "ltv_cac" and "payback", the day they are of.
    """
    freq = ("freq", now["freq"])
    whole = not now["column"] or (not now["value"] and of != "survival")
    by = () if whole else (("by", now["column"]),)
    if of in _WINDOWED:
        return Call(_WINDOWED[of], (("window", now["window"]), freq, *by))
    if of == "cohorts":
        return Call("retention.cohorts", (("measure", now["measure"]), freq, *by))
    if of == "survival":
        weight = "logos" if now["measure"] == "logos" else "mrr"
        return Call("survival.curve", (("weight", weight), freq, *by))
    if of in ("ltv_cac", "payback"):
        return Call(f"economics.{of}", by, as_of)
    return Call(f"revenue.{of}", (freq, *by))


@dataclass(eq=False)
class Results:
    """The results of a book, each computed once; an error is kept as well, so that it is not met twice.

    Parameters
    ----------
    book
        The company's tables.
    """

    book: Book
    _books: dict[str, Book] = field(default_factory=dict)
    _found: dict[Call, Result | sm.DataError] = field(default_factory=dict)

    def __contains__(self, asked: Call) -> bool:
        return asked in self._found

    def __getitem__(self, asked: Call) -> Result:
        if asked not in self._found:
            try:
                self._found[asked] = asked.run(self._cut(asked.as_of))
            except sm.DataError as error:
                self._found[asked] = error
        found = self._found[asked]
        if isinstance(found, sm.DataError):
            raise found
        return found

    def _cut(self, as_of: str) -> Book:
        if not as_of or as_of == self.book.as_of_text:
            return self.book
        if as_of not in self._books:
            self._books[as_of] = self.book.as_of(as_of)
        return self._books[as_of]

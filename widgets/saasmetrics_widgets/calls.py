"""The calls of the library behind what is shown: what is run, and what "copy as code" gives, are one thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import saasmetrics as sm
from saasmetrics.calls import keyword
from saasmetrics.calls import quoted as written
from saasmetrics.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.book import Book
    from saasmetrics.result import Result


ROOM = 40_000_000  # cells of frames that are kept: some 300 MB


_NAMES = {"definitions.compare": "Both numbers", "definitions.explain": "What lies between"}


@dataclass(frozen=True)
class Call:
    """A call of the library, as data.

    Parameters
    ----------
    path
        Its public name after `sm.`.
    options
        Its keyword arguments.
    as_of
        The day to which the book is cut first; "" for the book as it is.
    policy
        The policy that the book is read by; "" for its own.
    where
        Columns with the value that customers must have.
    inputs
        Arguments between the book and the keyword arguments.

    Examples
    --------
    >>> Call("retention.nrr", (("window", 4), ("freq", "Q"))).code()
    'sm.retention.nrr(book, window=4, freq="Q")'
    >>> Call("retention.grr", policy="stripe", where=(("segment", "SMB"),)).code()
    'sm.retention.grr(book.with_policy("stripe").where(segment="SMB"))'
    """

    path: str
    options: tuple[tuple[str, Any], ...] = ()
    as_of: str = ""
    policy: str = ""
    where: tuple[tuple[str, Any], ...] = ()
    inputs: tuple[Any, ...] = ()

    @cached_property
    def function(self) -> Any:
        """The function that is called."""
        topic, name = self.path.split(".")
        return getattr(getattr(sm, topic), name)

    @property
    def name(self) -> str:
        """What it computes, in words."""
        if self.path in _NAMES:
            return _NAMES[self.path]
        entries = (entry for entry in sm.CATALOGUE.values() if entry.function is self.function)
        found = next(entries, None)
        return found.name if found is not None else self.path.split(".")[1].capitalize()

    def run(self, book: Book) -> Result:
        """Compute the result for a book that is cut already."""
        inputs = (list(each) if isinstance(each, tuple) else each for each in self.inputs)
        result: Result = self.function(book, *inputs, **dict(self.options))
        return result

    def code(self) -> str:
        """Return the call as Python."""
        inputs = (list(each) if isinstance(each, tuple) else each for each in self.inputs)
        given = [self.book_code(), *map(quoted, inputs), *arguments(dict(self.options))]
        return f"sm.{self.path}({', '.join(given)})"

    def book_code(self) -> str:
        """Return the book that it is called with as Python."""
        book = "book"
        if self.policy:
            book += f".with_policy({quoted(self.policy)})"
        if self.where:
            book += f".where({', '.join(arguments(dict(self.where)))})"
        return f"{book}.as_of({quoted(self.as_of)})" if self.as_of else book


def quoted(value: Any) -> str:
    """Return a value as Python, texts in double quotes; a policy is that of the book.

    Examples
    --------
    >>> quoted("SMB"), quoted(4)
    ('"SMB"', '4')
    """
    if isinstance(value, Policy):
        return "book.policy"
    if isinstance(value, list):
        return f"[{', '.join(map(quoted, value))}]"
    return written(value)


def arguments(options: Mapping[str, Any]) -> list[str]:
    """Return keyword arguments as Python."""
    return [keyword(name, quoted(value)) for name, value in options.items()]


_WINDOWED = {"nrr": "retention.nrr", "grr": "retention.grr", "logo_churn": "retention.logo_churn"}


def call(of: str, now: Mapping[str, Any], as_of: str = "") -> Call:
    """Return the call behind a part of the explorer.

    Parameters
    ----------
    of
        "bridge", "cohorts", "survival", or the id of a headline number.
    now
        The controls; `reading` is the policy where it is not the book's own.
    as_of
        For "ltv_cac" and "payback", the day they are of.
    """
    freq, policy = ("freq", now["freq"]), now.get("reading", "")
    whole = not now["column"] or (not now["value"] and of != "survival")
    by = () if whole else (("by", now["column"]),)
    if of in _WINDOWED:
        return Call(_WINDOWED[of], (("window", now["window"]), freq, *by), policy=policy)
    if of == "cohorts":
        return Call("retention.cohorts", (("measure", now["measure"]), freq, *by), policy=policy)
    if of == "survival":
        weight = "logos" if now["measure"] == "logos" else "mrr"
        return Call("survival.curve", (("weight", weight), freq, *by), policy=policy)
    if of in ("ltv_cac", "payback"):
        return Call(f"economics.{of}", by, as_of, policy)
    return Call(f"revenue.{of}", (freq, *by), policy=policy)


@dataclass(eq=False)
class Results:
    """The results of a book, each computed once; an error is kept as well, so that it is not met twice.

    Those used longest ago are let go where the frames of all take too much room.

    Parameters
    ----------
    book
        The company's tables.
    """

    book: Book
    _books: dict[tuple[Any, ...], Book] = field(default_factory=dict)
    _found: dict[Call, Result | sm.DataError] = field(default_factory=dict)
    _room: int = 0

    def __contains__(self, asked: Call) -> bool:
        return asked in self._found

    def __getitem__(self, asked: Call) -> Result:
        found = self._found.get(asked)
        if found is None:
            try:
                found = asked.run(self.cut(asked))
            except sm.DataError as error:
                found = error
            self._keep(asked, found)
        else:
            self._found[asked] = self._found.pop(asked)  # the last one to be let go
        if isinstance(found, sm.DataError):
            raise found
        return found

    def put(self, asked: Call, found: Result) -> None:
        """Keep a result that was had in a cheaper way."""
        self._keep(asked, found)

    def cut(self, asked: Call) -> Book:
        """Return the book that a call is made with."""
        as_of = "" if asked.as_of == self.book.as_of_text else asked.as_of
        book, key = self.book, (asked.policy, asked.where, as_of)
        if key not in self._books and any(key):
            if asked.policy:
                book = self.cut(Call(asked.path, as_of=as_of, where=asked.where))
                book = book.with_policy(asked.policy)
            else:
                book = book.where(**dict(asked.where)) if asked.where else book
                book = book.as_of(as_of) if as_of else book
            self._books[key] = book
        return self._books.get(key, book)

    def _keep(self, asked: Call, found: Result | sm.DataError) -> None:
        """Keep a result, and let those go that were used longest ago where all take too much room."""
        self._found[asked] = found
        self._room += _cells(found)
        while self._room > ROOM and len(self._found) > 1:
            oldest = next(iter(self._found))
            self._room -= _cells(self._found.pop(oldest))


def _cells(found: Result | sm.DataError) -> int:
    return 0 if isinstance(found, sm.DataError) else int(found.df.size)

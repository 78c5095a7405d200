"""How a query is told to who reads it: what its steps are called, and words of SQL for days and months."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saasmetrics.engine.portable.whole import Frame


@dataclass(frozen=True)
class Steps:
    """What is noted while queries are built to be read.

    `kept` has, by the name of a temporary table, what it is made from; `named` has, by a relation of Ibis, its name and
    what it is in words.
    """

    kept: dict[str, Any] = field(default_factory=dict)
    named: dict[Any, tuple[str, str]] = field(default_factory=dict)


_STEPS: ContextVar[Steps | None] = ContextVar("steps", default=None)


@contextmanager
def telling() -> Iterator[Steps]:
    """Note names of steps, and use words of SQL, until the block ends."""
    token = _STEPS.set(Steps())
    try:
        found = _STEPS.get()
        assert found is not None
        yield found
    finally:
        _STEPS.reset(token)


def steps() -> Steps | None:
    """Return what is noted; None where nobody reads the queries."""
    return _STEPS.get()


def step(frame: Frame, name: str, said: str) -> Frame:
    """Return the same frame, and note what it is called.

    Parameters
    ----------
    frame
        The frame.
    name
        A name for tables that hold it.
    said
        What it is, in a few words.
    """
    found = _STEPS.get()
    if found is not None and frame.implementation.is_ibis():
        found.named.setdefault(frame.to_native().op(), (name, said))
    return frame


def in_words(frame: Frame, word: str, column: str, made: str) -> Frame | None:
    """Return a frame with a column that a word of SQL makes of another; None where nobody reads the query.

    Parameters
    ----------
    frame
        The frame.
    word
        "month_of", the months since January 1970 of a day number; "day_of", the number of the first day of such a
        month, and "first_of" its date; "date_of", the date of a day number.
    column, made
        The column, and the name of what is made of it.
    """
    if _STEPS.get() is None or not frame.implementation.is_ibis():
        return None
    native = frame.to_native()
    found: Frame = nw.from_native(native.mutate(**{made: _words()[word](native[column])})).lazy()
    return found


@cache
def _words() -> dict[str, Any]:
    """Return the words as functions that Ibis takes for built in."""
    import ibis

    def declared(_: Any) -> None:
        """Take one value; what comes of it the database knows."""

    kinds = {"month_of": int, "day_of": int, "first_of": date, "date_of": date}
    return {
        word: ibis.udf.scalar.builtin(declared, name=word, signature=((int,), kind))
        for word, kind in kinds.items()
    }

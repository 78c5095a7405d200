"""Which cubes were asked for while a number was made, so that the number can say how they are computed elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

T = TypeVar("T")

# The open records, the innermost last; none while an engine answers: what it asks of itself is part of the answer.
_OPEN: ContextVar[tuple[list[Ask], ...]] = ContextVar("open", default=())
_QUIET = frozenset({"calendar", "extent", "grouping", "bags", "cause_names"})


@dataclass(frozen=True, eq=False)
class Ask:
    """One question to an engine: the name of the method, and its arguments by name."""

    engine: Any
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Asked:
    """What a metric asked of the engine of a book, in order."""

    book: Any
    asks: tuple[Ask, ...]


@contextmanager
def recording() -> Iterator[list[Ask]]:
    """Collect what is asked of engines until the block ends, for this record and those around it."""
    record: list[Ask] = []
    token = _OPEN.set((*_OPEN.get(), record))
    try:
        yield record
    finally:
        _OPEN.reset(token)


def answers(engine: type[T]) -> type[T]:
    """Let the public methods of a class of engines be recorded when they are asked from outside."""
    for name, method in list(vars(engine).items()):
        if callable(method) and not name.startswith("_") and name not in _QUIET:
            setattr(engine, name, _recorded(name, method))
    return engine


def _recorded(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    told = signature(method)

    @wraps(method)
    def answer(self: Any, *args: Any, **options: Any) -> Any:
        given = told.bind(self, *args, **options).arguments if _OPEN.get() else {}
        return asking(
            self, name, dict(list(given.items())[1:]), lambda: method(self, *args, **options)
        )

    return answer


def asking(engine: Any, name: str, arguments: Mapping[str, Any], answer: Callable[[], T]) -> T:
    """Return an answer, and note the question in all open records."""
    records = _OPEN.get()
    if not records or name in _QUIET:
        return answer()
    for record in records:
        record.append(Ask(engine, name, arguments))
    token = _OPEN.set(())
    try:
        return answer()
    finally:
        _OPEN.reset(token)

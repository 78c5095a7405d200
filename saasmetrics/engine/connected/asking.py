"""An engine here that asks the tables where they are: what needs its rows, and what went wrong there, is said."""

from __future__ import annotations

from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from saasmetrics.engine.connected.link import Link
    from saasmetrics.engine.local import LocalEngine


class Asking:
    """Answer what an engine answers.

    Parameters
    ----------
    engine
        A local engine on what was brought.
    link
        What may be brought.
    wanted_by
        What needs it, at the beginning of a sentence.
    """

    def __init__(self, engine: LocalEngine, link: Link, wanted_by: str) -> None:
        self._engine = engine
        self._link = link
        self._wanted_by = wanted_by

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._answered(lambda: getattr(self._engine, name))
        if not callable(found):
            return found

        @wraps(found)
        def asked(*args: Any, **options: Any) -> Any:
            return self._answered(lambda: found(*args, **options))

        return asked

    def _answered(self, answer: Callable[[], Any]) -> Any:
        with self._link.needed_by(self._wanted_by), self._link.asking("Following customers"):
            return answer()


def takes(method: Callable[..., Any], args: Any, options: Any) -> bool:
    """Whether a method has the parameters that are asked for."""
    try:
        signature(method).bind(*args, **options)
    except TypeError:
        return False
    return True


def is_hashable(key: Any) -> bool:
    """Whether something can be a key."""
    try:
        hash(key)
    except TypeError:
        return False
    return True

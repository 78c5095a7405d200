"""A call of the library as Python, so that whoever sees a number can run again what made it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from functools import wraps
from inspect import Parameter, isfunction, signature
from typing import Any, ParamSpec, TypeVar

from saasmetrics.errors import DataError
from saasmetrics.recording import Asked, recording

P = ParamSpec("P")
R = TypeVar("R")

_INNER = ("capacity",)  # topics of their own that lie in the folder of customer success
_METHODS = {"quality.report": "check"}  # metrics that a book is asked for, without a topic


@dataclass(frozen=True)
class Call:
    """A call of a public function, with its arguments as Python; None for one that has no text.

    An argument that is itself a result is the call that made it. `cut` is what the book was read by and cut to, such as
    '.with_policy("stripe")'.

    Examples
    --------
    >>> Call("retention.nrr", (("window", "4"),), "book").code()
    'sm.retention.nrr(book, window=4)'
    """

    path: str
    arguments: tuple[tuple[str, str | Call | None], ...] = ()
    book: str = ""
    cut: str = ""

    def code(self, book: str = "book") -> str:
        """Return the call as Python, for a book of that name.

        Raises
        ------
        DataError
            If an argument is a table, another book or another thing that has no text.
        """
        for name, text in self.arguments:
            if text is None:
                msg = f"The call of {self.path} cannot be written as code: its {name} is no text, number, date or list."
                raise DataError(msg)
        if self.path in _METHODS:
            return f"{book}{self.cut}.{_METHODS[self.path]}()"
        given = [
            keyword(name, text.code(book) if isinstance(text, Call) else str(text))
            for name, text in self.arguments
        ]
        return f"sm.{self.path}({', '.join([book + self.cut, *given] if self.book else given)})"


def quoted(value: Any) -> str:
    """Return a value as Python, texts in double quotes.

    Raises
    ------
    DataError
        If it is a table, a book or another thing that has no text.

    Examples
    --------
    >>> quoted("SMB"), quoted(4), quoted(["a", None])
    ('"SMB"', '4', '["a", None]')
    """
    text = _text(value)
    if text is None:
        msg = f"A {type(value).__name__} cannot be written as code."
        raise DataError(msg)
    return text


def arguments(options: Mapping[str, Any]) -> list[str]:
    """Return keyword arguments as Python.

    Examples
    --------
    >>> arguments({"freq": "Q", "plan tier": "a"})
    ['freq="Q"', '**{"plan tier": "a"}']
    """
    return [keyword(name, quoted(value)) for name, value in options.items()]


def keyword(name: str, text: str) -> str:
    """Return one keyword argument, also where its name is no name of Python."""
    return f"{name}={text}" if name.isidentifier() else f"**{{{quoted(name)}: {text}}}"


def public(thing: Any) -> str:
    """Return what a public function or class is called after `sm.`.

    Examples
    --------
    >>> from saasmetrics.policy import Policy
    >>> public(Policy)
    'Policy'
    """
    home = thing.__module__.removeprefix("saasmetrics.").removeprefix("metrics.")
    topic = home.removeprefix("success.").split(".")[0]
    topic = topic if topic in _INNER else home.split(".")[0]
    return thing.__name__ if topic in ("policy", "book") else f"{topic}.{thing.__name__}"


def recorded(function: Callable[P, R]) -> Callable[P, R]:
    """Let the results of a function know the call and the cubes that made them; of nested calls it is the outermost."""
    told = signature(function)

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with recording() as asks:
            found = function(*args, **kwargs)
        if not hasattr(found, "call") or not is_dataclass(found):
            return found
        given = told.bind(*args, **kwargs).arguments
        first = next(iter(given.values()), None)
        asked = Asked(first, tuple(asks)) if type(first).__name__ == "Book" else None
        more = {"asked": asked} if hasattr(found, "asked") else {}
        return replace(found, call=_call(function, given), **more)  # type: ignore[type-var]

    return run


def _call(function: Callable[..., Any], given: Mapping[str, Any]) -> Call:
    kinds = {name: known.kind for name, known in signature(function).parameters.items()}
    first, book, cut = next(iter(kinds)), "", ""
    said: list[tuple[str, str | Call | None]] = []
    for name, value in given.items():
        if name == first and type(value).__name__ == "Book":
            book, cut = name, _cut(value)
        elif kinds[name] is Parameter.VAR_KEYWORD:
            said += [(option, _argument(one)) for option, one in value.items()]
        else:
            said.append((name, _argument(value)))
    return Call(public(function), tuple(said), book, cut)


def _cut(book: Any) -> str:
    """Return by which policy a book is read and to which customers it was cut, as Python; "" for a whole book."""
    policy, text = book.policy, ""
    known = policy.name in policy.presets() and policy.named(policy.name) == policy
    if not (known and policy.name == "default"):
        text += f".with_policy({_text(policy.name) if known else _text(policy)})"
    for cut in book.cuts:
        values = getattr(cut, "keywords", {}).get("values", {})
        if values and None not in (given := [_text(value) for value in values.values()]):
            pairs = [keyword(name, str(one)) for name, one in zip(values, given, strict=True)]
            text += f".where({', '.join(pairs)})"
    return text


def _argument(value: Any) -> str | Call | None:
    call = getattr(value, "call", None)
    return call if isinstance(call, Call) else _text(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, (bool, int)):
        return repr(value)
    if isinstance(value, float):
        return repr(float(value)) if abs(value) < float("inf") else f'float("{float(value)}")'
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, date):
        whole = isinstance(value, datetime) and (value.hour, value.minute, value.second) != (
            0,
            0,
            0,
        )
        return f'"{value.isoformat() if whole else value.isoformat()[:10]}"'
    if isinstance(value, Mapping):
        pairs = [(_text(key), _text(one)) for key, one in value.items()]
        known = all(text is not None for pair in pairs for text in pair)
        return "{" + ", ".join(f"{key}: {one}" for key, one in pairs) + "}" if known else None
    if isinstance(value, (list, tuple)):
        parts = [text for one in value if (text := _text(one)) is not None]
        return f"[{', '.join(parts)}]" if len(parts) == len(value) else None
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return _text(value.item())
    if isfunction(value) and value.__module__.startswith("saasmetrics."):
        return f"sm.{public(value)}"
    return _made(value)


def _made(value: Any) -> str | None:
    """Return a value class of the library by the fields that are not their defaults."""
    if not is_dataclass(value) or isinstance(value, type):
        return None
    if not type(value).__module__.startswith("saasmetrics."):
        return None
    if hasattr(value, "tables") or hasattr(value, "df"):  # a book, or a result, is no value
        return None
    changed = {f.name: _text(getattr(value, f.name)) for f in fields(value) if _differs(f, value)}
    if None in changed.values():
        return None
    given = ", ".join(f"{name}={text}" for name, text in changed.items())
    return f"sm.{public(type(value))}({given})"


def _differs(one: Any, value: Any) -> bool:
    default = one.default if one.default_factory is MISSING else one.default_factory()
    return bool(one.init and (default is MISSING or getattr(value, one.name) != default))

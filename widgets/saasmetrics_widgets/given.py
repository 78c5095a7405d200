"""What a browser or a cell may give a widget: plain values, checked before anything is looked up by them."""

from __future__ import annotations

from datetime import date
from reprlib import Repr
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

# What looking up, computing or drawing may raise for a value that is of no use; a DataError has words of its own.
ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError)
_LONGEST = 1000  # letters of a text
_LARGEST = 2**53  # numbers beyond are not the same in a browser
_short = Repr()
_short.maxstring = _short.maxother = 60


def shown(value: Any) -> str:
    """Return how an error writes a value, however long it is.

    Examples
    --------
    >>> shown("a" * 2000)[-5:], shown([1])
    ("aaaa'", '[1]')
    """
    return _short.repr(value)


def plain(given: Mapping[Any, Any], what: str) -> dict[str, Any]:
    """Return what was given, or refuse it where a value is no text, number, day, yes or no.

    Parameters
    ----------
    given
        Values by name.
    what
        What they are, for the error.

    Raises
    ------
    DataError
        If a value is a list, a dictionary, not finite, too large, or no text that can be written.

    Examples
    --------
    >>> plain({"freq": "Q", "window": 4}, "control")
    {'freq': 'Q', 'window': 4}
    """
    for name, value in given.items():
        if not isinstance(name, str) or not _scalar(value):
            msg = f"{what} {shown(name)}: {shown(value)} is no text, number or day that can be chosen."
            raise DataError(msg)
    return dict(given)


def _scalar(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, str):
        return len(value) <= _LONGEST and writable(value) == value
    if isinstance(value, int | float | np.number):
        return bool(-_LARGEST <= value <= _LARGEST)  # not a number is in no range
    return isinstance(value, date) and bool(value == value)


def writable(text: str) -> str:
    r"""Return a text with a question mark for every half of a character, which no file or message can hold.

    Examples
    --------
    >>> writable("Fair \ud83d in May")
    'Fair ? in May'
    """
    return text.encode("utf-8", "replace").decode()

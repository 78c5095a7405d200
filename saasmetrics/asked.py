"""What is asked for, checked in one way: a choice, a number, a whole number, a text, a list."""

from __future__ import annotations

import re
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(b|kb|mb|gb|tb|kib|mib|gib|tib)?")
_UNITS = {"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
LONGEST = 109_573  # the days from 1900 to 2199: no window, horizon or lag of any period is longer


def among(value: Any, options: Iterable[Any]) -> bool:
    """Return whether a value is one of several; a list, or whatever else cannot be looked up, is none of them.

    Examples
    --------
    >>> among("M", {"M": 1}), among(["M"], {"M": 1})
    (True, False)
    """
    try:
        return bool(value in options)
    except TypeError:
        return False


def one_of(kind: str, value: Any, options: Iterable[Any]) -> None:
    """Refuse a name that is none of those there are.

    Raises
    ------
    UnknownNameError
        If it is none of them; the message says which is nearest.

    Examples
    --------
    >>> one_of("test", "logrank", ("logrank", "wilcoxon"))
    """
    if not among(value, options):
        raise UnknownNameError.of(kind, value, options)


def is_number(value: Any) -> bool:
    """Return whether a value is a real number; True and False are none.

    Examples
    --------
    >>> is_number(2), is_number("2"), is_number(True)
    (True, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Return whether a value is an integer; True and False are none.

    Examples
    --------
    >>> is_whole(2), is_whole(2.0), is_whole(True)
    (True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)


def finite(
    name: str, value: Any, meaning: str, *, least: float = -1e300, most: float = 1e300
) -> float:
    """Return a number that is neither missing nor infinite; refuse everything else.

    Raises
    ------
    DataError
        If it is none, or out of the limits.

    Examples
    --------
    >>> finite("tolerance", 0.01, "a share of MRR such as 0.01", least=0)
    0.01
    """
    if not is_number(value) or not least <= value <= most:
        limits = f", from {least:g}" * (least > -1e300) + f" to {most:g}" * (most < 1e300)
        msg = f"{name}={value!r} is not {meaning}{limits}."
        raise DataError(msg)
    return float(value)


def whole(
    name: str,
    value: Any,
    least: int = 1,
    meaning: str = "a whole number",
    most: int = LONGEST,
) -> int:
    """Return a whole number within limits; refuse everything else.

    Raises
    ------
    DataError
        If it is none, or out of the limits.

    Examples
    --------
    >>> whole("horizon", 60, 1, "a whole number of months")
    60
    """
    if (
        not is_number(value) or value % 1 != 0 or value < least
    ):  # nan and inf leave no remainder of 0
        msg = (
            f"{name}={value!r} is not {meaning}, {'from 0' if least == 0 else f'at least {least}'}."
        )
        raise DataError(msg)
    if value > most:
        msg = f"{name}={value!r} is more than there can be: {meaning}, at most {most:,}."
        raise DataError(msg)
    return int(value)


def listed(name: str, value: Any, meaning: str) -> tuple[Any, ...]:
    """Return the members of a list, tuple or other collection; refuse a text and what has no members.

    Raises
    ------
    DataError
        If it is none.

    Examples
    --------
    >>> listed("horizons", [30, 90], "days ahead")
    (30, 90)
    """
    if not isinstance(value, (str, bytes)):
        try:
            return tuple(value)
        except TypeError:
            pass
    msg = f"{name}={value!r} is not a list of {meaning}."
    raise DataError(msg)


def text(name: str, value: Any, meaning: str) -> str:
    """Return a text that says something; refuse everything else.

    Raises
    ------
    DataError
        If it is none.

    Examples
    --------
    >>> text("name", "board", "the name of a policy")
    'board'
    """
    if not isinstance(value, str) or not value:
        msg = f"{name}={value!r} is not {meaning}: a text."
        raise DataError(msg)
    return value


def only_for(name: str, value: Any, option: str, wanted: str, given: str) -> None:
    """Refuse an argument that is given where another option leaves it without effect.

    Raises
    ------
    DataError
        If it is given without the option that it is for.

    Examples
    --------
    >>> only_for("margin", 0.8, "measure", "gross_profit", "gross_profit")
    """
    if value is not None and given != wanted:
        msg = (
            f'{name}={value!r} is for {option}="{wanted}", and {option} is {given!r}: leave it out.'
        )
        raise DataError(msg)


def size_in_bytes(name: str, value: Any) -> int:
    """Return an amount of memory in bytes: "2GB", "500 MB", or a number of bytes.

    Raises
    ------
    DataError
        If it is no amount above zero.

    Examples
    --------
    >>> size_in_bytes("memory_limit", "1.5GB"), size_in_bytes("memory_limit", 4096)
    (1500000000, 4096)
    """
    found = _SIZE.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    size = float(found[1]) * _UNITS[found[2] or "b"] if found else value
    if is_number(size) and 0 < size < 2**60:
        return int(size)
    msg = f'{name}={value!r} is no amount of memory; write "2GB", "500MB", or a number of bytes.'
    raise DataError(msg)

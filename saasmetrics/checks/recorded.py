"""The file of remedies: what was chosen, when, by whom, for how many rows, with MRR before and after."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from saasmetrics.checks.remedies import Chosen, choices
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.export.files import file_path, whole_text, write
from saasmetrics.money import LARGEST, MICRO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from pathlib import Path

__all__ = ["NAME", "read_remedies", "write_remedies"]

NAME = "remedies.toml"
_LARGEST = 1_000_000
_MONEY = ("mrr_before", "mrr_after")
_HEAD = "# Remedies that were chosen for findings of saasmetrics check, in the order in which they are applied.\n"


def write_remedies(path: str | PathLike[str], remedies: Sequence[Chosen]) -> Path:
    """Write remedies to a file, whole or not at all.

    Parameters
    ----------
    path
        The file; an older one is replaced.
    remedies
        What was chosen.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    parts = [_HEAD]
    for entry in remedies:
        lines = ["[[remedy]]"]
        for one in fields(Chosen):
            value = getattr(entry, one.name)
            if value is None or value == "":
                continue
            if one.name in _MONEY:
                value = f"{Decimal(value) / MICRO:.6f}"
            lines.append(f"{one.name} = {json.dumps(value)}")
        parts.append("\n".join(lines) + "\n")
    return write(path, "\n".join(parts), NAME)


def read_remedies(path: str | PathLike[str]) -> tuple[Chosen, ...]:
    """Return the remedies of a file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    tuple of Chosen
        In the order of the file.

    Raises
    ------
    DataError
        If it is no such file.
    UnknownNameError
        If it names a remedy or a word that does not exist.
    """
    place = file_path(path, NAME)
    try:
        held = tomllib.loads(
            whole_text(place, "The file of remedies", _LARGEST).removeprefix("\ufeff")
        )
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DataError(f"{place.name} is not readable: {error}.") from error
    entries = held.get("remedy", [])
    if set(held) - {"remedy"} or not isinstance(entries, list):
        raise DataError(
            f"{place.name} holds other things than remedies: write each below [[remedy]]."
        )
    return tuple(_entry(place.name, number, entry) for number, entry in enumerate(entries, 1))


def _entry(file: str, number: int, given: Any) -> Chosen:
    known = [one.name for one in fields(Chosen)]
    where = f"{file}, remedy {number}"
    if not isinstance(given, dict) or not {"finding", "remedy"} <= set(given):
        raise DataError(f"{where}: needs finding and remedy.")
    for word, value in given.items():
        if word not in known:
            raise UnknownNameError.of(f"word of {where}", word, known)
        kind: type = int if word == "rows" else str
        if not isinstance(value, kind) or isinstance(value, bool):
            raise DataError(
                f"{where}: {word} is {'a whole number' if kind is int else 'a text'}, not {value!r}."
            )
    if given.get("rows", 1) < 1:
        raise DataError(f"{where}: rows is how many were changed, at least 1, not {given['rows']}.")
    finding, remedy = given["finding"], given["remedy"]
    if finding not in choices():
        raise UnknownNameError.of("finding with a remedy", finding, choices())
    if remedy not in choices()[finding]:
        raise UnknownNameError.of(f"remedy of {finding}", remedy, choices()[finding])
    money = {name: _micro(where, name, given[name]) for name in _MONEY if name in given}
    return Chosen(**{**given, **money})


def _micro(where: str, name: str, text: str) -> int:
    try:
        micro = Decimal(text) * MICRO
        if abs(micro) <= LARGEST:
            return int(micro)
    except (ArithmeticError, ValueError):
        pass
    raise DataError(f'{where}: {name} is an amount such as "1234.50", not {text!r}.')

"""Remedies of a book: chosen by name, read from a file, or found beside the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.checks.recorded import NAME, read_remedies
from saasmetrics.checks.remedies import Asked, Chosen, applied, chosen
from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from saasmetrics.book import Book
    from saasmetrics.tables import Table

__all__ = ["asked_for", "beside"]


def asked_for(book: Book, given: Any, by: str = "") -> tuple[Chosen, ...]:
    """Return remedies that were asked for, those chosen now with what they change.

    Parameters
    ----------
    book
        The book that they are for; they are chosen for all of its rows, also where it is cut to some.
    given
        Finding -> remedy, the path of a file, or remedies that were chosen before.
    by
        Who chose them.

    Raises
    ------
    DataError
        If they are nothing of this kind.
    """
    if isinstance(given, Mapping):
        asked = Asked(book.policy, book.as_of_day, book.currency)
        known = book.known_day if book.policy.knowledge == "recorded" else None
        whole, _ = applied(book.place.known(book.history, known), book.repairs, asked)
        return chosen(given, whole, asked, by)
    if isinstance(given, Sequence) and not isinstance(given, str):
        if all(isinstance(entry, Chosen) for entry in given):
            return tuple(given)
    elif isinstance(given, (str, Path)) or hasattr(given, "__fspath__"):
        return read_remedies(given)
    msg = f'remedies are {{"repeated-row": "drop"}}, a file such as {NAME}, or those of another book, not {given!r}.'
    raise DataError(msg)


def beside(
    path: Any, remedies: Any, tables: dict[str, Table]
) -> tuple[tuple[Chosen, ...], dict[str, Table]]:
    """Return the remedies to read a folder with, and the tables with a note where a file of them was found there.

    Parameters
    ----------
    path
        What is read.
    remedies
        A file, False for none, or None for the one beside the data, if there is one.
    tables
        The tables that were read.
    """
    if remedies is False:
        return (), tables
    if remedies is not None and remedies is not True:
        return read_remedies(remedies), tables
    there = Path(path) if isinstance(path, (str, Path)) else None
    file = None if there is None else (there if there.is_dir() else there.parent) / NAME
    if file is None or not file.is_file():
        if remedies:
            raise DataError(f"There is no {NAME} beside the data.")
        return (), tables
    found = read_remedies(file)
    first = next(iter(tables))
    note = f"{NAME} beside the data was applied ({len(found)}); remedies=False reads without it"
    return found, {**tables, first: replace(tables[first], notes=(*tables[first].notes, note))}

"""Which columns of a table the mapping may fill, and which it must."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.tables.canonical import constant_interval, paid_periods
from saasmetrics.tables.months import month_columns
from saasmetrics.tables.names import fold, match_columns
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "mapping.toml"


def known_target(file: str, table: str, name: str) -> None:
    """Refuse a name that is none of the columns of a table, nor another name that is known for one.

    Raises
    ------
    UnknownNameError
        If it is none; the message lists the columns of the table, the nearest first.

    Examples
    --------
    >>> known_target("kosten.csv", "spend", "amount")
    """
    if match_columns(SCHEMA[table], [name]).known or (table == "mrr" and month_columns([name])):
        return
    near = sorted(SCHEMA[table].columns, key=lambda one: -_alike(one, name))
    msg = (
        f"{NAME}: the table {table} has no column {name!r}, which is named for {file}. It has {', '.join(near)}. "
        'Write "" for a column that is none of them; it keeps its own name.'
    )
    raise UnknownNameError(msg)


def whole(file: str, table: str, names: Sequence[str]) -> None:
    """Refuse columns of which none is one that the table needs.

    Parameters
    ----------
    file, table
        The file, and the table that it is said to be.
    names
        Its columns, under the names that the mapping gives them.

    Raises
    ------
    DataError
        If some are lacking; the message names all of them and what the mapping can say.

    Examples
    --------
    >>> whole("kosten.csv", "spend", ["month", "function", "amount"])
    """
    matching = match_columns(SCHEMA[table], names)
    months = month_columns(list(names)) if table == "mrr" else {}
    given = {"month", "mrr"} if months else set()
    if constant_interval(SCHEMA[table], matching, []):
        given.add("interval")
    lacking = [
        name
        for name in SCHEMA[table].required
        if name not in matching.known
        and name not in given
        and not SCHEMA[table].columns[name].generated
        and not paid_periods(SCHEMA[table], name, matching, lambda _: True)
    ]
    if matching.problems or not lacking:
        return
    lines = ", ".join(f'"..." = "{name}"' for name in lacking)
    which = "is it" if len(lacking) == 1 else "they are"
    msg = (
        f"{file} is {table}, as {NAME} says, but has no column {' or '.join(lacking)}. "
        f'Below ["{file}".columns] in {NAME} write which of its columns {which}: '
        f"{lines}. It has {', '.join(names)}."
    )
    raise DataError(msg)


def _alike(one: str, name: str) -> float:
    return difflib.SequenceMatcher(None, fold(one), fold(name)).ratio()

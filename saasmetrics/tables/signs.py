"""The currency that headers of amounts and signs beside them name, for tables that have no column of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import InvalidTablesError, Problem
from saasmetrics.tables.texts import decode, is_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saasmetrics.tables.names import Matching
    from saasmetrics.tables.schema import TableSchema

__all__ = ["SIGNS", "headed_currency", "named_currency", "signed", "wide_currency"]

SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR"}
"""Signs of one currency; $ and ¥ are of several, and say nothing."""


def named_currency(
    schema: TableSchema, matching: Matching, data: pa.Table, notes: list[str]
) -> str:
    """Return the currency that headers of amounts or signs beside them name, "" where none does or a column says it.

    Parameters
    ----------
    schema, matching, data
        The table, which of its columns is which, and its rows.
    notes
        Where to say so.

    Raises
    ------
    InvalidTablesError
        If they name several.
    """
    if "currency" not in schema.columns or "currency" in matching.known:
        return ""
    signs: dict[str, str] = {}
    for given, match in matching.known.values():
        if match.column.dtype != "money":
            continue
        for code in signed(decode(data[given])):
            signs.setdefault(code, f"the signs in {given} say")
    return _only(schema.name, {**signs, **_headed(matching)}, notes)


def signed(values: pa.ChunkedArray) -> list[str]:
    """Return the currencies whose signs stand beside amounts.

    Examples
    --------
    >>> signed(pa.chunked_array([["5 €", "7", None]])), signed(pa.chunked_array([[5]]))
    (['EUR'], [])
    """
    if not (is_text(values.type)):
        return []
    sign = pc.struct_field(pc.extract_regex(values, f"(?P<sign>[{''.join(SIGNS)}])"), "sign")
    return [SIGNS[each] for each in pc.unique(sign.drop_null()).to_pylist()]


def headed_currency(schema: TableSchema, matching: Matching, notes: list[str]) -> str:
    """Return the currency that headers of amounts name, "" where none does or a column says it.

    Parameters
    ----------
    schema, matching
        The table, and which of its columns is which.
    notes
        Where to say so.

    Raises
    ------
    InvalidTablesError
        If they name several.
    """
    known = "currency" in matching.known
    return "" if known else _only(schema.name, _headed(matching), notes)


def wide_currency(data: pa.Table, months: Iterable[str], notes: list[str]) -> str:
    """Return the currency whose sign stands beside amounts in columns of months, "" where none does.

    Parameters
    ----------
    data, months
        The wide table, and which of its columns are months.
    notes
        Where to say so.

    Raises
    ------
    InvalidTablesError
        If several do.
    """
    found: dict[str, str] = {}
    for name in months:
        for code in signed(decode(data[name])):
            found.setdefault(code, f"the signs in {name} say")
    return _only("mrr", found, notes)


def _headed(matching: Matching) -> dict[str, str]:
    """Return the currencies that headers of amounts name, each with who says it."""
    named = [(match.currency, given) for given, match in matching.known.values() if match.currency]
    return {code: f"{given!r} says" for code, given in reversed(named)}


def _only(table: str, found: dict[str, str], notes: list[str]) -> str:
    """Return the one currency that is named, "" where none is."""
    if len(found) > 1:
        each = " and ".join(f"in {code}, as {who}" for code, who in found.items())
        remedy = "Write the currency of each row into a column currency, and leave out amounts in another one."
        problem = Problem(
            table,
            "currency",
            f"amounts are {each}",
            0,
            (),
            remedy,
            "error",
            "unclear-amounts",
        )
        raise InvalidTablesError([problem])
    for code, who in found.items():
        notes.append(f"amounts are in {code}, as {who}")
    return next(iter(found), "")

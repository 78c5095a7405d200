"""The currency that headers of amounts and signs beside them name, for tables that have no column of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import InvalidTablesError, Problem
from saasmetrics.tables.texts import decode

if TYPE_CHECKING:
    from saasmetrics.tables.names import Matching
    from saasmetrics.tables.schema import TableSchema

__all__ = ["SIGNS", "headed_currency", "named_currency"]

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
        values = decode(data[given])
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            sign = pc.struct_field(
                pc.extract_regex(values, f"(?P<sign>[{''.join(SIGNS)}])"), "sign"
            )
            for each in pc.unique(sign.drop_null()).to_pylist():
                signs.setdefault(SIGNS[each], f"the signs in {given} say")
    return _only(schema, {**signs, **_headed(matching)}, notes)


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
    return "" if known else _only(schema, _headed(matching), notes)


def _headed(matching: Matching) -> dict[str, str]:
    """Return the currencies that headers of amounts name, each with who says it."""
    named = [(match.currency, given) for given, match in matching.known.values() if match.currency]
    return {code: f"{given!r} says" for code, given in reversed(named)}


def _only(schema: TableSchema, found: dict[str, str], notes: list[str]) -> str:
    """Return the one currency that is named, "" where none is."""
    if len(found) > 1:
        each = " and ".join(f"in {code}, as {who}" for code, who in found.items())
        remedy = "Write the currency of each row into a column currency, and leave out amounts in another one."
        problem = Problem(
            schema.name,
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

"""The currency that the signs beside amounts name, for tables that have no column of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.texts import decode

if TYPE_CHECKING:
    from saasmetrics.tables.names import Matching
    from saasmetrics.tables.schema import TableSchema

__all__ = ["SIGNS", "named_currency"]

SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR"}
"""Signs of one currency; $ and ¥ are of several, and say nothing."""


def named_currency(
    schema: TableSchema, matching: Matching, data: pa.Table, notes: list[str]
) -> str:
    """Return the currency whose sign stands beside amounts, "" where none does, or where a column says it.

    Parameters
    ----------
    schema, matching, data
        The table, which of its columns is which, and its rows.
    notes
        Where to say so.
    """
    if "currency" not in schema.columns or "currency" in matching.known:
        return ""
    found: dict[str, str] = {}
    for given, match in matching.known.values():
        if match.column.dtype != "money":
            continue
        values = decode(data[given])
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            sign = pc.struct_field(
                pc.extract_regex(values, f"(?P<sign>[{''.join(SIGNS)}])"), "sign"
            )
            found |= {SIGNS[each]: given for each in pc.unique(sign.drop_null()).to_pylist()}
    if len(found) != 1:
        return ""
    ((currency, given),) = found.items()
    notes.append(f"amounts are in {currency}, as the signs in {given} say")
    return str(currency)

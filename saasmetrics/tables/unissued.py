"""Invoices that a column says were never issued, or cancelled, in a table that has no place for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.money import agreeing, counted
from saasmetrics.tables.findings import count
from saasmetrics.tables.lazy import later_of
from saasmetrics.tables.texts import decode

if TYPE_CHECKING:
    from saasmetrics.tables.names import Matching
    from saasmetrics.tables.schema import TableSchema

_COLUMNS = ("status", "invoice_status", "state")
_WORDS = ("void", "voided", "draft", "deleted", "cancelled", "canceled", "entwurf", "storniert")


def unissued(schema: TableSchema, matching: Matching, data: pa.Table) -> list[str]:
    """Return in words how many invoices have a status of those that were not issued, which count all the same.

    Parameters
    ----------
    schema, matching, data
        The table, which of its columns is which, and its rows.
    """
    given = next((old for old, new in matching.extra.items() if new in _COLUMNS), None)
    if schema.name != "invoices" or given is None or given in later_of(data):
        return []
    words = decode(data[given])
    if not (pa.types.is_string(words.type) or pa.types.is_large_string(words.type)):
        return []
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(words))
    wrong = pc.is_in(plain, value_set=pa.array(_WORDS, plain.type))
    if not (many := count(wrong)):
        return []
    said = ", ".join(map(repr, pc.unique(words.filter(wrong)).to_pylist()[:3]))
    rows = (
        f"{counted(many, 'row')} with {given} {said} {agreeing(many, 'counts', 'count')} as issued"
    )
    them = agreeing(many, "it", "them")
    return [f"{rows}; leave {them} out, or give {them} the amount 0"]

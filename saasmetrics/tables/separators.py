"""Amounts of files separated by semicolons, where a point or comma may part thousands or decimals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import Problem
from saasmetrics.tables.amounts import decimal_signs
from saasmetrics.tables.findings import count, examples, first_rows
from saasmetrics.tables.months import month_columns
from saasmetrics.tables.names import match_columns

if TYPE_CHECKING:
    from saasmetrics.tables.schema import TableSchema

__all__ = [
    "ambiguous",
    "ambiguous_amounts",
    "file_notes",
    "is_semicolon",
    "with_note",
    "without_separator",
]

SEMICOLON = {b"saasmetrics.delimiter": b";"}
_NOTE = b"saasmetrics.note"
_EITHER = r"^[(]?[+-]?[$€£¥]? ?[1-9]\d{0,2}[.,]\d{3} ?[$€£¥]?-?[)]?$"


def is_semicolon(data: pa.Table) -> bool:
    """Whether a table comes from a file separated by semicolons, as where a comma parts decimals.

    Parameters
    ----------
    data
        Rows as `read_file` gives them.

    Returns
    -------
    bool
        Whether it does.
    """
    return (data.schema.metadata or {}).get(b"saasmetrics.delimiter") == b";"


def without_separator(data: pa.Table) -> pa.Table:
    """Rows that no longer say which sign separated their values, as the decimal sign is known.

    Parameters
    ----------
    data
        Rows as `read_file` gives them.

    Returns
    -------
    pyarrow.Table
        The same rows.
    """
    kept = {k: v for k, v in (data.schema.metadata or {}).items() if k not in SEMICOLON}
    return data.replace_schema_metadata(kept)


def with_note(data: pa.Table, note: str) -> pa.Table:
    """Rows with a word on how they were read.

    Parameters
    ----------
    data
        The rows.
    note
        One sentence.

    Returns
    -------
    pyarrow.Table
        The same rows.
    """
    return data.replace_schema_metadata({**(data.schema.metadata or {}), _NOTE: note.encode()})


def file_notes(data: pa.Table) -> list[str]:
    """Words on how the rows were read.

    Parameters
    ----------
    data
        Rows as `read_file` gives them.

    Returns
    -------
    list of str
        One sentence each.
    """
    note = (data.schema.metadata or {}).get(_NOTE)
    return [note.decode()] if note else []


def ambiguous(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Rows that say 1.200 or 1,200, where no other row shows which sign parts decimals.

    Parameters
    ----------
    values
        Text.

    Returns
    -------
    pyarrow.ChunkedArray or None
        True where it is one; None where all are clear.
    """
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return None
    trimmed = pc.utf8_trim_whitespace(values)
    if decimal_signs(trimmed):
        return None
    mask = pc.match_substring_regex(trimmed, _EITHER)
    return mask if count(mask) else None


def ambiguous_amounts(schema: TableSchema, data: pa.Table) -> list[Problem]:
    """Amounts of a file separated by semicolons that may be a thousand times what they seem.

    Parameters
    ----------
    schema
        Table that the rows are.
    data
        The rows.

    Returns
    -------
    list of Problem
        One per column.
    """
    if not is_semicolon(data):
        return []
    known = match_columns(schema, data.column_names).known.values()
    columns = [given for given, match in known if match.column.dtype in ("money", "number", "int")]
    if schema.name == "mrr":
        columns += month_columns(data.column_names)
    problems = []
    for name in dict.fromkeys(columns):
        mask = ambiguous(data[name])
        if mask is None:
            continue
        problems.append(
            Problem(
                schema.name,
                name,
                "ambiguous amounts in a file separated by semicolons: 1.200 may be 1200 or 1.2",
                count(mask),
                examples({name: data[name]}, first_rows(mask)),
                'Say which sign parts decimals: sm.read(..., decimal=",") or decimal="."; or write 1200 or 1.20.',
                "error",
                "ambiguous-number",
            )
        )
    return problems

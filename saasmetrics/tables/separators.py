"""Amounts of files separated by semicolons, where a point or comma may part thousands or decimals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import Problem
from saasmetrics.money import agreeing
from saasmetrics.tables.amounts import decimal_signs
from saasmetrics.tables.findings import count, examples, first_rows
from saasmetrics.tables.months import month_columns
from saasmetrics.tables.names import match_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.tables.schema import TableSchema

__all__ = [
    "ambiguous",
    "ambiguous_amounts",
    "file_notes",
    "has_gaps",
    "is_semicolon",
    "of_file",
    "of_part",
    "place_of",
    "with_gaps",
    "with_names",
    "with_note",
    "without_separator",
]

SEMICOLON = {b"saasmetrics.delimiter": b";"}
_NOTE = b"saasmetrics.note"
_FILE = b"saasmetrics.file"
_GAPS = b"saasmetrics.gaps"
_PART = b"saasmetrics.part"
_NAMES = b"saasmetrics.names"
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
    """Rows with a word on how they were read, beside what they say already.

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
    told = data.schema.metadata or {}
    said = "; ".join([*([told[_NOTE].decode()] if _NOTE in told else []), note])
    return data.replace_schema_metadata({**told, _NOTE: said.encode()})


def of_file(data: pa.Table, label: str) -> pa.Table:
    """Rows that say which file they are of.

    Parameters
    ----------
    data
        The rows.
    label
        The file, or the file and its sheet.

    Returns
    -------
    pyarrow.Table
        The same rows.
    """
    return data.replace_schema_metadata({**(data.schema.metadata or {}), _FILE: label.encode()})


def of_part(data: pa.Table, part: str, first: int) -> pa.Table:
    """Rows that know which of a file, or of a folder of files, they are.

    Parameters
    ----------
    data
        The rows, which know the file or folder.
    part
        The file in the folder; "" where it is one file.
    first
        Position of the first of them in the file, from 0.

    Returns
    -------
    pyarrow.Table
        The same rows.
    """
    told = json.dumps([part, first]).encode()
    return data.replace_schema_metadata({**(data.schema.metadata or {}), _PART: told})


def with_gaps(data: pa.Table) -> pa.Table:
    """Rows between which the file has others, so that their numbers are not those of the file.

    Parameters
    ----------
    data
        The rows.

    Returns
    -------
    pyarrow.Table
        The same rows.
    """
    return data.replace_schema_metadata({**(data.schema.metadata or {}), _GAPS: b"1"})


def with_names(data: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """Rows with other names of columns, which know what the file calls them.

    Parameters
    ----------
    data
        The rows.
    names
        Name in the file -> name here.

    Returns
    -------
    pyarrow.Table
        The same rows.
    """
    told = json.dumps({new: old for old, new in names.items()})
    said = {**(data.schema.metadata or {}), _NAMES: told.encode()}
    out = data.rename_columns([names.get(name, name) for name in data.column_names])
    return out.replace_schema_metadata(said)  # which new names drop


def place_of(data: pa.Table, column: str, rows: Sequence[int] = ()) -> str:
    """The file of some rows with a column of it and their numbers; "" where the file is not known.

    Parameters
    ----------
    data
        The rows.
    column
        Name of the column here, or "".
    rows
        Positions, from 0; in words they are counted as in a spreadsheet, whose header is row 1.

    Returns
    -------
    str
        Such as "invoices.csv, column 'Invoice Total', rows 17, 20".

    Examples
    --------
    >>> place_of(of_file(pa.table({"a": [1]}), "x.csv"), "a", [0])
    "x.csv, column 'a', row 2"
    """
    said = data.schema.metadata or {}
    if _FILE not in said:
        return ""
    own = json.loads(said.get(_NAMES, b"{}")).get(column, column)
    part, first = json.loads(said[_PART]) if _PART in said and len(rows) else ("", 0)
    words: str = said[_FILE].decode() + part
    words += f", column {own!r}" if own else ""
    if not len(rows) or _GAPS in said:
        return words
    numbers = ", ".join(f"{first + row + 2:,}" for row in rows)
    return f"{words}, {agreeing(len(rows), 'row', 'rows')} {numbers}"


def has_gaps(data: pa.Table) -> bool:
    """Whether the numbers of rows are not those of their file.

    Parameters
    ----------
    data
        The rows.

    Returns
    -------
    bool
        Whether there were rows between them.
    """
    return _GAPS in (data.schema.metadata or {})


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
                place=place_of(data, name, first_rows(mask).to_pylist()),
            )
        )
    return problems

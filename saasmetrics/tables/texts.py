"""Columns of text: as plain text, or numbered, each different text once, where the file has them so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.arrays import one_chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = [
    "NUMBERABLE",
    "NUMBERED",
    "decode",
    "is_text",
    "numbered",
    "numbered_in",
    "plain_kind",
    "to_frame",
    "without_blanks",
]

NUMBERED = pa.dictionary(pa.int32(), pa.string())
"""The type of a column of numbered texts."""

NUMBERABLE = ("text", "choice", "currency")
"""What columns of the schema may come numbered."""

_WIDTH = 2  # bytes of a value in a file below which its texts are few enough to be worth numbering


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is that of plain text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def decode(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text as text: categories and string views of other libraries become plain strings.

    Parameters
    ----------
    values
        Any column.

    Returns
    -------
    pyarrow.ChunkedArray
        The same values.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return decode(values.cast(kind.value_type))
    if pa.types.is_string_view(kind):
        return values.cast(pa.large_string())
    return values


def to_frame(data: pa.Table, *, as_times: bool = False) -> pd.DataFrame:
    """Return a table as a pandas frame, in which numbered texts are texts; with `as_times` days are datetime64.

    Examples
    --------
    >>> to_frame(pa.table({"plan": pa.array(["pro"]).dictionary_encode()}))["plan"].tolist()
    ['pro']
    """
    kinds = {f.name: plain_kind(f.type) for f in data.schema}
    if as_times:  # in the unit that times have, which reaches all years
        days = {name: pa.timestamp("us") for name, kind in kinds.items() if pa.types.is_date(kind)}
        kinds |= days
    schema = pa.schema([field.with_type(kinds[field.name]) for field in data.schema])
    made: pd.DataFrame = data.cast(schema).to_pandas()
    return made


def plain_kind(kind: pa.DataType) -> pa.DataType:
    """Return the type of the values of a column that may be numbered."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def numbered(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts as one array of numbers into different texts if they come so; any other column decoded.

    Parameters
    ----------
    values
        Any column.

    Returns
    -------
    pyarrow.ChunkedArray
        The same values.

    Examples
    --------
    >>> column = pa.chunked_array([pa.array(["smb", None, "smb"]).dictionary_encode()])
    >>> numbered(column).type == NUMBERED
    True
    """
    if values.type != NUMBERED or not len(values):
        return decode(values)
    coded = one_chunk(values)
    texts = coded.dictionary
    if texts.null_count or len(texts.unique()) < len(texts):
        return decode(values)
    return pa.chunked_array([coded])


def without_blanks(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts, plain or numbered, without those that nobody can see: empty ones and mere blanks are missing.

    Examples
    --------
    >>> without_blanks(pa.chunked_array([["smb", "", " ", None]])).to_pylist()
    ['smb', None, None, None]
    """
    coded = one_chunk(values) if values.type == NUMBERED else None
    texts = values if coded is None else coded.dictionary
    if not _has_blanks(texts):
        return values
    blank = pc.or_(pc.equal(pc.binary_length(texts), 0), pc.utf8_is_space(texts))
    if coded is None:
        return pc.if_else(blank, pa.scalar(None, values.type), values)
    codes = pc.if_else(blank.take(coded.indices), pa.scalar(None, pa.int32()), coded.indices)
    return pa.chunked_array([pa.DictionaryArray.from_arrays(codes, texts)])


def _has_blanks(texts: Any) -> bool:
    # Without a Python number to compare with, which would make pyarrow import pandas.
    empty = pc.min(pc.binary_length(texts)).as_py() == 0
    return empty or bool(pc.any(pc.utf8_is_space(texts)).as_py())


def numbered_in(files: Sequence[Any]) -> list[str]:
    """Return the columns of text that all of some Parquet files hold as numbers of few texts.

    Parameters
    ----------
    files
        What each file says of itself.

    Examples
    --------
    >>> numbered_in([])
    []
    """
    found = [_narrow(said) for said in files]
    return sorted(set.intersection(*found)) if found else []


def _narrow(said: Any) -> set[str]:
    kinds = said.schema.to_arrow_schema()
    texts = {field.name for field in kinds if pa.types.is_string(field.type)}
    groups = [said.row_group(number) for number in range(said.num_row_groups)]
    sizes = {
        name: sum(group.column(at).total_uncompressed_size for group in groups)
        for at, name in enumerate(said.schema.names)
        if name in texts
    }
    return {name for name, size in sizes.items() if size <= _WIDTH * said.num_rows}

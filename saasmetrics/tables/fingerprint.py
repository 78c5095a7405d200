"""A hash of what tables hold: the same for the same content, whatever the order, the file format or the library.

Every cell becomes 64 bits, cells add up to rows and mixed rows add up to the table, so that neither the order of rows
nor that of columns matters and nothing is sorted. It finds what was changed; it is no seal against forgery.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.arrays import one_chunk
from saasmetrics.tables.lazy import passing
from saasmetrics.tables.runs import unrolled
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.tables.schema import ColumnSchema
    from saasmetrics.tables.table import Table

_LANES = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03))
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_WORD = 8  # bytes
# How a number, a day and a moment read in a file whose columns have no types.
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)?$"


def fingerprint(tables: Mapping[str, Table]) -> str:
    """Return the hash of some tables: 64 hexadecimal digits.

    Parameters
    ----------
    tables
        Normalized tables by name. A column without a value counts like one that is not there.

    Examples
    --------
    >>> from saasmetrics.tables import normalize_all
    >>> rows = {"customer_id": ["a", "b"], "month": ["2026-01", "2026-02"], "mrr": [10, 12]}
    >>> turned = {name: rows[name][::-1] for name in reversed(rows)}
    >>> fingerprint(normalize_all({"mrr": rows})) == fingerprint(normalize_all({"mrr": turned}))
    True
    """
    found = hashlib.sha256(b"saasmetrics tables 1\n")
    for name in sorted(tables):
        found.update(f"{name} {tables[name].fingerprint}\n".encode())
    return found.hexdigest()


def table_fingerprint(name: str, data: pa.Table) -> str:
    """Return the hash of one table: its number of rows, and two sums over them.

    Examples
    --------
    >>> one, two = pa.table({"mrr": [10.0, 12.0]}), pa.table({"plan": [None, None], "mrr": [12, 10]})
    >>> table_fingerprint("mrr", one) == table_fingerprint("mrr", two)
    True
    """
    known = SCHEMA[name].columns if name in SCHEMA else {}
    rows, sums = 0, np.zeros(len(_LANES), np.uint64)
    for part in unrolled(data):
        rows += part.num_rows
        sums += _sums(part, known)
    return f"{rows} " + " ".join(f"{value:016x}" for value in sums.tolist())


def _sums(data: pa.Table, known: Mapping[str, ColumnSchema]) -> NDArray[np.uint64]:
    """Return the sums over the rows of a part, which add up to those of the whole."""
    row = np.zeros(data.num_rows, np.uint64)
    for title in data.column_names:
        column = passing(data, title)
        if column.null_count == len(column):
            continue
        dtype = known[title].dtype if title in known else ""
        cells, empty = _cells(column, dtype)
        values = _mixed(cells ^ _text_words(pa.array([title]))[0])
        values[empty] = 0
        if column.null_count:
            values[np.asarray(pc.is_null(column))] = 0
        row += values
    return np.array([_mixed(row ^ lane).sum(dtype=np.uint64) for lane in _LANES], np.uint64)


def _cells(
    column: pa.ChunkedArray, dtype: str
) -> tuple[NDArray[np.uint64], NDArray[np.bool_] | slice]:
    """Return 64 bits for each cell, the same for the same value in any type, and which cells are empty texts.

    A file without types cannot tell an empty text from a missing one.
    """
    none = slice(0)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _moments(column), none
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if numeric and dtype != "id":
        return _numbers(column), none
    if dtype == "id":  # hardly two alike
        texts = one_chunk(pc.fill_null(_as_text(column), ""))
        return _text_words(texts), _empty(texts)
    coded = one_chunk(_as_text(column).dictionary_encode())
    words = _text_words(coded.dictionary)
    if not dtype:
        words = _like_typed(coded.dictionary, words)
    code = np.asarray(pc.fill_null(coded.indices, 0))
    return words[code], _empty(coded.dictionary)[code]


def _empty(values: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(pc.equal(pc.binary_length(values), 0))


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_large_string(column.type):
        return column
    try:
        return column.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # lists and the like
        return pa.chunked_array([pa.array(map(str, column.to_pylist()), pa.large_string())])


def _like_typed(values: pa.Array, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Give texts that read as numbers, days or moments the bits of those: a CSV file has no types."""
    out = words.copy()
    for pattern, kind, bits in (
        (_NUMBER, pa.float64(), _numbers),
        (_MOMENT, pa.timestamp("us"), _moments),
    ):
        mask = pc.match_substring_regex(values, pattern)
        reads = np.flatnonzero(np.asarray(mask))
        if len(reads):
            try:
                out[reads] = bits(pa.chunked_array([values.take(pa.array(reads)).cast(kind)]))
            except pa.ArrowInvalid:  # such as the 31st of February: a text after all
                continue
    truth = np.flatnonzero(np.asarray(pc.match_substring_regex(values, "^([Tt]rue|[Ff]alse)$")))
    if len(truth):
        out[truth] = _text_words(pc.utf8_lower(values.take(pa.array(truth))))
    return out


def _numbers(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    values = np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), 0.0))
    return np.ascontiguousarray(values + 0.0).view(np.uint64)  # -0.0 is 0.0


def _moments(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    micro = column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False)
    return np.asarray(pc.fill_null(micro.cast(pa.int64()), 0)).astype(np.int64).view(np.uint64)


def _text_words(values: pa.Array) -> NDArray[np.uint64]:
    """Return 64 bits for each text, eight bytes of all texts at a time."""
    values = values.cast(pa.large_string())
    many = len(values)
    offsets = np.frombuffer(values.buffers()[1], np.int64)[values.offset : values.offset + many + 1]
    held = values.buffers()[2]
    raw = np.frombuffer(held, np.uint8) if held is not None else np.zeros(0, np.uint8)
    padded = np.concatenate([raw, np.zeros(_WORD, np.uint8)])
    at_byte = np.ndarray(len(padded) - _WORD + 1, "<u8", padded.data, strides=(1,))
    length = np.diff(offsets)
    out = _mixed(length.astype(np.uint64))
    left, here = np.arange(many), offsets[:-1]
    for start in range(0, int(length.max(initial=0)), _WORD):
        if start:
            left = left[length[left] > start]
        rest = np.minimum(length[left] - start, _WORD)
        unused = ((_WORD - rest) * 8).astype(np.uint64)
        inside = np.where(rest > 0, ~np.uint64(0) >> (unused % np.uint64(64)), np.uint64(0))
        out[left] = _mixed(out[left] ^ (at_byte[here[left] + start] & inside))
    return out


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over all of them, by the finalizer of SplitMix64."""
    out = bits + _LANES[0]
    out = (out ^ (out >> np.uint64(30))) * _FIRST
    out = (out ^ (out >> np.uint64(27))) * _SECOND
    return np.asarray(out ^ (out >> np.uint64(31)))

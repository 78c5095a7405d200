"""Files before they are read: whether their rows fit into memory."""

from __future__ import annotations

import zipfile
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa

from saasmetrics.errors import DataError
from saasmetrics.memory import spoken
from saasmetrics.tables.facts.parts import is_parquet, parts_of
from saasmetrics.tables.needed import encoded
from saasmetrics.tables.read import table_of_stem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["fit"]

_TEXT = (
    2.0  # bytes in memory for a byte of text: every value is kept as it is, with where it begins
)
_PACKED = 12.0  # for a byte of packed text
_ENCODED = 4.0  # for an encoded byte of Parquet, which says a repeated value once
_SHEETS = 1.5  # for a byte of unpacked XML
_WORKING = 2.0  # the rows as they are and as they are understood


def fit(
    files: Sequence[Path], limit: int, left: Mapping[Path, Sequence[str]] = MappingProxyType({})
) -> None:
    """Refuse files whose rows would not fit into memory, before any is read.

    Parameters
    ----------
    files
        The files, and folders of parts.
    limit
        How much memory they may take, in bytes.
    left
        File -> its columns that are not read before they are asked for.

    Raises
    ------
    DataError
        If they would not; it names the largest file, its rows where they are known, and what to do.

    Notes
    -----
    The need is estimated: from the sizes that Parquet and XLSX state, from the length of text.
    """
    sizes = {file: _WORKING * _in_memory(file, left.get(file, ())) for file in files}
    if sum(sizes.values()) <= limit:
        return
    largest = max(sizes, key=lambda file: sizes[file])
    rows = _rows(largest)
    msg = (
        f"Reading needs about {spoken(sum(sizes.values()))} of memory and the limit is {spoken(limit)}. The largest "
        f"file is {largest.name}{f' with {rows:,} rows' if rows else ''}, about {spoken(sizes[largest])}. Leave out "
        'columns or files that are not needed, allow more with memory_limit="16GB", or let the rows stay where they '
        f'are: sm.connect({_table(largest)}=duckdb.read_{_kind(largest)}("{largest.name}")).'
    )
    raise DataError(msg)


def _in_memory(file: Path, left: Sequence[str]) -> float:
    name = file.name.lower()
    try:
        if file.is_dir() or is_parquet(file):
            parts = parts_of(file)
            return sum(map(_parquet_bytes, parts)) - _ENCODED * encoded(parts, left)
        if name.endswith((".xlsx", ".xlsm")):
            with zipfile.ZipFile(file) as packed:
                return _SHEETS * sum(part.file_size for part in packed.infolist())
        return file.stat().st_size * (_PACKED if name.endswith(".gz") else _TEXT)
    except (OSError, pa.ArrowInvalid, zipfile.BadZipFile):
        return 0.0  # reading it will say what is wrong


def _parquet_bytes(file: Path) -> float:
    import pyarrow.parquet as pq

    found = pq.read_metadata(file)
    sizes = (int(found.row_group(n).total_byte_size) for n in range(found.num_row_groups))
    return _ENCODED * sum(sizes)


def _rows(file: Path) -> int:
    import pyarrow.parquet as pq

    parts = parts_of(file) if _kind(file) == "parquet" else []
    return sum(int(pq.read_metadata(part).num_rows) for part in parts)


def _kind(file: Path) -> str:
    return "parquet" if file.is_dir() or is_parquet(file) else "csv"


def _table(file: Path) -> str:
    return table_of_stem(file.name.split(".")[0]) or "subscriptions"

"""One file of a cache: a head that says what follows and its checksum, words as JSON, tables as Arrow streams."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["DamagedError", "Entry", "opened", "written"]

_HEAD = struct.Struct(
    "<16s64sQQII"
)  # what it is, its name, bytes of all and of the words, checksums
_MAGIC = b"saasmetrics kept"
_ALIGNED = 64  # bytes, so that numbers can be used where they are
_SMALL = 1 << 18  # bytes that are written in one piece
_BEGIN = -(-_HEAD.size // _ALIGNED) * _ALIGNED


class DamagedError(Exception):
    """An entry cannot be believed; the words say why."""


@dataclass(frozen=True)
class Entry:
    """What was kept: words, and tables that are mapped from disk, not copied."""

    said: Any
    tables: tuple[pa.Table, ...]


class _Counted:
    """A file that counts and sums up what is written to it."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0
        self.sum = 0

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self._file.write(view)
        self.sum = zlib.crc32(view, self.sum)
        self.size += view.nbytes
        return view.nbytes

    def pad(self) -> None:
        if over := self.size % _ALIGNED:
            self.write(bytes(_ALIGNED - over))

    def flush(self) -> None:
        """Leave it to the file."""


def written(file: BinaryIO, key: str, said: Any, tables: Sequence[pa.Table]) -> int:
    """Write an entry and return its size.

    Parameters
    ----------
    file
        An empty file.
    key
        The name of the entry.
    said
        What JSON can hold.
    tables
        Arrow tables.
    """
    file.write(bytes(_BEGIN))
    out = _Counted(file)
    words = json.dumps(said).encode()
    out.write(words)
    out.pad()
    ends = []
    for table in tables:
        sink = pa.BufferOutputStream() if table.nbytes < _SMALL else None
        whole = table.combine_chunks()
        target = sink or pa.PythonFile(out, "w")
        # Not compressed: a million subscriptions would take two to four times as long to have again, and their memory.
        with pa.ipc.new_stream(target, whole.schema) as stream:
            stream.write_table(whole)
        if sink is not None:
            out.write(sink.getvalue())
        out.pad()
        ends.append(out.size)
    out.write(struct.pack(f"<{len(ends)}Q", *ends))
    out.write(struct.pack("<Q", len(ends)))
    head = _HEAD.pack(_MAGIC, key.encode(), out.size, len(words), out.sum, 0)
    file.seek(0)
    file.write(head[:-4] + struct.pack("<I", zlib.crc32(head[:-4])))
    return _BEGIN + out.size


def opened(path: Path, key: str) -> Entry:
    """Return the entry of a file, after its checksum was found to be right.

    Raises
    ------
    DamagedError
        If it is no entry, half of one, one that was changed, or one of another name.
    """
    if path.stat().st_size < _BEGIN:
        raise DamagedError("is no file of a cache, or half of one")
    with pa.memory_map(str(path)) as file:
        whole = file.read_buffer()
    magic, name, size, words, content, own = _HEAD.unpack(whole[: _HEAD.size].to_pybytes())
    if magic != _MAGIC or zlib.crc32(whole[: _HEAD.size - 4]) != own or name.decode() != key:
        raise DamagedError("is no file of this cache")
    body = whole[_BEGIN:]
    if body.size != size or zlib.crc32(body) != content:
        raise DamagedError("is damaged")
    (many,) = struct.unpack("<Q", body[size - 8 :].to_pybytes())
    ends = struct.unpack(f"<{many}Q", body[size - 8 - 8 * many : size - 8].to_pybytes())
    begins = [-(-words // _ALIGNED) * _ALIGNED, *ends[:-1]]
    tables = [
        pa.ipc.open_stream(body[begin:end]).read_all()
        for begin, end in zip(begins, ends, strict=False)
    ]
    return Entry(json.loads(body[:words].to_pybytes()), tuple(tables))

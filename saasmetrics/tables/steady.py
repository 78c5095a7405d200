"""Files after they were read: whether they stayed the same meanwhile."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Content", "Mark", "content", "mark", "unchanged", "written_meanwhile"]

Mark = tuple[int, int]
_BLOCK, _BLOCKS = 1 << 12, 256  # bytes, and how many blocks of a file are looked at


@contextmanager
def unchanged(file: Path, since: Mark | None = None) -> Iterator[None]:
    """Refuse what was read of a file that was written meanwhile.

    Parameters
    ----------
    file
        The file.
    since
        Its mark when other columns of it were read; by default it is read for the first time.

    Raises
    ------
    DataError
        If its size or its time differs from then, or afterwards.
    """
    before = mark(file)
    if since is not None and before != since:
        raise written_meanwhile(file, since_read=True)
    yield
    if mark(file) != before:
        raise written_meanwhile(file)


@dataclass(frozen=True)
class Content:
    """What a file held, by blocks from its beginning to its end.

    Parameters
    ----------
    digest
        The hash of the blocks.
    whole
        Whether they are all of the file.
    changed
        When anything about the file was last changed, which no program can set back.
    """

    digest: bytes
    whole: bool
    changed: int

    def is_of(self, other: Content) -> bool:
        """Whether both are of the same content: blocks of a large file tell only if nothing touched it between."""
        return self.digest == other.digest and (self.whole or self.changed == other.changed)


def content(file: Path) -> Content:
    """Return what a file holds, for little time: of a large one, blocks at even distances and its end."""
    found = file.stat()
    whole = found.st_size <= _BLOCK * _BLOCKS
    digest = hashlib.blake2b(digest_size=16)
    with file.open("rb") as held:
        if whole:
            digest.update(held.read())
        for block in () if whole else range(_BLOCKS):
            held.seek((found.st_size - _BLOCK) * block // (_BLOCKS - 1))
            digest.update(held.read(_BLOCK))
    return Content(digest.digest(), whole, found.st_ctime_ns)


def written_meanwhile(file: Path, *, since_read: bool = False) -> DataError:
    """Return the error that what was read of a file, or is read of it later, may be of two exports."""
    when = "since it was read" if since_read else "while it was read"
    if not file.exists():
        msg = (
            f"{file.name} was moved or deleted {when}: columns are read when they are asked for. "
            "Put it back, or read it again where it is."
        )
        return DataError(msg)
    if since_read:
        msg = (
            f"{file.name} has changed since it was read, and columns are read when they are asked for: its rows "
            "would be of two exports. Read it again."
        )
        return DataError(msg)
    msg = (
        f"{file.name} was written while it was read, so its rows may be of two exports. "
        "Read it again when the export is finished."
    )
    return DataError(msg)


def mark(file: Path) -> Mark | None:
    """Return the size and the time of a file, by which it is seen to have been written; None where it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns

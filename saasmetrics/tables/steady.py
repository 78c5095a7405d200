"""Files after they were read: whether they stayed the same meanwhile."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["mark", "unchanged"]


@contextmanager
def unchanged(file: Path) -> Iterator[None]:
    """Refuse what was read of a file that was written meanwhile.

    Raises
    ------
    DataError
        If its size or its time differs afterwards.
    """
    before = mark(file)
    yield
    if mark(file) != before:
        msg = (
            f"{file.name} was written while it was read, so its rows may be of two exports. "
            "Read it again when the export is finished."
        )
        raise DataError(msg)


def mark(file: Path) -> tuple[int, int] | None:
    """Return the size and the time of a file, by which it is seen to have been written; None where it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns

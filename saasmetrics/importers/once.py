"""Files that are read once, until they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


T = TypeVar("T")


class Once:
    """What was read of files, kept until their time, size or place on the disk changes.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file, once, times = Path(tempfile.mkdtemp()) / "a.csv", Once(), []
    >>> _ = file.write_text("a")
    >>> def read(file, code):
    ...     times.append(code)
    ...     return file.read_text()
    >>> [once(read, file, None), once(read, file, None), len(times)]
    ['a', 'a', 1]
    """

    def __init__(self) -> None:
        self._known: dict[Any, tuple[Any, Any]] = {}

    def __call__(self, read: Callable[[Path, str | None], T], file: Path, code: str | None) -> T:
        """Return what a function reads of a file in an encoding; nobody may change it in place."""
        try:
            state = file.stat()
        except OSError:
            return read(file, code)  # which says what is wrong
        now = (state.st_mtime_ns, state.st_size, state.st_ino)
        before, found = self._known.get((read, file, code), (None, None))
        if before != now:
            found = read(file, code)
            self._known[read, file, code] = (now, found)
        result: T = found
        return result

"""Files written in one step: whoever opens the path sees the old file or the whole new one, never a half."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator


def refuse_special(path: Path, example: str = "review.html") -> None:
    """Refuse a place that holds something else than a file, such as a folder or a device.

    Raises
    ------
    DataError
        If a folder, device or pipe is there.

    Examples
    --------
    >>> refuse_special(Path(tempfile.mkdtemp()) / "new.html")
    """
    if path.is_dir():
        msg = f"{path} is a folder; name the file, such as {path / example}."
        raise DataError(msg)
    if path.exists() and not path.is_file():
        msg = f"{path} is a device or pipe, not a file; name a file, such as {example}."
        raise DataError(msg)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file beside `path` to write to; it takes its place at the end, and is gone after an error.

    Examples
    --------
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with replacing(target) as beside:
    ...     _ = beside.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        beside.chmod(0o644)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise

"""Files written in one step: whoever opens the path sees the old file or the whole new one, never a half."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_LONGEST = 255  # bytes of the name of a file or folder
_SHOWN = 100  # letters of a name in that of the file beside it, which may be no longer than others


def file_path(given: Any, example: str) -> Path:
    """Return the path of a file, from the home of the user where it begins with "~/"; refuse what is none.

    Raises
    ------
    DataError
        If it is neither text nor a path, empty, or a name that no file can have.

    Examples
    --------
    >>> file_path("ours.json", "policy.json").name
    'ours.json'
    """
    path = os.fspath(given) if isinstance(given, (str, os.PathLike)) else None
    if not isinstance(path, str) or not path:
        msg = f"{given!r} is not the path of a file; name one, such as {example}."
        raise DataError(msg)
    if "\0" in path:
        msg = f"{path!r} has a character that no path has; name a file, such as {example}."
        raise DataError(msg)
    place = Path(path).expanduser() if path.startswith("~/") else Path(path)
    longest = max(len(part.encode("utf-8", "surrogatepass")) for part in (*place.parts, ""))
    if longest > _LONGEST:
        msg = f"A name may have {_LONGEST} bytes, not {longest}; name a file, such as {example}, not {str(given)!r}."
        raise DataError(msg)
    return place


def whole_text(path: Path, what: str, most: int) -> str:
    """Return the text of a file; refuse what is no file, cannot be read, is too large or not UTF-8.

    Raises
    ------
    DataError
        If it is one of these.

    Examples
    --------
    >>> file = Path(tempfile.mkdtemp()) / "a.json"
    >>> _ = file.write_text("{}")
    >>> whole_text(file, "The pack", 100)
    '{}'
    """
    try:
        if (
            path.exists() and not path.is_file()
        ):  # a device may have no end, and a pipe no beginning
            msg = f"{what} {path} cannot be read: it is not a file."
            raise DataError(msg)
        if (size := path.stat().st_size) > most:
            msg = f"{what} {path} cannot be read: it has {size:,} bytes, and at most {most:,} are read."
            raise DataError(msg)
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        msg = f"{what} {path} cannot be read: {why}."
        raise DataError(msg) from error


def write(given: Any, text: str, example: str) -> Path:
    """Write a text to a file, whole or not at all, and return its path.

    Raises
    ------
    DataError
        If that is no path of a file, or the file cannot be written.

    Examples
    --------
    >>> write(Path(tempfile.mkdtemp()) / "a.json", "{}", "policy.json").name
    'a.json'
    """
    path = file_path(given, example)
    refuse_special(path, example)
    try:
        with replacing(path) as beside:
            beside.write_text(text, "utf-8")
    except (OSError, ValueError) as error:
        raise DataError(unwritable(path, error)) from error
    return path


def unwritable(path: Path, error: Exception) -> str:
    """Return why a file cannot be written, and what to do.

    Examples
    --------
    >>> unwritable(Path("a.json"), OSError(ENOSPC, "No space left on device"))
    "'a.json' cannot be written: No space left on device. Make room there, or name a file elsewhere."
    """
    why = getattr(error, "strerror", None) or error
    full = getattr(error, "errno", None) in (ENOSPC, EDQUOT)
    remedy = (
        "Make room there, or name a file elsewhere"
        if full
        else "Name a file in a folder that exists"
    )
    return f"{str(path)!r} cannot be written: {why}. {remedy}."


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
    try:
        folder, special = path.is_dir(), path.exists() and not path.is_file()
    except (OSError, ValueError) as error:
        raise DataError(unwritable(path, error)) from error
    if folder:
        msg = f"{path} is a folder; name the file, such as {path / example}."
        raise DataError(msg)
    if special:
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
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name[:_SHOWN]}.", suffix=".part"
    )
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        beside.chmod(0o644)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def replacing_all(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Give a file beside each path to write to; they take their places together, and all are gone after an error.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with replacing_all([folder / "a.txt", folder / "b.txt"]) as besides:
    ...     _ = [beside.write_text("whole") for beside in besides]
    >>> sorted(path.name for path in folder.iterdir())
    ['a.txt', 'b.txt']
    """
    with ExitStack() as open_files:
        yield [open_files.enter_context(replacing(path)) for path in paths]

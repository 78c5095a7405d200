"""A folder of entries: arrays and words under a name that is a hash; whole or not there, never more than a limit."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import size_in_bytes
from saasmetrics.cache.entries import DamagedError, opened, written
from saasmetrics.cache.keys import key_of
from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from saasmetrics.cache.entries import Entry

__all__ = ["Cache", "cache_of"]

_LIMIT = "10GB"
_NAME = re.compile(r"[0-9a-f]{64}\.kept")
_HALF = re.compile(r"[0-9a-f]{64}\.kept\.[A-Za-z0-9_]+\.half")
_ABANDONED = 3600  # seconds after which a half file is of a process that has died


class Cache:
    r"""A folder in which results are kept.

    Parameters
    ----------
    folder
        Where; by default the folder of caches of the user, as the system has it. It is made, for the user alone, if it
        is not there. Files of others in it are neither read nor removed.
    limit
        How much may be kept, such as "2GB"; what has not been used for longest goes first.

    Raises
    ------
    DataError
        If the folder is a file, or the limit no amount.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import saasmetrics as sm
    >>> exports = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (exports / "mrr.csv").write_text("customer_id,month,mrr\na,2026-01,10\n")
    >>> cache = Cache(tempfile.mkdtemp(), limit="500MB")
    >>> first, again = (sm.read(exports, cache=cache) for _ in range(2))
    >>> first.data_hash == again.data_hash, cache.size > 0
    (True, True)
    >>> cache.clear()
    >>> cache.size
    0
    """

    def __init__(
        self, folder: str | os.PathLike[str] | None = None, limit: int | str = _LIMIT
    ) -> None:
        self.folder = _of_user() if folder is None else Path(folder).expanduser()
        self.limit = size_in_bytes("limit", limit)
        if self.folder.exists() and not self.folder.is_dir():
            raise DataError(
                f"cache={str(self.folder)!r} is a file. Name a folder, or a place where one can be made."
            )
        self._held: int | None = None
        self._told: set[str] = set()
        self._doubts: list[str] = []  # why files were not believed
        self._told_doubts = self._later = False

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return sum(found.st_size for _, found in self._entries())

    def clear(self) -> None:
        """Remove everything that is kept; other files in the folder stay."""
        for path, _ in [*self._entries(), *self._halves(0)]:
            path.unlink(missing_ok=True)
        self._held = None

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Count the files that cannot be believed meanwhile, and say them in one warning at the end."""
        self._later = True
        try:
            yield
        finally:
            self._later = False
            self._say_doubts()

    def get(self, kind: str, *names: Any) -> Entry | None:
        """Return what is kept under a name; None, with a warning for the first one, where it cannot be believed.

        Parameters
        ----------
        kind, names
            What it is, and all that it depends on, as JSON has it.
        """
        key = key_of(kind, *names)
        path = self._path(key)
        try:
            found = path.lstat()
        except OSError:
            return None
        try:
            _own(found)
            entry = opened(path, key)
        except DamagedError as error:
            self._doubts.append(str(error))
            if not self._later:
                self._say_doubts()
            return None
        except OSError:  # removed meanwhile by another process
            return None
        with suppress(OSError):  # where nothing may be written, nothing goes either
            os.utime(path)
        return entry

    def put(self, said: Any, tables: Sequence[Any], kind: str, *names: Any) -> None:
        """Keep words and Arrow tables under a name; where that cannot be done, it is said and nothing is kept.

        Parameters
        ----------
        said
            What JSON can hold.
        tables
            Arrow tables.
        kind, names
            As for `get`.
        """
        key = key_of(kind, *names)
        half: Path | None = None
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(".half", f"{key}.kept.", self.folder)  # 0600
            half = Path(name)
            with os.fdopen(number, "wb") as file:
                size = written(file, key, said, tables)
            if size > self.limit:
                half.unlink()
                return
            half.replace(self._path(key))
        except BaseException as error:
            if half is not None:
                half.unlink(missing_ok=True)
            if not isinstance(error, OSError):  # such as an interruption
                raise
            words = f"The cache {str(self.folder)!r} keeps nothing: {error.strerror}"
            self._warn(f"{words}. Everything is read and counted anew.")
            return
        self._bound(size)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.kept"

    def _say_doubts(self) -> None:
        """Warn of the files that were not believed, once: which of them are found later changes nothing."""
        if not self._doubts or self._told_doubts:
            return
        self._told_doubts, where = True, f"the cache {str(self.folder)!r}"
        many, why = len(self._doubts), self._doubts[0]
        said = (
            f"A file of {where} {why}. What it kept is read and counted anew."
            if many == 1
            else f"{many:,} files of {where} are not used: the first one {why}. What these {many:,} kept is "
            "read and counted anew."
        )
        self._warn(said)

    def _warn(self, words: str) -> None:
        if words not in self._told:
            self._told.add(words)
            warnings.warn(words, stacklevel=3)

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            found = _status(path) if _NAME.fullmatch(path.name) else None
            if found is not None and stat.S_ISREG(found.st_mode):
                yield path, found

    def _halves(self, age: float) -> Iterator[tuple[Path, os.stat_result]]:
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            found = _status(path) if _HALF.fullmatch(path.name) else None
            if found is not None and time.time() - found.st_mtime >= age:
                yield path, found

    def _bound(self, more: int) -> None:
        """Let the oldest go where there is more than the limit."""
        if self._held is not None and self._held + more <= self.limit:
            self._held += more
            return
        for path, _ in self._halves(_ABANDONED):
            path.unlink(missing_ok=True)
        entries = sorted(self._entries(), key=lambda entry: entry[1].st_mtime_ns)
        self._held = sum(found.st_size for _, found in entries)
        for path, found in entries:
            if self._held <= self.limit:
                break
            path.unlink(missing_ok=True)
            self._held -= found.st_size


def cache_of(asked: Any) -> Cache | None:
    """Return the cache that was asked for: None or False for none, True for the user's, or a folder.

    Raises
    ------
    DataError
        If it is something else.
    """
    if asked is None or asked is False:
        return None
    if asked is True:
        return Cache()
    if isinstance(asked, Cache):
        return asked
    if isinstance(asked, (str, os.PathLike)) and os.fspath(asked):
        return Cache(asked)
    raise DataError(f"cache is True, a folder, or sm.cache.Cache(folder, limit), not {asked!r}.")


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _own(found: os.stat_result) -> None:
    """Refuse what is no file, or is of another user, who could have written anything."""
    if not stat.S_ISREG(found.st_mode):
        raise DamagedError("is no file")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise DamagedError("is of another user")


def _of_user() -> Path:
    """Return the folder of the user's caches: what XDG, macOS and Windows say."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "saasmetrics"

"""The same pack every month: from one file of settings into a folder per date, compared with the one before."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from saasmetrics.board.asked import FORMATS, Settings, settings
from saasmetrics.board.build import Pack, pack
from saasmetrics.board.printed import warnings
from saasmetrics.board.remedies import reworded
from saasmetrics.errors import DataError, MissingExtraError
from saasmetrics.export.files import replacing

if TYPE_CHECKING:
    from saasmetrics.book import Book

Done = Callable[[str], None]
_LIBRARIES = {"pdf": ("typst", "typst"), "pptx": ("pptx", "python-pptx")}
_STEM = "pack"
_KEPT = f"{_STEM}.json"  # in each folder of the archive, to be compared with


@dataclass(frozen=True)
class Made:
    """What was written: the pack, its files, the pack it was compared with, what was left out, and warnings.

    Examples
    --------
    >>> Made(None, (), None).files
    ()
    """

    pack: Any
    files: tuple[Path, ...]
    since: Path | None
    left_out: str = ""
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = []
        for number, page in enumerate(self.pack.pages, 1):
            lines.append(f"{number:>2}. {page.title}")
            lines += [
                f"    {'' if page.id == 'missing' else 'Not shown: '}{text}"
                for text in page.missing
            ]
        told = {text for page in self.pack.pages for text in page.missing}
        lines += [f"To mend: {each}" for each in self.pack.lint() if each.text not in told]
        lines += self.warnings
        lines += ["", _compared(self.since), *([self.left_out] if self.left_out else [])]
        lines += map(str, self.files)
        return "\n".join(lines)


def _compared(since: Path | None) -> str:
    if since is None:
        return "No earlier pack was found to compare the numbers with; --since FILE names one."
    return f"Compared with the pack {since}."


def possible(asked: Settings) -> tuple[tuple[str, ...], str]:
    """Return the formats that can be written with what is installed, and in words which were left out.

    Raises
    ------
    MissingExtraError
        If the settings ask for a format whose library is not installed.

    Examples
    --------
    >>> possible(Settings(formats=("html",)))
    (('html',), '')
    """
    from importlib.util import find_spec

    gone = {
        form: library
        for form, (module, library) in _LIBRARIES.items()
        if form in asked.formats_written and find_spec(module) is None
    }
    if not gone:
        return asked.formats_written, ""
    names, libraries = (" and ".join(each) for each in (map(str.upper, gone), gone.values()))
    error = MissingExtraError.of(libraries, "report", f"Writing a pack as {names}")
    if asked.formats:
        raise error
    return tuple(f for f in asked.formats_written if f not in gone), f"Left out: {error}"


def read_book(
    asked: Settings, as_of: str | None, currency: str | None = None, cache: Any = None
) -> Book:
    """Return the book of the tables that the settings name, by way of a cache where one is given.

    Raises
    ------
    DataError
        If there are no such tables, or they cannot be read.
    """
    from saasmetrics.book import Book

    return Book.read(
        asked.folder / (asked.data or "."),
        policy=asked.policy_file or "default",
        currency=currency or asked.currency,
        fiscal_start=asked.fiscal_start or 1,
        as_of=as_of or asked.as_of,
        cache=cache,
    )


def monthly(
    file: Any,
    out: Any,
    *,
    as_of: str | None = None,
    currency: str | None = None,
    since: Any = None,
    cache: Any = None,
    done: Done | None = None,
    words: Callable[[str], str] = str,
) -> Made:
    """Make the pack of a date and write it to a folder of its own, all files or none.

    Parameters
    ----------
    file
        The settings, such as board.toml.
    out
        The archive: a folder with one folder per date.
    as_of
        Last day that has happened; by default that of the settings, or the last that the tables know.
    currency
        Another reporting currency than that of the settings.
    since
        The last pack; by default the newest of the archive that is older.
    cache
        The folder in which what is read and counted is kept; by default nothing is.
    done
        Called with each part when it is finished.
    words
        How remedies are said, where they are not to name arguments of Python.

    Raises
    ------
    DataError
        If the settings, the tables or the last pack cannot be read, or the files not be written.
    """
    asked, archive = settings(file), Path(out)
    formats, left_out = possible(asked)  # told before anything is computed
    named = archive.suffix.lower().lstrip(".") in (*FORMATS, "json")
    if archive.is_file() or (named and not archive.is_dir()):
        msg = f"{archive} is the name of a file; name the folder of the packs: --out DIR."
        raise DataError(msg)
    told = done or _quiet
    book = read_book(asked, as_of, currency, cache)
    told("read")
    last = Path(since) if since is not None else newest(archive, before=book.as_of_text)
    made = pack(
        book,
        settings=replace(asked, data=None, currency=book.currency),  # the book is of that folder
        since=None if last is None else Pack.load(last),
        as_of=as_of,
        done=told,
    )
    made = reworded(made, words)
    files = written(made, archive / made.as_of, told, formats)
    moving = tuple(map(words, warnings(book.check().df, book.currency)))
    return Made(made, files, last, left_out, moving)


def newest(archive: Path, before: str) -> Path | None:
    """Return the newest pack of the archive that is older than a date, None where there is none.

    Examples
    --------
    >>> newest(Path("nowhere"), "2026-10-31") is None
    True
    """
    found = sorted(
        folder
        for folder in (archive.iterdir() if archive.is_dir() else ())
        if _is_day(folder.name) and folder.name < before and (folder / _KEPT).is_file()
    )
    return found[-1] / _KEPT if found else None


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def written(
    made: Pack, folder: Path, done: Done, formats: tuple[str, ...] = FORMATS, stem: str = _STEM
) -> tuple[Path, ...]:
    """Write a pack in its formats and as JSON: first beside, then all into their places.

    Parameters
    ----------
    made, folder, formats
        The pack, where to, and as what.
    done
        Called with each format when it is written.
    stem
        Name of the files without their endings.

    Raises
    ------
    DataError
        If one of them cannot be written; then none is.
    """
    names = [f"{stem}.{form}" for form in (*formats, "json")]
    new = [place for place in (folder, folder.parent) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".part-", dir=folder.parent) as beside:
            for form in formats:
                getattr(made, f"to_{form}")(Path(beside) / f"{stem}.{form}")
                done(form)
            made.save(Path(beside) / names[-1])
            for name in names:
                with replacing(folder / name) as target:
                    shutil.copyfile(Path(beside) / name, target)
    except OSError as error:
        msg = f"The pack could not be written to {folder}: {error.strerror or error}."
        raise DataError(msg) from error
    finally:
        for place in new:  # of a pack that could not be written, not even an empty folder is left
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()
    return tuple(folder / name for name in names)


def _quiet(part: str) -> None:
    del part

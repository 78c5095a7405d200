"""Files of a pack: written whole or not at all, the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
import zipfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.board.asked import FORMATS
from saasmetrics.errors import DataError
from saasmetrics.export.files import file_path, refuse_special, replacing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ZIP_DAY = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP file can hold
_PAGES = ("", ".html", ".htm")
_MADE = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")


def put(given: Any, content: bytes, example: str) -> Path:
    """Write a file in one step and return its path; its folder is made if needed.

    Raises
    ------
    DataError
        If the file cannot be written; then nothing was changed.

    Examples
    --------
    >>> import tempfile
    >>> put(tempfile.mkdtemp() + "/a/b.json", b"{}", "b.json").read_bytes()
    b'{}'
    """
    path = file_path(given, example)
    return put_all(path.parent, {path.name: content}, example)[0]


def put_all(folder: Path, files: Mapping[str, bytes], example: str) -> list[Path]:
    """Write files of a folder, all of them or none, and return their paths; the folder is made if needed.

    Raises
    ------
    DataError
        If one cannot be written; then nothing was changed.

    Examples
    --------
    >>> import tempfile
    >>> [path.name for path in put_all(Path(tempfile.mkdtemp()), {"a": b"1", "b": b"2"}, "a.csv")]
    ['a', 'b']
    """
    return put_each({folder / name: content for name, content in files.items()}, example)


def put_each(files: Mapping[Path, bytes], example: str) -> list[Path]:
    """Write files, all of them or none, and return their paths; their folders are made if needed.

    Raises
    ------
    DataError
        If one cannot be written; then nothing was changed.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> [path.name for path in put_each({folder / "a": b"1", folder / "b" / "c": b"2"}, "a.csv")]
    ['a', 'c']
    """
    where = Path()
    for path in files:
        refuse_special(path, example)
    try:
        with ExitStack() as undone:
            for where, content in files.items():
                undone.enter_context(_folder(where.parent))
                undone.enter_context(replacing(where)).write_bytes(content)
    except OSError as error:
        msg = f"{where} could not be written: {error.strerror or error}. Nothing was changed there."
        raise DataError(msg) from error
    return list(files)


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Make a folder; after an error those that were made are gone again."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for one in missing:
            with suppress(OSError):
                one.rmdir()
        raise


def settled(archive: bytes, day: str) -> bytes:
    """Return an Office file without the time at which it was made: dated `day`, and so the workbooks within it.

    Examples
    --------
    >>> made = io.BytesIO()
    >>> with zipfile.ZipFile(made, "w") as z:
    ...     z.writestr("docProps/core.xml", "<dcterms:created>now</dcterms:created>")
    >>> zipfile.ZipFile(io.BytesIO(settled(made.getvalue(), "2026-10-31"))).read("docProps/core.xml")
    b'<dcterms:created>2026-10-31T00:00:00Z</dcterms:created>'
    """
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as held,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in held.namelist():
            content = held.read(name)
            if name.endswith(".xlsx"):
                content = settled(content, day)
            elif name == "docProps/core.xml":
                content = _MADE.sub(rb"\g<1>" + f"{day}T00:00:00Z".encode() + rb"\g<2>", content)
            entry = zipfile.ZipInfo(name, _ZIP_DAY)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            made.writestr(entry, content)
    return out.getvalue()


def review_places(folder: str, page: str, csv: str | None) -> tuple[Path, Path]:
    """Return the page of a review and the folder of its CSV files, refusing what would write over the exports.

    Raises
    ------
    DataError
        If the page is named like another kind of file or is one of the exports, or the CSV files would be read as
        exports the next time.

    Examples
    --------
    >>> review_places("exports", "review.html", None)[1].name
    'review-csv'
    """
    out, data = Path(page), Path(folder).resolve()
    refuse_special(out)
    exports = data.parent if data.is_file() else data
    if out.exists() and (out.resolve() == data or _is_export(out.resolve(), data)):
        msg = f"--out {out} is a file of the exports; name another one."
        raise DataError(msg)
    _refuse_other_kinds(out)
    beside = Path(csv) if csv else out.with_name(f"{out.stem}-csv")
    inside = bool(csv) and data.is_dir() and exports in beside.resolve().parents
    if inside or beside.resolve() == exports:
        msg = (
            f"The CSV files would be written into the exports, {beside}, and read as such the next "
            "time; name a folder elsewhere: --csv DIR."
        )
        raise DataError(msg)
    return out, beside


def _refuse_other_kinds(page: Path) -> None:
    kind = page.suffix.lower()
    # The end of a name such as review.2026-03 is no kind.
    if kind in _PAGES or not kind[1:].isalpha():
        return
    msg = f"--out {page}: a retention review is a web page; name it {page.with_suffix('.html')}."
    if kind[1:] in FORMATS:
        msg += f" A {kind} file is written with the board pack: saasmetrics report board.toml."
    raise DataError(msg)


def _is_export(file: Path, folder: Path) -> bool:
    from saasmetrics.tables.files import SUFFIXES

    return file.parent == folder and file.name.removesuffix(".gz").lower().endswith(SUFFIXES)

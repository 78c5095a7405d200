"""Which characters the bytes of a text file are: by its mark, else strictly UTF-8, else a guess that is said."""

from __future__ import annotations

import codecs
import gzip
import io
import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["CODES", "Encoding", "checked_code", "encoding_of", "first_lines"]

CODES = ("utf-8", "utf-16", "cp1252", "shift-jis")
"""Encodings that can be told; UTF-16 and UTF-8 say themselves what they are."""

_MARKS = (
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PYTHON = {"shift-jis": "cp932"}  # what Windows calls Shift-JIS
_CHUNK = 1 << 20
_LONGEST = 1 << 24  # characters of a line; one without an end is no table
_MOST, _DENSE = (
    1 << 27,
    200,
)  # bytes a packed text may grow to; times its size from which it is made to harm
_SEEN = 10_000  # words from which an encoding is guessed

_WORD = re.compile(r"[^\s,;|\"]*[^\x00-\x7f][^\s,;|\"]*")
_KANA = re.compile(r"[\u3041-\u30fa]")
_JAPANESE = re.compile(r"[\x00-\x7f\u3000-\u30ff\u4e00-\u9fff\uff01-\uff60\uffe0-\uffe5]*")
_HALF = re.compile(r"[\uff61-\uff9f]")
_AMID_LATIN = re.compile(r"[a-z][^\x00-\x7f]|[^\x00-\x7f][a-z]")
# Words of western Europe have accented letters one or two at a time, no capitals after small letters, and signs of
# money, measure and typography beside letters, not between them.
_LETTER = "A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\xff\u0152\u0153\u0160\u0161\u017d\u017e"
_BETWEEN = "\xa0\xb7\u2018\u2019\u201c\u201d\u2013\u2014"
_SIGN = (
    "\u20ac\u2026\u201a\u201e\u2022\u2122\xa1-\xa3\xa5\xa7\xa9-\xab\xae\xb0-\xb5\xb9-\xbf\xd7\xf7"
)
_WESTERN = re.compile(rf"[\x00-\x7f{_LETTER}{_BETWEEN}{_SIGN}]*")
_ODD = re.compile(
    r"[\xc0-\xd6\xd8-\xf6\xf8-\xff\u0152\u0153\u0160\u0161\u017d\u017e]{3,}"
    r"|[a-z\xdf-\xf6\xf8-\xff][\xc0-\xd6\xd8-\xde\u0152\u0160\u017d]"
    rf"|[{_LETTER}][{_SIGN}][{_LETTER}]|[{_SIGN}]{{2,}}|[\u20ac\u2122\u2026][a-z]"
)


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a file are read.

    Parameters
    ----------
    name
        Name of the codec of Python.
    said
        What is told of a guess; "" where the file leaves no doubt.
    """

    name: str
    said: str = ""


def checked_code(code: str | None) -> str | None:
    """Return an encoding that was told as one that is known; None where nothing was told.

    Raises
    ------
    DataError
        If it is not known.

    Examples
    --------
    >>> checked_code("UTF_8"), checked_code(None)
    ('utf-8', None)
    """
    if code is None:
        return None
    plain = str(code).lower().replace("_", "-")
    if plain not in CODES:
        raise DataError(f"encoding is {', '.join(CODES)} or None, not {code!r}.")
    return plain


def encoding_of(file: Path, told: str | None = None) -> Encoding:
    """Return how a text file is encoded; the whole file is looked at, piece by piece.

    A mark at the beginning decides, then what is told, then whether all of it is UTF-8. Of other files it is told
    whether they are of western Europe (Windows-1252) or Japanese (Shift-JIS); those that can be either are refused.

    Parameters
    ----------
    file
        Text, also packed as .gz.
    told
        One of `CODES`, where it is known.

    Raises
    ------
    DataError
        If the file contradicts what it or the user says, can be read in several ways, or is packed to harm.
    """
    head = next(_pieces(file), b"")
    for mark, name in _MARKS:
        if head.startswith(mark):
            if not name:
                raise DataError(f"{file.name} is UTF-32. Save it as CSV UTF-8.")
            _refuse_undecodable(file, name)
            return Encoding(name)
    if told:
        _refuse_undecodable(file, _PYTHON.get(told, told))
        return Encoding(_PYTHON.get(told, told), f"read as {told}, as told")
    if _fault(file, "utf-8") is None:
        return Encoding("utf-8")
    if b"\x00" in head:
        msg = f"{file.name} holds zero bytes, as UTF-16 without a mark does. Save it as CSV UTF-8."
        raise DataError(msg)
    return _guess(file)


def first_lines(file: Path, encoding: str, many: int) -> list[str]:
    """Return so many of the first lines of a text file, without a mark; empty ones where it has no more.

    Raises
    ------
    DataError
        If they cannot be decoded, or do not end.
    """
    try:
        code = "utf-8-sig" if encoding == "utf-8" else encoding
        with _opened(file) as stream, io.TextIOWrapper(stream, code, newline="\n") as text:
            return [text.readline(_LONGEST) for _ in range(many)]
    except (UnicodeError, OSError, EOFError) as error:
        raise DataError(f"{file.name} is not readable as {encoding}: {error}.") from error


def _opened(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file)) if file.suffix == ".gz" else file.open("rb")


def _pieces(file: Path) -> Iterator[bytes]:
    """Yield a file piece by piece, unpacked; one that grows beyond all measure is refused."""
    most = max(_MOST, _DENSE * file.stat().st_size)
    size = 0
    try:
        with _opened(file) as stream:
            while piece := stream.read(_CHUNK):
                size += len(piece)
                if file.suffix == ".gz" and size > most:
                    msg = f"{file.name} unpacks to more than {_DENSE} times its size. Unpack it and look what it holds."
                    raise DataError(msg)
                yield piece
    except (OSError, EOFError) as error:
        raise DataError(f"{file.name} is not readable: {error}.") from error


def _fault(file: Path, name: str) -> UnicodeError | None:
    """Return the first error of decoding a file, also that UTF-16 has no mark; None where there is none."""
    decoder = codecs.getincrementaldecoder(name)("strict")
    try:
        for piece in _pieces(file):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        return error
    return None


def _refuse_undecodable(file: Path, name: str) -> None:
    if (fault := _fault(file, name)) is not None:
        raise DataError(f"{file.name} is not {name}, as it says: {fault}. Save it as CSV UTF-8.")


def _guess(file: Path) -> Encoding:
    found = {name: _look(file, name) for name in ("cp1252", "cp932")}
    fits = [name for name, seen in found.items() if seen.fits(name)]
    if len(fits) != 1:
        can = (
            "can be Windows-1252 as well as Shift-JIS"
            if fits
            else "looks like neither Windows-1252 nor Shift-JIS"
        )
        msg = (
            f"{file.name} is not UTF-8, and {can}. Save it as CSV UTF-8, "
            'or say what it is: sm.read(..., encoding="cp1252") or encoding="shift-jis".'
        )
        raise DataError(msg)
    title = {"cp1252": "Windows-1252, of western Europe", "cp932": "Shift-JIS, Japanese"}[fits[0]]
    shown = ", ".join(repr(word) for word in found[fits[0]].words[:3])
    return Encoding(
        fits[0], f"read as {title}, as the file is not UTF-8 and says nothing ({shown})"
    )


@dataclass
class _Seen:
    """Words beyond ASCII that a file has in some encoding."""

    words: list[str] = field(default_factory=list)
    decodes: bool = True

    def fits(self, name: str) -> bool:
        """Whether they are words as people write them."""
        if not self.decodes or not self.words:
            return False
        if name == "cp1252":
            return all(_WESTERN.fullmatch(w) and not _ODD.search(w) for w in self.words)
        text = "\n".join(self.words)
        if _KANA.search(text):
            return all(_JAPANESE.fullmatch(_HALF.sub("", w)) for w in self.words)
        return all(_JAPANESE.fullmatch(w) and not _AMID_LATIN.search(w) for w in self.words)


def _look(file: Path, name: str) -> _Seen:
    """Return the first words beyond ASCII that a file has in an encoding, and whether all of it decodes."""
    decoder = codecs.getincrementaldecoder(name)("strict")
    seen: dict[str, None] = {}
    rest = ""
    try:
        for piece in _pieces(file):
            text = rest + decoder.decode(piece)
            rest = text[text.rfind("\n") + 1 :][-_CHUNK:]
            if len(seen) < _SEEN:
                seen |= dict.fromkeys(_WORD.findall(text[: len(text) - len(rest)]))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _Seen(list(seen), decodes=False)
    seen |= dict.fromkeys(_WORD.findall(rest))
    return _Seen(list(seen))

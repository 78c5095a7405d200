"""What a widget was told, kept in a file of JSON that is written in one step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics.export.files import file_path, refuse_special, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION = 1
MOST = 20_000_000  # bytes of a file that is read


def save(path: str | Path, kind: str, told: Mapping[str, Any], example: str) -> Path:
    """Write what was told to a file, whole or not at all, and return its path.

    Parameters
    ----------
    path
        Of the file.
    kind
        What it holds, such as "cohort review".
    told
        What is kept.
    example
        A name for such a file, for the error where the path is none.

    Raises
    ------
    DataError
        If that is no path, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = save(tempfile.mkdtemp() + "/a.json", "cohort review", {"notes": []}, "review.json")
    >>> load(path, "cohort review", "review.json")
    {'notes': []}
    """
    whole = {"saasmetrics": kind, "version": VERSION, **told}
    return write(path, json.dumps(whole, ensure_ascii=False, indent=1) + "\n", example)


def load(path: str | Path, kind: str, example: str) -> dict[str, Any]:
    """Return what a file of some kind holds.

    Parameters
    ----------
    path, kind, example
        As in `save`.

    Raises
    ------
    DataError
        If there is no such file, or it holds something else.
    """
    where = file_path(path, example)
    refuse_special(where, example)  # a device or a pipe may never end
    try:
        fits = where.stat().st_size <= MOST
        told = json.loads(where.read_text(encoding="utf-8")) if fits else None
    except OSError as error:
        msg = f"{where} cannot be read: {error.strerror or error}."
        raise DataError(msg) from None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.get("saasmetrics") != kind:
        msg = f"{where} is no {kind} saved by saasmetrics; give the path of one, such as {example}."
        raise DataError(msg)
    if told.get("version") != VERSION:
        msg = f"{where} is of version {told.get('version')!r}; this saasmetrics reads version {VERSION}."
        raise DataError(msg)
    return {name: value for name, value in told.items() if name not in ("saasmetrics", "version")}

"""The names of entries: a hash of what they depend on, which tells nothing about the data."""

from __future__ import annotations

import json
import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from saasmetrics.version import __version__

_FORM = "saasmetrics kept 1"
_READERS = ("tables", "importers", "engine", "checks", "cache", "policies")
_SUFFIXES = (".py", ".json")


def key_of(kind: str, *names: Any) -> str:
    """Return the name of an entry: 64 hexadecimal digits.

    Parameters
    ----------
    kind, names
        What it is, and all that it depends on, as JSON has it.

    Examples
    --------
    >>> key_of("file", "a") == key_of("file", "a"), key_of("file", "a") == key_of("file", "b")
    (True, False)
    """
    said = json.dumps([_FORM, _code(), kind, *names], sort_keys=True, default=str)
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _code() -> str:
    """Return a hash of the code that reads and counts, and of the libraries that it uses."""
    import numpy as np
    import pyarrow as pa

    found = sha256(f"{__version__} {np.__version__} {pa.__version__}".encode())
    root = Path(__file__).parents[1]
    folders = [place for name in _READERS for place in os.walk(root / name)]
    files = [Path(place, name) for place, _, names in folders for name in names]
    for path in sorted([*root.glob("*.py"), *files], key=str):
        if path.suffix in _SUFFIXES:
            found.update(str(path)[len(str(root)) :].encode())
            found.update(path.read_bytes())
    return found.hexdigest()

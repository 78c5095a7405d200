"""The words of invoices and customer cubes in several languages, as data."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files as resources
from typing import Any


@cache
def said() -> dict[str, Any]:
    """Return the names of columns and the words of lines, as data."""
    text = (
        resources("saasmetrics.importers")
        .joinpath("invoice_words.json")
        .read_text(encoding="utf-8")
    )
    found: dict[str, Any] = json.loads(text)
    return found

"""The words of invoices and customer cubes in several languages, as data."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files as resources
from typing import Any

from saasmetrics.tables.schema import customer_words


@cache
def said() -> dict[str, Any]:
    """Return the names of columns and the words of lines, as data."""
    text = (
        resources("saasmetrics.importers")
        .joinpath("invoice_words.json")
        .read_text(encoding="utf-8")
    )
    found: dict[str, Any] = json.loads(text)
    fields = found["fields"]
    # Numbers and names of customers are those of cubes too; they come before the dates, where they stand in files.
    first = {name: fields[name] for name in ("number", "line")}
    return {**found, "fields": {**first, **customer_words(), **fields}}

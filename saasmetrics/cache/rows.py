"""Tables as words and rows that can be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.tables.table import Table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["said_of", "table_of"]


def said_of(table: Table) -> dict[str, Any]:
    """Return what a table that was read from a file says beside its rows."""
    return {
        "name": table.name,
        "renamed": dict(table.renamed),
        "notes": list(table.notes),
        "zones": dict(table.zones),
        "places": dict(table.places),
        "lines": table.lines,
        "parts": [list(part) for part in table.parts],
    }


def table_of(said: dict[str, Any], data: pa.Table) -> Table:
    """Return the table of words and rows that were kept."""
    parts = tuple((label, many) for label, many in said["parts"])
    return Table(**{**said, "notes": tuple(said["notes"]), "parts": parts}, data=data)

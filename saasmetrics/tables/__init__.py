"""Input tables: the schema as data, reading, canonical names and dtypes, the quality gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saasmetrics.tables import gate
    from saasmetrics.tables.canonical import normalize, normalize_all
    from saasmetrics.tables.read import read_folder
    from saasmetrics.tables.schema import SCHEMA, table_schema
    from saasmetrics.tables.snapshots import read_any
    from saasmetrics.tables.table import Table
    from saasmetrics.tables.told import Told

__all__ = [
    "SCHEMA",
    "Table",
    "Told",
    "gate",
    "normalize",
    "normalize_all",
    "read_any",
    "read_folder",
    "table_schema",
]

_HOMES = {
    "SCHEMA": "schema",
    "Table": "table",
    "Told": "told",
    "normalize": "canonical",
    "normalize_all": "canonical",
    "read_any": "snapshots",
    "read_folder": "read",
    "table_schema": "schema",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, as pyarrow is heavy."""
    import importlib

    if name == "gate":
        return importlib.import_module("saasmetrics.tables.gate")
    if name in _HOMES:
        module = importlib.import_module(f"saasmetrics.tables.{_HOMES[name]}")
        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The same company in this process and where tables stay: in Polars and in DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

import saasmetrics as sm
from saasmetrics.tables import Table

WAYS = ("polars", "duckdb")


def there(data: Mapping[str, Any] | pa.Table, way: str) -> Any:
    """Return rows as a lazy frame of Polars, or as a relation of DuckDB."""
    rows = data if isinstance(data, pa.Table) else pa.table(dict(data))
    if way == "polars":
        import polars as pl

        return pl.from_arrow(rows).lazy()
    import duckdb

    return duckdb.from_arrow(rows)


def connected(tables: Mapping[str, Table], way: str, **told: Any) -> sm.Book:
    """Return the book of the same tables, connected."""
    return sm.connect(**{name: there(table.data, way) for name, table in tables.items()}, **told)


def brought(book: sm.Book) -> set[str]:
    """Return the tables of which rows are in this process."""
    return {name for name, _, _ in book.place.link.brought.values()}

"""The same tables in other libraries, for the portable engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.portable import PortableEngine
from saasmetrics.tables import Table

WAYS = ("pandas", "polars", "duckdb")


def native(data: pa.Table, way: str) -> Any:
    """Return an Arrow table as a frame of another library."""
    if way == "polars":
        import polars as pl

        return pl.from_arrow(data).lazy()
    if way == "duckdb":
        import duckdb

        return duckdb.from_arrow(data)
    fields = [
        f.with_type(pa.timestamp("us")) if pa.types.is_date(f.type) else f for f in data.schema
    ]
    return data.cast(pa.schema(fields)).to_pandas()


def portable(tables: Mapping[str, Table], way: str, local: LocalEngine) -> PortableEngine:
    """Return the portable engine on the same tables, read the same way as the local one."""
    used = ("subscriptions", "mrr", "invoices", "customers", "fx")
    frames = {name: native(tables[name].data, way) for name in used if name in tables}
    return PortableEngine(
        frames, local.policy, local.as_of, local.currency, local._fiscal_start, local._since
    )

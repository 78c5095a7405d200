"""Keep a frame that many queries start from, where its tables are, so that it is computed once."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import narwhals as nw

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame

_NUMBER = count()


def held(frame: Frame) -> Frame:
    """Return the same frame, computed and kept by its own engine; as it is where the engine keeps nothing.

    DuckDB keeps it as a temporary table, which may be larger than memory; Polars and pandas in memory; Spark and
    Ibis in their cache.
    """
    native, kind = frame.to_native(), frame.implementation
    if kind is nw.Implementation.POLARS:
        return frame.collect().lazy()
    if kind is nw.Implementation.DUCKDB:
        name = f"saasmetrics_{next(_NUMBER)}"
        native.query("found", f"create or replace temp table {name} as from found")
        return nw.from_native(native.query("found", f"from {name}")).lazy()
    if kind is nw.Implementation.PYSPARK:
        return nw.from_native(native.persist()).lazy()
    if kind is nw.Implementation.IBIS:
        return nw.from_native(native.cache()).lazy()
    return frame

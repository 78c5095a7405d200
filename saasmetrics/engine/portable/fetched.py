"""Fetch what a query finds, which is small: the only place where anything leaves the tables' own engine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.portable.whole import Frame

# PostgreSQL takes conditions on computed columns to leave next to no rows, and a cursor to be left after the first:
# so it loops over whole subqueries, once per row. Each setting holds for one transaction.
_POSTGRES = (
    "set local enable_nestloop = off; set local cursor_tuple_fraction = 1; set local jit = off"
)
_ALL = 2**62  # rows
_SPARK = "spark.sql.constraintPropagation.enabled"


def fetched(frame: Frame) -> Any:
    """Return what a frame holds as an Arrow table."""
    with planned(frame):
        return come(frame)


def come(frame: Frame) -> Any:
    """Return what a frame holds as an Arrow table, as its engine plans it: whoever watches what comes looks here."""
    return frame.collect().to_arrow()


def whole_columns(cells: Frame, names: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Fetch the columns of a small frame as whole numbers."""
    table = fetched(cells.select(*(nw.col(name).cast(nw.Int64) for name in names)))
    return {name: np.asarray(table[name]).astype(np.int64) for name in names}


def number(cell: Frame) -> Any:
    """Fetch the only value of a frame; None where it is missing."""
    found = fetched(cell).column(0).to_pylist()
    return None if not found or found[0] != found[0] else found[0]


def repeats(frame: Frame, key: str) -> bool:
    """Ask whether a value is in several rows of a column, or missing in several."""
    groups = frame.group_by(key).agg(nw.len().alias("rows")).filter(nw.col("rows") > 1)
    return bool(fetched(groups.head(1)).num_rows)


def dense(
    cells: Frame, shape: tuple[int, ...], dims: Mapping[str, int], names: Sequence[str]
) -> dict[str, NDArray[np.int64]]:
    """Fetch cells into arrays of groups x periods (x ages); `dims` says where each axis after the group begins."""
    found = whole_columns(cells, ("group", *dims, *names))
    place = (found["group"], *(found[name] - first for name, first in dims.items()))
    out = {}
    for name in names:
        out[name] = np.zeros(shape, np.int64)
        out[name][place] = found[name]
    return out


@contextmanager
def planned(frame: Frame) -> Iterator[None]:
    """Let the engine of a frame plan for many rows and long expressions until the block ends."""
    if frame.implementation.is_pyspark():
        with _unpropagated(frame.to_native().sparkSession.conf):
            yield
    elif (connection := postgres_of(frame)) is not None:
        with connection.transaction(), _unmerged():
            connection.execute(_POSTGRES)
            yield
    else:
        yield


def fenced(frame: Frame) -> Frame:
    """Return the same frame; PostgreSQL computes its columns before it goes on.

    It would put what a column is computed from wherever the column is named: a month that is named fifty times, in days
    that are named fifty times, is thousands of expressions. What has a limit it leaves as it is.
    """
    if not frame.implementation.is_ibis() or not _is_bound(frame) or postgres_of(frame) is None:
        return frame
    found: Frame = nw.from_native(frame.to_native().limit(_ALL)).lazy()
    return found


@contextmanager
def _unmerged() -> Iterator[None]:
    """Keep Ibis from merging a select with the one within: it takes long, and PostgreSQL does so by itself."""
    from ibis import options

    before, options.sql.fuse_selects = options.sql.fuse_selects, False
    try:
        yield
    finally:
        options.sql.fuse_selects = before


@contextmanager
def _unpropagated(settings: Any) -> Iterator[None]:
    """Keep Spark from deriving conditions from all columns: it takes longer the more are computed from each other."""
    before = settings.get(_SPARK)
    settings.set(_SPARK, "false")
    try:
        yield
    finally:
        settings.set(_SPARK, before)


def postgres_of(frame: Frame) -> Any:
    """Return the connection of a frame that is in PostgreSQL; None for any other."""
    if not frame.implementation.is_ibis():
        return None
    backend = backend_of(frame)
    return backend.con if backend.name == "postgres" else None


def _is_bound(frame: Frame) -> bool:
    """Whether a frame of Ibis is of a connection, and not only of names of tables."""
    return bool(frame.to_native().op().find(_tables_of_connections()))


def _tables_of_connections() -> Any:
    from ibis.expr.operations import DatabaseTable, InMemoryTable, SQLQueryResult

    return (DatabaseTable, InMemoryTable, SQLQueryResult)


def backend_of(frame: Frame) -> Any:
    """Return the Ibis connection of a frame."""
    return frame.to_native().get_backend()

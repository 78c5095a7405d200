"""Fetch what a query finds, which is small: the only place where anything leaves the tables' own engine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saasmetrics.engine.portable.whole import Frame

# PostgreSQL takes conditions on computed columns to leave next to no rows, and a cursor to be left after the first
# ones: so it loops over whole subqueries, once per row. Each setting holds for one transaction.
_POSTGRES = ("enable_nestloop = off", "cursor_tuple_fraction = 1", "jit = off")
_SPARK = "spark.sql.constraintPropagation.enabled"


def fetched(frame: Frame) -> Any:
    """Return what a frame holds as an Arrow table."""
    with planned(frame):
        return frame.collect().to_arrow()


@contextmanager
def planned(frame: Frame) -> Iterator[None]:
    """Let the engine of a frame plan for many rows and long expressions until the block ends."""
    kind: nw.Implementation = frame.implementation
    if kind is nw.Implementation.PYSPARK:
        with _unpropagated(frame.to_native().sparkSession.conf):
            yield
    elif (connection := postgres_of(frame)) is not None:
        with connection.transaction():
            for setting in _POSTGRES:
                connection.execute(f"set local {setting}")
            yield
    else:
        yield


@contextmanager
def _unpropagated(settings: Any) -> Iterator[None]:
    """Keep Spark from deriving conditions from all columns, which takes long where they follow from each other."""
    before = settings.get(_SPARK)
    settings.set(_SPARK, "false")
    try:
        yield
    finally:
        settings.set(_SPARK, before)


def postgres_of(frame: Frame) -> Any:
    """Return the connection of a frame that is in PostgreSQL; None for any other."""
    kind: nw.Implementation = frame.implementation
    if kind is not nw.Implementation.IBIS:
        return None
    backend = backend_of(frame)
    return backend.con if backend.name == "postgres" else None


def backend_of(frame: Frame) -> Any:
    """Return the Ibis connection of a frame."""
    return frame.to_native().get_backend()

"""Keep a frame that many queries start from, where its tables are, so that it is computed once."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import narwhals as nw

from saasmetrics.engine.portable.fetched import backend_of, planned, postgres_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saasmetrics.engine.portable.whole import Frame

_NUMBER = count()
# Temporary tables that nothing refers to any more, by connection: dropped when the next one is made, for a connection
# may be in the middle of a query when the last reference goes.
_LEFT: weakref.WeakKeyDictionary[Any, list[str]] = weakref.WeakKeyDictionary()

_STEPS: ContextVar[dict[str, tuple[str, Any]] | None] = ContextVar("steps", default=None)


@contextmanager
def kept_steps() -> Iterator[dict[str, tuple[str, Any]]]:
    """Collect what temporary tables of Ibis are made from until the block ends: by name, what it is and its query."""
    token = _STEPS.set({})
    try:
        yield cast("dict[str, tuple[str, Any]]", _STEPS.get())
    finally:
        _STEPS.reset(token)


def held(frame: Frame, what: str = "step") -> Frame:
    """Return the same frame, computed and kept by its own engine; as it is where the engine keeps nothing.

    Parameters
    ----------
    frame
        What is kept.
    what
        What it is, in one word, for who reads the queries.

    Notes
    -----
    Nothing is written to anyone's schema. DuckDB and PostgreSQL keep the frame as a temporary table, which may be
    larger than memory and goes with the session; a role that may make none computes it again in each query. Polars
    keeps it in memory, Spark on its disks, without the way it came about: planning that again takes longer than
    counting.
    """
    native, kind = frame.to_native(), frame.implementation
    if kind is nw.Implementation.POLARS:
        return frame.collect().lazy()
    if kind is nw.Implementation.DUCKDB:
        name = f"saasmetrics_{next(_NUMBER)}"
        made = native.query("found", f"create or replace temp table {name} as from found")
        # A relation carries the text of all that it came from, but for what a statement said that wrote (DuckDB 2).
        near = native if made is None else made
        return nw.from_native(near.query("found", f"from {name}")).lazy()
    if kind is nw.Implementation.PYSPARK:
        with planned(frame):
            return nw.from_native(native.localCheckpoint(eager=False)).lazy()
    if kind is nw.Implementation.IBIS and _may_keep(frame):
        return _in_temporary_table(frame, what)
    return frame


def is_kept(frame: Frame) -> bool:
    """Return whether `held` keeps a frame, so that what takes many steps is worth asking where the tables are."""
    return not frame.implementation.is_ibis() or _may_keep(frame)


def _may_keep(frame: Frame) -> bool:
    """Return whether the engine behind Ibis has tables that only the session sees, and lets this role make one."""
    connection = postgres_of(frame)
    if connection is None:
        return bool(backend_of(frame).name == "duckdb")
    may = "select pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMP')"
    return bool(connection.execute(may).fetchone()[0])


def _in_temporary_table(frame: Frame, what: str) -> Frame:
    native, backend = frame.to_native(), backend_of(frame)
    left = _LEFT.setdefault(backend, [])
    while left:
        backend.drop_table(left.pop(), force=True)
    name = f"saasmetrics_{next(_NUMBER)}"
    with planned(frame):
        table = backend.create_table(name, native, schema=native.schema(), temp=True)
    weakref.finalize(table.op(), left.append, name)
    steps = _STEPS.get()
    if steps is not None:
        steps[name] = (what, native)
    kept: Frame = nw.from_native(table).lazy()
    return kept

"""Keep a frame that many queries start from, where its tables are, so that it is computed once."""

from __future__ import annotations

import _thread
import threading
import weakref
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.portable.fetched import backend_of, fenced, planned
from saasmetrics.engine.portable.told import steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saasmetrics.engine.portable.whole import Frame

_NUMBER = count()
_MOMENT = 0.05  # seconds after which something that was let go is gone
# Temporary tables that nothing refers to any more, by connection: dropped when the next one is made, for a connection
# may be in the middle of a query when the last reference goes.
_LEFT: weakref.WeakKeyDictionary[Any, list[str]] = weakref.WeakKeyDictionary()

# Whether the role of a connection may make temporary tables: asked once.
_MAY: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()

# What the steps that are kept meanwhile belong to: in DuckDB they are dropped when it goes.
_OWNER: ContextVar[Any] = ContextVar("owner", default=None)


@contextmanager
def held_by(owner: object) -> Iterator[None]:
    """Let what is kept until the block ends go when an object goes; frames made of it are of no use after that."""
    token = _OWNER.set(owner)
    try:
        yield
    finally:
        _OWNER.reset(token)


class _Meanwhile:
    """What owns the steps to an answer that comes while they are kept."""


@contextmanager
def held_meanwhile() -> Iterator[None]:
    """Let what is kept until the block ends go with its end; frames made of it are of no use after that."""
    with held_by(_Meanwhile()):
        yield


def held(frame: Frame, what: str = "step", said: str = "") -> Frame:
    """Return the same frame, computed and kept by its own engine; as it is where the engine keeps nothing.

    Parameters
    ----------
    frame
        What is kept.
    what, said
        What it is, in one word and in a few, for who reads the queries.

    Notes
    -----
    Nothing is written to anyone's schema. DuckDB and PostgreSQL keep the frame as a temporary table, which may be
    larger than memory and goes with the session, or with what it is `held_by`; a role that may make none computes it
    again in each query. Polars keeps it in memory, Spark on its disks, without the way it came about: planning that
    again takes longer than counting.
    """
    native, kind = frame.to_native(), frame.implementation
    if kind is nw.Implementation.POLARS:
        return frame.collect().lazy()
    if kind is nw.Implementation.DUCKDB:
        name = f"saasmetrics_{next(_NUMBER)}"
        source = f"{name}_source"  # a name of its own: where one is taken, DuckDB reads what has it
        made = native.query(source, f"create or replace temp table {name} as from {source}")
        # A relation carries the text of all that it came from, but for what a statement said that wrote (DuckDB 2).
        near = native if made is None else made
        _dropped_with_its_owner(near, name)
        return nw.from_native(near.query(source, f"from {name}")).lazy()
    if kind is nw.Implementation.PYSPARK:
        with planned(frame):
            return nw.from_native(native.localCheckpoint(eager=False)).lazy()
    if kind is nw.Implementation.IBIS and _may_keep(frame):
        return _in_temporary_table(frame, what, said)
    return frame


def apart(frame: Frame) -> Frame:
    """Return the same frame, for Spark kept: it puts whatever a column is made of into each condition on it.

    Planning conditions on columns that are made of others that are made of others takes longer than counting rows.
    """
    return held(frame) if frame.implementation.is_pyspark() else frame


def settled(frame: Frame) -> Frame:
    """Return the same frame; PostgreSQL and Spark compute its columns before they go on."""
    return apart(fenced(frame))


def keeps(frame: Frame) -> bool:
    """Return whether the engine of a frame keeps steps: else each query computes all of them anew."""
    return not frame.implementation.is_ibis() or _may_keep(frame)


def _may_keep(frame: Frame) -> bool:
    """Return whether the engine behind Ibis has tables that only the session sees, and lets this role make one."""
    backend = backend_of(frame)
    if backend.name != "postgres":
        return bool(backend.name == "duckdb")
    if backend not in _MAY:
        may = "select pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMP')"
        _MAY[backend] = bool(backend.con.execute(may).fetchone()[0])
    return _MAY[backend]


def _dropped_with_its_owner(native: Any, name: str) -> None:
    """Drop a temporary table of DuckDB with its owner: unlike with Ibis, nothing tells which frames refer to it."""
    owner = _OWNER.get()
    if owner is not None:
        # A relation of the connection that hangs on no table, for those may go before; older DuckDB calls it execute.
        one = native.query(f"{name}_door", "select 1 as one")
        door = one.materialize() if hasattr(one, "materialize") else one.execute()
        weakref.finalize(owner, _dropped, door, name).atexit = False


def _dropped(door: Any, name: str) -> None:
    try:
        door.query(f"{name}_door", f"drop table if exists temp.{name}")
    except KeyboardInterrupt:
        _interrupt_again()
    except Exception as error:  # noqa: BLE001
        # Of a connection that is closed, or has a result that is not read to its end.
        if "interrupt" in str(error).lower():
            _interrupt_again()


def _interrupt_again() -> None:
    """Let the stop button be felt a moment later: what is raised while something is let go is lost."""
    again = threading.Timer(_MOMENT, _thread.interrupt_main)
    again.daemon = True
    again.start()


def _in_temporary_table(frame: Frame, what: str, said: str) -> Frame:
    native, backend = frame.to_native(), backend_of(frame)
    left = _LEFT.setdefault(backend, [])
    while left:
        backend.drop_table(left.pop(), force=True)
    name = f"saasmetrics_{next(_NUMBER)}"
    with planned(frame):
        table = backend.create_table(name, native, schema=native.schema(), temp=True)
    weakref.finalize(table.op(), left.append, name)
    told = steps()
    if told is not None:
        told.kept[name] = native
        told.named.setdefault(native.op(), (what, said))
    kept: Frame = nw.from_native(table).lazy()
    return kept

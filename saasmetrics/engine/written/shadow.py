"""The portable engine on the tables of a book in DuckDB, so that its queries can be read off."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.connected.engine import USED
from saasmetrics.engine.connected.filters import filtered_there
from saasmetrics.engine.connected.link import Link
from saasmetrics.engine.connected.rows import Rows, is_there
from saasmetrics.engine.portable import PortableEngine
from saasmetrics.engine.portable.known import known_frame
from saasmetrics.engine.portable.told import telling
from saasmetrics.errors import DataError
from saasmetrics.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from saasmetrics.engine.portable.told import Steps

_EPOCH = "date '1970-01-01'"
# The words of queries that are to be read, for DuckDB, which answers what has to be known while they are written.
_WORDS = (
    f"month_of(x) as date_diff('month', {_EPOCH}, {_EPOCH} + cast(x as integer))",
    f"first_of(x) as cast({_EPOCH} + cast(x as integer) * interval '1 month' as date)",
    f"day_of(x) as date_diff('day', {_EPOCH}, {_EPOCH} + cast(x as integer) * interval '1 month')",
)
_NOTHING = 0  # bytes that are brought: the tables are in this process already


@contextmanager
def shadow(
    book: Any, engine: Any, beside: Sequence[str] = ()
) -> Iterator[tuple[PortableEngine, Steps]]:
    """Open the portable engine that counts what an engine of a book counts, and the steps that it keeps.

    Parameters
    ----------
    book, engine
        A book, and an engine of its tables.
    beside
        Tables that are needed beside those that MRR comes from.

    Raises
    ------
    DataError
        If the book was cut by anything but `where`, `between` and `as_of`.
    """
    import ibis

    cuts: list[Any] = [getattr(cut, "keywords", {}).get("values") for cut in book.cuts]
    if None in cuts or engine.tables is not book.tables:
        msg = "SQL is written for books as they were read, cut by where, between and as_of; this one was cut otherwise."
        raise DataError(msg)
    connection = ibis.duckdb.connect()
    for word in _WORDS:
        connection.con.execute(f"create temp macro {word}")
    try:
        link = Link(_NOTHING)
        day = book.known_day if engine.policy.knowledge == "recorded" else None
        with telling() as steps:
            tables: Any = {}
            for name in (name for name in (*USED, *beside) if name in book.history):
                frame = known_frame(name, _frame(connection, name, book.history[name]), day)
                tables[name] = Table(name, Rows(name, frame, link))
            for values in cuts:
                tables = filtered_there(tables, values, link)
            frames = {name: table.data.frame for name, table in tables.items()}
            options = (engine.policy, engine.as_of, engine.currency)
            more = (engine._fiscal_start, engine._since)  # noqa: SLF001
            yield PortableEngine(frames, *options, *more), steps
    finally:
        connection.disconnect()


def _frame(connection: Any, name: str, table: Table) -> Any:
    """Return the rows of a table as a table of the same name in DuckDB."""
    data = table.data.here() if is_there(table) else table.data
    connection.con.register(name, data)
    return nw.from_native(connection.table(name)).lazy()

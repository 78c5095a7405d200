"""The portable engine on the tables of a book in DuckDB, so that its queries can be read off."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.connected import Link, There
from saasmetrics.engine.connected.engine import USED
from saasmetrics.engine.connected.link import free_half
from saasmetrics.engine.connected.rows import Rows, is_there
from saasmetrics.engine.portable.held import kept_steps
from saasmetrics.errors import DataError
from saasmetrics.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saasmetrics.engine.portable import PortableEngine


@contextmanager
def shadow(book: Any, engine: Any) -> Iterator[tuple[PortableEngine, dict[str, tuple[str, Any]]]]:
    """Open the portable engine that counts what an engine of a book counts, and the steps that it keeps.

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
    try:
        link = Link(free_half())
        history = {
            name: Table(name, Rows(name, _frame(connection, name, table), link))
            for name, table in book.history.items()
            if name in USED
        }
        place = There(link)
        day = book.known_day if engine.policy.knowledge == "recorded" else None
        with kept_steps() as steps:
            tables = place.known(history, day)
            for values in cuts:
                tables = place.filtered(tables, values)
            options = (engine.policy, engine.as_of, engine.currency)
            more = (engine._fiscal_start, engine._since)  # noqa: SLF001
            there: Any = place.engine(tables, *options, *more)
            yield there.there, steps
    finally:
        connection.disconnect()


def _frame(connection: Any, name: str, table: Table) -> Any:
    """Return the rows of a table as a table of the same name in DuckDB."""
    data = table.data.here() if is_there(table) else table.data
    connection.con.register(name, data)
    return nw.from_native(connection.table(name)).lazy()

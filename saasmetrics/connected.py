"""Books of tables that stay in a warehouse: which table is meant, and the book of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import size_in_bytes
from saasmetrics.book import Book
from saasmetrics.book_fields import fill
from saasmetrics.engine.amounts import reporting_currency
from saasmetrics.engine.connected import Link, There, connected_tables
from saasmetrics.errors import DataError, MissingExtraError, MissingTableError, hint
from saasmetrics.memory import free
from saasmetrics.periods import last_day
from saasmetrics.policy import resolve
from saasmetrics.tables import table_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SHOWN = 12  # names of tables in an error
_FILES = (".duckdb", ".ddb", ".db")


def connect(
    connection: Any = None,
    *,
    policy: Any = "default",
    currency: str | None = None,
    fiscal_start: int = 1,
    as_of: Any = None,
    memory_limit: int | str | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
    **tables: Any,
) -> Book:
    """Return the book of tables that stay where they are; see `saasmetrics.connect`."""
    limit = free() // 2 if memory_limit is None else size_in_bytes("memory_limit", memory_limit)
    day, code = None if as_of is None else last_day(as_of), reporting_currency(currency)
    chosen = resolve(policy)
    link = Link(limit)
    with link.asking("Connecting"):
        natives = _natives(connection, {k: v for k, v in tables.items() if v is not None})
        link.backends += _backends(natives.values())
    history = connected_tables(natives, link, columns or {})
    book = Book.__new__(Book)
    fill(book, history, chosen, code, fiscal_start, day, known=day, place=There(link))
    return book


def _natives(connection: Any, tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return a frame for each table: as given, or the table of that name of the connection."""
    for name in tables:
        table_schema(name)
    named = {name: given for name, given in tables.items() if isinstance(given, str)}
    if connection is None:
        if named:
            name, given = next(iter(named.items()))
            msg = f"{name}={given!r} names a table, but of what? sm.connect(connection, {name}={given!r})."
            raise DataError(msg)
        if not tables:
            msg = "connect needs tables: sm.connect(subscriptions=relation), or a connection that has them."
            raise MissingTableError(msg)
        return dict(tables)
    table_of, all_names = _opened(connection)
    wanted = {name: tables.get(name) for name in tables} or _recognized(all_names())
    return {
        name: _there(name, given, table_of, all_names) if isinstance(given, str) else given
        for name, given in wanted.items()
    }


def _there(
    name: str, given: str, table_of: Callable[[str], Any], all_names: Callable[[], list[str]]
) -> Any:
    """Return the table of a name, or say which there are where none has it."""
    try:
        return table_of(given)
    except Exception as error:
        try:
            names = sorted(all_names())
        except Exception:  # noqa: BLE001 (of any system: what it cannot list says less than its first fault)
            raise error from None
        if given in names or "." in given:  # another fault, or a table of another schema
            raise
        shown = f"It has {', '.join(names[:_SHOWN])}" if names else "It has no tables"
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        msg = f"There is no table {given!r} for {name}. {shown}{more}."
        raise MissingTableError(msg + hint(given, names)) from error


def _opened(connection: Any) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return how a connection gives a table by name, and the names of all its tables."""
    if isinstance(connection, (str, os.PathLike)):
        return _opened(_by_address(os.fspath(connection)))
    home = type(connection).__module__.split(".")[0]
    if home in ("duckdb", "_duckdb"):
        return connection.table, lambda: _duckdb_names(connection)
    if home == "ibis":
        return lambda name: _ibis_table(connection, name), connection.list_tables
    if home == "pyspark":
        return connection.table, lambda: [t.name for t in connection.catalog.listTables()]
    msg = (
        f"cannot connect to a {home} {type(connection).__name__}. Give a connection of DuckDB or "
        'Ibis, a Spark session, the path of a DuckDB file, or an address such as "postgres://host/database".'
    )
    raise DataError(msg)


def _by_address(address: str) -> Any:
    """Open a DuckDB file for reading, or what Ibis knows by an address."""
    if "://" not in address and address.endswith(_FILES):
        try:
            import duckdb
        except ImportError as error:
            raise MissingExtraError.of("duckdb", "duckdb", "A DuckDB file") from error
        if not Path(address).exists():
            msg = f"There is no file {address!r}."
            raise DataError(msg)
        return duckdb.connect(address, read_only=True)
    if "://" not in address:
        msg = f'{address!r} is neither a DuckDB file nor an address such as "postgres://host/database".'
        raise DataError(msg)
    try:
        import ibis
    except ImportError as error:
        raise MissingExtraError.of("ibis-framework", "warehouse", "An address") from error
    return ibis.connect(address)


def _duckdb_names(connection: Any) -> list[str]:
    found = connection.execute(
        "select table_name from information_schema.tables where table_schema = current_schema() order by 1"
    )
    return [row[0] for row in found.fetchall()]


def _ibis_table(connection: Any, name: str) -> Any:
    """Return a table by name, with its schema or catalog before a dot."""
    *place, table = name.split(".")
    database = None if not place else tuple(place) if len(place) > 1 else place[0]
    return connection.table(table, database=database)


def _recognized(names: list[str]) -> dict[str, str]:
    """Return the tables that are named like those of the schema."""
    from saasmetrics.tables.read import table_of_stem

    found: dict[str, str] = {}
    for name in sorted(names):
        table = table_of_stem(name)
        if table is None:
            continue
        if table in found:
            both = f"{found[table]} and {name} are both the table {table!r}"
            msg = f"{both}. Say which: sm.connect(..., {table}={name!r})."
            raise DataError(msg)
        found[table] = name
    if not found:
        shown = f"It has {', '.join(sorted(names)[:8])}. " if names else "It has no tables. "
        msg = f"No table is recognized there. {shown}Say which: sm.connect(..., mrr='its name')."
        raise MissingTableError(msg)
    return found


def _backends(natives: Any) -> list[Any]:
    """Return the backends of Ibis behind some tables, each once: they can connect again."""
    found = {}
    for native in natives:
        if type(native).__module__.startswith("ibis"):
            backend = native.get_backend()
            found[id(backend)] = backend
    return list(found.values())

"""The link to where tables are: what may be brought through it, what was, and what its faults mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from saasmetrics.engine.portable.held import held_meanwhile
from saasmetrics.errors import DataError, WarehouseError
from saasmetrics.memory import spoken
from saasmetrics.money import counted

_FOREIGN = frozenset(
    {"duckdb", "_duckdb", "polars", "narwhals", "pyspark", "py4j", "ibis", "sqlglot", "sqlalchemy"}
    | {"psycopg", "psycopg2", "pyodbc", "oracledb", "pymysql", "google", "snowflake", "databricks"}
    | {"trino", "clickhouse_connect", "requests", "urllib3"}
)
# Words of a fault, in the names of its classes and in its message -> what happened and what to do.
_FAULTS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("querycanceled", "canceling statement", "interruptexception", "57014", "was canceled"),
        "the query was ended there: by a time limit, or by somebody",
        "Ask again, for fewer rows (book.where, book.between) or with a longer statement_timeout.",
    ),
    (
        (
            "undefinedtable",
            "tablenotfound",
            "table_or_view_not_found",
            "does not exist",
            "not found",
        ),
        "a table, or a column of it, is not there",
        "Look how it is spelled, and whether it was renamed or dropped, then connect again.",
    ),
    (
        ("resourceinuse", "unfinished result"),
        "its connection is in the middle of another result",
        "Read that result to its end, or give the book a connection of its own (DuckDB: connection.cursor()).",
    ),
    (
        ("outofmemory", "out of memory", "could not allocate", "failed to offload"),
        "its memory did not suffice",
        "Give it more, or a folder to spill to (DuckDB: SET memory_limit, SET temp_directory), or ask for fewer rows.",
    ),
    (
        ("dataerror", "arrowinvalid", "out of range"),
        "a value cannot be converted",
        "Make it missing in a view or a query: NULLIF(the column, 'infinity') for ends, or 'NaN' for numbers.",
    ),
    (
        ("insufficientprivilege", "permission denied", "access denied", "not authorized"),
        "the role may not do that",
        "Ask for SELECT on the tables named in sm.connect; nothing else is needed.",
    ),
    (
        (
            *("adminshutdown", "operationalerror", "interfaceerror", "connectionexception"),
            *("connection", "terminating", "brokenpipe", "py4jnetwork"),
        ),
        "the connection was lost",
        "Ask again once the system can be reached; if it still fails, connect again.",
    ),
)
LOST = "the connection was lost"
# Faults of cleaning up after another: the first one says what happened.
_AFTER = frozenset({"InvalidCursorName", "InFailedSqlTransaction"})


@dataclass(eq=False)
class Link:
    """What a book that is connected may bring here, and what it brought.

    Parameters
    ----------
    limit
        Bytes that may be held here at a time.
    backends
        Systems that can connect again by themselves.
    brought
        What is here: table, rows and bytes by the number of the stand-in that has them.
    faults
        How many faults there were: what was kept there before one may be gone.
    """

    limit: int
    backends: list[Any] = field(default_factory=list)
    brought: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    faults: int = 0
    lost: bool = False
    wanted: str = ""

    def allow(self, holder: int, table: str, rows: int, size: int) -> None:
        """Refuse to bring rows that would not fit beside what others hold here already.

        Raises
        ------
        DataError
            If they would not; it says what needs them, how many they are, and what to do.
        """
        held = sum(size for other, (_, _, size) in self.brought.items() if other != holder)
        if held + size <= self.limit:
            self.brought[holder] = (table, rows, size)
            return
        beside = f" beside {spoken(held)} that are here already" if held else ""
        need = f"{self.wanted} needs" if self.wanted else "This needs"
        msg = (
            f"{need} the rows of {table} here: {rows:,} rows, about {spoken(size)}{beside}, and the limit is "
            f"{spoken(self.limit)}. Look at fewer of them, book.where(...) or between(...); allow more, "
            'sm.connect(..., memory_limit="8GB"); or ask what is counted where the tables are, '
            "such as revenue.bridge or retention.nrr."
        )
        raise DataError(msg)

    def has(self, table: str) -> bool:
        """Return whether rows of a table were brought that are still here."""
        return any(name == table for name, _, _ in self.brought.values())

    def release(self, holder: int) -> None:
        """Forget what a stand-in held that is gone."""
        self.brought.pop(holder, None)

    @contextmanager
    def needed_by(self, what: str) -> Iterator[None]:
        """Say what needs the rows that are brought meanwhile."""
        before, self.wanted = self.wanted, self.wanted or what
        try:
            yield
        finally:
            self.wanted = before

    @contextmanager
    def counting(self, what: str, wanted_by: str) -> Iterator[None]:
        """Ask as `asking` does for what comes before the block ends: steps to it are kept there until then.

        Parameters
        ----------
        what
            What is asked, at the beginning of a sentence.
        wanted_by
            What needs it, as for `needed_by`.
        """
        with self.needed_by(wanted_by), self.asking(what), held_meanwhile():
            yield

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Turn faults of other systems into errors that say what was asked and what to do; connect again after a loss.

        Raises
        ------
        WarehouseError
            If the system fails.
        """
        self._again()
        try:
            yield
        except DataError:
            raise
        except KeyboardInterrupt:
            self.faults += 1
            self.lost = bool(self.backends)  # which may still be in the middle of a query
            raise
        except Exception as error:
            if isinstance(error, RuntimeError) and "interrupted" in str(error).lower():
                raise KeyboardInterrupt from error  # which DuckDB gives under another name
            if not _foreign(error):
                raise
            self.faults += 1
            first = _first(error)
            if isinstance(first, KeyboardInterrupt):
                self.lost = bool(self.backends)
                raise first from None
            happened, remedy = _meaning(first)
            self.lost = self.lost or happened == LOST
            said = str(first).strip().splitlines() or [type(first).__name__]
            msg = f"{what} failed where the tables are: {happened} ({said[0][:300]}). {remedy}"
            raise WarehouseError(msg) from error

    def _again(self) -> None:
        if not self.lost:
            return
        for backend in self.backends:
            with suppress(Exception):  # of a connection that is gone
                backend.disconnect()
            try:
                backend.reconnect()
            except Exception as error:
                msg = f"The system cannot be reached ({str(error).strip()[:200]}). Ask again when it can."
                raise WarehouseError(msg) from error
        self.lost = False

    def notes(self) -> tuple[str, ...]:
        """Return in words what was brought and is here, each table once, with the rows of all its parts."""
        parts: dict[str, list[int]] = {}
        for name, rows, _ in self.brought.values():
            parts.setdefault(name, []).append(rows)
        return tuple(
            f"brought {counted(sum(rows), 'row')} of {name}{f' in {len(rows)} parts' * (len(rows) > 1)}"
            for name, rows in parts.items()
        )


def _first(error: BaseException) -> BaseException:
    """Return the fault that others only followed."""
    while type(error).__name__ in _AFTER:
        before = error.__cause__ or error.__context__
        if before is None:
            break
        error = before
    return error


def _foreign(error: BaseException) -> bool:
    """Whether an error is of the system that holds the tables, or of the way there."""
    if isinstance(error, OSError):
        return True
    return any(kind.__module__.split(".")[0] in _FOREIGN for kind in type(error).__mro__)


def _meaning(error: BaseException) -> tuple[str, str]:
    if found := _held_file(str(error)):
        return found
    kinds = " ".join(kind.__name__ for kind in type(error).__mro__)
    for words in (kinds, str(error)):
        for known, happened, remedy in _FAULTS:
            if any(word in words.lower() for word in known):
                return happened, remedy
    return "it could not answer", "The words in parentheses are its own."


def _held_file(words: str) -> tuple[str, str] | None:
    """Return what happened to a file of DuckDB that is open already, which it tells as a fault of the connection."""
    if "different configuration than existing" in words:
        return (
            "this process has the file open in another way",
            "Give the connection that has it, sm.connect(connection), or close that first.",
        )
    if "Could not set lock on file" not in words and "used by another process" not in words:
        return None
    told = re.search(r"\(PID (\d+)\)", words)
    who = f"another process{f', with the PID {told[1]},' if told else ''}"
    remedy = "Close the file there; or open it there for reading, duckdb.connect(file, read_only=True), as several may."
    return f"{who} holds the file", remedy

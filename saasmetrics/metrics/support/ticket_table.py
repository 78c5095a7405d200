"""The tickets of a book: the table, and its rows as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from saasmetrics.engine.tickets import Tickets, tickets_of
from saasmetrics.errors import MissingTableError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.tables import Table

_MADE: WeakKeyDictionary[LocalEngine, dict[str, Tickets]] = WeakKeyDictionary()


def tickets_table(book: Book) -> Table:
    """Return the tickets of a book as they are.

    Raises
    ------
    MissingTableError
        If the book has no tickets.
    """
    if "tickets" not in book.tables:
        msg = (
            "This needs the table tickets (ticket_id, customer_id, created_at, and as far as known first_reply_at, "
            "solved_at, channel, tag, priority, agent_id); add it to the folder or pass Book(tickets=...)."
        )
        raise MissingTableError(msg)
    return book.tables["tickets"]


def tickets_in(book: Book, zone: str = "UTC") -> Tickets:
    """Return the tickets of a book as arrays, made once.

    Raises
    ------
    MissingTableError
        If the book has no tickets.
    """
    tickets_table(book)
    kept = _MADE.setdefault(book.engine, {})
    if zone not in kept:
        kept[zone] = tickets_of(book.tables, book.as_of_day, zone)
    return kept[zone]


def when_asked(drill: Callable[[], Callable[..., pd.DataFrame]]) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`, made when it is called: only then do tickets come one by one."""

    def rows(period: Any = None, **group: Any) -> pd.DataFrame:
        return drill()(period, **group)

    return rows

"""Tickets that were counted where they are: an inbox of cells, each of which stands for many tickets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.groups import columns
from saasmetrics.engine.moments import check_zone
from saasmetrics.engine.ticket_groups import known_column
from saasmetrics.engine.tickets import Tickets, later_notes, tickets_of
from saasmetrics.metrics.support.inbox import Inbox
from saasmetrics.metrics.support.ticket_table import tickets_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.connected.tickets import Cells
    from saasmetrics.engine.local import LocalEngine

    Ints = NDArray[np.int64]

_KEPT = 4  # answers of a book
_MADE: WeakKeyDictionary[LocalEngine, dict[Any, Cells]] = WeakKeyDictionary()


def counted_inbox(
    book: Book, freq: str = "M", by: str | Sequence[str] | None = None, zone: str = "UTC"
) -> Inbox:
    """Return the tickets asked about for who needs none of them one by one: where they are elsewhere, counted there.

    Parameters
    ----------
    book, freq, by, zone
        As for `Inbox.asked`. Each element of the inbox has `n` tickets of one customer, group and period.

    Raises
    ------
    UnknownNameError
        If there is no such frequency, time zone or column.
    MissingTableError
        If the book has no tickets.
    """
    table = tickets_table(book)
    names = columns(by)
    if not table.is_away:
        return Inbox.asked(book, freq, names, zone)
    book.calendar(freq)
    check_zone(zone)
    used = {known_column(name, book.tables)[0] for name in names}
    if not all(book.tables[name].is_away for name in used):
        return Inbox.asked(book, freq, names, zone)
    return CountedInbox(book, freq, zone, names)


@dataclass(frozen=True, eq=False)
class CountedInbox(Inbox):
    """An inbox of cells: every array has one element per cell, which `n` tickets are in."""

    @cached_property
    def counts(self) -> Cells:
        """What was counted, kept for the next metric that asks for the same."""
        kept = _MADE.setdefault(self.book.engine, {})
        key = (self.freq, self.zone, self.by)
        kept[key] = kept.pop(key) if key in kept else self._counted()
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]
        return kept[key]

    def _counted(self) -> Cells:
        from saasmetrics.engine.connected.tickets import counted_tickets

        book = self.book
        known = [known_column(name, book.tables) for name in self.by]
        calendar, days = book.calendar(self.freq), (book.since_day, book.as_of_day)
        return counted_tickets(book.tables, known, calendar, days, self.zone)

    @cached_property
    def n(self) -> Ints:
        """How many tickets each cell has."""
        return self.counts.whole("n")

    @property
    def customer(self) -> Ints:
        """The customer of each cell, as a place in `customer_ids`; -1 for none."""
        return self.counts.customer

    @property
    def customer_ids(self) -> pa.Array:
        """The customers who have tickets."""
        return self.counts.customer_ids

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the footnote says of tickets that are not known yet."""
        return later_notes(len(self.book.tables["tickets"].data) - int(self.n.sum()))

    @property
    def columns(self) -> list[tuple[list[Any], NDArray[np.int32]]]:
        """The labels of each by-column, and which of them every cell has."""
        return self.counts.columns

    @cached_property
    def created(self) -> Ints:
        """The period in which the tickets of each cell were created."""
        return self.counts.whole("period")

    @cached_property
    def days(self) -> Ints:
        """The day on which the tickets of each cell were created, where days are the periods."""
        assert self.freq == "D"
        return self.created

    @cached_property
    def since(self) -> NDArray[np.bool_]:
        """The cells of tickets created from the first day that is looked at."""
        return np.asarray(self.counts.whole("since") == 1)

    def shown(self, mine: NDArray[np.bool_], **more: NDArray[Any]) -> pd.DataFrame:
        """Return the tickets of some cells with their ids, moments and more columns, the oldest first."""
        part = _Part(self.book, self.freq, self.zone, self.by, self._days(mine))
        cell = self._cell_of(part)
        picked = mine[cell]
        place = np.cumsum(mine) - 1
        return part.shown(picked, **{name: v[place[cell[picked]]] for name, v in more.items()})

    def _days(self, mine: NDArray[np.bool_]) -> tuple[int, int]:
        """Return the first and the last day of UTC on which tickets of some cells may have been created."""
        if not mine.any():
            return 0, -1
        calendar = self.book.calendar(self.freq)
        edges = np.array([self.created[mine].min(), self.created[mine].max()])
        return int(calendar.first_day(edges)[0]) - 1, int(calendar.last_day(edges)[1]) + 1

    def _cell_of(self, part: Inbox) -> Ints:
        """Return the cell of each ticket of a part."""
        at = {label: place for place, label in enumerate(self.groups.labels)}
        group = np.array([at[label] for label in part.groups.labels], np.int64)[part.code]
        ids = pc.index_in(part.customer_ids, value_set=self.customer_ids)
        who = np.append(np.asarray(ids.fill_null(-1)), -1).astype(np.int64)[part.customer]
        many = len(self.customer_ids) + 1
        low = int(self.created.min(initial=0))

        def key(code: Ints, customer: Ints, inbox: Inbox) -> Ints:
            when = (inbox.created - low) * 2 + inbox.since
            return (when * len(at) + code) * many + customer + 1

        mine = key(self.code, self.customer, self)
        order = np.argsort(mine)
        found = np.searchsorted(mine[order], key(group, who, part))
        return order[found]


@dataclass(frozen=True, eq=False)
class _Part(Inbox):
    """The tickets of some days of UTC, brought one by one."""

    between: tuple[int, int] = (0, 0)

    @cached_property
    def tickets(self) -> Tickets:
        """The tickets of these days."""
        from saasmetrics.engine.connected.tickets import tickets_between

        tables = {"tickets": tickets_between(self.book.tables["tickets"], *self.between)}
        return tickets_of(tables, self.book.as_of_day, self.zone)

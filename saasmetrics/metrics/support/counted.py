"""Tickets that were counted where they are: an inbox of cells, each of which stands for many tickets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import encode
from saasmetrics.engine.connected.rows import brought, canonical, is_there
from saasmetrics.engine.groups import columns, encoded
from saasmetrics.engine.moments import check_zone, end_of_day, offsets_of
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.instants import offsets_between
from saasmetrics.engine.portable.tickets import Clock, first_moment, ticket_cells
from saasmetrics.engine.portable.whole import FAR, day_number
from saasmetrics.engine.ticket_groups import known_column
from saasmetrics.engine.tickets import Tickets, later_notes, tickets_of
from saasmetrics.metrics.support.inbox import Inbox
from saasmetrics.metrics.support.ticket_table import tickets_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.engine.local import LocalEngine

    Ints = NDArray[np.int64]

_KEPT = 4  # answers of a book
_MADE: WeakKeyDictionary[LocalEngine, dict[Any, _Cells]] = WeakKeyDictionary()


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
    if not is_there(table):
        return Inbox.asked(book, freq, names, zone)
    book.calendar(freq)
    check_zone(zone)
    used = {known_column(name, book.tables)[0] for name in names}
    if not all(is_there(book.tables[name]) for name in used):
        return Inbox.asked(book, freq, names, zone)
    return CountedInbox(book, freq, zone, names)


@dataclass(frozen=True, eq=False)
class _Cells:
    """What was counted: one row per customer, combination of columns and period."""

    data: pa.Table
    columns: list[tuple[list[Any], NDArray[np.int32]]]
    customer_ids: pa.Array
    customer: Ints


@dataclass(frozen=True, eq=False)
class CountedInbox(Inbox):
    """An inbox of cells: every array has one element per cell, which `n` tickets are in."""

    @cached_property
    def _cells(self) -> _Cells:
        kept = _MADE.setdefault(self.book.engine, {})
        key = (self.freq, self.zone, self.by)
        kept[key] = kept.pop(key) if key in kept else self._counted()
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]
        return kept[key]

    def _counted(self) -> _Cells:
        tables, known = self.book.tables, [known_column(n, self.book.tables) for n in self.by]
        rows: Rows = tables["tickets"].data
        frames = {name: tables[name].data.frame for name in {"tickets", *(t for t, _ in known)}}
        with rows.link.needed_by("Counting tickets"), rows.link.asking("Counting tickets"):
            found = held(ticket_cells(frames, known, self._clock(rows)), "tickets")
            data = brought(found, "tickets", rows.link, self.book.engine)
        told = [
            encoded(canonical(table, data.select([f"_by{at}"]).rename_columns([own]))[own])
            for at, (table, own) in enumerate(known)
        ]
        ids, customer = encode(canonical("tickets", data.select(["customer_id"]))["customer_id"])
        return _Cells(data, told, ids, customer.astype(np.int64))

    def _clock(self, rows: Rows) -> Clock:
        calendar, now = self.book.calendar(self.freq), end_of_day(self.book.as_of_day, self.zone)
        since = -FAR if self.book.since_day is None else self.book.since_day
        first = None if self.zone == "UTC" else first_moment(rows.frame, now)
        offsets = () if first is None else offsets_between(*offsets_of(self.zone), first, now)
        return Clock(calendar, now, since, offsets)

    def _whole(self, name: str) -> Ints:
        return np.asarray(self._cells.data[name]).astype(np.int64)

    @cached_property
    def n(self) -> Ints:
        """How many tickets each cell has."""
        return self._whole("n")

    @property
    def customer(self) -> Ints:
        """The customer of each cell, as a place in `customer_ids`; -1 for none."""
        return self._cells.customer

    @property
    def customer_ids(self) -> pa.Array:
        """The customers who have tickets."""
        return self._cells.customer_ids

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the footnote says of tickets that are not known yet."""
        return later_notes(len(self.book.tables["tickets"].data) - int(self.n.sum()))

    @property
    def columns(self) -> list[tuple[list[Any], NDArray[np.int32]]]:
        """The labels of each by-column, and which of them every cell has."""
        return self._cells.columns

    @cached_property
    def created(self) -> Ints:
        """The period in which the tickets of each cell were created."""
        return self._whole("period")

    @cached_property
    def days(self) -> Ints:
        """The day on which the tickets of each cell were created, where days are the periods."""
        assert self.freq == "D"
        return self.created

    @cached_property
    def since(self) -> NDArray[np.bool_]:
        """The cells of tickets created from the first day that is looked at."""
        return np.asarray(self._whole("since") == 1)

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
        table = self.book.tables["tickets"]
        first, last = self.between
        day = day_number("created_at", FAR)
        some = table.data.frame.filter((day >= first) & (day <= last))
        tables = {"tickets": replace(table, data=table.data.cut(some))}
        return tickets_of(tables, self.book.as_of_day, self.zone)

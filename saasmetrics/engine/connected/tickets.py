"""Tickets that stay where they are: counted there, or brought for a few days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from saasmetrics.engine.columns import encode
from saasmetrics.engine.connected.rows import Rows, brought, canonical
from saasmetrics.engine.facets import MOMENTS, Longer, Marked
from saasmetrics.engine.groups import encoded
from saasmetrics.engine.moments import end_of_day, offsets_of
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.instants import offsets_between
from saasmetrics.engine.portable.requests import kept
from saasmetrics.engine.portable.ticket_facets import facet_cells, first_of
from saasmetrics.engine.portable.ticket_marks import mark_cells
from saasmetrics.engine.portable.ticket_tanks import limit_cells, tank_cells
from saasmetrics.engine.portable.tickets import Clock, first_moment, ticket_cells
from saasmetrics.engine.portable.whole import FAR, day_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.facets import Facets
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar
    from saasmetrics.tables import Table

    Found = tuple[pa.Table, list[tuple[list[Any], NDArray[np.int32]]]]


@dataclass(frozen=True, eq=False)
class Cells:
    """What was counted: one row per customer, combination of columns and period.

    `columns` has the labels of each column, and which of them each row has; `customer` is a place in `customer_ids`.
    """

    data: pa.Table
    columns: list[tuple[list[Any], NDArray[np.int32]]]
    customer_ids: pa.Array
    customer: NDArray[np.int64]

    def whole(self, name: str) -> NDArray[np.int64]:
        """Return a column of whole numbers."""
        return np.asarray(self.data[name]).astype(np.int64)


def counted_tickets(
    tables: Mapping[str, Table],
    columns: Sequence[tuple[str, str]],
    calendar: Calendar,
    days: tuple[int | None, int],
    zone: str,
) -> Cells:
    """Return how many tickets there are of each customer, combination of columns and period.

    Parameters
    ----------
    tables
        The tables of the book.
    columns
        Table and name of each column.
    calendar
        The periods.
    days
        The first day looked at, and the as-of day.
    zone
        The time zone of the clock.
    """
    rows: Rows = tables["tickets"].data
    frames = {name: tables[name].data.frame for name in {"tickets", *(t for t, _ in columns)}}
    now = end_of_day(days[1], zone)
    with rows.link.counting("Counting tickets", "Counting tickets"):
        first = None if zone == "UTC" else first_moment(rows.frame, now)
        offsets = () if first is None else offsets_between(*offsets_of(zone), first, now)
        clock = Clock(calendar, now, -FAR if days[0] is None else days[0], offsets)
        found = held(ticket_cells(frames, columns, clock), "tickets")
        data = brought(found, "tickets", rows.link)
    ids = canonical("tickets", pa.table({"customer_id": data["customer_id"]}))["customer_id"]
    names, customer = encode(ids)
    return Cells(data, labelled(data, columns), names, customer.astype(np.int64))


def faceted_tickets(
    tables: Mapping[str, Table],
    columns: Sequence[tuple[str, str]],
    asked: Facets | Marked | Longer,
    calendar: Calendar,
    days: tuple[int | None, int],
    zone: str,
) -> Found:
    """Return what is asked of the tickets of each combination of columns and period.

    Parameters
    ----------
    tables
        The tables of the book.
    columns
        Table and name of each column.
    asked
        What is told of tickets; or quantiles of how long they took; or those of the tickets solved before each period.
    calendar
        The periods.
    days
        The first day looked at, and the as-of day.
    zone
        The time zone of the clock.

    Returns
    -------
    pyarrow.Table, list
        As of `facet_cells`, `mark_cells` or `limit_cells`, and of each column the labels, and which of them each row
        has.
    """
    rows: Rows = tables["tickets"].data
    frames = {name: tables[name].data.frame for name in {"tickets", *(t for t, _ in columns)}}
    now = end_of_day(days[1], zone)
    with rows.link.counting("Counting tickets", "Counting tickets"):
        hours, plain = asked.hours, zone == "UTC"
        first = now if plain and hours is None else _first(rows, asked.moments, now)
        offsets = () if plain else offsets_between(*offsets_of(zone), first, now)
        work = {} if hours is None else hours.by_day(first, now)
        clock = Clock(calendar, now, -FAR if days[0] is None else days[0], offsets, work)
        cells = held(_cells(frames, columns, asked, clock), "tickets")
        found = brought(cells, "tickets", rows.link)
    return found, labelled(found, columns)


def _first(rows: Rows, moments: Sequence[str], now: int) -> int:
    """Return the first creation of the tickets, or other moment of them, that is known; without any, now."""
    found = first_of(rows.frame, ("created", *moments), now)
    return now if found is None else found


def _cells(
    frames: Mapping[str, Frame],
    columns: Sequence[tuple[str, str]],
    asked: Facets | Marked | Longer,
    clock: Clock,
) -> Frame:
    if isinstance(asked, Longer):
        return limit_cells(frames, asked, clock)
    if isinstance(asked, Marked):
        return mark_cells(frames, columns, asked, clock)
    cells = facet_cells if asked.longer is None else tank_cells
    return cells(frames, columns, asked, clock)


def labelled(
    data: pa.Table, columns: Sequence[tuple[str, str]]
) -> list[tuple[list[Any], NDArray[np.int32]]]:
    """Return the labels of columns that came as `_by0`, `_by1`, ..., and which of them each row has."""
    return [
        encoded(canonical(table, pa.table({own: data[f"_by{at}"]}))[own])
        for at, (table, own) in enumerate(columns)
    ]


def tickets_between(
    table: Table, first: int, last: int, columns: Sequence[str] | None = None
) -> Table:
    """Return the table of the tickets created on some days of UTC, which come when they are used.

    Parameters
    ----------
    table
        The tickets.
    first, last
        The days.
    columns
        What is looked at, as far as the table has it; None: all columns.
    """
    rows: Rows = table.data
    names = rows.column_names if columns is None else columns
    some = kept(rows.frame, (first, last), {})
    return replace(table, data=rows.cut(some.select(*(n for n in names if n in rows.column_names))))


def tickets_within(
    table: Table,
    spans: Mapping[str, tuple[int, int | None]],
    words: Mapping[str, str],
    ids: Sequence[str] | None = None,
) -> Table:
    """Return the table of the tickets that have moments on some days of UTC, which come when they are used.

    Parameters
    ----------
    table
        The tickets.
    spans
        Moment -> its first day and its last one; None: or later, or never. A ticket without a first solution has
        that of its last one.
    words
        Column -> the text that it has.
    ids
        The texts of the ids that they are among; None: any.
    """
    rows: Rows = table.data
    found = rows.frame
    if ids is not None:
        found = found.filter(nw.col("ticket_id").cast(nw.String).is_in(list(ids)))
    for column, word in words.items():
        found = found.filter(nw.col(column).cast(nw.String) == word)
    for kind, (first, last) in spans.items():
        columns = [MOMENTS[kind], *(["solved_at"] if kind == "first_resolution" else [])]
        there = [column for column in columns if column in rows.column_names]
        if not there or (first <= -FAR and last is None):
            continue
        end = FAR if last is None else last
        days = [day_number(column, FAR) for column in there]
        found = found.filter(
            nw.any_horizontal(*((d >= first) & (d <= end) for d in days), ignore_nulls=True)
        )
    return replace(table, data=rows.cut(found))

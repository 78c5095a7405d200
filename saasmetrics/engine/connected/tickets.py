"""Tickets that stay where they are: counted there, or brought for a few days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine.columns import encode
from saasmetrics.engine.connected.rows import Rows, brought, canonical
from saasmetrics.engine.groups import encoded
from saasmetrics.engine.moments import end_of_day, offsets_of
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.instants import offsets_between
from saasmetrics.engine.portable.requests import kept
from saasmetrics.engine.portable.tickets import Clock, first_moment, ticket_cells
from saasmetrics.engine.portable.whole import FAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.periods import Calendar
    from saasmetrics.tables import Table


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
    with rows.link.needed_by("Counting tickets"), rows.link.asking("Counting tickets"):
        first = None if zone == "UTC" else first_moment(rows.frame, now)
        offsets = () if first is None else offsets_between(*offsets_of(zone), first, now)
        clock = Clock(calendar, now, -FAR if days[0] is None else days[0], offsets)
        found = held(ticket_cells(frames, columns, clock), "tickets")
        data = brought(found, "tickets", rows.link)
    ids = canonical("tickets", pa.table({"customer_id": data["customer_id"]}))["customer_id"]
    names, customer = encode(ids)
    return Cells(data, labelled(data, columns), names, customer.astype(np.int64))


def labelled(
    data: pa.Table, columns: Sequence[tuple[str, str]]
) -> list[tuple[list[Any], NDArray[np.int32]]]:
    """Return the labels of columns that came as `_by0`, `_by1`, ..., and which of them each row has."""
    return [
        encoded(canonical(table, pa.table({own: data[f"_by{at}"]}))[own])
        for at, (table, own) in enumerate(columns)
    ]


def tickets_between(table: Table, first: int, last: int) -> Table:
    """Return the table of the tickets created on some days of UTC, which come when they are used."""
    rows: Rows = table.data
    return replace(table, data=rows.cut(kept(rows.frame, (first, last), {}).drop("day")))

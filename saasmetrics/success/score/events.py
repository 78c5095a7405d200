"""What happened to customers, as arrays: one element per row of a table, in the order in which it became known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import days, encode, flat, has, numbers, parents
from saasmetrics.engine.followed import followed
from saasmetrics.engine.portions import portion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book

FAR = 2**30
# What is read of tables that may be large.
_READ = {
    "tickets": (
        "ticket_id",
        "customer_id",
        "created_at",
        "solved_at",
        "handle_seconds",
        "recorded_at",
    ),
    "activities": ("customer_id", "at", "kind", "csm_id", "recorded_at"),
}


@dataclass(frozen=True, eq=False)
class Events:
    """Rows of a table of a book, sorted by the day on which they became known.

    `entity` indexes the customers of the book's engine, `day` is when it happened, `known` the later of that and of
    `recorded_at`; `row` is the row of the table. Rows of customers that never pay are left out and counted in `strays`.
    `since` is the day from which on rows are told by day; of what was known before only first and last days are.
    """

    table: str
    entity: NDArray[np.int32]
    day: NDArray[np.int32]
    known: NDArray[np.int32]
    row: NDArray[np.int64]
    strays: int
    undated: int
    at_once: bool
    data: pa.Table
    since: int = -(2**31)

    def until(self, day: int) -> slice:
        """Return the rows known at the end of a day."""
        return slice(0, int(np.searchsorted(self.known, day, side="right")))

    def within(self, first: int, last: int) -> NDArray[np.intp] | slice:
        """Return the rows known at the end of `last` that happened from `first` to `last`."""
        assert first >= self.since or self.since <= -FAR
        end = self.until(last).stop
        if self.at_once:
            return slice(int(np.searchsorted(self.known[:end], first)), end)
        return np.flatnonzero((self.day[:end] >= first) & (self.day[:end] <= last))

    @cached_property
    def _by_entity(self) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        order = np.argsort(self.entity, kind="stable")
        return order, self.entity[order]

    def of(self, low: int, high: int) -> NDArray[np.intp]:
        """Return the rows of the customers from `low` to below `high`, without a look at those of the others."""
        order, entity = self._by_entity
        begin, end = np.searchsorted(entity, [low, high])
        return order[begin:end]

    def numbers(self, column: str, missing: float = np.nan) -> NDArray[np.float64]:
        """Return a number column in the order of the events."""
        return numbers(self.data[column], missing)[self.row]

    def days(self, column: str, missing: int = FAR) -> NDArray[np.int32]:
        """Return a date column in the order of the events."""
        return days(self.data[column], missing)[self.row]

    def codes(self, column: str) -> tuple[list[Any], NDArray[np.int32]]:
        """Return the values of a column, and the number of each event's."""
        values, code = encode(self.data[column])
        return values.to_pylist(), code[self.row]

    def has(self, *columns: str) -> bool:
        """Return whether all columns are there with values."""
        return all(has(self.data, column) for column in columns)

    def notes(self) -> tuple[str, ...]:
        """Return what the footnote says of rows that count nothing."""
        said = []
        if self.strays:
            said.append(f"{self.strays:,} rows of {self.table} are of customers who never paid")
        if self.undated:
            said.append(f"{self.undated:,} rows of {self.table} have no date and count nothing")
        return tuple(said)


def entities_of(book: Book, column: Any) -> NDArray[np.int32]:
    """Return for each customer id the index of its customer (or its parent, where the policy says so), -1 for none."""
    ids = flat(column)
    customers = book.tables.get("customers")
    grouped = book.policy.entity == "parent" and customers is not None
    if grouped and customers is not None and has(customers.data, "parent_id"):
        ids = flat(parents(ids, customers.data))
    names, code = encode(ids)
    known = followed(book.engine).spans.entity_ids
    if len(names) and pa.types.is_integer(names.type) != pa.types.is_integer(known.type):
        return np.full(len(code), -1, np.int32)
    found = pc.fill_null(pc.index_in(names, value_set=known.cast(names.type)), -1)
    place = np.append(np.asarray(found).astype(np.int32), np.int32(-1))
    return place[code]


def events(book: Book, table: str, at: str, since: int = -(2**31)) -> Events:
    """Return the rows of a table that have a customer who pays at some time, and a date.

    Parameters
    ----------
    book
        The company's tables.
    table, at
        The table, and its column of days.
    since
        From which day on usage is needed by day, where it is elsewhere: see `usage_by_day`.

    Raises
    ------
    MissingTableError
        If the book does not have the table.
    """
    if table not in book.tables:
        book.frame(table)  # says which columns it needs
    late = book.policy.knowledge == "recorded" and "recorded_at" in book.tables[table]
    data, n = _data(book, table, since, recorded=late)
    entity = entities_of(book, data["customer_id"])
    day = days(data[at], -FAR)
    known = day
    if late and has(data, "recorded_at"):
        known = np.maximum(day, days(data["recorded_at"], -FAR))
    use = (entity >= 0) & (day > -FAR)
    row = np.flatnonzero(use)
    if not (np.diff(known[row]) >= 0).all():
        row = row[np.argsort(known[row], kind="stable")]
    at_once = known is day or bool((known[row] == day[row]).all())
    strays, undated = int(n[entity < 0].sum()), int(n[day <= -FAR].sum())
    found = (entity[row], day[row], known[row], row)
    return Events(table, *found, strays, undated, at_once, data, since)


def _data(
    book: Book, table: str, since: int, *, recorded: bool
) -> tuple[pa.Table, NDArray[np.float64]]:
    """Return the rows of a table, and how many each stands for: usage elsewhere is added up there by day."""
    found = book.tables[table]
    if table == "usage" and found.is_away:
        from saasmetrics.engine.connected.usage import usage_by_day

        first = None if since <= -FAR else since
        sums = usage_by_day(found.data, recorded=recorded, since=first)
        return sums, numbers(sums["n"])
    data = portion(found, _READ[table]) if table in _READ else found.data
    return data, np.ones(len(data))


def optional(book: Book, table: str, at: str, since: int = -(2**31)) -> Events | None:
    """Return the events of a table, None where the book does not have it or it has no rows that count."""
    return events(book, table, at, since) if has_rows(book, table) else None


def has_rows(book: Book, table: str) -> bool:
    """Return whether the book has a table, and rows in it."""
    return table in book.tables and len(book.tables[table].data) > 0


def labels(book: Book, by: Sequence[str]) -> tuple[tuple[tuple[Any, ...], ...], NDArray[np.int64]]:
    """Return the groups of customers by some columns, and the group of each customer."""
    found = book.engine.grouping(tuple(by))
    return found.labels, followed(book.engine).origin(tuple(by)).astype(np.int64)


def segments(book: Book) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the segments and that of each customer; one for all where the customers have none."""
    table = book.tables.get("customers")
    if table is None or not has(table.data, "segment"):
        return [None], np.zeros(len(followed(book.engine).spans.entity_ids), np.int64)
    names, code = labels(book, ("segment",))
    return [name[0] for name in names], code


def taken(values: Mapping[str, NDArray[Any]], rows: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return some rows of columns."""
    return {name: value[rows] for name, value in values.items()}

"""Who could have asked, and who could have answered: customers and heads by the days that they were there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import days, flat, has, numbers
from saasmetrics.engine.followed import followed
from saasmetrics.engine.groups import encoded
from saasmetrics.engine.ticket_groups import columns_for
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.ledger import Ledger
    from saasmetrics.metrics.support.inbox import Inbox

    Ints = NDArray[np.int64]

_FAR = 2**30


def by_customer(book: Book) -> Book:
    """Return the book in which MRR belongs to customers, as tickets do, not to their parents or subscriptions."""
    return book if book.policy.entity == "customer" else book.with_policy(entity="customer")


@dataclass(frozen=True, eq=False)
class Paying:
    """Which customers pay when: half-open spans of days, sorted by customer and day.

    Parameters
    ----------
    ids
        Customers.
    customer, start, end
        Spans of days with MRR, up to the as-of date.
    """

    ids: pa.Array
    customer: Ints
    start: Ints
    end: Ints
    ledger: Ledger

    @classmethod
    def of(cls, book: Book) -> Paying:
        """Return who pays when in a book."""
        engine = followed(by_customer(book).engine)
        found = engine.entities
        owner, start = found.account.astype(np.int64), found.time.astype(np.int64)
        end = np.append(start[1:], _FAR)
        end[np.append(owner[1:] != owner[:-1], True)] = _FAR
        end = np.minimum(end, book.as_of_day + 1)
        pays = (found.held > 0) & (end > start)
        return cls(engine.spans.entity_ids, owner[pays], start[pays], end[pays], found)

    def of_tickets(self, inbox: Inbox) -> Ints:
        """Return the customer of each ticket as a number; -1 for one who never paid."""
        ids = self.ids
        names = inbox.customer_ids
        if pa.types.is_integer(ids.type) != pa.types.is_integer(names.type):
            return np.full(len(inbox.n), -1, np.int64)
        at = pc.fill_null(pc.index_in(names, value_set=ids.cast(names.type)), -1)
        place = np.append(np.asarray(at).astype(np.int64), -1)
        return place[inbox.customer]

    @cached_property
    def _until(self) -> Ints:
        return np.append(0, np.cumsum(self.end - self.start))

    @cached_property
    def _first(self) -> Ints:
        """The first span of each customer."""
        return np.searchsorted(self.customer, np.arange(len(self.ids) + 1))

    @cached_property
    def _key(self) -> Ints:
        return self.customer * 2 * _FAR + self.start + _FAR

    def paid_days(self, customer: Ints, day: Ints) -> Ints:
        """Return on how many days before a day each customer paid."""
        if not len(self.customer):
            return np.zeros(len(customer), np.int64)
        first = self._first[customer]
        at = np.searchsorted(self._key, customer * 2 * _FAR + day + _FAR, side="left")
        last = np.maximum(at - 1, 0)
        part = np.where(at > first, np.minimum(day, self.end[last]) - self.start[last], 0)
        return np.where(at > first, self._until[last] - self._until[first] + part, 0)

    def ever_before(self, customer: Ints, day: Ints) -> NDArray[np.bool_]:
        """Return whether each customer paid on any day before a day."""
        return np.asarray(self.paid_days(customer, day) > 0)

    def first_day(self) -> Ints:
        """Return the first paid day of each customer; far in the future for who never paid."""
        out = np.full(len(self.ids), _FAR, np.int64)
        np.minimum.at(out, self.customer, self.start)
        return out

    def mrr(self, day: int) -> Ints:
        """Return the MRR of each customer on a day, in micro-units."""
        return np.asarray(self.ledger.state(day)[0], np.int64)


def edges(inbox: Inbox) -> Ints:
    """Return the first day of each period, and the first day after the last one."""
    first, periods, _ = inbox.extent
    return inbox.book.calendar(inbox.freq).first_day(np.arange(first, first + periods + 1))


def observed_edges(inbox: Inbox) -> Ints:
    """Return the edges of the periods as far as they are over."""
    return np.minimum(edges(inbox), inbox.book.as_of_day + 1)


def days_in_periods(
    start: Ints, end: Ints, code: Ints, many: int, bounds: Ints, weight: Ints | None = None
) -> Ints:
    """Return the days of spans in each period, summed by group.

    Parameters
    ----------
    start, end
        Half-open spans of days.
    code
        The group of each span, of `many`.
    bounds
        Edges of the periods.
    weight
        Whole number that each day of a span counts; 1 by default.

    Notes
    -----
    A day x counts all of the periods before it, and in its own the days up to x: the days of a span are what its end
    counts less what its start counts, so that the cost follows spans and periods, not their product.

    Examples
    --------
    >>> days_in_periods(np.array([5]), np.array([12]), np.array([0]), 1, np.array([0, 10, 20])).tolist()
    [[5, 2]]
    """
    periods = len(bounds) - 1
    out = np.zeros((many, periods), np.int64)
    if not periods or not len(start):
        return out
    lengths = np.diff(bounds)
    weights = np.ones(len(start), np.int64) if weight is None else weight
    for sign, point in ((-1, start), (1, end)):
        x = np.clip(point, bounds[0], bounds[-1])
        at = np.minimum(np.searchsorted(bounds, x, side="right") - 1, periods - 1)
        np.add.at(out, (code, at), sign * weights * (x - bounds[at]))
        after = np.zeros((many, periods + 1), np.int64)
        np.add.at(after, (code, at), sign * weights)
        later = after[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
        out += later * lengths
    return out


@dataclass(frozen=True, eq=False)
class Parts:
    """The groups of customers or heads that groups of tickets are set against.

    Parameters
    ----------
    labels
        Groups of their own columns.
    code
        The group of each customer or head.
    whole
        For each group of tickets, the group that it is set against.
    """

    labels: tuple[tuple[Any, ...], ...]
    code: Ints
    whole: Ints


def parts(inbox: Inbox, table: str, keys: pa.Array, key: str) -> Parts:
    """Return the groups of customers or people by those by-columns that are of their table.

    Columns of tickets do not cut them: tickets about billing are set against all customers.
    """
    known = columns_for(inbox.book.tables)
    mine = [i for i, name in enumerate(inbox.by) if known[name][0] == table]
    if not mine:
        whole = np.zeros(len(inbox.groups), np.int64)
        return Parts(((),), np.zeros(len(keys), np.int64), whole)
    data = inbox.book.tables[table].data
    at = pc.index_in(keys, value_set=flat(data[key]).cast(keys.type))
    found = [encoded(pc.take(flat(data[known[inbox.by[i]][1]]), flat(at))) for i in mine]
    rows = list(zip(*([labels[c] for c in code] for labels, code in found), strict=True))
    named = [tuple(label[i] for i in mine) for label in inbox.groups.labels]
    labels = tuple(dict.fromkeys([*named, *rows]))
    place = {label: i for i, label in enumerate(labels)}
    code = np.array([place[row] for row in rows], np.int64)
    return Parts(labels, code, np.array([place[label] for label in named], np.int64))


def heads(inbox: Inbox, roles: Sequence[str] | None) -> NDArray[np.float64]:
    """Return the average full-time heads per group of tickets and period.

    Raises
    ------
    MissingTableError
        If the book has no people.
    DataError
        If nobody has one of the roles.
    """
    data, kept = people_of(inbox.book, roles)
    groups = parts(inbox, "people", flat(data["person_id"]), "person_id")
    bounds = observed_edges(inbox)
    start = days(data["start"], -_FAR) if has(data, "start") else np.full(len(data), -_FAR)
    end = days(data["end"], _FAR) if has(data, "end") else np.full(len(data), _FAR)
    fte = numbers(data["fte"], 1.0) if has(data, "fte") else np.ones(len(data))
    weight = np.rint(fte * 1000).astype(np.int64)
    spans = (start[kept].astype(np.int64), np.maximum(end, start)[kept].astype(np.int64))
    found = days_in_periods(*spans, groups.code[kept], len(groups.labels), bounds, weight[kept])
    length = np.diff(bounds)
    return found[groups.whole] / 1000 / np.maximum(length, 1)


def people_of(book: Book, roles: Sequence[str] | None) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Return the table of people, and who of them has one of the roles (everybody for None)."""
    if "people" not in book.tables:
        raise MissingTableError.of("people", "What people do, or cost,")
    data = book.tables["people"].data
    if roles is None:
        return data, np.ones(len(data), bool)
    if isinstance(roles, str):
        roles = [roles]
    try:
        wanted = [str(role) for role in roles]
    except TypeError:
        wanted = []
    kept = np.asarray(pc.is_in(flat(data["role"]), value_set=pa.array(wanted, pa.string()))).astype(
        bool
    )
    if not kept.any():
        there = ", ".join(sorted(map(str, pc.unique(data["role"]).to_pylist())))
        msg = f"Nobody in people has the role {roles!r}; there are {there}."
        raise DataError(msg)
    return data, kept


def months_per_period(inbox: Inbox) -> float:
    """Return how many months one period has."""
    return {"D": 12 / 365.25, "W": 84 / 365.25, "M": 1.0, "Q": 3.0, "Y": 12.0}[inbox.freq]


def customer_days(
    inbox: Inbox, paying: Paying, groups: Parts, bag: Ints | None = None, bags: int = 1
) -> Ints:
    """Return the paid days per group of tickets, bag of customers and period."""
    code = groups.code[paying.customer] * bags
    if bag is not None:
        code = code + bag[paying.customer]
    found = days_in_periods(
        paying.start, paying.end, code, len(groups.labels) * bags, observed_edges(inbox)
    )
    return found.reshape(len(groups.labels), bags, -1)[groups.whole]


def in_money(micro: Any) -> NDArray[np.float64]:
    """Return micro-units as currency."""
    return np.asarray(micro, float) / MICRO

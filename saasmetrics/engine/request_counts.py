"""Tickets by day, or by customer and month, with the work on them: added up where the tickets are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import encode, flat
from saasmetrics.engine.followed import followed
from saasmetrics.engine.moments import DAY
from saasmetrics.engine.requests import check_where, requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


_NOBODY = pa.array([None], pa.string())


@dataclass(frozen=True, eq=False)
class RequestCounts:
    """Tickets created up to the as-of date, one element per day, or per customer and month, in the order of time.

    Attributes
    ----------
    customer_ids, customer
        The customers who asked, and the place of each element's among them, -1 for none; all 0 where customers are
        not told apart.
    entity
        Paying customer, -1 where the account never paid.
    day
        Day number, in UTC; for months the first day.
    n, timed
        Tickets, and those with a handling time.
    worked, squared
        Sum of handling times in seconds, and of their squares.
    """

    customer_ids: pa.Array
    customer: Ints
    entity: Ints
    day: Ints
    n: Ints
    timed: Ints
    worked: Floats
    squared: Floats


def request_counts(
    engine: LocalEngine,
    wanted_by: str,
    where: Mapping[str, str] | None = None,
    *,
    customers: bool = False,
) -> RequestCounts:
    """Return the tickets up to the as-of date, added up; `where` picks by a column, such as channel.

    Parameters
    ----------
    engine
        The engine of a book.
    wanted_by
        What needs them.
    where
        Column -> value.
    customers
        Tell customers apart; their tickets are those of months.

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    DataError
        If no ticket has the value asked for.
    """
    if "tickets" in engine.tables and engine.tables["tickets"].is_away:
        return _there(engine, wanted_by, where or {}, customers=customers)
    found = requests(engine, wanted_by, where)
    column = engine.tables["tickets"].data["customer_id"]
    ids, customer = encode(column) if customers else (_NOBODY, np.zeros(len(column), np.int32))
    timed = ~np.isnan(found.handle)
    worked = np.where(timed, found.handle, 0.0)
    one = np.ones(len(found), np.int64)
    who = customer[found.row].astype(np.int64)
    sums = (one, timed.astype(np.int64), worked, worked**2)
    return RequestCounts(ids, who, found.entity, found.day, *sums)


@dataclass(frozen=True, eq=False)
class RequestSlots:
    """Tickets in the order of time, one element each, or per quarter of an hour where they are elsewhere.

    Attributes
    ----------
    second
        When they came, or their quarter of an hour began, in seconds of UTC since 1970.
    n, timed
        Tickets, and those with a handling time.
    worked
        Sum of handling times in seconds.
    """

    second: Ints
    n: Ints
    timed: Ints
    worked: Floats


def request_slots(
    engine: LocalEngine, wanted_by: str, where: Mapping[str, str], between: tuple[int, int]
) -> RequestSlots:
    """Return tickets by when they came; `where` picks by a column, such as channel.

    Parameters
    ----------
    engine, wanted_by, where
        As for `request_counts`.
    between
        The first and the last day that are needed.

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    DataError
        If no ticket has the value asked for.
    """
    if "tickets" not in engine.tables or not engine.tables["tickets"].is_away:
        found = requests(engine, wanted_by, where, between)
        timed = ~np.isnan(found.handle)
        one, worked = np.ones(len(found), np.int64), np.where(timed, found.handle, 0.0)
        return RequestSlots(found.day * DAY + found.second, one, timed.astype(np.int64), worked)
    from saasmetrics.engine.connected.rows import brought
    from saasmetrics.engine.portable.held import held
    from saasmetrics.engine.portable.requests import kept, slot_sums

    check_where(engine, wanted_by, where)
    rows = engine.tables["tickets"].data
    days = max(between[0], engine.since), min(between[1], engine.as_of)
    with rows.link.counting("Counting tickets", wanted_by):
        sums = slot_sums(kept(rows.frame, days, where))
        cells = brought(held(sums), "tickets", rows.link).sort_by("second")
    second, n, timed = (np.asarray(cells[x]).astype(np.int64) for x in ("second", "n", "timed"))
    return RequestSlots(second, n, timed, np.asarray(cells["worked"]).astype(np.float64))


@dataclass(frozen=True, eq=False)
class Handled:
    """Tickets that took time, one element per moment and handling time, in the order of both.

    Attributes
    ----------
    second
        When they came, in seconds of UTC since 1970; of tickets of which only the handling time is asked, -1.
    handle
        Handling time in seconds.
    n
        How many tickets.
    """

    second: Ints
    handle: Floats
    n: Ints

    def one_by_one(self) -> tuple[Ints, Floats]:
        """Return the moment and the handling time of each ticket."""
        return np.repeat(self.second, self.n), np.repeat(self.handle, self.n)


def handled_requests(
    engine: LocalEngine, wanted_by: str, came: tuple[int, int], before: tuple[int, int]
) -> Handled:
    """Return the tickets of some days by when they came and what they took, and of days before by what they took.

    Parameters
    ----------
    engine, wanted_by
        As for `request_counts`.
    came
        The first and the last day of which moments are told.
    before
        The first and the last day of which they are not.

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    """
    came, before = (
        (max(first, engine.since), min(last, engine.as_of)) for first, last in (came, before)
    )
    if "tickets" in engine.tables and engine.tables["tickets"].is_away:
        return _handled_there(engine, wanted_by, came, before)
    found = requests(engine, wanted_by)
    exact = (found.day >= came[0]) & (found.day <= came[1])
    told = exact | ((found.day >= before[0]) & (found.day <= before[1]))
    told &= found.handle > 0
    second = np.where(exact, found.day * DAY + found.second, -1)[told]
    handle = found.handle[told]
    order = np.lexsort([handle, second])
    return Handled(second[order], handle[order], np.ones(len(order), np.int64))


def _handled_there(
    engine: LocalEngine, wanted_by: str, came: tuple[int, int], before: tuple[int, int]
) -> Handled:
    from saasmetrics.engine.connected.rows import brought
    from saasmetrics.engine.portable.held import held
    from saasmetrics.engine.portable.requests import handled_sums

    check_where(engine, wanted_by, {})
    rows = engine.tables["tickets"].data
    if "handle_seconds" not in rows.column_names:
        return Handled(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))
    with rows.link.counting("Counting tickets", wanted_by):
        cells = brought(held(handled_sums(rows.frame, came, before)), "tickets", rows.link)
    second, n = (np.asarray(cells[name]).astype(np.int64) for name in ("second", "n"))
    handle = np.asarray(cells["handle"]).astype(np.float64)
    order = np.lexsort([handle, second])
    return Handled(second[order], handle[order], n[order])


def _there(
    engine: LocalEngine, wanted_by: str, where: Mapping[str, str], *, customers: bool
) -> RequestCounts:
    from saasmetrics.engine.connected.rows import brought, canonical
    from saasmetrics.engine.portable.held import held
    from saasmetrics.engine.portable.requests import kept, request_sums

    check_where(engine, wanted_by, where)
    rows = engine.tables["tickets"].data
    by = ("customer_id",) if customers else ()
    with rows.link.counting("Counting tickets", wanted_by):
        some = kept(rows.frame, (engine.since, engine.as_of), where)
        found = brought(held(request_sums(some, by, months=customers)), "tickets", rows.link)
    found = found.sort_by("day")
    if customers:
        told = canonical("tickets", pa.table({"customer_id": found["customer_id"]}))
        ids, customer = encode(told["customer_id"])
    else:
        ids, customer = _NOBODY, np.zeros(len(found), np.int32)
    known = flat(followed(engine).spans.entity_ids) if customers else ids
    at = np.asarray(pc.index_in(ids, value_set=known.cast(ids.type)).fill_null(-1))
    entity = np.append(at, -1).astype(np.int64)[customer]
    day, n, timed = (np.asarray(found[name]).astype(np.int64) for name in ("day", "n", "timed"))
    worked, squared = (np.asarray(found[name]).astype(np.float64) for name in ("worked", "squared"))
    who = customer.astype(np.int64)
    return RequestCounts(ids, who, entity, day, n, timed, worked, squared)

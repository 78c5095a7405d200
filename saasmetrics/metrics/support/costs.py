"""What support costs a month, and how that is shared out among tickets so that nothing is left over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.asked import listed, one_of
from saasmetrics.engine.columns import days, flat, has, numbers
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.economics.spend import monthly_spend
from saasmetrics.metrics.support.exposure import days_in_periods, people_of
from saasmetrics.money import MICRO, to_micro

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox

    Ints = NDArray[np.int64]

ALLOCATIONS = {
    "handle_time": "the cost of a month is shared by the handle time of its tickets",
    "volume": "the cost of a month is shared equally by its tickets",
    "direct": "the cost of each agent is shared by the handle time of the agent's own tickets, that of others by all",
}
SOURCES = {
    "spend": "cost is the spend of the functions asked for",
    "people": "cost is cost_month of the people, by the days that they were there",
}
_FAR = 2**30


@dataclass(frozen=True, eq=False)
class Costs:
    """Cost per month of an inbox by the month, in micro-units, and in which months it is known.

    `amount` has one row for each person with source "people", else one row.
    """

    amount: Ints
    known: NDArray[np.bool_]
    first: int
    source: str
    people: pa.Array | None = None

    @property
    def total(self) -> Ints:
        """Cost of each month."""
        return np.asarray(self.amount.sum(axis=0))


def source_of(book: Book, source: str | None, functions: Sequence[str]) -> str:
    """Return where costs come from: what was asked, else spend where it has the functions, else people."""
    if source is not None:
        one_of("source", source, SOURCES)
        return source
    if "spend" in book.tables:
        there = pc.unique(book.tables["spend"].data["function"]).to_pylist()
        if any(name in there for name in functions):
            return "spend"
    if "people" in book.tables and has(book.tables["people"].data, "cost_month"):
        return "people"
    msg = (
        f"No cost is known: this needs the table spend with the function {' or '.join(functions)} (month, function, "
        "amount), or people with cost_month."
    )
    raise MissingTableError(msg)


def names_of(functions: Any) -> list[str]:
    """Return functions of spend as a list of names."""
    one = [functions] if isinstance(functions, str) else functions
    return [str(name) for name in listed("functions", one, "functions of spend")]


def costs(
    inbox: Inbox, source: str | None, functions: Sequence[str], roles: Sequence[str] | None
) -> Costs:
    """Return what support costs in each month of an inbox by the month.

    Raises
    ------
    MissingTableError
        If the book has no cost.
    UnknownNameError
        If the source or a function does not exist.
    """
    wanted = names_of(functions)
    found = source_of(inbox.book, source, wanted)
    first, months, _ = inbox.extent
    if found == "people":
        return _of_people(inbox, roles)
    if "spend" not in inbox.book.tables:
        raise MissingTableError.of("spend", "What support costs")
    spend = monthly_spend(inbox.book, wanted)
    number = np.arange(first, first + months)
    place = number - spend.first
    there = (place >= 0) & (place < spend.amount.shape[1])
    amount = np.zeros(months)
    amount[there] = spend.amount.sum(axis=0)[place[there]]
    known = np.zeros(months, bool)
    known[there] = spend.recorded[place[there]]
    return Costs(to_micro(amount)[None, :], known, first, "spend")


def _of_people(inbox: Inbox, roles: Sequence[str] | None) -> Costs:
    data, kept = people_of(inbox.book, roles)
    if not has(data, "cost_month"):
        msg = "The cost of people is the column cost_month of the table people, which is missing or empty; add it."
        raise MissingTableError(msg)
    first, months, _ = inbox.extent
    bounds = inbox.book.calendar("M").first_day(np.arange(first, first + months + 1))
    at = np.flatnonzero(kept)
    start = days(data["start"], -_FAR) if has(data, "start") else np.full(len(data), -_FAR)
    end = days(data["end"], _FAR) if has(data, "end") else np.full(len(data), _FAR)
    spans = start[at].astype(np.int64), np.maximum(start, end)[at].astype(np.int64)
    there = days_in_periods(*spans, np.arange(len(at)), len(at), bounds)
    share = there / np.diff(bounds)
    amount = to_micro(numbers(data["cost_month"])[at][:, None] * share)
    ids = flat(data["person_id"]).take(pa.array(at))
    return Costs(amount, np.asarray((there > 0).any(axis=0)), first, "people", ids)


@dataclass(frozen=True)
class Sharing:
    """Tickets among which costs are shared, in elements of `n` alike ones; tickets of a group stand together."""

    n: NDArray[np.float64]
    group: Ints

    def out(self, weight: NDArray[np.float64], cell: Ints, amount: Ints) -> Ints:
        """Return amounts of cells shared among their elements by weight, to the last micro-unit.

        Parameters
        ----------
        weight
            Of each element, a whole number; where a cell has none, its tickets share equally.
        cell
            The cell of each element.
        amount
            Of each cell.

        Notes
        -----
        Each element gets what the running share rounds to, less what those before it got: the parts add up to the
        whole, and those of a group to the same in every order of tickets and however many are alike.

        Examples
        --------
        >>> Sharing(np.ones(3), np.zeros(3, int)).out(np.ones(3), np.zeros(3, int), np.array([100])).tolist()
        [33, 34, 33]
        """
        cells = len(amount)
        total = np.bincount(cell, weight, minlength=cells)
        weight = np.where(total[cell] > 0, weight, self.n)
        total = np.bincount(cell, weight, minlength=cells)
        order = np.lexsort((self.group, cell))
        sorted_cell = cell[order]
        running = np.cumsum(weight[order])
        ends = np.cumsum(np.bincount(cell, minlength=cells))
        before = np.append(0.0, running)[np.append(0, ends)[sorted_cell]]
        last = np.arange(len(cell)) == ends[sorted_cell] - 1
        share = np.where(last, 1.0, (running - before) / np.maximum(total[sorted_cell], 1e-300))
        given = np.rint(share * amount[sorted_cell]).astype(np.int64)
        first = np.append(True, sorted_cell[1:] != sorted_cell[:-1])[: len(cell)]
        parts = given - np.where(first, 0, np.append(0, given[:-1])[: len(cell)])
        out = np.zeros(len(cell), np.int64)
        out[order] = parts
        return out


def of_tickets(
    inbox: Inbox, found: Costs, at: Ints, kept: NDArray[np.bool_], allocation: str
) -> Ints:
    """Return what the tickets of each element cost together, in micro-units; `at` is the month that they count in.

    Raises
    ------
    DataError
        If costs are to be shared by handle time and there is none, or directly without people.
    """
    one_of("allocation", allocation, ALLOCATIONS)
    months = found.amount.shape[1]
    mine = np.flatnonzero(kept & (at >= found.first) & (at < found.first + months))
    month = at[mine] - found.first
    out = np.zeros(len(inbox.tickets), np.int64)
    sharing = Sharing(inbox.n[mine].astype(float), inbox.code[mine])
    work = inbox.work[mine].astype(float)
    if allocation == "volume":
        out[mine] = sharing.out(sharing.n, month, found.total)
        return out
    if len(mine) and not work.any():
        msg = 'Tickets have no handle_seconds to share costs by; add the column, or take allocation="volume".'
        raise DataError(msg)
    if allocation == "handle_time":
        out[mine] = sharing.out(work, month, found.total)
        return out
    out[mine] = _direct(inbox, found, mine, month, work, sharing)
    return out


def _direct(
    inbox: Inbox,
    found: Costs,
    mine: Ints,
    month: Ints,
    work: NDArray[np.float64],
    sharing: Sharing,
) -> Ints:
    if found.people is None or "agent_id" not in inbox.tickets.data.column_names:
        msg = 'allocation="direct" needs people with cost_month, and tickets with agent_id: pass source="people".'
        raise DataError(msg)
    months = found.amount.shape[1]
    ids = inbox.told("agent_id")
    at = pc.fill_null(pc.index_in(ids, value_set=found.people.cast(ids.type)), -1)
    person = np.asarray(at).astype(np.int64)[mine]
    own = person >= 0
    cell = person[own] * months + month[own]
    amount = found.amount.reshape(-1)
    out = np.zeros(len(mine), np.int64)
    out[own] = Sharing(sharing.n[own], sharing.group[own]).out(work[own], cell, amount)
    used = np.zeros(amount.shape, bool)
    used[cell] = True
    rest = np.where(used, 0, amount).reshape(found.amount.shape).sum(axis=0)
    return out + sharing.out(work, month, rest)


def in_periods(inbox: Inbox, monthly: Inbox, values: Any, how: Any = np.add) -> Any:
    """Return monthly values added up (or joined by another function) in the periods of an inbox."""
    first, periods, _ = inbox.extent
    start, months, _ = monthly.extent
    days_of = inbox.book.calendar("M").first_day(np.arange(start, start + months))
    at = inbox.book.calendar(inbox.freq).ordinal(days_of) - first
    out = np.zeros(periods, np.asarray(values).dtype) if how is np.add else np.ones(periods, bool)
    inside = (at >= 0) & (at < periods)
    how.at(out, at[inside], values[inside])
    return out


def in_units(micro: Any) -> NDArray[np.float64]:
    """Return micro-units as currency."""
    return np.asarray(micro, float) / MICRO

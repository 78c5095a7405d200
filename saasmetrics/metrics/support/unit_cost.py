"""What a ticket costs, by channel and to date, and what it costs to serve customers beside whether they stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.facets import Facets, Marked
from saasmetrics.errors import DataError
from saasmetrics.metrics.support.clocks import Clock, quality
from saasmetrics.metrics.support.costs import (
    ALLOCATIONS,
    SOURCES,
    Costs,
    costs,
    in_periods,
    in_units,
    names_of,
    of_tickets,
)
from saasmetrics.metrics.support.exposure import (
    Paying,
    customer_days,
    edges,
    months_per_period,
    parts,
)
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.inbox import HOUR
from saasmetrics.metrics.support.to_date import to_date
from saasmetrics.money import counted as number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]

COUNTED = {"created": "tickets are those created", "solved": "tickets are those solved"}
_NO_COST = "no cost of support is known for the period"
_NO_TICKET = "no ticket of the period is counted"


@metric(
    id="cost_per_ticket",
    name="Cost per ticket",
    unit="money",
    better="lower",
    meaning="What one ticket, chat or call costs, with all that support costs.",
    formula="cost of support in the period / tickets; to date: sum of costs / sum of tickets since the year began",
    missing="Missing where the cost of a month is not known, or there is no ticket.",
    sources=(
        "HDI, understanding cost per ticket",
        "Document360, cost of delivered chat service",
        "METRICS.md",
    ),
    options={
        "allocation": ALLOCATIONS,
        "source": SOURCES,
        "counted": COUNTED,
        "ytd": {True: "from the first month of the fiscal year on, as a ratio of sums", False: ""},
    },
)
def unit_cost(
    book: Book,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    allocation: str = "handle_time",
    source: str | None = None,
    functions: Sequence[str] = ("support",),
    roles: Sequence[str] | None = None,
    counted: str = "created",
    ytd: bool = False,
    zone: str = "UTC",
) -> Result:
    """What a ticket costs, by channel or any other group, per period or for the fiscal year to date.

    Parameters
    ----------
    book
        With the table tickets, and spend or people.
    by
        Columns of tickets, customers or people; costs are shared among their tickets.
    freq
        "M", "Q" or "Y": costs are known by the month.
    allocation
        How a month's cost is shared among its tickets: "handle_time", "volume" or "direct" (each agent's own).
    source
        "spend" or "people"; by default spend where it has the functions.
    functions, roles
        Which functions of spend, or roles of people, are support.
    counted
        Tickets "created" or "solved" in the period: both are in use, and differ.
    ytd
        From the first month of the fiscal year (`Book(fiscal_start=4)`) to each period: a ratio of sums, never the
        mean of monthly ratios.
    zone
        Time zone in which months begin.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator (cost), denominator (tickets), n, reason, complete, and but
        for `ytd` resolution (median hours), csat, csat_low, csat_high, csat_n, reopen_rate, reopen_n. `rows` has the
        tickets with their cost.

    Raises
    ------
    DataError
        If there is no handle time to share costs by, or a period is shorter than a month.
    MissingTableError
        If the book has no tickets or no cost.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> tickets = {"ticket_id": [1, 2], "customer_id": ["a"] * 2, "created_at": ["2026-01-05", "2026-01-30"]}
    >>> spend = {"month": ["2026-01"], "function": ["support"], "amount": [100]}
    >>> mrr = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}
    >>> book = sm.Book(mrr=mrr, tickets=tickets, spend=spend)
    >>> sm.support.unit_cost(book, allocation="volume").value
    50.0
    """
    one_of("counted", counted, COUNTED)
    one_of("allocation", allocation, ALLOCATIONS)
    inbox, monthly = _inboxes(book, by, freq, zone)
    kind = "created" if counted == "created" else "first_resolution"
    direct = allocation == "direct"
    inbox = inbox.looking(_facets(kind, direct=direct))
    at, kept = inbox.at(kind), inbox.since & inbox.over(kind)
    chosen = "people" if direct and source is None else source
    found = costs(monthly, chosen, functions, roles)
    even = by is None and allocation == "handle_time" and not inbox.work.any()
    way = "volume" if even else allocation  # of one group the way makes no difference
    cost = of_tickets(inbox, found, inbox.month(kind), kept, way)
    top, bottom = inbox.totals(at, cost, kept), inbox.sums(at, kept=kept)
    if not inbox.by:
        top = in_periods(inbox, monthly, found.total)[None, :]
    known = in_periods(inbox, monthly, found.known, np.logical_and)
    if ytd:
        top, bottom = to_date(inbox, top), to_date(inbox, bottom)
        known = to_date(inbox, (~known)[None, :].astype(np.int64))[0] == 0
    value = np.where(known, in_units(top), np.nan)
    more: dict[str, Any] = {}
    if not ytd:
        more = {"resolution": _resolution(inbox, kind), **quality(inbox, kind)}
    df = inbox.frame(value, bottom, _NO_TICKET, **more)
    unknown = ~np.tile(known, len(inbox.groups))
    df["reason"] = np.where(unknown, _NO_COST, df["reason"])
    return inbox.result(
        "cost_per_ticket",
        df,
        "unit_cost",
        options=inbox.options(
            allocation=allocation, source=found.source, counted=counted, ytd=bool(ytd)
        ),
        notes=_notes(inbox, found, kept, allocation),
        drill=None if ytd else _tickets(inbox, _facets(kind, direct=direct, each=True), found, way),
        tables=(found.source,),
    )


def _inboxes(book: Book, by: Any, freq: str, zone: str) -> tuple[Inbox, Inbox]:
    """Return the tickets by period and group, and by month for costs, which are known by the month."""
    if freq in ("D", "W"):
        msg = f'freq={freq!r}: costs are known by the month; take "M", "Q" or "Y".'
        raise DataError(msg)
    return faceted_inbox(book, freq, by, zone), faceted_inbox(book, "M", None, zone)


def _facets(kind: str, *, direct: bool = False, each: bool = False) -> Facets:
    """Return what costs look at, of tickets that count in the period of a moment; `each`: in the cost of each."""
    raw = (*(("handle_seconds",) if each else ()), *(("agent_id",) if direct else ()))
    months = tuple(dict.fromkeys((kind, "created")))
    return Facets(at=(kind,), months=months, over=(kind,), raw=raw, work=not each)


def _tickets(inbox: Inbox, looks: Facets, found: Costs, way: str) -> Callable[..., pd.DataFrame]:
    """Return the function behind `rows`: tickets with what each of them cost."""
    one_by_one, (kind,) = inbox.looking(looks), looks.at

    def rows(period: Any = None, **group: Any) -> pd.DataFrame:
        at, kept = one_by_one.at(kind), one_by_one.since & one_by_one.over(kind)
        cost = of_tickets(one_by_one, found, one_by_one.month(kind), kept, way)
        each, one = in_units(cost) / one_by_one.n, np.ones(len(cost), int)
        return one_by_one.drill(at, each, one, kept)(period, **group)

    return rows


def _resolution(inbox: Inbox, kind: str) -> NDArray[np.float64]:
    """Return the median time to the last solution per cell, in hours."""
    marked = Marked("resolution", at=kind, shares=(0.5,), backwards=True)

    def times(inbox: Inbox) -> Clock:
        created, until, done = inbox.span("resolution")
        mine = inbox.since & inbox.over(kind) & ~inbox.backwards
        seconds = until - created
        return Clock(seconds, done, mine, (), *inbox.spent("resolution", seconds))

    (median,) = inbox.marked(marked, times).quantiles
    return median.reshape(len(inbox.groups), inbox.extent[1]) / HOUR


def _notes(inbox: Inbox, found: Costs, kept: NDArray[np.bool_], allocation: str) -> list[str]:
    notes = []
    without = inbox.count(kept & ~inbox.timed)
    if without and allocation != "volume" and inbox.by:
        notes.append(f"{number_of(without, 'ticket')} without handle time bear no cost")
    created = np.bincount(
        np.clip(inbox.month("created") - found.first, 0, None)[kept], minlength=len(found.known)
    )
    idle = int((found.known & (created[: len(found.known)] == 0) & (found.total > 0)).sum())
    if idle and inbox.by:
        notes.append(f"The cost of {number_of(idle, 'month')} without tickets is in no group")
    return notes


def cost_of_tickets(inbox: Inbox) -> NDArray[np.float64]:
    """Return what the tickets of each element of an inbox by the month cost together, nan where it is not known."""
    found = costs(inbox, None, ("support",), None)
    work = bool(inbox.work.any())
    way = "handle_time" if work else "volume"
    cost = in_units(of_tickets(inbox, found, inbox.created, inbox.since, way))
    place = inbox.created - found.first
    inside = (place >= 0) & (place < len(found.known))
    known = np.append(found.known, False)[np.where(inside, place, -1)]
    return np.where(known, cost, np.nan)


@metric(
    id="cost_to_serve",
    name="Cost to serve",
    unit="money",
    better="lower",
    meaning="What a customer costs a month in customer success and support, beside whether customers stay content.",
    formula="cost shared among customers by the handle time of their tickets / customer-months",
    missing="Missing where the cost of a month is not known, or nobody pays.",
    sources=(
        "Document360, support spending over time",
        "HubSpot, do not under-invest",
        "METRICS.md",
    ),
    options={"functions": "cost is that of {value}", "allocation": ALLOCATIONS},
)
def cost_to_serve(
    book: Book,
    by: str | Sequence[str] | None = "segment",
    freq: str = "Q",
    *,
    functions: Sequence[str] = ("cs", "support"),
    allocation: str = "handle_time",
    zone: str = "UTC",
) -> Result:
    """What it costs to serve customers, beside their gross retention and satisfaction: savings must not cost those.

    Parameters
    ----------
    book
        With the tables tickets and spend.
    by
        Columns of customers; None for the company over time.
    freq
        "M", "Q" or "Y".
    functions
        Functions of spend that serve customers.
    allocation
        As for `unit_cost`.
    zone
        Time zone in which months begin.

    Returns
    -------
    Result
        Columns period, the by-columns, value (per customer and month), numerator (cost), denominator
        (customer-months), n (tickets), gross_retention (GRR over the window of the policy), csat with csat_low,
        csat_high and csat_n, reopen_rate, reopen_n, reason, complete. Tickets of who does not pay bear their part of
        the cost and count no customer.

    Raises
    ------
    DataError
        If a by-column is not one of customers, or a period is shorter than a month.
    MissingTableError
        If the book has no tickets or no spend.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.support.cost_to_serve(sm.demo(customers=50), freq="Y").df
    >>> bool((df["value"].dropna() > 0).all())
    True
    """
    inbox, monthly = _inboxes(book, by, freq, zone)
    inbox = inbox.looking(_facets("created"))
    if strange := [name for name in inbox.by if name not in _customer_columns(book)]:
        msg = f"Customers are served: by={strange[0]!r} is no column of the table customers."
        raise DataError(msg)
    wanted = names_of(functions)
    found = costs(monthly, "spend", wanted, None)
    cost = of_tickets(inbox, found, inbox.month("created"), inbox.since, allocation)
    top = inbox.totals(inbox.created, cost, inbox.since)
    if not inbox.by:
        top = in_periods(inbox, monthly, found.total)[None, :]
    known = in_periods(inbox, monthly, found.known, np.logical_and)
    paying = Paying.of(book)
    groups = parts(inbox, "customers", paying.ids, "customer_id")
    days = customer_days(inbox, paying, groups).sum(axis=1)
    months = days / np.diff(edges(inbox)) * months_per_period(inbox)
    n = inbox.sums(inbox.created, kept=inbox.since)
    value = np.where(known, in_units(top), np.nan)
    df = inbox.frame(value, months, _NO_COST, n=n, **quality(inbox))
    df = _with_retention(df, book, inbox)
    return inbox.result(
        "cost_to_serve",
        df,
        "frontier",
        options=inbox.options(functions=" and ".join(wanted), allocation=allocation),
        notes=_notes(inbox, found, inbox.since, allocation),
        tables=("spend",),
        money=True,
    )


def _customer_columns(book: Book) -> set[str]:
    if "customers" not in book.tables:
        return set()
    own = book.tables["customers"].data.column_names
    of_tickets = set(book.tables["tickets"].data.column_names) - {"customer_id"}
    return {name for name in own if name not in of_tickets} | {f"customers.{name}" for name in own}


def _with_retention(df: Any, book: Book, inbox: Inbox) -> Any:
    from saasmetrics.metrics.retention.money import grr

    kept = grr(book, by=list(inbox.by) or None, freq=inbox.freq, interval=None).df
    keys = ["period", *inbox.by]
    kept = kept[[*keys, "value"]].rename(columns={"value": "gross_retention"})
    return df.merge(kept, on=keys, how="left", validate="one_to_one")

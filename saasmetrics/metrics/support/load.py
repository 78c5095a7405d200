"""How much work customers make: tickets per customer, per contacting customer, per head."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import sort_key
from saasmetrics.engine.tally import tally
from saasmetrics.metrics.made import bootstrap_ratio, ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.counted import counted_inbox
from saasmetrics.metrics.support.exposure import (
    Paying,
    customer_days,
    edges,
    heads,
    months_per_period,
    observed_edges,
    parts,
)
from saasmetrics.metrics.support.inbox import Inbox, headline
from saasmetrics.money import counted
from saasmetrics.survival.bootstrap import BAGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]

MEASURES = {
    "tickets": "tickets created in the period",
    "contact_rate": "tickets of paying customers / customer-months, part months counting by their days",
    "contact_share": "paying customers with a ticket in the period / paying customers, each by the days it paid",
    "per_contacting": "tickets of paying customers / paying customers with a ticket in the period",
    "per_head": "tickets / average full-time heads",
    "customers_per_head": "average paying customers / average full-time heads",
}
_UNITS = {
    "tickets": "count",
    "contact_share": "ratio",
    "per_head": "count",
    "customers_per_head": "count",
}
_REASON = {
    "tickets": "",
    "contact_rate": "nobody paid in the period",
    "contact_share": "nobody paid in the period",
    "per_contacting": "no paying customer had a ticket in the period",
    "per_head": "no head was there in the period",
    "customers_per_head": "no head was there in the period",
}
_CELLS = 6_000_000  # of a bagged cube


@metric(
    id="support_load",
    name="Support load",
    unit="multiple",
    better="lower",
    meaning="How much support customers ask for, and what that is per customer and per head.",
    formula="tickets created in the period / what they are set against",
    missing="Missing where nobody paid, or no head was there, in the period.",
    sources=("Zendesk, contacts per customer", "Poster POS, requests per head", "METRICS.md"),
    options={"measure": MEASURES, "roles": "heads are those of people with the role {value}"},
)
def load(
    book: Book,
    measure: str = "contact_rate",
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    roles: Sequence[str] | None = None,
    zone: str = "UTC",
    interval: float | None = 0.95,
) -> Result:
    """How many tickets there are per customer, per contacting customer and per head.

    Parameters
    ----------
    book
        With the table tickets; heads need the table people.
    measure
        "tickets", "contact_rate" (a customer and month), "contact_share" (customers with at least one contact),
        "per_contacting" (contacts of those), "per_head" (a period) or "customers_per_head".
    by
        Columns of tickets, which cut tickets alone; of customers and people, which cut what they are set against too.
    freq, zone
        As for `times`; `per_head` is per such period.
    roles
        Roles of the table people that are heads, such as ["agent"]; by default everybody.
    interval
        Coverage of the interval, a bootstrap over customers, or None.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator, denominator, n, tickets, customers (average paying),
        contacting (paying customers with a ticket), contact_share, per_contacting, heads (where there are people),
        reason, complete, and low and high for contact_rate, contact_share and per_contacting. `rows` has the tickets.

    Raises
    ------
    UnknownNameError
        If a measure, column, frequency or time zone does not exist.
    MissingTableError
        If a table is missing.

    Notes
    -----
    Tickets of who does not pay in the period, such as trials, are in tickets and per_head alone; the footnote counts
    them. A customer who pays for half of a month counts half, in contact_share on both sides.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> tickets = {"ticket_id": [1, 2], "customer_id": ["a"] * 2, "created_at": ["2026-01-05", "2026-01-30"]}
    >>> mrr = {"customer_id": ["a", "b"], "month": ["2026-01"] * 2, "mrr": [10, 10]}
    >>> book = sm.Book(mrr=mrr, tickets=tickets)
    >>> [sm.support.load(book, measure).value for measure in ("contact_rate", "contact_share", "per_contacting")]
    [1.0, 0.5, 2.0]
    """
    one_of("measure", measure, MEASURES)
    check_interval(interval)
    inbox = counted_inbox(book, freq, by, zone)
    paying = Paying.of(book)
    asked = _Asked(inbox, paying, measure, roles)
    df = asked.frame()
    bagged = measure in ("contact_rate", "contact_share", "per_contacting")
    if interval is not None and bagged:
        low, high = asked.interval(interval)
        df = df.assign(low=low.ravel(), high=high.ravel())
    others = int(inbox.n[inbox.since & ~asked.pays].sum())
    notes = [
        f"{counted(others, 'ticket')} of who did not pay in the period not in rates of customers"
    ]
    unit = _UNITS.get(measure, "multiple")
    return inbox.result(
        "support_load",
        df,
        "series",
        options=inbox.options(measure=measure, roles=None if roles is None else ", ".join(roles)),
        notes=notes if others and bagged else [],
        extra={"measure": measure, **(headline(df, inbox.by, unit) if unit != "multiple" else {})},
        drill=inbox.drill(inbox.created, np.ones(len(inbox.n), int), None, asked.counts),
        tables=("people",) if "heads" in df.columns else (),
        money=bagged,
        untraced=""
        if measure == "tickets"
        else "tickets are set against the days of customers or heads, not rows",
    )


class _Asked:
    """Tickets and what they are set against, per group and period."""

    def __init__(
        self, inbox: Inbox, paying: Paying, measure: str, roles: Sequence[str] | None
    ) -> None:
        self.inbox, self.paying, self.measure = inbox, paying, measure
        self.customer = paying.of_tickets(inbox)
        bounds, seen = edges(inbox), observed_edges(inbox)
        first, periods, _ = inbox.extent
        place = np.clip(inbox.created - first, 0, max(periods - 1, 0))
        known = np.maximum(self.customer, 0)
        paid = paying.paid_days(known, seen[place + 1]) - paying.paid_days(known, seen[place])
        self.days = np.where((self.customer >= 0) & (inbox.created >= first), paid, 0)
        self.pays = self.days > 0
        self.length = np.diff(bounds).astype(float)
        self.seen = np.maximum(np.diff(seen), 1).astype(float)
        self.groups = parts(inbox, "customers", paying.ids, "customer_id")
        self.heads = None
        if "people" in inbox.book.tables or measure in ("per_head", "customers_per_head"):
            self.heads = heads(inbox, roles)

    @property
    def counts(self) -> NDArray[np.bool_]:
        """The tickets that the measure counts."""
        everybody = self.measure in ("tickets", "per_head", "customers_per_head")
        return self.inbox.since if everybody else self.inbox.since & self.pays

    @cached_property
    def pairs(self) -> tuple[Ints, Ints]:
        """One ticket of each group, customer and period, with the days that the customer paid in it."""
        inbox = self.inbox
        mine = np.flatnonzero(self.counts & self.pays)
        first, periods, _ = inbox.extent
        key = (inbox.code[mine] * periods + inbox.created[mine] - first) * (
            len(self.paying.ids) + 1
        )
        _, at = np.unique(key + self.customer[mine], return_index=True)
        return mine[at], self.days[mine[at]]

    def frame(self) -> Any:
        """Return the frame of the measure."""
        inbox = self.inbox
        days = customer_days(inbox, self.paying, self.groups).sum(axis=1)
        one, paid = self.pairs
        picked = np.zeros(len(inbox.n), bool)
        picked[one] = True
        weight = np.zeros(len(inbox.n), np.int64)
        weight[one] = paid
        contacting = inbox.sums(inbox.created, kept=picked)
        weighted = inbox.sums(inbox.created, weight, picked)
        every = inbox.sums(inbox.created, inbox.n, inbox.since)
        of_paying = inbox.sums(inbox.created, inbox.n, inbox.since & self.pays)
        months = days / self.length * months_per_period(inbox)
        average = days / self.seen
        sides: dict[str, tuple[Any, Any]] = {
            "tickets": (every, np.ones_like(every)),
            "contact_rate": (of_paying, months),
            "contact_share": (weighted / self.length, days / self.length),
            "per_contacting": (of_paying, contacting),
        }
        more = {
            "tickets": every,
            "customers": average,
            "contacting": contacting,
            "contact_share": ratio(weighted, days),
            "per_contacting": ratio(of_paying, contacting),
        }
        if self.heads is not None:
            sides |= {"per_head": (every, self.heads), "customers_per_head": (average, self.heads)}
            more["heads"] = self.heads
        more.pop(self.measure, None)
        top, bottom = sides[self.measure]
        return inbox.frame(top, bottom, _REASON[self.measure], n=every, **more)

    def interval(self, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the bootstrap interval over customers."""
        inbox, paying = self.inbox, self.paying
        first, periods, _ = inbox.extent
        many = len(inbox.groups)
        bags = max(min(BAGS, len(paying.ids), _CELLS // max(many * periods, 1)), 1)
        bag = sort_key(paying.ids) * 2654435761 % 4294967291 % bags
        days = customer_days(inbox, paying, self.groups, bag, bags)
        mine = np.flatnonzero(self.counts & self.pays & (inbox.created >= first))
        one, paid = self.pairs

        def cube(at: Ints, values: Ints | None) -> Ints:
            cell = (inbox.code[at] * bags + bag[self.customer[at]]) * periods
            cell = cell + inbox.created[at] - first
            size = many * bags * periods
            return tally(cell, values, size).reshape(many, bags, periods)

        tickets = cube(mine, inbox.n[mine])
        if self.measure == "contact_rate":
            low, high = bootstrap_ratio(tickets, days, level)  # per day, then per month
            months = self.length / months_per_period(inbox)
            return low * months, high * months
        if self.measure == "per_contacting":
            return bootstrap_ratio(tickets, cube(one, None), level)
        return bootstrap_ratio(cube(one, paid), days, level)

"""The value of a root cause: what support would not cost without one kind of ticket."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, text, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.facets import Facets
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.counted import counted_inbox
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.unit_cost import cost_of_tickets
from saasmetrics.money import counted, format_money

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result


@metric(
    id="root_cause",
    name="Value of a root cause",
    unit="money",
    better="higher",
    meaning="What support would not cost if the cause of one topic were removed at the source.",
    formula="tickets of the topic in the last months x cost per ticket",
    missing="Missing where no cost is given and the book has none.",
    sources=("Zendesk, a gap causing 10,000 requests a year", "HDI, cost per ticket"),
    options={
        "tag": "the topic is {value}",
        "months": "in {value} complete months",
        "cost_per_ticket": "a ticket costs {value}",
    },
)
def root_cause(
    book: Book,
    tag: Any,
    cost_per_ticket: float | None = None,
    months: int = 12,
    *,
    by: str = "tag",
    interval: float | None = 0.95,
    zone: str = "UTC",
) -> Result:
    """What it is worth to remove the cause of one kind of ticket.

    Parameters
    ----------
    book
        With the table tickets.
    tag
        The topic.
    cost_per_ticket
        Full cost of one ticket in the reporting currency; by default that of the same months, by `unit_cost`.
    months
        The last so many complete months.
    by
        The column that the topic is a value of.
    interval
        Coverage of the interval of the count (Poisson), or None.
    zone
        Time zone in which months begin.

    Returns
    -------
    Result
        One row: the column of topics, value (saved), numerator (tickets), cost_per_ticket, handle_hours, customers, n,
        reason, low, high. `rows` has the tickets.

    Raises
    ------
    UnknownNameError
        If no ticket has the topic.
    DataError
        If the months reach back before the tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.support.root_cause(sm.demo(customers=100), "bug", cost_per_ticket=15.56)
    >>> round(found.value / int(found.df["numerator"].iloc[0]), 2)
    15.56
    """
    import pandas as pd

    many = whole("months", months, 1, "a number of months")
    check_interval(interval)
    text("by", by, "a column of tickets")
    inbox = faceted_inbox(book, "M", by, zone).looking(Facets(work=True))
    ((labels, code),) = inbox.columns
    if not any(tag == label for label in labels):
        raise UnknownNameError.of(by, tag, map(str, labels))
    inside = _inside(inbox, many)
    mine = inside & (code == labels.index(tag))
    price, why = _price(inbox, cost_per_ticket, inside)
    count = inbox.count(mine)
    work = inbox.work[mine].sum() / 3_600_000
    data: dict[str, Any] = {
        by: [labels[labels.index(tag)]],
        "value": [count * price],
        "numerator": [count],
    }
    data |= {"cost_per_ticket": [price], "handle_hours": [work], "n": [count], "reason": [why]}
    data["customers"] = [_customers(counted_inbox(book, "M", by, zone), tag, many)]
    if interval is not None:
        low, high = poisson(count, interval)
        data |= {"low": [low * price], "high": [high * price]}
    said = format_money(None if price != price else count * price, book.currency)
    options = {
        "tag": tag,
        "months": many,
        "cost_per_ticket": "–" if price != price else f"{price:,.2f}",
    }

    def rows() -> pd.DataFrame:
        return inbox.shown(mine, numerator=np.ones(int(mine.sum()), int))

    head = {"headline": f"{said} in {counted(many, 'month')}"}
    found = inbox.result(
        "root_cause", pd.DataFrame(data), "table", options=options, extra=head, drill=rows
    )
    return replace(found, by=())


def _customers(inbox: Inbox, tag: Any, months: int) -> int:
    """Return how many customers have a topic in the last complete months; whoever is not known counts as one."""
    ((labels, code),) = inbox.columns
    mine = _inside(inbox, months) & (code == labels.index(tag))
    return len(np.unique(inbox.customer[mine]))


def _inside(inbox: Inbox, months: int) -> NDArray[np.bool_]:
    """Return the tickets of the last complete months."""
    first, _, full = inbox.extent
    if full - months + 1 < first:
        msg = f"months={months}: the tickets of this book cover {max(full - first + 1, 0)} complete months."
        raise DataError(msg)
    return np.asarray((inbox.created > full - months) & (inbox.created <= full))


def _price(inbox: Inbox, given: float | None, inside: NDArray[np.bool_]) -> tuple[float, str]:
    if given is not None:
        return finite("cost_per_ticket", given, "an amount", least=0, most=1e9), ""
    cost = cost_of_tickets(inbox)
    total = float(cost[inside].sum())
    if not inside.any() or total != total:
        return np.nan, "no cost of support is known for all of the months"
    return total / inbox.count(inside), ""


def poisson(count: int, level: float) -> tuple[float, float]:
    """Return Garwood's exact interval of the mean of a count.

    Examples
    --------
    >>> [round(edge, 2) for edge in poisson(10, 0.95)]
    [4.8, 18.39]
    """
    from scipy.special import gammaincinv

    tail = (1 - level) / 2
    low = float(gammaincinv(count, tail)) if count else 0.0
    return low, float(gammaincinv(count + 1, 1 - tail))

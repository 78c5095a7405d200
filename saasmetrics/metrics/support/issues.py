"""What customers' problems are worth: the top issues, tickets by revenue, and the value of a root cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import text, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.engine.groups import NONE
from saasmetrics.engine.groups import columns as by_columns
from saasmetrics.engine.tally import tally
from saasmetrics.engine.ticket_groups import columns_for
from saasmetrics.metrics.made import ratio
from saasmetrics.metrics.support.counted import counted_inbox
from saasmetrics.metrics.support.exposure import Paying, by_customer, edges, in_money
from saasmetrics.money import counted, multiplied

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]

NO_MRR = "(no MRR)"


@metric(
    id="top_issues",
    name="Top issues",
    unit="count",
    better="lower",
    meaning="The problems that most customers wrote about in a period, with the change and the ARR behind them.",
    formula="tickets of the topic created in the period; ARR of the customers who wrote, at the end of the period",
    missing="Empty where the period has no tickets.",
    sources=("HubSpot, top customer problems of the month", "METRICS.md"),
    options={
        "by": "issues are {value}",
        "n": "the first {value}, equal counts in the order of ARR",
    },
)
def top_issues(
    book: Book,
    n: int = 5,
    by: str = "tag",
    freq: str = "M",
    *,
    period: Any = None,
    zone: str = "UTC",
) -> Result:
    """The problems that most tickets of a period are about.

    Parameters
    ----------
    book
        With the table tickets.
    n
        How many.
    by
        The column that names a problem.
    freq
        Length of a period.
    period
        A day of the period; by default the last complete one.
    zone
        Time zone in which months begin.

    Returns
    -------
    Result
        Columns period, the column of problems, rank, value (tickets), n, before (tickets one period earlier), change,
        customers (who wrote), arr (of those who pay at the end of the period); `rows` has the tickets. Tickets
        without a topic are counted in the footnote.

    Raises
    ------
    DataError
        If there is no such period.
    MissingTableError
        If the book has no tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.support.top_issues(sm.demo(customers=100)).df["rank"].tolist()
    [1, 2, 3, 4, 5]
    """
    import pandas as pd

    many = whole("n", n, 1, "how many problems")
    text("by", by, "a column of tickets")
    inbox = counted_inbox(book, freq, by, zone)
    labels = [label[0] for label in inbox.groups.labels]
    first, _, full = inbox.extent
    number = full if period is None else book.calendar(freq).of(period)
    mine, size = inbox.cell(inbox.created, period, {}), len(labels)
    now = tally(inbox.code[mine], inbox.n[mine], size)
    earlier = inbox.created == number - 1
    before = tally(inbox.code[earlier], inbox.n[earlier], size)
    paying = Paying.of(book)
    end = min(int(edges(inbox)[number - first + 1]) - 1, book.as_of_day)
    arr, customers = _behind(inbox, mine, paying, end)
    data = {
        "period": book.calendar(freq).starts(np.full(size, number)),
        by: labels,
        "value": now,
        "n": now,
        "before": before,
        "change": now - before,
        "customers": customers,
        "arr": in_money(arr),
    }
    df, untold = _ranked(pd.DataFrame(data), by, many)
    drill = inbox.drill(inbox.created, np.ones(len(inbox.n), int), None, inbox.since)
    notes = [f"{counted(untold, 'ticket')} of the period without {by} not ranked"] if untold else []
    said = (
        "–" if not len(df) else f"{df[by].iloc[0]}: {counted(int(df['value'].iloc[0]), 'ticket')}"
    )
    return inbox.result(
        "top_issues",
        df,
        "top_issues",
        options=inbox.options(by=by, n=many),
        notes=notes,
        extra={"headline": said},
        drill=drill,
        money=True,
    )


def _ranked(df: pd.DataFrame, by: str, many: int) -> tuple[pd.DataFrame, int]:
    """Return the first problems by tickets, then ARR, then name; and how many tickets have none."""
    untold = int(df.loc[df[by] == NONE, "value"].sum())
    df = df[(df["value"] > 0) & (df[by] != NONE)].assign(name=lambda d: d[by].astype(str))
    df = df.sort_values(["value", "arr", "name"], ascending=[False, False, True], kind="stable")
    df = df.drop(columns="name").head(many).reset_index(drop=True)
    df.insert(2, "rank", np.arange(1, len(df) + 1))
    return df, untold


def _behind(inbox: Inbox, mine: NDArray[np.bool_], paying: Paying, day: int) -> tuple[Ints, Ints]:
    """Return ARR and number of the customers behind some tickets, per group; each customer once a group."""
    size = len(inbox.groups)
    every = inbox.customer
    many = len(inbox.customer_ids) + 1
    _, at = np.unique((inbox.code * many + every)[mine], return_index=True)
    one = np.flatnonzero(mine)[at]
    who = paying.of_tickets(inbox)[one]
    arr = np.append(multiplied(paying.mrr(day), 12), 0)
    total = np.zeros(size, np.int64)
    np.add.at(total, inbox.code[one], arr[who])
    return total, np.bincount(inbox.code[one], minlength=size)


@metric(
    id="tickets_by_revenue",
    name="Tickets per $1k MRR",
    unit="multiple",
    better="lower",
    meaning="How many tickets customers open for the revenue that they bring.",
    formula="tickets created in the period / MRR at its end in thousands",
    missing="Missing where the customers of a group have no MRR.",
    sources=("HubSpot, request volume with revenue", "METRICS.md"),
)
def by_revenue(
    book: Book,
    by: str | Sequence[str] | None = ("tag", "plan"),
    freq: str = "M",
    *,
    zone: str = "UTC",
) -> Result:
    """How many tickets there are per 1,000 of MRR, by topic and plan.

    Parameters
    ----------
    book
        With the table tickets.
    by
        Columns of tickets, of customers, and of the source of MRR ("plan"), of which a customer has the one of most
        of its MRR on its first day. Columns of tickets do not cut the MRR.
    freq, zone
        As for `times`.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator (tickets), denominator (MRR in thousands), n, reason,
        complete. Tickets of who has no MRR at the end of the period stand in a group "(no MRR)" without a value, so
        that tickets add up to all. `rows` is not defined.

    Raises
    ------
    UnknownNameError
        If a column does not exist.
    MissingTableError
        If the book has no tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=50)
    >>> df = sm.support.by_revenue(book, freq="Y").df
    >>> bool(df["numerator"].sum() == len(book.frame("tickets")))
    True
    """
    names = by_columns(by)
    own = columns_for(book.tables) if "tickets" in book.tables else {}
    of_tickets = tuple(n for n in names if n in own and own[n][0] == "tickets")
    of_customers = tuple(n for n in names if n not in of_tickets)
    inbox = counted_inbox(book, freq, of_tickets, zone)
    engine = followed(by_customer(book).engine)
    groups, paying = engine.grouping(of_customers), Paying.of(book)
    group = engine.origin(of_customers).astype(np.int64)
    mrr = _at_ends(inbox, paying, group, len(groups))
    who = paying.of_tickets(inbox)
    has_mrr = _has_mrr(inbox, paying, who)
    theirs = np.where(has_mrr, np.append(group, -1)[who], len(groups))
    df = _table(inbox, names, groups.labels, theirs, mrr)
    without = int(inbox.n[~has_mrr & inbox.since].sum())
    notes = [f"{counted(without, 'ticket')} of customers without MRR at the end of the period"]
    from dataclasses import replace

    found = inbox.result(
        "tickets_by_revenue",
        df,
        "series",
        notes=notes if without else [],
        money=True,
    )
    return replace(found, by=names)


def _at_ends(inbox: Inbox, paying: Paying, group: Ints, many: int) -> Ints:
    """Return the MRR of each group of customers on the last observed day of each period, in micro-units."""
    last = np.minimum(edges(inbox)[1:] - 1, inbox.book.as_of_day)
    out = np.zeros((many, len(last)), np.int64)
    if not many:  # nobody has begun to pay, so that customers have no group yet
        return out
    for i, day in enumerate(last):
        np.add.at(out[:, i], group, paying.mrr(int(day)))
    return out


def _has_mrr(inbox: Inbox, paying: Paying, who: Ints) -> NDArray[np.bool_]:
    first, periods, _ = inbox.extent
    last = np.minimum(edges(inbox)[1:] - 1, inbox.book.as_of_day)
    if not periods:
        return np.zeros(len(who), bool)
    day = last[np.clip(inbox.created - first, 0, periods - 1)]
    known = np.maximum(who, 0)
    paid = paying.paid_days(known, day + 1) > paying.paid_days(known, day)
    return np.asarray(paid & (who >= 0))


def _table(
    inbox: Inbox, names: tuple[str, ...], labels: tuple[Any, ...], theirs: Ints, mrr: Ints
) -> pd.DataFrame:
    """Return the frame of tickets by their own groups and those of their customers."""
    import pandas as pd

    first, periods, full = inbox.extent
    mine = inbox.since & (inbox.created >= first)
    parts = len(labels) + 1
    cell = ((inbox.code * parts + theirs) * periods + inbox.created - first)[mine]
    top = tally(cell, inbox.n[mine], len(inbox.groups) * parts * periods)
    money = np.vstack([mrr, np.zeros((1, periods), np.int64)])
    bottom = np.tile(in_money(money) / 1000, (len(inbox.groups), 1)).reshape(-1)
    rows = [(mine_, other) for mine_ in inbox.groups.labels for other in [*labels, None]]
    number = np.arange(first, first + periods)
    data: dict[str, Any] = {
        "period": np.tile(inbox.book.calendar(inbox.freq).starts(number), len(rows))
    }
    customers = [n for n in names if n not in inbox.by]
    for name in names:
        values = np.empty(len(rows), object)
        if name in inbox.by:
            values[:] = [own[inbox.by.index(name)] for own, _ in rows]
        else:
            at = customers.index(name)
            values[:] = [NO_MRR if other is None else other[at] for _, other in rows]
        data[name] = np.repeat(values, periods)
    value = ratio(top, bottom)
    data |= {"value": value, "numerator": top, "denominator": bottom, "n": top}
    data["reason"] = np.where(np.isnan(value), "the group has no MRR at the end of the period", "")
    data["complete"] = np.tile(number <= full, len(rows))
    df = pd.DataFrame(data)
    none = np.repeat(np.array([other is None for _, other in rows], np.bool_), periods)
    if not names:  # nothing tells such tickets from the others; the note counts them
        df, none = df[~none], none[~none]
    keep = ~none | (df["numerator"] > 0).to_numpy()
    return df[keep & ((df["numerator"] > 0) | (df["denominator"] > 0))].reset_index(drop=True)

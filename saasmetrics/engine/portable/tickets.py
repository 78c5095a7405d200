"""Tickets counted where they are: how many of each customer, by other columns and the period they were created in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.fetched import number
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.instants import with_local_day, with_seconds
from saasmetrics.engine.portable.whole import flag, summed, with_period
from saasmetrics.engine.ticket_groups import LINKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar


@dataclass(frozen=True)
class Clock:
    """How the moments of tickets are read.

    Parameters
    ----------
    calendar
        The periods.
    now
        The first moment that is not known yet, in seconds of UTC.
    since
        The first day looked at.
    offsets
        Of the clock on the wall, as `with_local_day` takes them.
    work
        When work goes on on each day of UTC, from `WorkingHours.by_day`, from the first moment of the tickets to now.
    """

    calendar: Calendar
    now: int
    since: int
    offsets: Sequence[tuple[int, int]] = ()
    work: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)


def first_moment(tickets: Frame, now: int) -> int | None:
    """Return when the first ticket that is known was created, in seconds of UTC; None without any."""
    found = with_seconds(tickets.select("created_at"), "created_at", "_created")
    first = number(found.filter(nw.col("_created") < now).select(first=nw.col("_created").min()))
    return None if first is None else int(first)


def ticket_cells(
    tables: Mapping[str, Frame], columns: Sequence[tuple[str, str]], clock: Clock
) -> Frame:
    """Return how many tickets there are of each customer, combination of columns and period.

    Parameters
    ----------
    tables
        With tickets, and those that columns are of.
    columns
        Table and name of each column: of tickets, of their customers, or of the people who answer.
    clock
        How their moments are read.

    Returns
    -------
    Frame
        customer_id, `_by0`, `_by1`, ... (the columns), period, since (1 for those created since the first day looked
        at) and n.
    """
    found = tables["tickets"]
    keys = {f"_by{at}": own for at, (table, own) in enumerate(columns) if table == "tickets"}
    keys |= {LINKS[table][0]: LINKS[table][0] for table, _ in columns if table != "tickets"}
    keys["customer_id"] = "customer_id"
    found = found.select("created_at", *(nw.col(own).alias(name) for name, own in keys.items()))
    found = with_seconds(found, "created_at", "_created").filter(nw.col("_created") < clock.now)
    found = with_local_day(found, "created_at", "day", clock.offsets)
    found = found.with_columns(since=flag(nw.col("day") >= clock.since).cast(nw.Int64))
    found = found.group_by(*keys, "day", "since").agg(n=nw.len())
    # Kept, or the month would be told anew, from the clock, wherever its parts are named.
    found = with_period(held(found.with_columns(n=nw.col("n").cast(nw.Int64))), clock.calendar)
    found = summed(found, [*keys, "period", "since"], ["n"])
    for at, (table, own) in enumerate(columns):
        if table == "tickets":
            continue
        key, theirs = LINKS[table]
        told = tables[table].select(nw.col(theirs).alias("_key"), nw.col(own).alias(f"_by{at}"))
        found = found.join(told, left_on=key, right_on="_key", how="left")
    if "agent_id" in keys:  # which was there to look people up
        every = ["customer_id", *(f"_by{at}" for at in range(len(columns))), "period", "since"]
        found = summed(found, every, ["n"])
    return found

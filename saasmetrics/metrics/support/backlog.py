"""What is waiting: open tickets by age, days of work in them, and whether support keeps up."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, listed, one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.facets import Facets
from saasmetrics.engine.moments import to_utc
from saasmetrics.engine.tickets import DAY
from saasmetrics.errors import DataError
from saasmetrics.metrics.support.clocks import set_aside
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.inbox import headline

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]

MEASURES = {
    "open": "tickets created and not solved at the end of the period",
    "days": "tickets open at the end of the period / tickets solved per day in it",
    "cleared": "tickets solved in the period / tickets created in it",
}
EDGES = (1, 3, 7, 14, 30)
_UNITS = {"open": "count", "days": "days", "cleared": "ratio"}
_NONE = {
    "open": "",
    "days": "nothing was solved in the period, so the backlog has no end",
    "cleared": "no ticket was created in the period",
}


@metric(
    id="backlog",
    name="Ticket backlog",
    unit="count",
    better="lower",
    meaning="How many tickets are open at the end of each period, how old they are, and whether support keeps up.",
    formula="tickets created and not solved by the end of the period; ages from creation to then",
    missing="Days are missing where nothing was solved, the ratio where nothing was created.",
    sources=("Zendesk help, unsolved tickets", "METRICS.md"),
    options={"measure": MEASURES, "zone": "days end in {value}"},
)
def backlog(
    book: Book,
    measure: str = "open",
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    edges: Sequence[float] = EDGES,
    zone: str = "UTC",
) -> Result:
    """How many tickets wait, how old they are, and whether support keeps up.

    Parameters
    ----------
    book
        With the table tickets.
    measure
        "open" (tickets), "days" (of work at the pace of the period) or "cleared" (solved / created).
    by, freq
        As for `times`.
    edges
        Days at which the age of an open ticket falls into the next bucket.
    zone
        Time zone in which the last day of a period ends.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator, denominator, n, backlog, opened, solved, one column per
        bucket of age, longest (age of the oldest in days), reason, complete. An open period is as of today.
        `rows` has the open tickets.

    Raises
    ------
    DataError
        If the edges are not ages in days, in order.
    MissingTableError
        If the book has no tickets.

    Notes
    -----
    A ticket that was reopened counts as open from its creation to its last solution: when it was closed in between
    is not in the table. Tickets solved before they were created are set aside.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> tickets = {"ticket_id": [1, 2], "customer_id": ["a"] * 2, "created_at": ["2026-01-05", "2026-01-30"],
    ...     "solved_at": ["2026-01-20", None]}
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}, tickets=tickets)
    >>> sm.support.backlog(book).value, sm.support.backlog(book, "cleared").value
    (1.0, 0.5)
    """
    one_of("measure", measure, MEASURES)
    ages = _edges(edges)
    looks = Facets(at=("resolution",), after=tuple(_seconds(age) for age in ages), backwards=True)
    inbox = faceted_inbox(book, freq, by, zone).looking(looks)
    kept = ~inbox.backwards
    ends = _ends(inbox)
    frames = _buckets(inbox, kept, ends, ages)
    created = inbox.sums(inbox.created, kept=kept)
    solved = inbox.sums(inbox.at("resolution"), kept=kept)
    waiting = frames.pop("backlog")
    first, periods, _ = inbox.extent
    starts = to_utc(
        inbox.book.calendar(freq).first_day(np.arange(first, first + periods)) * DAY, zone
    )
    days = np.maximum((ends - starts) / DAY, 1 / DAY)
    sides: dict[str, tuple[Any, Any]] = {
        "open": (waiting, np.ones_like(waiting)),
        "days": (waiting, solved / days),
        "cleared": (solved, created),
    }
    more = {"backlog": waiting, "opened": created, "solved": solved, **frames}
    df = inbox.frame(*sides[measure], _NONE[measure], n=waiting, **more)
    return inbox.result(
        "backlog",
        df,
        "backlog",
        options=inbox.options(measure=measure),
        notes=set_aside(inbox),
        extra={
            "ages": tuple(frames)[:-1],
            "measure": measure,
            **headline(df, inbox.by, _UNITS[measure], book.currency),
        },
        drill=_drill(inbox, kept, ends),
        untraced=""
        if measure == "open"
        else "the rows are what is open, not what was opened and solved",
    )


def _edges(edges: Sequence[float]) -> tuple[float, ...]:
    found = tuple(
        finite("edges", edge, "an age in days", least=1e-6, most=1e5)
        for edge in listed("edges", edges, "ages in days")
    )
    if not found or list(found) != sorted(set(found)):
        msg = f"edges={edges!r} are not ages in days, from the shortest to the longest."
        raise DataError(msg)
    return found


def names(edges: Sequence[float]) -> tuple[str, ...]:
    """Return the names of the buckets between edges of age in days.

    Examples
    --------
    >>> names((1, 7))
    ('under 1 d', '1 to 7 d', '7 d and more')
    """
    inner = [f"{a:g} to {b:g} d" for a, b in pairwise(edges)]
    return (f"under {edges[0]:g} d", *inner, f"{edges[-1]:g} d and more")


def _ends(inbox: Inbox) -> Ints:
    """Return the moment at which each period ends; now for the one that is not over."""
    first, periods, _ = inbox.extent
    last = inbox.book.calendar(inbox.freq).last_day(np.arange(first, first + periods))
    return np.minimum(to_utc((last + 1) * DAY, inbox.zone), inbox.tickets.now)


def _buckets(
    inbox: Inbox, kept: NDArray[np.bool_], ends: Ints, edges: tuple[float, ...]
) -> dict[str, Any]:
    """Return open tickets per cell by age: those created early enough less those of them solved by then.

    A ticket is open and older than an age at the end of a period if it had that age in the period or before, and was
    solved after it: both are counted by adding up where they fall among the periods, so that the cost follows the
    number of tickets, not tickets times periods.
    """
    first, periods, _ = inbox.extent
    many, code, n = len(inbox.groups), inbox.code[kept], inbox.n[kept]

    def place(period: Ints) -> Ints:
        return np.clip(period[kept] - first, 0, periods)

    gone = place(inbox.at("resolution"))  # the first end by which it is solved
    older = []
    for period in (inbox.created, *(inbox.after(_seconds(age)) for age in edges)):
        old = place(period)
        delta = np.zeros((many, periods + 1), np.int64)
        there = old < gone
        np.add.at(delta, (code[there], old[there]), n[there])
        np.add.at(delta, (code[there], gone[there]), -n[there])
        older.append(np.cumsum(delta, axis=1)[:, :periods])
    buckets = {
        name: older[i] - (older[i + 1] if i + 1 < len(older) else 0)
        for i, name in enumerate(names(edges))
    }
    oldest = _oldest(code, inbox.earliest[kept], gone, ends, many)
    return {"backlog": older[0], **buckets, "longest": oldest}


def _seconds(age: float) -> int:
    """Return the seconds after its creation at which a ticket is last younger than an age in days."""
    return round(age * DAY) - 1


def _oldest(code: Ints, created: Ints, gone: Ints, ends: Ints, many: int) -> NDArray[np.float64]:
    """Return the age in days of the oldest ticket open at each end, per group."""
    out = np.full((many, len(ends)), np.nan)
    for i, end in enumerate(ends):
        there = (created < end) & (gone > i)
        if there.any():
            first = np.full(many, np.iinfo(np.int64).max)
            np.minimum.at(first, code[there], created[there])
            seen = first < end
            out[seen, i] = (end - first[seen]) / DAY
    return out


def _drill(inbox: Inbox, kept: NDArray[np.bool_], ends: Ints) -> Any:
    def rows(period: Any = None, **group: Any) -> pd.DataFrame:
        first, periods, full = inbox.extent
        number = full if period is None else inbox.book.calendar(inbox.freq).of(period)
        if not first <= number < first + periods:
            inbox.cell(inbox.created, period, group)  # says which periods there are
        mine = kept & (inbox.created <= number) & (inbox.at("resolution") > number)
        mine &= inbox.group(group)
        found = inbox.shown(mine, numerator=np.ones(int(mine.sum()), int))
        created = found["created_at"].to_numpy("datetime64[us]").astype(np.int64) // 1_000_000
        return found.assign(age_days=(int(ends[number - first]) - created) / DAY)

    return rows

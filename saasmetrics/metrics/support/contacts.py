"""Tickets that need not be: asked again on another channel, or kept from becoming tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.asked import finite, one_of, text
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import encode, flat
from saasmetrics.engine.facets import Facets, Switched
from saasmetrics.engine.requests import words_of
from saasmetrics.engine.tickets import seconds
from saasmetrics.errors import DataError
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.faceted import faceted_inbox
from saasmetrics.metrics.support.inbox import HOUR, Inbox, headline
from saasmetrics.metrics.support.solved import needs
from saasmetrics.money import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics.tables import Table

    Ints = NDArray[np.int64]

DEFINITIONS = {
    "sessions": "sessions without a ticket of the customer in time / sessions",
    "users": "users of self-service / users with tickets: above 1 is possible",
    "user_share": "users of self-service / users of self-service and users with tickets, counted apart",
}
HELP = ("help_center", "self_service")
"""Features of usage that are visits to help."""
_UNITS = {"users": "multiple"}


@metric(
    id="channel_switches",
    name="Channel switch rate",
    unit="ratio",
    better="lower",
    meaning="How often a customer has to ask again on another channel.",
    formula="tickets followed by one of the same customer and topic on another channel in time / tickets old enough",
    missing="Missing where no ticket of the period is old enough.",
    sources=("Document360, omnichannel", "METRICS.md"),
    options={"hours": "within {value} hours", "topic": "the same topic is the same {value}"},
)
def channel_switches(
    book: Book,
    hours: float = 72,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    topic: str = "tag",
    zone: str = "UTC",
    interval: float | None = 0.95,
) -> Result:
    """How many tickets are followed by one of the same customer and topic on another channel.

    Parameters
    ----------
    book
        With the table tickets and its column channel.
    hours
        Within how many hours.
    by, freq, zone
        As for `times`.
    topic
        The column that says what a ticket is about; tickets without are left out.
    interval
        Coverage of Wilson's interval, or None.

    Returns
    -------
    Result
        Columns period, the by-columns, value, numerator (switched), denominator (old enough), n, reason, complete, low,
        high. `rows` has the tickets.

    Raises
    ------
    MissingTableError
        If there are no tickets, channels or topics.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> 0 <= sm.support.channel_switches(sm.demo(customers=50)).value < 1
    True
    """
    span = round(finite("hours", hours, "a number of hours", least=1e-3, most=1e5) * HOUR)
    text("topic", topic, "a column of tickets")
    check_interval(interval)
    inbox = faceted_inbox(book, freq, by, zone)
    needs(inbox, "channel", topic)
    channels = sorted(words_of(book.tables["tickets"], "channel"))
    asked = Switched(topic, span, tuple(channels))
    inbox = inbox.looking(Facets(switched=asked))
    told, ripe, switched = inbox.following(asked)
    kept = told & inbox.since & ripe
    at = inbox.created
    top, bottom = inbox.sums(at, kept=kept & switched), inbox.sums(at, kept=kept)
    df = inbox.frame(top, bottom, "no ticket of the period is old enough", interval=interval)
    without = inbox.count(inbox.since & ~told)
    return inbox.result(
        "channel_switches",
        df,
        "series",
        options=inbox.options(hours=f"{span / HOUR:g}", topic=topic),
        notes=[f"{counted(without, 'ticket')} without channel or {topic} left out"]
        if without
        else [],
        drill=inbox.drill(at, switched.astype(int), kept.astype(int), kept),
    )


@metric(
    id="deflection",
    name="Self-service deflection",
    unit="ratio",
    better="higher",
    meaning="How many questions customers solve on their own; an estimate, since silence is not yet a solution.",
    formula="sessions not followed by a ticket / sessions; or users of self-service / users with tickets",
    missing="Missing where there are no sessions old enough, or no users with tickets.",
    sources=(
        "supportman.io, ticket deflection",
        "beefed.ai, ticket deflection metrics",
        "METRICS.md",
    ),
    options={
        "definition": DEFINITIONS,
        "hours": "in time is within {value} hours",
    },
)
def deflection(
    book: Book,
    sessions: Any = None,
    definition: str = "sessions",
    freq: str = "M",
    *,
    hours: float = 24,
    zone: str = "UTC",
    interval: float | None = 0.95,
) -> Result:
    """How many questions are solved by self-service instead of a ticket, by one of two definitions.

    Parameters
    ----------
    book
        With the table tickets.
    sessions
        DataFrame of visits to the help center: customer_id and at. None: the usage table, where feature is
        "help_center" or "self_service".
    definition
        "sessions" (without ticket), "users" (self-service users / ticket users) or "user_share" (of both).
    freq
        Length of the periods.
    hours
        Within how many hours a ticket of the same customer undoes a session.
    zone
        Time zone in which days begin.
    interval
        Coverage of Wilson's interval for shares, or None.

    Returns
    -------
    Result
        Columns period, value, numerator, denominator, n (sessions), ticket_users, immature (sessions younger than
        `hours`), reason, complete, and low and high for "sessions".

    Raises
    ------
    DataError
        If there are no sessions, or they lack a column.
    MissingTableError
        If the book has no tickets.

    Notes
    -----
    Sessions without a customer can be matched with no ticket; they are left out and counted.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> tickets = {"ticket_id": [1], "customer_id": ["a"], "created_at": ["2026-01-05 10:00"]}
    >>> mrr = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}
    >>> book = sm.Book(mrr=mrr, tickets=tickets, as_of="2026-01-31")
    >>> visits = {"customer_id": ["a", "b"], "at": ["2026-01-05 09:00", "2026-01-09 09:00"]}
    >>> sm.support.deflection(book, visits).value
    0.5
    """
    one_of("definition", definition, DEFINITIONS)
    span = round(finite("hours", hours, "a number of hours", least=1e-3, most=1e5) * HOUR)
    check_interval(interval)
    inbox = Inbox.asked(book, freq, None, zone)
    who, moment, without = _sessions(inbox, sessions)
    first, periods, _ = inbox.extent
    at = inbox.period(moment)
    seen = (moment < inbox.tickets.now) & (at >= first)
    mature = seen & (moment + span <= inbox.tickets.now)
    undone = _asked_after(inbox, who, moment, span)
    cells = np.clip(at - first, 0, max(periods - 1, 0))

    def many(kept: NDArray[np.bool_]) -> Ints:
        return np.bincount(cells[kept], minlength=periods)[None, :]

    self_users = _distinct(cells[seen], who[seen], periods)
    ticket_users = _distinct(
        (inbox.created - first)[inbox.created >= first],
        inbox.tickets.customer[inbox.created >= first],
        periods,
    )
    sides = {
        "sessions": (many(mature & ~undone), many(mature)),
        "users": (self_users, ticket_users),
        "user_share": (self_users, self_users + ticket_users),
    }
    top, bottom = sides[definition]
    level = interval if definition == "sessions" else None
    more = {"ticket_users": ticket_users, "immature": many(seen & ~mature)}
    reason = "no sessions old enough" if definition == "sessions" else "no users"
    df = inbox.frame(top, bottom, reason, interval=level, n=many(seen), **more)
    return inbox.result(
        "deflection",
        df,
        "series",
        options=inbox.options(definition=definition, hours=f"{span / HOUR:g}"),
        notes=[f"{counted(without, 'session')} without a customer left out"] if without else [],
        extra=headline(df, (), _UNITS.get(definition, "ratio")),
    )


def _sessions(inbox: Inbox, given: Any) -> tuple[Ints, Ints, int]:
    """Return customer (a number among those of the tickets, or beyond them) and moment of each session."""
    data = _session_table(inbox.book, given)
    valid = np.asarray(flat(data["customer_id"]).is_valid())
    data = data.filter(pa.array(valid))
    ids, code = encode(data["customer_id"].cast(pa.string()))
    names = inbox.tickets.customer_ids.cast(pa.string())
    place = np.asarray(pc.fill_null(pc.index_in(ids, value_set=names), -1)).astype(np.int64)
    place = np.where(place >= 0, place, len(names) + np.arange(len(ids)))
    return place[code], seconds(data, "at"), int((~valid).sum())


def _session_table(book: Book, given: Any) -> pa.Table:
    from saasmetrics.tables import normalize

    if given is None:
        if "usage" in book.tables and "feature" in book.tables["usage"].data.column_names:
            found = _visits(book.tables["usage"])
            if len(found):
                return pa.table(
                    {
                        "customer_id": found["customer_id"],
                        "at": found["date"].cast(pa.timestamp("us")),
                    }
                )
        msg = (
            "No sessions of self-service are known: pass sessions=, a DataFrame with customer_id and at, or usage with "
            'the feature "help_center".'
        )
        raise DataError(msg)
    found = _columns(given)
    return normalize("activities", {**found, "kind": ["session"] * len(found["at"])}).data


def _visits(table: Table) -> pa.Table:
    """Return the use of help; of tables that are elsewhere nothing else is brought."""
    if table.is_away:
        from saasmetrics.engine.connected.usage import use_of

        return use_of(table.data, HELP)
    return table.data.filter(pc.is_in(table.data["feature"], value_set=pa.array(HELP)))


def _columns(given: Any) -> dict[str, Any]:
    try:
        names = list(given.columns if hasattr(given, "columns") else given)
        found = {name: list(given[name]) for name in ("customer_id", "at") if name in names}
    except (TypeError, KeyError, AttributeError):
        found = {}
    if len(found) != 2:
        msg = f"sessions={type(given).__name__}: sessions are a DataFrame with the columns customer_id and at."
        raise DataError(msg)
    return found


def _asked_after(inbox: Inbox, who: Ints, moment: Ints, span: int) -> NDArray[np.bool_]:
    """Return whether the customer of each session opened a ticket at it or within a span after it."""
    created, customer = inbox.tickets.created, inbox.tickets.customer.astype(np.int64)
    order = np.lexsort((created, customer))
    key = customer[order] * 2**34 + created[order]
    low = np.searchsorted(key, who * 2**34 + moment, side="left")
    high = np.searchsorted(key, who * 2**34 + moment + span, side="right")
    return np.asarray(high > low)


def _distinct(cell: Ints, who: NDArray[Any], periods: int) -> Ints:
    many = int(who.max(initial=0)) + 1
    used = np.unique(cell * many + who)
    return np.bincount(used // many, minlength=periods)[None, :]

"""What an inbox tells of its tickets: when they came and were answered, and how long that took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from saasmetrics.engine.columns import flat
from saasmetrics.engine.moments import local_days
from saasmetrics.engine.ticket_groups import column
from saasmetrics.engine.tickets import DAY, NEVER, UNKNOWN

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.facets import Facets, Switched
    from saasmetrics.engine.moments import WorkingHours
    from saasmetrics.engine.tickets import Tickets

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


class Looks:
    """What is told of each element of an inbox, which is one ticket, or many that are alike."""

    book: Book
    zone: str
    tickets: Any
    n: Any
    created: Any

    def period(self, moments: Ints) -> Ints:
        """Return the period of each moment on the local clock."""
        raise NotImplementedError

    def sums(
        self, at: Ints, values: Ints | None = None, kept: NDArray[np.bool_] | None = None
    ) -> Ints:
        """Return the sum of values per group and period."""
        raise NotImplementedError

    def looking(self, facets: Facets) -> Self:
        """Return the inbox with what is asked of its tickets: all of it, where they are one by one."""
        del facets
        return self

    def at(self, kind: str) -> Ints:
        """Return the period of a moment of each ticket; what never happened falls after all periods."""
        return self.created if kind == "created" else self.period(self._moment(kind))

    def month(self, kind: str) -> Ints:
        """Return the month of a moment of each ticket, likewise."""
        moments = self._moment(kind)
        known = np.minimum(moments, self.tickets.now)
        month = self.book.calendar("M").ordinal(local_days(known, self.zone))
        return np.where(moments >= NEVER, NEVER, month)

    def over(self, kind: str) -> NDArray[np.bool_]:
        """Return whether a moment of each ticket has come."""
        return np.asarray(self._moment(kind) < NEVER)

    def span(
        self, kind: str, hours: WorkingHours | None = None
    ) -> tuple[Ints, Ints, NDArray[np.bool_]]:
        """Return when each ticket was created, when a moment came, or now, and whether it came.

        The clock of both is that of UTC, or runs from the creation: with `hours` while there is work, and -1 is
        whatever came before it.
        """
        moments, created = self._moment(kind), self._moment("created")
        over = moments < NEVER
        until = np.where(over, moments, self.tickets.now)
        if hours is None:
            return created, until, over
        took = hours.between(np.minimum(created, until), until)
        return np.zeros(len(took), np.int64), np.where(until < created, -1, took), over

    def young(self, seconds: int, hours: WorkingHours | None = None) -> NDArray[np.bool_]:
        """Return which tickets are younger than so many seconds, with `hours` of work."""
        created = self._moment("created")
        now = np.full(len(created), self.tickets.now, np.int64)
        age = now - created if hours is None else hours.between(created, now)
        return np.asarray(age < seconds)

    def beyond(self, seconds: Ints, limit: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which tickets took, or have been taking, so many seconds that they are beyond a limit."""
        return np.asarray(seconds > limit)

    def old(self, days: int) -> NDArray[np.bool_]:
        """Return whether each ticket was first solved so many days ago."""
        return np.asarray(self._moment("first_resolution") <= self.tickets.now - days * DAY)

    def after(self, seconds: int) -> Ints:
        """Return the period in which each ticket is so many seconds old; after all periods if it is not yet."""
        moments = self._moment("created") + seconds
        return self.period(np.where(moments < self.tickets.now, moments, NEVER))

    @property
    def backwards(self) -> NDArray[np.bool_]:
        """Tickets solved before they were created, whose resolution time is no time."""
        found: NDArray[np.bool_] = self.tickets.backwards
        return found

    @property
    def earliest(self) -> Ints:
        """The first creation of each element, in seconds of UTC."""
        return self._moment("created")

    def spent(self, kind: str, seconds: Ints) -> tuple[Ints, Ints]:
        """Return how long all tickets of each element took together, and the longest, from how long each took."""
        del kind
        return seconds, seconds

    @property
    def timed(self) -> NDArray[np.bool_]:
        """Tickets of which the work is known."""
        return np.asarray(self.tickets.handled != UNKNOWN)

    @property
    def work(self) -> Ints:
        """The work on all tickets of each element together, in thousandths of a second; 0 where it is not known."""
        return np.asarray(np.maximum(self.tickets.handled, 0), np.int64)

    def apart(self, kind: str) -> NDArray[np.float64]:
        """Return how far the tickets of each element are from their mean, as the sum of squares.

        Parameters
        ----------
        kind
            A moment, for the seconds until then, or "work", for its thousandths of a second.
        """
        del kind
        return np.zeros(len(self.n))

    def following(self, asked: Switched) -> tuple[Bools, Bools, Bools]:
        """Return which tickets tell channel and topic, are old enough, and are followed on another channel."""
        labels, subject = self.labels(asked.topic)
        valid = [np.asarray(self.told(name).is_valid()) for name in (asked.topic, "channel")]
        told = valid[0] & valid[1]
        same = self.tickets.customer.astype(np.int64) * len(labels) + subject
        _, channel = self.labels("channel")
        created = self._moment("created")
        switched = np.zeros(len(created), bool)
        mine = np.flatnonzero(told)
        switched[mine] = followed(same[mine], created[mine], channel[mine], asked.span)
        return told, np.asarray(created + asked.span <= self.tickets.now), switched

    def told(self, name: str) -> pa.Array:
        """Return a column of the table for each ticket."""
        return flat(self.tickets.column(name))

    def labels(self, name: str) -> tuple[list[Any], NDArray[np.int32]]:
        """Return the labels of a column of tickets, and that of each."""
        return column(name, self.tickets, self.book.tables)

    def count(self, kept: NDArray[np.bool_]) -> int:
        """Return how many tickets are kept."""
        return int(self.n[kept].sum())

    def repeated(self, values: NDArray[Any], kept: NDArray[np.bool_]) -> NDArray[Any]:
        """Return the values of the elements that are kept, once for each of their tickets."""
        return values[kept]

    def totals(self, at: Ints, values: Ints, kept: NDArray[np.bool_] | None = None) -> Ints:
        """Return the sum of values that belong to all tickets of an element together, per group and period."""
        return self.sums(at, values, kept)

    def _moment(self, kind: str) -> Ints:
        tickets: Tickets = self.tickets
        return tickets.moment(kind)


def told_of(inbox: Looks, facets: Facets) -> dict[str, Any]:
    """Return what facets tell of each element of an inbox, by names."""
    out: dict[str, Any] = {f"at_{kind}": inbox.at(kind) for kind in facets.at}
    out |= {f"month_{kind}": inbox.month(kind) for kind in facets.months}
    out |= {f"over_{kind}": inbox.over(kind) for kind in facets.over}
    for kind in facets.took:
        begin, until, _ = inbox.span(kind, facets.hours)
        took = until - begin
        if facets.together:
            out[facets.took_as(kind)] = np.where(took < 0, -1, 0)
            for at, limit in enumerate(facets.limits):
                most = inbox.tickets.target if isinstance(limit, str) else limit
                out[f"beyond_{at}"] = took > most
            continue
        if facets.within is not None:
            long = np.where(took > facets.within, facets.within + 1, 0)
            took = np.where(took < 0, -1, long)
        out[facets.took_as(kind)] = took
    if facets.young is not None:
        out["young"] = inbox.young(facets.young, facets.hours)
    out |= {f"old_{days}": inbox.old(days) for days in facets.old}
    out |= {f"after_{s}": inbox.after(s) for s in facets.after}
    if facets.work:
        out["timed"] = inbox.timed
    if facets.backwards:
        out["backwards"] = inbox.backwards
    if facets.switched is not None:
        names = ("told", "ripe", "switched")
        out |= dict(zip(names, inbox.following(facets.switched), strict=True))
    there = inbox.tickets.data.column_names
    return out | {f"raw_{name}": inbox.told(name) for name in facets.raw if name in there}


def followed(same: Ints, created: Ints, channel: NDArray[Any], span: int) -> NDArray[np.bool_]:
    """Return whether a later ticket of the same key on another channel follows each within a span.

    Examples
    --------
    >>> followed(np.zeros(3, int), np.array([0, 5, 20]), np.array([1, 1, 2]), 15).tolist()
    [False, True, False]
    """
    order = np.lexsort((channel, created, same))
    key, when, which = same[order], created[order], channel[order]
    new = np.append(True, (key[1:] != key[:-1]) | (which[1:] != which[:-1]))[: len(key)]
    begins = np.flatnonzero(new)
    run = np.cumsum(new) - 1
    following = np.append(begins, len(key))[
        run + 1
    ]  # where another key, or another channel, begins
    last = np.minimum(following, max(len(key) - 1, 0))
    found = (following < len(key)) & (key[last] == key) & (when[last] - when <= span)
    out = np.zeros(len(key), bool)
    out[order] = found
    return out

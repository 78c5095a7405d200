"""Tickets that are told apart where they are, by what a metric looks at: an inbox of those that are alike."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa

from saasmetrics.engine.columns import encode
from saasmetrics.engine.facets import BASE, SQUARES, Facets, Longer, Marked
from saasmetrics.engine.groups import MISSING, NONE, columns, encoded
from saasmetrics.engine.moments import check_zone, end_of_day
from saasmetrics.engine.ticket_groups import grouped, known_column
from saasmetrics.engine.tickets import DAY, NEVER, Tickets, later_notes, tickets_of
from saasmetrics.metrics.support.alike import Alike
from saasmetrics.metrics.support.inbox import Inbox
from saasmetrics.metrics.support.looks import told_of
from saasmetrics.metrics.support.quantiles import Marks, marks_of
from saasmetrics.metrics.support.ticket_table import tickets_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.facets import Switched
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.moments import WorkingHours
    from saasmetrics.metrics.support.clocks import Clock

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Found = tuple[pa.Table, list[tuple[list[Any], NDArray[np.int32]]]]

_KEPT = 8  # answers of a book
_MISSING = frozenset({NONE, MISSING})  # labels of what is not there
_MADE: WeakKeyDictionary[LocalEngine, dict[Any, Found]] = WeakKeyDictionary()


def faceted_inbox(
    book: Book, freq: str = "M", by: str | Sequence[str] | None = None, zone: str = "UTC"
) -> Inbox:
    """Return the tickets asked about for who says what is looked at: where they are elsewhere, told apart there.

    Parameters
    ----------
    book, freq, by, zone
        As for `Inbox.asked`. What is not among the columns, periods of creation and the first day looked at is asked
        for by `looking`; each element stands for `n` tickets.

    Raises
    ------
    UnknownNameError
        If there is no such frequency, time zone or column.
    MissingTableError
        If the book has no tickets.
    """
    table = tickets_table(book)
    names = columns(by)
    if not table.is_away:
        return Inbox.asked(book, freq, names, zone)
    book.calendar(freq)
    check_zone(zone)
    used = {known_column(name, book.tables)[0] for name in names}
    if not all(book.tables[name].is_away for name in used):
        return Inbox.asked(book, freq, names, zone)
    return FacetInbox(book, freq, zone, names)


@dataclass(frozen=True, eq=False)
class FacetInbox(Inbox):
    """An inbox of tickets that are alike: every array has one element for `n` tickets."""

    facets: Facets = field(default_factory=Facets)

    def looking(self, facets: Facets) -> FacetInbox:
        """Return the same inbox, with what else is told of its tickets."""
        return replace(self, facets=facets)

    @cached_property
    def _found(self) -> Found:
        return self._counted(self.facets)

    def _counted(self, asked: Facets | Marked | Longer) -> Found:
        """Return what was counted, kept for the next metric that asks for the same."""
        from saasmetrics.engine.connected.tickets import faceted_tickets

        book, kept = self.book, _MADE.setdefault(self.book.engine, {})
        key = (self.freq, self.zone, self.by, asked)
        if key not in kept:
            by = () if isinstance(asked, Longer) else self.by
            known = [known_column(name, book.tables) for name in by]
            calendar, days = book.calendar(self.freq), (book.since_day, book.as_of_day)
            kept[key] = faceted_tickets(book.tables, known, asked, calendar, days, self.zone)
        kept[key] = kept.pop(key)
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]
        return kept[key]

    @cached_property
    def tickets(self) -> Any:
        """What stands for the tickets."""
        now = end_of_day(self.book.as_of_day, self.zone)
        return Alike(self._found[0], self.book.tables["tickets"].data, now)

    @cached_property
    def n(self) -> Ints:
        """How many tickets each element stands for."""
        found: Ints = self.tickets.whole("n")
        return found

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the footnote says of tickets that are not known yet."""
        return later_notes(len(self.book.tables["tickets"].data) - int(self.n.sum()))

    @property
    def columns(self) -> list[tuple[list[Any], NDArray[np.int32]]]:
        """The labels of each by-column, and which of them every element has."""
        return self._found[1]

    @cached_property
    def created(self) -> Ints:
        """The period in which the tickets of each element were created."""
        found: Ints = self.tickets.whole("period")
        return found

    @cached_property
    def since(self) -> NDArray[np.bool_]:
        """The elements of tickets created from the first day that is looked at."""
        return np.asarray(self.tickets.whole("since") == 1)

    def at(self, kind: str) -> Ints:
        """Return the period of a moment; what never happened falls after all periods."""
        found: Ints = self.created if kind == "created" else self.tickets.period(f"at_{kind}")
        return found

    def month(self, kind: str) -> Ints:
        """Return the month of a moment, likewise."""
        found: Ints = self.tickets.period(f"month_{kind}")
        return found

    def over(self, kind: str) -> NDArray[np.bool_]:
        """Return whether a moment has come."""
        return np.asarray(self.tickets.whole(f"over_{kind}") == 1)

    def span(
        self, kind: str, hours: WorkingHours | None = None
    ) -> tuple[Ints, Ints, NDArray[np.bool_]]:
        """Return when tickets were created, when a moment came, or now, and whether it came."""
        assert hours == self.facets.hours
        took = self.tickets.whole(self.facets.took_as(kind))
        return np.zeros(len(took), np.int64), took, self.over(kind)

    def young(self, seconds: int, hours: WorkingHours | None = None) -> Bools:
        """Return which tickets are younger than so many seconds."""
        assert (seconds, hours) == (self.facets.young, self.facets.hours)
        return np.asarray(self.tickets.whole("young") == 1)

    def marked(self, asked: Marked, times: Callable[[Inbox], Clock]) -> Marks:
        """Return quantiles of how long the tickets of each group and period took, found where they are."""
        found, _ = self._counted(asked)
        first, periods, _ = self.extent
        group = self._groups_of(found)
        cell = group * periods + np.asarray(found["period"]).astype(np.int64) - first
        if len(np.unique(cell)) < len(cell):  # values that differ there have one label
            each = self.looking(asked.facets)
            return marks_of(each, asked, times(each))

        def values(name: str) -> NDArray[np.float64]:
            out = np.full(len(self.groups) * periods, np.nan)
            if name in found.column_names:
                out[cell] = found[name].to_numpy().astype(float)
            return out

        some = tuple(values(f"mark_{i}") for i in range(len(asked.shares)))
        return Marks(some, values("low"), values("high"), values("longest"))

    def limits(self, asked: Longer) -> NDArray[np.float64]:
        """Return the limit of each period in seconds, found where tickets are; nan where nothing was solved before."""
        found, _ = self._counted(asked)
        first, periods, _ = self.extent
        seconds = found["limit"].to_numpy().astype(float)
        if asked.days is not None:
            return np.full(periods, seconds[0] if len(seconds) else np.nan)
        at = np.asarray(found["period"]).astype(np.int64) - first
        mine = (at >= 0) & (at < periods)
        out = np.full(periods, np.nan)
        out[at[mine]] = seconds[mine]
        return out

    def _groups_of(self, found: pa.Table) -> Ints:
        """Return the group of each row of what was counted, as this inbox names groups."""
        from saasmetrics.engine.connected.tickets import labelled

        names = [f"_by{at}" for at in range(len(self.by))]
        if not names:
            return np.zeros(len(found), np.int64)
        both = pa.concat_tables([self._found[0].select(names), found.select(names)])
        known = [known_column(name, self.book.tables) for name in self.by]
        code = grouped(self.by, labelled(both, known), len(both)).of_entity
        assert code is not None
        return code[-len(found) :].astype(np.int64) if len(found) else np.zeros(0, np.int64)

    def old(self, days: int) -> NDArray[np.bool_]:
        """Return whether tickets were first solved so many days ago."""
        return np.asarray(self.tickets.whole(f"old_{days}") == 1)

    def after(self, seconds: int) -> Ints:
        """Return the period in which tickets are so many seconds old; after all periods if they are not yet."""
        found: Ints = self.tickets.period(f"after_{seconds}")
        return found

    @property
    def earliest(self) -> Ints:
        """The first creation of each element, in seconds of UTC."""
        found: Ints = self.tickets.whole("earliest")
        return found

    def spent(self, kind: str, seconds: Ints) -> tuple[Ints, Ints]:
        """Return how long all tickets of each element took together, and the longest, from how long each took."""
        if not self.facets.together:
            return seconds * self.n, seconds
        return self.tickets.whole(f"sum_{kind}"), self.tickets.whole(f"most_{kind}")

    def beyond(self, seconds: Ints, limit: NDArray[Any]) -> Bools:
        """Return which elements are beyond a limit, which all of their tickets are, or none."""
        if not self.facets.together:
            return super().beyond(seconds, limit)
        if self.facets.longer is not None:
            return np.asarray(self.tickets.whole("beyond_0") == 1)
        found = np.zeros(len(limit), bool)
        for at, each in enumerate(self.facets.limits):
            late = self.tickets.whole(f"beyond_{at}") == 1
            found |= late if isinstance(each, str) else late & (limit == each)
        return found

    @property
    def timed(self) -> Bools:
        """Tickets of which the work is known."""
        return np.asarray(self.tickets.whole("timed") == 1) if self.facets.work else super().timed

    @property
    def work(self) -> Ints:
        """The work on all tickets of each element together, in thousandths of a second."""
        found: Ints = self.tickets.whole("work") if self.facets.work else super().work * self.n
        return found

    def apart(self, kind: str) -> NDArray[np.float64]:
        """Return how far the tickets of each element are from their mean, as the sum of squares."""
        if not self.facets.squares:
            return super().apart(kind)
        # In whole numbers of any size: where all are alike, nothing is left.
        n, total, high, cross, low = (
            values.astype(object)
            for values in (
                self.n,
                self.work if kind == "work" else self.tickets.whole(f"sum_{kind}"),
                *(self.tickets.whole(f"{part}_{kind}") for part in SQUARES),
            )
        )
        squares = high * BASE**2 + 2 * BASE * cross + low
        return np.asarray((n * squares - total * total) / n, float)

    def following(self, asked: Switched) -> tuple[Bools, Bools, Bools]:
        """Return which tickets tell channel and topic, are old enough, and are followed on another channel."""
        assert asked == self.facets.switched
        told, ripe, switched = (self.tickets.whole(n) == 1 for n in ("told", "ripe", "switched"))
        return told, ripe, switched

    def labels(self, name: str) -> tuple[list[Any], NDArray[np.int32]]:
        """Return the labels of a column of tickets, and that of each element."""
        table, own = known_column(name, self.book.tables)
        assert table == "tickets"
        return encoded(self.told(own))

    def repeated(self, values: NDArray[Any], kept: NDArray[np.bool_]) -> NDArray[Any]:
        """Return the values of the elements that are kept, once for each of their tickets."""
        return np.repeat(values[kept], self.n[kept])

    def sums(
        self, at: Ints, values: Ints | None = None, kept: NDArray[np.bool_] | None = None
    ) -> Ints:
        """Return the sum of values of tickets (or their number) per group and period."""
        return super().sums(at, self.n if values is None else values * self.n, kept)

    def totals(self, at: Ints, values: Ints, kept: NDArray[np.bool_] | None = None) -> Ints:
        """Return the sum of values that belong to all tickets of an element together, per group and period."""
        return super().sums(at, values, kept)

    def among(self, ids: Iterable[str]) -> Inbox:
        """Return the tickets whose ids have the given texts, one by one."""
        chosen = tuple(dict.fromkeys(ids))
        return _Within(self.book, self.freq, self.zone, self.by, ids=chosen)

    def shown(self, mine: NDArray[np.bool_], **more: NDArray[Any]) -> pd.DataFrame:
        """Return the tickets of some elements with their ids, moments and more columns, the oldest first."""
        asked = (self._spans(mine), self._words(mine))
        part = _Within(self.book, self.freq, self.zone, self.by, *asked)
        element = self._element_of(part)
        picked = (element >= 0) & mine[element]
        place = (np.cumsum(mine) - 1)[element[picked]]
        return part.shown(picked, **{name: values[place] for name, values in more.items()})

    def _spans(self, mine: NDArray[np.bool_]) -> dict[str, tuple[int, int | None]]:
        """Return the days of UTC on which the moments of some elements may be."""
        if not mine.any():
            return {"created": (0, -1)}
        calendar = self.book.calendar(self.freq)
        spans: dict[str, tuple[int, int | None]] = {}
        for kind in ("created", *self.facets.at):
            at = self.at(kind)[mine]
            edges = np.array([at.min(), at.max()])
            never = edges >= NEVER
            if never[0]:
                continue
            first = int(calendar.first_day(edges[:1])[0]) - 1
            last = None if never[1] else int(calendar.last_day(edges[1:])[0]) + 1
            if last is not None and self.facets.switched is not None:
                last += self.facets.switched.span // DAY + 1  # what follows
            spans[kind] = (first, last)
        return spans

    def _words(self, mine: NDArray[np.bool_]) -> dict[str, str]:
        """Return the words that columns of tickets have, where all of some elements have the same."""
        words: dict[str, str] = {}
        if self.facets.switched is not None:
            return words  # what follows may have others
        for name, (labels, code) in zip(self.by, self.columns, strict=True):
            table, own = known_column(name, self.book.tables)
            used = np.unique(code[mine])
            word = labels[used[0]] if table == "tickets" and len(used) == 1 else None
            if isinstance(word, str) and word not in _MISSING:
                words[own] = word
        return words

    def _element_of(self, part: Inbox) -> Ints:
        """Return the element that each ticket of a part is of, -1 for none."""
        codes = []
        for ours, theirs in zip(self._keys(self), self._keys(part), strict=True):
            kind = ours.type
            both = pa.concat_arrays([ours, theirs.cast(kind)])
            codes.append(encode(both)[1])
        _, same = np.unique(np.stack(codes), axis=1, return_inverse=True)
        same = same.reshape(-1)
        of = np.full(int(same.max(initial=-1)) + 1, -1, np.int64)
        many = len(self.n)
        of[same[:many]] = np.arange(many)
        return of[same[many:]]

    def _keys(self, inbox: Inbox) -> list[pa.Array]:
        """Return what tells elements apart, as arrays."""
        at = [{label: i for i, label in enumerate(labels)} for labels, _ in self.columns]
        keys = [
            pa.array(np.array([place.get(label, -1) for label in labels], np.int64)[code])
            for place, (labels, code) in zip(at, inbox.columns, strict=True)
        ]
        told = told_of(inbox, self.facets).values()
        return [*keys, *(_array(v) for v in (inbox.created, inbox.since, *told))]


def _array(values: Any) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(np.asarray(values).astype(np.int64))


@dataclass(frozen=True, eq=False)
class _Within(Inbox):
    """The tickets that have moments on some days of UTC, brought one by one."""

    spans: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] | None = None

    @cached_property
    def tickets(self) -> Tickets:
        """These tickets."""
        from saasmetrics.engine.connected.tickets import tickets_within

        asked = (self.spans, self.words, self.ids)
        tables = {"tickets": tickets_within(self.book.tables["tickets"], *asked)}
        return tickets_of(tables, self.book.as_of_day, self.zone)

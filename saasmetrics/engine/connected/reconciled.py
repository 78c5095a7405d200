"""MRR and invoices that stay where they are, reconciled there: sums come back, of groups or of chosen customers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import flat
from saasmetrics.engine.connected.rows import brought, canonical
from saasmetrics.engine.groups import NONE
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.held import held, held_meanwhile
from saasmetrics.engine.portable.reasons.lines import check_kept
from saasmetrics.engine.portable.reconciling.books import Books
from saasmetrics.engine.portable.reconciling.sums import NAMES, NUMBER, Asked, Events
from saasmetrics.engine.reconciled import customers_with
from saasmetrics.engine.reconciled_cell import READINGS, Behind, Cell
from saasmetrics.errors import NotPortableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from saasmetrics.engine.connected.engine import ConnectedEngine
    from saasmetrics.engine.day_sums import Ints, Segments
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.portable import PortableEngine
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar
    from saasmetrics.policy import Policy

_WORDS = "Reconciling MRR"
_MOST = 2  # questions of an engine that are kept: the company, and a grouping
_KEPT: WeakKeyDictionary[ConnectedEngine, dict[Any, Events]] = WeakKeyDictionary()


def reconciled_there(
    engines: tuple[LocalEngine, LocalEngine, LocalEngine],
    policy: Policy,
    by: tuple[str, ...],
    calendar: Calendar,
) -> ReconciledThere | None:
    """Return what parts MRR from invoices, counted where the tables are; None if that is not counted there.

    Parameters
    ----------
    engines
        Those of a connected book, under each reading of MRR.
    policy
        The definition choices of the book.
    by
        Columns of customers to group by.
    calendar
        The periods.
    """
    first, live, billed = (cast("ConnectedEngine", engine) for engine in engines)
    with first.link.asking(_WORDS):
        try:
            there = (first.there, live.there, billed.there)
            check_kept(there[0])
            return ReconciledThere(first, there, policy, by, calendar)
        except NotPortableError as error:
            first.reasons_here["reconciled"] = str(error)
            return None


class ReconciledThere:
    """MRR under three readings and the invoice lines, of the same customers, where they are.

    Parameters
    ----------
    engine
        The book, by its policy.
    readings
        The engines where the tables are: by the policy, with discounts as they are billed, and all as it is billed.
    policy, by, calendar
        The definition choices of the book, columns of customers to group by, and the periods.

    Raises
    ------
    NotPortableError
        If ids of customers are of two types or repeated, or a line is too large to be divided exactly by every engine.
    DataError
        If amounts add up to more than can be reconciled exactly.
    """

    def __init__(
        self,
        engine: ConnectedEngine,
        readings: tuple[PortableEngine, PortableEngine, PortableEngine],
        policy: Policy,
        by: tuple[str, ...],
        calendar: Calendar,
    ) -> None:
        self._link = engine.link
        self._faults = engine.link.faults
        self._calendar = calendar
        if by:
            customers_with(engine.tables, by)
        self._events = _matched(engine, readings, policy, by)
        self._books = self._events.books
        self._groups = _grouped(self._books.members, by)
        self.has_lines = self._books.has_lines
        self.silent = self._books.silent
        self.late = self._books.late
        self._about = "invoices" if self.has_lines else self._books.basis.source

    @property
    def is_lost(self) -> bool:
        """Whether there was a fault since: what was kept where the tables are may be gone."""
        return self._faults != self._link.faults

    def begins(self, *, served: bool) -> int:
        """Return the first day of MRR, or of an invoice, or with `served` of the service of one."""
        return self._books.begins(served=served)

    @property
    def labels(self) -> list[tuple[str, ...]]:
        """The groups in order."""
        return self._groups.labels

    def by_group(self, parts: Segments, names: frozenset[str]) -> Cell:
        """Return the sums of the groups over some days.

        Parameters
        ----------
        parts
            The days.
        names
            The levels that are asked for.
        """
        asked = self._asked(parts, names)
        with self._asking():
            found = fetched(self._events.sums(asked))
        group = self._groups.codes(_whole(found, "group"))
        return self._cell(found, group, len(self.labels), parts)

    def by_customer(self, parts: Segments, code: int | None, names: frozenset[str]) -> Behind:
        """Return the sums of single customers over some days, in the order of their groups and ids.

        Only customers who have any of the levels are brought.

        Parameters
        ----------
        parts
            The days.
        code
            The number of the group that is asked for, whose customers are brought; all groups before it are added up,
            since amounts are rounded so that customers in order add up to the whole. None: all groups.
        names
            The levels that are asked for.
        """
        asked = replace(self._asked(parts, names), keys=("entity", "group"))
        if code is not None:
            asked = replace(asked, told=partial(self._groups.until, code=code))
        with self._asking(), held_meanwhile():
            sums = held(self._events.sums(asked), "behind")
            found = brought(sums, self._about, self._link)
        ids = flat(
            canonical("customers", pa.table({"customer_id": found["entity"]}))["customer_id"]
        )
        group = self._groups.codes(_whole(found, "group"))
        shown = pc.unique(ids).drop_null()
        at = np.asarray(pc.fill_null(pc.index_in(ids, value_set=shown), -1)).astype(np.int64)
        of = np.zeros(len(shown), np.int64)
        of[at[at >= 0]] = group[at >= 0]
        order = np.asarray(pc.sort_indices(shown)).astype(np.int64)
        order = order[np.argsort(of[order], kind="stable")]
        skipped = int(code is not None)
        rank = np.empty(len(shown) + 1, np.int64)
        rank[order] = np.arange(len(shown)) + skipped
        rank[-1] = 0  # of those before, as one
        cell = self._cell(found, rank[at], len(shown) + skipped, parts)
        return Behind(shown.take(pa.array(order)), cell, skipped)

    def _asked(self, parts: Segments, names: frozenset[str]) -> Asked:
        days = (int(parts.bounds[0]), int(parts.bounds[-1]))
        told = frozenset(self._books.told(name) for name in names)
        if not self.has_lines:  # which nothing but MRR is known of
            told = told & {*READINGS} or frozenset(READINGS[:1])
        return Asked(told, self._calendar, days)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self._link.needed_by(_WORDS), self._link.asking(_WORDS):
            yield

    def _cell(self, found: pa.Table, group: Ints, groups: int, parts: Segments) -> Cell:
        told = {name: self._books.told(name) for name in NAMES}
        names = ("moving", "measure", "mark", "delta", "since")
        currency, measure, mark, delta, since = (_whole(found, name) for name in names)
        part = np.searchsorted(parts.bounds, np.maximum(mark, parts.bounds[0]), side="right") - 1
        inside = delta * (parts.bounds[part + 1] - mark) - since
        shape = (groups, self._books.rates.count, len(parts.bounds) - 1)
        place = (group * shape[1] + currency) * shape[2] + part
        sums = _Sums(shape, parts.days, place, measure, delta, inside, told)
        return Cell(sums, parts, self._books.rates, self._books.policy, self.has_lines)


@dataclass(frozen=True, eq=False)
class _Groups:
    """The groups here, and the place here of each group where the tables are."""

    labels: list[tuple[str, ...]]
    code: Mapping[int, int]

    def codes(self, group: Ints) -> Ints:
        """Return the places here of groups there; 0 for those that are added up."""
        found = np.zeros(max(self.code, default=0) + 2, np.int64)
        for number, code in self.code.items():
            found[number] = code
        return found[group]

    def until(self, rows: Frame, code: int) -> Frame:
        """Return rows of one group, and of those before it as one customer of no name."""
        own = nw.col("group").is_in(
            [number for number, place in self.code.items() if place == code]
        )
        ahead = [number for number, place in self.code.items() if place <= code]
        found = rows.filter(nw.col("group").is_in(ahead))
        return found.with_columns(
            entity=nw.when(own).then(nw.col("entity")),
            group=nw.when(own).then(nw.col("group")).otherwise(nw.lit(-1).cast(nw.Int64)),
        )


@dataclass(frozen=True, eq=False)
class _Sums:
    """Changes of levels that were added up where the tables are, one element per cell that has any."""

    shape: tuple[int, int, int]
    days: Ints
    place: Ints
    measure: Ints
    delta: Ints
    inside: Ints
    told: Mapping[str, str]

    def over(self, name: str) -> Ints:
        """Return the sum of level x days, as groups x currencies x parts."""
        change = self._dense(name, self.delta)
        before = np.cumsum(change, axis=2) - change
        return before * self.days + self._dense(name, self.inside)

    def closing(self, name: str) -> Ints:
        """Return the level at the end of each part, as groups x currencies x parts."""
        return np.cumsum(self._dense(name, self.delta), axis=2)

    def _dense(self, name: str, values: Ints) -> Ints:
        mine = self.measure == NUMBER[self.told[name]]
        out = np.zeros(int(np.prod(self.shape)), np.int64)
        np.add.at(out, self.place[mine], values[mine])
        return out.reshape(self.shape)


def _matched(
    engine: ConnectedEngine,
    readings: tuple[PortableEngine, PortableEngine, PortableEngine],
    policy: Policy,
    by: tuple[str, ...],
) -> Events:
    """Return what is matched where the tables are, kept for the next question of the same engine."""
    kept, numbers = _KEPT.setdefault(engine, {}), tuple(id(reading) for reading in readings)
    key = (numbers, policy, by, engine.link.faults)
    kept[key] = kept.pop(key) if key in kept else Events(Books(readings, policy, by))
    while len(kept) > _MOST:
        del kept[next(iter(kept))]
    return kept[key]


def _grouped(members: Frame | None, by: tuple[str, ...]) -> _Groups:
    """Return the groups of some columns of customers, which members have as `_by0`, `_by1`, ..."""
    if members is None:
        return _Groups([()], {0: 0})
    told = fetched(members.select("group", *(f"_by{number}" for number in range(len(by)))).unique())
    words = []
    for number, name in enumerate(by):
        column = canonical("customers", pa.table({name: told[f"_by{number}"]}))[name]
        words.append(pc.fill_null(flat(column).cast(pa.string()), NONE).to_pylist())
    rows = list(zip(*words, strict=True))
    labels = sorted(set(rows))
    numbers = np.asarray(told["group"]).astype(np.int64).tolist()
    code = {number: labels.index(row) for number, row in zip(numbers, rows, strict=True)}
    return _Groups(labels, code)


def _whole(found: pa.Table, name: str) -> Ints:
    return np.asarray(found[name]).astype(np.int64)

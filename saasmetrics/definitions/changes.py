"""What became of the rows of a table between two days of knowledge, row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.tables.canonical import row_numbers_for
from saasmetrics.tables.gate.view import View
from saasmetrics.tables.known import holding, identity, pairs, together
from saasmetrics.tables.schema import CLOCKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from saasmetrics.tables import Table

    Numbers = NDArray[np.int64]

SINCE, LATE, CHANGED, MOVED, WITHDRAWN = "since", "late", "changed", "moved", "withdrawn"
LABELS = {
    SINCE: "What happened since",
    LATE: "Rows recorded late",
    CHANGED: "Rows changed",
    MOVED: "Rows moved to another customer",
    WITHDRAWN: "Rows withdrawn",
}
"""What rows can do between two days of knowledge, in the order in which it is told."""

# The day on which a row takes effect; the first of them that the row has.
_EFFECT = {
    "subscriptions": ("start",),
    "mrr": ("month",),
    "invoices": ("service_start", "date"),
    "customers": ("created_at",),
    "fx": ("date",),
}
_WHOSE = ("customer_id", "parent_id")


@dataclass(frozen=True, eq=False)
class Changes:
    """The rows of one table that are not the same on two days.

    `old` and `new` have for each kind of change the rows of `table`, which is the whole history, that hold on the
    first day alone and on the second alone; `same` is true for the rows that hold on both.
    """

    table: Table
    same: NDArray[np.bool_]
    old: Mapping[str, Numbers]
    new: Mapping[str, Numbers]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of change that there are."""
        return tuple(k for k in LABELS if len(self.old.get(k, ())) or len(self.new.get(k, ())))

    def state(self, switched: Iterable[str]) -> Table:
        """Return the table of the first day with some kinds of change made, without its clocks."""
        keep = self.same.copy()
        for kind in LABELS:
            side = self.new if kind in switched else self.old
            keep[side.get(kind, np.zeros(0, np.int64))] = True
        return plain(self.table, keep)

    def customers(self, kinds: Iterable[str]) -> list[pa.Array]:
        """Return the customers that rows of some kinds name, before and after."""
        sides = [side[k] for side in (self.old, self.new) for k in kinds if k in side]
        rows = np.concatenate([np.zeros(0, np.int64), *sides])
        columns = [self.table.data[name] for name in _WHOSE if name in self.table]
        return [c.take(pa.array(rows)).drop_null().combine_chunks() for c in columns]

    @cached_property
    def keys(self) -> Numbers:
        """A number per row that its versions share; each row its own where rows have no names."""
        return keys_of(self.table)

    def rows(self, kind: str) -> int:
        """Return how many rows changed in a way, an old and a new version counting once."""
        return max(len(self.old.get(kind, ())), len(self.new.get(kind, ())))


def plain(table: Table, keep: NDArray[np.bool_]) -> Table:
    """Return some rows of a history as a table without clocks."""
    data = table.data.drop_columns([name for name in CLOCKS if name in table])
    return replace(table, data=data.filter(pa.array(keep)), snapshots=(), left_out={})


def keys_of(table: Table) -> Numbers:
    """Return a number per row that its versions share; each row its own where rows have no names."""
    named = [name for name in identity(table) if row_numbers_for(name) not in table.notes]
    return View(table).combined(named) if named else np.arange(table.num_rows)


def changes(table: Table, then: int, now: int) -> Changes:
    """Return what became of the rows of a table from the end of one day of knowledge to that of another.

    Notes
    -----
    A row that held on the first day, and one that holds on the second, are versions of each other if they share the
    key of their table; terms of one subscription also have to overlap. Rows without an old version are late, unless
    they take effect after the first day.
    """
    before, after = holding(table, then), holding(table, now)
    old, new = np.flatnonzero(before & ~after), np.flatnonzero(after & ~before)
    codes = keys_of(table)
    one, other = pairs(codes, old, new)
    if table.name == "subscriptions":
        start, end = together(table.data)
        meet = (start[one] < end[other]) & (start[other] < end[one])
        one, other = one[meet], other[meet]
    moved = np.isin(codes[one], codes[one[_differ(table, one, other)]])
    fresh = np.setdiff1d(new, other)
    later = _effect(table)[fresh] > then
    return Changes(
        table,
        before & after,
        {
            CHANGED: np.unique(one[~moved]),
            MOVED: np.unique(one[moved]),
            WITHDRAWN: np.setdiff1d(old, one),
        },
        {
            SINCE: fresh[later],
            LATE: fresh[~later],
            CHANGED: np.unique(other[~moved]),
            MOVED: np.unique(other[moved]),
        },
    )


def _differ(table: Table, one: Numbers, other: Numbers) -> NDArray[np.bool_]:
    """Return which pairs of rows belong to different customers."""
    out = np.zeros(len(one), bool)
    for name in _WHOSE:
        if name in table and name not in identity(table):
            codes = View(table).codes(name)
            out |= codes[one] != codes[other]
    return out


def _effect(table: Table) -> Numbers:
    """Return the day from which each row has an effect; long ago where it does not say."""
    columns = [table.data[name].cast(pa.date32()) for name in _EFFECT[table.name] if name in table]
    if not columns:
        return np.full(table.num_rows, -(2**40))
    days = pc.coalesce(*columns).cast(pa.int32()).cast(pa.int64()).fill_null(-(2**40))
    return np.asarray(days.combine_chunks())

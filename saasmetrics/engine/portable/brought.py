"""The local engine on pieces that were brought from where the tables are: whole numbers, never the tables' own rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine import causes
from saasmetrics.engine.amounts import sum_not_held
from saasmetrics.engine.causes import CAUSE_COLUMN
from saasmetrics.engine.cohorts import CAUSES
from saasmetrics.engine.groups import Groups
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.spans import Spans
from saasmetrics.money import LARGEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.exchange import Valuation
    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.tables import Table

_SPARSE = 4  # row numbers per row, beyond which they are ids
_NUMBERS = ("_rank", "start", "end", "amount", "rests", "cause", "moving")


class BroughtEngine(LocalEngine):
    """A local engine on the pieces of some entities, or of all.

    Periods, groups and rates are those of the whole book, whoever was brought.

    Parameters
    ----------
    engine
        The engine where the tables are.
    some
        A frame of `entity`: whose pieces to bring. None: everybody's.
    tables
        Other tables, by name, for what follows from them and from what is paid.
    """

    def __init__(
        self,
        engine: PortableEngine,
        some: Frame | None = None,
        tables: Mapping[str, Table] | None = None,
    ) -> None:
        super().__init__(
            tables or {},
            engine.policy,
            engine.as_of,
            engine.currency,
            engine.fiscal_start,
            engine.since_day,
        )
        self._there = engine
        self._some = some

    @property
    def source(self) -> str:
        """The table that MRR comes from."""
        return self._there.source

    @property
    def has_pieces(self) -> bool:
        """Whether the pieces were brought."""
        return "_pieces" in vars(self)

    def _mine(self, found: Frame) -> Frame:
        return found if self._some is None else found.join(self._some, on="entity", how="semi")

    def _kept(self) -> Frame:
        basis = self._there.basis
        found = self._mine(basis.pieces()).join(basis.entities(), on="entity")
        return found.select("line", *(nw.col(name).cast(nw.Int64) for name in _NUMBERS))

    @cached_property
    def _pieces(self) -> pa.Table:
        return self._there.bring(self._kept(), self._there.source, self)

    def bring_few(self, most: int) -> bool:
        """Bring the pieces if there are not more than `most`, all with one query; return whether they are here.

        Raises
        ------
        DataError
            If they add up to more than 64 bits hold.
        """
        return self._there.basis.once("few", lambda: self._bring_few(most))

    def _bring_few(self, most: int) -> bool:
        there = self._there
        found: pa.Table = fetched(self._kept().head(most + 1))
        if len(found) > most:
            there.basis.check_sum()
            return False
        there.brought(found, there.source, self)
        own = found.filter(pc.is_valid(found["line"]))
        total = np.abs(np.asarray(own["amount"]).astype(np.float64)).sum()
        if total > LARGEST:
            raise sum_not_held(there.source, there.currency)
        start = pc.min(found["start"]).as_py()
        there.basis.told(None if start is None else int(start), len(found))
        vars(self)["_pieces"] = found
        return True

    @cached_property
    def _ids(self) -> tuple[pa.Array, NDArray[np.int64]]:
        """The ids of the entities and their ranks, in order."""
        found = self._mine(self._there.basis.entities())
        kept = found.select("entity", nw.col("_rank").cast(nw.Int64))
        table = self._there.bring(kept, "customers", self).sort_by("_rank")
        ids = table["entity"].combine_chunks()
        return ids, np.asarray(table["_rank"]).astype(np.int64)

    @cached_property
    def spans(self) -> Spans:
        """Who pays how much a month from when until when."""
        ids, ranks = self._ids
        numbers = {name: _whole(self._pieces[name]) for name in _NUMBERS}
        day = {name: numbers[name].astype(np.int32) for name in ("start", "end")}
        return Spans(
            source=self._there.source,
            entity_ids=ids,
            entity=_places(ranks, numbers["_rank"]).astype(np.int32),
            start=day["start"],
            end=day["end"],
            amount=numbers["amount"],
            line=self._lines.codes(self._pieces["line"]),
            paused=numbers["rests"] == 1,
            aside=self.policy.pause == "line",
        )

    @cached_property
    def valuation(self) -> Valuation | None:
        """The exchange rates that move and count; None where none does."""
        return self._there.valued_at(np.asarray(self._pieces["moving"]).astype(np.int32))

    def extent(self, freq: str) -> tuple[int, int, int]:
        """Return the first period, the number of periods, and the last period observed in full."""
        return self._there.extent(freq)

    def grouping(self, by: Sequence[str]) -> Groups:
        """Return the groups of some columns, with the group of each entity or span that was brought."""
        return self._once(("groups", tuple(by)), lambda: self._grouped(tuple(by)))

    def _grouped(self, by: tuple[str, ...]) -> Groups:
        basis, labels = self._there.basis, self._there.grouping(by).labels
        if not by:
            return Groups(by, labels, of_entity=np.zeros(len(self.spans.entity_ids), np.int32))
        if basis.of_customers(by):
            found = self._mine(basis.members(by)).select("_rank", "group")
            table = self._there.bring(found, "customers", self).sort_by("_rank")
            return Groups(by, labels, of_entity=np.asarray(table["group"]).astype(np.int32))
        of_span = self._by_line(by)
        if not basis.per_entity(by):
            return Groups(by, labels, of_span=of_span)
        first = np.full(len(self.spans.entity_ids), of_span[0] if len(of_span) else 0, np.int32)
        first[self.spans.entity] = of_span
        return Groups(by, labels, of_entity=first)

    def _by_line(self, by: tuple[str, ...]) -> NDArray[np.int32]:
        """Return the group of each span, which is that of its line; usage has that of its entity."""
        basis = self._there.basis
        found = self._mine(basis.pieces(by)).join(basis.entities(), on="entity")
        told = self._there.bring(
            found.select("_rank", "line", "group").unique(), self._there.source, self
        )
        many = np.int64(self._lines.many + 1)
        key = _whole(told["_rank"]) * many + self._lines.codes(told["line"]) + 1
        order = np.argsort(key)
        mine = _whole(self._pieces["_rank"]) * many
        at = np.searchsorted(key[order], mine + self.spans.lines() + 1)
        group: NDArray[np.int32] = np.asarray(told["group"]).astype(np.int32)[order][at]
        return group

    @cached_property
    def _lines(self) -> _Lines:
        """The numbers by which lines are told from each other."""
        return _Lines.of(self._pieces["line"])

    def _causes(self, column: str) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
        if column == CAUSE_COLUMN:
            return np.asarray(self._pieces["cause"]).astype(np.int64), CAUSES
        return causes.of_groups(self.grouping(self._there.cause_column(column)), self.spans)


@dataclass(frozen=True)
class _Lines:
    """Numbers for the ids of lines: row numbers are taken as they are, other ids by their place among all.

    Parameters
    ----------
    first, many
        The first row number, and how many there are; of other ids, 0 and how many.
    known
        The other ids.
    """

    first: int
    many: int
    known: pa.Array | None = None

    @classmethod
    def of(cls, lines: pa.ChunkedArray) -> _Lines:
        """Return the numbers for some ids, of which some may be missing."""
        if pa.types.is_integer(lines.type):
            limits = pc.min_max(lines).as_py()
            first = limits["min"] or 0
            many = (limits["max"] or 0) - first + 1
            if many <= _SPARSE * len(lines):
                return cls(first, many)
        known = lines.combine_chunks().dictionary_encode().dictionary
        return cls(0, len(known), known)

    def codes(self, lines: pa.ChunkedArray) -> NDArray[np.int64]:
        """Return the number of each id, -1 where it is missing."""
        if self.known is not None:
            lines = lines.combine_chunks().cast(self.known.type)
            lines = pc.index_in(lines, value_set=self.known, skip_nulls=True)
        return _whole(pc.fill_null(lines, self.first - 1)) - self.first


def _whole(values: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    return np.asarray(values).astype(np.int64, copy=False)


def _places(ranks: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each rank among all, which are in order and seldom have holes."""
    if len(ranks) and ranks[-1] - ranks[0] + 1 == len(ranks):
        places: NDArray[np.int64] = of - ranks[0]
    else:
        places = np.searchsorted(ranks, of).astype(np.int64)
    return places

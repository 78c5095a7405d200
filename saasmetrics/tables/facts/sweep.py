"""From rows of customer-months, a part at a time, to runs of months: in the order of months, of customers, or in none.

Rows in the order of months meet what each customer had in the month before; rows in the order of customers meet the row
before them. Runs that either way cuts, as rows come in another order, are joined in the end, so the order of rows
decides what is kept meanwhile and never what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.memory import spoken
from saasmetrics.tables.arrays import looked_up
from saasmetrics.tables.order import in_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Runs", "Sweep"]

NEVER = np.int16(-(2**15))
_BY_MONTH = 64  # rows of a month in a row from which months are swept one by one
_FEW = 32  # customers for a row of a part
_LOOSE = 1 << 22  # runs that wait to be joined, at least
_WORKING = 3.0  # the runs, the same in order, and their keys


@dataclass(frozen=True)
class Runs:
    """Runs of months: whose, of which kind, the first month since 1970, how many months, and the amount of each."""

    who: NDArray[np.int32]
    kind: NDArray[np.int16]
    first: NDArray[np.int16]
    many: NDArray[np.int16]
    amount: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.who)

    @property
    def nbytes(self) -> int:
        """How much memory they take."""
        return sum(int(getattr(self, each.name).nbytes) for each in fields(self))

    def pick(self, rows: Any) -> Runs:
        """Return some of them."""
        return Runs(*(getattr(self, each.name)[rows] for each in fields(self)))


def _none() -> Runs:
    small = np.zeros(0, np.int16)
    return Runs(np.zeros(0, np.int32), small, small, small, np.zeros(0, np.float64))


class Sweep:
    """What was read so far: runs that are over, and what each customer has in the last month.

    Parameters
    ----------
    limit
        How much memory it may take, in bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._runs = _none()
        self._loose: list[Runs] = []
        self._waiting = 0
        self._month = int(NEVER)
        self._last = np.zeros(0, np.int16)
        self._first = np.zeros(0, np.int16)
        self._there = 0  # customers who have the last month
        self._row = np.zeros(0, np.int32)
        self._amount = np.zeros(0, np.float64)
        self._kind: NDArray[np.int16] | None = None

    def add(
        self,
        who: NDArray[np.int32],
        kind: NDArray[np.int16] | None,
        month: NDArray[np.int16],
        amount: NDArray[np.float64],
        customers: int,
    ) -> None:
        """Take rows in their order; `kind` is None where all are of the first kind."""
        turns = np.flatnonzero(month[1:] != month[:-1]) + 1
        if (len(turns) + 1) * _BY_MONTH > len(month) or int(month[0]) < self._month:
            self._add_rows(who, kind, month, amount)
            return
        self._grow(customers, kind is not None)
        starts = [0, *turns.tolist(), len(month)]
        for begin, end in pairwise(starts):
            cut = slice(begin, end)
            kinds = None if kind is None else kind[cut]
            self._add_month(who[cut], kinds, month[cut], amount[cut])

    def finish(self) -> Runs:
        """Return all runs, by customer and month."""
        self._row = np.zeros(0, np.int32)
        self._close(np.flatnonzero(self._last > NEVER).astype(np.int32))
        self._last = self._first = np.zeros(0, np.int16)
        self._amount, self._kind = np.zeros(0, np.float64), None
        self._join()
        return self._runs

    def _grow(self, customers: int, kinds: bool) -> None:
        room = len(self._last)
        if customers > room:
            more = max(customers, room + room // 2) - room
            self._last = np.append(self._last, np.full(more, NEVER))
            self._first = np.append(self._first, np.zeros(more, np.int16))
            self._amount = np.append(self._amount, np.zeros(more))
        if kinds and self._kind is None:
            self._kind = np.zeros(len(self._last), np.int16)
        if self._kind is not None and len(self._kind) < len(self._last):
            self._kind = np.append(
                self._kind, np.zeros(len(self._last) - len(self._kind), np.int16)
            )

    def _add_month(
        self,
        who: NDArray[Any],
        kind: NDArray[np.int16] | None,
        month: NDArray[np.int16],
        amount: NDArray[np.float64],
    ) -> None:
        """Take rows of one month: what is as in the month before goes on, all else begins."""
        now = month[0]
        if now < self._month:
            self._add_rows(who, kind, month, amount)
            return
        self._there = self._there if now == self._month else 0
        self._month = int(now)
        who = who.astype(np.intp)  # once, and not at each look
        before = looked_up(self._last, who)
        first = before < now
        self._last[who] = now
        if not self._are_new(int(np.count_nonzero(first)), len(who)):
            first &= self._first_of_each(who)
        self._there += int(np.count_nonzero(first))
        if first.all():
            self._begin(who, kind, amount, before)
            return
        # Some customer has several rows of the month: the first one goes before the others.
        more = ~first
        one, others = (None if kind is None else kind[rows] for rows in (first, more))
        self._begin(who[first], one, amount[first], before[first])
        self._add_rows(who[more].astype(np.int32), others, month[more], amount[more])

    def _begin(
        self,
        who: NDArray[np.intp],
        kind: NDArray[np.int16] | None,
        amount: NDArray[np.float64],
        before: NDArray[np.int16],
    ) -> None:
        """Take one row of this month per customer, given the last month that each had before."""
        now = self._month
        goes_on = before == now - 1
        goes_on &= looked_up(self._amount, who) == amount
        if self._kind is not None and kind is not None:
            goes_on &= looked_up(self._kind, who) == kind
        begin = np.flatnonzero(~goes_on)
        new, last = who[begin], before[begin]
        again = last > NEVER
        self._close(new[again], last[again])
        self._first[new], self._amount[new] = now, amount[begin]
        if self._kind is not None and kind is not None:
            self._kind[new] = kind[begin]

    def _are_new(self, many: int, rows: int) -> bool:
        """Return whether so many customers have the month now and had it not; false where to count them costs more."""
        if len(self._last) > _FEW * rows:
            return False
        return int(np.count_nonzero(self._last == self._month)) == self._there + many

    def _first_of_each(self, who: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return the rows in which customers come first; the last one written of several is the first row."""
        if len(self._row) < len(self._last):
            self._row = np.zeros(len(self._last), np.int32)
        row = np.arange(len(who), dtype=np.int32)
        self._row[who[::-1]] = row[::-1]
        first: NDArray[np.bool_] = looked_up(self._row, who) == row
        return first

    def _close(self, who: NDArray[Any], last: NDArray[np.int16] | None = None) -> None:
        """Put the runs of some customers with those that are over."""
        if not len(who):
            return
        last = self._last[who] if last is None else last
        first = self._first[who]
        kind = np.zeros(len(who), np.int16) if self._kind is None else self._kind[who]
        many = (last - first + 1).astype(np.int16)
        runs = Runs(who.astype(np.int32), kind, first, many, self._amount[who])
        self._put(runs if many.all() else runs.pick(many > 0))

    def _settle(self, who: NDArray[np.int32]) -> None:
        """End the runs of some customers, so that what they have in the same month stands behind."""
        mine = np.unique(who[who < len(self._last)])
        mine = mine[self._last[mine] > NEVER]
        self._close(mine)
        self._first[mine], self._amount[mine] = self._last[mine] + 1, np.nan

    def _add_rows(
        self,
        who: NDArray[np.int32],
        kind: NDArray[np.int16] | None,
        month: NDArray[np.int16],
        amount: NDArray[np.float64],
    ) -> None:
        """Take rows in any order; a row that goes on from the one before it is the same run."""
        if not len(who):
            return
        self._settle(who)
        on = (who[1:] == who[:-1]) & (month[1:] == month[:-1] + 1) & (amount[1:] == amount[:-1])
        if kind is not None:
            on &= kind[1:] == kind[:-1]
        begin = np.append(0, np.flatnonzero(~on) + 1)
        many = np.diff(np.append(begin, len(who))).astype(np.int16)
        kinds = np.zeros(len(begin), np.int16) if kind is None else kind[begin]
        self._put(Runs(who[begin], kinds, month[begin], many, amount[begin]))

    def _put(self, runs: Runs) -> None:
        self._loose.append(runs)
        self._waiting += len(runs)
        if self._waiting > max(_LOOSE, len(self._runs)):
            self._join()

    def _join(self) -> None:
        """Join runs that follow each other, and refuse more of them than there is memory for."""
        parts = [part for part in (self._runs, *self._loose) if len(part)]
        self._loose, self._waiting = [], 0
        if not parts:
            return
        need = int(_WORKING * sum(part.nbytes for part in parts))
        if need > self._limit:
            raise _no_room(sum(map(len, parts)), need, self._limit)
        self._runs = _none()
        self._runs = _joined(_in_order(parts))


def _in_order(parts: list[Runs]) -> Runs:
    """Return all runs by customer, kind and first month; a column at a time, as the parts are let go meanwhile."""
    names = [each.name for each in fields(Runs)]
    columns = {name: [getattr(part, name) for part in parts] for name in names}
    parts.clear()
    if (counted := _by_count(columns)) is not None:
        return counted
    order = _order(*(np.concatenate(columns[name]) for name in ("who", "kind", "first")))
    done: list[Any] = []
    for name in names:
        column = np.concatenate(columns.pop(name))
        done.append(column if order is None else column[order])
    return Runs(*done)


def _by_count(columns: dict[str, list[Any]]) -> Runs | None:
    """Return runs by customer without sorting them; None where those of a customer did not come in the order of months.

    How many runs the customers before have says where the first of a customer goes, and how many of its own came before
    where each other does.
    """
    if any(kind.any() for kind in columns["kind"]):
        return None
    if (place := _by_customer(columns["who"])) is None:
        return None
    who, first = _placed(columns["who"], place), _placed(columns["first"], place)
    if ((who[1:] == who[:-1]) & (first[1:] < first[:-1])).any():
        return None
    for name in ("who", "kind", "first"):
        del columns[name]
    many, amount = (_placed(columns.pop(name), place) for name in ("many", "amount"))
    return Runs(who, np.zeros(len(who), np.int16), first, many, amount)


def _by_customer(parts: list[NDArray[np.int32]]) -> NDArray[np.int32] | None:
    """Return the place of each run by customer, as they came; None where a part has a customer here and there."""
    many = np.zeros(1 + max(int(who.max()) for who in parts), np.int32)
    turns = [_turns(who) for who in parts]
    for who, turn in zip(parts, turns, strict=True):
        # Of runs of one customer, which follow each other, the last one holds.
        many[who.astype(np.intp)] += turn + 1
    place = np.empty(sum(map(len, parts)), np.int32)
    if int(many.sum()) != len(place):  # they did not follow each other
        return None
    free = np.append(np.int32(0), np.cumsum(many[:-1], dtype=np.int32))
    at = 0
    for part, turn in zip(parts, turns, strict=True):
        who = part.astype(np.intp)
        row = free[who] + turn
        free[who] = row + 1
        place[at : at + len(who)] = row
        at += len(who)
    return place


def _turns(who: NDArray[np.int32]) -> Any:
    """Return how many rows of the same customer stand right before each row; 0 where no two follow each other."""
    again = np.append(False, who[1:] == who[:-1])
    if not again.any():
        return np.int32(0)
    row = np.arange(len(who), dtype=np.int32)
    return row - np.maximum.accumulate(np.where(again, np.int32(0), row))


def _placed(parts: list[NDArray[Any]], place: NDArray[np.int32]) -> NDArray[Any]:
    """Return a column whose rows go to some places."""
    out = np.empty(len(place), parts[0].dtype)
    at = 0
    for part in parts:
        out[place[at : at + len(part)].astype(np.intp)] = part
        at += len(part)
    return out


def _order(
    who: NDArray[np.int32], kind: NDArray[np.int16], first: NDArray[np.int16]
) -> NDArray[np.int64] | None:
    """Return the places of runs in their order; None where they are in it."""
    low, high = int(first.min()), int(first.max())
    key = who.astype(np.int64)
    key *= int(kind.max()) + 1
    key += kind
    key *= high - low + 1
    key += first
    key -= low
    return None if (key[1:] >= key[:-1]).all() else in_order(key)[1]


def _joined(runs: Runs) -> Runs:
    on = (runs.who[1:] == runs.who[:-1]) & (runs.kind[1:] == runs.kind[:-1])
    on &= (runs.first[1:] == runs.first[:-1] + runs.many[:-1]) & (
        runs.amount[1:] == runs.amount[:-1]
    )
    if not on.any():
        return runs
    begin = np.append(0, np.flatnonzero(~on) + 1)
    many = np.add.reduceat(runs.many, begin, dtype=np.int16)
    out = runs.pick(begin)
    return Runs(out.who, out.kind, out.first, many, out.amount)


def _no_room(runs: int, need: int, limit: int) -> DataError:
    msg = (
        f"mrr: {runs:,} changes of customers were read so far, which need about {spoken(need)} of memory, and the "
        f"limit is {spoken(limit)}. Rows need least in the order of months, or of customers and months: sort the file, "
        "duckdb.read_parquet('mrr.parquet').order('month').write_parquet('sorted/mrr.parquet'). Leave out columns that "
        "change from month to month, or allow more with memory_limit=."
    )
    return DataError(msg)

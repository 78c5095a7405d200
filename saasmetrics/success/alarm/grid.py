"""Customers by days: what the rules of alerts look at, a block of customers at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.columns import days, has
from saasmetrics.engine.followed import followed, of_spans
from saasmetrics.engine.groups import NONE
from saasmetrics.engine.portions import most_frequent, portion
from saasmetrics.success.score.events import entities_of
from saasmetrics.success.score.scorer import scorer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.success.score.events import Events

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_CELLS = 600_000  # customers x days held at a time: what fits the caches
_FAR = 2**30


@dataclass(eq=False)
class Grid:
    """A block of customers, from `low` to below `high`, by the days from `first` on; a row counts when it is known."""

    book: Book
    first: int
    days: int
    low: int
    high: int
    _kept: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many customers."""
        return self.high - self.low

    def count(
        self, events: Events, weight: Floats | None = None, mask: Bools | None = None
    ) -> Floats:
        """Return rows of a table, or the sum of a weight of them, per customer and day on which they became known."""
        here = events.of(self.low, self.high)
        if mask is not None:
            here = here[mask[here]]
        day = events.known[here].astype(np.int64) - self.first
        inside = (day >= 0) & (day < self.days)
        here, day = here[inside], day[inside]
        cell = (events.entity[here].astype(np.int64) - self.low) * self.days + day
        found = np.bincount(cell, None if weight is None else weight[here], self.size * self.days)
        return np.asarray(found, float).reshape(self.size, self.days)

    def balance(self, account: NDArray[Any], time: NDArray[Any], delta: NDArray[Any]) -> Floats:
        """Return running sums of changes at the end of each day; changes before the first day count from it on."""
        mine = (account >= self.low) & (account < self.high) & (time < self.first + self.days)
        day = np.maximum(time[mine].astype(np.int64) - self.first, 0)
        cell = (account[mine].astype(np.int64) - self.low) * self.days + day
        change = np.bincount(cell, delta[mine].astype(float), self.size * self.days)
        return np.asarray(np.cumsum(change.reshape(self.size, self.days), axis=1))

    @property
    def paying(self) -> Bools:
        """Who pays on which day."""
        if "paying" not in self._kept:
            ledger = followed(self.book.engine).entities
            before = ledger.before(ledger.mrr)
            mrr = self.balance(ledger.account, ledger.time, ledger.mrr - before)
            self._kept["paying"] = mrr > 0.5  # micro-units
        found: Bools = self._kept["paying"]
        return found

    @property
    def use(self) -> Floats | None:
        """How much was used on which day; None without the table."""
        usage = scorer(self.book).usage
        if usage is None:
            return None
        if "use" not in self._kept:
            self._kept["use"] = self.count(usage.events, usage.amount)
        found: Floats = self._kept["use"]
        return found

    @property
    def seats(self) -> Floats | None:
        """How many seats are paid on which day; None where the subscriptions do not tell."""
        engine, source = followed(self.book.engine), self.book.engine.source
        table = self.book.tables[source]
        if source != "subscriptions" or not has(table.data, "quantity"):
            return None
        named = has(table.data, "product")
        columns = ("quantity", "product") if named else ("quantity",)
        labels, code = of_spans(engine, [f"{source}.{name}" for name in columns])
        spans = engine.spans
        core = most_frequent(table, "product") if named else None
        core = NONE if core is None else core
        # Seats of one product are no more seats of another.
        counts = [not named or label[1] == core for label in labels]
        held = [
            float(label[0]) if mine and label[0] != NONE else 0.0
            for label, mine in zip(labels, counts, strict=True)
        ]
        quantity = np.array(held)[code]
        ended = np.flatnonzero(spans.end < _FAR)
        account = np.concatenate([spans.entity, spans.entity[ended]])
        time = np.concatenate([spans.start, spans.end[ended]])
        return self.balance(account, time, np.concatenate([quantity, -quantity[ended]]))

    def past_due(self) -> Bools | None:
        """Who has an invoice unpaid on which day; None where the subscriptions do not tell."""
        table = self.book.tables.get("subscriptions")
        if table is None or not has(table.data, "past_due_since"):
            return None
        columns = ("customer_id", "past_due_since", "end")
        data = portion(table, columns, ("past_due_since",))
        since = days(data["past_due_since"], _FAR)
        entity = entities_of(self.book, data["customer_id"])
        late = np.flatnonzero((since < _FAR) & (entity >= 0))
        ended = days(data["end"], _FAR)[late] if has(data, "end") else np.full(len(late), _FAR)
        stop = np.flatnonzero(ended < _FAR)
        account = np.concatenate([entity[late], entity[late][stop]])
        time = np.concatenate([since[late], np.maximum(ended[stop], since[late][stop])])
        change = np.concatenate([np.ones(len(late)), -np.ones(len(stop))])
        return np.asarray(self.balance(account, time, change) > 0)


def rolling(values: Floats, width: int) -> Floats:
    """Return the sum of the last `width` days, each day included.

    Examples
    --------
    >>> rolling(np.array([[1.0, 2.0, 3.0]]), 2).tolist()
    [[1.0, 3.0, 5.0]]
    """
    total = np.cumsum(values, axis=1)
    out = total.copy()
    out[:, width:] -= total[:, :-width]
    return out


def shifted(values: Floats, by: int) -> Floats:
    """Return what the values were so many days before; 0 before the first day."""
    out = np.zeros_like(values)
    out[:, by:] = values[:, : max(values.shape[1] - by, 0)]
    return out


def known_for(started: Bools) -> NDArray[np.int64]:
    """Return for how many days each customer has started, 0 before; who starts again has started."""
    ever = np.maximum.accumulate(started, axis=1)
    return np.cumsum(ever, axis=1)


def blocks(book: Book, until: int) -> Iterator[Grid]:
    """Yield the customers of a book in blocks, by the days from the first payment on."""
    engine = followed(book.engine)
    ledger, many = engine.entities, len(engine.spans.entity_ids)
    first = int(ledger.time.min()) if len(ledger) else until
    width = max(until - first + 1, 1)
    step = max(1, _CELLS // width)
    for low in range(0, many, step):
        yield Grid(book, first, width, low, min(low + step, many))

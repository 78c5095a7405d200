"""Two sources of MRR of the same company: their totals by period, and their customers matched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine.columns import encode, flat
from saasmetrics.engine.day_sums import Levels, valued
from saasmetrics.engine.exchange import ends
from saasmetrics.engine.matched import timeline
from saasmetrics.engine.service import FAR
from saasmetrics.errors import DataError
from saasmetrics.money import MICRO
from saasmetrics.periods import iso_day
from saasmetrics.tables import Table
from saasmetrics.tables.schema import REVENUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.periods import Calendar

    Ints = NDArray[np.int64]

STATUS = ("equal", "within", "differs", "only_a", "only_b")
_CENT = MICRO // 100


def own_sources(book: Book) -> list[str]:
    """Return the tables of a book that MRR can be computed from."""
    return [name for name in (*REVENUE, "contracts") if name in book.tables]


def of_source(book: Book, name: str) -> Book:
    """Return the book with its MRR from another of its tables."""
    found = book.part(partial(_only, name=name))
    return found.with_policy(end="exclusive") if name == "contracts" else found


def _only(tables: Mapping[str, Table], name: str) -> dict[str, Table]:
    """Return the tables without the other sources of MRR; contracts become subscriptions by the year."""
    kept = {n: t for n, t in tables.items() if n not in REVENUE or n == name}
    if name != "contracts":
        return kept
    data = tables["contracts"].data
    columns = {
        "subscription_id": data["contract_id"],
        "customer_id": data["customer_id"],
        "start": data["start"],
        "end": data["end"],
        "amount": data["arr"],
        "interval": pa.array(["year"] * len(data)),
    }
    if "currency" in data.column_names:
        columns["currency"] = data["currency"]
    return {**kept, "subscriptions": Table("subscriptions", pa.table(columns))}


@dataclass(frozen=True)
class Matched:
    """Customers with their amounts from both sources, in micro-units."""

    ids: pa.Array
    amounts: tuple[Ints, Ints]
    status: NDArray[np.int8]


@dataclass(frozen=True)
class Pair:
    """Two books, and how they are compared; amounts are MRR times `times`."""

    a: Book
    b: Book
    freq: str
    tolerance: float
    times: int

    def __post_init__(self) -> None:
        if self.a.currency != self.b.currency:
            msg = (
                f"One source is in {self.a.currency}, the other in {self.b.currency}; "
                f"give both Book(currency={self.a.currency!r}) and a table fx."
            )
            raise DataError(msg)
        if self.a.fiscal_start != self.b.fiscal_start and self.freq in ("Q", "Y"):
            msg = (
                f"The fiscal year of one source starts in month {self.a.fiscal_start}, that of the other in month "
                f"{self.b.fiscal_start}; give both the same Book(fiscal_start=...)."
            )
            raise DataError(msg)

    @property
    def calendar(self) -> Calendar:
        """The calendar of the periods, in the fiscal year of the first book."""
        return self.a.calendar(self.freq)

    @cached_property
    def extent(self) -> tuple[int, int]:
        """The first period of either, and how many there are that both know something of."""
        begins = [int(book.engine.spans.start.min(initial=book.as_of_day)) for book in self._books]
        since = [book.since_day for book in self._books if book.since_day is not None]
        first = max([min(begins), *since])
        last = min(book.as_of_day for book in self._books)
        start, end = (int(p) for p in self.calendar.ordinal(np.array([first, last])))
        if end < start:
            msg = f"No period is in both sources: one begins on {iso_day(first)}, one ends on {iso_day(last)}."
            raise DataError(msg)
        return start, end - start + 1

    @property
    def _books(self) -> tuple[Book, Book]:
        return self.a, self.b

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which periods both sources know in full."""
        first, periods = self.extent
        last = self.calendar.last_day(np.arange(first, first + periods))
        return last <= min(book.as_of_day for book in self._books)

    def ordinal(self, period: Any) -> int:
        """Return the period asked for, by default the last complete one."""
        first, periods = self.extent
        if period is None:
            known = np.flatnonzero(self.complete)
            return first + int(known[-1] if len(known) else periods - 1)
        asked = self.calendar.of(period)
        if not first <= asked < first + periods:
            edges = self.calendar.first_day(np.array([first, first + periods - 1]))
            start, last = (iso_day(int(day)) for day in edges)
            msg = f"Period {period!r} is not in both sources; periods run from {start} to {last}."
            raise DataError(msg)
        return asked

    def first_day(self, period: Any) -> int:
        """Return the first day of the period asked for."""
        return int(self.calendar.first_day(np.array([self.ordinal(period)]))[0])

    def totals(self) -> tuple[Ints, Ints]:
        """Return the amount of each source at the end of every period."""
        first, periods = self.extent
        out = []
        for book in self._books:
            start, _, _ = book.engine.extent(self.freq)
            closing = book.engine.movements(self.freq, ()).measures["closing"].sum(axis=0)
            total = np.zeros(periods, np.int64)
            place = start - first + np.arange(len(closing))
            inside = (place >= 0) & (place < periods)
            total[place[inside]] = closing[inside] * self.times
            out.append(total)
        return out[0], out[1]

    def customers(self, period: int) -> Matched:
        """Return the customers that either source has at the end of a period."""
        ids, codes = _joined([book.engine.spans.entity_ids for book in self._books])
        amounts = []
        for book, code in zip(self._books, codes, strict=True):
            amount = np.zeros(len(ids), np.int64)
            np.add.at(amount, code, self._closing(book, period) * self.times)
            amounts.append(amount)
        there = (amounts[0] != 0) | (amounts[1] != 0)
        one, two = (amount[there] for amount in amounts)
        return Matched(ids.filter(pa.array(there)), (one, two), self.status(one, two))

    def _closing(self, book: Book, period: int) -> Ints:
        """Return MRR of each entity at the end of a period, rounded so that they add up to the total."""
        engine, moving = book.engine, book.engine.valuation
        if moving is None:
            mrr, _ = engine.periodic(self.freq).state(period)
            return mrr
        daily, entity, currency = engine.split(("currency",), moving.of_span, moving.count)
        held = np.zeros((len(engine.spans.entity_ids), moving.count), np.int64)
        held[entity, currency] = engine.at_periods(daily, self.freq).state(period)[0]
        factor = moving.at(ends(engine, self.freq, period, 1))[:, 0]
        amounts: Ints = valued(held, np.ones(1, np.int64), factor).sum(axis=1)
        return amounts

    def status(self, one: Ints, two: Ints) -> NDArray[np.int8]:
        """Return the number in `STATUS` of each customer."""
        apart = np.abs(two - one)
        out = np.full(len(one), STATUS.index("differs"), np.int8)
        out[apart <= self.tolerance * np.maximum(np.abs(one), np.abs(two))] = STATUS.index("within")
        out[(one != 0) & (two == 0)] = STATUS.index("only_a")
        out[(one == 0) & (two != 0)] = STATUS.index("only_b")
        out[2 * apart < _CENT] = STATUS.index("equal")
        return out

    def counts(self) -> dict[str, Ints]:
        """Return for every period how many customers have each status; the cost follows the changes of MRR."""
        first, periods = self.extent
        _, codes = _joined([book.engine.spans.entity_ids for book in self._books])
        levels = [self._levels(b, c) for b, c in zip(self._books, codes, strict=True)]
        when, (one, two) = timeline(levels, 1)
        status = self.status(one * self.times, two * self.times)
        there = ((one != 0) | (two != 0)) & (when.end > first) & (when.start < first + periods)
        start = np.clip(when.start - first, 0, periods)
        end = np.clip(when.end - first, 0, periods)
        out = {}
        for number, name in enumerate(STATUS):
            mine = there & (status == number)
            change = np.bincount(start[mine], minlength=periods + 1)
            change = change - np.bincount(end[mine], minlength=periods + 1)
            out[name] = np.cumsum(change)[:periods]
        return out

    def _levels(self, book: Book, code: Ints) -> Levels:
        """Return MRR of each customer from one period to another; a moving exchange rate is a change of its own."""
        engine, moving = book.engine, book.engine.valuation
        ledger = engine.periodic(self.freq)
        entity = np.arange(ledger.accounts)
        currency = np.zeros(ledger.accounts, np.int64)
        if moving is not None:
            daily, owner, kind = engine.split(("currency",), moving.of_span, moving.count)
            ledger = engine.at_periods(daily, self.freq)
            entity, currency = owner.astype(np.int64), kind.astype(np.int64)
        start = ledger.time.astype(np.int64)
        end = np.full(len(start), int(FAR))
        end[:-1][~ledger.first[1:]] = start[1:][~ledger.first[1:]]
        who = ledger.account
        held = Levels(code[entity[who]], currency[who], start, end, ledger.mrr).of(ledger.mrr)
        return held if moving is None else self._at_rates(book, held)

    def _at_rates(self, book: Book, held: Levels) -> Levels:
        first, periods = self.extent
        assert book.engine.valuation is not None
        factor = book.engine.valuation.at(ends(book.engine, self.freq, first, periods))
        start, end = np.maximum(held.start, first), np.minimum(held.end, first + periods)
        each = np.maximum(np.where(held.currency > 0, end - start, np.minimum(end - start, 1)), 0)
        row = np.repeat(np.arange(len(start)), each)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(each) - each, each)
        begin = start[row] + nth
        moves = held.currency[row] > 0
        until = np.where(moves, begin + 1, end[row])
        value = np.rint(held.level[row] * factor[held.currency[row], begin - first])
        none = np.zeros(len(row), np.int64)
        return Levels(held.customer[row], none, begin, until, value.astype(np.int64))


def _joined(columns: list[pa.Array]) -> tuple[pa.Array, list[Ints]]:
    """Return the distinct customers of two columns, and the place of each row among them."""
    same = columns[0].type == columns[1].type
    kind = columns[0].type if same else pa.string()
    ids, code = encode(pa.concat_arrays([flat(c).cast(kind) for c in columns]))
    one, two = np.split(code.astype(np.int64), [len(columns[0])])
    return ids, [one, two]

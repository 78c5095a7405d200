"""The local engine: spans to ledger once, then every cube as a sweep over the ledger in numpy."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from saasmetrics.engine import by_period, causes, desk, drill, exchange, term_numbers, valued
from saasmetrics.engine.ahead_answers import AheadHere
from saasmetrics.engine.causes import CAUSE_COLUMN
from saasmetrics.engine.cohorts import CAUSES, aged, lifetimes
from saasmetrics.engine.cubes import (
    BAG,
    Cube,
    dense_frame,
    sparse_frame,
    triangle_frame,
)
from saasmetrics.engine.episodes import episodes
from saasmetrics.engine.groups import Groups, columns_for, groups, sort_key, spread
from saasmetrics.engine.ledger import LONG, Ledger, first_group, ledger
from saasmetrics.engine.movements import Moves, days_away, moves, visits
from saasmetrics.engine.movements import kinds as kinds_of
from saasmetrics.engine.pairs import Steps, steps
from saasmetrics.engine.reason_answers import ReasonsHere
from saasmetrics.engine.recent import Last, Recent
from saasmetrics.engine.returns import split_returns
from saasmetrics.engine.spans import Spans, source_of, spans
from saasmetrics.engine.terms import terms_cube
from saasmetrics.engine.transfers import moves_between_groups
from saasmetrics.engine.waits import waits
from saasmetrics.memory import give_back
from saasmetrics.periods import Calendar
from saasmetrics.recording import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.engine.axis import Axis
    from saasmetrics.engine.contracts import Terms
    from saasmetrics.engine.renewals import Renewals, Window
    from saasmetrics.engine.waits import Waits
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

T = TypeVar("T")


@answers
class LocalEngine(ReasonsHere, AheadHere):
    """Compute the cubes of a book in this process.

    Parameters
    ----------
    tables
        Normalized tables by name.
    policy
        The definition choices.
    as_of
        Day number of the last day known.
    currency
        The reporting currency.
    fiscal_start
        First month of the fiscal year.
    since
        Day number of the first day observed, for books cut with `between`; None: from the start.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        policy: Policy,
        as_of: int,
        currency: str,
        fiscal_start: int = 1,
        since: int | None = None,
    ) -> None:
        self.tables = tables
        self.policy = policy
        self.as_of = as_of
        self.currency = currency
        self._fiscal_start = fiscal_start
        self._since = since
        self._cache: dict[Any, Any] = {}
        self._recent = Recent()
        self._drilled: Last[drill.Found] = Last()
        self._lived: Last[dict[str, NDArray[np.int64]]] = Last()
        self._stepped: Last[list[Steps]] = Last()

    def _once(self, key: Any, make: Callable[[], T]) -> T:
        if key not in self._cache:
            self._cache[key] = make()
        return cast(T, self._cache[key])

    def _lately(self, key: tuple[Any, ...], bags: int, make: Callable[[], Cube]) -> Cube:
        exact = self.valuation is None  # rates round in each bag and group
        return self._recent.get(key, bags, make, self._are_apart if exact else None)

    def _are_apart(self, by: Sequence[str]) -> bool:
        return self.grouping(by).of_entity is not None

    @property
    def since(self) -> int:
        """The first day observed; long ago where the book is not cut."""
        return -(2**31) if self._since is None else self._since

    @property
    def source(self) -> str:
        """The table that MRR comes from."""
        return source_of(self.tables)

    @cached_property
    def spans(self) -> Spans:
        """Who pays how much a month from when until when."""
        return spans(self.tables, self.policy, self.as_of, self.currency)

    @cached_property
    def valuation(self) -> exchange.Valuation | None:
        """The exchange rates that move and count; None where none does."""
        if self.policy.fx == "constant":
            return None
        return exchange.valuation(self.tables, self.spans, self.as_of, self.currency)

    @property
    def rates_move(self) -> bool:
        """Whether exchange rates that count move."""
        return self.valuation is not None

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the footnote of every number says about the tables."""
        rates = () if self.valuation is None else (self.valuation.note,)
        return (*self.spans.notes, *rates)

    @cached_property
    def entities(self) -> Ledger:
        """The ledger with one account per customer."""
        found = ledger(self.spans, self.spans.entity, len(self.spans.entity_ids))
        if len(found) > LONG:
            give_back(len(found))  # of the parts
        return found

    def calendar(self, freq: str) -> Calendar:
        """Return the calendar of a frequency, in the book's fiscal year."""
        return Calendar(freq, self._fiscal_start)

    def extent(self, freq: str) -> tuple[int, int, int]:
        """Return the first period, the number of periods, and the last period observed in full."""
        return self._once(("extent", self.calendar(freq).freq), lambda: self._extent(freq))

    def _extent(self, freq: str) -> tuple[int, int, int]:
        calendar = self.calendar(freq)
        start = int(self.spans.start.min()) if len(self.spans) else self.as_of
        first, last = (int(p) for p in calendar.ordinal(np.array([start, self.as_of])))
        full = last if int(calendar.last_day(np.array([last]))[0]) <= self.as_of else last - 1
        return first, last - first + 1, full

    def grouping(self, by: Sequence[str]) -> Groups:
        """Return the groups of some columns."""
        return self._once(
            ("groups", tuple(by)),
            lambda: groups(by, self.spans, self.tables, self.policy.entity),
        )

    def bags(self, count: int) -> NDArray[np.int64]:
        """Return a bag for each entity: a mixing of its rank, so that it does not depend on the order of rows."""
        rank = self._once("rank", lambda: sort_key(self.spans.entity_ids))
        return self._once(("bags", count), lambda: spread(rank, count))

    def periodic(self, freq: str) -> Ledger:
        """Return the entities' ledger at the ends of periods."""
        return self._once(("periodic", freq), lambda: self.at_periods(self.entities, freq))

    def at_first_rates(self, freq: str) -> Ledger:
        """Return `periodic` with each entity at the exchange rates of the period in which it first pays."""
        rates = self.valuation
        if rates is None:
            return self.periodic(freq)
        return self._once(("first", freq), lambda: valued.at_first_rates(self, rates, freq))

    def at_periods(self, daily: Ledger, freq: str) -> Ledger:
        """Return a daily ledger as the ends of periods see it."""
        if not len(daily):
            return daily
        base, end = int(daily.time.min()), int(daily.time.max())
        return daily.at_periods(self.calendar(freq).lookup(base, end), base)

    def accounts(self, by: Sequence[str]) -> tuple[Ledger, NDArray[np.int32], NDArray[np.int32]]:
        """Return the daily ledger per entity and group, with the entity and the group of each account."""
        found = self.grouping(by)
        assert found.of_span is not None
        return self.split(("group", tuple(by)), found.of_span, len(found))

    def split(
        self, name: tuple[Any, ...], of_span: NDArray[Any], many: int
    ) -> tuple[Ledger, NDArray[np.int32], NDArray[np.int32]]:
        """Return the daily ledger per entity and code of its spans, with the entity and the code of each account."""

        def make() -> tuple[Ledger, NDArray[np.int32], NDArray[np.int32]]:
            key = self.spans.entity.astype(np.int64) * many + of_span
            used, account = np.unique(key, return_inverse=True)
            daily = ledger(self.spans, account.reshape(-1).astype(np.int32), len(used))
            return daily, (used // many).astype(np.int32), (used % many).astype(np.int32)

        return self._once(("accounts", *name), make)

    def moved(self, freq: str, by: Sequence[str] = ()) -> tuple[Moves, NDArray[np.int32]]:
        """Return the movements of a frequency, with the group of each account."""
        group = self.grouping(by).of_entity
        if group is not None:
            return self._once(("moved", freq), lambda: self._moved(freq)), group
        return self._once(("moved", freq, tuple(by)), lambda: self._moved_between(freq, by))

    def kinds(self, freq: str) -> tuple[Ledger, NDArray[np.int32], NDArray[np.int8]]:
        """Return the entities' changes with the period and the kind of each."""
        events = self.policy.view == "event"
        source = self.entities if events else self.periodic(freq)
        period = self.periods(source, freq) if events else source.time
        after = self.policy.new_after_days
        away = None
        if after is not None and len(source):
            daily = self.entities
            away = days_away(daily, daily.time if events else self.periods(daily, freq), source)
        ignored = visits(source, period) if self.policy.same_period == "ignored" else None
        return source, period, kinds_of(source, after, away, ignored)

    def _moved(self, freq: str) -> Moves:
        source, period, kind = self.kinds(freq)
        found = moves(source, period, kind)
        if self.policy.return_price == "split":
            found, _ = split_returns(found, source.account, source.time, source)
        return found

    def _moved_between(self, freq: str, by: Sequence[str]) -> tuple[Moves, NDArray[np.int32]]:
        source, period, kind = self.kinds(freq)
        daily, entity_of, group = self.accounts(by)
        events = self.policy.view == "event"
        parts = daily if events else self.at_periods(daily, freq)
        part_period = self.periods(parts, freq) if events else parts.time
        found = moves_between_groups(parts, part_period, source, period, kind, entity_of)
        if self.policy.return_price == "split":
            found, _ = split_returns(found, entity_of[parts.account], parts.time, source)
        return found, group

    def periods(self, found: Ledger, freq: str) -> NDArray[np.int32]:
        """Return the period of each change of a daily ledger."""
        if not len(found):
            return found.time
        base = int(found.time.min())
        return self.calendar(freq).lookup(base, int(found.time.max()))[found.time - base]

    def movements(
        self, freq: str = "M", by: Sequence[str] = (), bags: int = 0, stops: Sequence[int] = ()
    ) -> Cube:
        """Return opening, movements, closing and counts, per group and period, or up to each of some periods."""
        key = ("movements", tuple(by), self.calendar(freq).freq, tuple(stops))
        return self._lately(key, bags, lambda: by_period.movements(self, freq, by, bags, stops))

    def pairs(
        self,
        window: int,
        freq: str = "M",
        by: Sequence[str] = (),
        bags: int = 0,
        stops: Sequence[int] = (),
    ) -> Cube:
        """Return the sums over customers of MRR at each period, or some, and `window` periods before."""
        key = ("pairs", tuple(by), window, freq, tuple(stops))
        return self._lately(key, bags, lambda: by_period.pairs(self, window, freq, by, bags, stops))

    def steps(self, window: int, freq: str, axis: Axis) -> Iterable[Steps]:
        """Return what pairs are summed from, the same for all groups; the last ones are kept unless they are many."""
        made = steps(self.periodic(freq), window, axis)
        if len(self.entities) > LONG:
            return made
        return self._stepped.get((window, self.calendar(freq).freq, axis), lambda: list(made))

    def origin(self, by: Sequence[str]) -> NDArray[np.int32]:
        """Return one group per entity: its own, or that of most of its MRR on its first day, at the rates of that."""
        found = self.grouping(by)
        if found.of_entity is not None:
            return found.of_entity
        if (rates := self.valuation) is not None:
            return valued.first_group(self, rates, by)
        return first_group(*self.accounts(by), len(self.spans.entity_ids))

    def triangle(self, freq: str = "M", by: Sequence[str] = (), bags: int = 0) -> Cube:
        """Return customers, MRR and running minimum per group, cohort and age."""
        key = ("triangle", tuple(by), self.calendar(freq).freq)
        return self._lately(key, bags, lambda: by_period.triangle(self, freq, by, bags))

    def ages(self, freq: str = "M", by: Sequence[str] = (), bags: int = 0) -> Cube:
        """Return customers, MRR and everybody won per group (and bag) and age, over those old enough."""
        return by_period.ages(self, freq, by, bags)

    def lives(self, freq: str = "M", cause: str = CAUSE_COLUMN) -> dict[str, NDArray[np.int64]]:
        """Return one lifetime per customer; the last ones are kept, for every curve is counted from them."""
        return self._lived.get((freq, cause), lambda: self._lives(freq, cause))

    def _lives(self, freq: str, cause: str) -> dict[str, NDArray[np.int64]]:
        calendar, since = self.calendar(freq), self._since
        left = None if since is None else calendar.of(np.datetime64(since - 1, "D"))
        found = lifetimes(self.periodic(freq), self.extent(freq)[2], left)
        if self.valuation is not None:
            ledger = self.at_first_rates(freq)
            found["mrr"] = aged(ledger, found["account"], found["cohort"], 0)["mrr"]
        code = self._causes(cause)[0]
        if code is None:
            found["cause"] = np.zeros(len(found["account"]), np.int64)
        else:
            found["cause"] = causes.of_lives(found, self.spans, code, calendar.ordinal)
        for values in found.values():
            values.flags.writeable = False
        return found

    def _causes(self, column: str) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
        if column == CAUSE_COLUMN:
            return causes.of_lines(self.tables, self.spans), CAUSES
        known = columns_for(self.tables, self.spans.source)
        name = ".".join(known[column]) if column in known else column  # "reason" is no by-column
        return causes.of_groups(self.grouping((name,)), self.spans)

    def cause_names(self, column: str = CAUSE_COLUMN) -> tuple[str, ...]:
        """Return the causes that the numbers of a column stand for."""
        return self._causes(column)[1]

    def lifetimes(
        self, freq: str = "M", by: Sequence[str] = (), bags: int = 0, cause: str = CAUSE_COLUMN
    ) -> pd.DataFrame:
        """Return customers and starting MRR per group, duration, entry, event and cause."""
        found, lives = self.grouping(by), self.lives(freq, cause)
        group = self.origin(by)[lives["account"]]
        dims = {name: lives[name] for name in ("duration", "entry", "event", "cause")}
        if bags:
            dims[BAG] = self.bags(bags)[lives["account"]]
        return sparse_frame(found, group, dims, {"mrr_micro": lives["mrr"]})

    def episodes(
        self, freq: str, columns: Sequence[str] = (), varying: Sequence[str] = ()
    ) -> dict[str, NDArray[np.int64]]:
        """Return how many customers went through each kind of episode; see `episodes.episodes`."""
        return episodes(self, freq, columns, varying)

    def terms(
        self, freq: str = "M", by: Sequence[str] = (), grace_days: int = 90, early_days: int = 90
    ) -> pd.DataFrame:
        """Return the subscription terms that end per group and period, and what became of them."""
        first, periods, _ = self.extent(freq)
        found = self.grouping(by)
        of_span = self.origin(by)[self.spans.entity] if found.of_span is None else found.of_span
        asked = (len(found), self.calendar(freq), (first, periods), self.as_of)
        cube = terms_cube(self.spans, of_span, *asked, grace_days, early_days)
        return dense_frame(Cube(found, cube, first), self.calendar(freq))

    def term_numbers(
        self, by: Sequence[str] = (), grace_days: int = 90
    ) -> dict[str, NDArray[np.int64]]:
        """Return the terms that ended per group and number of the term, by outcome; none is numbered 0."""
        return term_numbers.renewals(self, by, grace_days)

    @cached_property
    def contract_terms(self) -> Terms:
        """Every contract term of the tables, or of the subscriptions where there are no contracts."""
        return desk.terms_of(self)

    def renewals(self, window: Window, as_of: int | None = None) -> Renewals:
        """Return what became of every contract term, as known at the as-of date or on an earlier day."""
        if as_of is not None:  # asked for once, by the back-test
            return desk.renewals_of(self, window, as_of)
        return self._once(("renewals", window), lambda: desk.renewals_of(self, window, None))

    def waits(self) -> Waits | None:
        """Return how many customers took how many days from signing up to their first payment."""
        return waits(self)

    def rows(self, kind: str, **cell: Any) -> pd.DataFrame:
        """Return the customers behind one cell of a cube."""
        return self.frame(*self.measures(kind, **cell))

    def frame(self, entity: NDArray[Any], columns: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
        """Return entities as `measures` names them, with columns, as a frame."""
        return drill.frame(self, entity, columns)

    def measures(self, kind: str, **cell: Any) -> drill.Found:
        """Return entities and measures behind one cell; the last ones are kept, for another rate of the same cell."""
        key = (kind, tuple(sorted(cell.items())))
        return self._drilled.get(key, lambda: drill.measures(self, kind, **cell))


__all__ = ["BAG", "LocalEngine", "dense_frame", "triangle_frame"]

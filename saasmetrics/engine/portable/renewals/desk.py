"""The renewal desk where the tables are: terms are matched and summed there, and only what is asked for comes back."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw
import numpy as np

from saasmetrics.engine.due import DueCells, DueTerms, History
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.entities import in_bags
from saasmetrics.engine.portable.fetched import fetched, number, whole_columns
from saasmetrics.engine.portable.held import held, held_by
from saasmetrics.engine.portable.renewals import cells
from saasmetrics.engine.portable.renewals.before import before
from saasmetrics.engine.portable.renewals.brought import terms_of, with_followers
from saasmetrics.engine.portable.renewals.escalators import with_uplifts
from saasmetrics.engine.portable.renewals.groups import with_groups
from saasmetrics.engine.portable.renewals.growth import with_growth
from saasmetrics.engine.portable.renewals.implied import implied
from saasmetrics.engine.portable.renewals.outcomes import outcomes
from saasmetrics.engine.portable.renewals.rolled import rolled_on
from saasmetrics.engine.portable.renewals.signed import Signed, signed
from saasmetrics.engine.portable.whole import flag, summed, with_period
from saasmetrics.engine.renewals import RENEWED, Window
from saasmetrics.engine.self_renewal import note_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.due import Before, Due, DueBefore
    from saasmetrics.engine.expansion_causes import ExpansionCauses
    from saasmetrics.engine.groups import Groups
    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame

T = TypeVar("T")


class RenewalsThere:
    """What became of every contract term of a book, where its tables are.

    Parameters
    ----------
    engine
        The engine where the tables are.
    contracts
        The table of contracts, there too; None: terms are those of subscriptions.

    Raises
    ------
    NotPortableError
        If terms cannot be matched there.
    """

    def __init__(self, engine: PortableEngine, contracts: Frame | None) -> None:
        self.engine = engine
        self._contracts = contracts
        self._cache: dict[Any, Any] = {}

    def _once(self, key: Any, make: Callable[[], T]) -> T:
        if key not in self._cache:
            with held_by(self):
                self._cache[key] = make()
        found: T = self._cache[key]
        return found

    @property
    def signed(self) -> Signed:
        """The terms that were signed, or that subscriptions began."""
        return self._once("signed", self._signed)

    def _signed(self) -> Signed:
        engine = self.engine
        if self._contracts is None:
            return implied(engine.basis, engine.as_of)
        return signed(engine.basis, self._contracts, engine.as_of, engine.currency)

    @cached_property
    def _paid(self) -> Frame:
        """The changes of what entities pay, with what of it rests."""
        change = nw.col("mrr_change") + nw.col("paused_change")
        return self.engine.basis.daily().select("entity", "day", change=change)

    @property
    def _rolled(self) -> tuple[Frame, int]:
        asked = (self.signed, self._paid, self.engine.as_of)
        return self._once("rolled", lambda: rolled_on(*asked))

    @property
    def own(self) -> dict[str, Frame]:
        """The table that the terms come from, by name."""
        return {self.signed.source: self.signed.contracts}

    @property
    def every(self) -> Frame:
        """Every term, with those that began because nobody cancelled."""
        return self._rolled[0]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the footnote says of the terms."""
        _, added = self._rolled
        return (*self.signed.notes, *note_of(added))

    def known(self, window: Window, as_of: int | None) -> Frame:
        """Return the terms known at the end of a day with what became of them, and their value `kept`."""
        day = self.day(as_of)
        return self._once(("known", window, day), lambda: self._known(window, day))

    def day(self, as_of: int | None) -> int:
        """Return the day at whose end terms are known."""
        return self.engine.as_of if as_of is None else min(as_of, self.engine.as_of)

    def _known(self, window: Window, day: int) -> Frame:
        basis = self.engine.basis
        found = outcomes(self.every, day, window)
        lines = basis.source == "subscriptions" and "escalator" in names(basis.tables[basis.source])
        if lines and not self.signed.uplifts:
            found = with_uplifts(found, basis, self._paid)
        if self.signed.source == "contracts":
            found = with_growth(found, self._paid, basis.entities())
        else:
            found = found.with_columns(mid_term=nw.lit(0).cast(nw.Int64))
        return held(cells.with_kept(found), "renewals", "what each renewal is worth, in its parts")

    def _grouped(
        self, window: Window, as_of: int | None, by: Sequence[str]
    ) -> tuple[Frame, Groups]:
        def make() -> tuple[Frame, Groups]:
            tables = self.engine.basis.tables
            found = self.known(window, as_of)
            grouped, groups = with_groups(found, self.own, tables, by)
            return held(grouped, "grouped"), groups

        return self._once(("grouped", window, as_of, tuple(by)), make)

    def due(self, asked: Due) -> tuple[Frame, Groups]:
        """Return the terms that are asked about with their `group` and `period`, and the groups of all."""
        found, groups = self._grouped(asked.window, asked.as_of, asked.by)
        return self.chosen(asked, found), groups

    def chosen(self, asked: Due, found: Frame) -> Frame:
        """Return those of some terms that are asked about, with the `period` in which each is due."""
        found = found.filter(nw.col("end") >= asked.first, nw.col("end") <= asked.last)
        if asked.terms != "all":
            found = found.filter(nw.col("monthly") == (1 if asked.terms == "monthly" else 0))
        return with_period(found, self.engine.calendar(asked.freq), day="end")

    def cells(self, asked: Due, bags: int = 0) -> DueCells:
        """Return the sums of the terms that are asked about, and the customers in each cell."""
        found, groups = self.due(asked)
        made = whole_columns(cells.heads(found), ("group", "period", *cells.HEADS))
        period = made["period"]
        first = int(period.min()) if len(period) else 0
        periods = int(period.max()) - first + 1 if len(period) else 0
        shape = (len(groups), periods)
        heads = {name: _dense(shape, made, first, name) for name in cells.HEADS}
        facts = self._facts(asked.window, asked.as_of)
        told = (first, periods, *facts, self.notes)
        sums = self._sums(found, shape, first, bags)
        return DueCells(groups, sums, heads, *told, self.signed.source)

    def terms(self, asked: Due, group: int | None = None) -> DueTerms:
        """Return the terms that are asked about, of one group or of all, with what became of them."""
        found, groups = self.due(asked)
        if group is not None:
            found = found.filter(nw.col("group") == group)
        known = self.known(asked.window, asked.as_of)
        rows = with_followers(found, known, self.signed.contracts)
        holder = _Holder()
        brought = self.engine.bring(rows, self.signed.source, holder).sort_by("term")
        told = (self.day(asked.as_of), self.notes, self.signed.source)
        made = terms_of(brought, *told)
        kept = np.flatnonzero(np.asarray(brought["chosen"]) == 1)
        groups = replace(groups, of_entity=np.asarray(brought["group"]).astype(np.int32))
        many, monthly = self._facts(asked.window, asked.as_of)
        later = int(number(self.every.select(nw.len())) or 0) - many
        owners = brought["owner"].to_pylist()
        return DueTerms(made, kept, groups, owners, monthly, later, holder)

    def history(self, asked: Due) -> History:
        """Return what became of the terms that are asked about whose grace is over, first and later ones apart."""
        found, groups = self.due(asked)
        over = found.filter(nw.col("settled") <= self.day(asked.as_of)).with_columns(
            again=flag(nw.col("number") > 1), won=flag(nw.col("outcome") == RENEWED), one=nw.lit(1)
        )
        told = whole_columns(
            summed(over, ("group", "again"), ("one", "won")), ("group", "again", "one", "won")
        )
        decided, renewed = (np.zeros((len(groups), 2), np.int64) for _ in range(2))
        place = (told["group"], told["again"])
        decided[place], renewed[place] = told["one"], told["won"]
        won = over.filter(nw.col("won") == 1).with_columns(lag=nw.col("closed") - nw.col("end"))
        lags = whole_columns(summed(won, ("lag",), ("one",)), ("lag", "one"))
        order = np.argsort(lags["lag"])
        return History(groups, decided, renewed, np.repeat(lags["lag"][order], lags["one"][order]))

    def before(self, asked: DueBefore) -> list[Before]:
        """Return what was known on several days before, and what came of it."""
        return before(self, asked)

    def expansion_causes(self, by: Sequence[str], **told: bool) -> ExpansionCauses:
        """Return expansion by group, year, cause, and at renewal of these terms or not."""
        return self.engine.expansion_causes(by, **told, terms=self.known(Window(), None))

    def _sums(
        self, found: Frame, shape: tuple[int, int], first: int, bags: int
    ) -> dict[str, NDArray[np.int64]]:
        if bags:
            found = found.rename({"who": "_rank"})
            found = in_bags(found, bags, self.signed.customers)
        made = whole_columns(cells.sums(found), ("group", "period", *cells.MEASURES))
        groups, periods = shape
        whole = (groups * max(bags, 1), periods)
        sums = {name: _dense(whole, made, first, name) for name in cells.MEASURES}
        return {name: value.reshape(groups, max(bags, 1), periods) for name, value in sums.items()}

    def _facts(self, window: Window, as_of: int | None) -> tuple[int, int]:
        """Return how many terms are known, and how many of them run from month to month."""

        def make() -> tuple[int, int]:
            found = self.known(window, as_of)
            row = fetched(found.select(nw.len().alias("known"), nw.col("monthly").sum()))
            return int(row["known"][0].as_py()), int(row["monthly"][0].as_py() or 0)

        return self._once(("facts", window, as_of), make)


class _Holder:
    """What rows are kept by that were brought: they count as brought for as long."""


def _dense(
    shape: tuple[int, ...], made: dict[str, NDArray[np.int64]], first: int, name: str
) -> NDArray[np.int64]:
    out = np.zeros(shape, np.int64)
    out[made["group"], made["period"] - first] = made[name]
    return out

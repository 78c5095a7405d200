"""The portable engine: pieces, daily changes, and every cube as one query; only the cubes come back."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw
import numpy as np

from saasmetrics.engine.cohorts import TRIANGLE
from saasmetrics.engine.cubes import BAG, Cube, dense_frame
from saasmetrics.engine.movements import FLOWS
from saasmetrics.engine.portable import movements as movement
from saasmetrics.engine.portable import pairs as pair
from saasmetrics.engine.portable import terms as term
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.balances import daily_changes
from saasmetrics.engine.portable.entities import (
    groups_of,
    in_bags,
    with_entity,
    with_group_number,
    with_groups,
    with_rank,
)
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.known import known_frame
from saasmetrics.engine.portable.left_out import left_out_notes
from saasmetrics.engine.portable.lifetimes import DIMS, lifetime_cells
from saasmetrics.engine.portable.lines import pieces
from saasmetrics.engine.portable.triangle import triangle_cells
from saasmetrics.engine.spans import source_of
from saasmetrics.errors import NotPortableError
from saasmetrics.periods import Calendar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.engine.groups import Groups
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

T = TypeVar("T")
# What only the local engine counts so far: the choices, and the values that this engine takes.
_TAKES = {
    "churn_date": ("ended", "cancel_requested"),
    "past_due": ("counted",),
    "same_period": ("counted",),
    "pause": ("line", "churn", "kept"),
    "discount": ("live", "forever_only", "none"),
    "usage": ("excluded",),
    "week": ("52/12", "4.35", "30/7", "365.25/84"),
    "day": ("365/12", "30"),
    "return_price": ("full",),
}


def refuse_unknown(policy: Policy, *, rates: bool) -> None:
    """Refuse a policy with a choice that this engine does not count yet; `rates`: whether there are any to convert by.

    Raises
    ------
    NotPortableError
        If there is one; the message names it.
    """
    for choice, taken in _TAKES.items():
        value = getattr(policy, choice)
        if value not in taken:
            known = " or ".join(map(repr, taken))
            msg = f"The portable engine does not count {choice}={value!r} yet; it takes {known}."
            raise NotPortableError(msg)
    if rates and policy.fx != "constant":
        msg = f"The portable engine does not count fx={policy.fx!r} yet; it takes 'constant'."
        raise NotPortableError(msg)


def _refuse_given_free(table: Frame) -> None:
    """Refuse lines that cost nothing for a time, during which the local engine keeps the customer."""
    if not {"list_amount", "discount_end"} <= set(names(table)):
        return
    free = (nw.col("amount") == 0) & (nw.col("list_amount") > 0) & ~nw.col("discount_end").is_null()
    if count := _number(table.filter(free).select(nw.len())):
        msg = f"The portable engine does not count months given free yet, as {int(count):,} subscriptions rows have."
        raise NotPortableError(msg)


class PortableEngine:
    """Compute the cubes of a book where its tables are, with the same results as the local engine.

    Parameters
    ----------
    tables
        Frames with canonical columns by table name: pandas, Polars (eager or lazy), PyArrow, DuckDB relations, or
        whatever else narwhals reads.
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
    known
        Day number of the last day of knowledge: what was recorded later is left out, of versions the last one by then
        holds. None: all is known.

    Examples
    --------
    >>> import pandas as pd
    >>> from saasmetrics.policy import Policy
    >>> mrr = pd.DataFrame({"customer_id": ["a"], "month": pd.to_datetime(["2026-01-01"]), "mrr": [10.0]})
    >>> engine = PortableEngine({"mrr": mrr}, Policy(), as_of=20_484, currency="USD")
    >>> engine.movements("M").measures["new"].tolist()
    [[10000000]]
    """

    def __init__(
        self,
        tables: Mapping[str, Any],
        policy: Policy,
        as_of: int,
        currency: str,
        fiscal_start: int = 1,
        since: int | None = None,
        known: int | None = None,
    ) -> None:
        refuse_unknown(policy, rates="fx" in tables)
        day = known if policy.knowledge == "recorded" else None
        self._tables: dict[str, Any] = {
            name: known_frame(name, nw.from_native(native).lazy(), day)
            for name, native in tables.items()
        }
        self._source = source_of(self._tables)
        if self._source == "subscriptions" and policy.discount == "live":
            _refuse_given_free(self._tables[self._source])
        self._policy = policy
        self._as_of = as_of
        self._currency = currency
        self._fiscal_start = fiscal_start
        self._since = since
        self._cache: dict[Any, Any] = {}

    def _once(self, key: Any, make: Callable[[], T]) -> T:
        if key not in self._cache:
            self._cache[key] = make()
        made: T = self._cache[key]
        return made

    def pieces(self, by: Sequence[str] = (), bags: int = 0) -> Frame:
        """Return who pays how much a month from when until when, with its group."""
        return self._once(("pieces", tuple(by), bags), lambda: self._pieces(tuple(by), bags))

    def _pieces(self, by: Sequence[str], bags: int) -> Frame:
        whose = with_rank(with_entity(self._tables, self._source, self._policy.entity))
        tables = {**self._tables}
        tables[self._source] = with_groups(whose, tables, self._source, self._policy.entity, by)
        keep = ("_rank", *(f"_by{number}" for number in range(len(by))))
        found = pieces(tables, self._source, self._policy, self._as_of, self._currency, keep)
        found = with_group_number(found, by)
        return held(in_bags(found, bags, self._count(whose)) if bags else found)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the footnote of every number says about the tables."""
        whose = with_entity(self._tables, self._source, self._policy.entity)
        tables = {**self._tables, self._source: whose}
        return left_out_notes(tables, self._source, self._policy, self._as_of, self._currency)

    def _any_pieces(self) -> Frame:
        """Return the pieces, however grouped: what was computed already, if anything."""
        made = [value for key, value in self._cache.items() if key[0] == "pieces"]
        return made[0] if made else self.pieces()

    def _count(self, whose: Frame) -> int:
        return self._once(
            "entities", lambda: 1 + int(_number(whose.select(nw.col("_rank").max())) or 0)
        )

    def _daily(self, by: Sequence[str], bags: int = 0) -> Frame:
        return self._once(
            ("daily", tuple(by), bags), lambda: held(daily_changes(self.pieces(by, bags)))
        )

    def grouping(self, by: Sequence[str]) -> Groups:
        """Return the groups of some columns."""
        return self._once(("groups", tuple(by)), lambda: groups_of(self.pieces(by), by))

    def calendar(self, freq: str) -> Calendar:
        """Return the calendar of a frequency, in the book's fiscal year."""
        return Calendar(freq, self._fiscal_start)

    def extent(self, freq: str) -> tuple[int, int, int]:
        """Return the first period, the number of periods, and the last period observed in full."""
        calendar = self.calendar(freq)
        earliest = self._once(
            "start", lambda: _number(self._any_pieces().select(nw.col("start").min()))
        )
        start = self._as_of if earliest is None else int(earliest)
        first, last = (int(p) for p in calendar.ordinal(np.array([start, self._as_of])))
        full = last if int(calendar.last_day(np.array([last]))[0]) <= self._as_of else last - 1
        return first, last - first + 1, full

    def movements(self, freq: str = "M", by: Sequence[str] = (), bags: int = 0) -> Cube:
        """Return opening, movements, closing and counts, per group and period."""
        daily = self._daily(by, bags)
        first, periods, _ = self.extent(freq)
        cells = movement.movement_cells(
            daily,
            self.calendar(freq),
            events=self._policy.view == "event",
            new_after=self._policy.new_after_days,
        )
        names = (*movement.SUMS, *movement.COUNTS)
        found = self.grouping(by)
        made = _dense(cells, (len(found) * max(bags, 1), periods), {"period": first}, names)
        made["closing"], made["customers_closing"] = (
            np.cumsum(made.pop(name), axis=1) for name in ("change", "paying")
        )
        made["opening"], made["customers_opening"] = (
            np.roll(made[name], 1, axis=1) for name in ("closing", "customers_closing")
        )
        made["opening"][:, :1] = made["customers_opening"][:, :1] = 0
        made["fx"] = np.zeros_like(made["closing"])
        money = ("opening", *FLOWS, "closing")
        order = (*money, *sorted(name for name in made if name not in money))
        return Cube(found, {name: made[name] for name in order}, first, bags)

    def pairs(self, window: int, freq: str = "M", by: Sequence[str] = (), bags: int = 0) -> Cube:
        """Return the sums over customers of MRR at each period and `window` periods before."""
        daily = self._daily(by, bags)
        first, periods, _ = self.extent(freq)
        cells = pair.pair_cells(daily, self.calendar(freq), window, first + periods - 1)
        found = self.grouping(by)
        shape = (len(found) * max(bags, 1), periods)
        made = _dense(cells, shape, {"time": first}, pair.MEASURES)
        return Cube(found, {name: np.cumsum(v, axis=1) for name, v in made.items()}, first, bags)

    def triangle(self, freq: str = "M", by: Sequence[str] = (), bags: int = 0) -> Cube:
        """Return customers, MRR and running minimum per group, cohort and age."""
        daily = self._daily(by, bags)
        first, _, full = self.extent(freq)
        periods = max(full - first + 1, 0)
        cells = triangle_cells(daily, self.calendar(freq), full)
        found = self.grouping(by)
        shape = (len(found) * max(bags, 1), periods, periods)
        made = _dense(cells, shape, {"cohort": first, "age": 0}, TRIANGLE)
        cube = {name: np.cumsum(v, axis=2) for name, v in made.items()}
        return Cube(found, {**cube, "constant": cube["mrr"]}, first, bags)

    def lifetimes(self, freq: str = "M", by: Sequence[str] = (), bags: int = 0) -> pd.DataFrame:
        """Return customers and starting MRR per group, duration, entry, event and cause."""
        import pandas as pd

        daily, calendar = self._daily(by, bags), self.calendar(freq)
        _, _, full = self.extent(freq)
        left = None if self._since is None else calendar.of(np.datetime64(self._since - 1, "D"))
        cells = _columns(
            lifetime_cells(daily, self.pieces(by, bags), calendar, full, left),
            ("group", *DIMS, "customers", "mrr_micro"),
        )
        group, dims = cells["group"], {name: cells[name] for name in DIMS}
        if bags:
            group, dims[BAG] = group // bags, group % bags
        order = np.lexsort([*reversed(dims.values()), group])
        labels = self.grouping(by).labels
        data: dict[str, Any] = {
            name: pd.Series([labels[g][i] for g in group[order]], dtype=object)
            for i, name in enumerate(by)
        }
        data.update({name: values[order] for name, values in dims.items()})
        data.update({name: cells[name][order] for name in ("customers", "mrr_micro")})
        return pd.DataFrame(data)

    def terms(
        self, freq: str = "M", by: Sequence[str] = (), grace_days: int = 90, early_days: int = 90
    ) -> pd.DataFrame:
        """Return the subscription terms that end per group and period, and what became of them."""
        lines = self.pieces(by)
        first, periods, _ = self.extent(freq)
        cells = term.term_cells(lines, self.calendar(freq), self._as_of, grace_days, early_days)
        found = self.grouping(by)
        made = _dense(cells, (len(found), periods), {"period": first}, term.MEASURES)
        return dense_frame(Cube(found, made, first), self.calendar(freq))

    def renewals(self, window: Any, as_of: int | None = None) -> Any:  # noqa: ARG002
        """Refuse: contracts are followed from one to the next, which needs them here."""
        msg = (
            "Renewals are not followed where the tables are. Contracts are few: bring them and their customers here, "
            "sm.Book(contracts=relation.df(), subscriptions=...)."
        )
        raise NotPortableError(msg)

    def rows(self, kind: str, **cell: Any) -> pd.DataFrame:
        """Refuse: the customers behind a cell stay where the tables are."""
        msg = (
            f"The customers behind {kind} {cell} are not fetched from where the tables are. Ask a Book of the rows "
            "in question, such as sm.Book(subscriptions=relation.filter(...).df())."
        )
        raise NotPortableError(msg)


def _columns(cells: Frame, names: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Fetch the columns of a small frame as whole numbers."""
    table = cells.select(*(nw.col(name).cast(nw.Int64) for name in names)).collect().to_arrow()
    return {name: np.asarray(table[name]).astype(np.int64) for name in names}


def _number(cell: Frame) -> Any:
    """Fetch the only value of a frame; None where it is missing."""
    found = cell.collect().to_arrow().column(0).to_pylist()
    return None if not found or found[0] != found[0] else found[0]


def _dense(
    cells: Frame, shape: tuple[int, ...], dims: Mapping[str, int], names: Sequence[str]
) -> dict[str, NDArray[np.int64]]:
    """Fetch cells into arrays of groups x periods (x ages); `dims` says where each axis after the group begins."""
    found = _columns(cells, ("group", *dims, *names))
    place = (found["group"], *(found[name] - first for name, first in dims.items()))
    out = {}
    for name in names:
        out[name] = np.zeros(shape, np.int64)
        out[name][place] = found[name]
    return out

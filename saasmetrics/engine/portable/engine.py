"""The portable engine: pieces, daily changes, and every cube as one query; only the cubes come back."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from saasmetrics.engine import causes, exchange, spot, valued
from saasmetrics.engine.axis import Axis, at_stops
from saasmetrics.engine.causes import CAUSE_COLUMN
from saasmetrics.engine.cohorts import CAUSES, TRIANGLE, by_age
from saasmetrics.engine.cubes import BAG, Cube, dense_frame
from saasmetrics.engine.movements import FLOWS
from saasmetrics.engine.portable import movements as movement
from saasmetrics.engine.portable import pairs as pair
from saasmetrics.engine.portable import switched
from saasmetrics.engine.portable import terms as term
from saasmetrics.engine.portable.ahead import AheadThere
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.basis import Basis
from saasmetrics.engine.portable.brought import BroughtEngine
from saasmetrics.engine.portable.chosen import chosen
from saasmetrics.engine.portable.fetched import dense, fetched, whole_columns
from saasmetrics.engine.portable.held import held, held_by
from saasmetrics.engine.portable.lifetimes import DIMS, lifetime_cells
from saasmetrics.engine.portable.reasons import ReasonsThere
from saasmetrics.engine.portable.triangle import cohort_cells, money_cells
from saasmetrics.engine.portable.whole import among, day_number
from saasmetrics.errors import NotPortableError
from saasmetrics.periods import Calendar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.engine import drill
    from saasmetrics.engine.groups import Groups
    from saasmetrics.engine.portable.rates import Rates
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.engine.waits import Waits
    from saasmetrics.policy import Policy


class PortableEngine(ReasonsThere, AheadThere):
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

    # Pieces that are brought all at once for those behind any cell: to choose some takes several queries each time.
    few = 20_000

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
        self.basis = Basis(tables, policy, as_of, currency, known)
        self.policy = policy
        self.as_of = as_of
        self.currency = currency
        self.fiscal_start = fiscal_start
        self.since_day = since

    @property
    def source(self) -> str:
        """The table that MRR comes from."""
        return self.basis.source

    @cached_property
    def valuation(self) -> exchange.Valuation | None:
        """The exchange rates that move and count; None where none does."""
        return self.valued_at(np.zeros(0, np.int32))

    def valued_at(self, of_span: NDArray[np.int32]) -> exchange.Valuation | None:
        """Return the exchange rates that move and count, given the currency of each span that was brought."""
        curves = self.basis.curves
        if not curves:
            return None
        return exchange.Valuation(of_span, tuple(curves), tuple(curves.values()), self.basis.start)

    @property
    def rates_move(self) -> bool:
        """Whether exchange rates that count move."""
        return self.valuation is not None

    @cached_property
    def here(self) -> BroughtEngine:
        """The local engine on everybody's pieces, brought as whole numbers, for what takes more than sums."""
        return BroughtEngine(self)

    @property
    def has_pieces_here(self) -> bool:
        """Whether everybody's pieces were brought."""
        return "here" in vars(self) and self.here.has_pieces

    @property
    def is_small(self) -> bool:
        """Whether there are so few pieces that all are brought where some are needed."""
        few = self.few
        return self.basis.size() <= few if self.basis.keeps else self.here.bring_few(few)

    def brought(self, found: pa.Table, table: str, holder: object) -> None:
        """Note that pieces were brought at once."""

    def bring(self, frame: Frame, table: str, holder: object) -> pa.Table:  # noqa: ARG002
        """Return the rows of a frame as Arrow; all that is longer than a cube passes here.

        Parameters
        ----------
        frame
            What to bring.
        table
            The table that it says something of.
        holder
            What keeps it.
        """
        found: pa.Table = fetched(frame)
        return found

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the footnote of every number says about the tables."""
        if self.valuation is None:
            return tuple(self.basis.left_out())
        return (*self.basis.left_out(), self.valuation.note)

    def pieces(self, by: Sequence[str] = (), bags: int = 0) -> Frame:
        """Return who pays how much a month from when until when, with its group."""
        return self.basis.pieces(by, bags)

    def daily(self, by: Sequence[str] = (), bags: int = 0) -> Frame:
        """Return the changes of MRR per account and day."""
        return self.basis.daily(by, bags)

    def grouping(self, by: Sequence[str]) -> Groups:
        """Return the groups of some columns."""
        return self.basis.grouping(by)

    def calendar(self, freq: str) -> Calendar:
        """Return the calendar of a frequency, in the book's fiscal year."""
        return Calendar(freq, self.fiscal_start)

    def extent(self, freq: str) -> tuple[int, int, int]:
        """Return the first period, the number of periods, and the last period observed in full."""
        calendar = self.calendar(freq)
        first, last = (int(p) for p in calendar.ordinal(np.array([self.basis.start, self.as_of])))
        full = last if int(calendar.last_day(np.array([last]))[0]) <= self.as_of else last - 1
        return first, last - first + 1, full

    def movements(
        self, freq: str = "M", by: Sequence[str] = (), bags: int = 0, stops: Sequence[int] = ()
    ) -> Cube:
        """Return opening, movements, closing and counts, per group and period, or up to each of some periods."""
        bags = bags if bags and self.basis.per_entity(by) else 0
        found = self.grouping(by)
        many = len(found) * max(bags, 1)
        alone = self.basis.of_customers(by)
        made = self._movements(freq, self.basis.daily(by, bags), many, alone=alone)
        rates = self.valuation
        if rates is not None:
            daily = self.basis.daily(by, bags, apart=True)
            sums = self._movements(freq, daily, many * rates.count, self.basis.rates)
            for name in valued.CHANGED:
                made[name] = sums[name].reshape(many, rates.count, -1).sum(axis=1)
            axis = Axis(*self.extent(freq)[:2])
            made = valued.valued_movements(self, rates, made, sums, freq, axis)
        order = ("opening", *FLOWS, "closing")
        rest = sorted(name for name in made if name not in order)
        cube = Cube(found, {n: made[n] for n in (*order, *rest)}, self.extent(freq)[0], bags)
        return at_stops(cube, stops, flows=True)

    def _movements(
        self,
        freq: str,
        daily: Frame,
        groups: int,
        rates: Rates | None = None,
        *,
        alone: bool = False,
    ) -> dict[str, NDArray[np.int64]]:
        """Return the movements as arrays of groups x periods; with rates, flows are at those of their day."""
        first, periods, _ = self.extent(freq)
        asked = (daily, self.calendar(freq), self.policy, rates)
        cells = movement.movement_cells(*asked, alone=alone)
        effects = spot.SUMS if rates is not None and self.policy.fx == "spot" else ()
        return movement.by_period(cells, (groups, periods), first, effects)

    def pairs(
        self,
        window: int,
        freq: str = "M",
        by: Sequence[str] = (),
        bags: int = 0,
        stops: Sequence[int] = (),
    ) -> Cube:
        """Return the sums over customers of MRR at each period, or some, and `window` periods before."""
        found, calendar = self.grouping(by), self.calendar(freq)
        first, periods, _ = self.extent(freq)
        daily, last = self.basis.daily(by, bags), first + periods - 1
        aside, alone = self.policy.pause == "line", self.basis.of_customers(by)
        cells = pair.pair_cells(daily, calendar, window, last, aside=aside, alone=alone)
        shape = (len(found) * max(bags, 1), periods)
        changes = dense(cells, shape, {"time": first}, pair.MEASURES)
        made = {name: np.cumsum(value, axis=1) for name, value in changes.items()}
        if self.valuation is not None:
            made = switched.valued(self, made, window, freq, by, bags)
        return at_stops(Cube(found, made, first, bags), stops, flows=False)

    def triangle(self, freq: str = "M", by: Sequence[str] = (), bags: int = 0) -> Cube:
        """Return customers, MRR and running minimum per group, cohort and age."""
        first, _, full = self.extent(freq)
        periods = max(full - first + 1, 0)
        found, rates = self.grouping(by), self.valuation
        many, dims = len(found) * max(bags, 1), {"cohort": first, "age": 0}
        cells = cohort_cells(self, freq, by, bags)
        made = dense(cells, (many, periods, periods), dims, TRIANGLE)
        cube = {name: np.cumsum(value, axis=2) for name, value in made.items()}
        cube["constant"] = cube["mrr"]
        if rates is not None:
            cells = money_cells(self, freq, by, bags)
            money = dense(cells, (many * rates.count, periods, periods), dims, ("mrr",))["mrr"]
            cube["mrr"] = valued.valued_triangle(self, rates, np.cumsum(money, axis=2), freq, first)
        return Cube(found, cube, first, bags)

    def ages(self, freq: str = "M", by: Sequence[str] = (), bags: int = 0) -> Cube:
        """Return customers, MRR and everybody won per group (and bag) and age, over those old enough."""
        first, _, full = self.extent(freq)
        periods = max(full - first + 1, 0)
        found = self.grouping(by)
        many, dims = len(found) * max(bags, 1), {"cohort": first, "age": 0}
        cells, measures = cohort_cells(self, freq, by, bags), ("customers", "mrr")
        made = dense(cells, (many, periods, periods), dims, measures)
        return Cube(found, by_age({n: np.cumsum(v, axis=2) for n, v in made.items()}), 0, bags)

    def lifetimes(
        self, freq: str = "M", by: Sequence[str] = (), bags: int = 0, cause: str = CAUSE_COLUMN
    ) -> pd.DataFrame:
        """Return customers and starting MRR per group, duration, entry, event and cause."""
        import pandas as pd

        calendar = self.calendar(freq)
        left = (
            None if self.since_day is None else calendar.of(np.datetime64(self.since_day - 1, "D"))
        )
        cells = whole_columns(
            lifetime_cells(self, self.caused(cause), freq, by, left, bags),
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

    def caused(self, column: str) -> Frame:
        """Return the pieces with the number of what a column says of why each ended, as `cause`."""
        if column == CAUSE_COLUMN:
            return self.basis.pieces()
        by = self.cause_column(column)
        _, code = causes.numbered(self.grouping(by))
        return self.basis.pieces(by).with_columns(cause=among(nw.col("group"), code))

    def cause_column(self, column: str) -> tuple[str]:
        """Return the column of causes by the name that `by=` takes."""
        known = self.basis.known_columns()
        return (".".join(known[column]) if column in known else column,)

    def cause_names(self, column: str = CAUSE_COLUMN) -> tuple[str, ...]:
        """Return the causes that the numbers of a column stand for."""
        if column == CAUSE_COLUMN:
            return CAUSES
        return causes.numbered(self.grouping(self.cause_column(column)))[0]

    def terms(
        self, freq: str = "M", by: Sequence[str] = (), grace_days: int = 90, early_days: int = 90
    ) -> pd.DataFrame:
        """Return the subscription terms that end per group and period, and what became of them."""
        lines = self.basis.pieces(by)
        first, periods, _ = self.extent(freq)
        cells = term.term_cells(lines, self.calendar(freq), self.as_of, grace_days, early_days)
        found = self.grouping(by)
        made = dense(cells, (len(found), periods), {"period": first}, term.MEASURES)
        return dense_frame(Cube(found, made, first), self.calendar(freq))

    def term_numbers(
        self, by: Sequence[str] = (), grace_days: int = 90
    ) -> dict[str, NDArray[np.int64]]:
        """Return the terms that ended per group and number of the term, by outcome; none is numbered 0."""
        return self.here.term_numbers(by, grace_days)

    def episodes(
        self, freq: str, columns: Sequence[str] = (), varying: Sequence[str] = ()
    ) -> dict[str, NDArray[np.int64]]:
        """Return how many customers went through each kind of episode; see `episodes.episodes`.

        Raises
        ------
        NotPortableError
            If seats vary, which are not brought.
        """
        if "seats" in varying:
            msg = "Seats are not brought from where the tables are."
            raise NotPortableError(msg)
        return self.here.episodes(freq, columns, varying)

    def waits(self) -> Waits | None:
        """Return how many customers took how many days from signing up to their first payment."""
        tables = self.basis.tables
        known = "customers" in tables and "created_at" in names(tables["customers"])
        if not known or self.policy.entity != "customer":
            return None
        created = tables["customers"].filter(~nw.col("created_at").is_null())
        created = created.select(entity=nw.col("customer_id"), _created=day_number("created_at", 0))
        first = self.basis.pieces().group_by("entity").agg(_first=nw.col("start").min())
        found = first.join(created, on="entity").with_columns(
            days=nw.col("_first").cast(nw.Int64) - nw.col("_created")
        )
        cells = found.group_by("days").agg(nw.len().alias("customers")).sort("days")
        made = whole_columns(cells, ("days", "customers"))
        return (made["days"], made["customers"]) if len(made["days"]) else None

    def rows(self, kind: str, **cell: Any) -> pd.DataFrame:
        """Return the customers behind one cell of a cube."""
        return self.frame(*self.measures(kind, **cell))

    def measures(self, kind: str, **cell: Any) -> drill.Found:
        """Return the ids and measures of those behind one cell; of many, they are chosen where the tables are."""
        whole = self.has_pieces_here or self.is_small
        with held_by(self.basis):
            part = self.here if whole else BroughtEngine(self, held(chosen(self, kind, **cell)))
        entity, found = part.measures(kind, **cell)
        ids = part.spans.entity_ids.take(pa.array(entity))
        return ids.to_numpy(zero_copy_only=False), found

    def frame(self, entity: NDArray[Any], columns: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
        """Return entities as `measures` names them, with columns, as a frame."""
        import pandas as pd

        return pd.DataFrame({"customer_id": entity, **columns})

"""What every cube starts from, where the tables are: who pays how much from when until when, and in which group."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw

from saasmetrics.engine import exchange
from saasmetrics.engine.groups import ARR_BAND
from saasmetrics.engine.line_order import TOLD_BY
from saasmetrics.engine.portable import entities as who
from saasmetrics.engine.portable.amounts import latest_rates, names
from saasmetrics.engine.portable.balances import daily_changes, origins
from saasmetrics.engine.portable.fetched import fetched, number, repeats
from saasmetrics.engine.portable.held import held, held_by, keeps
from saasmetrics.engine.portable.invoices import charged_for_usage
from saasmetrics.engine.portable.known import known_frame
from saasmetrics.engine.portable.left_out import left_out_notes
from saasmetrics.engine.portable.limits import check_amounts, check_sum
from saasmetrics.engine.portable.lines import NUMBER, SERVED, all_pieces, pieces, served
from saasmetrics.engine.portable.rates import rates_of
from saasmetrics.engine.spans import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from saasmetrics.engine.exchange import Curve
    from saasmetrics.engine.groups import Groups
    from saasmetrics.engine.portable.rates import Rates
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

T = TypeVar("T")
# Lines without an id of their own are numbered in the order of these, by which the latest of several is told.
_ORDER = {"mrr": ("customer_id", "mrr", "month"), "invoices": ("date", "invoice_id", "amount")}
# Where a subscription id is there twice, as of one that was renewed, its rows are numbered in the order of these.
_TOLD_BY = ("start", "subscription_id", "amount", *TOLD_BY)

_SERVED_IS = "from when until when each subscription is paid for"
_PIECES_ARE = (
    "the ledger: who pays how much a month from which day until which, as known at the as-of date"
)
_CHANGES_ARE = "by how much MRR, paid and paused, changes on each day"


class Basis:
    """The tables of a book as one kind of rows: pieces, each of one entity at one MRR.

    Parameters
    ----------
    tables
        Frames with canonical columns by table name.
    policy
        The definition choices.
    as_of
        Day number of the last day known.
    currency
        The reporting currency.
    known
        Day number of the last day of knowledge; None: all is known.
    """

    def __init__(
        self,
        tables: Mapping[str, Any],
        policy: Policy,
        as_of: int,
        currency: str,
        known: int | None,
    ) -> None:
        day = known if policy.knowledge == "recorded" else None
        with held_by(self):
            found: dict[str, Any] = {
                name: known_frame(name, nw.from_native(native).lazy(), day)
                for name, native in tables.items()
            }
        self.source = source_of(found)
        self.policy = policy
        self.as_of = as_of
        self.currency = currency
        self._cache: dict[Any, Any] = {}
        # Whether ids of subscriptions repeat, by whom rows are counted for: asked once of a table, under any policy.
        self.repeated: dict[str, bool] = {}
        self.keeps = keeps(found[self.source])
        self.is_near = found[self.source].implementation.is_polars()  # keeps steps in this process
        self.checks_later = False
        self._usage = policy.usage != "excluded" and self.source == "subscriptions"
        self._usage &= "invoices" in found
        with held_by(self):
            paid = {name: self._with_entity(found, name) for name in self._paid()}
        self.tables = {**found, **paid}

    def _paid(self) -> tuple[str, ...]:
        """Return the tables that MRR comes from."""
        return (self.source, "invoices") if self._usage else (self.source,)

    def _with_entity(self, tables: Mapping[str, Frame], name: str) -> Frame:
        found = who.with_entity(tables, name, self.source, self.policy.entity)
        if name not in _ORDER or name != self.source:
            return found
        return held(
            found.with_row_index("line", order_by=[*_ORDER[name]]), "numbered", "rows with a number"
        )

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """Return what was made for a key, or make it."""
        if key not in self._cache:
            with held_by(self):
                self._cache[key] = make()
        made: T = self._cache[key]
        return made

    @property
    def curves(self) -> dict[str, Curve]:
        """The currencies whose rates move and count, with the factors of each."""
        return self.once("curves", self._curves)

    def _curves(self) -> dict[str, Curve]:
        source = self.tables[self.source]
        if (
            self.policy.fx == "constant"
            or "fx" not in self.tables
            or "currency" not in names(source)
        ):
            return {}
        fx = fetched(self.tables["fx"].select("date", "currency", "rate"))
        used = fetched(source.select("currency").unique())["currency"].to_pylist()
        return exchange.moving(fx, [name for name in used if name], self.as_of, self.currency)

    @property
    def rates(self) -> Rates:
        """The rates of the currencies that move, where the tables are."""
        return self.once("rates", self._rates)

    def _rates(self) -> Rates:
        latest = latest_rates(self.tables, self.as_of)
        found = rates_of(self.tables["fx"], self.curves, self.as_of, latest)
        table = held(found.table, "rates", "the rate of each day against the latest")
        return replace(found, table=table)

    @property
    def start(self) -> int:
        """The first day on which anybody pays; the as-of day where nobody does."""
        found = self.once("start", lambda: number(self._lines().select(nw.col("start").min())))
        return self.as_of if found is None else int(found)

    def left_out(self) -> tuple[str, ...]:
        """Return in words how many rows do not count, and why."""
        return self.once(
            "left out",
            lambda: left_out_notes(
                self._with_served(), self.source, self.policy, self.as_of, self.currency
            ),
        )

    def known_columns(self) -> dict[str, tuple[str, str]]:
        """Return the names that `by=` takes, each with its table and column."""
        return who.known_columns(self.tables, self.source)

    def of_customers(self, by: Sequence[str]) -> bool:
        """Return whether the columns are of customers, so that all lines of an entity are in one group."""
        return who.per_entity(by, self.known_columns(), self.policy.entity)

    def per_entity(self, by: Sequence[str]) -> bool:
        """Return whether no entity is in several groups, as the lines are."""
        return self.once(("per entity", tuple(by)), lambda: self._per_entity(by))

    def _per_entity(self, by: Sequence[str]) -> bool:
        if self.of_customers(by):
            return True
        found = self.pieces(by).select("entity", "group").unique()
        many = number(found.group_by("entity").agg(many=nw.len()).select(nw.col("many").max()))
        return many is None or int(many) == 1

    def entities(self) -> Frame:
        """Return every entity with the rank of its id, whether it pays or not."""
        return self.once(
            "entities", lambda: held(who.with_rank(self._entities()), "entities", "all customers")
        )

    def _entities(self) -> Frame:
        found = [self.tables[self.source].select("entity")]
        if self._usage:
            charged = charged_for_usage(self.tables["invoices"]).select("entity")
            kind = found[0].collect_schema()["entity"]
            found.append(charged.with_columns(nw.col("entity").cast(kind)))
        every: Frame = nw.concat(found)
        return every.unique()

    def members(self, by: Sequence[str]) -> Frame:
        """Return every entity with its rank and its group, by columns of the customers."""
        return self.once(("members", tuple(by)), lambda: self._members(tuple(by)))

    def _members(self, by: Sequence[str]) -> Frame:
        found = self.entities()
        known = self.known_columns()
        banded = any(name == ARR_BAND and name not in known for name in by)
        bands = who.bands_of(self._lines()) if banded else None
        found = who.with_groups(found, self.tables, self.source, self.policy.entity, by, bands)
        return held(who.with_group_number(found, by), "grouped", "the group of each customer")

    def _lines(self, by: Sequence[str] = ()) -> Frame:
        """Return the pieces; with columns of lines to group by, with the value of each."""
        return self.once(
            ("lines", tuple(by)),
            lambda: self._within(held(self._made(tuple(by)), "pieces", _PIECES_ARE)),
        )

    def lines(self, by: Sequence[str]) -> Frame:
        """Return the pieces with the values that their lines have in some columns, as `_by0`, `_by1`, ..."""
        return self._lines(by)

    def _within(self, found: Frame) -> Frame:
        if self.policy.overlap != "latest" and not self.checks_later:  # which looks before
            check_sum(found, self.source, self.currency)
        return found

    def told(self, start: int | None, size: int) -> None:
        """Know from pieces that were brought on which day the first of them starts, and how many there are."""
        self._cache["start"], self._cache["size"] = start, size

    def check_sum(self) -> None:
        """Refuse amounts that add up to more than 64 bits hold, where that was left for later."""
        self.once("sum", lambda: check_sum(self._lines(), self.source, self.currency))

    def _check_amounts(self) -> None:
        for name in self._paid():
            check_amounts(self.tables, name, self.policy, self.as_of, self.currency)

    def numbered(self) -> Frame:
        """Return the subscriptions; each with a number as `NUMBER` where ids do not tell them apart, or their order."""
        return self.once("numbered", self._numbered)

    def _numbered(self) -> Frame:
        found: Frame = self.tables["subscriptions"]
        if self.policy.overlap != "latest" and not self._repeats(found):
            return found
        order = [name for name in _TOLD_BY if name in names(found)]
        return held(found.with_row_index(NUMBER, order_by=order), "numbered", "rows with a number")

    def _repeats(self, found: Frame) -> bool:
        counted = self.policy.entity
        if counted not in self.repeated:
            self.repeated[counted] = repeats(found, "subscription_id")
        return self.repeated[counted]

    def _with_served(self) -> dict[str, Frame]:
        """Return the tables, and with them what pieces and footnotes both start from."""
        self.once("amounts", self._check_amounts)
        if self.source != "subscriptions":
            return {**self.tables}
        tables = {**self.tables, "subscriptions": self.numbered()}
        asked = (tables, self.policy, self.as_of, self.currency)
        return {
            **self.tables,
            SERVED: self.once(SERVED, lambda: held(served(*asked), SERVED, _SERVED_IS)),
        }

    def served(self) -> Frame:
        """Return the subscriptions with their MRR, where it comes from them: before discounts and pauses."""
        return self._with_served()[SERVED]

    def _made(self, by: Sequence[str]) -> Frame:
        tables, keep = self._with_served(), tuple(f"_by{number}" for number in range(len(by)))
        if by:
            known = self.known_columns()
            own = [name for name in by if name == ARR_BAND and name not in known]
            bands = who.bands_of(self._lines()) if own else None
            lines = SERVED if SERVED in tables else self.source
            tables[lines] = who.with_groups(
                tables[lines], tables, self.source, self.policy.entity, by, bands
            )
        return self._pieces_of(tables, keep)

    def _pieces_of(self, tables: Mapping[str, Frame], keep: Sequence[str]) -> Frame:
        moving = tuple(self.curves)
        return pieces(tables, self.source, self.policy, self.as_of, self.currency, moving, keep)

    def carrying(
        self, told: Callable[[Frame], Frame], columns: Sequence[str], *, ahead: bool = False
    ) -> Frame:
        """Return the pieces with columns that are told of the rows they come from; `ahead`: all, known or not yet."""
        tables = self._with_served()
        lines = SERVED if SERVED in tables else self.source
        tables[lines] = told(tables[lines])
        if not ahead:
            return self._pieces_of(tables, columns)
        asked = (self.source, self.policy, self.as_of, self.currency, tuple(self.curves), columns)
        return all_pieces(tables, *asked)

    def under(self, source: Frame | None = None, **choices: Any) -> Basis:
        """Return what the same tables are under other choices, or with another frame of the source."""
        policy = self.policy.changed(**choices)
        if policy == self.policy and source is None:
            return self
        tables = self.tables if source is None else {**self.tables, self.source: source}
        made = (policy, self.as_of, self.currency, None)
        found = self.once(("under", policy, source is None), lambda: Basis(tables, *made))
        if source is None:
            found.repeated = self.repeated
        return found

    def pieces(self, by: Sequence[str] = (), bags: int = 0) -> Frame:
        """Return who pays how much a month from when until when, with its group."""
        return self.once(("pieces", tuple(by), bags), lambda: self._pieces(tuple(by), bags))

    def _pieces(self, by: Sequence[str], bags: int) -> Frame:
        found = self._lines() if self.of_customers(by) else self._lines(by)
        if not by:
            found = found.with_columns(group=nw.lit(0).cast(nw.Int64))
        elif self.of_customers(by):
            found = found.join(self.members(by).select("entity", "group"), on="entity")
        else:
            found = who.with_group_number(found, by)
        if not bags:
            return found
        found = found.join(self.entities(), on="entity")
        return who.in_bags(found, bags, self.count())

    def groups(self, by: Sequence[str]) -> Frame:
        """Return every entity that pays with its group, where no entity is in several."""
        if self.of_customers(by):
            return self.members(by).select("entity", "group")
        return self.pieces(by).select("entity", "group").unique()

    def count(self) -> int:
        """Return how many entities there are."""
        return self.once("count", lambda: int(number(self.entities().select(nw.len())) or 0))

    def size(self) -> int:
        """Return how many pieces there are."""
        return self.once("size", lambda: int(number(self._lines().select(nw.len())) or 0))

    def switches(self) -> bool:
        """Return whether any entity pays in several currencies whose rates move apart."""
        return self.once("switches", self._switches)

    def _switches(self) -> bool:
        ends = {"_low": nw.col("moving").min(), "_high": nw.col("moving").max()}
        each = self._lines().group_by("entity").agg(**ends)
        some = each.filter(nw.col("_low") != nw.col("_high"))
        return bool(number(some.select(nw.len())))

    def daily(self, by: Sequence[str] = (), bags: int = 0, *, apart: bool = False) -> Frame:
        """Return the changes of MRR per account and day; `apart`: with each group split by currency."""
        key = ("daily", tuple(by), bags, apart)
        return self.once(
            key,
            lambda: held(
                daily_changes(self._apart(by, bags, apart=apart)), "changes", _CHANGES_ARE
            ),
        )

    def _apart(self, by: Sequence[str], bags: int, *, apart: bool) -> Frame:
        found = self.pieces(by, bags)
        if not apart:
            return found
        return found.with_columns(group=nw.col("group") * self.rates.count + nw.col("moving"))

    def origins(self, by: Sequence[str] = (), bags: int = 0) -> Frame:
        """Return one group per entity: that of most of its MRR on its first day, at the rates of that day."""
        moves = bool(self.curves)
        daily = self.daily(by, bags, apart=moves)
        return origins(daily, self.rates if moves else None)

    def with_origin(self, found: Frame, by: Sequence[str]) -> Frame:
        """Add one `group` per entity: its own, or that of most of its MRR on its first day."""
        if not by:
            return found.with_columns(group=nw.lit(0).cast(nw.Int64))
        known = self.members(by) if self.of_customers(by) else self.origins(by)
        found = found.join(known.select("entity", "group"), on="entity", how="left")
        return found.with_columns(nw.col("group").fill_null(0).cast(nw.Int64))

    def grouping(self, by: Sequence[str]) -> Groups:
        """Return the groups of some columns."""
        return self.once(("groups", tuple(by)), lambda: self._grouping(tuple(by)))

    def _grouping(self, by: Sequence[str]) -> Groups:
        known = self.known_columns()
        paying = self.members(by) if self.of_customers(by) else self.pieces(by)
        found = who.groups_of(paying, by, known)
        if len(found):
            return found
        bands = who.bands_of(self._lines())  # nobody has begun to pay: the groups of all rows
        asked = (self.tables, self.source, self.policy.entity, by, bands)
        rows = who.with_groups(self.tables[self.source], *asked)
        return who.groups_of(who.with_group_number(rows, by), by, known)

"""What a reconciliation starts from, where the tables are: MRR under three readings, and the invoice lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.engine.amounts import sum_not_held
from saasmetrics.engine.billed import MOST_DAYS
from saasmetrics.engine.billed import SERVED as PAYING
from saasmetrics.engine.exchange import Valuation, moving
from saasmetrics.engine.portable import entities as who
from saasmetrics.engine.portable.amounts import currency_rate, latest_rates, names
from saasmetrics.engine.portable.fetched import fetched, repeats
from saasmetrics.engine.portable.held import held, held_by
from saasmetrics.engine.portable.limits import check_amounts
from saasmetrics.engine.portable.rates import rates_of
from saasmetrics.engine.portable.reconciling.lines import lines, numbered
from saasmetrics.engine.portable.whole import flag
from saasmetrics.engine.reconciled import check_mrr
from saasmetrics.engine.reconciled_cell import READINGS
from saasmetrics.errors import NotPortableError
from saasmetrics.money import LARGEST, check_held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

_TWO_TYPES = "Ids of customers are of two types."
_EXACT = 2.0**52  # micro-units that every engine divides exactly
_AT_CONSTANT_RATES = {"recognised": "served", "rated": "invoiced"}  # the same where no rate moves


class Books:
    """MRR under three readings and the invoice lines, of the same customers; the names are those of `reconciled_cell`.

    Parameters
    ----------
    readings
        The engines: by the policy, with discounts as they are billed, and all as it is billed.
    policy
        The definition choices of the book.
    by
        Columns of customers to group by.

    Raises
    ------
    NotPortableError
        If ids of customers are of two types or repeated, or a line is too large to be divided exactly by every engine.
    DataError
        If amounts add up to more than can be reconciled exactly.
    """

    def __init__(
        self,
        readings: tuple[PortableEngine, PortableEngine, PortableEngine],
        policy: Policy,
        by: Sequence[str] = (),
    ) -> None:
        self.policy = policy
        self._readings = readings
        self._as_of, self._currency = readings[0].as_of, readings[0].currency
        self.basis = readings[0].basis
        with held_by(self):
            self.rates = self._rates()
            self._bills = self._invoices()
            self.members = self._members(by) if by else None
            self.paid = held(self._mrr(), "paid", "who pays how much, under each reading of MRR")
            said = "invoice lines with their kind and the days they serve"
            self._every = None if self._bills is None else held(self._lines(), "lines", said)
        self._check_mrr()
        if self._every is not None:
            self._check_lines(self._every)

    @property
    def has_lines(self) -> bool:
        """Whether there are invoices."""
        return self._every is not None

    @property
    def lines(self) -> Frame | None:
        """The invoice lines up to the as-of day; None where there are none."""
        return None if self._every is None else self._every.filter(nw.col("date") <= self._as_of)

    @property
    def billed(self) -> int:
        """The number of the reading as it is billed, among those that say something else."""
        return READINGS.index(self.told(READINGS[2]))

    def grouped(self, found: Frame) -> Frame:
        """Add the number of the group of each customer, as `group`; all are in one where nothing groups them."""
        if self.members is None:
            return found.with_columns(group=nw.lit(0).cast(nw.Int64))
        return found.join(self.members.select("entity", "group"), on="entity")

    def _members(self, by: Sequence[str]) -> Frame:
        """Return every customer with MRR or an invoice, with the columns to group by and the number of the group."""
        values = {f"_by{number}": nw.col(name) for number, name in enumerate(by)}
        table = self.basis.tables["customers"].select(_key=nw.col("customer_id"), **values)
        parts = [
            self.basis.tables[self.basis.source],
            *([] if self._bills is None else [self._bills]),
        ]
        every: Frame = nw.concat([part.select("entity") for part in parts])
        if table.collect_schema()["_key"] != every.collect_schema()["entity"]:
            raise NotPortableError(_TWO_TYPES)
        if repeats(table, "_key"):
            raise NotPortableError("Customers have several rows.")
        found = every.unique().join(table, left_on="entity", right_on="_key", how="left")
        return held(who.with_group_number(found, by), "grouped", "the group of each customer")

    def told(self, name: str) -> str:
        """Return the level that is asked for in place of another which says the same."""
        if name not in READINGS:
            return _AT_CONSTANT_RATES.get(name, name) if self.rates.count == 1 else name
        number = READINGS.index(name)
        while number and self._readings[number] is self._readings[number - 1]:
            number -= 1
        return READINGS[number]

    def _rates(self) -> Valuation:
        tables, as_of = self.basis.tables, self._as_of
        used: set[str] = set()
        for name in {self.basis.source, "invoices"} & {*tables}:
            if "fx" in tables and "currency" in names(tables[name]):
                found = fetched(tables[name].select("currency").unique())["currency"]
                used |= {text for text in found.to_pylist() if text}
        curves = {}
        if used:
            fx = fetched(tables["fx"].select("date", "currency", "rate"))
            curves = moving(fx, used, as_of, self._currency)
        return Valuation(np.zeros(0, np.int32), tuple(curves), tuple(curves.values()), as_of)

    def _mrr(self) -> Frame:
        """Return who pays how much from when until when, under each reading that says something else."""
        parts, named = [], self.rates.names
        for number, engine in enumerate(self._readings):
            if number and engine is self._readings[number - 1]:
                continue
            found = engine.basis.carrying(
                lambda table: numbered(table, named).rename({"moving": "_moving"}), ("_moving",)
            )
            found = found.filter(nw.col("rests") == 0)
            whole = [nw.col(name).cast(nw.Int64) for name in ("start", "end", "amount")]
            moved = nw.col("_moving").fill_null(0).cast(nw.Int64)
            reading = nw.lit(number).cast(nw.Int64)
            parts.append(found.select("entity", *whole, moving=moved, reading=reading))
        return self.grouped(nw.concat(parts))

    def _invoices(self) -> Frame | None:
        """Return the invoices with whom each is for; None where there are none."""
        basis = self.basis
        if "invoices" not in basis.tables:
            return None
        check_amounts(basis.tables, "invoices", self.policy, self._as_of, self._currency)
        table = who.with_entity(basis.tables, "invoices", basis.source, basis.policy.entity)
        paying = basis.tables[basis.source]
        if len({frame.collect_schema()["entity"] for frame in (table, paying)}) > 1:
            raise NotPortableError(_TWO_TYPES)
        return table

    def _lines(self) -> Frame:
        """Return all invoice lines."""
        assert self._bills is not None
        basis, as_of, currency = self.basis, self._as_of, self._currency
        rate = currency_rate(basis.tables, "invoices", as_of, currency)
        curves = dict(zip(self.rates.names, self.rates.curves, strict=True))
        rates = None
        if curves:
            latest = latest_rates(basis.tables, as_of)
            rates = rates_of(basis.tables["fx"], curves, as_of, latest)
        table = numbered(self.grouped(self._bills), self.rates.names)
        return lines(table, self.policy, rate, rates)

    def _check_mrr(self) -> None:
        size = nw.col("amount").cast(nw.Float64).abs().sum()
        total = self.paid.group_by("reading").agg(size=size, first=nw.col("start").min())
        found = fetched(total).to_pylist()
        largest = max((float(row["size"]) for row in found), default=0.0)
        if largest > LARGEST:
            raise sum_not_held(self.basis.source, self._currency)
        check_mrr(largest, self._currency)
        self._begins = [int(row["first"]) for row in found]

    def _check_lines(self, every: Frame) -> None:
        """Find out what is to be known of all lines with one query."""
        sizes = {name: nw.col(name).cast(nw.Float64).abs() for name in ("micro", "rated")}
        known = nw.col("date") <= self._as_of
        asked = every.with_columns(
            **{f"_{name}": size for name, size in sizes.items()},
            _date=nw.when(known).then(nw.col("date")),
            _first=nw.when(known).then(nw.min_horizontal("date", "start")),
            _silent=flag(known & (nw.col("stated") == 0) & (nw.col("kind") < PAYING)),
            _late=flag(~known),
        ).select(
            micro=nw.col("_micro").sum(),
            rated=nw.col("_rated").sum(),
            most=nw.col("_micro").max(),
            most_rated=nw.col("_rated").max(),
            date=nw.col("_date").min(),
            first=nw.col("_first").min(),
            silent=nw.col("_silent").sum(),
            late=nw.col("_late").sum(),
        )
        row = fetched(asked).to_pylist()[0]
        check_held(np.array([row["micro"] or 0.0, row["rated"] or 0.0]) * MOST_DAYS)
        if max(row["most"] or 0.0, row["most_rated"] or 0.0) > _EXACT:
            raise NotPortableError("A line is too large to be divided exactly by every engine.")
        self._dates = [row[name] for name in ("date", "first")]
        self._silent, self._late = (int(row[name] or 0) for name in ("silent", "late"))

    @property
    def silent(self) -> int:
        """How many lines do not say which days they serve, and count for the month of their date."""
        return self._silent if self.has_lines else 0

    @property
    def late(self) -> int:
        """How many lines are dated after the as-of day."""
        return self._late if self.has_lines else 0

    def begins(self, *, served: bool) -> int:
        """Return the first day of MRR, or of an invoice, or with `served` of the service of one."""
        day = self._dates[int(served)] if self.has_lines else None
        days = self._begins if day is None else [*self._begins, int(day)]
        return min(days, default=self._as_of)

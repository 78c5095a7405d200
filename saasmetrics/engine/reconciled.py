"""What stands between MRR and what was invoiced, or recognised as revenue: sums per group, currency and period."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine.billed import KINDS, MOST_DAYS, SERVED, Lines, lines
from saasmetrics.engine.columns import encode, flat
from saasmetrics.engine.day_sums import Levels, Segments, by_day, day_sums, valued
from saasmetrics.engine.matched import UNEXPLAINED, matched
from saasmetrics.engine.spans import entity_column
from saasmetrics.engine.valued import Valuation, factors
from saasmetrics.errors import DataError
from saasmetrics.money import LARGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.engine.day_sums import Ints
    from saasmetrics.engine.spans import Spans
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

MATCHED = ("only_mrr", "only_invoices", "credits")
TIMING = ("billed_ahead", "billed_before", "billed_later")
OTHER = ("one_off", "usage", "refunds", "tax")
_OTHER_KINDS = dict(zip(OTHER, ("one_off", "usage", "refund", "tax"), strict=True))


@dataclass(frozen=True)
class Reconciled:
    """MRR under three readings and the invoice lines, of the same customers.

    Parameters
    ----------
    tables, policy, as_of, currency
        As for the engine.
    views
        Spans of MRR: by the policy, with discounts as they are billed, and all as it is billed.
    """

    tables: Mapping[str, Table]
    policy: Policy
    as_of: int
    currency: str
    views: tuple[Spans, Spans, Spans]

    @cached_property
    def _customers(self) -> tuple[pa.Array, list[Ints], Ints]:
        columns = [flat(spans.entity_ids) for spans in self.views]
        kind = columns[0].type
        if "invoices" in self.tables:
            mine = flat(entity_column(self.tables, "invoices", self.policy))
            kind = kind if mine.type == kind else pa.string()
            columns.append(mine)
        ids, code = encode(pa.concat_arrays([c.cast(kind) for c in columns]))
        cuts = np.cumsum([len(c) for c in columns])[:-1]
        parts = [part.astype(np.int64) for part in np.split(code, cuts)]
        views = len(self.views)
        return ids, parts[:views], parts[views] if len(parts) > views else np.zeros(0, np.int64)

    @property
    def ids(self) -> pa.Array:
        """Every customer with MRR or an invoice."""
        return self._customers[0]

    @cached_property
    def _currencies(self) -> tuple[Valuation, dict[str, Ints]]:
        """The currencies whose rates move, and the number of that of each row of both tables."""
        source, found, names = self.views[0].source, {}, []
        for table in dict.fromkeys((source, "invoices")):
            if table in self.tables:
                data = self.tables[table].data
                known = "currency" in data.column_names and "fx" in self.tables
                column = data["currency"] if known else pa.nulls(len(data), pa.string())
                found[table] = encode(column)
                names += [n for n in found[table][0].to_pylist() if n and n not in names]
        curves = {n: self._curve(n) for n in names if n != self.currency}
        moving = [n for n, curve in curves.items() if curve is not None]
        number = {name: place for place, name in enumerate(moving, 1)}
        codes = {}
        for table, (labels, code) in found.items():
            place = np.array([*(number.get(n, 0) for n in labels.to_pylist()), 0], np.int64)
            codes[table] = place[code]
        used = tuple(curve for curve in curves.values() if curve is not None)
        return Valuation(np.zeros(0, np.int32), tuple(moving), used, self.as_of), codes

    def _curve(self, name: str) -> Any:
        return factors(self.tables["fx"].data, name, self.as_of)

    @property
    def rates(self) -> Valuation:
        """The exchange rates that move."""
        return self._currencies[0]

    @cached_property
    def lines(self) -> Lines | None:
        """The invoice lines; None where the book has none."""
        if "invoices" not in self.tables:
            return None
        return lines(
            self.tables,
            self.policy,
            self.as_of,
            self.currency,
            customer=self._customers[2],
            code=self._currencies[1]["invoices"],
            rates=self.rates,
        )

    @cached_property
    def mrr(self) -> tuple[Levels, ...]:
        """MRR under each reading; one that says the same as the one before is the same object."""
        out: list[Levels] = []
        for number, spans in enumerate(self.views):
            if number and spans is self.views[number - 1]:
                out.append(out[-1])
                continue
            paid = spans.pick(~spans.rests())
            row = np.append(self._currencies[1][spans.source], 0)[paid.lines()]
            customer = self._customers[1][number][paid.entity]
            out.append(
                Levels(
                    customer,
                    row,
                    paid.start.astype(np.int64),
                    paid.end.astype(np.int64),
                    paid.amount,
                )
            )
        if any(float(np.abs(m.level).sum(dtype=float)) > LARGEST / MOST_DAYS for m in out):
            msg = f"MRR adds up to more than 140 billion {self.currency}, which cannot be reconciled exactly."
            raise DataError(msg)
        return tuple(out)

    @cached_property
    def parted(self) -> dict[str, Levels]:
        """Where MRR and the service of invoices part, by cause."""
        found = self.lines
        assert found is not None
        served = [found.levels(found.kind == number, found.monthly) for number in range(SERVED)]
        known = []
        for parts in (self.mrr, (found,)):
            seen = np.zeros(len(self.ids), bool)
            for part in parts:
                seen[part.customer] = True
            known.append(seen)
        billed = (served[0], served[1], served[2])
        return matched(self.mrr[2], billed, (known[0], known[1]), self.rates.count)

    def begins(self, *, served: bool) -> int:
        """Return the first day of MRR, or of an invoice, or with `served` of the service of one."""
        days = [m.start for m in self.mrr]
        if self.lines is not None:
            days.append(
                np.minimum(self.lines.date, self.lines.start) if served else self.lines.date
            )
        return min((int(d.min()) for d in days if len(d)), default=self.as_of)

    def cell(self, parts: Segments, group: Ints, groups: int) -> Cell:
        """Return the sums of some groups of customers over some days."""
        return Cell(self, parts, group, groups)


@dataclass(frozen=True)
class Cell:
    """Groups of customers over some periods: every step as micro-units per group and period."""

    of: Reconciled
    parts: Segments
    group: Ints
    groups: int

    @property
    def _shape(self) -> tuple[int, int]:
        return self.groups, self.of.rates.count

    @cached_property
    def _first(self) -> Ints:
        """The part that each period begins with."""
        return np.flatnonzero(np.append(True, self.parts.last[:-1]))

    @cached_property
    def _closes(self) -> Ints:
        """The last day of the period of each part."""
        ends = np.flatnonzero(self.parts.last)
        return self.parts.bounds[1:][ends[self._number]] - 1

    @cached_property
    def _number(self) -> Ints:
        """The number of the period of each part."""
        return np.cumsum(np.append(0, self.parts.last[:-1]))

    def _rates(self, *, moving: bool) -> NDArray[np.float64] | None:
        """Return the rates at the end of the period of each part; None where there is only one."""
        if self.of.rates.count == 1 or not moving:
            return None
        return self.of.rates.at(self._closes)

    @property
    def _moving(self) -> bool:
        return self.of.policy.fx != "constant"

    def _valued(self, sums: Ints, *, monthly: bool, moving: bool | None = None) -> Ints:
        parts = self.parts.month_days if monthly else np.ones_like(self.parts.month_days)
        rates = self._rates(moving=self._moving if moving is None else moving)
        return self._periods(valued(sums, parts, rates).sum(axis=1))

    def _periods(self, values: Ints) -> Ints:
        return np.add.reduceat(values, self._first, axis=1)

    def _monthly(self, held: Levels, *, moving: bool | None = None) -> Ints:
        sums, _ = day_sums(held, self.group, self._shape, self.parts.bounds)
        return self._valued(sums, monthly=True, moving=moving)

    def _daily(self, held: Levels, *, moving: bool | None = None) -> Ints:
        sums, _ = day_sums(by_day(held), self.group, self._shape, self.parts.bounds)
        return self._valued(sums, monthly=False, moving=moving)

    @cached_property
    def _earned(self) -> list[Ints]:
        """MRR earned day by day, under each reading."""
        out: list[Ints] = []
        for number, held in enumerate(self.of.mrr):
            same = number and held is self.of.mrr[number - 1]
            out.append(out[-1] if same else self._monthly(held))
        return out

    def mrr(self) -> dict[str, Ints]:
        """Return MRR at the close of each period, once for every month in it, and what leads to MRR as billed."""
        _, closing = day_sums(self.of.mrr[0], self.group, self._shape, self.parts.bounds)
        ends = np.flatnonzero(self.parts.last)
        base = self._valued(closing[:, :, ends[self._number]] * self.parts.days, monthly=True)
        policy, live, billed = self._earned
        return {
            "mrr": base,
            "changes": policy - base,
            "discounts": live - policy,
            "definition": billed - live,
        }

    def exchange(self) -> Ints:
        """Return what MRR earned is worth more at the rates at the end of each month than at those used so far."""
        if self.of.rates.count == 1:
            return np.zeros_like(self._earned[2])
        sums, _ = day_sums(self.of.mrr[2], self.group, self._shape, self.parts.bounds)
        rates = self.of.rates.at(self.parts.bounds[1:] - 1)
        monthly = valued(sums, self.parts.month_days, rates).sum(axis=1)
        return self._periods(monthly) - self._earned[2]

    def parted(self) -> dict[str, Ints]:
        """Return the causes for which invoices serve more or less than MRR, `unexplained` and its parts among them."""
        found = self.of.parted
        out = {name: self._monthly(found[name]) for name in (*MATCHED, "discounts", *UNEXPLAINED)}
        sums = sum(
            day_sums(found[n], self.group, self._shape, self.parts.bounds)[0] for n in UNEXPLAINED
        )
        out["unexplained"] = self._valued(np.asarray(sums), monthly=True)
        return out

    def served(self) -> Ints:
        """Return what the recurring lines, discounts and credits pay for in each period, by days."""
        found = self._lines
        return self._daily(found.levels(found.kind < SERVED, found.micro))

    def recognised(self) -> Ints:
        """Return the same at the rates of the days on which it was invoiced."""
        found = self._lines
        return self._daily(found.levels(found.kind < SERVED, found.rated), moving=False)

    def other(self, *, when: str) -> dict[str, Ints]:
        """Return the lines that are no service, at the rates of their days, by `when` they are billed or served."""
        found, out = self._lines, {}
        for name, kind in _OTHER_KINDS.items():
            mine = found.kind == KINDS.index(kind)
            if when == "billed":
                out[name] = self._dated(found.rated * mine, moving=False)
            else:
                out[name] = self._daily(found.levels(mine, found.rated), moving=False)
        return out

    def billed(self) -> tuple[dict[str, Ints], Ints]:
        """Return the timing of the bills for service, and what they add up to at the rates of their days."""
        found = self._lines
        amount = found.micro * (found.kind < SERVED)
        opens, closes = self._own_period()
        later = self._clipped(found, amount, found.start, np.minimum(found.end, opens))
        own = self._clipped(
            found, amount, np.maximum(found.start, opens), np.minimum(found.end, closes)
        )
        inside = self._daily_sums(own)
        ahead = self._dated_sums(amount) - inside
        before = self._daily_sums(by_day(found.levels(amount != 0, amount))) - inside
        arrears = self._daily_sums(later)
        timing = {
            "billed_ahead": self._valued(ahead, monthly=False),
            "billed_before": -self._valued(before - arrears, monthly=False),
            "billed_later": -self._valued(arrears, monthly=False),
        }
        return timing, self._dated(found.rated * (found.kind < SERVED), moving=False)

    @property
    def _lines(self) -> Lines:
        assert self.of.lines is not None
        return self.of.lines

    def _own_period(self) -> tuple[Ints, Ints]:
        """Return the days from which until which the period lasts in which each line is dated; none outside."""
        found, bounds = self._lines, self.parts.bounds
        opens = np.append(bounds[self._first], bounds[-1])
        at = np.searchsorted(opens, found.date, side="right")
        # A line dated before all periods was billed before them, one dated after them is billed later.
        opens = np.concatenate([[-(1 << 40)], opens])
        closes = np.append(opens[1:], 1 << 40)
        return opens[at], closes[at]

    def _clipped(self, found: Lines, amount: Ints, start: Ints, end: Ints) -> Levels:
        """Return the daily amounts of lines on a part of their days."""
        whole = by_day(found.levels(np.ones(len(amount), bool), amount))
        start, end = np.tile(start, 2), np.tile(end, 2)
        begin = np.maximum(whole.start, start)
        until = np.maximum(np.minimum(whole.end, end), begin)
        return Levels(whole.customer, whole.currency, begin, until, whole.level)

    def _daily_sums(self, held: Levels) -> Ints:
        return day_sums(held, self.group, self._shape, self.parts.bounds)[0]

    def _dated_sums(self, amount: Ints) -> Ints:
        found = self._lines
        day = np.ones(len(amount), np.int64)
        return self._daily_sums(
            Levels(found.customer, found.currency, found.date, found.date + day, amount)
        )

    def _dated(self, amount: Ints, *, moving: bool) -> Ints:
        return self._valued(self._dated_sums(amount), monthly=False, moving=moving)

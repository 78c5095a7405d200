"""What stands between MRR and what was invoiced, or recognised as revenue: sums per group, currency and period."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.billed import MOST_DAYS, Lines, lines
from saasmetrics.engine.billed import SERVED as PAYING
from saasmetrics.engine.billed_levels import levels_of
from saasmetrics.engine.columns import encode, flat
from saasmetrics.engine.day_sums import Levels, day_sums
from saasmetrics.engine.exchange import Valuation, factors
from saasmetrics.engine.groups import NONE
from saasmetrics.engine.matched import matched
from saasmetrics.engine.reconciled_cell import CAUSES, READINGS, Behind, Cell
from saasmetrics.engine.spans import entity_column
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import LARGEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.day_sums import Ints, Segments
    from saasmetrics.engine.spans import Spans
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table


@dataclass(frozen=True)
class Reconciled:
    """MRR under three readings and the invoice lines, of the same customers.

    Parameters
    ----------
    tables, policy, as_of, currency
        As for the engine.
    views
        Spans of MRR: by the policy, with discounts as they are billed, and all as it is billed.
    by
        Columns of customers to group by.
    """

    tables: Mapping[str, Table]
    policy: Policy
    as_of: int
    currency: str
    views: tuple[Spans, Spans, Spans]
    by: tuple[str, ...] = ()

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
        check_mrr(max(float(np.abs(m.level).sum(dtype=float)) for m in out), self.currency)
        return tuple(out)

    @cached_property
    def parted(self) -> dict[str, Levels]:
        """Where MRR and the service of invoices part, by cause."""
        found = self.lines
        assert found is not None
        served = [found.levels(found.kind == number, found.monthly) for number in range(PAYING)]
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

    @property
    def is_lost(self) -> bool:
        """Whether it has to be made again: what is in this process stays."""
        return False

    @property
    def has_lines(self) -> bool:
        """Whether there are invoices."""
        return self.lines is not None

    @property
    def silent(self) -> int:
        """How many lines do not say which days they serve, and count for the month of their date."""
        found = self.lines
        return 0 if found is None else int((~found.stated & (found.kind < PAYING)).sum())

    @property
    def late(self) -> int:
        """How many lines are dated after the as-of day."""
        found = self.lines
        return 0 if found is None else len(self.tables["invoices"].data) - len(found.date)

    @property
    def labels(self) -> list[tuple[str, ...]]:
        """The groups in order."""
        return self._grouped[0]

    @cached_property
    def _grouped(self) -> tuple[list[tuple[str, ...]], Ints]:
        """The groups in order, and that of each customer."""
        by = self.by
        if not by:
            return [()], np.zeros(len(self.ids), np.int64)
        data = customers_with(self.tables, by).data
        at = flat(pc.index_in(self.ids, value_set=flat(data["customer_id"]).cast(self.ids.type)))
        values = [
            pc.fill_null(flat(data[name]).take(at).cast(pa.string()), NONE).to_pylist()
            for name in by
        ]
        rows = list(zip(*values, strict=True))
        labels = sorted(set(rows))
        place = {label: number for number, label in enumerate(labels)}
        return labels, np.array([place[row] for row in rows], np.int64)

    def by_group(self, parts: Segments, names: frozenset[str]) -> Cell:  # noqa: ARG002
        """Return the sums of the groups over some days; each of the named levels is added up when it is used."""
        labels, group = self._grouped
        return self.cell(parts, group, len(labels))

    def by_customer(
        self,
        parts: Segments,
        code: int | None,
        names: frozenset[str],  # noqa: ARG002
    ) -> Behind:
        """Return the sums of single customers over some days, in the order of their groups and ids.

        Parameters
        ----------
        parts
            The days.
        code
            The number of the group that is asked for; None: all.
        names
            The levels that are asked for; each is added up when it is used.
        """
        _, group = self._grouped
        order = np.asarray(pc.sort_indices(self.ids)).astype(np.int64)
        order = order[np.argsort(group[order], kind="stable")]
        if code is not None:
            order = order[group[order] <= code]
        skipped = 0 if code is None else int((group[order] < code).sum())
        rank = np.full(len(self.ids), -1, np.int64)
        rank[order] = np.arange(len(order))
        cell = self.cell(parts, rank, len(order))
        return Behind(self.ids.take(pa.array(order[skipped:])), cell, skipped)

    def cell(self, parts: Segments, group: Ints, groups: int) -> Cell:
        """Return the sums of some groups of customers over some days; those of group -1 are left out."""
        sums = _Sums(self, parts, group, groups)
        return Cell(sums, parts, self.rates, self.policy, self.has_lines)


def check_mrr(total: float, currency: str) -> None:
    """Refuse MRR, all of it added up, of which the sums over days are more than 64 bits hold.

    Raises
    ------
    DataError
        If it is.
    """
    if total > LARGEST / MOST_DAYS:
        msg = (
            f"MRR adds up to more than 140 billion {currency}, which cannot be reconciled exactly."
        )
        raise DataError(msg)


def customers_with(tables: Mapping[str, Table], columns: Sequence[str]) -> Table:
    """Return the table of customers, which must have some columns.

    Raises
    ------
    UnknownNameError
        If it does not.
    """
    table = tables.get("customers")
    for name in columns:
        if table is None or name not in table:
            known = () if table is None else table.column_names
            raise UnknownNameError.of("column of customers to group by", name, known)
    assert table is not None
    return table


@dataclass(frozen=True)
class _Sums:
    """Levels added up over the days of each part, for groups of customers."""

    of: Reconciled
    parts: Segments
    group: Ints
    groups: int
    known: dict[str, tuple[Ints, Ints]] = field(default_factory=dict)

    def over(self, name: str) -> Ints:
        """Return the sum of level x days, as groups x currencies x parts."""
        return self._both(name)[0]

    def closing(self, name: str) -> Ints:
        """Return the level at the end of each part, as groups x currencies x parts."""
        return self._both(name)[1]

    def _both(self, name: str) -> tuple[Ints, Ints]:
        if name in READINGS:  # of those that say the same, the first
            mine = self.of.mrr[READINGS.index(name)]
            name = next(n for n, m in zip(READINGS, self.of.mrr, strict=True) if m is mine)
        if name not in self.known:
            shape = (self.groups, self.of.rates.count)
            self.known[name] = day_sums(self._held(name), self.group, shape, self.parts.bounds)
        return self.known[name]

    def _held(self, name: str) -> Levels:
        if name in READINGS:
            return self.of.mrr[READINGS.index(name)]
        if name in CAUSES:
            return self.of.parted[name]
        assert self.of.lines is not None
        return levels_of(name, self.of.lines, self.parts)

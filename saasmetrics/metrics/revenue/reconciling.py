"""One question of a reconciliation: what it is about, its periods and groups, and the customers behind a step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.asked import finite, one_of
from saasmetrics.engine.amounts import currency_rates
from saasmetrics.engine.columns import days, flat, numbers
from saasmetrics.engine.day_sums import Segments, segments
from saasmetrics.engine.groups import NONE, unreserved
from saasmetrics.engine.reconciled import Reconciled
from saasmetrics.engine.reconciled_steps import STEPS, TARGET, reasons, steps
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError
from saasmetrics.metrics.made import money
from saasmetrics.money import to_micro
from saasmetrics.periods import iso_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.periods import Calendar

REASONS = {
    "not_invoiced": "MRR on days that no invoice serves",
    "without_mrr": "invoiced service on days without MRR",
    "price": "invoiced at another price than MRR",
}
_AS_BILLED = {
    "trial": "excluded",
    "pause": "line",
    "churn_date": "ended",
    "past_due": "counted",
    "gap_days": 0,
    "overlap": "sum",
    "usage": "excluded",
    "refunds": "ignored",
    "recognition": "normalized",
}
_DIGITS = 9  # of a share
_NO_BASE = "no MRR at the close"
_NO_REVENUE = "finance does not have the revenue of every month"


@dataclass(frozen=True)
class Way:
    """One question of `reconcile`, with what is computed once for it."""

    book: Book
    against: str
    freq: str
    by: tuple[str, ...]
    tolerance: float

    def check(self) -> None:
        """Refuse what cannot be answered."""
        one_of("source to reconcile against", self.against, STEPS)
        unreserved(self.by, (*STEPS[self.against], TARGET[self.against]))
        finite("tolerance", self.tolerance, "a share of MRR such as 0.01", least=0, most=1)
        if self.against != "revenue":
            if "invoices" not in self.book.tables:
                raise MissingTableError.of("invoices", "Reconciling MRR to invoices")
            return
        finance = self.book.tables.get("finance")
        if finance is None or "revenue" not in finance:
            raise MissingTableError.of("finance", "Reconciling MRR to revenue")
        if self.by or self.freq not in ("M", "Q", "Y"):
            msg = (
                "finance has the revenue of the whole company by month: leave out `by` and take freq M, Q or Y, "
                'or reconcile against="service", the revenue that the invoices recognise customer by customer.'
            )
            raise DataError(msg)

    @property
    def calendar(self) -> Calendar:
        """The calendar of the periods."""
        return self.book.calendar(self.freq)

    @cached_property
    def found(self) -> Reconciled:
        """MRR and invoices, matched."""
        book = self.book
        if book.policy.entity == "subscription":
            book = book.with_policy(entity="customer")
        live = _read_as(book, {"discount": "live"})
        billed = _read_as(live, _AS_BILLED)
        views = (book.engine.spans, live.engine.spans, billed.engine.spans)
        return Reconciled(book.tables, self.book.policy, book.as_of_day, book.currency, views)

    @cached_property
    def extent(self) -> tuple[int, int]:
        """The first period and how many there are."""
        first = self.found.begins(served=self.against != "invoices")
        if self.book.since_day is not None:
            first = max(first, self.book.since_day)
        begin, end = self.calendar.ordinal(np.array([first, self.book.as_of_day]))
        return int(begin), max(int(end - begin) + 1, 0)

    @cached_property
    def groups(self) -> tuple[list[tuple[str, ...]], NDArray[np.int64]]:
        """The groups in order, and that of each customer."""
        ids = self.found.ids
        if not self.by:
            return [()], np.zeros(len(ids), np.int64)
        table = self.book.tables.get("customers")
        names = [name.removeprefix("customers.") for name in self.by]
        for name in names:
            if table is None or name not in table:
                known = () if table is None else table.column_names
                raise UnknownNameError.of("column of customers to group by", name, known)
        assert table is not None
        at = flat(pc.index_in(ids, value_set=flat(table.data["customer_id"]).cast(ids.type)))
        values = [
            pc.fill_null(flat(table.data[n]).take(at).cast(pa.string()), NONE).to_pylist()
            for n in names
        ]
        rows = list(zip(*values, strict=True))
        labels = sorted(set(rows))
        place = {label: number for number, label in enumerate(labels)}
        return labels, np.array([place[row] for row in rows], np.int64)

    def frame(self) -> pd.DataFrame:
        """Return the bridge of every period and group."""
        import pandas as pd

        labels, group = self.groups
        first, periods = self.extent
        parts = self._parts(first, periods)
        micro = steps(self.found.cell(parts, group, len(labels)), self.against)
        missing = np.zeros((len(labels), periods), bool)
        target = TARGET[self.against]
        if self.against == "revenue":
            revenue, missing = self._revenue(parts, first, periods)
            micro["unexplained"] = revenue - sum(micro.values())
            micro[target] = revenue
        last = self.calendar.last_day(np.arange(first, first + periods))
        data: dict[str, Any] = {
            "period": np.tile(self.calendar.starts(np.arange(first, first + periods)), len(labels))
        }
        for i, name in enumerate(self.by):
            data[name] = np.repeat(np.array([label[i] for label in labels], object), periods)
        for name in (*STEPS[self.against], target):
            hidden = missing & (name in ("unexplained", target))
            data[name] = np.where(hidden, np.nan, money(micro[name])).ravel()
        residual = sum(micro[name] for name in STEPS[self.against]) - micro[target]
        data["residual"] = money(residual).ravel()
        data |= self._verdict(micro["unexplained"].ravel(), micro["mrr"].ravel(), missing.ravel())
        data["complete"] = np.tile(last <= self.book.as_of_day, len(labels))
        return pd.DataFrame(data)

    def _parts(self, first: int, periods: int) -> Segments:
        return segments(self.calendar, first, periods, self.book.as_of_day)

    def _verdict(
        self, unexplained: NDArray[Any], base: NDArray[Any], missing: NDArray[Any]
    ) -> dict[str, Any]:
        import pandas as pd

        share = np.full(len(base), np.nan)
        np.divide(unexplained, base, out=share, where=(base != 0) & ~missing)
        within = pd.array(np.abs(unexplained) <= self.tolerance * np.abs(base), dtype="boolean")
        within[missing] = pd.NA
        reason = np.where(missing, _NO_REVENUE, np.where(base == 0, _NO_BASE, ""))
        share = (
            np.round(share, _DIGITS) + 0.0
        )  # without the dust of cents on amounts of millions, and without -0.0
        return {"share": share, "within": within, "reason": reason}

    def _revenue(
        self, parts: Segments, first: int, periods: int
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the revenue of each period, and where a month of it is missing."""
        book = self.book
        data = book.tables["finance"].data
        rate = currency_rates(book.tables, "finance", book.as_of_day, book.currency)
        keep = np.asarray(pc.is_valid(data["revenue"]))
        micro = to_micro(numbers(data["revenue"]) * rate)[keep]
        month = days(data["month"])[keep]
        period = self.calendar.ordinal(month) - first
        inside = (period >= 0) & (period < periods) & (month <= book.as_of_day)
        revenue, months = np.zeros((1, periods), np.int64), np.zeros((1, periods), np.int64)
        np.add.at(revenue[0], period[inside], micro[inside])
        np.add.at(months[0], period[inside], 1)
        begun = parts.bounds[1:] > self.found.begins(served=False)
        needed = np.bincount(parts.period[begun] - first, minlength=periods)
        return revenue, months < needed

    def rows(self, period: Any = None, step: str | None = None, **group: Any) -> pd.DataFrame:
        """Return the customers behind a period, with what each adds to every step or to one."""
        import pandas as pd

        names = [*STEPS[self.against], TARGET[self.against]]
        if self.against == "revenue":
            names = names[:-2]
        if step is not None and step not in names:
            if step in ("unexplained", "revenue"):
                msg = 'finance has no customers; reconcile against="service" to see them.'
                raise DataError(msg)
            raise UnknownNameError.of("step of this reconciliation", step, names)
        ordinal, code = self._ordinal(period), self._code(group)
        _, of = self.groups
        order = np.argsort(of, kind="stable")
        rank = np.empty(len(of), np.int64)
        rank[order] = np.arange(len(of))
        cell = self.found.cell(self._parts(ordinal, 1), rank, max(len(of), 1))
        micro = {name: value[:, 0] for name, value in steps(cell, self.against).items()}
        kept = np.ones(len(of), bool) if code is None else of[order] == code
        shown = [step] if step is not None else names
        kept &= np.any([micro[name][: len(of)] != 0 for name in shown], axis=0)
        ids = self.found.ids.take(pa.array(order[kept])).to_pandas()
        out = pd.DataFrame({"customer_id": ids})
        for name in shown:
            out["value" if step is not None else name] = money(micro[name][: len(of)][kept])
        if "unexplained" in shown:
            out["reason"] = _why(reasons(cell), kept, micro["unexplained"])
        by = "value" if step is not None else TARGET[self.against]
        if by in out.columns:
            out = out.iloc[np.argsort(-np.abs(out[by].to_numpy()), kind="stable")]
        return out.reset_index(drop=True)

    def _ordinal(self, period: Any) -> int:
        first, periods = self.extent
        asked = first + periods - 1 if period is None else self.calendar.of(period)
        if period is None and self.calendar.last_day(np.array([asked]))[0] > self.book.as_of_day:
            asked -= 1
        if not first <= asked < first + periods:
            edges = self.calendar.first_day(np.array([first, first + periods - 1]))
            start, last = (iso_day(int(day)) for day in edges)
            msg = f"There is no such period here; periods run from {start} to {last}."
            raise DataError(msg)
        return int(asked)

    def _code(self, group: Mapping[str, Any]) -> int | None:
        if not group:
            return None
        labels, _ = self.groups
        wanted = tuple(str(group.get(name)) for name in self.by)
        if wanted not in labels:
            names = [", ".join(label) for label in labels]
            raise UnknownNameError.of("group", ", ".join(wanted), names)
        return labels.index(wanted)

    def notes(self) -> tuple[str, ...]:
        """Return what to know about the invoices."""
        found, said = self.found.lines, []
        if found is not None and self.book.engine.source == "invoices":
            said.append(
                "MRR comes from these invoices itself, so that only timing can part them: add subscriptions to test it"
            )
        if found is not None:
            silent = int((~found.stated & (found.kind < 3)).sum())
            if silent:
                said.append(
                    f"{silent:,} invoice lines do not say which days they serve and count for the month of their date"
                )
            late = len(self.book.tables["invoices"].data) - len(found.date)
            if late:
                said.append(f"{late:,} invoice lines are dated after the as-of date and left out")
        return tuple(said)


def _read_as(book: Book, choices: Mapping[str, Any]) -> Book:
    """Return the book under other choices; the same one where it makes them already."""
    changed = book.policy.changed(**choices)
    return book if changed == book.policy else book.with_policy(changed)


def _why(
    parts: Mapping[str, NDArray[np.int64]], kept: NDArray[np.bool_], total: NDArray[np.int64]
) -> NDArray[Any]:
    """Return for each customer in words what most of the unexplained is; empty where there is none."""
    sizes = np.abs(np.stack([value[:, 0][: len(kept)][kept] for value in parts.values()]))
    words = np.array([REASONS[name] for name in parts], object)
    there = (sizes.sum(axis=0) > 0) & (total[: len(kept)][kept] != 0)
    return np.where(there, words[sizes.argmax(axis=0)], "")

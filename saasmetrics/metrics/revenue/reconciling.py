"""One question of a reconciliation: what it is about, its periods and groups, and the customers behind a step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.asked import finite, one_of
from saasmetrics.engine.columns import days, numbers
from saasmetrics.engine.day_sums import Segments, segments
from saasmetrics.engine.exchange import monthly_rates
from saasmetrics.engine.groups import unreserved
from saasmetrics.engine.reconciled import Reconciled
from saasmetrics.engine.reconciled_steps import STEPS, TARGET, levels, reasons, steps
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError
from saasmetrics.metrics.made import money
from saasmetrics.money import to_micro
from saasmetrics.periods import iso_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.connected.reconciled import ReconciledThere
    from saasmetrics.periods import Calendar

REASONS = {
    "not_invoiced": "MRR on days that no invoice serves",
    "without_mrr": "invoiced service on days without MRR",
    "price": "invoiced at another price than MRR",
}
AS_BILLED = {
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

    @property
    def found(self) -> Reconciled | ReconciledThere:
        """MRR and invoices, matched: where their tables are, again after a fault, or here."""
        if self._found.is_lost:
            del self.__dict__["_found"]
        return self._found

    @cached_property
    def _found(self) -> Reconciled | ReconciledThere:
        book = self.book
        if book.policy.entity == "subscription":
            book = book.with_policy(entity="customer")
        live = _read_as(book, {"discount": "live"})
        billed = _read_as(live, AS_BILLED)
        engines = (book.engine, live.engine, billed.engine)
        by = tuple(name.removeprefix("customers.") for name in self.by)
        if any(table.is_away for table in book.tables.values()):
            from saasmetrics.engine.connected.reconciled import reconciled_there

            there = reconciled_there(engines, self.book.policy, by, self.calendar)
            if there is not None:
                return there
        spans = (engines[0].spans, engines[1].spans, engines[2].spans)
        return Reconciled(book.tables, self.book.policy, book.as_of_day, book.currency, spans, by)

    @cached_property
    def extent(self) -> tuple[int, int]:
        """The first period and how many there are."""
        first = self.found.begins(served=self.against != "invoices")
        if self.book.since_day is not None:
            first = max(first, self.book.since_day)
        begin, end = self.calendar.ordinal(np.array([first, self.book.as_of_day]))
        return int(begin), max(int(end - begin) + 1, 0)

    def frame(self) -> pd.DataFrame:
        """Return the bridge of every period and group."""
        import pandas as pd

        labels = self.found.labels
        first, periods = self.extent
        parts = self._parts(first, periods)
        micro = steps(self.found.by_group(parts, levels(self.against)), self.against)
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
        rate = monthly_rates(book.engine, book.tables, "finance", book.currency)
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
        shown = [step] if step is not None else names
        asked = levels(self.against, shown)
        behind = self.found.by_customer(self._parts(ordinal, 1), code, asked)
        cell, skipped = behind.cell, behind.skipped
        micro = {name: v[skipped:, 0] for name, v in steps(cell, self.against).items()}
        kept = np.any([micro[name] != 0 for name in shown], axis=0)
        ids = behind.ids.filter(pa.array(kept)).to_pandas()
        out = pd.DataFrame({"customer_id": ids})
        for name in shown:
            out["value" if step is not None else name] = money(micro[name][kept])
        if "unexplained" in shown:
            parts = {name: v[skipped:, 0][kept] for name, v in reasons(cell).items()}
            out["reason"] = _why(parts, micro["unexplained"][kept])
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
        labels = self.found.labels
        wanted = tuple(str(group.get(name)) for name in self.by)
        if wanted not in labels:
            names = [", ".join(label) for label in labels]
            raise UnknownNameError.of("group", ", ".join(wanted), names)
        return labels.index(wanted)

    def notes(self) -> tuple[str, ...]:
        """Return what to know about the invoices."""
        found: list[str] = []
        silent, late = self.found.silent, self.found.late
        if self.found.has_lines and self.book.engine.source == "invoices":
            found.append(
                "MRR comes from these invoices itself, so that only timing can part them: add subscriptions to test it"
            )
        if silent:
            found.append(
                f"{silent:,} invoice lines do not say which days they serve and count for the month of their date"
            )
        if late:
            found.append(f"{late:,} invoice lines are dated after the as-of date and left out")
        return tuple(found)


def _read_as(book: Book, choices: Mapping[str, Any]) -> Book:
    """Return the book under other choices; the same one where it makes them already."""
    changed = book.policy.changed(**choices)
    return book if changed == book.policy else book.with_policy(changed)


def _why(parts: Mapping[str, NDArray[np.int64]], total: NDArray[np.int64]) -> NDArray[Any]:
    """Return for each customer in words what most of the unexplained is; empty where there is none."""
    sizes = np.abs(np.stack(list(parts.values())))
    words = np.array([REASONS[name] for name in parts], object)
    there = (sizes.sum(axis=0) > 0) & (total != 0)
    return np.where(there, words[sizes.argmax(axis=0)], "")

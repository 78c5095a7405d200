"""What the metrics of the renewal desk share: which terms are due, their sums per group and period, the rows behind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine.groups import columns, sort_key, spread
from saasmetrics.engine.renewals import LOST, OPEN, OUTCOMES, RENEWED, TIMINGS, Renewals
from saasmetrics.engine.tally import tally
from saasmetrics.engine.term_groups import term_groups
from saasmetrics.metrics.made import money
from saasmetrics.metrics.renewals.cells import Cells, check_monthly, said_of_terms, window_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.due import DueTerms
    from saasmetrics.engine.groups import Groups
    from saasmetrics.engine.renewals import Window


@dataclass(frozen=True, eq=False)
class Desk(Cells):
    """The terms that are asked about: their renewals, groups and due periods."""

    book: Book
    freq: str
    found: Renewals
    kept: NDArray[np.int64]
    window: Window
    which: str
    by: tuple[str, ...]
    chosen: DueTerms | None = None

    @classmethod
    def asked(
        cls,
        book: Book,
        freq: str = "Q",
        by: str | Sequence[str] | None = None,
        terms: str = "fixed",
        grace_days: int = 90,
        early_days: int = 90,
        *,
        as_of: int | None = None,
    ) -> Desk:
        """Check what was asked and find the terms.

        Raises
        ------
        UnknownNameError
            If `terms` is not one of "fixed", "monthly" and "all".
        MissingTableError
            If the book has neither contracts nor subscriptions.
        """
        window = window_of(book, freq, terms, grace_days, early_days)
        found = book.engine.renewals(window, as_of)
        monthly = found.terms.monthly
        mask = {"fixed": ~monthly, "monthly": monthly, "all": np.ones(len(found), bool)}[terms]
        check_monthly(terms, found.terms.source)
        return cls(book, freq, found, np.flatnonzero(mask), window, terms, columns(by))

    @property
    def as_of(self) -> int:
        """Day number of the last day known."""
        return self.found.as_of

    @cached_property
    def groups(self) -> Groups:
        """The groups of every term."""
        if self.chosen is not None:
            return self.chosen.groups
        return term_groups(self.by, self.found, self.book.tables)

    @cached_property
    def due(self) -> NDArray[np.int64]:
        """The period in which each kept term ends."""
        return np.asarray(
            self.book.calendar(self.freq).ordinal(self.found.terms.end[self.kept]), np.int64
        )

    @property
    def later(self) -> int:
        """How many terms were signed after the as-of date."""
        if self.chosen is not None:
            return self.chosen.later
        return len(self.book.engine.contract_terms) - len(self.found)

    @property
    def owners(self) -> list[Any]:
        """Who is in charge of each term."""
        if self.chosen is not None:
            return self.chosen.owners
        data = self.book.tables[self.found.terms.source].data
        if "owner_id" not in data.column_names:
            return [None] * len(self.found)
        owners: list[Any] = data["owner_id"].take(pa.array(self.found.terms.row)).to_pylist()
        return owners

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables used beside the source of MRR."""
        return (self.found.terms.source,)

    def only(self, mask: NDArray[np.bool_]) -> Desk:
        """Return the desk of some of its terms."""
        return replace(self, kept=self.kept[mask])

    def past(self) -> Desk:
        """Return the desk of the terms due up to the period of the as-of day, and from the first one observed."""
        mask = self.due <= self.now
        if self.book.since_day is not None:
            mask &= self.found.terms.end[self.kept] >= self.book.since_day
        return self.only(mask)

    def notes(self) -> tuple[str, ...]:
        """Return what the footnote says about the terms themselves."""
        terms = self.found.terms
        monthly = int(terms.monthly.sum()) if len(self.found) > len(self.kept) else 0
        if self.chosen is not None:
            monthly = self.chosen.monthly
        returned = int(self.found.returned[self.kept].sum())
        rates = self.book.engine.rates_move
        return said_of_terms(terms.notes, self.which, monthly, returned, rates=rates)

    def span(self) -> tuple[int, int]:
        """Return the first due period and the number of periods up to the last one, now at the latest."""
        if not len(self.kept):
            return self.now, 0
        first = int(self.due.min())
        return first, int(self.due.max()) - first + 1

    def sums(self, bags: int = 0) -> dict[str, NDArray[np.int64]]:
        """Return the measures summed, as groups x bags x periods (one bag for none)."""
        first, periods = self.span()
        many = max(bags, 1)
        group = self.code()
        if bags:
            group = group * many + self._bags(bags)
        cell = group * periods + self.due - first
        shape = (len(self.groups), many, periods)
        cells = shape[0] * many * periods
        return {
            name: tally(cell, value[self.kept], cells).reshape(shape)
            for name, value in self.found.measures().items()
        }

    def code(self) -> NDArray[np.int64]:
        """Return the group of each kept term."""
        assert self.groups.of_entity is not None
        return self.groups.of_entity[self.kept].astype(np.int64)

    def _bags(self, count: int) -> NDArray[np.int64]:
        ids = self.found.terms.customer_ids
        return spread(sort_key(ids), count)[self.found.terms.customer[self.kept]]

    def heads(self) -> dict[str, NDArray[np.int64]]:
        """Return customers with a term due, renewed (any of their terms), lost (all of them) and open, per cell."""
        first, periods = self.span()
        cells = len(self.groups) * periods
        cell = self.code() * periods + self.due - first
        key = cell * max(len(self.found.terms.customer_ids), 1)
        key += self.found.terms.customer[self.kept]
        used, at = np.unique(key, return_inverse=True)
        rank = np.zeros(len(used), np.int64)
        order = {RENEWED: 2, OPEN: 1, LOST: 0}
        worth = np.array([order[n] for n in range(len(OUTCOMES))])[self.found.outcome[self.kept]]
        np.maximum.at(rank, at.reshape(-1), worth)
        where = used // max(len(self.found.terms.customer_ids), 1)
        shape = (len(self.groups), periods)
        out = {"customers": np.bincount(where, minlength=cells).reshape(shape)}
        for name, value in (("renewed", 2), ("open", 1), ("lost", 0)):
            found = np.bincount(where[rank == value], minlength=cells)
            out[f"customers_{name}"] = found.reshape(shape)
        return out

    def mask(self, period: Any, group: dict[str, Any]) -> NDArray[np.bool_]:
        """Return which kept terms are in a cell; the period is the last settled one by default."""
        number, code = self.place(period, group)
        mask: NDArray[np.bool_] = self.due == number
        return mask if code is None else mask & (self.code() == code)

    def drilled(self, period: Any, group: dict[str, Any]) -> pd.DataFrame:
        """Return the contracts of a cell."""
        return self.rows(self.mask(period, group))

    def rows(self, mask: NDArray[np.bool_], **more: Any) -> pd.DataFrame:
        """Return contracts with what became of them, the largest first; `more` has further columns of the same rows."""
        import pandas as pd

        at = self.kept[mask]
        found, terms = self.found, self.found.terms
        after = np.append(np.arange(len(terms)), -1)[found.next[at]]
        following = terms.ids.take(pa.array(np.maximum(after, 0))).to_pandas()
        timing = np.array([*TIMINGS, ""], object)[found.timing[at]]
        out = pd.DataFrame(
            {
                "contract_id": terms.ids.take(pa.array(at)).to_pandas(),
                "customer_id": terms.customer_ids.take(pa.array(terms.customer[at])).to_pandas(),
                "start": terms.start[at].astype("datetime64[D]").astype("datetime64[ns]"),
                "end": terms.end[at].astype("datetime64[D]").astype("datetime64[ns]"),
                "outcome": np.array(OUTCOMES, object)[found.outcome[at]],
                "timing": timing,
                "renewed_by": following.where(pd.Series(after >= 0), ""),
            }
        )
        measures = found.measures()
        for name in ("atr", "renewed", "downsell", "lost", "open"):
            out[name] = money(measures[name][at])
        for name in ("escalator", "mid_term", "upsell", "final"):
            out[name] = money(measures[name][at])
        for number, (name, values) in enumerate(more.items(), start=2):
            out.insert(number, name, values)
        order = out["atr"].sort_values(ascending=False, kind="stable").index
        return out.loc[order].reset_index(drop=True)

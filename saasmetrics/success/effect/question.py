"""What is asked: which treatment, which outcome, and what the data say about how customers came to be treated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import format_ratio
from saasmetrics.result import Result
from saasmetrics.success.effect.confounders import with_confounders
from saasmetrics.success.effect.marginal import Weights, ordered, weights
from saasmetrics.success.effect.panel import Panel, months_of, panel_of
from saasmetrics.success.effect.randomized import Draw, Sums, sums_of
from saasmetrics.success.effect.regress import summed
from saasmetrics.success.effect.staggered import BEFORE, Study, staggered
from saasmetrics.success.effect.treatments import (
    NEVER,
    Treatment,
    customer_ids,
    days_of,
    numbered,
    treatment_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book

    Ints = NDArray[np.int64]

ROLLED_OUT = 0.1  # share of a group's customers touched by which the group has started
_SOON, _REACHED = 3, 0.5  # months later, this share of its customers: otherwise it was no roll-out
_PARTS = 8  # of the customers of a group, for how much chance there is in each
_USUAL_BASELINE = ("segment", "plan", "region")


@dataclass(frozen=True, eq=False)
class Question:
    """One question about an effect.

    Parameters
    ----------
    book, treatment, outcome, horizon, interval
        As asked.
    cluster
        Column of the customers that were treated together; None for each alone.
    randomized
        Whether who came first was drawn by lot.
    assigned
        A column of the customers with the arm of each, or rows of customer_id and start.
    control
        The arm without treatment.
    score, cutoff, bandwidth
        Rows of customer_id, at and score, where help starts below the cut-off.
    confounders, baseline
        What decides who is touched: changing, and fixed.
    """

    book: Book
    treatment: Treatment
    outcome: str
    horizon: int
    interval: float
    cluster: str | None = None
    randomized: bool = False
    assigned: Any = None
    control: Any = "control"
    score: Any = None
    cutoff: float | None = None
    bandwidth: float | None = None
    confounders: Sequence[str] | None = None
    baseline: Sequence[str] | None = None

    @classmethod
    def of(cls, book: Book, treatment: Any, **asked: Any) -> Question:
        """Return the question about a treatment by name or by rows."""
        return cls(book, treatment_of(book, treatment), **asked)

    @cached_property
    def start(self) -> Ints:
        """Month of the first touch of each customer."""
        return months_of(self.book, self.treatment.start)

    @cached_property
    def plain(self) -> Panel:
        """Months of all customers, treated from their first touch on."""
        found = panel_of(self.book, self.start, self.cluster)
        if not len(found):
            msg = "No customer paid at the start of a complete month: there is nothing to compare."
            raise DataError(msg)
        return ordered(found)

    @cached_property
    def _described(self) -> tuple[Panel, list[str]]:
        fixed = self.baseline
        if fixed is None:
            have = {name for table in self.book.tables.values() for name in table.data.column_names}
            fixed = [name for name in _USUAL_BASELINE if name in have]
        start = self.treatment.start
        return with_confounders(self.book, self.plain, start, self.confounders, fixed)

    @property
    def panel(self) -> Panel:
        """Months of all customers with what was known of them before."""
        return self._described[0]

    @property
    def notes(self) -> list[str]:
        """What was set aside, or is missing."""
        return [*self.treatment.notes, *self._described[1]]

    @cached_property
    def weights(self) -> Weights:
        """Inverse-probability weights of the months."""
        return weights(self.panel)

    @cached_property
    def clusters(self) -> tuple[tuple[Any, ...], ...]:
        """The names of the groups that were treated together."""
        if self.cluster is None:
            msg = (
                "nobody said which customers were treated together: name their column, such as "
                'cluster="csm_id"'
            )
            raise DataError(msg)
        return self.book.engine.grouping((self.cluster,)).labels

    @cached_property
    def group_start(self) -> Ints:
        """Month in which each group starts: the first by which a tenth of its customers were touched."""
        many, panel = len(self.clusters), self.plain
        months, at = np.unique(panel.month, return_inverse=True)
        place, size = panel.cluster * len(months) + at.reshape(-1), many * len(months)
        on = (panel.treated | panel.begins).astype(np.float64)
        touched, there = (np.bincount(place, w, size).reshape(many, -1) for w in (on, on * 0 + 1))
        begun = (touched >= ROLLED_OUT * there) & (there > 0)
        first = begun.argmax(axis=1)
        started = np.flatnonzero(begun.any(axis=1))
        soon = np.minimum(first[started] + _SOON, len(months) - 1)
        reached = touched[started, soon].sum() / max(there[started, soon].sum(), 1.0)
        if reached < _REACHED:
            msg = (
                f"{self.treatment.name} was not rolled out by {self.cluster}: {_SOON} months after the first tenth of "
                f"a group, {format_ratio(float(reached))} of its customers had been touched"
            )
            raise DataError(msg)
        return np.where(begun.any(axis=1), months[first], NEVER).astype(np.int64)

    @cached_property
    def study(self) -> Study:
        """Difference in differences of groups that start one after another."""
        return self.study_from(BEFORE)

    def study_from(self, before: int) -> Study:
        """Return the difference in differences against so many months up to the start."""
        start = self.group_start
        if len(np.unique(start)) < 2:
            msg = f"all {len(start)} groups by {self.cluster} start in the same month, so none is left to compare with"
            raise DataError(msg)
        panel = self.plain
        parts = replace(panel, cluster=panel.cluster * _PARTS + panel.unit % _PARTS)
        whole, begun = _present(sums_of(panel, self.outcome, len(start)), start)
        finer = _present(
            sums_of(parts, self.outcome, len(start) * _PARTS), np.repeat(start, _PARTS)
        )
        return staggered(
            whole, begun, self.outcome, self.horizon, self.interval, before=before, finer=finer
        )

    def drawn(self) -> tuple[Panel, Draw, bool]:
        """Return the months of those drawn, how they were drawn, and whether months count from the draw.

        Raises
        ------
        DataError
            If nothing says that they were.
        """
        if self.assigned is None:
            if not self.randomized:
                msg = (
                    "nobody said that the order was drawn by lot: pass randomized=True if it was, "
                    "or assigned= with who was drawn"
                )
                raise DataError(msg)
            start = self.group_start
            return self.plain, Draw(start, np.zeros(len(start), np.int64)), False
        if isinstance(self.assigned, str):
            return self._arms(self.assigned)
        return self._waves(self.assigned)

    def _arms(self, column: str) -> tuple[Panel, Draw, bool]:
        """Return the first months of customers that were drawn as they came, by a column of theirs."""
        data = self.book.frame("customers")
        if column not in data:
            raise UnknownNameError.of("column of the table customers", column, data.columns)
        arms = data[column].dropna()
        others = sorted({str(arm) for arm in arms.unique()} - {str(self.control)})
        if len(others) != 1 or not (arms == self.control).any():
            msg = (
                f"{column} has the arms {', '.join(map(str, sorted(arms.unique(), key=str)))}: one arm beside "
                f"control={self.control!r} is needed."
            )
            raise DataError(msg)
        ids = customer_ids(self.book)
        found = numbered(ids, data.loc[arms.index, "customer_id"])
        known = found >= 0
        code = np.full(len(ids), -1, np.int64)
        code[found[known]] = (arms != self.control).to_numpy()[known]
        panel = self.plain
        panel = panel.pick((code[panel.unit] >= 0) & (panel.tenure < self.horizon))
        clock = replace(panel, month=panel.tenure + 1)
        group = panel.cluster if self.cluster is not None else panel.unit
        return _numbered(clock, group, np.where(code[panel.unit] == 1, 0, NEVER), None)

    def _waves(self, rows: Any) -> tuple[Panel, Draw, bool]:
        """Return the months of customers that were drawn for waves, from rows of customer_id and start."""
        import pandas as pd

        data = rows.df if isinstance(rows, Result) else pd.DataFrame(rows)
        missing = [name for name in ("customer_id", "start") if name not in data]
        if missing:
            msg = (
                f"assigned is without {' and '.join(missing)}: give what sm.success.assign returns."
            )
            raise DataError(msg)
        ids = customer_ids(self.book)
        found = numbered(ids, data["customer_id"])
        known = found >= 0
        month = np.full(len(ids), -1, np.int64)
        month[found[known]] = months_of(self.book, days_of(data["start"]))[known]
        group, stratum = np.arange(len(ids)), np.zeros(len(ids), np.int64)
        for name, codes in (("cluster", group), ("stratum", stratum)):
            if name in data:
                codes[found[known]] = pd.factorize(data[name].astype(str))[0][known]
        panel = self.plain.pick(month[self.plain.unit] >= 0)
        return _numbered(
            panel, group[panel.unit], month[panel.unit], stratum[panel.unit], stepwise=False
        )

    def customers(self) -> pd.DataFrame:
        """Return the customers behind the effect: when each was first touched, and what became of it."""
        import pandas as pd

        panel = self.plain
        last = np.append(panel.unit[1:] != panel.unit[:-1], True)
        first = np.append(True, last[:-1])
        who = panel.unit[last]
        start = self.treatment.start[who]
        touched = start < NEVER
        day = np.where(touched, start, 0).astype("datetime64[D]")
        counts = summed(np.stack([panel.treated, ~panel.treated], axis=1).astype(float), panel.unit)
        return pd.DataFrame(
            {
                "customer_id": customer_ids(self.book)[who],
                "first_touch": pd.Series(day.astype("datetime64[ns]")).where(touched),
                "months_treated": counts[:, 0].astype(np.int64),
                "months_untreated": counts[:, 1].astype(np.int64),
                "opening": panel.opening[first],
                "closing": panel.closing[last],
                "left": panel.closing[last] <= 0,
            }
        )


def _present(sums: Sums, start: Ints) -> tuple[Sums, Ints]:
    """Return the groups that have months, with their start."""
    there = sums.bottom.sum(axis=1) > 0
    return replace(sums, top=sums.top[there], bottom=sums.bottom[there]), start[there]


def _numbered(
    panel: Panel, group: Ints, start: Ints, stratum: Ints | None, *, stepwise: bool = True
) -> tuple[Panel, Draw, bool]:
    """Return a panel with its groups numbered from 0, and the draw of these groups."""
    if not len(panel):
        msg = "None of the customers that were drawn paid at the start of a complete month."
        raise DataError(msg)
    _, first, code = np.unique(group, return_index=True, return_inverse=True)
    code = code.reshape(-1)
    if (start[first][code] != start).any():
        msg = "Customers of one group were drawn for different starts: name the group they were drawn by as cluster."
        raise DataError(msg)
    within = np.zeros(len(first), np.int64) if stratum is None else stratum[first]
    return replace(panel, cluster=code), Draw(start[first], within), stepwise

"""What an engine says of why MRR moved: cubes of reasons, and the customers behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine import reason_sums
from saasmetrics.engine.expansion_causes import ExpansionCauses, expansion_causes
from saasmetrics.engine.first_expansions import LIFE, counts, first_expansions
from saasmetrics.engine.reason_cells import ReasonCells, ReasonRows, reason_cells, reason_rows
from saasmetrics.engine.taken_out import taken_out
from saasmetrics.recording import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from saasmetrics.engine.local import LocalEngine


@answers
class ReasonsHere:
    """The part of the local engine that knows why MRR moved."""

    _once: Callable[[Any, Callable[[], Any]], Any]

    def reasons(
        self, freq: str = "M", *, midpoint: bool = False, voluntary: bool = False
    ) -> reason_sums.Reasons:
        """Return why MRR of each customer expanded, contracted and churned, per period."""
        engine = cast("LocalEngine", self)
        found: reason_sums.Reasons = self._once(
            ("reasons", freq, midpoint, voluntary),
            lambda: reason_sums.reasons(engine, freq, midpoint=midpoint, voluntary=voluntary),
        )
        return found

    def reason_cells(
        self, freq: str, by: Sequence[str], *, midpoint: bool, voluntary: bool
    ) -> ReasonCells | None:
        """Return the reasons summed per group and period; None where lines of a customer are in several groups."""
        group = cast("LocalEngine", self).grouping(by).of_entity
        if group is None:
            return None
        return reason_cells(self.reasons(freq, midpoint=midpoint, voluntary=voluntary), group)

    def reason_rows(
        self,
        freq: str,
        period: int,
        by: Sequence[str],
        group: int | None,
        *,
        midpoint: bool,
        voluntary: bool,
    ) -> ReasonRows:
        """Return the customers behind the reasons of a period, of one group or of all."""
        found = self.reasons(freq, midpoint=midpoint, voluntary=voluntary)
        return reason_rows(cast("LocalEngine", self), found, period, by, group)

    def window_rows(
        self, period: int, window: int, freq: str, *, midpoint: bool, voluntary: bool
    ) -> pd.DataFrame:
        """Return every customer of a window with what its change is made of; see `reason_sums.window_rows`."""
        asked = (cast("LocalEngine", self), period, window, freq)
        return reason_sums.window_rows(*asked, midpoint=midpoint, voluntary=voluntary)

    def taken_out(
        self,
        window: int,
        freq: str,
        by: Sequence[str],
        bags: int,
        left_out: Sequence[str],
        *,
        midpoint: bool,
    ) -> NDArray[np.int64] | None:
        """Return what reasons added over windows, per group and bag and period; None where groups split customers."""
        engine = cast("LocalEngine", self)
        groups = engine.grouping(by)
        if groups.of_entity is None:
            return None
        cell = groups.of_entity.astype(np.int64)
        if bags:
            cell = cell * bags + engine.bags(bags)
        cells = (cell, len(groups) * max(bags, 1))
        return taken_out(engine, window, freq, cells, left_out, midpoint=midpoint)

    def group_codes(self, ids: ArrayLike, by: Sequence[str]) -> NDArray[np.int64] | None:
        """Return the group of each of some customers who pay; None where groups split customers."""
        engine = cast("LocalEngine", self)
        group, known = engine.grouping(by).of_entity, engine.spans.entity_ids
        if group is None:
            return None
        at = np.asarray(pc.index_in(pa.array(ids).cast(known.type), value_set=known))
        found: NDArray[np.int64] = group[at].astype(np.int64)
        return found

    def _firsts(
        self, by: Sequence[str], counted: Sequence[int], *, midpoint: bool
    ) -> dict[str, NDArray[np.int64]]:
        return first_expansions(
            cast("LocalEngine", self), self.reasons("M", midpoint=midpoint), by, counted
        )

    def first_expansions(
        self, by: Sequence[str], counted: Sequence[int], *, midpoint: bool
    ) -> dict[str, NDArray[np.int64]]:
        """Return how many customers of each group first expanded, or were last seen without, at which age."""
        return counts(self._firsts(by, counted, midpoint=midpoint))

    def expansion_causes(
        self, by: Sequence[str], *, midpoint: bool, voluntary: bool
    ) -> ExpansionCauses:
        """Return expansion by group, year of the customer's life, cause, and at renewal or not."""
        found = self.reasons("M", midpoint=midpoint, voluntary=voluntary)
        return expansion_causes(cast("LocalEngine", self), found, by)

    def expansion_rows(
        self,
        by: Sequence[str],
        counted: Sequence[int],
        group: int | None,
        age: int | None,
        *,
        midpoint: bool,
    ) -> pd.DataFrame:
        """Return the customers that first expanded, or were last seen without, at an age; of a group, or of all."""
        lives = self._firsts(by, counted, midpoint=midpoint)
        keep = np.ones(len(lives["age"]), bool)
        for name, wanted in (("group", group), ("age", age)):
            if wanted is not None:
                keep &= lives[name] == wanted
        columns = {name: lives[name][keep] for name in LIFE}
        return cast("LocalEngine", self).frame(lives["account"][keep], columns)

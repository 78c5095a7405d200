"""What an engine says of why MRR moved: cubes of reasons, and the customers behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from saasmetrics.engine import reason_sums
from saasmetrics.engine.reason_cells import ReasonCells, ReasonRows, reason_cells, reason_rows
from saasmetrics.recording import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

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

"""What stands for tickets that are alike, as they were counted where they are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine.columns import flat
from saasmetrics.engine.portable.whole import FAR
from saasmetrics.engine.tickets import NEVER, SCALE, UNKNOWN, scores, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


class Alike:
    """Stand in for tickets: one element for those that are alike in what is looked at.

    Parameters
    ----------
    data
        What was counted, with `n`.
    rows
        The table where it is.
    now
        The first moment that is not known yet, in seconds of UTC.
    """

    def __init__(self, data: pa.Table, rows: Any, now: int) -> None:
        self._cells, self.data, self.now = data, rows, now
        names = [name for name in data.column_names if name.startswith("raw_")]
        raw = {name.removeprefix("raw_"): data[name] for name in names}
        from saasmetrics.engine.connected.rows import canonical

        self._raw = canonical("tickets", pa.table(raw)) if raw else pa.table({})

    def __len__(self) -> int:
        return len(self._cells)

    def column(self, name: str) -> pa.Array:
        """Return a column of the table."""
        return flat(self._raw[name])

    def whole(self, name: str) -> Ints:
        """Return what was counted or told, as whole numbers."""
        return np.asarray(self._cells[name]).astype(np.int64)

    def period(self, name: str) -> Ints:
        """Return a period; what never happened falls after all periods."""
        found = self.whole(name)
        return np.where(found >= FAR, NEVER, found)

    @property
    def backwards(self) -> NDArray[np.bool_]:
        """Tickets solved before they were created."""
        return np.asarray(self.whole("backwards") == 1)

    @property
    def touches(self) -> Ints:
        """Replies of agents."""
        return self._number("touches")

    @property
    def handled(self) -> Ints:
        """Work in thousandths of a second."""
        return self._number("handle_seconds", SCALE)

    @property
    def target(self) -> Ints:
        """The seconds promised."""
        return self._number("sla_target_seconds")

    @property
    def reopens(self) -> Ints:
        """How often solved tickets were reopened."""
        return np.where(self.whole("over_first_resolution") == 1, self._number("reopens"), UNKNOWN)

    @property
    def csat(self) -> NDArray[np.float64]:
        """The satisfaction with solved tickets as a share of its scale."""
        return np.where(self.whole("over_resolution") == 1, self._scores[0], np.nan)

    @property
    def satisfied(self) -> Ints:
        """Whether solved tickets are satisfied."""
        return np.where(self.whole("over_resolution") == 1, self._scores[1], UNKNOWN)

    @cached_property
    def _scores(self) -> tuple[NDArray[np.float64], Ints]:
        if "csat" not in self._raw.column_names:
            return np.full(len(self), np.nan), np.full(len(self), UNKNOWN, np.int64)
        return scores(self._raw)

    def _number(self, name: str, scale: int = 1) -> Ints:
        if name not in self._raw.column_names:
            return np.full(len(self), UNKNOWN, np.int64)
        return whole(self._raw, name, scale)

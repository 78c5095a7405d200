"""What the portable engine says of why MRR moved: reasons are told where the tables are, and their sums come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import narwhals as nw
import numpy as np

from saasmetrics.engine.portable.fetched import whole_columns
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.reasons import sums
from saasmetrics.engine.portable.reasons.parts import PARTS
from saasmetrics.engine.portable.reasons.sums import Why
from saasmetrics.engine.portable.reasons.windows import window_rows
from saasmetrics.engine.reason_cells import ReasonCells, ReasonRows, elements

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.engine.portable.basis import Basis
    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame

_KEYS = ("group", "period", "movement")
_COUNTS = tuple(f"n{number}" for number in range(len(PARTS)))


class ReasonsThere:
    """The part of the portable engine that knows why MRR moved."""

    basis: Basis

    def _told(self, freq: str, why: Why) -> Frame:
        engine = cast("PortableEngine", self)
        return self.basis.once(
            ("reasons", engine.calendar(freq).freq, why),
            lambda: held(sums.told(engine, freq, why), "reasons", sums.TOLD_ARE),
        )

    def reason_cells(
        self, freq: str, by: Sequence[str], *, midpoint: bool, voluntary: bool
    ) -> ReasonCells | None:
        """Return the reasons summed per group and period; None where lines of a customer are in several groups."""
        if not self.basis.per_entity(by):
            return None
        found = sums.cells(self._told(freq, Why(midpoint, voluntary)), self.basis.groups(by))
        made = whole_columns(found, (*_KEYS, *PARTS, *_COUNTS))
        row, subtype = elements(made, _COUNTS)
        amount = np.stack([made[name] for name in PARTS], axis=1)[row, subtype]
        many = np.stack([made[name] for name in _COUNTS], axis=1)[row, subtype]
        keys = [made[name][row] for name in _KEYS]
        order = np.lexsort((subtype, *reversed(keys)))
        columns = (*keys, subtype, amount, many)
        return ReasonCells(*(values[order] for values in columns))

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
        found = self._told(freq, Why(midpoint, voluntary)).filter(nw.col("period") == period)
        if group is not None:
            mine = self.basis.groups(by).filter(nw.col("group") == group)
            found = found.join(mine.select("entity"), on="entity")
        found = found.join(self.basis.entities(), on="entity")
        engine = cast("PortableEngine", self)
        table = engine.bring(found, engine.source, self).sort_by(
            [("_rank", "ascending"), ("movement", "ascending")]
        )
        made = {n: np.asarray(table[n]).astype(np.int64) for n in ("movement", *PARTS)}
        row, subtype = elements(made, PARTS)
        ids = table["entity"].to_numpy(zero_copy_only=False)[row]
        amount = np.stack([made[name] for name in PARTS], axis=1)[row, subtype]
        return ReasonRows(ids, made["movement"][row], subtype, amount)

    def window_rows(
        self, period: int, window: int, freq: str, *, midpoint: bool, voluntary: bool
    ) -> pd.DataFrame:
        """Return every customer of a window with what its change is made of; see `reason_sums.window_rows`."""
        asked = (cast("PortableEngine", self), period, window, freq)
        return window_rows(*asked, Why(midpoint, voluntary))

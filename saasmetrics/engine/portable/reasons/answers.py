"""What the portable engine says of why MRR moved: reasons are told where the tables are, and their sums come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import narwhals as nw
import numpy as np

from saasmetrics.engine.first_expansions import LIFE
from saasmetrics.engine.portable.entities import in_bags
from saasmetrics.engine.portable.fetched import dense, whole_columns
from saasmetrics.engine.portable.held import held, held_meanwhile
from saasmetrics.engine.portable.reasons import sums
from saasmetrics.engine.portable.reasons.expanded import expansion_causes
from saasmetrics.engine.portable.reasons.firsts import first_expansions
from saasmetrics.engine.portable.reasons.parts import PARTS
from saasmetrics.engine.portable.reasons.sums import Why
from saasmetrics.engine.portable.reasons.taken import taken
from saasmetrics.engine.portable.reasons.windows import window_rows
from saasmetrics.engine.portable.whole import summed
from saasmetrics.engine.reason_cells import ReasonCells, ReasonRows, elements

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from saasmetrics.engine.expansion_causes import ExpansionCauses
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
        if not self.basis.per_entity(by):
            return None
        engine = cast("PortableEngine", self)
        first, periods, _ = engine.extent(freq)
        shape = (len(engine.grouping(by)) * max(bags, 1), periods)
        with held_meanwhile():
            found = taken(engine, window, freq, left_out, midpoint=midpoint)
            found = found.join(self.basis.groups(by), on="entity")
            if bags:
                found = in_bags(
                    found.join(self.basis.entities(), on="entity"), bags, self.basis.count()
                )
            sums = summed(found, ("group", "time"), ("taken",))
            return dense(sums, shape, {"time": first}, ("taken",))["taken"]

    def group_codes(self, ids: ArrayLike, by: Sequence[str]) -> NDArray[np.int64] | None:
        """Return the group of each of some customers who pay; None where groups split customers."""
        import pandas as pd

        if not by:
            return np.zeros(np.shape(ids), np.int64)
        if not self.basis.per_entity(by):
            return None
        engine = cast("PortableEngine", self)
        found = engine.bring(self.basis.groups(by), "customers", self)
        known = pd.Index(found["entity"].to_numpy(zero_copy_only=False))
        at = known.get_indexer(pd.Index(np.asarray(ids)))
        group: NDArray[np.int64] = np.asarray(found["group"]).astype(np.int64)[at]
        return group

    def _firsts(self, by: Sequence[str], counted: Sequence[int], *, midpoint: bool) -> Frame:
        told = self._told("M", Why(midpoint, voluntary=False))
        return first_expansions(cast("PortableEngine", self), told, by, counted)

    def first_expansions(
        self, by: Sequence[str], counted: Sequence[int], *, midpoint: bool
    ) -> dict[str, NDArray[np.int64]]:
        """Return how many customers of each group first expanded, or were last seen without, at which age."""
        found = self._firsts(by, counted, midpoint=midpoint).group_by("group", *LIFE)
        columns = ("group", *LIFE, "customers")
        made = whole_columns(found.agg(nw.len().alias("customers")), columns)
        order = np.lexsort([made[name] for name in reversed(columns)])
        return {name: values[order] for name, values in made.items()}

    def expansion_causes(
        self,
        by: Sequence[str],
        *,
        midpoint: bool,
        voluntary: bool,
        terms: Frame | None = None,
    ) -> ExpansionCauses:
        """Return expansion by group, year of the customer's life, cause, and at renewal of some terms or not."""
        told = self._told("M", Why(midpoint, voluntary))
        return expansion_causes(cast("PortableEngine", self), told, by, terms)

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
        import pandas as pd

        found = self._firsts(by, counted, midpoint=midpoint)
        for name, wanted in (("group", group), ("age", age)):
            if wanted is not None:
                found = found.filter(nw.col(name) == wanted)
        engine = cast("PortableEngine", self)
        found = found.join(self.basis.entities(), on="entity")
        table = engine.bring(found, engine.source, self).sort_by("_rank")
        columns = {name: np.asarray(table[name]).astype(np.int64) for name in LIFE}
        ids = table["entity"].to_numpy(zero_copy_only=False)
        return pd.DataFrame({"customer_id": ids, **columns})

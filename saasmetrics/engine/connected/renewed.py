"""How often customers of a connected book have renewed: counted where the tables are, and chosen there for rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.connected.rows import brought, canonical, is_there
from saasmetrics.engine.portable.fetched import whole_columns
from saasmetrics.engine.portable.held import held, held_by
from saasmetrics.engine.portable.renewed import renewed_lives
from saasmetrics.engine.portable.whole import summed
from saasmetrics.engine.renewed import check_terms
from saasmetrics.errors import NotPortableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from saasmetrics.engine.connected.engine import ConnectedEngine
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

_WORDS = "Following renewals"
_CELL = ("group", "cohort", "made", "due")


class RenewedThere:
    """How often each customer has renewed and could have, where the tables are.

    Parameters
    ----------
    engine
        The engine of a connected book.
    by
        Columns to group by.
    calendar
        The periods of cohorts.

    Raises
    ------
    DataError
        If MRR does not come from subscriptions.
    NotPortableError
        If the policy is not counted there, or rows of the contracts were picked here.
    """

    def __init__(self, engine: ConnectedEngine, by: Sequence[str], calendar: Calendar) -> None:
        check_terms(engine.source)
        self._link = engine.link
        self._there = engine.there
        contracts = engine.tables.get("contracts")
        if contracts is not None and not is_there(contracts):
            raise NotPortableError("Rows of contracts were picked here.")
        with self._link.asking(_WORDS), held_by(self):
            frame = None if contracts is None else contracts.data.frame
            self._lives = held(renewed_lives(self._there, frame, by, calendar), "renewed")

    def cells(self) -> dict[str, NDArray[np.int64]]:
        """Return how many customers (`n`) of a group and cohort have made and could have made so many renewals."""
        with self._link.asking(_WORDS):
            counted = self._lives.with_columns(n=nw.lit(1).cast(nw.Int64))
            return whole_columns(summed(counted, _CELL, ("n",)), (*_CELL, "n"))

    def rows(self, age: int, cohort: int | None, group: int | None) -> pa.Table:
        """Return customer_id, made, due, term and since of those for whom so many renewals have come due."""
        found: Frame = self._lives.filter(nw.col("due") >= age)
        if cohort is not None:
            found = found.filter(nw.col("cohort") == cohort)
        if group is not None:
            found = found.filter(nw.col("group") == group)
        found = found.select("made", "due", "term", "since", customer_id=nw.col("entity"))
        with self._link.needed_by(_WORDS), self._link.asking(_WORDS):
            return canonical("customers", brought(found, "customers", self._link)).sort_by(
                "customer_id"
            )

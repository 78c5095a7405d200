"""Who opened the tickets of a month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.followed import followed
from saasmetrics.engine.request_counts import request_counts
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import group_code
from saasmetrics.success.capacity.future import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.book import Book


@dataclass(frozen=True)
class Askers:
    """The accounts behind the tickets of a month that is over."""

    book: Book
    by: tuple[str, ...]
    where: Mapping[str, str] | None

    def __call__(self, period: Any = None, **group: Any) -> pd.DataFrame:
        """Return the accounts that opened tickets in a month, most first: customer_id, tickets, paying.

        Parameters
        ----------
        period
            A day of the month; by default the latest month that is over.
        **group
            A value for each by-column.

        Raises
        ------
        DataError
            If the month is not over, or there is no such group.
        """
        import pandas as pd

        engine, calendar = self.book.engine, self.book.calendar("M")
        _, _, full = engine.extent("M")
        month = full if period is None else calendar.of(period)
        if month > full:
            msg = f"{period} is not over as of {self.book.as_of_text}: there are no tickets behind a forecast."
            raise DataError(msg)
        found = request_counts(engine, "Demand", self.where, customers=True)
        of_month = calendar.ordinal(found.day) == month
        paying = (found.entity >= 0) & (followed(engine).periodic("M").state(month)[0] > 0)[
            found.entity
        ]
        mine = np.ones(len(paying), bool)
        if group and all(group.get(name) == OUTSIDE for name in self.by):
            mine = ~paying
        elif (code := group_code(self.book, self.by, group)) is not None:
            mine = paying & (followed(engine).origin(self.by)[found.entity] == code)
        mine &= of_month
        who = found.customer_ids.to_pandas().to_numpy()[found.customer[mine]]
        rows = pd.DataFrame({"customer_id": who, "paying": paying[mine], "tickets": found.n[mine]})
        each = rows.groupby(["customer_id", "paying"], dropna=False, sort=True)["tickets"].sum()
        out = each.reset_index().sort_values("tickets", ascending=False, kind="stable")
        return out[["customer_id", "tickets", "paying"]].reset_index(drop=True)

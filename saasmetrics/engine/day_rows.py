"""Rows of what happened to customers, alike ones once: of tables that are elsewhere no others are brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.tables.texts import to_frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from saasmetrics.tables import Table


def rows_by_day(
    table: Table,
    at: str,
    columns: Sequence[str] = (),
    where: Mapping[str, Any] | None = None,
    added: str | None = None,
    *,
    months: bool = False,
) -> pd.DataFrame:
    """Return the rows of a table by customer and day.

    Parameters
    ----------
    table
        With customer_id.
    at
        The column of days, or of moments.
    columns
        Columns by which rows are told apart too; those that there are not are left out.
    where
        Column -> value that the rows have.
    added
        A column of numbers that are added up, a missing one as 0.
    months
        Whether only the months of the days are looked at: then any of its days stands for a month.

    Returns
    -------
    pandas.DataFrame
        customer_id, the days, the columns, those of `where`, `n` (how many rows each stands for) and what was added
        up. Rows that are here come one by one.
    """
    asked = where or {}
    names = dict.fromkeys(["customer_id", at, *columns, *asked])
    kept = [name for name in names if name in table.data.column_names]
    if table.is_away:
        from saasmetrics.engine.connected.day_rows import added_by_day

        sums = added_by_day(table.data, at, kept, asked, added, months=months)
        found: pd.DataFrame = sums.to_pandas()
    else:
        both = [*kept, *([added] if added and added not in kept else [])]
        found = to_frame(table.data.select(both))
        if added:
            found[added] = found[added].to_numpy(float, na_value=0.0)
    keep = np.ones(len(found), bool)
    for column, value in asked.items():
        keep &= (found[column] == value).fillna(False).to_numpy(bool)
    found = found[keep]
    return found if "n" in found else found.assign(n=1)

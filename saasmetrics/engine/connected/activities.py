"""Activities that stay where they are: added up there by customer and month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.connected.rows import brought
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.whole import FAR, day_number, with_first_day, with_month

if TYPE_CHECKING:
    import pyarrow as pa

    from saasmetrics.engine.connected.rows import Rows


def minutes_by_month(rows: Rows, until: int) -> pa.Table:
    """Return customer_id, day (the first of the month), minutes and n of the activities that tell their minutes.

    Parameters
    ----------
    rows
        The activities.
    until
        The last day that counts.
    """
    with rows.link.needed_by("Touch workload"), rows.link.asking("Adding up activities"):
        found = rows.frame.filter(~nw.col("minutes").is_null())
        found = found.select("customer_id", "minutes", _day=day_number("at", -FAR))
        found = found.filter(nw.col("_day") <= until, nw.col("_day") > -FAR)
        found = with_first_day(with_month(found, "_day", "_month"), "_month", "day")
        found = found.with_columns(n=nw.lit(1).cast(nw.Int64))
        sums = found.group_by("customer_id", "day").agg(nw.col("minutes", "n").sum())
        return brought(held(sums), rows.name, rows.link)

"""Activities that stay where they are: added up there by customer and month, or by columns and period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import pyarrow as pa

from saasmetrics.engine.connected.rows import brought, canonical
from saasmetrics.engine.moments import end_of_day, offsets_of
from saasmetrics.engine.portable.fetched import fenced, number
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.instants import offsets_between, with_seconds, with_shown_day
from saasmetrics.engine.portable.whole import (
    FAR,
    day_number,
    summed,
    with_first_day,
    with_month,
    with_period,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.connected.rows import Rows
    from saasmetrics.periods import Calendar


def minutes_by_month(rows: Rows, until: int) -> pa.Table:
    """Return customer_id, day (the first of the month), minutes and n of the activities that tell their minutes.

    Parameters
    ----------
    rows
        The activities.
    until
        The last day that counts.
    """
    with rows.link.counting("Adding up activities", "Touch workload"):
        found = rows.frame.filter(~nw.col("minutes").is_null())
        found = found.select("customer_id", "minutes", _day=day_number("at", -FAR))
        found = found.filter(nw.col("_day") <= until, nw.col("_day") > -FAR)
        found = with_first_day(with_month(found, "_day", "_month"), "_month", "day")
        found = found.with_columns(n=nw.lit(1).cast(nw.Int64))
        sums = found.group_by("customer_id", "day").agg(nw.col("minutes", "n").sum())
        return brought(held(sums), rows.name, rows.link)


def rows_by_period(
    rows: Rows,
    at: str,
    columns: Sequence[str],
    calendar: Calendar,
    as_of: int,
    zone: str,
    chosen: Mapping[str, Sequence[str]] | None = None,
) -> pa.Table:
    """Return how many rows there are of each combination of columns and period, as `n`, up to the as-of date.

    Parameters
    ----------
    rows
        Activities, or tickets.
    at
        The column of their moments.
    columns
        What tells them apart; what the table does not have is left out.
    calendar
        The periods, which come as `_period`.
    as_of
        The last day that counts.
    zone
        The time zone of the clock.
    chosen
        Column -> the texts that its values are among.
    """
    keys = [name for name in dict.fromkeys(columns) if name in rows.column_names]
    now = end_of_day(as_of, zone)
    with rows.link.counting(f"Adding up {rows.name}", "Counting contacts"):
        found = rows.frame
        for name, words in (chosen or {}).items():
            found = found.filter(nw.col(name).cast(nw.String).is_in(list(words)))
        found = with_seconds(found.select(*keys, at), at, "_moment")
        found = found.filter(nw.col("_moment") < now)
        first = None if zone == "UTC" else number(found.select(nw.col("_moment").min()))
        offsets = () if first is None else offsets_between(*offsets_of(zone), int(first), now)
        found = with_shown_day(fenced(found), "_moment", "_day", offsets)
        found = found.group_by(*keys, "_day").agg(n=nw.len())
        found = held(found.with_columns(nw.col("n").cast(nw.Int64)), rows.name)
        cells = summed(with_period(found, calendar, "_day", "_period"), [*keys, "_period"], ["n"])
        data = brought(held(cells, rows.name), rows.name, rows.link)
    told = {name: canonical(rows.name, data.select([name]))[name] for name in keys}
    return pa.table({**told, "_period": data["_period"], "n": data["n"]})

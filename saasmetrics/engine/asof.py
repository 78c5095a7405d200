"""Until when the tables know what happened."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.columns import days, has
from saasmetrics.engine.service import interval_steps, next_billing_day
from saasmetrics.engine.spans import source_of
from saasmetrics.errors import DataError
from saasmetrics.periods import day_number, iso_day
from saasmetrics.tables.runs import last_month
from saasmetrics.tables.schema import ISSUED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from saasmetrics.tables import Table

NEARLY_ALL = 0.9
_NEVER = -(2**30)
HAPPENED = ("recorded_at", "cancel_requested_at", "pause_start")


def known_tables(tables: Mapping[str, Table], day: int | None = None) -> dict[str, Table]:
    """Return the tables as they were known at the end of a day, by default with all that is known.

    Raises
    ------
    DataError
        If nothing was known by then of the source of MRR.
    """
    from saasmetrics.tables.known import ALWAYS, known

    out = {name: known(table, ALWAYS if day is None else day) for name, table in tables.items()}
    source = source_of(tables)
    clock = clock_of(source, tables[source].column_names)
    if day is not None and clock and not len(out[source].data) and len(tables[source].data):
        first = int(days(tables[source].data[clock], 2**30).min())
        raise nothing_known(source, first, day, clock)
    return out


def clock_of(table: str, columns: Collection[str]) -> str:
    """Return the column that says since when rows of a table are known; "" where none does."""
    return next((name for name in ("recorded_at", ISSUED.get(table, "")) if name in columns), "")


def nothing_known(source: str, first: int, day: int, clock: str = "recorded_at") -> DataError:
    """Return the error that no row of the source was known on a day; `first` is the first day of the column `clock`."""
    if first <= day:
        return DataError(
            f"Every row of {source} that was known on {iso_day(day)} had been withdrawn by then. Look at withdrawn_at, "
            "or take another day."
        )
    was = "recorded" if clock == "recorded_at" else "dated"
    return DataError(
        f"No row of {source} was known on {iso_day(day)}: the first was {was} on {iso_day(first)}. Take a later "
        f'day; as_of("{iso_day(day)}", known="{iso_day(first)}") looks back from that day, and policy '
        'knowledge="effective" counts every row from the day on which it took effect.'
    )


def left_out(tables: Mapping[str, Table], names: Collection[str]) -> tuple[str, ...]:
    """Return in words how many rows of some tables are not counted, as they were not known or no longer held."""
    return tuple(
        f"{rows:,} {name} row{'' if rows == 1 else 's'} {words}"
        for name, table in tables.items()
        if name in names
        for words, rows in table.left_out.items()
    )


def observed_until(
    tables: Mapping[str, Table], as_of: int | None = None, latest: int | None = None
) -> int:
    """Return the day number of the last day that the source of MRR shows, never later than `latest`, by default today.

    A day that is asked for holds, except that snapshots show nothing after the day of the last one by then.

    Notes
    -----
    Months of an `mrr` table and of invoices are known to their end. Of subscriptions, starts and ends have happened,
    unless the rows are billing periods (each ends one interval after it starts): then the ends of the last ones are
    terms that may be renewed, and only starts have happened. Invoices beside them show that billing went on: the day of
    the last one has happened too.
    """
    today = day_number(datetime.now().astimezone().date()) if latest is None else latest
    source = source_of(tables)
    snapshots = [each.day for each in tables[source].snapshots]
    if as_of is not None and not snapshots:
        return as_of
    if snapshots:
        today = as_of if as_of is not None else today
        today = max([day for day in snapshots if day <= today], default=today)
        if source == "subscriptions":
            return today
    data = tables[source].data
    if not len(data):
        return today
    if source == "mrr":
        return min(month_end(last_month(data) or 0), today)
    if source == "invoices":
        return min(month_end(int(days(data["date"]).max())), today)
    found = [_latest(data, "start", today)]
    found += [_latest(data, name, today) for name in HAPPENED if has(data, name)]
    if has(data, "end") and not billing_periods(data):
        found.append(_latest(data, "end", today))
    if "invoices" in tables and len(tables["invoices"].data):
        found.append(_latest(tables["invoices"].data, "date", today))
    return max(found) if max(found) > _NEVER else today


def month_end(day: int) -> int:
    """Return the last day of the month of a day."""
    month = np.datetime64(day, "D").astype("datetime64[M]")
    return int((month + 1).astype("datetime64[D]").astype(int)) - 1


def billing_periods(data: pa.Table) -> bool:
    """Return whether no subscription is open-ended and nearly all last exactly one billing interval: rows are terms."""
    if not has(data, "end") or data["end"].null_count or not has(data, "interval"):
        return False
    return due_share(data, np.ones(len(data))) >= NEARLY_ALL


def due_share(data: pa.Table, weight: NDArray[np.float64]) -> float:
    """Return the share of terms that last exactly one billing interval; `weight` is how many each row stands for."""
    start, end = days(data["start"]), days(data["end"])
    due = next_billing_day(start, start + 1, interval_steps(data))
    return float(np.average(due == end, weights=weight))


def _latest(data: pa.Table, column: str, today: int) -> int:
    known = days(data[column], _NEVER)
    known = known[known <= today]
    return int(known.max()) if len(known) else _NEVER

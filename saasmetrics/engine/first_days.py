"""From which day on each customer has something: a term of a year or more, an activity of a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import days, flags, flat
from saasmetrics.engine.service import FAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.tables import Table

    Firsts = tuple[list[Any], NDArray[np.int64]]

_FAR = int(FAR)
_YEARLY = 330  # days of a term that count as a year


def first_annual(table: Table) -> Firsts:
    """Return customers and the first day of a term of a year or more, by contracts or by billing intervals.

    Parameters
    ----------
    table
        Contracts or subscriptions.

    Returns
    -------
    tuple
        Customer ids, and day numbers; of a table that stays where it is each customer comes once.
    """
    data, signed = table.data, table.name == "contracts"
    if table.is_away:
        from saasmetrics.engine.portable.whole import day_number

        long = day_number("end", _FAR) - day_number("start", _FAR) >= _YEARLY
        kept = long if signed else nw.col("interval") == "year"
        return _there(table, "start", lambda frame: frame.filter(kept))
    if signed:
        term = days(data["end"], _FAR).astype(np.int64) - days(data["start"], _FAR) >= _YEARLY
    else:
        term = flags(pc.equal(data["interval"], "year"))
    return _here(table, "start", term)


def first_activity(table: Table, kind: str) -> Firsts:
    """Return customers and the days of their activities of a kind, the first at least; see `first_annual`."""
    if table.is_away:
        return _there(table, "at", lambda frame: frame.filter(nw.col("kind") == kind))
    return _here(table, "at", flags(pc.equal(table.data["kind"], kind)))


def _here(table: Table, day: str, mine: NDArray[np.bool_]) -> Firsts:
    when = days(table.data[day], _FAR).astype(np.int64)
    keep = np.flatnonzero(mine & (when < _FAR))
    return flat(table.data["customer_id"]).take(pa.array(keep)).to_pylist(), when[keep]


def _there(table: Table, day: str, mine: Callable[[Frame], Frame]) -> Firsts:
    from saasmetrics.engine.connected.rows import brought, canonical
    from saasmetrics.engine.portable.held import held
    from saasmetrics.engine.portable.whole import day_number

    rows: Any = table.data
    with rows.link.counting("Looking for first days", "First days"):
        found = mine(rows.frame).select("customer_id", _day=day_number(day, _FAR))
        found = found.filter(nw.col("_day") < _FAR, ~nw.col("customer_id").is_null())
        first = found.group_by("customer_id").agg(nw.col("_day").min())
        told = brought(held(first), table.name, rows.link)
    ids = canonical(table.name, pa.table({"customer_id": told["customer_id"]}))["customer_id"]
    return ids.to_pylist(), np.asarray(told["_day"]).astype(np.int64)

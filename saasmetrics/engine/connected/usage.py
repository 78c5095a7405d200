"""Usage that stays where it is: added up there by customer, day and feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from saasmetrics.engine.connected.rows import brought, canonical
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.whole import FAR, day_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.connected.rows import Rows


def usage_by_day(rows: Rows, *, recorded: bool) -> pa.Table:
    """Return usage with one row per customer, day and feature, and `n`, the rows of the table that each stands for.

    Parameters
    ----------
    rows
        The usage.
    recorded
        Tell days of recording apart.

    Notes
    -----
    `events` is the sum of the first of events, users and rows that the table has; `users` are the most of one row.
    """
    keys = ["customer_id", "date", *(["recorded_at"] if recorded else [])]
    feature = ["feature"] if rows.has("feature") else []
    with rows.link.counting("Adding up usage", "Following usage"):
        measure = next((name for name in ("events", "users") if rows.has(name)), None)
        amount = nw.lit(1.0) if measure is None else nw.col(measure).fill_null(0.0)
        day = {name: day_number(name, -FAR) for name in keys[1:]}
        users = {"users": nw.col("users").cast(nw.Float64)} if rows.has("users") else {}
        found = rows.frame.select(
            "customer_id",
            *feature,
            **day,
            **users,
            events=amount.cast(nw.Float64),
            n=nw.lit(1).cast(nw.Int64),
        )
        most = [nw.col("users").max()] if users else []
        sums = found.group_by(*keys, *feature).agg(nw.col("events", "n").sum(), *most)
        known = ["customer_id", *feature, *users]
        return brought(
            held(sums), rows.name, rows.link, made=lambda data: _made(data, known, [*day])
        )


def use_of(rows: Rows, features: Sequence[str]) -> Any:
    """Return the customers and days of usage of some features, which come when they are used."""
    found = rows.frame.filter(nw.col("feature").is_in(list(features)))
    return rows.cut(found.select("customer_id", "date"))


def _made(data: pa.Table, known: Sequence[str], days: Sequence[str]) -> pa.Table:
    """Return the sums with the types of all tables, in an order of their own."""
    told = canonical("usage", data.select(known))
    columns = {name: _date(data[name]) for name in days}
    columns |= {name: told[name] for name in known}
    columns |= {name: data[name].cast(pa.float64()) for name in ("events", "n")}
    return _sorted(columns)


def _sorted(columns: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    """Return a table in the order of its columns, so that nothing depends on that in which rows come."""
    table = pa.table(dict(columns))
    return table.sort_by([(name, "ascending") for name in columns]).combine_chunks()


def _date(day: pa.ChunkedArray) -> pa.Array:
    """Return day numbers as dates, missing where there are none."""
    number = np.asarray(day).astype(np.int64)
    return pa.array(number.astype(np.int32), pa.int32(), mask=number <= -FAR).cast(pa.date32())

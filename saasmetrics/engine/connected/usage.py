"""Usage that stays where it is: added up there by customer, day and feature."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from saasmetrics.engine.connected.rows import Kept, brought, canonical
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.whole import FAR, day_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.connected.rows import Rows


def usage_by_day(rows: Rows, *, recorded: bool, since: int | None = None) -> pa.Table:
    """Return usage with one row per customer, day and feature, and `n`, the rows of the table that each stands for.

    Parameters
    ----------
    rows
        The usage.
    recorded
        Tell days of recording apart.
    since
        A day: of what was known before it only the first and the last day of each customer and feature come, the first
        with all the rows and both without amounts. `FAR`: of all use, and no amounts at all. None: all by day.

    Notes
    -----
    `events` is the sum of the first of events, users and rows that the table has; `users` are the most of one row.
    """
    keys = ["customer_id", "date", *(["recorded_at"] if recorded else [])]
    feature = ["feature"] if rows.has("feature") else []
    with rows.link.counting("Adding up usage", "Following usage"):
        if since is not None and since >= FAR:
            return _first_and_last(rows, feature, keys[1:], None, {}, None)
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
        if since is not None:
            found = found.filter(_known(keys[1:]) >= since)
        most = [nw.col("users").max()] if users else []
        sums = found.group_by(*keys, *feature).agg(nw.col("events", "n").sum(), *most)
        known, holder = ["customer_id", *feature, *users], Kept()
        late = brought(
            *(held(sums), rows.name, rows.link, holder),
            made=lambda data: _made(data, known, [*day]),
        )
        out = late
        if since is not None:
            none = dict.fromkeys([*users, "events"], 0.0)
            early = _first_and_last(rows, feature, keys[1:], since, none, holder)
            both = pa.concat_tables([early.select(late.column_names), late])
            out = _sorted({name: both[name] for name in both.column_names})
        weakref.finalize(out, _let_go, holder).atexit = False
        return out


def use_of(rows: Rows, features: Sequence[str]) -> Any:
    """Return the customers and days of usage of some features, which come when they are used."""
    found = rows.frame.filter(nw.col("feature").is_in(list(features)))
    return rows.cut(found.select("customer_id", "date"))


def _known(days: Sequence[str]) -> nw.Expr:
    """Return the day on which rows are known: that of the use, or of the recording where that is later."""
    columns = [nw.col(name) for name in days]
    return nw.max_horizontal(*columns) if len(columns) > 1 else columns[0]  # Spark takes no single


def _first_and_last(
    rows: Rows,
    feature: Sequence[str],
    days: Sequence[str],
    until: int | None,
    none: Mapping[str, float],
    holder: Kept | None,
) -> pa.Table:
    """Return a row for the first day and one for the last of what was known before a day, without amounts.

    Use without a day has a row of its own. What was recorded later is as if it was at once: it is known by then.
    """
    day = {name: day_number(name, -FAR) for name in days}
    found = rows.frame.select("customer_id", *feature, **day, n=nw.lit(1).cast(nw.Int64))
    if until is not None:
        found = found.filter(_known(days) < until)
    found = found.with_columns(_dated=nw.when(nw.col("date") > -FAR).then(1).otherwise(0))
    at = nw.col("date")
    found = found.group_by("customer_id", *feature, "_dated").agg(
        at.min().alias("date"), at.max().alias("_last"), nw.col("n").sum()
    )

    def made(data: pa.Table) -> pa.Table:
        first, last = (np.asarray(data[name]).astype(np.int64) for name in ("date", "_last"))
        more = np.flatnonzero(last > first)
        place = pa.array(np.append(np.arange(len(data)), more))
        told = canonical("usage", data.select(["customer_id", *feature]))
        columns: dict[str, Any] = {"date": _date(np.append(first, last[more]))}
        columns |= {name: pa.nulls(len(place), pa.date32()) for name in days[1:]}
        columns |= {name: told[name].take(place) for name in told.column_names}
        columns |= {name: np.full(len(place), value) for name, value in none.items()}
        columns["n"] = np.append(np.asarray(data["n"]).astype(float), np.zeros(len(more)))
        return _sorted(columns)

    return brought(held(found), rows.name, rows.link, holder, made)


def _let_go(_: Kept) -> None:
    """Have held what rows are counted by until those that were made of them are gone."""


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


def _date(day: pa.ChunkedArray | NDArray[np.int64]) -> pa.Array:
    """Return day numbers as dates, missing where there are none."""
    number = np.asarray(day).astype(np.int64)
    return pa.array(number.astype(np.int32), pa.int32(), mask=number <= -FAR).cast(pa.date32())

"""Rows of a table that stays where it is, added up there by customer, day and some columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from saasmetrics.engine.connected.rows import Rows, brought, canonical
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.whole import FAR, day_number, with_first_day, with_month
from saasmetrics.tables.texts import is_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.portable.whole import Frame


def added_by_day(
    rows: Rows,
    at: str,
    columns: Sequence[str],
    where: Mapping[str, Any],
    added: str | None,
    *,
    months: bool,
) -> pa.Table:
    """Return rows by their columns and day, with `n`, how many each stands for, and the sum of a column.

    Parameters
    ----------
    rows
        The rows.
    at
        The column of days, among the columns.
    columns
        What tells rows apart.
    where
        Column -> value; texts are looked for where the rows are.
    added
        The column that is added up, or None.
    months
        Take the first day of the month for the day.
    """
    keys = [name for name in columns if name != at]
    sums = [] if added is None else [added]
    with rows.link.counting(f"Adding up {rows.name}", "Following customers"):
        found = rows.frame
        for column, value in where.items():
            if isinstance(value, str) and is_text(rows.schema.field(column).type):
                found = found.filter(nw.col(column) == value)
        values = {name: nw.col(name).fill_null(0).cast(nw.Float64) for name in sums}
        day, one = day_number(at, -FAR), nw.lit(1).cast(nw.Int64)
        found = found.select(*keys, _day=day, _n=one, **values)
        if months:
            found = _in_months(found)
        found = found.group_by(*keys, "_day").agg(nw.col("_n", *sums).sum())

        def made(data: pa.Table) -> pa.Table:
            number = np.asarray(data["_day"]).astype(np.int64)
            days = pa.array(number.astype(np.int32), pa.int32(), mask=number <= -FAR)
            out = {name: canonical(rows.name, data.select([name]))[name] for name in keys}
            out |= {at: days.cast(pa.date32()).cast(pa.timestamp("us"))}
            out |= {"n": data["_n"].cast(pa.int64())}
            out |= {name: data[name].cast(pa.float64()) for name in sums}
            table = pa.table(out)
            return table.sort_by([(name, "ascending") for name in out]).combine_chunks()

        return brought(held(found, rows.name), rows.name, rows.link, made=made)


def _in_months(found: Frame) -> Frame:
    """Put the first day of the month in the place of each day."""
    told = nw.col("_day") > -FAR
    found = found.with_columns(_some=nw.when(told).then(nw.col("_day")).otherwise(0).cast(nw.Int64))
    found = with_first_day(with_month(found, "_some", "_month"), "_month", "_first")
    first = nw.when(told).then(nw.col("_first")).otherwise(nw.col("_day"))
    return found.with_columns(_day=first.cast(nw.Int64)).drop("_some", "_month", "_first")

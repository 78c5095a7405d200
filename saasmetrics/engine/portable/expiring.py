"""Contracts by the periods in which they start and end, where their table is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.amounts import currency_rate, micro
from saasmetrics.engine.portable.whole import FAR, day_number, flag, summed, with_period
from saasmetrics.money import LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

SUMS = ("value", "n", "odd")


def with_terms(
    tables: Mapping[str, Frame], columns: Sequence[str], calendar: Calendar
) -> tuple[Frame, list[str]]:
    """Return the contracts that end after they start with their periods, and the columns that group them.

    Parameters
    ----------
    tables
        `contracts`, and `customers` where there are columns.
    columns
        Columns of customers.
    calendar
        The periods.
    """
    found, by = tables["contracts"], [f"_by{number}" for number in range(len(columns))]
    if columns:
        values = {column: nw.col(name) for column, name in zip(by, columns, strict=True)}
        known = tables["customers"].select(_key=nw.col("customer_id"), **values)
        kind = found.collect_schema()["customer_id"]
        known = known.with_columns(nw.col("_key").cast(kind))
        found = found.join(known, left_on="customer_id", right_on="_key", how="left")
    found = found.with_columns(_from=day_number("start", 0), _to=day_number("end", FAR))
    found = found.filter(nw.col("_to") > nw.col("_from"))
    found = with_period(found, calendar, day="_from", period="_first")
    return with_period(found, calendar, day="_to", period="_last"), by


def expiring_cells(
    tables: Mapping[str, Frame],
    columns: Sequence[str],
    calendar: Calendar,
    as_of: int,
    currency: str,
) -> Frame:
    """Return value per year, contracts and refused amounts per group and the periods of start and end."""
    found, by = with_terms(tables, columns, calendar)
    rate = currency_rate(tables, "contracts", as_of, currency)
    found = found.with_columns(_arr=nw.col("arr").fill_null(0.0).cast(nw.Float64), _rate=rate)
    size = (nw.col("_arr") * nw.col("_rate")).abs()
    found = found.with_columns(odd=flag(~(size < LIMIT)), n=nw.lit(1).cast(nw.Int64))
    found = found.with_columns(_arr=nw.when(nw.col("odd") == 0).then(nw.col("_arr")).otherwise(0.0))
    found = found.with_columns(value=micro("_arr", nw.col("_rate")))
    return summed(found, (*by, "_first", "_last"), SUMS)

"""Contracts by the periods in which they start and end, where their table is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.amounts import currency_rate, micro
from saasmetrics.engine.portable.fetched import fenced
from saasmetrics.engine.portable.held import held
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
    found, by = with_days(tables, columns)
    found = found.filter(nw.col("_to") > nw.col("_from"))
    return _with_periods(found, calendar), by


def expiring_cells(
    tables: Mapping[str, Frame],
    columns: Sequence[str],
    calendar: Calendar,
    as_of: int,
    currency: str,
) -> Frame:
    """Return value per year, contracts and refused amounts per group and the periods of start and end."""
    found, by = with_terms(tables, columns, calendar)
    found = _with_value(found, tables, as_of, currency)
    size = (nw.col("_arr") * nw.col("_rate")).abs()
    found = found.with_columns(odd=flag(~(size < LIMIT)), n=nw.lit(1).cast(nw.Int64))
    found = found.with_columns(_arr=nw.when(nw.col("odd") == 0).then(nw.col("_arr")).otherwise(0.0))
    found = found.with_columns(value=micro("_arr", nw.col("_rate")))
    return summed(found, (*by, "_first", "_last"), SUMS)


def in_force_cells(
    tables: Mapping[str, Frame],
    columns: Sequence[str],
    calendar: Calendar,
    as_of: int,
    currency: str,
) -> tuple[Frame, Frame]:
    """Return value per year, and customers, by group and the periods from and before whose ends they are in force.

    Returns
    -------
    tuple
        `_by0`, `_by1`, ... (the columns), `_first`, `_last` and value; and the same with `customers`, each of whom is
        in force once at a time.
    """
    found, by = with_days(tables, columns)
    found = _with_value(_with_periods(found, calendar), tables, as_of, currency)
    # What ends after the as-of day is in force on it, what starts after it never is.
    last = nw.when(nw.col("_to") > as_of).then(FAR).otherwise(nw.col("_last"))
    last = nw.when(nw.col("_from") > as_of).then(nw.col("_first")).otherwise(last)
    found = found.with_columns(_last=last.cast(nw.Int64), value=nw.col("_arr") * nw.col("_rate"))
    found = held(fenced(found))
    values = found.group_by(*by, "_first", "_last").agg(nw.col("value").sum())
    each = found.filter(nw.col("_first") < nw.col("_last"))
    each = each.group_by(*by, "customer_id", "_first").agg(nw.col("_last").max())
    until = nw.col("_last").cum_max().over("customer_id", order_by="_first")
    each = each.with_columns(_until=until)
    before = nw.col("_until").shift(1).over("customer_id", order_by="_first")
    each = each.with_columns(_before=before.fill_null(-FAR).cast(nw.Int64))
    each = each.with_columns(
        _first=nw.max_horizontal("_first", "_before"), customers=nw.lit(1).cast(nw.Int64)
    )
    each = each.filter(nw.col("_first") < nw.col("_last"))
    return values, summed(each, (*by, "_first", "_last"), ("customers",))


def with_days(tables: Mapping[str, Frame], columns: Sequence[str]) -> tuple[Frame, list[str]]:
    """Return the contracts with the days from and before which they run, and the columns that group them."""
    found, by = tables["contracts"], [f"_by{number}" for number in range(len(columns))]
    if columns:
        values = {column: nw.col(name) for column, name in zip(by, columns, strict=True)}
        known = tables["customers"].select(_key=nw.col("customer_id"), **values)
        kind = found.collect_schema()["customer_id"]
        known = known.with_columns(nw.col("_key").cast(kind))
        found = found.join(known, left_on="customer_id", right_on="_key", how="left")
    return found.with_columns(_from=day_number("start", 0), _to=day_number("end", FAR)), by


def _with_periods(found: Frame, calendar: Calendar) -> Frame:
    found = with_period(found, calendar, day="_from", period="_first")
    return with_period(found, calendar, day="_to", period="_last")


def _with_value(found: Frame, tables: Mapping[str, Frame], as_of: int, currency: str) -> Frame:
    """Add the value per year in the currency of the contract, and the rate of that."""
    rate = currency_rate(tables, "contracts", as_of, currency)
    return found.with_columns(_arr=nw.col("arr").fill_null(0.0).cast(nw.Float64), _rate=rate)

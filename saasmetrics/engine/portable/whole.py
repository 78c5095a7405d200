"""Whole numbers in any dialect: division, rounding, sums, days and months.

Integer division is floating or 32 bits wide in some engines, sums change their type in others, and dates have no
arithmetic that all share. So the definition counts in 64-bit integers, with the few operations below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.portable.fetched import fenced
from saasmetrics.engine.portable.told import in_words, step, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.periods import Calendar

    Frame = nw.LazyFrame[Any]

FAR = 2**30  # the end of what still runs at the as-of date
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_YEAR_ZERO = 719_468  # days from 1 March of the year 0 to 1970-01-01
_CENTURIES = 146_097  # days in 400 years


def divided(number: nw.Expr, by: nw.Expr | int) -> nw.Expr:
    """Return the quotient rounded down, exact for whole numbers below 2**52.

    Notes
    -----
    The quotient is whole, yet it is rounded: Polars divides by a constant by multiplying with its reciprocal, which
    makes 3.9999999999999996 of 584388 / 146097.
    """
    return ((number - number % by).cast(nw.Float64) / by).round(0).cast(nw.Int64)


def nearest(number: nw.Expr) -> nw.Expr:
    """Return the nearest whole number, the even one of two."""
    down = number.floor()
    whole, rest = down.cast(nw.Int64), number - down
    up = (rest > 0.5) | ((rest == 0.5) & (whole % 2 != 0))
    return nw.when(up).then(whole + 1).otherwise(whole)


def flag(condition: nw.Expr) -> nw.Expr:
    """Return 1 where the condition holds, else 0."""
    return nw.when(condition).then(1).otherwise(0)


def where(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
    """Return the value where the condition holds, else 0."""
    return nw.when(condition).then(value).otherwise(0)


def among(place: nw.Expr, values: Sequence[int]) -> nw.Expr:
    """Return the value at each place of a short list, 0 beyond it."""
    out = nw.lit(0)
    for number, value in enumerate(values):
        if value:
            out = nw.when(place == number).then(value).otherwise(out)
    return out.cast(nw.Int64)


def summed(frame: Frame, keys: Sequence[str], columns: Sequence[str]) -> Frame:
    """Return the sums of columns per combination of keys."""
    out = frame.group_by(*keys).agg(nw.col(*columns).sum())
    return out.with_columns(nw.col(*columns).cast(nw.Int64))


def running(column: str, keys: Sequence[str], time: str) -> nw.Expr:
    """Return the sum of a column up to each time within the keys."""
    return nw.col(column).cum_sum().over(*keys, order_by=time).cast(nw.Int64)


def change(column: str, keys: Sequence[str], time: str) -> nw.Expr:
    """Return by how much a column differs from its value at the time before within the keys, 0 before the first."""
    before = nw.col(column).shift(1).over(*keys, order_by=time).fill_null(0)
    return (nw.col(column) - before.cast(nw.Int64)).alias(column)


def numbers(frame: Frame, many: int) -> Frame:
    """Return a frame of the numbers from 0 to `many` - 1 as `_nth`, where another frame is."""
    if steps() is not None and frame.implementation.is_ibis():
        return _listed(many)
    one = frame.head(1).select(_nth=nw.lit(0).cast(nw.Int64))
    found, size = one, 1
    while size < many:
        bit = nw.concat([one, one.with_columns(_nth=nw.col("_nth") + size)])
        both = found.join(bit.select(_bit=nw.col("_nth")), how="cross")
        found = both.select(_nth=nw.col("_nth") + nw.col("_bit"))
        size *= 2
    return found.filter(nw.col("_nth") < many)


def _listed(many: int) -> Frame:
    """Return numbers as SQL lists them."""
    import ibis

    rows = [{"_nth": number} for number in range(many)]
    found: Frame = nw.from_native(ibis.memtable(rows, schema={"_nth": "int64"})).lazy()
    return step(found, "numbers", "numbers from 0 on")


def day_number(column: str, missing: int | str) -> nw.Expr:
    """Return a date as days since 1970-01-01; a missing one as a number or as another column."""
    date = nw.col(column)
    year = date.dt.year().fill_null(1970).cast(nw.Int64)
    day = date.dt.ordinal_day().fill_null(1).cast(nw.Int64)
    past = year - 1
    leap_days = divided(past, 4) - divided(past, 100) + divided(past, 400) - 477
    number = (year - 1970) * 365 + leap_days + day - 1
    other = nw.col(missing) if isinstance(missing, str) else nw.lit(missing)
    return nw.when(date.is_null()).then(other).otherwise(number).cast(nw.Int64)


def with_month(frame: Frame, day: str, month: str) -> Frame:
    """Add the months since January 1970 of a day number.

    Notes
    -----
    Years begin in March here, so that the leap day is the last of its year.
    """
    told = in_words(frame, "month_of", day, month)
    if told is not None:
        return told
    since = nw.col(day) + _YEAR_ZERO
    frame = fenced(frame).with_columns(_era=divided(since, _CENTURIES))
    frame = fenced(frame.with_columns(_of_era=since - nw.col("_era") * _CENTURIES))
    of_era = nw.col("_of_era")
    leaps = divided(of_era, 1460) - divided(of_era, 36_524) + divided(of_era, 146_096)
    frame = frame.with_columns(_years=divided(of_era - leaps, 365))
    years = nw.col("_years")
    of_year = of_era - (years * 365 + divided(years, 4) - divided(years, 100))
    frame = fenced(frame.with_columns(_of_year=of_year))
    since_march = divided(nw.col("_of_year") * 5 + 2, 153)
    months = (years + nw.col("_era") * 400 - 1970) * 12 + since_march + 2
    found = frame.with_columns(months.alias(month)).drop("_era", "_of_era", "_years", "_of_year")
    return fenced(found)


def with_month_of(frame: Frame, date: str, month: str, first: str) -> Frame:
    """Add the months since January 1970 of a date, and the day number of the first day of its month.

    Notes
    -----
    A date knows its year and its month, which a day number must find out.
    """
    frame = frame.with_columns(day_number(date, 0).alias("_day"))
    if steps() is not None and frame.implementation.is_ibis():
        return with_first_day(with_month(frame, "_day", month), month, first)
    year, own = (part.cast(nw.Int64) for part in (nw.col(date).dt.year(), nw.col(date).dt.month()))
    since = nw.col("_day") - nw.col(date).dt.day().fill_null(1).cast(nw.Int64) + 1
    months = ((year - 1970) * 12 + own - 1).fill_null(0)
    return frame.with_columns(months.alias(month), since.alias(first))


def with_first_day(frame: Frame, month: str, day: str) -> Frame:
    """Add the day number of the first day of a month: the inverse of `with_month`."""
    told = in_words(frame, "day_of", month, day)
    if told is not None:
        return told
    since = nw.col(month) + 1970 * 12 - 2
    frame = fenced(frame).with_columns(_years=divided(since, 12), _since_march=since % 12)
    years = nw.col("_years")
    leap_days = divided(years, 4) - divided(years, 100) + divided(years, 400)
    first = years * 365 + leap_days + divided(nw.col("_since_march") * 153 + 2, 5) - _YEAR_ZERO
    return fenced(frame.with_columns(first.alias(day)).drop("_years", "_since_march"))


def with_last_day(frame: Frame, calendar: Calendar, period: str, day: str) -> Frame:
    """Add the day number of the last day of a period: `day` of the period's ordinal."""
    number = nw.col(period)
    if calendar.freq == "D":
        return frame.with_columns(number.alias(day))
    if calendar.freq == "W":
        return frame.with_columns((number * 7 + 3).alias(day))
    shift = 0 if calendar.freq == "M" else calendar.fiscal_start - 1
    months = _MONTHS[calendar.freq]
    found = frame.with_columns(_next=(number + 1) * months + shift)
    found = with_first_day(found, "_next", day).drop("_next")
    return found.with_columns((nw.col(day) - 1).alias(day))


def with_period(
    frame: Frame, calendar: Calendar, day: str = "day", period: str = "period"
) -> Frame:
    """Add the ordinal of the period that each day number falls in."""
    if calendar.freq == "D":
        return frame.with_columns(nw.col(day).alias(period))
    if calendar.freq == "W":
        return frame.with_columns(divided(nw.col(day) + 3, 7).alias(period))
    shift = 0 if calendar.freq == "M" else calendar.fiscal_start - 1
    frame = with_month(frame, day, period)
    return frame.with_columns(divided(nw.col(period) - shift, _MONTHS[calendar.freq]).alias(period))

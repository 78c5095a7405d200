"""MRR of each row in micro-units: currency first, then interval, each rounded once to an integer."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.amounts import missing_rate
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import FAR, day_number, divided, nearest
from saasmetrics.errors import InvalidTablesError
from saasmetrics.money import MICRO, exact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy


def names(frame: Frame) -> list[str]:
    """Return the columns of a frame."""
    return frame.collect_schema().names()


def micro(column: str, rate: nw.Expr) -> nw.Expr:
    """Return an amount in micro-units of the reporting currency."""
    return nearest(nw.col(column).cast(nw.Float64) * rate * float(MICRO))


def with_micro(frame: Frame, rate: nw.Expr, **amounts: nw.Expr) -> Frame:
    """Add amounts in micro-units of the reporting currency."""
    exact = {f"_exact_{name}": amount.cast(nw.Float64) for name, amount in amounts.items()}
    frame = frame.with_columns(
        *((amount * rate * float(MICRO)).alias(name) for name, amount in exact.items())
    )
    made = {name: nearest(nw.col(f"_exact_{name}")) for name in amounts}
    return frame.with_columns(**made).drop(*exact)


def per_month(amount: nw.Expr, parts: nw.Expr, times: nw.Expr | int = 1) -> nw.Expr:
    """Return `amount * times / parts` rounded half up: what is paid for `parts / times` months, per month."""
    whole = divided(amount, parts)
    rest = amount - whole * parts
    return whole * times + divided(rest * 2 * times + parts, parts * 2)


def interval_months(frame: Frame, policy: Policy) -> tuple[nw.Expr, nw.Expr]:
    """Return the months of each row's billing interval as an exact fraction: numerator and denominator.

    The denominator is 0 where a month is said to have no weeks, or no days: such plans have no MRR.
    """
    often = {"quarter": Fraction(1, 3), "year": Fraction(1, 12)}
    often |= {"week": exact(policy.week), "day": exact(policy.day)}
    parts, times = nw.lit(1), nw.lit(1)
    for name, count in often.items():
        parts = nw.when(nw.col("interval") == name).then(count.denominator).otherwise(parts)
        times = nw.when(nw.col("interval") == name).then(count.numerator).otherwise(times)
    if "interval_count" in names(frame):
        parts = parts * nw.col("interval_count").fill_null(1).cast(nw.Int64)
    return parts.cast(nw.Int64), times.cast(nw.Int64)


def currency_rate(tables: Mapping[str, Frame], table: str, as_of: int, currency: str) -> nw.Expr:
    """Return the rate of each row's currency to the reporting currency, the latest known at `as_of`.

    Raises
    ------
    InvalidTablesError
        If a currency has no rate.
    """
    rate = nw.lit(1.0)
    if "currency" not in names(tables[table]):
        return rate
    counted = fetched(tables[table].group_by("currency").agg(nw.len().alias("rows")))
    rows = {row["currency"]: row["rows"] for row in counted.to_pylist() if row["currency"]}
    known = latest_rates(tables, as_of)
    missing = sorted(name for name in rows if name != currency and name not in known)
    if missing:
        many = int(sum(rows[name] for name in missing))
        raise InvalidTablesError([missing_rate(table, missing, many, currency)])
    for name in sorted(rows):
        if name != currency:
            rate = nw.when(nw.col("currency") == name).then(nw.lit(known[name])).otherwise(rate)
    return rate


def latest_rates(tables: Mapping[str, Frame], as_of: int) -> dict[str, float]:
    """Return the latest rate of every currency."""
    if "fx" not in tables:
        return {}
    fx = tables["fx"].select("currency", "rate", day=day_number("date", -FAR))
    rows: list[dict[str, Any]] = fetched(fx.filter(nw.col("day") <= as_of)).to_pylist()
    return {row["currency"]: float(row["rate"]) for row in sorted(rows, key=lambda row: row["day"])}

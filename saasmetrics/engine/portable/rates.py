"""Exchange rates that move, where the tables are: movements at the rates of their day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.balances import ACCOUNT, CHANGES, changes_at, real
from saasmetrics.engine.portable.whole import FAR, day_number, nearest, summed, with_last_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.exchange import Curve
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar


@dataclass(frozen=True)
class Rates:
    """The factors of currencies that move, against their constant rates: one row per currency and day.

    `table` has `moving` (the number of the currency), `day` and `factor`; `count` is how many currencies there are,
    those that do not move as number 0. Groups are of one currency each: `group % count` is its number. `as_of` is the
    last day known.
    """

    table: Frame
    count: int
    as_of: int

    def at_end(self, moves: Frame, calendar: Calendar, period: str, money: Sequence[str]) -> Frame:
        """Return movements with some columns at the rates of the last known day of a period."""
        found = self.valued(self.with_end(moves, calendar, period), money)
        return found.drop("moving", "day", "factor")

    def with_end(self, moves: Frame, calendar: Calendar, period: str) -> Frame:
        """Add as `day` the last known day of a period."""
        found = with_last_day(moves, calendar, period, "_last")
        day = nw.min_horizontal("_last", nw.lit(self.as_of)).cast(nw.Int64)
        return found.with_columns(day=day).drop("_last")

    def valued(self, moves: Frame, money: Sequence[str]) -> Frame:
        """Return movements with some columns at the rates of their `day`, each rounded once."""
        moves = moves.with_columns(moving=nw.col("group") % self.count)
        found = self.with_factor(moves)
        exact = {f"_at_{n}": nw.col(n).cast(nw.Float64) * nw.col("factor") for n in money}
        at_rate = (nearest(nw.col(f"_at_{n}")).alias(n) for n in money)
        return found.with_columns(**exact).with_columns(*at_rate).drop(*exact)

    def with_factor(self, moves: Frame) -> Frame:
        """Add the factor of the currency `moving` on the day `day`; 1 for currencies that do not move."""
        found = moves.join(self._factors(moves), on=["moving", "day"], how="left")
        return found.with_columns(factor=nw.col("factor").fill_null(1.0))

    def _factors(self, moves: Frame) -> Frame:
        """Return the factor of each currency and day on which something moves; before its first rate, that one."""
        columns = ("moving", "day", "_rate")
        asked = moves.filter(nw.col("moving") > 0).select("moving", "day").unique()
        marks = [
            frame.with_columns(_rate=nw.lit(rate)) for frame, rate in ((self.table, 1), (asked, 0))
        ]
        both = nw.concat([frame.select(*columns) for frame in marks])
        both = both.with_columns(_asked=1 - nw.col("_rate"))
        nth = nw.col("_rate").cum_sum().over("moving", order_by=["day", "_asked"]).cast(nw.Int64)
        both = both.with_columns(_nth=nth).filter(nw.col("_asked") == 1)
        both = both.with_columns(_nth=nw.when(nw.col("_nth") < 1).then(1).otherwise(nw.col("_nth")))
        known = self.table.with_columns(_rate=nw.lit(1))
        place = nw.col("_rate").cum_sum().over("moving", order_by="day").cast(nw.Int64)
        known = known.with_columns(_nth=place).select("moving", "_nth", "factor")
        return both.join(known, on=["moving", "_nth"]).select("moving", "day", "factor")


def rates_of(
    fx: Frame, curves: Mapping[str, Curve], as_of: int, latest: Mapping[str, float]
) -> Rates:
    """Return the rates of the currencies that move.

    Parameters
    ----------
    fx
        The table of rates.
    curves
        The currencies, in order.
    as_of
        The last day known.
    latest
        The latest rate of each, which factors are of.
    """
    number, last = nw.lit(0), nw.lit(1.0)
    for place, name in enumerate(curves, 1):
        mine = nw.col("currency") == name
        number = nw.when(mine).then(place).otherwise(number)
        last = nw.when(mine).then(nw.lit(latest[name])).otherwise(last)
    found = fx.with_columns(
        moving=number.cast(nw.Int64), day=day_number("date", -FAR), _last=last.cast(nw.Float64)
    )
    found = found.filter(nw.col("moving") > 0, nw.col("day") <= as_of)
    rate = nw.col("rate").cast(nw.Float64)
    return Rates(
        found.select("moving", "day", factor=rate / nw.col("_last")), len(curves) + 1, as_of
    )


def with_days(moves: Frame, daily: Frame, calendar: Calendar, currencies: int) -> Frame:
    """Add the day of each movement that the ends of periods see: that of the customer's last change in the period.

    It is a change in whatever currency, else one of its accounts, and that of all its accounts. Were it the account's
    own, the movements of groups at different rates would not add up to the company.
    """
    own = changes_at(daily, calendar, events=True)
    each = own.with_columns(group=nw.col("group") % currencies)
    each = real(summed(each, (*ACCOUNT, "time", "period"), CHANGES))
    for name, found in (("day", each), ("_own", own)):
        days = found.select("entity", _day=nw.col("time"), time=nw.col("period"))
        last = days.group_by("entity", "time").agg(nw.col("_day").max().alias(name))
        moves = moves.join(last, on=["entity", "time"], how="left")
    day = nw.when(nw.col("day").is_null()).then(nw.col("_own")).otherwise(nw.col("day"))
    return moves.with_columns(day=day.fill_null(-FAR).cast(nw.Int64)).drop("_own")

"""Customers who change what they pay in several currencies, where the tables are: their pairs, period by period.

What one currency loses and another gains is valued at the rates of the window before it is told apart; of all others
the sums per group and currency are valued instead. The rules are those of `saasmetrics.engine.valued_pairs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.engine.axis import Axis
from saasmetrics.engine.pairs import MONEY
from saasmetrics.engine.portable.balances import ACCOUNT
from saasmetrics.engine.portable.fetched import dense
from saasmetrics.engine.portable.pairs import LEVELS, contributions, differences, levels, pair_cells
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import (
    FAR,
    divided,
    flag,
    numbers,
    summed,
    where,
)
from saasmetrics.engine.valued_pairs import valued_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.rates import Rates
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.engine.valued import Measures
    from saasmetrics.periods import Calendar
    from saasmetrics.policy import Policy

_SWITCHED_ARE = (
    "customers who change what they pay in several currencies, at the rates of the window"
)


def valued(
    engine: PortableEngine,
    constant: Measures,
    window: int,
    freq: str,
    by: Sequence[str],
    bags: int,
) -> Measures:
    """Return a cube of pairs with its money at the rates of the start of each window."""
    rates, (first, periods, _) = engine.valuation, engine.extent(freq)
    assert rates is not None
    many = constant["opening"].shape[0]
    cells, alone = pairs_apart(engine, engine.policy, window, freq, by, bags)
    made = dense(cells, (many * rates.count, periods), {"time": first}, MONEY)
    cube = {name: np.cumsum(value, axis=1) for name, value in made.items()}
    found = valued_pairs(engine, rates, constant, cube, window, freq, Axis(first, periods))
    if alone is not None:
        for name, more in dense(alone, (many, periods), {"time": first}, MONEY).items():
            found[name] = found[name] + more
    return found


def pairs_apart(
    engine: PortableEngine,
    policy: Policy,
    window: int,
    freq: str,
    by: Sequence[str],
    bags: int = 0,
) -> tuple[Frame, Frame | None]:
    """Return the changes of sums per group and currency, and the money of those who switch, if any, per group.

    Parameters
    ----------
    engine, policy
        The engine where the tables are, and the definition choices.
    window, freq, by, bags
        As for `PortableEngine.pairs`.
    """
    calendar, rates, aside = engine.calendar(freq), engine.basis.rates, policy.pause == "line"
    first, periods, _ = engine.extent(freq)
    last = first + periods - 1
    daily = engine.basis.daily(by, bags, apart=True)
    if not engine.basis.switches():
        return pair_cells(daily, calendar, window, last, aside=aside), None
    found = with_switches(levels(daily, calendar, window, last, alone=False), rates.count)
    adds = contributions(found, aside=aside, alone=False)
    kept = {name: where(nw.col("_switches") == 0, nw.col(name)).cast(nw.Int64) for name in MONEY}
    each = _each_period(found, numbers(rates.table, window), last)
    worth = _worth(each, calendar, window, rates, spot=policy.fx == "spot")
    worth = step(worth, "switched", _SWITCHED_ARE)
    alone = summed(contributions(worth, aside=aside, alone=False), ("group", "time"), MONEY)
    return differences(adds.with_columns(**kept)), alone


def with_switches(found: Frame, currencies: int) -> Frame:
    """Mark the rows of customers that change what they pay in several currencies, and say until when each holds."""
    changed = (nw.col("m0") != nw.col("m1")) | (nw.col("p0") != nw.col("p1"))
    moving = nw.col("group") % currencies
    found = found.with_columns(
        _low=nw.when(changed).then(moving).otherwise(FAR).cast(nw.Int64),
        _high=nw.when(changed).then(moving).otherwise(-1).cast(nw.Int64),
        _until=nw.col("time").shift(-1).over(*ACCOUNT, order_by="time"),
    )
    low, high = nw.col("_low").min(), nw.col("_high").max()
    both = {"_least": low.over("entity", "time"), "_most": high.over("entity", "time")}
    found = found.with_columns(**both)
    return found.with_columns(_switches=flag(nw.col("_least") < nw.col("_most")))


def _each_period(found: Frame, each_of: Frame, last: int) -> Frame:
    """Return the rows of who switches at each period until the next change, which is within a window."""
    until = nw.col("_until").fill_null(last + 1).cast(nw.Int64)
    rows = found.filter(nw.col("_switches") == 1).with_columns(_until=until)
    each = rows.join(each_of, how="cross")
    each = each.with_columns(time=nw.col("time") + nw.col("_nth"))
    return each.filter(nw.col("time") < nw.col("_until"))


def _worth(each: Frame, calendar: Calendar, window: int, rates: Rates, *, spot: bool) -> Frame:
    """Return levels at the rates of both ends of the window, the currencies of a group as one."""
    each = each.with_columns(_start=nw.col("time") - window)
    each = rates.at_end(each, calendar, "_start", ("m0", "p0", "p1") if spot else LEVELS)
    each = rates.at_end(each, calendar, "time", ("m1",)) if spot else each
    each = each.with_columns(group=divided(nw.col("group"), rates.count))
    return summed(each, ("entity", "group", "time", "seen"), LEVELS)

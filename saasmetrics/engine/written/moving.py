"""Cubes of money at exchange rates that move, as queries: each sum per currency at every period, valued, and added up.

The rules are those of `saasmetrics.engine.valued`, which values the same sums as arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.exchange import ends
from saasmetrics.engine.movements import FLOWS, KINDS
from saasmetrics.engine.pairs import MONEY
from saasmetrics.engine.portable.movements import movement_cells
from saasmetrics.engine.portable.switched import pairs_apart
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.triangle import money_cells
from saasmetrics.engine.portable.whole import divided, nearest, running, summed, where
from saasmetrics.engine.spot import SUMS as EFFECTS
from saasmetrics.engine.valued import CHANGED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable import PortableEngine
    from saasmetrics.engine.portable.rates import Rates
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

_PARTS = ("expansion", "contraction", "churn", "paused")
_SPLIT = tuple(name for name in FLOWS if name != "fx")


def movements(engine: PortableEngine, policy: Policy, freq: str, by: Sequence[str]) -> Frame:
    """Return the money of movements per group and period, for every period."""
    calendar, rates = engine.calendar(freq), engine.basis.rates
    daily = engine.basis.daily(by, apart=True)
    cells = movement_cells(daily, calendar, policy, rates)
    cells = step(
        cells, "by_currency", "movements per group and currency, at the rates of their day"
    )
    spot = policy.fx == "spot"
    sums = (*_SPLIT, "change", *CHANGED, *(EFFECTS if spot else ()))
    also = ("start_day",) if spot else ()
    found = _everywhere(cells, _times(engine, freq, back=1), ["group"], sums, also=also)
    found = found.with_columns(closing=running("change", ["group"], "period"))
    found = _with_unchanged(found, rates) if spot else found
    balances = ("closing", "_unchanged") if spot else ("closing",)
    found = step(
        rates.valued(found, balances),
        "valued",
        "balances at the rates of the end of each period",
    )
    before = nw.col("closing").shift(1).over("group", order_by="period").fill_null(0)
    found = found.with_columns(opening=before.cast(nw.Int64))
    flows = nw.col("closing") - nw.col("opening")
    for name in _SPLIT:
        flows = flows - nw.col(name)
    found = found.with_columns(fx=flows)
    if spot:
        found = _with_effects(found)
    return _added_up(found, rates.count, ["period"], ("opening", *FLOWS, "closing", *CHANGED))


def pairs(
    engine: PortableEngine, policy: Policy, window: int, freq: str, by: Sequence[str]
) -> Frame:
    """Return the money of pairs per group and period, for every period, at the rates of the window's start."""
    rates = engine.basis.rates
    cells, alone = pairs_apart(engine, policy, window, freq, by)
    cells = step(
        cells.rename({"time": "period"}),
        "by_currency",
        "by how much the sums per group and currency change",
    )
    times = _times(engine, freq, back=window)
    found = _everywhere(cells, times, ["group"], MONEY, also=("start_day",))
    found = found.with_columns(*(running(n, ["group"], "period").alias(n) for n in MONEY))
    found = step(found, "balances", "sums of each period, at constant rates")
    spot = policy.fx == "spot"
    if spot:
        found = rates.valued(found.with_columns(_closing=nw.col("closing")), ["_closing"])
        found = found.rename({"factor": "_end"}).drop("moving")
    exact = found.with_columns(day=nw.col("start_day"), _kept=nw.col("kept").cast(nw.Float64))
    found = step(rates.valued(exact, MONEY), "valued", "at the rates of the window's start")
    rest = nw.col("closing") - nw.col("opening")
    for name in _PARTS:
        rest = rest - nw.col(name)
    found = _with_rest(found, _PARTS, rest)
    if spot:
        found = _at_spot(found)
    money = _added_up(found, rates.count, ["period"], MONEY)
    if alone is None:
        return money
    both = [money, alone.rename({"time": "period"})]
    columns = ("group", "period", *MONEY)
    return summed(nw.concat([frame.select(*columns) for frame in both]), columns[:2], MONEY)


def triangle(engine: PortableEngine, freq: str, by: Sequence[str]) -> Frame:
    """Return MRR per group, cohort and period, for every period, at the rates of its end."""
    rates, full = engine.basis.rates, engine.extent(freq)[2]
    cells = money_cells(engine, freq, by)
    cells = cells.with_columns(period=nw.col("cohort") + nw.col("age"))
    cells = step(cells, "by_currency", "by how much MRR changes per cohort and currency")
    found = _everywhere(cells, _times(engine, freq), ["group", "cohort"], ("mrr",))
    found = found.filter(nw.col("period") >= nw.col("cohort"), nw.col("period") <= full)
    found = found.with_columns(mrr=running("mrr", ["group", "cohort"], "period"))
    found = step(rates.valued(found, ["mrr"]), "valued", "at the rates of the end of each period")
    return _added_up(found, rates.count, ["cohort", "period"], ("mrr",))


def at_every_period(
    engine: PortableEngine, cells: Frame, freq: str, measures: Sequence[str], back: int = 0
) -> Frame:
    """Return changes for every group and period, 0 where nothing changes; `back`: of which window."""
    found = _everywhere(cells, _times(engine, freq, back), ["group"], measures)
    return found.select("group", "period", *measures)


def times(engine: PortableEngine, freq: str) -> Frame:
    """Return all periods that are observed in full, as `time`."""
    full = engine.extent(freq)[2]
    found = _times(engine, freq).select(time=nw.col("period"))
    return found.filter(nw.col("time") <= full)


def _times(engine: PortableEngine, freq: str, back: int = 0) -> Frame:
    """Return all periods with their last day, and that of the period some periods back."""
    found = engine.basis.once(("times", freq, back), lambda: _listed(engine, freq, back))
    return step(found, "all_periods", "all periods, with the last day of each")


def _listed(engine: PortableEngine, freq: str, back: int) -> Frame:
    import ibis

    first, periods, _ = engine.extent(freq)
    data = {
        "period": range(first, first + periods),
        "day": ends(engine, freq, first, periods).tolist(),
        "start_day": ends(engine, freq, first - back, periods).tolist(),
    }
    rows = [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]
    kinds = dict.fromkeys(data, "int64")
    found: Frame = nw.from_native(ibis.memtable(rows, schema=kinds)).lazy()
    return found


def _everywhere(
    cells: Frame, times: Frame, keys: Sequence[str], names: Sequence[str], also: Sequence[str] = ()
) -> Frame:
    """Return some columns for every key at every period, 0 where there is no row, with the `day` of each."""
    groups = step(cells.select(*keys).unique(), "every_group", "every group once")
    spread = groups.join(times.select("period", "day", *also), how="cross")
    spread = step(spread, "every_period", "every group in every period")
    found = spread.join(cells.select(*keys, "period", *names), on=[*keys, "period"], how="left")
    return found.with_columns(nw.col(*names).fill_null(0).cast(nw.Int64))


def _added_up(found: Frame, currencies: int, keys: Sequence[str], names: Sequence[str]) -> Frame:
    """Return the sums over currencies."""
    found = found.with_columns(group=divided(nw.col("group"), currencies))
    found = summed(found, ("group", *keys), names)
    return step(found, "money", "the currencies added up")


def _with_unchanged(found: Frame, rates: Rates) -> Frame:
    """Add what is held unchanged through each period, and as `_was` its value at the rates when it begins."""
    unchanged, day = nw.col("closing") - nw.col("changed"), nw.col("day")
    found = found.with_columns(_unchanged=unchanged, _was=unchanged, _end=day)
    found = rates.valued(found.with_columns(day=nw.col("start_day")), ("_was",))
    return found.drop("moving", "factor").with_columns(day=nw.col("_end"))


def _with_effects(found: Frame) -> Frame:
    """Count what rates did as expansion and contraction: of what is unchanged by currency, of the rest one by one."""
    effect = nw.col("_unchanged") - nw.col("_was")
    found = found.with_columns(_effect=effect)
    effect = nw.col("_effect")
    found = found.with_columns(
        gained=nw.col("gained") + where(effect > 0, effect),
        lost=nw.col("lost") + where(effect < 0, effect),
    )
    found = found.with_columns(
        expansion=nw.col("expansion") + nw.col("gained"),
        contraction=nw.col("contraction") + nw.col("lost"),
        _left=nw.col("fx") - nw.col("gained") - nw.col("lost"),
        fx=nw.lit(0).cast(nw.Int64),
    )
    return _with_rest(found, KINDS, nw.col("_left"))


def _with_rest(found: Frame, parts: Sequence[str], rest: nw.Expr) -> Frame:
    """Give the units that rounding leaves to the largest part, so that the parts lead from opening to closing."""
    sizes = {f"_size_{name}": nw.col(name).abs() for name in parts}
    found = found.with_columns(_lacks=rest, **sizes).with_columns(_most=nw.max_horizontal(*sizes))
    largest = nw.lit(len(parts) - 1)
    for place, size in reversed(list(enumerate(sizes))[:-1]):
        largest = nw.when(nw.col(size) == nw.col("_most")).then(place).otherwise(largest)
    found = found.with_columns(_largest=largest)
    more = (where(nw.col("_largest") == place, nw.col("_lacks")) for place in range(len(parts)))
    return found.with_columns(
        *((nw.col(name) + one).alias(name) for name, one in zip(parts, more, strict=True))
    )


def _at_spot(found: Frame) -> Frame:
    """Value the closing at the rates of the window's end; what rates did is expansion or contraction."""
    moved = nw.col("_closing") - nw.col("closing")
    low = nw.min_horizontal(nw.col("_kept") * nw.col("factor"), nw.col("_kept") * nw.col("_end"))
    found = found.with_columns(_moved=moved, _low=low)
    return found.with_columns(
        expansion=nw.col("expansion") + where(nw.col("_moved") > 0, nw.col("_moved")),
        contraction=nw.col("contraction") + where(nw.col("_moved") < 0, nw.col("_moved")),
        closing=nw.col("_closing"),
        kept=nearest(nw.col("_low")),
    )

"""The reasons of movements per customer and period, where the tables are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.movements import KINDS
from saasmetrics.engine.portable.held import held, settled
from saasmetrics.engine.portable.movements import CHURN, CONTRACTION, EXPANSION, moved
from saasmetrics.engine.portable.reasons.lines import known_lines, slotted
from saasmetrics.engine.portable.reasons.parts import PARTS, PARTS_ARE, with_parts
from saasmetrics.engine.portable.reasons.sides import SIDES_ARE, sides
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import FAR, flag, summed, where
from saasmetrics.engine.reason_sums import CHURNED, CONTRACTED, EXPANDED
from saasmetrics.engine.reasons import CAUSES, SUBTYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.rates import Rates
    from saasmetrics.engine.portable.whole import Frame

_CHANGE = ("entity", "time")
_REASON = ("entity", "period", "movement")
_PRICE = PARTS[SUBTYPES.index("price")]
TOLD_ARE = "why MRR of each customer moved: movement 0 expansion, 1 contraction, 2 churn by cause"
_CAUSES_ARE = "the cause of the line that ended last"


@dataclass(frozen=True)
class Why:
    """How reasons are told: `midpoint` and `voluntary` as for `reason_sums.reasons`."""

    midpoint: bool
    voluntary: bool


def told(engine: PortableEngine, freq: str, why: Why) -> Frame:
    """Return why MRR of each customer moved: entity, period, movement and the amount of each of its subtypes.

    Parameters
    ----------
    engine
        The engine where the tables are.
    freq, why
        The frequency, and how reasons are told.

    Notes
    -----
    The subtypes are those of `reason_sums.KINDS`, in order: of churn only the first three columns are causes.
    """
    policy, calendar = engine.policy, engine.calendar(freq)
    lines = slotted(known_lines(engine), calendar, events=policy.view == "event")
    if engine.valuation is None:
        apart, valued = moved(engine.daily(), calendar, policy, alone=True), None
    else:
        daily = engine.basis.daily(apart=True)
        apart = moved(daily, calendar, policy, engine.basis.rates, alone=False)
        valued = partial(_at_day, engine.basis.rates, apart)
    both = held(sides(lines, valued, aside=policy.pause == "line"), "sides", SIDES_ARE)
    cells = held(with_parts(both, midpoint=why.midpoint), "parts", PARTS_ARE)
    moves = _of_customers(apart)
    found = _stayed(engine, cells, moves)
    if policy.return_price == "split":
        found = _with_returns(found, apart)
    left = _left(moves, lines, voluntary=why.voluntary)
    columns = (*_REASON, *PARTS)
    both = nw.concat([found.select(*columns), left.select(*columns)])
    return step(both, "reasons", TOLD_ARE)


def _at_day(rates: Rates, moves: Frame, found: Frame, money: Sequence[str]) -> Frame:
    """Return lines that turn with some columns at the rates of the day of their customer's movement."""
    days = moves.select(*_CHANGE, "day").unique()
    known = found.join(days, on=[*_CHANGE], how="left")
    known = known.with_columns(day=nw.col("day").fill_null(0), group=nw.col("moving"))
    return rates.valued(known, money).drop("day", "group", "factor")


def _of_customers(moves: Frame) -> Frame:
    """Return the movement of each customer and time; what cancels out between its currencies is none."""
    amount = nw.lit(0).cast(nw.Int64)
    for name in KINDS:
        amount = amount + nw.col(name)
    each = moves.with_columns(_amount=amount).group_by(*_CHANGE, "period")
    found: Frame = each.agg(nw.col("_amount").sum(), nw.col("kind").max())
    found = found.with_columns(nw.col("_amount").cast(nw.Int64))
    stays = nw.col("kind").is_in([EXPANSION, CONTRACTION])
    sign = nw.when(nw.col("_amount") > 0).then(EXPANSION).otherwise(CONTRACTION)
    found = found.with_columns(kind=nw.when(stays).then(sign).otherwise(nw.col("kind")))
    return found.filter(~stays | (nw.col("_amount") != 0))


def _stayed(engine: PortableEngine, cells: Frame, moves: Frame) -> Frame:
    """Return the reasons of customers who stay, summed over their changes in each period."""
    stays = moves.filter(nw.col("kind").is_in([EXPANSION, CONTRACTION]))
    found = cells.join(stays, on=[*_CHANGE])
    if engine.valuation is not None:
        found = whole(found, _CHANGE)
    more = nw.col("kind") == EXPANSION
    found = found.with_columns(movement=nw.when(more).then(EXPANDED).otherwise(CONTRACTED))
    return summed(found.with_columns(nw.col("movement").cast(nw.Int64)), _REASON, PARTS)


def whole(cells: Frame, keys: tuple[str, ...]) -> Frame:
    """Give what the parts of a change lack of its `_amount` to the largest of them."""
    cells = largest(cells, keys)
    total = nw.lit(0).cast(nw.Int64)
    for part in PARTS:
        total = total + nw.col(part)
    cells = cells.with_columns(_total=total)
    lacks = nw.col("_amount") - nw.col("_total").sum().over(*keys)
    cells = cells.with_columns(_lacks=lacks.cast(nw.Int64))
    more = {
        part: (nw.col(part) + where(nw.col("_largest") == number, nw.col("_lacks"))).cast(nw.Int64)
        for number, part in enumerate(PARTS)
    }
    return cells.with_columns(**more)


def largest(cells: Frame, keys: tuple[str, ...]) -> Frame:
    """Add the place of the largest part in the row that has it, of several the first; -1 in all other rows."""
    sizes = [nw.col(part).abs().alias(f"_{part}") for part in PARTS]
    cells = settled(cells.with_columns(*sizes))
    cells = cells.with_columns(_size=nw.max_horizontal(*(f"_{part}" for part in PARTS)))
    place = nw.lit(0)
    for number in reversed(range(len(PARTS))):
        same = nw.col(f"_{PARTS[number]}") == nw.col("_size")
        place = nw.when(same).then(number).otherwise(place)
    cells = settled(cells).with_columns(_small=nw.col("_size") * -1, _one=nw.lit(1), _place=place)
    nth = nw.col("_one").cum_sum().over(*keys, order_by=["_small", "product"])
    cells = settled(cells.with_columns(_nth=nth))
    found = nw.when(nw.col("_nth") == 1).then(nw.col("_place")).otherwise(-1).cast(nw.Int64)
    return cells.with_columns(_largest=found).drop(*(f"_{part}" for part in PARTS))


def _with_returns(found: Frame, moves: Frame) -> Frame:
    """Add the expansion and contraction of customers who returned at another price, which is of price."""
    none = nw.lit(0).cast(nw.Int64)
    rows = [found.with_columns(_total=none)]
    for number, name in ((EXPANDED, "expansion"), (CONTRACTED, "contraction")):
        sums = summed(moves, ("entity", "period"), (name,)).filter(nw.col(name) != 0)
        parts = dict.fromkeys(PARTS, none)
        rows.append(sums.with_columns(movement=none + number, _total=nw.col(name), **parts))
    columns = (*_REASON, *PARTS, "_total")
    both = summed(nw.concat([each.select(*columns) for each in rows]), _REASON, columns[3:])
    rest = nw.col("_total")
    for part in PARTS:
        rest = rest - nw.col(part)
    return both.with_columns((nw.col(_PRICE) + rest).alias(_PRICE))


def _left(moves: Frame, lines: Frame, *, voluntary: bool) -> Frame:
    """Return the churn of customers by its cause."""
    left = moves.filter(nw.col("kind") == CHURN)
    left = left.join(step(causes(lines), "causes", _CAUSES_ARE), on=[*_CHANGE], how="left")
    cause = nw.col("cause").fill_null(0)
    left = left.with_columns(cause=filed(cause, voluntary=voluntary), movement=nw.lit(CHURNED))
    parts = {part: nw.lit(0).cast(nw.Int64) for part in PARTS}
    for number in range(len(CAUSES)):
        parts[PARTS[number]] = where(nw.col("cause") == number, nw.col("_amount"))
    left = left.with_columns(nw.col("movement").cast(nw.Int64), **parts)
    return summed(left, _REASON, PARTS)


def filed(cause: nw.Expr, *, voluntary: bool) -> nw.Expr:
    """Return causes with the unknown ones filed as voluntary, if asked for."""
    if not voluntary:
        return cause.cast(nw.Int64)
    known = nw.when(cause == CAUSES.index("unknown")).then(CAUSES.index("voluntary"))
    return known.otherwise(cause).cast(nw.Int64)


def causes(lines: Frame) -> Frame:
    """Return entity, time and the cause of the line that stopped last then; a known cause before an unknown one."""
    over = lines.filter(nw.col("stops") < FAR)
    mark = nw.col("end") * len(CAUSES) + nw.col("cause")
    last = over.select("entity", time=nw.col("stops"), _mark=mark).group_by(*_CHANGE)
    found = last.agg(nw.col("_mark").max()).with_columns(nw.col("_mark").cast(nw.Int64))
    return found.select(*_CHANGE, cause=nw.col("_mark") % len(CAUSES))


def cells(reasons: Frame, members: Frame) -> Frame:
    """Return the amount of every subtype per group, period and movement, and of how many customers it is."""
    counts = {f"n{number}": flag(nw.col(part) != 0) for number, part in enumerate(PARTS)}
    found = reasons.join(members, on="entity").with_columns(**counts)
    return summed(found, ("group", "period", "movement"), (*PARTS, *counts))

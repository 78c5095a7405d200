"""Exchange rates that move: the cubes of money valued at the rates of the day, currency by currency.

Everything is counted at constant rates first, which decides who is new, who grew and who left. Here only the value
changes: balances at the rates of the end of each period, movements at those of their day, and what the rates did is
the line `fx`. All sums are per group and currency before they are valued, so the cost does not follow the months.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.amounts import currency_rates
from saasmetrics.engine.cohorts import triangle_cube
from saasmetrics.engine.columns import days, encode, has, numbers
from saasmetrics.engine.group_pairs import pair_cube_between_groups
from saasmetrics.engine.movements import FLOWS, movement_cube
from saasmetrics.engine.pairs import MONEY
from saasmetrics.engine.returns import split_returns
from saasmetrics.engine.transfers import moves_between_groups
from saasmetrics.engine.words import switching_words
from saasmetrics.periods import iso_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.axis import Axis
    from saasmetrics.engine.ledger import Ledger
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.movements import Moves
    from saasmetrics.engine.spans import Spans
    from saasmetrics.periods import Calendar
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Measures = dict[str, NDArray[np.int64]]
    Curve = tuple[NDArray[np.int32], NDArray[np.float64]]

_PARTS = ("expansion", "contraction", "churn", "paused")


class Dated(Protocol):
    """What says of which day a period's rates are: any engine."""

    policy: Policy
    as_of: int

    def calendar(self, freq: str) -> Calendar:
        """Return the calendar of a frequency."""

    def extent(self, freq: str) -> tuple[int, int, int]:
        """Return the first period, the number of periods, and the last one observed in full."""


@dataclass(frozen=True, eq=False)
class Valuation:
    """The currency of each span, and how the rates of each moved against the constant ones.

    Currency 0 is every one whose rate does not move; `curves` has the days and factors of the others, `begin` the day
    of the first span.
    """

    of_span: NDArray[np.int32]
    names: tuple[str, ...]
    curves: tuple[Curve, ...]
    begin: int

    @property
    def count(self) -> int:
        """How many currencies there are, those that do not move as one."""
        return len(self.curves) + 1

    def at(self, day: NDArray[Any]) -> NDArray[np.float64]:
        """Return the factor of each currency at some days, as currencies x days."""
        out = np.ones((self.count, len(day)))
        for number, curve in enumerate(self.curves, 1):
            out[number] = _factor(curve, day)
        return out

    def each(self, currency: NDArray[np.int32], day: NDArray[Any]) -> NDArray[np.float64]:
        """Return the factor of one currency and day per element."""
        moments, place = np.unique(day, return_inverse=True)
        found: NDArray[np.float64] = self.at(moments)[currency, place.reshape(-1)]
        return found

    def notes(self, spans: Spans) -> tuple[str, ...]:
        """Return which rates were used, and how many entities pay in several of the currencies, in words."""
        first = np.zeros(len(spans.entity_ids), np.int32)
        first[spans.entity] = self.of_span
        several = np.unique(spans.entity[self.of_span != first[spans.entity]])
        return (self.note, *switching_words(len(several)))

    @property
    def note(self) -> str:
        """Which rates were used, in words."""
        ranges = [
            f"{name} {float(factor.min()):.2%} to {float(factor.max()):.2%}"
            for name, (_, factor) in zip(self.names, self.curves, strict=True)
        ]
        early = [
            f"{name} before {iso_day(int(since_day[0]))} at its first rate"
            for name, (since_day, _) in zip(self.names, self.curves, strict=True)
            if since_day[0] > self.begin
        ]
        said = "; ".join([", ".join(ranges), *early])
        return f"Exchange rates of the day, against the latest known: {said}"


def valuation(
    tables: Mapping[str, Table], spans: Spans, as_of: int, currency: str
) -> Valuation | None:
    """Return the moving rates of a book; None where no rate moves."""
    data = tables[spans.source].data
    if "fx" not in tables or not has(data, "currency"):
        return None
    names, code = encode(data["currency"])
    curves = moving(tables["fx"].data, names.to_pylist(), as_of, currency)
    if not curves:
        return None
    number = {name: place for place, name in enumerate(curves, 1)}
    of_name = np.array([*(number.get(name, 0) for name in names.to_pylist()), 0], np.int32)
    of_row = np.append(of_name[code], np.int32(0))  # the last for spans without a row
    begin = int(spans.start.min()) if len(spans) else as_of
    return Valuation(of_row[spans.lines()], tuple(curves), tuple(curves.values()), begin)


def monthly_rates(
    engine: Dated, tables: Mapping[str, Table], table: str, currency: str
) -> NDArray[np.float64] | float:
    """Return the rate of each row of a table by month: of the last day of its month, as balances are at its end.

    Where rates are constant it is the latest one, as it is for MRR.

    Raises
    ------
    InvalidTablesError
        If a currency has no rate.
    """
    latest, data = currency_rates(tables, table, engine.as_of, currency), tables[table].data
    if engine.policy.fx == "constant" or "fx" not in tables or not has(data, "currency"):
        return latest
    names, code = encode(data["currency"])
    calendar = engine.calendar("M")
    day = np.minimum(calendar.last_day(calendar.ordinal(days(data["month"]))), engine.as_of)
    factor = np.ones(len(day))
    curves = moving(tables["fx"].data, names.to_pylist(), engine.as_of, currency)
    for number, name in enumerate(names.to_pylist()):
        if name in curves:
            mine = code == number
            factor[mine] = _factor(curves[name], day[mine])
    return latest * factor


def _factor(curve: Curve, day: NDArray[Any]) -> NDArray[np.float64]:
    """Return the factor of a currency at some days; before its first rate it is that one."""
    since_day, factor = curve
    found: NDArray[np.float64] = factor[
        np.maximum(np.searchsorted(since_day, day, side="right") - 1, 0)
    ]
    return found


def moving(fx: Any, names: Iterable[str], as_of: int, currency: str) -> dict[str, Curve]:
    """Return the factors of the currencies whose rates move, in the order of their names."""
    found = {name: factors(fx, name, as_of) for name in sorted(names) if name != currency}
    return {name: curve for name, curve in found.items() if curve is not None}


def factors(fx: Any, name: str, as_of: int) -> Curve | None:
    """Return the days from which factors hold, and the factors; None where the rate does not move."""
    mine = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(fx["currency"], name), False)))
    when, rate = days(fx["date"])[mine], numbers(fx["rate"])[mine]
    order = np.argsort(when, kind="stable")
    order = order[when[order] <= as_of]
    if not len(order) or (rate[order] == rate[order[-1]]).all():
        return None
    return when[order], rate[order] / rate[order[-1]]


@dataclass(frozen=True, eq=False)
class Accounts:
    """The ledger per entity, group and currency: of each account the entity, the group and the currency."""

    daily: Ledger
    entity: NDArray[np.int32]
    group: NDArray[np.int32]
    currency: NDArray[np.int32]


def accounts(engine: LocalEngine, valued: Valuation, by: Sequence[str]) -> Accounts:
    """Return the accounts of a grouping."""
    found, many = engine.grouping(by), valued.count
    if found.of_entity is not None:
        daily, entity, currency = engine.split(("currency",), valued.of_span, many)
        return Accounts(daily, entity, found.of_entity[entity], currency)
    assert found.of_span is not None
    code = found.of_span.astype(np.int64) * many + valued.of_span
    daily, entity, cell = engine.split(("currency", tuple(by)), code, len(found) * many)
    return Accounts(daily, entity, cell // many, cell % many)


def valued_moves(
    engine: LocalEngine, valued: Valuation, held: Accounts, freq: str
) -> tuple[Moves, NDArray[np.int32]]:
    """Return the movements of accounts at the rates of their day, with the day of each; transfers stay constant."""
    source, period, kind = engine.kinds(freq)
    daily, events = held.daily, engine.policy.view == "event"
    parts = daily if events else engine.at_periods(daily, freq)
    when = engine.periods(parts, freq) if events else parts.time
    moved = moves_between_groups(parts, when, source, period, kind, held.entity)
    day = parts.time if events else _last_days(engine, freq, held.entity[parts.account], parts.time)
    if engine.policy.return_price == "split":
        owner = held.entity[moved.account]
        moved, origin = split_returns(moved, owner, parts.time, source)
        day = day[origin]
    factor = valued.each(held.currency[moved.account], day)
    amount = np.rint(moved.amount * factor).astype(np.int64)
    pause = None if moved.pause is None else np.rint(moved.pause * factor).astype(np.int64)
    return replace(moved, amount=amount, pause=pause), day


def _last_days(
    engine: LocalEngine, freq: str, entity: NDArray[np.int32], period: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the day of each entity's last change in a period, which is that of all its accounts.

    Were it the account's own, the movements of groups at different rates would not add up to the company.
    """
    daily = engine.entities
    key = (daily.account.astype(np.int64) << 32) + engine.periods(daily, freq)
    mine = (entity.astype(np.int64) << 32) + period
    last: NDArray[np.int32] = daily.time[
        np.maximum(np.searchsorted(key, mine, side="right") - 1, 0)
    ]
    return last


def ends(engine: Dated, freq: str, first: int, periods: int) -> NDArray[np.int64]:
    """Return the last known day of each of so many periods."""
    return ends_of(engine, freq, np.arange(first, first + periods))


def ends_of(engine: Dated, freq: str, ordinals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the last known day of some periods."""
    last = engine.calendar(freq).last_day(ordinals)
    return np.minimum(np.asarray(last, np.int64), engine.as_of)


def movements(
    engine: LocalEngine,
    valued: Valuation,
    constant: Measures,
    freq: str,
    by: Sequence[str],
    bags: int,
    axis: Axis,
) -> Measures:
    """Return the movements of a cube valued at moving rates; its counts are those at constant rates."""
    held = accounts(engine, valued, by)
    moved, _ = valued_moves(engine, valued, held, freq)
    cell, rows = _cells(engine, valued, held, bags), constant["closing"].shape[0]
    sums = movement_cube(moved, cell, rows * valued.count, axis)
    return valued_movements(engine, valued, constant, sums, freq, axis)


def valued_movements(
    engine: Dated,
    valued: Valuation,
    constant: Measures,
    sums: Measures,
    freq: str,
    axis: Axis,
) -> Measures:
    """Return a cube of movements with its money valued: flows per group and currency are, balances are not yet."""
    shape = (constant["closing"].shape[0], valued.count, len(axis))
    flows = {name: sums[name].reshape(shape) for name in FLOWS}
    factor = valued.at(ends_of(engine, freq, axis.ordinals()))
    closing = np.rint(sums["closing"].reshape(shape) * factor).astype(np.int64)
    opening = np.zeros_like(closing)
    opening[:, :, 1:] = closing[:, :, :-1]
    flows["fx"] = closing - opening - sum(flows[name] for name in FLOWS)
    if engine.policy.fx == "spot":
        flows["expansion"] = flows["expansion"] + np.maximum(flows["fx"], 0)
        flows["contraction"] = flows["contraction"] + np.minimum(flows["fx"], 0)
        flows["fx"] = np.zeros_like(closing)
    money = {"opening": opening, **flows, "closing": closing}
    return {**constant, **{name: value.sum(axis=1) for name, value in money.items()}}


def _cells(engine: LocalEngine, valued: Valuation, held: Accounts, bags: int) -> NDArray[np.int32]:
    group = held.group.astype(np.int64)
    if bags:
        group = group * bags + engine.bags(bags)[held.entity]
    return (group * valued.count + held.currency).astype(np.int32)


def pairs(
    engine: LocalEngine,
    valued: Valuation,
    constant: Measures,
    window: int,
    freq: str,
    by: Sequence[str],
    bags: int,
    axis: Axis,
) -> Measures:
    """Return the money of pairs at the rates of the window's start, so that rates of exchange are no retention."""
    held = accounts(engine, valued, by)
    rows = constant["opening"].shape[0]
    cube = pair_cube_between_groups(
        engine.at_periods(held.daily, freq),
        held.entity,
        window,
        _cells(engine, valued, held, bags),
        rows * valued.count,
        axis,
    )
    return valued_pairs(engine, valued, constant, cube, window, freq, axis)


def valued_pairs(
    engine: Dated,
    valued: Valuation,
    constant: Measures,
    cube: Measures,
    window: int,
    freq: str,
    axis: Axis,
) -> Measures:
    """Return a cube of pairs with its money valued, from that per group and currency."""
    shape = (constant["opening"].shape[0], valued.count, len(axis))
    found = {name: cube[name].reshape(shape) for name in MONEY}
    start = valued.at(ends_of(engine, freq, axis.ordinals() - window))
    end = valued.at(ends_of(engine, freq, axis.ordinals())) if engine.policy.fx == "spot" else start
    money = at_rates(found, start, end)
    return {**constant, **{name: value.sum(axis=1) for name, value in money.items()}}


def at_rates(
    found: Mapping[str, NDArray[np.int64]], start: NDArray[Any], end: NDArray[Any]
) -> Measures:
    """Return the money of pairs per currency at the rates of the window's start, the closing at those of its end.

    What the rates do in between counts as expansion or contraction; with the same rates it is nothing. The unit that
    rounding leaves goes to the largest part, so that the parts lead from the opening to the closing.
    """
    money = {name: np.rint(value * start).astype(np.int64) for name, value in found.items()}
    parts = np.stack([money[name] for name in _PARTS])
    rest = money["closing"] - money["opening"] - parts.sum(axis=0)
    np.put_along_axis(
        parts,
        np.abs(parts).argmax(axis=0)[None],
        np.take_along_axis(parts, np.abs(parts).argmax(axis=0)[None], axis=0) + rest,
        axis=0,
    )
    money |= dict(zip(_PARTS, parts, strict=True))
    closing = np.rint(found["closing"] * end).astype(np.int64)
    moved = closing - money["closing"]
    money["expansion"] = money["expansion"] + np.maximum(moved, 0)
    money["contraction"] = money["contraction"] + np.minimum(moved, 0)
    money["closing"] = closing
    money["kept"] = np.rint(np.minimum(found["kept"] * start, found["kept"] * end)).astype(np.int64)
    return money


def triangle_mrr(
    engine: LocalEngine, valued: Valuation, freq: str, group: NDArray[np.int32], groups: int
) -> NDArray[np.int64]:
    """Return MRR per group, cohort and age, each at the rates of its own period; `group` is that of each entity."""
    daily, entity, currency = engine.split(("currency",), valued.of_span, valued.count)
    first, _, full = engine.extent(freq)
    periods = max(full - first + 1, 0)
    cohort = engine.periodic(freq).since[entity]
    cell = (group[entity].astype(np.int64) * valued.count + currency).astype(np.int32)
    parts = engine.at_periods(daily, freq)
    cube = triangle_cube(parts, cell, groups * valued.count, first, periods, cohort)["mrr"]
    return valued_triangle(engine, valued, cube, freq)


def valued_triangle(
    engine: Dated, valued: Valuation, cube: NDArray[np.int64], freq: str
) -> NDArray[np.int64]:
    """Return MRR per group, cohort and age at the rates of its period, from that per group and currency."""
    first, _, full = engine.extent(freq)
    periods = max(full - first + 1, 0)
    cube = cube.reshape(len(cube) // valued.count, valued.count, periods, periods)
    factor = valued.at(ends(engine, freq, first, 2 * periods))
    when = np.add.outer(np.arange(periods), np.arange(periods))
    at = factor[:, when] if periods else np.ones((valued.count, 0, 0))
    out: NDArray[np.int64] = np.rint(cube * at).astype(np.int64).sum(axis=1)
    return out

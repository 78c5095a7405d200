"""The cubes of the local engine: movements and pairs at every period or at the stops that are shown, and cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine import valued, valued_pairs
from saasmetrics.engine.axis import Axis, at_stops
from saasmetrics.engine.cohorts import age_cube, triangle_cube
from saasmetrics.engine.cubes import HELD, Cube, refuse_large
from saasmetrics.engine.group_pairs import pair_cube_between_groups
from saasmetrics.engine.movements import movement_cube, streamed_cube
from saasmetrics.engine.pairs import pair_cube

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine


LONG = 1 << 20  # changes from which movements are counted as they are made


def axis_of(engine: LocalEngine, freq: str, stops: Sequence[int] = ()) -> Axis:
    """Return the periods of a frequency that cubes are summed at."""
    first, periods, _ = engine.extent(freq)
    return Axis(first, periods, tuple(stops))


def bagged(engine: LocalEngine, group: NDArray[np.int32], bags: int) -> NDArray[np.int32]:
    """Split the group of each entity in so many bags."""
    return (group.astype(np.int64) * bags + engine.bags(bags)).astype(np.int32)


def movements(
    engine: LocalEngine, freq: str, by: Sequence[str], bags: int, stops: Sequence[int]
) -> Cube:
    """Return opening, movements, closing and counts, per group (and bag) and period or stop."""
    rates = engine.valuation
    if stops and rates is not None and engine.policy.fx == "spot":
        # What rates do is a gain or a loss of each period by itself, so that periods do not add up.
        return at_stops(engine.movements(freq, by, bags), stops, flows=True)
    found, axis = engine.grouping(by), axis_of(engine, freq, stops)
    refuse_large(found, len(axis))
    refuse_large(found, len(axis) * bags, HELD)
    group = found.of_entity
    if bags and group is not None:
        group, many = bagged(engine, group, bags), len(found) * bags
    else:
        many, bags = len(found), 0
    if group is not None and len(engine.entities) > LONG and engine.policy.return_price != "split":
        # What is kept of so many movements would take as much memory as the ledger.
        cube = streamed_cube(*engine.kinds(freq), group, many, axis)
    else:
        moved, of_account = engine.moved(freq, by)
        cube = movement_cube(moved, of_account if group is None else group, many, axis)
    if rates is not None:
        cube = valued.movements(engine, rates, cube, freq, by, bags, axis)
    return Cube(found, cube, axis.first, bags)


def pairs(
    engine: LocalEngine, window: int, freq: str, by: Sequence[str], bags: int, stops: Sequence[int]
) -> Cube:
    """Return the sums over customers of MRR at each period or stop and `window` periods before."""
    axis = axis_of(engine, freq, stops)
    cube = _constant_pairs(engine, window, freq, by, bags, axis)
    if engine.valuation is not None:
        cube = valued_pairs.pairs(engine, engine.valuation, cube, window, freq, by, bags, axis)
    return Cube(engine.grouping(by), cube, axis.first, bags)


def _constant_pairs(
    engine: LocalEngine, window: int, freq: str, by: Sequence[str], bags: int, axis: Axis
) -> dict[str, NDArray[np.int64]]:
    found = engine.grouping(by)
    refuse_large(found, len(axis))
    refuse_large(found, len(axis) * bags, HELD)
    many = len(found) * max(bags, 1)
    if found.of_entity is not None:
        group = bagged(engine, found.of_entity, bags) if bags else found.of_entity
        ledger = engine.periodic(freq)
        kept = engine.steps(window, freq, axis) if bags else None  # others may be asked by next
        return pair_cube(ledger, window, group, many, axis, kept)
    daily, entity_of, group = engine.accounts(by)
    if bags:
        group = (group.astype(np.int64) * bags + engine.bags(bags)[entity_of]).astype(np.int32)
    parts = engine.at_periods(daily, freq)
    return pair_cube_between_groups(parts, entity_of, window, group, many, axis)


def triangle(engine: LocalEngine, freq: str, by: Sequence[str], bags: int) -> Cube:
    """Return customers, MRR and running minimum per group (and bag), cohort and age."""
    first, _, full = engine.extent(freq)
    periods = max(full - first + 1, 0)
    found, group = engine.grouping(by), engine.origin(by)
    refuse_large(found, periods * periods * max(bags, 1), HELD)
    group = bagged(engine, group, bags) if bags else group
    many = len(found) * max(bags, 1)
    asked = (group, many, first, periods)
    cube = triangle_cube(engine.periodic(freq), *asked)
    cube["constant"] = cube["mrr"]
    if engine.valuation is not None:
        cohort = engine.periodic(freq).since
        money = triangle_cube(engine.at_first_rates(freq), *asked, cohort)
        cube |= {"constant": money["mrr"], "floor": money["floor"], "point": money["point"]}
        cube["mrr"] = valued.triangle_mrr(engine, engine.valuation, freq, *asked, cohort)
    return Cube(found, cube, first, bags)


def ages(engine: LocalEngine, freq: str, by: Sequence[str], bags: int) -> Cube:
    """Return customers, MRR and everybody won per group (and bag) and age, over those old enough."""
    first, _, full = engine.extent(freq)
    found, group = engine.grouping(by), engine.origin(by)
    group = bagged(engine, group, bags) if bags else group
    many, width = len(found) * max(bags, 1), max(full - first + 1, 0)
    refuse_large(found, width * max(bags, 1), HELD)
    asked = (group.astype(np.int64), many, width, full)
    cube = age_cube(engine.periodic(freq), *asked)
    if engine.rates_move:
        money = age_cube(engine.at_first_rates(freq), *asked, engine.periodic(freq).since)
        cube |= {name: money[name] for name in ("mrr", "oldest")}
    return Cube(found, cube, 0, bags)

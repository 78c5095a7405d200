"""What each cube is as one query: a row per group and period, with the names of the groups and dates of periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from saasmetrics.engine.causes import CAUSE_COLUMN
from saasmetrics.engine.cohorts import AGES, TRIANGLE
from saasmetrics.engine.movements import FLOWS
from saasmetrics.engine.pairs import COUNTS
from saasmetrics.engine.portable import movements as movement
from saasmetrics.engine.portable import pairs as pair
from saasmetrics.engine.portable import terms as term
from saasmetrics.engine.portable.lifetimes import DIMS, lifetime_cells
from saasmetrics.engine.portable.told import in_words, step
from saasmetrics.engine.portable.triangle import cohort_cells
from saasmetrics.engine.portable.whole import running, summed, where
from saasmetrics.engine.valued import CHANGED
from saasmetrics.engine.written import moving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from saasmetrics.engine.portable import PortableEngine
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar
    from saasmetrics.policy import Policy

_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_SPLIT = tuple(name for name in FLOWS if name != "fx")
_LEVELS = {"change": "closing", "paying": "customers_closing"}


def movements(
    engine: PortableEngine, policy: Policy, freq: str = "M", by: Sequence[str] = ()
) -> Any:
    """Return opening, movements and closing per group and period in which anything moved."""
    calendar = engine.calendar(freq)
    alone = engine.basis.of_customers(by)
    cells = movement.movement_cells(engine.daily(by), calendar, policy, alone=alone)
    cells = step(cells, "sums", "sums of the movements of each period")
    cells, moves = _moves_from_start(engine, cells, calendar)
    valued = moving.movements(engine, policy, freq, by) if engine.basis.curves else None
    if valued is not None:
        every = tuple(dict.fromkeys((*moves, *moves.values(), *movement.COUNTS)))
        cells = moving.at_every_period(engine, cells, freq, every)
    for change, level in _LEVELS.items():
        before = level.replace("closing", "opening")
        cells = cells.with_columns(running(change, ["group"], "period").alias(level))
        cells = cells.with_columns((nw.col(level) - nw.col(moves[change])).alias(before))
    money = [n for n in ("opening", *FLOWS, "closing") if n != "fx" or valued is not None]
    counts = ("customers_opening", *movement.COUNTS, "customers_closing")
    if valued is not None:
        others = [name for name in counts if name not in CHANGED]
        cells = valued.join(cells.select("group", "period", *others), on=["group", "period"])
    cells = _windowed(engine, cells, calendar, "period")
    return _shown(engine, cells, calendar, by, {"period": "period"}, (*money, *counts))


def pairs(
    engine: PortableEngine,
    policy: Policy,
    window: int,
    freq: str = "M",
    by: Sequence[str] = (),
) -> Any:
    """Return the sums over customers of MRR at each period and `window` periods before."""
    calendar, aside = engine.calendar(freq), policy.pause == "line"
    first, periods, _ = engine.extent(freq)
    last = first + periods - 1
    alone = engine.basis.of_customers(by)
    cells = pair.pair_cells(engine.daily(by), calendar, window, last, aside=aside, alone=alone)
    cells = step(cells, "sums", "by how much the sums over customers change")
    cells = _from_start(engine, cells, calendar, "time", ["group"], pair.MEASURES)
    if engine.basis.curves:
        money = moving.pairs(engine, policy, window, freq, by)
        counts = cells.rename({"time": "period"}).select("group", "period", *COUNTS)
        counts = moving.at_every_period(engine, counts, freq, COUNTS, window)
        counts = counts.with_columns(*_running(COUNTS, ["group"], "period"))
        found = money.join(counts, on=["group", "period"])
        found = _windowed(engine, found, calendar, "period")
        return _shown(engine, found, calendar, by, {"period": "period"}, pair.MEASURES)
    if by:
        times = step(
            cells.select("time").unique(), "times", "the periods in which anything changes"
        )
        cells = _filled(cells, times, ["group"], "time", pair.MEASURES)
    else:
        cells = cells.with_columns(*_running(pair.MEASURES, ["group"], "time"))
    return _shown(engine, cells, calendar, by, {"time": "period"}, pair.MEASURES)


def triangle(
    engine: PortableEngine, policy: Policy, freq: str = "M", by: Sequence[str] = ()
) -> Any:
    """Return customers, MRR and its running minimum per group, cohort and age."""
    del policy
    calendar, moves = engine.calendar(freq), engine.basis.curves
    cells, measures = cohort_cells(engine, freq, by), tuple(TRIANGLE)
    if moves:
        cells = cells.rename({"mrr": "constant"})
        measures = tuple("constant" if name == "mrr" else name for name in TRIANGLE)
    cells = cells.with_columns(time=nw.col("cohort") + nw.col("age")).drop("age")
    cells = _from_start(engine, cells, calendar, "time", ["group", "cohort"], measures)
    times = moving.times(engine, freq) if moves else cells.select("time").unique()
    filled = _filled(cells, times, ["group", "cohort"], "time", measures)
    if moves:
        valued = moving.triangle(engine, freq, by).rename({"period": "time"})
        filled = filled.join(valued, on=["group", "cohort", "time"])
    filled = _windowed(engine, filled, calendar, "time")
    filled = filled.with_columns(age=nw.col("time") - nw.col("cohort")).filter(nw.col("age") >= 0)
    columns = dict.fromkeys(("age", *TRIANGLE, *measures))
    return _shown(engine, filled, calendar, by, {"cohort": "cohort"}, tuple(columns))


def ages(engine: PortableEngine, policy: Policy, freq: str = "M", by: Sequence[str] = ()) -> Any:
    """Return customers, MRR and everybody won per group and age, over those old enough."""
    del policy
    calendar, full = engine.calendar(freq), engine.extent(freq)[2]
    cells = cohort_cells(engine, freq, by)
    cells = step(cells, "by_cohort", "by how much each cohort changes at each age")
    none, born = nw.lit(0).cast(nw.Int64), where(nw.col("age") == 0, nw.col("customers"))
    lives = cells.select("group", "age", "customers", "mrr", won=born, oldest=none)
    totals = summed(cells.with_columns(won=born), ("group", "cohort"), AGES[:-1])
    totals = step(totals, "in_the_end", "each cohort in the last period")
    until = full - nw.col("cohort")
    leaves = totals.select(
        "group",
        *(minus for minus in _minus(("customers", "mrr", "won"))),
        age=until + 1,
        oldest=none,
    )
    oldest = totals.select(
        "group", customers=none, mrr=none, won=none, age=until, oldest=nw.col("mrr")
    )
    order = ("group", "age", *AGES)
    every = nw.concat([frame.select(*order) for frame in (lives, leaves, oldest)])
    found = summed(every, ("group", "age"), AGES)
    found = step(
        found,
        "sums",
        "by how much each sum changes at an age: cohorts are added up while they are that old",
    )
    found = found.with_columns(*_running(AGES[:-1], ["group"], "age"))
    found = found.filter(nw.col("age") <= full - engine.extent(freq)[0])
    return _shown(engine, found, calendar, by, {}, ("age", *AGES))


def _minus(names: Sequence[str]) -> Iterator[nw.Expr]:
    return ((nw.col(name) * -1).alias(name) for name in names)


def lifetimes(
    engine: PortableEngine,
    policy: Policy,
    freq: str = "M",
    by: Sequence[str] = (),
    cause: str = CAUSE_COLUMN,
    since: int | None = None,
) -> Any:
    """Return customers and starting MRR per group, duration, entry, event and cause."""
    del policy
    calendar = engine.calendar(freq)
    left = None if since is None else calendar.of(np.datetime64(since - 1, "D"))
    cells = lifetime_cells(engine, engine.caused(cause), freq, by, left)
    return _shown(engine, cells, calendar, by, {}, (*DIMS, "customers", "mrr_micro"))


def terms(
    engine: PortableEngine,
    policy: Policy,
    freq: str = "M",
    by: Sequence[str] = (),
    grace_days: int = 90,
    early_days: int = 90,
    as_of: int = 0,
) -> Any:
    """Return the terms that end per group and period, by outcome."""
    del policy
    calendar = engine.calendar(freq)
    cells = term.term_cells(engine.pieces(by), calendar, as_of, grace_days, early_days)
    return _shown(engine, cells, calendar, by, {"period": "period"}, term.MEASURES)


def _start(engine: PortableEngine, calendar: Calendar) -> int | None:
    """Return the period in which the window of a book begins, None if it has none."""
    since = engine.since_day
    return None if since is None else int(calendar.ordinal(np.array([since]))[0])


def _from_start(
    engine: PortableEngine,
    cells: Frame,
    calendar: Calendar,
    time: str,
    keys: Sequence[str],
    levels: Sequence[str],
    flows: Sequence[str] = (),
) -> Frame:
    """Put what changed levels before the window into its first period, without what moved then."""
    start = _start(engine, calendar)
    if start is None:
        return cells
    seen = nw.col(time) >= start
    moved = [where(seen, nw.col(name)).cast(nw.Int64).alias(name) for name in flows]
    inside = nw.when(seen).then(nw.col(time)).otherwise(start).cast(nw.Int64)
    cells = cells.with_columns(*moved, _inside=inside).drop(time).rename({"_inside": time})
    cells = summed(cells, (*keys, time), (*levels, *flows))
    return step(cells, "in_window", "what was before the window is there in its first period")


def _moves_from_start(
    engine: PortableEngine, cells: Frame, calendar: Calendar
) -> tuple[Frame, dict[str, str]]:
    """Return movements from the window's start on, and in which column each level's change within it is."""
    if engine.since_day is None:
        return cells, {name: name for name in _LEVELS}
    moves = {name: f"_{name}" for name in _LEVELS}
    cells = cells.with_columns(**{own: nw.col(name) for name, own in moves.items()})
    flows = [*moves.values(), *_SPLIT, *movement.COUNTS]
    return _from_start(engine, cells, calendar, "period", ["group"], [*_LEVELS], flows), moves


def _windowed(engine: PortableEngine, cells: Frame, calendar: Calendar, time: str) -> Frame:
    """Keep the periods of the window."""
    start = _start(engine, calendar)
    return cells if start is None else cells.filter(nw.col(time) >= start)


def _filled(
    cells: Frame, times: Frame, keys: Sequence[str], time: str, measures: Sequence[str]
) -> Frame:
    """Turn changes into levels, at every time at which anything changes in any group."""
    groups = step(cells.select(*keys).unique(), "all_groups", "every group once")
    spread = step(groups.join(times, how="cross"), "spread", "every group at every time")
    found = spread.join(cells, on=[*keys, time], how="left")
    found = found.with_columns(nw.col(*measures).fill_null(0).cast(nw.Int64))
    return found.with_columns(*_running(measures, keys, time))


def _running(measures: Sequence[str], keys: Sequence[str], time: str) -> Iterator[nw.Expr]:
    return (running(name, keys, time).alias(name) for name in measures)


def _shown(
    engine: PortableEngine,
    cells: Frame,
    calendar: Calendar,
    by: Sequence[str],
    periods: dict[str, str],
    measures: Sequence[str],
) -> Any:
    """Return a query of Ibis: names of groups, dates of periods, measures, in order."""
    groups = None
    if by:
        basis, names = engine.basis, [f"_by{number}" for number in range(len(by))]
        whose = basis.members(by) if basis.of_customers(by) else basis.pieces(by)
        groups = step(whose.select("group", *names).unique(), "groups", "the names of the groups")
    return shown(cells, groups, calendar, by, periods, measures)


def shown(
    cells: Frame,
    groups: Frame | None,
    calendar: Calendar,
    by: Sequence[str],
    periods: dict[str, str],
    measures: Sequence[str],
) -> Any:
    """Return cells with the names of their groups and the dates of their periods.

    Parameters
    ----------
    cells
        The cells, by `group`.
    groups
        The names of each, as `_by0`, `_by1`, ...
    calendar
        The periods.
    by
        What these names are of.
    periods
        Columns of periods -> what their dates are called.
    measures
        The columns that are shown.
    """
    for period, date in periods.items():
        cells = _with_date(cells, calendar, period, f"_{date}")
    names = [f"_by{number}" for number in range(len(by))]
    if by and groups is not None:
        cells = cells.join(groups, on="group")
    found = cells.to_native()
    labels = {column: found[name] for column, name in zip(by, names, strict=True)}
    dates = {date: found[f"_{date}"] for date in periods.values()}
    told = found.select(**labels, **dates, **{name: found[name] for name in measures})
    order = [*labels, *dates, *(name for name in ("age", *DIMS) if name in measures)]
    return told.order_by(order)


def _with_date(cells: Frame, calendar: Calendar, period: str, made: str) -> Frame:
    """Add the date on which each period begins."""
    if calendar.freq in _MONTHS:
        shift = 0 if calendar.freq == "M" else calendar.fiscal_start - 1
        months = nw.col(period) * _MONTHS[calendar.freq] + shift
        found = in_words(cells.with_columns(_months=months), "first_of", "_months", made)
    else:
        days = nw.col(period) * 7 - 3 if calendar.freq == "W" else nw.col(period)
        found = in_words(cells.with_columns(_day=days), "date_of", "_day", made)
    assert found is not None  # as cells are only made where queries are read
    return found

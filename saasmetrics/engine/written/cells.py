"""What each cube is as one query: a row per group and period, with the names of the groups and dates of periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from saasmetrics.engine.causes import CAUSE_COLUMN
from saasmetrics.engine.cohorts import TRIANGLE
from saasmetrics.engine.movements import FLOWS
from saasmetrics.engine.portable import movements as movement
from saasmetrics.engine.portable import pairs as pair
from saasmetrics.engine.portable import terms as term
from saasmetrics.engine.portable.lifetimes import DIMS, lifetime_cells
from saasmetrics.engine.portable.triangle import triangle_cells
from saasmetrics.engine.portable.whole import divided, running, with_first_day, with_month
from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable import PortableEngine
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar
    from saasmetrics.policy import Policy

_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_LEVELS = {"change": "closing", "paying": "customers_closing"}


def movements(
    engine: PortableEngine, policy: Policy, freq: str = "M", by: Sequence[str] = ()
) -> Any:
    """Return opening, movements and closing per group and period in which anything moved."""
    calendar = engine.calendar(freq)
    cells = movement.movement_cells(engine.daily(by), calendar, policy)
    for change, level in _LEVELS.items():
        before = level.replace("closing", "opening")
        cells = cells.with_columns(running(change, ["group"], "period").alias(level))
        cells = cells.with_columns((nw.col(level) - nw.col(change)).alias(before))
    money = [name for name in ("opening", *FLOWS, "closing") if name != "fx"]
    counts = ("customers_opening", *movement.COUNTS, "customers_closing")
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
    cells = pair.pair_cells(engine.daily(by), calendar, window, last, aside=aside)
    filled = _filled(cells, cells.select("time").unique(), ["group"], "time", pair.MEASURES)
    return _shown(engine, filled, calendar, by, {"time": "period"}, pair.MEASURES)


def triangle(
    engine: PortableEngine, policy: Policy, freq: str = "M", by: Sequence[str] = ()
) -> Any:
    """Return customers, MRR and its running minimum per group, cohort and age."""
    del policy
    calendar = engine.calendar(freq)
    cells = triangle_cells(engine.daily(by), calendar, engine.extent(freq)[2])
    cells = cells.with_columns(time=nw.col("cohort") + nw.col("age")).drop("age")
    times = cells.select("time").unique()
    filled = _filled(cells, times, ["group", "cohort"], "time", TRIANGLE)
    filled = filled.with_columns(age=nw.col("time") - nw.col("cohort")).filter(nw.col("age") >= 0)
    return _shown(engine, filled, calendar, by, {"cohort": "cohort"}, ("age", *TRIANGLE))


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
    if cause != CAUSE_COLUMN:
        msg = f"Lifetimes by the cause in {cause!r} have no SQL; those by {CAUSE_COLUMN!r} have."
        raise DataError(msg)
    calendar, full = engine.calendar(freq), engine.extent(freq)[2]
    left = None if since is None else calendar.of(np.datetime64(since - 1, "D"))
    cells = lifetime_cells(engine.daily(by), engine.pieces(), calendar, full, left)
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


def _filled(
    cells: Frame, times: Frame, keys: Sequence[str], time: str, measures: Sequence[str]
) -> Frame:
    """Turn changes into levels, at every time at which anything changes in any group."""
    spread = cells.select(*keys).unique().join(times, how="cross")
    found = spread.join(cells, on=[*keys, time], how="left")
    found = found.with_columns(nw.col(*measures).fill_null(0).cast(nw.Int64))
    return found.with_columns(*(running(name, keys, time).alias(name) for name in measures))


def _shown(
    engine: PortableEngine,
    cells: Frame,
    calendar: Calendar,
    by: Sequence[str],
    periods: dict[str, str],
    measures: Sequence[str],
) -> Any:
    """Return a query of Ibis: names of groups, dates of periods, measures, in order."""
    import ibis

    for period in periods:
        cells = _with_date_parts(cells, calendar, period)
    names = [f"_by{number}" for number in range(len(by))]
    if by:
        basis = engine.basis
        whose = basis.members(by) if basis.of_customers(by) else basis.pieces(by)
        groups = whose.select("group", *names).unique()
        cells = cells.join(groups, on="group")
    found = cells.to_native()
    labels = {column: found[name] for column, name in zip(by, names, strict=True)}
    dates = {
        shown: ibis.date(*(found[f"_{period}_{part}"].cast("int32") for part in "ymd"))
        for period, shown in periods.items()
    }
    shown = found.select(**labels, **dates, **{name: found[name] for name in measures})
    order = [*labels, *dates, *(name for name in ("age", *DIMS) if name in measures)]
    return shown.order_by(order)


def _with_date_parts(cells: Frame, calendar: Calendar, period: str) -> Frame:
    """Add the year, the month and the day on which each period begins."""
    year, month, day = (f"_{period}_{part}" for part in "ymd")
    if calendar.freq in _MONTHS:
        shift = 0 if calendar.freq == "M" else calendar.fiscal_start - 1
        months = nw.col(period) * _MONTHS[calendar.freq] + shift
        cells = cells.with_columns(months.alias("_months"), nw.lit(1).alias(day))
    else:
        days = nw.col(period) * 7 - 3 if calendar.freq == "W" else nw.col(period)
        cells = with_month(cells.with_columns(days.alias("_day")), "_day", "_months")
        cells = with_first_day(cells, "_months", "_first")
        cells = cells.with_columns((nw.col("_day") - nw.col("_first") + 1).alias(day))
    years = divided(nw.col("_months"), 12)
    cells = cells.with_columns(years.alias("_years"))
    in_year = nw.col("_months") - nw.col("_years") * 12
    return cells.with_columns((nw.col("_years") + 1970).alias(year), (in_year + 1).alias(month))

"""Tickets that took longer than those solved before, told apart where they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.facets import ROUNDING, Marked
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.fetched import fenced
from saasmetrics.engine.portable.held import held, settled
from saasmetrics.engine.portable.ticket_facets import facet_cells
from saasmetrics.engine.portable.ticket_marks import ticket_times
from saasmetrics.engine.portable.whole import FAR, flag, summed, with_period

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.facets import Facets, Longer
    from saasmetrics.engine.portable.tickets import Clock
    from saasmetrics.engine.portable.whole import Frame

_SOLVED = Marked("resolution", at="resolution", backwards=True)
_ADDED = ("n", "work")


def limit_cells(tables: Mapping[str, Frame], asked: Longer, clock: Clock) -> Frame:
    """Return the quantile of the seconds to the last solution of the tickets solved before each period.

    Parameters
    ----------
    tables, clock
        As for `facet_cells`.
    asked
        Which quantile, and of which tickets.

    Returns
    -------
    Frame
        period, limit; 0 stands for every period where the days are fixed. Periods after none that was solved are not
        there.
    """
    # What was solved before counts whenever it was created.
    solved = replace(_SOLVED, hours=asked.hours)
    found, _ = ticket_times(tables, (), solved, replace(clock, since=-FAR))
    if asked.days is not None:
        first, last = asked.days
        found = found.filter(nw.col("_day") >= first, nw.col("_day") <= last)
        found = found.with_columns(period=nw.lit(0).cast(nw.Int64))
    else:
        found = fenced(with_period(held(found), clock.calendar, "_day"))
    keys = ("period", "_time")
    found = found.with_columns(n=nw.lit(1).cast(nw.Int64)).select(*keys, "n")
    found = held(summed(found, keys, ("n",)))
    if asked.days is None:
        shifted = [nw.col("period") + before for before in range(1, asked.periods + 1)]
        each = [found.select("_time", "n", period=later.cast(nw.Int64)) for later in shifted]
        found = summed(nw.concat(each), keys, ("n",))
    upto = nw.col("n").cum_sum().over("period", order_by="_time")
    found = found.with_columns(_upto=upto, _all=nw.col("n").sum().over("period"))
    found = settled(found.with_columns(nw.col("_upto", "_all").cast(nw.Float64)))
    reached = nw.col("_upto") >= nw.col("_all") * asked.share - ROUNDING
    return found.filter(reached).group_by("period").agg(limit=nw.col("_time").min())


def tank_cells(
    tables: Mapping[str, Frame],
    columns: Sequence[tuple[str, str]],
    asked: Facets,
    clock: Clock,
) -> Frame:
    """Return tickets that are alike as `facet_cells` does, told apart by whether they took longer than those before.

    Parameters
    ----------
    tables, columns, clock
        As for `facet_cells`.
    asked
        With `longer`, and the seconds to the last solution together.

    Returns
    -------
    Frame
        As of `facet_cells`, with `beyond_0`: 1 for those that took longer.
    """
    longer = asked.longer
    assert longer is not None
    each = replace(asked, longer=None, together=False)
    found = held(facet_cells(tables, columns, each, clock))
    target = nw.col("at_resolution") if longer.days is None else nw.lit(0)
    limits = held(limit_cells(tables, longer, clock))
    limits = limits.select(_target=nw.col("period"), _limit=nw.col("limit"))
    found = found.with_columns(_target=target.cast(nw.Int64))
    found = found.join(limits, on="_target", how="left")
    took, known = nw.col("took_resolution"), ~nw.col("_limit").is_null()
    beyond = known & (took > nw.col("_limit").fill_null(0))
    late = nw.when(took < 0).then(-1).otherwise(0).cast(nw.Int64)
    told = {"beyond_0": flag(beyond).cast(nw.Int64), "late_resolution": late}
    found = settled(found.with_columns(**told)).drop("took_resolution", "_limit", "_target")
    keys = [name for name in names(found) if name not in (*_ADDED, "earliest")]
    sums = found.group_by(*keys).agg(nw.col(*_ADDED).sum(), nw.col("earliest").min())
    return sums.with_columns(nw.col(*_ADDED, "earliest").cast(nw.Int64))

"""Quantiles of how long tickets take, found where tickets are: some numbers of each group and period come."""

from __future__ import annotations

from math import log
from statistics import NormalDist
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.facets import GONE, ROUNDING, Facets
from saasmetrics.engine.portable.fetched import fenced
from saasmetrics.engine.portable.held import held, settled
from saasmetrics.engine.portable.ticket_facets import told_tickets
from saasmetrics.engine.portable.whole import FAR, with_period

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.facets import Marked
    from saasmetrics.engine.portable.tickets import Clock
    from saasmetrics.engine.portable.whole import Frame


def mark_cells(
    tables: Mapping[str, Frame],
    columns: Sequence[tuple[str, str]],
    asked: Marked,
    clock: Clock,
) -> Frame:
    """Return quantiles, the edges of one, and the longest time of the tickets of each group and period.

    Parameters
    ----------
    tables, columns, clock
        As for `facet_cells`.
    asked
        Which quantiles of what.

    Returns
    -------
    Frame
        `_by0`, `_by1`, ... (the columns), period, `mark_0`, `mark_1`, ..., low, high, longest: in seconds, of work in
        thousandths; missing where it is not known yet.
    """
    found, by = ticket_times(tables, columns, asked, clock)
    keys = [*by, "period"]
    # Kept, or the period would be told anew, from the clock, wherever its parts are named.
    found = fenced(with_period(held(found), clock.calendar, "_day"))
    found = _with_curve(found, keys)
    over, time = nw.col("_over") == 1, nw.col("_time")
    marks = {f"mark_{i}": _falls_to(share) for i, share in enumerate(asked.shares)}
    marks |= _edges(*asked.edges) if asked.edges is not None else {}
    some = {name: nw.when(over & there).then(time) for name, there in marks.items()}
    found = settled(found.select(*keys, _longest=time, **some))
    least = [nw.col(name).min() for name in some]
    return found.group_by(*keys).agg(*least, longest=nw.col("_longest").max())


def ticket_times(
    tables: Mapping[str, Frame],
    columns: Sequence[tuple[str, str]],
    asked: Marked,
    clock: Clock,
) -> tuple[Frame, list[str]]:
    """Return tickets that count with the day, the time and whether it is over: `_day`, `_time`, `_over`; and columns.

    Parameters
    ----------
    tables, columns, asked, clock
        As for `mark_cells`.
    """
    work = asked.took == "work"
    looks = Facets(over=("first_resolution",), work=True) if work else asked.facets
    found, by, _, told = told_tickets(tables, columns, looks, clock)
    took = nw.col("_work") if work else told.pop(looks.took_as(asked.took))
    over = told["over_first_resolution" if work else f"over_{asked.took}"]
    kept = {name: told[name] for name in ("backwards", "timed") if name in told}
    answered = told["over_first_resolution"] if asked.took == "first_reply" else nw.lit(0)
    found = found.select(
        *by,
        nw.col("d_created"),
        nw.col(f"d_{asked.at}").alias("_day"),
        _time=took.cast(nw.Int64),
        _over=over,
        _solved=answered.cast(nw.Int64),
        **kept,
    )
    mine = (nw.col("d_created") >= clock.since) & (nw.col("_day") < FAR) & (nw.col("_time") >= 0)
    # What was solved without a reply on record has no time of reply.
    mine = mine & ((nw.col("_over") == 1) | (nw.col("_solved") == 0))
    if work:
        mine = mine & (nw.col("timed") == 1) & (nw.col("_over") == 1)
    if asked.backwards:
        mine = mine & (nw.col("backwards") == 0)
    return settled(found).filter(mine).select(*by, "_day", "_time", "_over"), by


def _with_curve(found: Frame, keys: Sequence[str]) -> Frame:
    """Add the Kaplan-Meier curve of each group to its tickets, each taken one after another, as `curves` does.

    Adds `_log`, the logarithm of the share that takes longer, and `_spread`, Greenwood's sum up to the ticket.
    """
    found = found.with_columns(_still=1 - nw.col("_over"), _one=nw.lit(1).cast(nw.Int64))
    left = nw.col("_one").cum_sum(reverse=True).over(*keys, order_by=["_time", "_still"])
    found = settled(found.with_columns(_left=left.cast(nw.Float64)))
    over, last = nw.col("_over") == 1, nw.col("_left") <= 1
    left = nw.when(last).then(2.0).otherwise(nw.col("_left"))
    step = nw.when(over & last).then(GONE).otherwise((1.0 - 1.0 / left).log())
    step = nw.when(over).then(step).otherwise(0.0)
    spread = nw.when(over & ~last).then(1.0 / (left * (left - 1.0))).otherwise(0.0)
    found = settled(found.with_columns(_step=step, _part=spread, _place=-nw.col("_left")))
    sums = {"_log": nw.col("_step"), "_spread": nw.col("_part")}
    running = {name: each.cum_sum().over(*keys, order_by="_place") for name, each in sums.items()}
    return settled(found.with_columns(**running))


def _falls_to(share: float) -> nw.Expr:
    return nw.col("_log") <= log(1 - share + ROUNDING)


def _edges(share: float, level: float) -> dict[str, nw.Expr]:
    """Return where the band of the curve falls to a quantile: the band of log(-log S), solved for its width."""
    gone = nw.col("_log") < log(ROUNDING)
    fallen = nw.when(nw.col("_log") < 0).then(-nw.col("_log")).otherwise(1.0)
    aim = log(-log(1 - share + ROUNDING))
    width = fallen * (aim - fallen.log())
    reach = NormalDist().inv_cdf(0.5 + level / 2) ** 2 * nw.col("_spread")
    low = gone | (width <= 0) | (reach >= width * width)
    high = ~gone & (width <= 0) & (reach <= width * width)
    return {"low": low, "high": high}

"""Terms: lines that end, and whether their customer goes on paying."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.whole import FAR, flag, summed, where, with_period
from saasmetrics.engine.terms import OUTCOMES

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

MEASURES = (
    "terms",
    "expiring",
    "kept",
    "next",
    *(f"{name}_{outcome}" for outcome in OUTCOMES for name in ("terms", "expiring")),
)


def term_cells(
    pieces: Frame, calendar: Calendar, as_of: int, grace_days: int, early_days: int
) -> Frame:
    """Return expiring terms and MRR per group and period, by outcome.

    Notes
    -----
    A term is renewed when the same entity starts another on the day it ends, or has started one in the `early_days`
    before that still runs then; late when it does within `grace_days`, open while the grace still runs at the as-of
    day, and lost otherwise. A renewal counts up to the expiring MRR (`kept`); `next` is the MRR of the term that
    follows, the largest where several start that day; of early ones that of the last.
    """
    pieces = pieces.filter(~nw.col("line").is_null())  # usage charges have no term
    pieces = pieces.with_columns(
        _opens=nw.col("start").min().over("entity", "line"),
        _closes=nw.col("start").max().over("entity", "line"),
    )
    opens = pieces.filter(nw.col("start") == nw.col("_opens"))
    starts = opens.group_by("entity", "start").agg(next=nw.col("amount").max())
    ends = pieces.filter(nw.col("start") == nw.col("_closes"), nw.col("end") < FAR)
    lines = opens.select("entity", "line", "start", "amount").join(
        pieces.filter(nw.col("start") == nw.col("_closes")).select("entity", "line", over="end"),
        on=["entity", "line"],
    )
    found = ends.select("entity", "group", "end", "amount")
    found = found.join(following(ends, starts), on=["entity", "end"], how="left")
    found = found.join(sooner(ends, lines, early_days), on=["entity", "end"], how="left")
    found = with_outcome(found, as_of, grace_days)
    return summed(with_period(found, calendar, day="end"), ("group", "period"), MEASURES)


def following(ends: Frame, starts: Frame) -> Frame:
    """Return for each entity and end the first start on or after it, and the MRR that starts then."""
    days = nw.concat(
        [
            ends.select(
                "entity", day=nw.col("end"), start=nw.lit(FAR).cast(nw.Int64), starts=nw.lit(0)
            ),
            starts.select("entity", "start", day=nw.col("start"), starts=nw.lit(1)).select(
                "entity", "day", "start", "starts"
            ),
        ]
    )
    ahead = nw.col("start").cum_min(reverse=True).over("entity", order_by=["day", "starts"])
    days = days.unique().with_columns(start=ahead.cast(nw.Int64)).filter(nw.col("starts") == 0)
    days = days.select("entity", "start", end=nw.col("day"))
    return days.join(starts, on=["entity", "start"], how="left")


def sooner(ends: Frame, lines: Frame, early_days: int) -> Frame:
    """Return for each entity and end the MRR of the last line that started in the days before and runs at it."""
    pairs = ends.select("entity", "end").unique().join(lines, on="entity")
    pairs = pairs.filter(
        nw.col("start") < nw.col("end"),
        nw.col("start") >= nw.col("end") - early_days,
        nw.col("over") > nw.col("end"),
    )
    pairs = pairs.with_columns(_last=nw.col("start").max().over("entity", "end"))
    last = pairs.filter(nw.col("start") == nw.col("_last"))
    return last.group_by("entity", "end").agg(early=nw.col("amount").max())


def with_outcome(found: Frame, as_of: int, grace_days: int) -> Frame:
    """Sort each term into what became of it."""
    wait = nw.col("start") - nw.col("end")
    waits = nw.when(nw.col("end") + grace_days > as_of).then(3).otherwise(2)
    late = nw.when(wait <= grace_days).then(1).otherwise(waits)
    before = ~nw.col("early").is_null() & (wait.fill_null(FAR) > 0)
    on_time = wait.fill_null(FAR) <= 0
    found = found.with_columns(_outcome=nw.when(on_time | before).then(0).otherwise(late))
    follows = nw.when(before).then(nw.col("early")).otherwise(nw.col("next").fill_null(0))
    then = where(nw.col("_outcome") <= 1, follows).cast(nw.Int64)
    found = found.with_columns(next=then, expiring=nw.col("amount"), terms=nw.lit(1))
    found = found.with_columns(kept=nw.min_horizontal("next", "amount"))
    for number, outcome in enumerate(OUTCOMES):
        mine = nw.col("_outcome") == number
        found = found.with_columns(
            where(mine, nw.col("amount")).alias(f"expiring_{outcome}"),
            flag(mine).alias(f"terms_{outcome}"),
        )
    return found

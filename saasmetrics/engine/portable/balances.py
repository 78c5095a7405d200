"""Changes of MRR, and the balances that they add up to: one row per account and time at which something changes.

An account is the part of an entity in one group. Nothing here, or after, has a row for a customer in a month in
which nothing happens to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.whole import FAR, running, summed, where, with_period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

CHANGES = ("mrr_change", "paused_change")
ACCOUNT = ("entity", "group")


def daily_changes(pieces: Frame) -> Frame:
    """Return entity, group, day and the changes of MRR and of paused MRR on it."""
    starts = pieces.select(*ACCOUNT, "amount", "rests", day=nw.col("start"))
    ends = pieces.filter(nw.col("end") < FAR).select(
        *ACCOUNT, "rests", amount=nw.col("amount") * -1, day=nw.col("end")
    )
    events = nw.concat([starts, ends.select(*ACCOUNT, "amount", "rests", "day")]).with_columns(
        mrr_change=where(nw.col("rests") == 0, nw.col("amount")),
        paused_change=where(nw.col("rests") == 1, nw.col("amount")),
    )
    return real(summed(events, (*ACCOUNT, "day"), CHANGES))


def real(changes: Frame) -> Frame:
    """Leave out the times at which changes cancel."""
    return changes.filter((nw.col("mrr_change") != 0) | (nw.col("paused_change") != 0))


def changes_at(daily: Frame, calendar: Calendar, *, events: bool) -> Frame:
    """Return changes with their `time` and `period`: every day's, or only what the ends of periods see."""
    dated = with_period(daily, calendar)
    if events:
        return dated.with_columns(time=nw.col("day"))
    seen = real(summed(dated, (*ACCOUNT, "period"), CHANGES))
    return seen.with_columns(time=nw.col("period"))


def of_entities(changes: Frame) -> Frame:
    """Return the changes of whole entities, also at times when only their parts change."""
    return summed(changes, ("entity", "time", "period"), CHANGES)


def with_balances(changes: Frame, keys: Sequence[str], time: str = "time") -> Frame:
    """Add `mrr`, `paused` and `held` (both: who holds something is a customer) after each change, and held before."""
    out = changes.with_columns(
        mrr=running("mrr_change", keys, time), paused=running("paused_change", keys, time)
    )
    held = nw.col("mrr") + nw.col("paused")
    return out.with_columns(
        held=held, held_before=held - nw.col("mrr_change") - nw.col("paused_change")
    )


def began(entities: Frame) -> Frame:
    """Return when each entity first held MRR, as `since`."""
    return entities.filter(nw.col("held") > 0).group_by("entity").agg(since=nw.col("time").min())


def origins(daily: Frame) -> Frame:
    """Return one group per entity: that of most of its MRR on its first day."""
    first = with_balances(daily, ACCOUNT, "day")
    first = first.with_columns(_first=nw.col("day").min().over("entity"))
    first = first.filter(nw.col("day") == nw.col("_first"))
    first = first.with_columns(_most=nw.col("mrr").max().over("entity"))
    first = first.filter(nw.col("mrr") == nw.col("_most"))
    return first.group_by("entity").agg(group=nw.col("group").max())


def transfer(change: nw.Expr | str, *, moving: nw.Expr) -> nw.Expr:
    """Return the part of each account's change that only moves between the groups of its entity at that time.

    The smaller of all gains and all losses moves. It fills the changes in the order of the groups.
    """
    change = nw.col(change) if isinstance(change, str) else change
    here = ("entity", "time")
    gain, loss = where(change > 0, change), where(change < 0, change * -1)
    gains, losses = gain.sum().over(*here), loss.sum().over(*here)
    moved = nw.when(moving & (gains < losses)).then(gains).otherwise(where(moving, losses))

    def part(size: nw.Expr) -> nw.Expr:
        left = moved - (size.cum_sum().over(*here, order_by="group") - size)
        return nw.when(left < size).then(where(left > 0, left)).otherwise(size).cast(nw.Int64)

    return part(gain) - part(loss)

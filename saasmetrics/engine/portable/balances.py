"""Changes of MRR, and the balances that they add up to: one row per account and time at which something changes.

An account is the part of an entity in one group. Nothing here, or after, has a row for a customer in a month in
which nothing happens to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import FAR, divided, running, summed, where, with_period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.rates import Rates
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
        found = dated.with_columns(time=nw.col("day"))
        return step(found, "dated", "changes with their day and period")
    seen = real(summed(dated, (*ACCOUNT, "period"), CHANGES))
    return step(
        seen.with_columns(time=nw.col("period")),
        "at_ends",
        "what the end of each period sees of the changes",
    )


def of_entities(changes: Frame) -> Frame:
    """Return the changes of whole entities, also at times when only their parts change."""
    found = summed(changes, ("entity", "time", "period"), CHANGES)
    return step(found, "of_customers", "changes of whole customers")


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
    """Return when each entity first paid, as `since`."""
    return step(_first(entities, "mrr"), "began", "when each customer first pays")


def first_held(entities: Frame) -> Frame:
    """Return when each entity first was a customer, paying or paused, as `since`."""
    return step(
        _first(entities, "held"), "first_held", "when each customer first pays or is paused"
    )


def _first(entities: Frame, balance: str) -> Frame:
    found = entities.filter(nw.col(balance) > 0).group_by("entity")
    return found.agg(since=nw.col("time").min())


def origins(daily: Frame, rates: Rates | None = None) -> Frame:
    """Return one group per entity: that of most of its MRR on its first day, at the rates of that day.

    With rates, the groups of `daily` are of one currency each.
    """
    first = with_balances(daily, ACCOUNT, "day")
    first = first.with_columns(_first=nw.col("day").min().over("entity"))
    first = first.filter(nw.col("day") == nw.col("_first"))
    if rates is not None:
        first = rates.valued(first, ("mrr",))
        first = first.with_columns(group=divided(nw.col("group"), rates.count))
        first = summed(first, ACCOUNT, ("mrr",))
    first = first.with_columns(_most=nw.col("mrr").max().over("entity"))
    first = first.filter(nw.col("mrr") == nw.col("_most"))
    found = first.group_by("entity").agg(group=nw.col("group").max())
    return step(found, "origins", "the group of most of a customer's MRR on its first day")


def with_transfer(
    frame: Frame,
    change: str,
    made: str,
    *,
    moving: nw.Expr,
    here: Sequence[str] = ("entity", "time"),
) -> Frame:
    """Add the part of each account's change that only moves between the groups of its entity at that time.

    The smaller of all gains and all losses moves. It fills the changes in the order of the groups.
    """
    size = nw.col(change)
    parts = {"_gain": where(size > 0, size), "_loss": where(size < 0, size * -1)}
    frame = frame.with_columns(**parts)
    totals = {"_gains": "_gain", "_losses": "_loss"}
    sums = {total: nw.col(name).sum().over(*here) for total, name in totals.items()}
    ahead = {
        f"{name}_ahead": nw.col(name).cum_sum().over(*here, order_by="group") - nw.col(name)
        for name in parts
    }
    frame = frame.with_columns(**sums, **ahead)
    least = nw.when(nw.col("_gains") < nw.col("_losses")).then(nw.col("_gains"))
    frame = frame.with_columns(_moved=where(moving, least.otherwise(nw.col("_losses"))))
    frame = frame.with_columns(
        *((nw.col("_moved") - nw.col(f"{name}_ahead")).alias(f"{name}_left") for name in parts)
    )

    def filled(name: str) -> nw.Expr:
        left, whole = nw.col(f"{name}_left"), nw.col(name)
        return nw.when(left < whole).then(where(left > 0, left)).otherwise(whole).cast(nw.Int64)

    frame = frame.with_columns((filled("_gain") - filled("_loss")).alias(made))
    lefts = (f"{name}_left" for name in parts)
    return frame.drop(*parts, *sums, *ahead, *lefts, "_moved")

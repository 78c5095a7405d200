"""Movements: every change of MRR is new, reactivation, expansion, contraction, churn, pause or transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.movements import KINDS, NOUNS
from saasmetrics.engine.portable.balances import (
    ACCOUNT,
    changes_at,
    of_entities,
    transfer,
    with_balances,
)
from saasmetrics.engine.portable.whole import flag, running, summed, where, with_period

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

STAYS = -1  # a customer before and after: expansion or contraction, by the sign
NEW, REACTIVATION, EXPANSION, CONTRACTION, CHURN = range(5)
FROM_OPENING = "customers_churned_from_opening"
SUMS = (*KINDS, "pause", "transfer", "change", "paying")
COUNTS = (*NOUNS.values(), FROM_OPENING)


def movement_cells(
    daily: Frame, calendar: Calendar, *, events: bool, new_after: int | None
) -> Frame:
    """Return the movements and counts per group and period.

    Parameters
    ----------
    daily
        Changes of MRR per account and day.
    calendar
        The periods.
    events
        Whether every day's change counts, or only what the ends of periods see.
    new_after
        A return more than so many days after leaving is new again; None: never.
    """
    accounts = changes_at(daily, calendar, events=events)
    kinds = with_kind(of_entities(accounts), away(daily, calendar, events=events), new_after)
    moves = with_balances(accounts, ACCOUNT).join(
        kinds.select("entity", "time", "kind", "opened"), on=["entity", "time"]
    )
    moves = with_amounts(moves)
    cells = summed(moves, (*ACCOUNT, "period"), (*SUMS, *COUNTS))
    once = [flag(nw.col(name) > 0).alias(name) for name in COUNTS]
    return summed(cells.with_columns(*once), ("group", "period"), (*SUMS, *COUNTS))


def with_kind(entities: Frame, away: Frame, new_after: int | None) -> Frame:
    """Say of each change of an entity what it is, and whether the entity paid when the period opened."""
    found = with_balances(entities, ["entity"])
    was, now = nw.col("held_before") > 0, nw.col("held") > 0
    found = found.with_columns(_starts=flag(now & ~was))
    first = running("_starts", ["entity"], "time") == 1
    found = found.with_columns(
        _first=flag(first),
        opened=nw.col("mrr") - running("mrr_change", ["entity", "period"], "time"),
    )
    found = found.join(away, on=["entity", "time"], how="left")
    start = nw.when(nw.col("_first") == 1).then(NEW).otherwise(REACTIVATION)
    if new_after is not None:
        start = nw.when(nw.col("away").fill_null(0) > new_after).then(NEW).otherwise(start)
    kind = nw.when(was & ~now).then(CHURN).otherwise(STAYS)
    return found.with_columns(kind=nw.when(nw.col("_starts") == 1).then(start).otherwise(kind))


def away(daily: Frame, calendar: Calendar, *, events: bool) -> Frame:
    """Return for how many days each entity had been away when it last started in each period (or day)."""
    days = daily.with_columns(time=nw.col("day"), period=nw.col("day"))
    found = with_balances(of_entities(days), ["entity"])
    left = nw.col("time").shift(1).over("entity", order_by="time")
    found = found.with_columns(_left=left, day=nw.col("time")).drop("time", "period")
    starts = found.filter(nw.col("held_before") <= 0, nw.col("held") > 0)
    starts = starts.with_columns(_left=nw.col("_left").fill_null(nw.col("day")).cast(nw.Int64))
    starts = (
        starts.with_columns(time=nw.col("day"))
        if events
        else with_period(starts, calendar, period="time")
    )
    last = starts.group_by("entity", "time").agg(nw.col("day").max(), nw.col("_left").max())
    return last.select("entity", "time", away=nw.col("day") - nw.col("_left"))


def with_amounts(moves: Frame) -> Frame:
    """Split each account's change into its movement, pause and transfer, and count the customer."""
    moves = moves.with_columns(change=nw.col("held") - nw.col("held_before"))
    moves = moves.with_columns(transfer=transfer("change", moving=nw.col("kind") == STAYS))
    moves = moves.with_columns(_rest=nw.col("change") - nw.col("transfer"))
    grown = nw.when(nw.col("_rest") > 0).then(EXPANSION).otherwise(CONTRACTION)
    kind = nw.when(nw.col("kind") == STAYS).then(grown).otherwise(nw.col("kind"))
    before = nw.col("mrr") - nw.col("mrr_change")
    moves = moves.with_columns(
        kind=kind,
        pause=nw.col("paused_change") * -1,
        change=nw.col("mrr_change"),
        paying=flag(nw.col("mrr") > 0) - flag(before > 0),
    )
    mine = {name: nw.col("kind") == number for number, name in enumerate(KINDS)}
    amounts = {name: where(is_it, nw.col("_rest")) for name, is_it in mine.items()}
    counts = {NOUNS[name]: flag(is_it & (nw.col("_rest") != 0)) for name, is_it in mine.items()}
    counts[FROM_OPENING] = flag(mine["churn"] & (nw.col("opened") > 0))
    return moves.with_columns(**amounts, **counts)

"""Movements: every change of MRR is new, reactivation, expansion, contraction, churn, pause or transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.engine.exchange import ROUNDING
from saasmetrics.engine.movements import KINDS, NOUNS
from saasmetrics.engine.portable.balances import (
    ACCOUNT,
    CHANGES,
    changes_at,
    of_entities,
    with_balances,
    with_transfer,
)
from saasmetrics.engine.portable.fetched import dense
from saasmetrics.engine.portable.rates import with_days
from saasmetrics.engine.portable.spot import with_closing, with_effects
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import divided, flag, running, summed, where, with_period
from saasmetrics.engine.spot import SUMS as EFFECTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.portable.rates import Rates
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar
    from saasmetrics.policy import Policy

STAYS = -1  # a customer before and after: expansion or contraction, by the sign
IGNORED = -2  # who comes and leaves in one period, where that does not count
NEW, REACTIVATION, EXPANSION, CONTRACTION, CHURN = range(5)
FROM_OPENING = "customers_churned_from_opening"
SUMS = (*KINDS, "pause", "transfer", "change", "paying")
COUNTS = (*NOUNS.values(), FROM_OPENING)
_KINDS_ARE = "what each change of a customer is: 0 new, 1 reactivation, 4 churn, -1 more or less, -2 not counted"
_MOVES_ARE = "each change as a movement, pause or transfer, and whom it counts"


def movement_cells(
    daily: Frame,
    calendar: Calendar,
    policy: Policy,
    rates: Rates | None = None,
    *,
    alone: bool = False,
) -> Frame:
    """Return the movements and counts per group and period.

    Parameters
    ----------
    daily
        Changes of MRR per account and day.
    calendar
        The periods.
    policy
        The definition choices.
    rates
        Exchange rates at whose day movements count; groups are then of one currency each.
    alone
        That no customer is in several groups, so that none moves between them.
    """
    moves = moved(daily, calendar, policy, rates, alone=alone)
    spot = rates is not None and policy.fx == "spot"
    moves = with_closing(moves) if spot else moves
    sums = (*SUMS, *COUNTS, "changed") if spot else (*SUMS, *COUNTS)
    cells = summed(moves, (*ACCOUNT, "period"), sums)
    cells = step(cells, "by_customer", "the movements of each customer in a period")
    if rates is None:
        cells = cells.with_columns(*(flag(nw.col(name) > 0).alias(name) for name in COUNTS))
        return summed(cells, ("group", "period"), sums)
    cells = _counted_once(cells, rates.count)
    if spot:
        cells, sums = with_effects(cells, calendar, rates), (*SUMS, *COUNTS, *EFFECTS)
    return summed(cells, ("group", "period"), sums)


def _counted_once(cells: Frame, currencies: int) -> Frame:
    """Count who expands or contracts in several currencies of a group in one of them."""
    cells = cells.with_columns(_whole=divided(nw.col("group"), currencies), _one=nw.lit(1))
    here = ("entity", "_whole", "period")
    place = nw.col("_one").cum_sum().over(*here, order_by="group")
    totals = {
        f"_all_{name}": nw.col(name).sum().over(*here) for name in ("expansion", "contraction")
    }
    cells = cells.with_columns(_place=place, **totals)
    once = {
        NOUNS[name]: flag((nw.col(f"_all_{name}").abs() > ROUNDING) & (nw.col("_place") == 1))
        for name in ("expansion", "contraction")
    }
    return cells.with_columns(**once)


def moved(
    daily: Frame, calendar: Calendar, policy: Policy, rates: Rates | None = None, *, alone: bool
) -> Frame:
    """Return every change of an account, split into its movement, pause and transfer.

    With rates, changes are valued before they are told apart: what moves from one currency to another at the rates of
    the day is no gain and no loss, whatever the rates are later.
    """
    events = policy.view == "event"
    accounts = changes_at(daily, calendar, events=events)
    kinds = with_kind(of_entities(accounts), away(daily, calendar, events=events), policy, calendar)
    lost = ("_left", "_nth") if rates is not None and policy.return_price == "split" else ()
    told = ("entity", "time", "kind", "opened", "old")
    kinds = step(kinds.select(*told, *lost), "kinds", _KINDS_ARE)
    moves = with_balances(accounts, ACCOUNT).join(kinds.select(*told), on=["entity", "time"])
    moves = with_changes(moves, policy)
    if rates is not None:
        moves = rates.valued(_dated(moves, daily, calendar, policy, rates), ("change", "pause"))
    if rates is not None and lost:
        back = kinds.filter(nw.col("kind") == REACTIVATION).select("entity", "time", "_nth")
        back = _dated(back, daily, calendar, policy, rates)
        old = _old_at_rates(accounts, kinds, back, rates)
        moves = moves.drop("old").join(old, on=["entity", "time"], how="left")
        moves = moves.with_columns(nw.col("old").fill_null(0).cast(nw.Int64))
    currencies = 1 if rates is None else rates.count
    moves = with_moves(moves, currencies, alone=alone)
    return step(with_amounts(moves, policy), "moves", _MOVES_ARE)


def _dated(moves: Frame, daily: Frame, calendar: Calendar, policy: Policy, rates: Rates) -> Frame:
    """Add the day at whose rates movements count."""
    if policy.view == "event":
        return moves.with_columns(day=nw.col("time"))
    return with_days(moves, daily, calendar, rates.count)


def _old_at_rates(accounts: Frame, kinds: Frame, back: Frame, rates: Rates) -> Frame:
    """Return as `old` what customers held before they left, at the rates of the day on which they return."""
    left = kinds.filter(nw.col("_left") == 1).select("entity", "_nth", _gone=nw.col("time"))
    held = accounts.select(
        "entity",
        group=nw.col("group") % rates.count,
        _at=nw.col("time"),
        old=nw.col("mrr_change") + nw.col("paused_change"),
    )
    before = left.join(held, on="entity").filter(nw.col("_at") < nw.col("_gone"))
    before = summed(before, ("entity", "_nth", "group"), ("old",))
    found = rates.valued(back.join(before, on=["entity", "_nth"]), ("old",))
    return summed(found, ("entity", "time"), ("old",))


def with_kind(entities: Frame, away: Frame, policy: Policy, calendar: Calendar) -> Frame:
    """Say of each change of an entity what it is, what it had when the period opened, and before it last left."""
    found = with_balances(entities, ["entity"])
    was, now = nw.col("held_before") > 0, nw.col("held") > 0
    here = ["entity", "period"]
    found = found.with_columns(
        opened=nw.col("mrr") - running("mrr_change", here, "time"),
        _left=flag(was & ~now),
        _visit=nw.lit(0),
    )
    if policy.same_period == "ignored" and policy.view == "event" and calendar.freq != "D":
        found = found.with_columns(_visit=flag(_is_visit()))
    counts = nw.col("_visit") == 0
    found = found.with_columns(_starts=flag(now & ~was & counts))
    found = found.with_columns(
        _first=flag(running("_starts", ["entity"], "time") == 1),
        _nth=running("_left", ["entity"], "time"),
    )
    old = where(nw.col("_left") == 1, nw.col("held_before")).sum().over("entity", "_nth")
    found = found.with_columns(old=where(nw.col("_nth") > 0, old).cast(nw.Int64))
    found = found.join(away, on=["entity", "time"], how="left")
    start = nw.when(nw.col("_first") == 1).then(NEW).otherwise(REACTIVATION)
    if policy.new_after_days is not None:
        long = nw.col("away").fill_null(0) > policy.new_after_days
        start = nw.when(long).then(NEW).otherwise(start)
    kind = nw.when(was & ~now).then(CHURN).otherwise(STAYS)
    kind = nw.when(nw.col("_starts") == 1).then(start).otherwise(kind)
    return found.with_columns(kind=nw.when(counts).then(kind).otherwise(IGNORED))


def _is_visit() -> nw.Expr:
    """Return which changes are of entities that hold nothing when their period begins and when it ends."""
    here = ("entity", "period")
    paused = nw.col("paused") - running("paused_change", [*here], "time")
    nothing = (nw.col("opened") == 0) & (paused == 0)
    for name in CHANGES:
        nothing = nothing & (nw.col(name).sum().over(*here) == 0)
    real = (nw.col("mrr_change") != 0) | (nw.col("paused_change") != 0)
    return nothing & real


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
    found = last.select("entity", "time", away=nw.col("day") - nw.col("_left"))
    return step(found, "away", "for how many days a customer had been away when it came back")


def with_changes(moves: Frame, policy: Policy) -> Frame:
    """Add what each account's movement and transfer together are, and what a pause takes."""
    aside = policy.pause == "line"
    holds = nw.col("held") - nw.col("held_before")
    moves = moves.with_columns(
        change=holds if aside else nw.col("mrr_change"),
        pause=nw.col("paused_change") * (-1 if aside else 0),
        _holds=holds,
    )
    return moves.with_columns(_constant=nw.col("change"))


def with_moves(moves: Frame, currencies: int, *, alone: bool) -> Frame:
    """Add what only moves: first between the currencies of each group, where they are apart, then between groups."""
    if alone:
        return moves.with_columns(_moves=nw.lit(0))
    stays = nw.col("kind") == STAYS
    if currencies == 1:
        return with_transfer(moves, "change", "_moves", moving=stays)
    moves = moves.with_columns(_whole=divided(nw.col("group"), currencies))
    within = ("entity", "time", "_whole")
    moves = with_transfer(moves, "change", "_turned", moving=stays, here=within)
    moves = moves.with_columns(_left=nw.col("change") - nw.col("_turned"))
    moves = with_transfer(moves, "_left", "_moves", moving=stays)
    both = nw.col("_turned") + nw.col("_moves")
    return moves.with_columns(_moves=both).drop("_whole", "_turned", "_left")


def with_amounts(moves: Frame, policy: Policy) -> Frame:
    """Split each account's change into its movement and transfer, and count the customer."""
    aside, kind = policy.pause == "line", nw.col("kind")
    ignored, rest = kind == IGNORED, nw.col("change") - nw.col("_moves")
    moves = moves.with_columns(
        transfer=nw.when(ignored).then(nw.col("_constant")).otherwise(nw.col("_moves")),
        _rest=nw.when(ignored).then(0).otherwise(rest).cast(nw.Int64),
        _more=nw.lit(0),
    )
    if policy.return_price == "split":
        moves = _with_return_split(moves)
    grown = nw.when(nw.col("_rest") > 0).then(EXPANSION).otherwise(CONTRACTION)
    before = nw.col("mrr") - nw.col("mrr_change")
    moves = moves.with_columns(
        kind=nw.when(kind == STAYS).then(grown).otherwise(kind),
        change=nw.col("mrr_change"),
        paying=flag(nw.col("mrr") > 0) - flag(before > 0),
    )
    mine = {name: kind == number for number, name in enumerate(KINDS)}
    amounts = {name: where(is_it, nw.col("_rest")) for name, is_it in mine.items()}
    moves = moves.with_columns(**amounts)
    if policy.return_price == "split":
        more = nw.col("_more")
        up = nw.col("_grown") == 1
        moves = moves.with_columns(
            expansion=nw.col("expansion") + where(up, more),
            contraction=nw.col("contraction") + where(~up, more),
        )
    counts = {NOUNS[name]: flag(nw.col(name) != 0) for name in KINDS}
    if not aside:  # who starts or leaves in a pause moves no MRR
        held = nw.col("_holds") != 0
        counts |= {NOUNS[n]: flag(mine[n] & held) for n in ("new", "reactivation", "churn")}
    counts[FROM_OPENING] = flag(mine["churn"] & (nw.col("opened") > 0))
    return moves.with_columns(**counts)


def _with_return_split(moves: Frame) -> Frame:
    """Split each return into the MRR of before, which stays in `_rest`, and the remainder as `_more`.

    The old MRR fills what a customer returns with in the order of its parts. What it exceeds the new one by is a
    contraction of the first of them.
    """
    here = ("entity", "time")
    rest, back = nw.col("_rest"), nw.col("kind") == REACTIVATION
    moves = moves.with_columns(_size=where(back & (rest > 0), rest).cast(nw.Int64), _one=nw.lit(1))
    size = nw.col("_size")
    place = nw.col("_one").cum_sum().over(*here, order_by="group")
    left = nw.col("old") - (size.cum_sum().over(*here, order_by="group") - size)
    moves = moves.with_columns(_left=left.cast(nw.Int64), _place=place)
    least = nw.when(nw.col("_left") < size).then(nw.col("_left")).otherwise(size)
    moves = moves.with_columns(_fill=nw.when(least > 0).then(least).otherwise(0).cast(nw.Int64))
    won, new = (nw.col(name).sum().over(*here) for name in ("_fill", "_rest"))
    moves = moves.with_columns(
        _lacks=where(nw.col("_place") == 1, nw.col("old") - won).cast(nw.Int64),
        _grown=flag(new >= nw.col("old")),
    )
    kept = nw.when(back).then(nw.col("_fill") + nw.col("_lacks")).otherwise(rest)
    moves = moves.with_columns(_kept=kept)
    return moves.with_columns(_more=rest - nw.col("_kept"), _rest=nw.col("_kept"))


def by_period(
    cells: Frame, shape: tuple[int, int], first: int, more: Sequence[str] = ()
) -> dict[str, NDArray[np.int64]]:
    """Return movements, and more sums of them, as arrays of groups x periods, with the balances that they lead to."""
    made = dense(cells, shape, {"period": first}, (*SUMS, *COUNTS, *more))
    made["closing"], made["customers_closing"] = (
        np.cumsum(made.pop(name), axis=1) for name in ("change", "paying")
    )
    made["opening"], made["customers_opening"] = (
        np.roll(made[name], 1, axis=1) for name in ("closing", "customers_closing")
    )
    made["opening"][:, :1] = made["customers_opening"][:, :1] = 0
    made["fx"] = np.zeros_like(made["closing"])
    return made

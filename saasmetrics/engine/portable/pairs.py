"""Pairs: each customer's MRR at two snapshots a window apart, summed over customers for every period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.pairs import COUNTS, MONEY
from saasmetrics.engine.portable.balances import (
    ACCOUNT,
    changes_at,
    first_held,
    of_entities,
    with_balances,
    with_transfer,
)
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import FAR, change, flag, running, summed, where

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

MEASURES = (*MONEY, *COUNTS)
LEVELS = ("m0", "m1", "p0", "p1")
_BOTH_ENDS_ARE = (
    "changes of MRR at the start of the window (m0) and at its end (m1), of what is paused (p0, p1)"
)
_LEVELS_ARE = (
    "MRR at the start and at the end of the window, and whether the customer had paid before it"
)
_ADDS_ARE = "what each customer adds to each sum"


def pair_cells(
    daily: Frame,
    calendar: Calendar,
    window: int,
    last: int,
    *,
    aside: bool = True,
    alone: bool = False,
) -> Frame:
    """Return by how much each sum over customers changes, per group and `time`.

    `aside` says whether a pause is a part of its own; otherwise it is contraction and its end expansion. `alone` says
    that no customer is in several groups, so that none moves between them.

    Notes
    -----
    `opening` is M0, `closing` M1 and `kept` min(M0, M1) of the customers with M0 > 0; `expansion`, `contraction`,
    `churn` and `paused` are the parts of closing - opening; `resumed` is M1 of those whose MRR all rested at the start,
    `new` and `reactivation` are M1 of the others.
    """
    found = levels(daily, calendar, window, last, alone=alone)
    return differences(contributions(found, aside=aside, alone=alone))


def levels(daily: Frame, calendar: Calendar, window: int, last: int, *, alone: bool) -> Frame:
    """Return what every account pays and rests at both ends of windows, at all times at which that changes."""
    accounts = changes_at(daily, calendar, events=False)
    both = step(at_both_ends(accounts, window, last, alone=alone), "both_ends", _BOTH_ENDS_ARE)
    found = both.with_columns(*(running(name, ACCOUNT, "time").alias(name) for name in LEVELS))
    since = first_held(with_balances(of_entities(accounts), ["entity"]))
    found = found.join(since, on="entity", how="left")
    seen = nw.col("since").fill_null(FAR) <= nw.col("time") - window
    return step(found.with_columns(seen=flag(seen)), "levels", _LEVELS_ARE)


def differences(found: Frame) -> Frame:
    """Return by how much the sums of what each account adds change, per group and `time`."""
    found = step(found, "adds", _ADDS_ARE)
    changes = [change(name, ACCOUNT, "time") for name in MEASURES]
    found = found.with_columns(*changes)
    found = step(found, "differs", "by how much that differs from the time before")
    return summed(found, ("group", "time"), MEASURES)


def at_both_ends(accounts: Frame, window: int, last: int, *, alone: bool) -> Frame:
    """Return the changes of M1 and of M0 (those of `window` periods ago), and of what is paused, at the same times.

    Every account of an entity has a row whenever anything of the entity changes; who is `alone` is all of it.
    """
    none = nw.lit(0).cast(nw.Int64)
    now = accounts.select(
        *ACCOUNT, "time", m0=none, m1=nw.col("mrr_change"), p0=none, p1=nw.col("paused_change")
    )
    then = accounts.filter(nw.col("time") <= last - window).select(
        *ACCOUNT,
        time=nw.col("time") + window,
        m0=nw.col("mrr_change"),
        m1=none,
        p0=nw.col("paused_change"),
        p1=none,
    )
    both = summed(nw.concat([now, then]), (*ACCOUNT, "time"), LEVELS)
    if alone:
        return both
    moments = both.select("entity", "time").unique()
    spread = both.select(*ACCOUNT).unique().join(moments, on="entity")
    spread = spread.join(both, on=[*ACCOUNT, "time"], how="left")
    return spread.with_columns(nw.col(*LEVELS).fill_null(0).cast(nw.Int64))


def contributions(levels: Frame, *, aside: bool, alone: bool) -> Frame:
    """Add what each account adds to each sum; transfers between groups of a customer are taken out."""

    def of_entity(value: nw.Expr) -> nw.Expr:
        return value if alone else value.sum().over("entity", "time")

    m0, m1, p0, p1 = (nw.col(name) for name in LEVELS)
    found = levels.with_columns(
        _paid=flag(of_entity(m0) > 0),
        _stays=flag((of_entity(m0) > 0) & (of_entity(m1 + p1) > 0)),
        _other=flag((of_entity(m0) <= 0) & (of_entity(m1) > 0)),
        _rests=(p1 - p0) * (1 if aside else 0),
        _idle=flag((of_entity(m0) <= 0) & (of_entity(m0 + p0) > 0)),
        _held=flag((m0 + p0 > 0) & (of_entity(m0 + p0) > 0)),
        _gone=flag(of_entity(m1 + p1) <= 0),
    )
    paid, stays, rests = nw.col("_paid") == 1, nw.col("_stays") == 1, nw.col("_rests")
    found = found.with_columns(_all=m1 - m0 + rests, _mrr=m1 - m0)
    if alone:
        found = found.with_columns(_rest=nw.col("_all"), _lower=nw.col("_mrr"))
    else:
        found = with_transfer(found, "_all", "_moves", moving=stays)
        found = with_transfer(found, "_mrr", "_sinks", moving=paid)
        found = found.with_columns(
            _rest=nw.col("_all") - nw.col("_moves"), _lower=nw.col("_mrr") - nw.col("_sinks")
        )
    rest, lower = nw.col("_rest"), nw.col("_lower")
    held, gone, idle = nw.col("_held") == 1, nw.col("_gone") == 1, nw.col("_idle") == 1
    here, seen, other = paid & (m0 > 0), nw.col("seen") == 1, nw.col("_other") == 1
    return found.with_columns(
        opening=where(paid, m0),
        closing=nw.when(stays).then(m0 + rest - rests).otherwise(where(paid, m1)),
        kept=where(paid, m0 + where(lower < 0, lower)),
        expansion=where(stays & (rest > 0), rest),
        contraction=where(stays & (rest < 0), rest),
        churn=where(paid & ~stays, m1 - m0),
        paused=where(stays, rests * -1),
        new=where(other & ~seen, m1),
        reactivation=where(other & seen & ~idle, m1),
        resumed=where(other & seen & idle, m1),
        customers=flag(held),
        customers_lost=flag(held & gone),
        customers_grown=flag(here & stays & (rest > 0)),
        customers_shrunk=flag(here & stays & (rest < 0)),
    )

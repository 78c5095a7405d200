"""From promises to balances, where the tables are: what each customer adds to each balance, and by when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.committed import BALANCES
from saasmetrics.engine.portable.balances import ACCOUNT, with_transfer
from saasmetrics.engine.portable.held import apart
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import change, flag, running, summed, where, with_period
from saasmetrics.engine.promises import ROLES

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

_LEVELS_ARE = "the sum of what is promised to each customer, by what it says"
_BALANCES_ARE = "what each customer adds to each balance"


def balance_cells(promises: Frame, calendar: Calendar, as_of: int, first: int) -> Frame:
    """Return by how much each balance changes per group and `time`, from the period `first` on.

    Parameters
    ----------
    promises
        Promises with their `group`.
    calendar
        The periods.
    as_of
        The last day known: what ends later counts until then.
    first
        The first period.
    """
    known = promises.filter(nw.col("start") <= as_of)
    over = nw.min_horizontal(nw.col("end"), nw.lit(as_of + 1)).cast(nw.Int64)
    known = with_period(known.with_columns(_over=over), calendar, "start", "_from")
    known = with_period(apart(known), calendar, "_over", "_to")
    begin = nw.max_horizontal(nw.col("_from"), nw.lit(first)).cast(nw.Int64)
    known = apart(known.with_columns(_from=begin, _ended=flag(nw.col("end") <= as_of)))
    known = known.filter((nw.col("_ended") == 0) | (nw.col("_to") > nw.col("_from")))
    starts = known.select(*ACCOUNT, "role", "amount", time=nw.col("_from"))
    ends = known.filter(nw.col("_ended") == 1)
    ends = ends.select(*ACCOUNT, "role", amount=nw.col("amount") * -1, time=nw.col("_to"))
    turns = _by_role(nw.concat([starts, ends]))
    levels = turns.with_columns(*(running(name, ACCOUNT, "time").alias(name) for name in ROLES))
    found = apart(_added(apart(step(levels, "levels", _LEVELS_ARE))))
    moved = found.with_columns(*(change(name, ACCOUNT, "time") for name in BALANCES))
    return summed(moved, ("group", "time"), BALANCES)


def balance_rows(promises: Frame, day: int) -> Frame:
    """Return what each customer adds to each balance at the end of a day, per group."""
    here = promises.filter(nw.col("start") <= day, nw.col("end") > day)
    here = here.select(*ACCOUNT, "role", "amount", time=nw.lit(0).cast(nw.Int64))
    return _added(_by_role(here)).select(*ACCOUNT, *BALANCES)


def _by_role(turns: Frame) -> Frame:
    """Return the sums by role, with a row for every account of a customer whenever anything of the customer changes."""
    roles = {
        name: where(nw.col("role") == number, nw.col("amount")) for number, name in enumerate(ROLES)
    }
    sums = summed(turns.with_columns(**roles), (*ACCOUNT, "time"), ROLES)
    moments = sums.select("entity", "time").unique()
    spread = sums.select(*ACCOUNT).unique().join(moments, on="entity")
    spread = spread.join(sums, on=[*ACCOUNT, "time"], how="left")
    return spread.with_columns(nw.col(*ROLES).fill_null(0).cast(nw.Int64))


def _added(levels: Frame) -> Frame:
    """Return what each account adds to each balance: `committed._parts`, step by step."""

    def of_customer(name: str) -> nw.Expr:
        return nw.col(name).sum().over("entity", "time").cast(nw.Int64)

    asked = ("live", "resuming", "ending", "signed", "discount")
    found = levels.with_columns(**{f"all_{name}": of_customer(name) for name in asked})
    goes_on = nw.col("all_live") + nw.col("all_resuming") - nw.col("all_ending")
    alone = nw.col("all_signed") == 0
    found = found.with_columns(
        _instead=flag(alone & (goes_on <= 0)), _beside=flag(alone & ~(goes_on <= 0))
    )
    signed = nw.col("signed") + nw.col("_instead") * (nw.col("contract") + nw.col("renewal"))
    signed = signed + nw.col("_beside") * (nw.col("renewal") - nw.col("renewed"))
    found = apart(found.with_columns(_change=(signed - nw.col("ending")).cast(nw.Int64)))
    found = with_transfer(
        found, "_change", "transfer", moving=nw.col("_change") == nw.col("_change")
    )
    found = apart(found).with_columns(
        _rest=nw.col("_change") - nw.col("transfer"), _all=of_customer("_change")
    )
    left = nw.col("all_live") + nw.col("all_resuming") + nw.col("_all") + nw.col("all_discount")
    found = found.with_columns(_left=left)
    rest, stays = nw.col("_rest"), nw.col("_left") > 0
    found = found.with_columns(
        not_started=where(rest > 0, rest),
        scheduled_downgrades=where(stays & (rest < 0), rest),
        scheduled_churn=where(~stays & (rest < 0), rest),
        discounts_ending=nw.col("discount"),
    )
    return step(found, "balances", _BALANCES_ARE)

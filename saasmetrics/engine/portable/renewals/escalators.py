"""Contracted uplifts that subscriptions show on the days of renewals, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.held import apart, held
from saasmetrics.engine.portable.renewals.levels import level_at
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import FAR, flag, nearest
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.basis import Basis
    from saasmetrics.engine.portable.whole import Frame

_YEAR = 12
_CENT = MICRO // 100
_AT = ("entity", "day", "product")


def with_uplifts(found: Frame, basis: Basis, paid: Frame) -> Frame:
    """Return terms with the contracted uplift in `escalator`, as `engine.uplifts.with_uplifts` says it.

    Parameters
    ----------
    found
        The terms that are known, with what became of them.
    basis
        The lines that their customers pay for.
    paid
        The changes of what entities pay: entity, day, change.
    """
    some = found.filter(nw.col("next") >= 0)
    some = some.select("term", "entity", day="turn", _grown=nw.col("final") - nw.col("due"))
    some = some.filter(nw.col("_grown") > 0)
    some = some.with_columns(_most=nw.col("_grown").max().over("entity", "day"))
    some = some.filter(nw.col("_grown") == nw.col("_most"))
    some = some.group_by("entity", "day").agg(nw.col("term").min(), nw.col("_grown").max())
    some = held(some, "grown", "renewals that are worth more, the largest of each day")
    raised = _growing(_raised(basis, some.select("entity", "day")), paid)
    some = some.join(raised, on=["entity", "day"])
    yearly = nw.col("_raised") * _YEAR
    least = nw.when(yearly < nw.col("_grown")).then(yearly).otherwise(nw.col("_grown"))
    found = found.join(some.select("term", _uplift=least.cast(nw.Int64)), on="term", how="left")
    same = nw.when(nw.col("_uplift").is_null()).then(nw.col("escalator"))
    uplift = same.otherwise(nw.col("_uplift")).cast(nw.Int64)
    found = found.with_columns(escalator=uplift).drop("_uplift")
    return held(found, "with_uplifts", "what of it is a contracted uplift")


def _growing(raised: Frame, paid: Frame) -> Frame:
    """Return the days on which their customers, who paid before and pay after, pay more."""
    moved = paid.join(raised.select("entity").unique(), on="entity", how="semi")
    moved = held(moved, "paid", "changes of what these customers pay")
    now = level_at(moved, raised.select("entity", "day"), "entity")
    eve = level_at(moved, raised.select("entity", day=nw.col("day") - 1), "entity")
    eve = eve.select("entity", day=nw.col("day") + 1, _before=nw.col("level"))
    found = raised.join(now, on=["entity", "day"]).join(eve, on=["entity", "day"])
    more = nw.col("level") > nw.col("_before")
    return found.filter(more, nw.col("_before") > 0).select("entity", "day", "_raised")


def _raised(basis: Basis, days: Frame) -> Frame:
    """Return what lines with a contracted uplift cost more on days than those of their product that they replace."""
    pieces = basis.pieces().filter(~nw.col("line").is_null())
    pieces = pieces.join(days.select("entity").unique(), on="entity", how="semi")
    pieces = pieces.select("entity", "line", "start", "end", "amount").join(
        _lines(basis.served()), on="line"
    )
    pieces = held(pieces, "lines", "the lines of these customers")
    after = _side(pieces, days, "start", "after")
    before = _side(pieces.filter(nw.col("end") < FAR), days, "end", "before")
    cells = after.join(before, on=[*_AT]).filter(nw.col("up_after") == 1)
    price = step(apart(_with_price(cells)), "prices", "the part of each change that is price")
    same = (nw.col("plan_before") == nw.col("plan_after")) & (
        nw.col("other_before") == nw.col("other_after")
    )
    price = price.filter(same, nw.col("_price") > 0)
    found = price.group_by("entity", "day").agg(_raised=nw.col("_price").sum())
    found = found.with_columns(nw.col("_raised").cast(nw.Int64))
    return held(found, "uplifts", "what lines with a contracted uplift add on a day")


def _lines(served: Frame) -> Frame:
    """Return what each line says, in numbers: product and plan in the order of their names, 0 where it says nothing."""
    there = names(served)

    def code(column: str) -> nw.Expr:
        if column not in there:
            return nw.lit(0).cast(nw.Int64)
        return nw.col(column).rank("dense").fill_null(0).cast(nw.Int64)

    none = nw.lit(0.0)
    seats = nw.col("quantity").cast(nw.Float64).fill_null(0.0) if "quantity" in there else none
    return served.select(
        "line",
        product=code("product"),
        plan=code("plan"),
        seats=nw.when(seats > 0).then(seats).otherwise(none),
        listed=(nw.col("listed") if "listed" in there else nw.lit(0)).cast(nw.Int64),
        up=flag(nw.col("escalator").fill_null(False)).cast(nw.Int64),
    )


def _side(pieces: Frame, days: Frame, day: str, side: str) -> Frame:
    """Return the lines of each customer, day and product that start, or end, on a day that is asked for, added up."""
    found = pieces.with_columns(day=nw.col(day), _full=nw.max_horizontal("listed", "amount"))
    found = found.join(days, on=["entity", "day"], how="semi")
    cells = found.with_columns(_unknown=flag(nw.col("seats") <= 0)).group_by(*_AT)
    sums: dict[str, Any] = {
        "mrr": nw.col("amount").sum(),
        "listed": nw.col("_full").sum(),
        "unknown": nw.col("_unknown").max(),
        "plan": nw.col("plan").min(),
        "other": nw.col("plan").max(),
        "up": nw.col("up").max(),
    }
    told = {f"{name}_{side}": value for name, value in sums.items()}
    made = cells.agg(**told, **{f"seats_{side}": nw.col("seats").sum()})
    return made.with_columns(nw.col(*told).cast(nw.Int64))


def _with_price(cells: Frame) -> Frame:
    """Add the part of each change that is price, as `_price`: what `engine.reasons` says, step by step."""

    def real(*columns: str) -> Sequence[nw.Expr]:
        return [nw.col(column).cast(nw.Float64) for column in columns]

    def at_least_one(column: str) -> nw.Expr:
        return nw.when(nw.col(column) > 1).then(nw.col(column)).otherwise(1).cast(nw.Float64)

    sides = ("before", "after")
    full0, full1 = (at_least_one(f"listed_{side}") for side in sides)
    mrr0, mrr1, listed0, listed1 = real(*(f"{n}_{s}" for n in ("mrr", "listed") for s in sides))
    cells = cells.with_columns(
        _less=((full0 - mrr0) / full0 - (full1 - mrr1) / full1) * full0,
        _known=flag((nw.col("unknown_before") == 0) & (nw.col("unknown_after") == 0)),
    ).with_columns(_less=nearest(nw.col("_less")))
    less = nw.when(nw.col("_less").abs() <= _CENT).then(0).otherwise(nw.col("_less"))
    change = nw.col("mrr_after") - nw.col("mrr_before")
    cells = cells.with_columns(_less=less.cast(nw.Int64), _change=change)
    known = nw.col("_known") == 1
    cells = cells.with_columns(
        _rest=nw.col("_change") - nw.col("_less"),
        _listed=nw.col("listed_after") - nw.col("listed_before"),
        _q0=nw.when(known).then(nw.col("seats_before")).otherwise(1.0),
        _q1=nw.when(known).then(nw.col("seats_after")).otherwise(1.0),
    )
    dearer = (listed1 / nw.col("_q1") - listed0 / nw.col("_q0")) * nw.col("_q0")
    moved, lists = nw.col("_listed") != 0, nw.col("listed_after") != 0
    per = nw.when(moved).then(nw.col("_listed")).otherwise(1).cast(nw.Float64)
    paid = nw.when(lists).then(nw.col("listed_after")).otherwise(1).cast(nw.Float64)
    over = nw.when(lists).then(mrr1 / paid).otherwise(1.0)
    net = nw.when(moved).then(nw.col("_rest").cast(nw.Float64) / per).otherwise(over)
    cells = cells.with_columns(_price=dearer * net)
    apart = known & (nw.col("_q0") != nw.col("_q1"))
    price = nw.when(apart).then(nearest(nw.col("_price"))).otherwise(nw.col("_rest"))
    return cells.with_columns(_price=price.cast(nw.Int64))

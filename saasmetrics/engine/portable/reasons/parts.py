"""What of each change is seats, price, plan, discount: `engine.reasons`, step by step, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.held import settled
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import flag, nearest, where
from saasmetrics.engine.reasons import SUBTYPES
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame

PARTS = tuple(f"s{number}" for number in range(len(SUBTYPES)))  # in the order of SUBTYPES
_CENT = MICRO // 100
PARTS_ARE = "what of each change is " + ", ".join(
    f"{name} ({part})" for name, part in zip(SUBTYPES, PARTS, strict=True)
)


def with_parts(cells: Frame, *, midpoint: bool) -> Frame:
    """Return both sides of changes with the parts of each, which sum to the change.

    Parameters
    ----------
    cells
        Both sides of every change.
    midpoint
        Value price and seats that change together at the mean of the other, instead of the price first.
    """
    usage = nw.col("product") % 2 == 1
    both = (nw.col("lines_before") > 0) & (nw.col("lines_after") > 0)
    first = nw.when(nw.col("lines_after") > 0).then(nw.col("first_after"))
    cells = settled(cells).with_columns(
        _split=flag(both & ~usage),
        _usage=flag(usage),
        _kept=first.otherwise(nw.col("first_before")) % 2,
        _change=nw.col("mrr_after") - nw.col("mrr_before"),
    )
    found = _with_price(_with_discount(cells, midpoint=midpoint), midpoint=midpoint)
    return settled(step(_named(found), "parts", PARTS_ARE))


def _named(cells: Frame) -> Frame:
    split, usage, kept = (nw.col(name) == 1 for name in ("_split", "_usage", "_kept"))
    change, price, less = nw.col("_change"), nw.col("_price"), nw.col("_less")

    def plan(name: str) -> nw.Expr:
        return nw.col(name) - nw.col(name) % 2

    replanned = plan("first_before") != plan("first_after")
    replanned = replanned | (plan("other_before") != plan("other_after"))
    raised = (nw.col("raised_after") > 0) & (price > 0)
    billed = nw.col("interval_before") != nw.col("interval_after")
    rest = nw.when(raised).then(2).otherwise(nw.when(billed).then(3).otherwise(4))
    cells = settled(cells).with_columns(_why=nw.when(replanned).then(1).otherwise(rest))
    cells, why, alone = settled(cells), nw.col("_why"), ~split & ~usage
    of = {
        "seats": where(split, nw.col("_rest") - price) + where(alone & kept, change),
        "price": where(split & (why == 4), price),
        "plan": where(split & (why == 1), price),
        "cross_sell": where(alone & ~kept, change),
        "interval": where(split & (why == 3), price),
        "discount_start": where(split & (less < 0), less),
        "discount_end": where(split & (less > 0), less),
        "escalator": where(split & (why == 2), price),
        "usage": where(usage, change),
        "pause": nw.col("rests_before") - nw.col("rests_after"),
    }
    parts = {part: of[name].cast(nw.Int64) for name, part in zip(SUBTYPES, PARTS, strict=True)}
    return cells.with_columns(**parts)


def _with_discount(cells: Frame, *, midpoint: bool) -> Frame:
    """Add what a change of the rate of discount does at the old list price; less than a cent is rounding."""

    def over(side: str) -> nw.Expr:
        full, mrr = nw.col(f"_full_{side}"), nw.col(f"mrr_{side}")
        return (full - mrr).cast(nw.Float64) / full.cast(nw.Float64)

    fulls = {
        f"_full_{side}": nw.max_horizontal(nw.col(f"listed_{side}"), nw.lit(1)).cast(nw.Int64)
        for side in ("before", "after")
    }
    cells = settled(cells.with_columns(**fulls))
    full = nw.col("_full_before").cast(nw.Float64)
    if midpoint:
        full = (nw.col("_full_before") + nw.col("_full_after")).cast(nw.Float64) / 2.0
    less = (over("before") - over("after")) * full
    less = nw.when(nw.col("_split") == 1).then(less).otherwise(nw.lit(0.0))
    cells = settled(cells.with_columns(_exact=less))
    cells = cells.with_columns(_less=nearest(nw.col("_exact")))
    less = where(nw.col("_less").abs() > _CENT, nw.col("_less")).cast(nw.Int64)
    cells = settled(cells.with_columns(_less=less))
    return cells.with_columns(_rest=nw.col("_change") - nw.col("_less"))


def _with_price(cells: Frame, *, midpoint: bool) -> Frame:
    """Add the part of each change that is price, net of discounts: all of it where seats are not known."""
    known = (nw.col("unknown_before") == 0) & (nw.col("unknown_after") == 0)
    known = known & (nw.col("seats_before") > 0) & (nw.col("seats_after") > 0)
    cells = cells.with_columns(
        _known=flag(known & (nw.col("_split") == 1)),
        _listed=nw.col("listed_after") - nw.col("listed_before"),
    )
    known, one = nw.col("_known") == 1, nw.lit(1.0)
    cells = settled(cells).with_columns(
        _q0=nw.when(known).then(nw.col("seats_before")).otherwise(one),
        _q1=nw.when(known).then(nw.col("seats_after")).otherwise(one),
    )
    cells, q0, q1 = settled(cells), nw.col("_q0"), nw.col("_q1")
    listed0, listed1 = (nw.col(f"listed_{s}").cast(nw.Float64) for s in ("before", "after"))
    moved, lists = nw.col("_listed") != 0, nw.col("listed_after") != 0
    per = nw.when(moved).then(nw.col("_listed")).otherwise(1).cast(nw.Float64)
    full = nw.when(lists).then(nw.col("listed_after")).otherwise(1).cast(nw.Float64)
    paid = nw.when(lists).then(nw.col("mrr_after").cast(nw.Float64) / full).otherwise(one)
    net = nw.when(moved).then(nw.col("_rest").cast(nw.Float64) / per).otherwise(paid)
    dearer = (listed1 / q1 - listed0 / q0) * ((q0 + q1) / 2.0 if midpoint else q0)
    apart = known & (q0 != q1)
    cells = cells.with_columns(
        _exact=nw.when(apart).then(dearer * net).otherwise(nw.lit(0.0)), _apart=flag(apart)
    )
    cells = settled(cells)
    price = nw.when(nw.col("_apart") == 1).then(nearest(nw.col("_exact")))
    return cells.with_columns(_price=price.otherwise(nw.col("_rest")).cast(nw.Int64))

"""Lines that ended set against those that started: one row per customer, time and product, with both sides added up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from saasmetrics.engine.portable.held import settled
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import FAR, flag, where
from saasmetrics.engine.reasons import SEATS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from saasmetrics.engine.portable.whole import Frame

    Valued = Callable[[Frame, Sequence[str]], Frame]

SIDES = ("before", "after")
ADDED = ("lines", "mrr", "listed", "rests", "unknown", "raised")
MONEY = ("mrr", "listed", "rests")
_PLAN = ("entity", "product", "plan", "time")
_CELL = ("entity", "product", "time")
_TURNS_ARE = "lines that end (side 0) and that start (side 1)"
_PLANS_ARE = (
    "both sides of each change by plan, and whether the plan is held on another line through it"
)
SIDES_ARE = "both sides of each change of a customer's lines of a product"


def sides(lines: Frame, valued: Valued | None = None, *, aside: bool) -> Frame:
    """Return both sides of every change of lines, as `reasons.Sides` has them.

    Parameters
    ----------
    lines
        Known lines with the times `begins` and `stops` from and to which each counts.
    valued
        Values some columns of lines that turn at exchange rates; None: amounts are as they are.
    aside
        Whether what rests has a line of its own.

    Returns
    -------
    Frame
        entity, product, time and, of either side, lines, mrr, listed, rests, seats, unknown (lines without seats),
        raised, plan and other (twice the number of the first and the last plan, and one more where it is held on
        another line too), interval.
    """
    counts = lines.filter(nw.col("begins") < nw.col("stops"))
    starts = turns(counts, "begins", 1, aside=aside)
    ends = turns(counts.filter(nw.col("stops") < FAR), "stops", 0, aside=aside)
    found = nw.concat([starts, ends])
    found = found if valued is None else valued(found, MONEY)
    return both_sides(step(found.drop("moving"), "turns", _TURNS_ARE))


def both_sides(found: Frame) -> Frame:
    """Return both sides of changes from the lines that start and end at them, as `turns` has these."""
    plans = step(_by_plan(found), "by_plan", _PLANS_ARE)
    return step(_by_product(plans), "sides", SIDES_ARE)


def turns(lines: Frame, time: str, side: int, *, aside: bool) -> Frame:
    """Return lines as they end (side 0) or start (side 1): at a time, with what they add to their side."""
    none = nw.lit(0).cast(nw.Int64)
    return lines.select(
        *("entity", "product", "plan", "interval", "listed", "raised", "seats", "moving"),
        time=nw.col(time),
        side=none + side,
        lines=none + 1,
        mrr=nw.col("amount"),
        rests=none if aside else nw.col("rests") * nw.col("amount"),
        unknown=flag(nw.col("seats") <= 0).cast(nw.Int64),
    )


def _by_plan(found: Frame) -> Frame:
    made: dict[str, Any] = {}
    for number, side in enumerate(SIDES):
        mine = nw.col("side") == number
        made |= {f"{name}_{side}": where(mine, nw.col(name)) for name in ADDED}
        made[f"seats_{side}"] = nw.when(mine).then(nw.col("seats")).otherwise(nw.lit(0.0))
        made[f"interval_{side}"] = nw.when(mine).then(nw.col("interval"))
    found = found.with_columns(**made).group_by(*_PLAN).agg(*_sums())
    found = settled(_whole(found))
    began, over = (
        nw.col(f"lines_{side}").cum_sum().over("entity", "product", "plan", order_by="time")
        for side in ("after", "before")
    )
    found = found.with_columns(_began=began - nw.col("lines_after"), _over=over)
    name = nw.col("plan") * 2 + flag(nw.col("_began") > nw.col("_over"))
    plans = {f"plan_{side}": nw.when(nw.col(f"lines_{side}") > 0).then(name) for side in SIDES}
    return settled(settled(found).with_columns(**plans))


def _by_product(plans: Frame) -> Frame:
    both = [
        *(nw.col(f"plan_{side}").min().alias(f"first_{side}") for side in SIDES),
        *(nw.col(f"plan_{side}").max().alias(f"other_{side}") for side in SIDES),
    ]
    found = _whole(plans.group_by(*_CELL).agg(*_sums(), *both))
    told = {f"{n}_{s}": nw.col(f"{n}_{s}") for n in ("first", "other", "interval") for s in SIDES}
    seats = {}
    for side in SIDES:
        sum_ = nw.col(f"seats_{side}") * float(SEATS)
        seats[f"seats_{side}"] = (sum_ + 0.5).floor() / float(SEATS)
    missing = {name: value.fill_null(-1).cast(nw.Int64) for name, value in told.items()}
    return settled(found.with_columns(**missing, **seats))


def _sums() -> list[nw.Expr]:
    out: list[nw.Expr] = []
    for side in SIDES:
        out += [nw.col(f"{name}_{side}").sum() for name in (*ADDED, "seats")]
        out.append(nw.col(f"interval_{side}").min())
    return out


def _whole(found: Frame) -> Frame:
    """Return sums as the whole numbers that they are, in any engine."""
    added = [f"{name}_{side}" for name in ADDED for side in SIDES]
    return found.with_columns(nw.col(*added).cast(nw.Int64))

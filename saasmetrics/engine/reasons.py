"""Why MRR of a customer who stays changed: what its lines were before and after a change, and what that says.

At each change the lines that ended are set against those that started, product by product. What is on both sides was
repriced, resized, discounted or moved to another plan; what is on one side only was added or dropped. The parts are
whole micro-units and sum to the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.columns import encode, flags, has, numbers
from saasmetrics.engine.groups import sort_key
from saasmetrics.engine.service import FAR
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from numpy.typing import NDArray

    from saasmetrics.engine.spans import Spans

    Rate = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]

SUBTYPES = (
    "seats",
    "price",
    "plan",
    "cross_sell",
    "interval",
    "discount_start",
    "discount_end",
    "escalator",
    "usage",
    "pause",
)
SEATS = 1_000_000  # parts of a seat that are told apart
_CENT = MICRO // 100
_AT = {name: number for number, name in enumerate(SUBTYPES)}


@dataclass(frozen=True, eq=False)
class Lines:
    """What is known of the line behind each span; codes are 0 where the export does not say.

    `listed` is MRR before discounts in micro-units; `seats` is 0 where unknown; `usage` marks charges without a line.
    """

    product: NDArray[np.int64]
    plan: NDArray[np.int64]
    interval: NDArray[np.int64]
    seats: NDArray[np.float64]
    listed: NDArray[np.int64]
    escalator: NDArray[np.bool_]
    usage: NDArray[np.bool_]


def lines_of(spans: Spans, data: pa.Table, listed: NDArray[np.int64]) -> Lines:
    """Return what the source, of which the list MRR of each row is given, says of the line behind each span."""
    line = spans.lines()

    def code(*names: str) -> NDArray[np.int64]:
        out = np.zeros(len(data) + 1, np.int64)
        for name in names:
            if has(data, name):
                values, found = encode(data[name])
                rank = np.append(
                    sort_key(values) + 1, 0
                )  # so that nothing depends on the order of rows
                out = out * (len(values) + 1) + np.append(rank[found], 0)
        return out[line]

    seats = numbers(data["quantity"]) if has(data, "quantity") else np.zeros(len(data))
    up = flags(data["escalator"]) if has(data, "escalator") else np.zeros(len(data), bool)
    usage = line < 0
    full = np.maximum(np.append(listed, 0)[line], spans.amount)
    return Lines(
        product=code("product"),
        plan=code("plan"),
        interval=code("interval", "interval_count"),
        seats=np.append(np.maximum(seats, 0), 0)[line],
        listed=np.where(usage, spans.amount, full),
        escalator=np.append(up, False)[line],
        usage=usage,
    )


@dataclass(frozen=True, eq=False)
class Changes:
    """Lines that ended and started, one element per customer, time and product.

    `parts` is elements x `SUBTYPES`; the columns before and after tell what was replaced by what.
    """

    entity: NDArray[np.int64]
    time: NDArray[np.int64]
    product: NDArray[np.int64]
    parts: NDArray[np.int64]
    before: Sides
    after: Sides


@dataclass(frozen=True, eq=False)
class Sides:
    """The lines on one side of changes, added up: MRR, what of it rests, list MRR, seats, first and last plan.

    `raised` says whether one of them has a contracted uplift.
    """

    lines: NDArray[np.int64]
    mrr: NDArray[np.int64]
    listed: NDArray[np.int64]
    rests: NDArray[np.int64]
    seats: NDArray[np.float64]
    counted: NDArray[np.bool_]
    plan: NDArray[np.int64]
    other_plan: NDArray[np.int64]
    interval: NDArray[np.int64]
    raised: NDArray[np.bool_]


def changes(
    spans: Spans,
    lines: Lines,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    *,
    midpoint: bool = False,
    rate: Rate | None = None,
) -> Changes:
    """Return every change of lines with its parts.

    Parameters
    ----------
    spans, lines
        Who pays how much, and what for.
    start, end
        The time at which each span starts to count and stops to; `FAR` for never. Spans that start when they end
        count nowhere.
    midpoint
        Value price and seats that change together at the mean of the other, instead of the price first.
    rate
        Gives the rate of exchange of spans at the times at which they start or end; None: amounts are as they are.
        Both sides of a change are valued before they are set against each other.
    """
    counts = start < end
    at = np.concatenate([np.flatnonzero(counts), np.flatnonzero(counts & (end < FAR))])
    many = int(counts.sum())
    side = np.arange(len(at)) < many  # true: started
    time = np.where(side, start[at], end[at])
    product = lines.product[at] * 2 + lines.usage[at]
    order = np.lexsort([product, time, spans.entity[at]])
    at, side, time, product = at[order], side[order], time[order], product[order]
    entity = spans.entity[at].astype(np.int64)
    begins = np.ones(len(at), bool)
    begins[1:] = (np.diff(entity) != 0) | (np.diff(time) != 0) | (np.diff(product) != 0)
    cell = np.cumsum(begins) - 1
    cells = int(begins.sum())
    factor = None if rate is None else rate(at, time)
    before, after = (
        _side(
            *(spans, lines, at[mine], cell[mine], cells),
            factor=None if factor is None else factor[mine],
        )
        for mine in (~side, side)
    )
    first = np.flatnonzero(begins)
    usage = lines.usage[at[first]]
    plan = np.where(after.lines > 0, after.plan, before.plan)
    whose = (entity[first], product[first], plan)
    kept = _still_held(spans, lines, start, end, time[first], whose)
    parts = _parts(before, after, usage, kept, midpoint=midpoint)
    return Changes(entity[first], time[first], product[first] // 2, parts, before, after)


def _side(
    spans: Spans,
    lines: Lines,
    at: NDArray[np.int64],
    cell: NDArray[np.int64],
    cells: int,
    *,
    factor: NDArray[np.float64] | None,
) -> Sides:
    def total(values: NDArray[Any]) -> NDArray[Any]:
        out = np.zeros(cells, values.dtype)
        np.add.at(out, cell, values)
        return out

    def lowest(values: NDArray[np.int64]) -> NDArray[np.int64]:
        out = np.full(cells, np.iinfo(np.int64).max)
        np.minimum.at(out, cell, values)
        return out

    one = np.ones(len(at), np.int64)
    plan = lines.plan[at]
    amount, listed = spans.amount[at], lines.listed[at]
    if factor is not None:
        amount, listed = (np.rint(value * factor).astype(np.int64) for value in (amount, listed))
    resting = np.zeros(len(at), np.int64) if spans.aside else spans.rests()[at] * amount
    return Sides(
        lines=total(one),
        mrr=total(amount),
        listed=total(listed),
        rests=total(resting),
        seats=whole_seats(total(lines.seats[at])),
        counted=total((lines.seats[at] <= 0).astype(np.int64)) == 0,
        plan=lowest(plan),
        other_plan=-lowest(-plan),
        interval=lowest(lines.interval[at]),
        raised=total(lines.escalator[at].astype(np.int64)) > 0,
    )


def whole_seats(seats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sums of seats without what the order of adding leaves in the last digits."""
    rounded: NDArray[np.float64] = np.floor(seats * SEATS + 0.5) / SEATS
    return rounded


def _still_held(
    spans: Spans,
    lines: Lines,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    time: NDArray[np.int64],
    whose: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
) -> NDArray[np.bool_]:
    """Return whether customers have plans of products on other lines too, through changes at some times."""
    plans = int(lines.plan.max(initial=0)) + 1
    products = int(lines.product.max(initial=0)) * 2 + 2
    entity, product, plan = whose
    mine = (entity * products + product) * plans + plan
    key = (spans.entity.astype(np.int64) * products + lines.product * 2 + lines.usage) * plans
    used, code = np.unique(key + lines.plan, return_inverse=True)
    code = code.reshape(-1).astype(np.int64) << 32
    counts = start < end
    begun = np.sort((code + start)[counts])
    over = np.sort((code + np.minimum(end, FAR))[counts])
    low = np.searchsorted(used, mine).astype(np.int64) << 32
    moment = low + time
    running = np.searchsorted(begun, moment, side="left") - np.searchsorted(begun, low, side="left")
    gone = np.searchsorted(over, moment, side="right") - np.searchsorted(over, low, side="left")
    held: NDArray[np.bool_] = running > gone
    return held


def _parts(
    before: Sides,
    after: Sides,
    usage: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    *,
    midpoint: bool,
) -> NDArray[np.int64]:
    """Return the parts of each change; they sum to that of MRR, with MRR that rests where pauses are a line apart."""
    change = after.mrr - before.mrr
    both = (before.lines > 0) & (after.lines > 0)
    parts = np.zeros((len(change), len(SUBTYPES)), np.int64)
    alone = np.where(kept, _AT["seats"], _AT["cross_sell"])
    whole = ~both | usage
    column = np.where(usage, _AT["usage"], alone)
    rows = np.flatnonzero(whole)
    parts[rows, column[rows]] = change[rows]
    rows = np.flatnonzero(~whole)
    less = _discount_part(before, after, midpoint=midpoint)
    parts[rows, _AT["discount_end"]] = np.maximum(less, 0)[rows]
    parts[rows, _AT["discount_start"]] = np.minimum(less, 0)[rows]
    rest = change - less
    price = _price_part(before, after, rest, midpoint=midpoint)
    replanned = (before.plan != after.plan) | (before.other_plan != after.other_plan)
    raised = after.raised & (price > 0)
    name = np.select(
        [replanned, raised, before.interval != after.interval],
        [_AT["plan"], _AT["escalator"], _AT["interval"]],
        _AT["price"],
    )
    parts[rows, name[rows]] = price[rows]
    parts[rows, _AT["seats"]] += (rest - price)[rows]
    parts[:, _AT["pause"]] = before.rests - after.rests
    return parts


def _discount_part(before: Sides, after: Sides, *, midpoint: bool) -> NDArray[np.int64]:
    """Return what a change of the rate of discount does at the old list price; less than a cent is rounding."""
    full0, full1 = np.maximum(before.listed, 1), np.maximum(after.listed, 1)
    less = (full0 - before.mrr) / full0 - (full1 - after.mrr) / full1
    out = np.rint(less * ((full0 + full1) / 2 if midpoint else full0)).astype(np.int64)
    return np.where(np.abs(out) <= _CENT, 0, out)


def _price_part(
    before: Sides, after: Sides, rest: NDArray[np.int64], *, midpoint: bool
) -> NDArray[np.int64]:
    """Return the part of a change that is price, net of discounts: all of it where seats are not known.

    Of a change of list MRR from P0 Q0 to P1 Q1, price is the share (P1 - P0) Q0, or at the mean of Q0 and Q1.
    """
    known = before.counted & after.counted & (before.seats > 0) & (after.seats > 0)
    q0, q1 = np.where(known, before.seats, 1.0), np.where(known, after.seats, 1.0)
    listed = (after.listed - before.listed).astype(float)
    dearer = (after.listed / q1 - before.listed / q0) * ((q0 + q1) / 2 if midpoint else q0)
    net = np.divide(rest, listed, out=np.ones(len(rest)), where=listed != 0)
    # Where the list MRR stays, price and seats cancel out, and there is no other net than that of the lines.
    paid = np.divide(after.mrr, after.listed, out=np.ones(len(rest)), where=after.listed != 0)
    net = np.where(listed != 0, net, paid)
    return np.where(known & (q0 != q1), np.rint(dearer * net), rest).astype(np.int64)


CAUSES = ("unknown", "voluntary", "involuntary")


def causes(spans: Spans, data: pa.Table) -> NDArray[np.int64]:
    """Return the cause of the end of each span, as a place in `CAUSES`."""
    code = np.zeros(len(data) + 1, np.int64)
    if "churn_cause" in data.column_names:
        for number, cause in enumerate(CAUSES):
            code[:-1][flags(pc.equal(data["churn_cause"], cause))] = number
    return code[spans.lines()]

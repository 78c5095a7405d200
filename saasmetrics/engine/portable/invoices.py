"""From invoice lines to pieces of MRR: normalized to a month of service, or spread by days to the cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.invoices import NOT_RECURRING
from saasmetrics.engine.portable.amounts import micro, names, per_month
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.whole import day_number, divided, where, with_first_day, with_month
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

_CENT = MICRO // 100


def invoice_pieces(table: Frame, policy: Policy, rate: nw.Expr) -> Frame:
    """Return the recurring lines with `start`, `end` and `amount`."""
    found = table.with_columns(_day=day_number("date", 0))
    found = with_first_day(with_month(found, "_day", "_month"), "_month", "start")
    found = with_first_day(found.with_columns(_month=nw.col("_month") + 1), "_month", "end")
    if {"service_start", "service_end"} <= set(names(table)):
        found = _served(found, 1 if policy.service_end == "inclusive" else 0)
    found = found.with_columns(_paid=micro("amount", rate))
    if "kind" in names(table):
        other = nw.col("kind").fill_null("").str.to_lowercase().is_in(list(NOT_RECURRING))
        found = found.filter(~other)
    return _spread(found) if policy.recognition == "daily" else _normalized(found)


def _served(found: Frame, extra: int) -> Frame:
    """Take the service dates where a line has both."""
    known = ~(nw.col("service_start").is_null() | nw.col("service_end").is_null())
    first, last = day_number("service_start", 0), day_number("service_end", 0) + extra
    return found.with_columns(
        start=nw.when(known).then(first).otherwise(nw.col("start")),
        end=nw.when(known).then(last).otherwise(nw.col("end")),
    )


def _normalized(found: Frame) -> Frame:
    """Divide by the months served: exact where the period is whole months, else by 365/12 days each."""
    for side in ("start", "end"):
        found = with_first_day(with_month(found, side, f"_{side}"), f"_{side}", "_first")
        found = found.with_columns((nw.col(side) - nw.col("_first")).alias(f"_{side}_day"))
    months = nw.col("_end") - nw.col("_start")
    whole = (nw.col("_start_day") == nw.col("_end_day")) & (months > 0)
    days = nw.max_horizontal(nw.col("end") - nw.col("start"), nw.lit(1)).cast(nw.Int64)
    parts = nw.when(whole).then(months).otherwise(days * 12)
    times = nw.when(whole).then(1).otherwise(365).cast(nw.Int64)
    found = found.with_columns(_parts=parts, _times=times)
    return found.with_columns(amount=per_month(nw.col("_paid"), nw.col("_parts"), nw.col("_times")))


def _spread(found: Frame) -> Frame:
    """Spread each line over its months by days, in whole cents that add up to the line.

    The cents left over by rounding down go to the months with the largest remainders, the earliest first.
    """
    sign = nw.when(nw.col("_paid") < 0).then(-1).otherwise(1)
    found = found.with_columns(
        _last=nw.max_horizontal(nw.col("end") - 1, nw.col("start")),
        _sign=sign,
        _cents=divided(nw.col("_paid").abs() + _CENT // 2, _CENT),
    )
    found = with_month(with_month(found, "start", "_from"), "_last", "_to")
    parts = _monthly_parts(found)
    parts = parts.with_columns(
        _days=nw.min_horizontal(nw.col("_close"), nw.col("_last") + 1)
        - nw.max_horizontal(nw.col("_open"), nw.col("start")),
        _total=nw.col("_last") + 1 - nw.col("start"),
    )
    weight = nw.col("_cents") * nw.col("_days")
    parts = parts.with_columns(
        _share=divided(weight, nw.col("_total")), _rest=weight % nw.col("_total")
    )
    parts = parts.with_columns(
        _left=nw.col("_cents") - nw.col("_share").sum().over("invoice_id").cast(nw.Int64),
        _one=nw.lit(1),
        _minus=nw.col("_rest") * -1,
    )
    rank = nw.col("_one").cum_sum().over("invoice_id", order_by=["_minus", "_nth"])
    parts = parts.with_columns(_rank=rank.cast(nw.Int64))
    cents = nw.col("_share") + where(nw.col("_rank") <= nw.col("_left"), nw.lit(1))
    return parts.with_columns(
        start=nw.col("_open"), end=nw.col("_close"), amount=nw.col("_sign") * cents * _CENT
    )


def _monthly_parts(found: Frame) -> Frame:
    """Repeat each line for every month that it serves, with the month's first day and the next month's."""
    longest = fetched(found.select((nw.col("_to") - nw.col("_from")).max().alias("n")))["n"]
    parts = []
    for nth in range(int(longest[0].as_py() or 0) + 1):
        part = found.filter(nw.col("_to") - nw.col("_from") >= nth)
        part = part.with_columns(_nth=nw.lit(nth), _month=nw.col("_from") + nth)
        part = with_first_day(part, "_month", "_open").with_columns(_month=nw.col("_month") + 1)
        parts.append(with_first_day(part, "_month", "_close"))
    return nw.concat(parts)

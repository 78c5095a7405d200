"""From invoice lines to pieces of MRR: normalized to a month of service, or spread by days to the cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.invoices import NOT_RECURRING, REFUND, USAGE
from saasmetrics.engine.portable.amounts import names, per_month, with_micro
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.held import apart
from saasmetrics.engine.portable.whole import day_number, divided, where, with_first_day, with_month
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

_CENT = MICRO // 100


def invoice_pieces(table: Frame, policy: Policy, rate: nw.Expr) -> Frame:
    """Return the recurring lines with `start`, `end` and `amount`; each row has its number as `line`."""
    found = with_micro(apart(with_service(table, policy)), rate, _paid=nw.col("amount"))
    left_out = (*NOT_RECURRING, *(REFUND if policy.refunds == "ignored" else ()))
    found = found.filter(~of_kind(table, left_out))
    return _spread(found) if policy.recognition == "daily" else with_monthly(found)


def usage_pieces(table: Frame, policy: Policy, rate: nw.Expr) -> Frame:
    """Return the usage charges with `start`, `end` and `amount`: whole in their month, or a third in each of three."""
    day = day_number("date", 0)
    if "service_start" in names(table):
        served = ~nw.col("service_start").is_null()
        day = nw.when(served).then(day_number("service_start", 0)).otherwise(day)
    months = 3 if policy.usage == "trailing_mean" else 1
    found = charged_for_usage(table).with_columns(_day=day)
    found = with_first_day(with_month(found, "_day", "_month"), "_month", "start")
    found = found.with_columns(_month=nw.col("_month") + months)
    found = with_first_day(found, "_month", "end")
    found = with_micro(found, rate, _paid=nw.col("amount"))
    each = per_month(nw.col("_paid"), nw.lit(months).cast(nw.Int64))
    return found.with_columns(amount=each)


def charged_for_usage(table: Frame) -> Frame:
    """Return the lines that charge for usage."""
    return table.filter(of_kind(table, USAGE))


def of_kind(table: Frame, kinds: tuple[str, ...]) -> nw.Expr:
    """Return which invoice lines are of some kinds."""
    if "kind" not in names(table):
        return nw.col("date").is_null() & ~nw.col("date").is_null()  # of none, for every row
    return nw.col("kind").fill_null("").str.to_lowercase().is_in(list(kinds))


def with_service(table: Frame, policy: Policy) -> Frame:
    """Add from which day `start` until which day `end` each line serves: its month, where it does not say so."""
    found = table.with_columns(_day=day_number("date", 0))
    found = with_first_day(with_month(found, "_day", "_month"), "_month", "start")
    found = with_first_day(found.with_columns(_month=nw.col("_month") + 1), "_month", "end")
    if not {"service_start", "service_end"} <= set(names(table)):
        return found
    extra = 1 if policy.service_end == "inclusive" else 0
    first, last = day_number("service_start", 0), day_number("service_end", 0) + extra
    return found.with_columns(
        start=nw.when(says_when(table)).then(first).otherwise(nw.col("start")),
        end=nw.when(says_when(table)).then(last).otherwise(nw.col("end")),
    )


def says_when(table: Frame) -> nw.Expr:
    """Return which invoice lines say which days they serve."""
    if not {"service_start", "service_end"} <= set(names(table)):
        return nw.col("date").is_null() & ~nw.col("date").is_null()  # none of them
    return ~(nw.col("service_start").is_null() | nw.col("service_end").is_null())


def with_monthly(found: Frame) -> Frame:
    """Add the `amount` of a month: `_paid` by the months served, where these are not whole by 365/12 days each.

    A period that a short month cut is whole too: from 31 January to 28 February, from 28 February to 31 March.
    """
    for side in ("start", "end"):
        found = with_month(found, side, f"_{side}").with_columns(_next=nw.col(f"_{side}") + 1)
        found = with_first_day(found, f"_{side}", "_first")
        found = with_first_day(found, "_next", f"_{side}_next")
        found = apart(found.with_columns((nw.col(side) - nw.col("_first")).alias(f"_{side}_day")))
    months = nw.col("_end") - nw.col("_start")
    begin, until = nw.col("_start_day"), nw.col("_end_day")
    last = nw.col("_end_next") - nw.col("end") + until - 1  # the last day of the month, from 0
    short = until == nw.min_horizontal(begin, last)
    long = (nw.col("start") + 1 == nw.col("_start_next")) & (until >= begin)
    whole = (short | long) & (months > 0)
    days = nw.max_horizontal(nw.col("end") - nw.col("start"), nw.lit(1)).cast(nw.Int64)
    parts = nw.when(whole).then(months).otherwise(days * 12)
    times = nw.when(whole).then(1).otherwise(365).cast(nw.Int64)
    found = apart(found.with_columns(_parts=parts, _times=times))
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
    found = with_month(apart(with_month(found, "start", "_from")), "_last", "_to")
    found = apart(found)
    parts = apart(_monthly_parts(found))
    parts = parts.with_columns(
        _days=nw.min_horizontal(nw.col("_close"), nw.col("_last") + 1)
        - nw.max_horizontal(nw.col("_open"), nw.col("start")),
        _total=nw.col("_last") + 1 - nw.col("start"),
    )
    weight = nw.col("_cents") * nw.col("_days")
    parts = apart(parts).with_columns(
        _share=divided(weight, nw.col("_total")), _rest=weight % nw.col("_total")
    )
    parts = parts.with_columns(
        _left=nw.col("_cents") - nw.col("_share").sum().over("line").cast(nw.Int64),
        _one=nw.lit(1),
        _minus=nw.col("_rest") * -1,
    )
    rank = nw.col("_one").cum_sum().over("line", order_by=["_minus", "_nth"])
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

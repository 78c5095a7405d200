"""Until which day a subscription is paid for: when churn happens, under a policy, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.whole import (
    FAR,
    day_number,
    divided,
    with_first_day,
    with_month,
)

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

INVOLUNTARY = 2  # among causes


def with_last_day_paid(found: Frame, policy: Policy) -> Frame:
    """Move `end` to the first day that each subscription is not paid for."""
    found = _with_churn_date(found, policy)
    if policy.past_due == "excluded" and "past_due_since" in names(found):
        found = found.with_columns(_due=day_number("past_due_since", FAR))
        ends = nw.max_horizontal("start", nw.min_horizontal("end", "_due"))
        found = found.with_columns(end=ends)
    return found


def _with_churn_date(found: Frame, policy: Policy) -> Frame:
    if policy.churn_date == "cancel_requested" and "cancel_requested_at" in names(found):
        request = day_number("cancel_requested_at", "end")
        ends = nw.max_horizontal("start", nw.min_horizontal("end", "_request"))
        return found.with_columns(_request=request).with_columns(end=ends)
    if policy.churn_date not in ("period_end", "dunning_end"):
        return found
    found = with_next_billing_day(found, "end", "_due")
    found = found.join(departures(found), on=["entity", "end"], how="left")
    leaves = ~nw.col("_back").is_null()
    if policy.churn_date == "dunning_end":
        leaves = leaves & (nw.col("cause") != INVOLUNTARY)
    back = nw.col("_back").fill_null(FAR).cast(nw.Int64)
    paid = nw.min_horizontal(nw.col("_due"), back)
    return found.with_columns(end=nw.when(leaves).then(paid).otherwise(nw.col("end"))).drop("_back")


def departures(found: Frame) -> Frame:
    """Return entity and `end` of every day that leaves a customer without a subscription, and when it is `_back`.

    A subscription that another one follows or outlives has not been left: the customer changed it.
    """
    real = found.filter(nw.col("end") > nw.col("start"))
    never = nw.lit(FAR).cast(nw.Int64)
    starts = real.select("entity", day=nw.col("start"), change=nw.lit(1), begins=nw.col("start"))
    ends = real.filter(nw.col("end") < FAR).select(
        "entity", day=nw.col("end"), change=nw.lit(-1), begins=never
    )
    turns = (
        nw.concat([starts, ends])
        .group_by("entity", "day")
        .agg(nw.col("change").sum(), nw.col("begins").min())
    )
    turns = turns.with_columns(
        _covers=nw.col("change").cum_sum().over("entity", order_by="day"),
        _back=nw.col("begins").cum_min(reverse=True).over("entity", order_by="day"),
    )
    return turns.filter(nw.col("_covers") == 0).select("entity", "_back", end=nw.col("day"))


def with_next_billing_day(found: Frame, last: str, due: str) -> Frame:
    """Add the first billing day on or after each `last` day: of months, the day of the start or the month's last."""
    count = nw.col("interval_count").fill_null(1) if "interval_count" in names(found) else nw.lit(1)
    months = nw.when(nw.col("interval") == "quarter").then(3).otherwise(1)
    months = nw.when(nw.col("interval") == "year").then(12).otherwise(months)
    days = nw.when(nw.col("interval") == "week").then(7).otherwise(1)
    known = nw.when(nw.col(last) < FAR).then(nw.col(last)).otherwise(nw.col("start"))
    found = found.with_columns(_count=count.cast(nw.Int64), _last=known)
    found = found.with_columns(_each=nw.col("_count") * months, _days=nw.col("_count") * days)
    found = _with_monthly_day(found)
    served = divided(nw.col("_last") - nw.col("start") + nw.col("_days") - 1, nw.col("_days"))
    by_day = nw.col("start") + served * nw.col("_days")
    by_interval = nw.when(nw.col("interval").is_in(["day", "week"])).then(by_day)
    day = by_interval.otherwise(nw.col("_monthly"))
    ahead = nw.when(nw.col(last) < FAR).then(day).otherwise(nw.col(last))
    made = ("_count", "_last", "_each", "_days", "_monthly")
    return found.with_columns(ahead.alias(due)).drop(*made)


def _with_monthly_day(found: Frame) -> Frame:
    """Add `_monthly`, the first of the days every `_each` months after the start that is no earlier than `_last`."""
    found = with_month(with_month(found, "start", "_from"), "_last", "_to")
    found = with_first_day(found, "_from", "_first").with_columns(
        _dom=nw.col("start") - nw.col("_first")
    )
    whole = divided(nw.col("_to") - nw.col("_from"), nw.col("_each"))
    found = found.with_columns(_month=nw.col("_from") + whole * nw.col("_each"))
    for due in ("_early", "_late"):
        found = with_first_day(found, "_month", due).with_columns(_next=nw.col("_month") + 1)
        found = with_first_day(found, "_next", "_next")
        day = nw.min_horizontal(nw.col(due) + nw.col("_dom"), nw.col("_next") - 1)
        found = found.with_columns(day.alias(due), _month=nw.col("_month") + nw.col("_each"))
    early = nw.col("_early") >= nw.col("_last")
    monthly = nw.when(early).then(nw.col("_early")).otherwise(nw.col("_late"))
    made = ("_from", "_to", "_first", "_dom", "_month", "_next", "_early", "_late")
    return found.with_columns(_monthly=monthly).drop(*made)

"""From tables to lines: who pays how much a month from which day until which, under a policy.

A line is a row of the source of MRR; a choice may cut it into pieces. Every piece has the columns of `PIECE`: MRR
`amount` in micro-units from the day `start` to the day before `end`, resting while `rests` is 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.amounts import (
    currency_rate,
    interval_months,
    micro,
    names,
    per_month,
)
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.invoices import invoice_pieces
from saasmetrics.engine.portable.whole import (
    FAR,
    day_number,
    divided,
    flag,
    with_first_day,
    with_month,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

PIECE = ("entity", "line", "start", "end", "amount", "rests", "cause")


def pieces(
    tables: Mapping[str, Frame],
    source: str,
    policy: Policy,
    as_of: int,
    currency: str,
    keep: Sequence[str] = (),
) -> Frame:
    """Return the pieces of all lines as known at the end of the day `as_of`; `keep` are columns of the source to carry.

    `tables[source]` has the column `entity` already.
    """
    found = every_piece(tables, source, policy, as_of, currency, keep)
    end = nw.when(nw.col("end") > as_of).then(FAR).otherwise(nw.col("end")).cast(nw.Int64)
    found = found.with_columns(end=end).filter(
        nw.col("start") <= as_of, nw.col("end") > nw.col("start")
    )
    found = found.filter(nw.col("amount") != 0)
    if policy.overlap == "latest":
        found = _latest_wins(held(found))
    return _bridged(held(found), policy.gap_days) if policy.gap_days else found


def every_piece(
    tables: Mapping[str, Frame],
    source: str,
    policy: Policy,
    as_of: int,
    currency: str,
    keep: Sequence[str] = (),
) -> Frame:
    """Return the pieces of all lines, also those that lie ahead, cost nothing or last no day."""
    build = {"subscriptions": _subscriptions, "mrr": _months, "invoices": _invoices}[source]
    return build(tables, policy, as_of, currency, (*PIECE, *keep))


def _subscriptions(
    tables: Mapping[str, Frame], policy: Policy, as_of: int, currency: str, columns: Sequence[str]
) -> Frame:
    table = tables["subscriptions"]
    rate = currency_rate(tables, "subscriptions", as_of, currency)
    parts, times = interval_months(table, policy)
    found = table.with_columns(
        line=nw.col("subscription_id"),
        start=day_number("start", 0),
        end=day_number("end", FAR) if "end" in names(table) else nw.lit(FAR),
        amount=per_month(micro("amount", rate), parts, times),
        rests=nw.lit(0).cast(nw.Int64),
        cause=_cause(table),
    )
    if "list_amount" in names(table):
        listed = per_month(micro("listed", rate), parts, times)
        found = found.with_columns(listed=nw.col("list_amount").fill_null(0)).with_columns(
            listed=listed
        )
    if policy.end == "inclusive":
        found = found.with_columns(end=nw.col("end") + flag(nw.col("end") < FAR))
    found = _churn_date(found, policy)
    if policy.trial == "excluded" and "trial_end" in names(found):
        found = found.with_columns(
            start=nw.max_horizontal("start", day_number("trial_end", "start"))
        )
    found = _discounted(held(found), policy)
    if policy.pause != "kept" and "pause_start" in names(found):
        return _paused(found, columns, keep_balance=policy.pause == "line")
    return found.select(*columns)


def _cause(table: Frame) -> nw.Expr:
    if "churn_cause" not in names(table):
        return nw.lit(0).cast(nw.Int64)
    cause = nw.col("churn_cause")
    known = nw.when(cause == "involuntary").then(2).otherwise(0)
    return nw.when(cause == "voluntary").then(1).otherwise(known).cast(nw.Int64)


def _churn_date(found: Frame, policy: Policy) -> Frame:
    """Move the end to the request to cancel, or to the end of the billing period."""
    if policy.churn_date == "cancel_requested" and "cancel_requested_at" in names(found):
        request = day_number("cancel_requested_at", "end")
        ends = nw.max_horizontal("start", nw.min_horizontal("end", "_request"))
        return found.with_columns(_request=request).with_columns(end=ends)
    if policy.churn_date != "period_end":
        return found
    count = nw.col("interval_count").fill_null(1) if "interval_count" in names(found) else nw.lit(1)
    found = found.with_columns(_count=count.cast(nw.Int64))
    by_day, due = nw.col("interval").is_in(["day", "week"]), nw.col("end")
    days = nw.col("_count") * nw.when(nw.col("interval") == "week").then(7).otherwise(1)
    served = divided(nw.col("end") - nw.col("start") + days - 1, days)
    found = _with_billing_day(found)
    due = nw.when(by_day).then(nw.col("start") + served * days).otherwise(nw.col("_due"))
    return found.with_columns(end=nw.when(nw.col("end") < FAR).then(due).otherwise(nw.col("end")))


def _with_billing_day(found: Frame) -> Frame:
    """Add `_due`, the first monthly billing day on or after the end: the day of the start, or the month's last."""
    months = nw.when(nw.col("interval") == "quarter").then(3).otherwise(1)
    months = nw.when(nw.col("interval") == "year").then(12).otherwise(months)
    last = nw.when(nw.col("end") < FAR).then(nw.col("end")).otherwise(nw.col("start"))
    found = found.with_columns(_each=nw.col("_count") * months, _last=last)
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
    return found.with_columns(_due=nw.when(early).then(nw.col("_early")).otherwise(nw.col("_late")))


def _discounted(found: Frame, policy: Policy) -> Frame:
    """Let the list amount hold always, or from the end of the discount, by policy."""
    if "list_amount" not in names(found):
        return found
    known = ~nw.col("list_amount").is_null()
    if policy.discount == "none":
        amount = nw.when(known).then(nw.col("listed")).otherwise(nw.col("amount"))
        return found.with_columns(amount=amount)
    if "discount_end" not in names(found):
        return found
    found = found.with_columns(_until=day_number("discount_end", FAR))
    if policy.discount == "forever_only":
        ends, turn = known & (nw.col("_until") < FAR), nw.col("start")
    else:
        ends, turn = (
            known & (nw.col("_until") < nw.col("end")),
            nw.max_horizontal("start", "_until"),
        )
    found = found.with_columns(_turn=turn, _ends=flag(ends))
    after = found.filter(nw.col("_ends") == 1).with_columns(
        start=nw.col("_turn"), amount=nw.col("listed")
    )
    before = nw.when(nw.col("_ends") == 1).then(nw.col("_turn")).otherwise(nw.col("end"))
    return nw.concat([found.with_columns(end=before), after])


def _paused(found: Frame, columns: Sequence[str], *, keep_balance: bool) -> Frame:
    """Cut the pause out of each piece; with `keep_balance` its MRR rests instead of ending."""
    until = day_number("pause_end", FAR) if "pause_end" in names(found) else nw.lit(FAR)
    found = found.with_columns(_from=day_number("pause_start", FAR), _to=until.cast(nw.Int64))
    last = nw.max_horizontal("start", "end")
    found = found.with_columns(_from=nw.max_horizontal(nw.min_horizontal("_from", last), "start"))
    found = found.with_columns(
        _to=nw.max_horizontal(nw.min_horizontal(nw.col("_to"), last), nw.col("_from"))
    )
    paused = nw.col("_to") > nw.col("_from")
    before = found.with_columns(end=nw.when(paused).then(nw.col("_from")).otherwise(nw.col("end")))
    after = found.filter(paused).with_columns(start=nw.col("_to"))
    rest = found.filter(paused).with_columns(start=nw.col("_from"), end=nw.col("_to"))
    parts = [before.select(*columns), after.select(*columns)]
    if keep_balance:
        parts.append(rest.with_columns(rests=nw.lit(1).cast(nw.Int64)).select(*columns))
    return nw.concat(parts)


def _months(
    tables: Mapping[str, Frame], _policy: Policy, as_of: int, currency: str, columns: Sequence[str]
) -> Frame:
    rate = currency_rate(tables, "mrr", as_of, currency)
    found = with_month(tables["mrr"].with_columns(_day=day_number("month", 0)), "_day", "_month")
    found = with_first_day(found, "_month", "start").with_columns(_month=nw.col("_month") + 1)
    found = with_first_day(found, "_month", "end").with_columns(
        amount=micro("mrr", rate),
        rests=nw.lit(0).cast(nw.Int64),
        cause=_cause(tables["mrr"]),
    )
    return found.with_row_index("line", order_by=["entity", "start", "amount"]).select(*columns)


def _invoices(
    tables: Mapping[str, Frame], policy: Policy, as_of: int, currency: str, columns: Sequence[str]
) -> Frame:
    found = invoice_pieces(
        tables["invoices"], policy, currency_rate(tables, "invoices", as_of, currency)
    )
    found = found.with_columns(
        line=nw.col("invoice_id"), rests=nw.lit(0).cast(nw.Int64), cause=_cause(tables["invoices"])
    )
    return found.select(*columns)


def _latest_wins(found: Frame) -> Frame:
    """Where lines of an entity overlap, keep the one that started last; of several on one day, the last id.

    Each piece is cut at every moment at which something of its entity starts or ends.
    """
    begins = found.group_by("entity", "line").agg(_begin=nw.col("start").min())
    begins = begins.with_columns(_one=nw.lit(1))
    place = nw.col("_one").cum_sum().over("entity", order_by=["_begin", "line"])
    places = begins.select("entity", "line", _place=place)
    moments = nw.concat(
        [found.select("entity", _from=nw.col(side)) for side in ("start", "end")]
    ).unique()
    until = nw.col("_from").shift(-1).over("entity", order_by="_from")
    moments = moments.with_columns(_to=until).filter(~nw.col("_to").is_null())
    cells = found.join(moments, on="entity").join(places, on=["entity", "line"])
    cells = cells.filter(nw.col("_from") >= nw.col("start"), nw.col("_from") < nw.col("end"))
    cells = cells.with_columns(_top=nw.col("_place").max().over("entity", "_from"))
    cells = cells.filter(nw.col("_place") == nw.col("_top"))
    cells = cells.with_columns(start=nw.col("_from"), end=nw.col("_to").cast(nw.Int64))
    return cells.drop("_from", "_to", "_place", "_top")


def _bridged(found: Frame, gap_days: int) -> Frame:
    """Extend what ends before a gap of at most `gap_days` in all service of an entity to the end of the gap."""
    starts = found.select("entity", day=nw.col("start"), change=nw.lit(1))
    ends = found.filter(nw.col("end") < FAR).select("entity", day=nw.col("end"), change=nw.lit(-1))
    turns = nw.concat([starts, ends]).group_by("entity", "day").agg(nw.col("change").sum())
    turns = turns.with_columns(
        _covers=nw.col("change").cum_sum().over("entity", order_by="day"),
        _back=nw.col("day").shift(-1).over("entity", order_by="day"),
    )
    gaps = turns.filter(nw.col("_covers") == 0, nw.col("_back") - nw.col("day") <= gap_days)
    found = found.join(
        gaps.select("entity", "_back", end=nw.col("day")), on=["entity", "end"], how="left"
    )
    late = ~nw.col("_back").is_null()
    end = nw.when(late).then(nw.col("_back").fill_null(0).cast(nw.Int64)).otherwise(nw.col("end"))
    return found.with_columns(end=end).drop("_back")

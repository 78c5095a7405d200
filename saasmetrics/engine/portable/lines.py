"""From tables to lines: who pays how much a month from which day until which, under a policy.

A line is a row of the source of MRR; a choice may cut it into pieces. Every piece has the columns of `PIECE`: MRR
`amount` in micro-units from the day `start` to the day before `end`, resting while `rests` is 1, in the currency
`moving`: 0 for all whose rates do not move. Usage charges beside subscriptions have no `line`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.amounts import (
    currency_rate,
    interval_months,
    names,
    per_month,
    with_micro,
)
from saasmetrics.engine.portable.held import apart, held
from saasmetrics.engine.portable.invoices import invoice_pieces, usage_pieces
from saasmetrics.engine.portable.limits import check_sum
from saasmetrics.engine.portable.offers import discounted
from saasmetrics.engine.portable.service import with_last_day_paid, with_next_billing_day
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import FAR, day_number, flag, with_first_day, with_month_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.policy import Policy

SERVED = "served"  # among tables: the subscriptions with their MRR, where they were computed before
NUMBER = "_row"  # of subscriptions: tells rows apart where their ids do not
PIECE = ("entity", "line", "start", "end", "amount", "rests", "cause", "moving")


def pieces(
    tables: Mapping[str, Frame],
    source: str,
    policy: Policy,
    as_of: int,
    currency: str,
    moving: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Frame:
    """Return the pieces of all lines as known at the end of the day `as_of`.

    Parameters
    ----------
    tables
        Frames by name; those that MRR comes from have the column `entity` already, and those without an id per row
        have its number as `line`. `SERVED` may be among them.
    source
        The table that MRR comes from.
    policy, as_of, currency
        The definition choices, the last day known, the reporting currency.
    moving
        The currencies whose rates move and count.
    keep
        Columns of the source to carry.
    """
    columns = (*PIECE, *keep)
    every = all_pieces(tables, source, policy, as_of, currency, moving, keep)
    every = step(every, "lines", "who pays how much from which day until which")
    found = observed(every, as_of)
    if policy.overlap == "latest":
        found = held(found, "lines")
        check_sum(found, source, currency)
        found = _latest_wins(found)
    if policy.gap_days:
        found = _bridged(held(found, "lines"), policy.gap_days)
    if policy.usage == "excluded" or source != "subscriptions" or "invoices" not in tables:
        return found
    charges = _usage(tables, policy, as_of, currency, found, keep)
    return nw.concat([found.select(*columns), charges.select(*columns)])


def all_pieces(
    tables: Mapping[str, Frame],
    source: str,
    policy: Policy,
    as_of: int,
    currency: str,
    moving: Sequence[str],
    keep: Sequence[str],
) -> Frame:
    """Return the pieces of all lines with columns to carry, also those that lie ahead; as for `pieces`."""
    marked = {
        name: _with_currency(frame, moving) if name in (source, SERVED) else frame
        for name, frame in tables.items()
    }
    return every_piece(marked, source, policy, as_of, currency, (*PIECE, *keep))


def every_piece(
    tables: Mapping[str, Frame],
    source: str,
    policy: Policy,
    as_of: int,
    currency: str,
    columns: Sequence[str] = PIECE[:-1],
) -> Frame:
    """Return the pieces of all lines, also those that lie ahead, cost nothing or last no day."""
    build = {"subscriptions": _subscriptions, "mrr": _months, "invoices": _invoices}[source]
    return build(tables, policy, as_of, currency, columns)


def _with_currency(table: Frame, moving: Sequence[str]) -> Frame:
    number = nw.lit(0)
    for place, name in enumerate(moving, 1):
        number = nw.when(nw.col("currency") == name).then(place).otherwise(number)
    return table.with_columns(moving=number.cast(nw.Int64))


def observed(found: Frame, as_of: int) -> Frame:
    """Return what is known at the end of the as-of day: what has begun and costs something; later ends are far."""
    end = nw.when(nw.col("end") > as_of).then(FAR).otherwise(nw.col("end")).cast(nw.Int64)
    found = found.with_columns(end=end).filter(
        nw.col("start") <= as_of, nw.col("end") > nw.col("start")
    )
    return found.filter(nw.col("amount") != 0)


def _usage(
    tables: Mapping[str, Frame],
    policy: Policy,
    as_of: int,
    currency: str,
    found: Frame,
    keep: Sequence[str],
) -> Frame:
    """Return the usage charges of the invoices as pieces beside those of subscriptions; they have no line."""
    schema = found.collect_schema()
    rate = currency_rate(tables, "invoices", as_of, currency)
    used = observed(usage_pieces(tables["invoices"], policy, rate), as_of)
    none = nw.lit(0).cast(nw.Int64)
    used = used.with_columns(rests=none, cause=none, moving=none)
    return used.with_columns(
        nw.col("entity").cast(schema["entity"]),
        *(nw.lit(None, dtype=schema[name]).alias(name) for name in ("line", *keep)),
    )


def _subscriptions(
    tables: Mapping[str, Frame], policy: Policy, as_of: int, currency: str, columns: Sequence[str]
) -> Frame:
    known = SERVED in tables
    found = (
        tables[SERVED]
        if known
        else held(
            served(tables, policy, as_of, currency),
            "served",
            "from when until when each subscription is paid for",
        )
    )
    found = apart(discounted(found, policy))
    if policy.pause != "kept" and "pause_start" in names(found):
        keeps = policy.pause in ("line", "contraction")
        return _paused(found, columns, keep_balance=keeps)
    return found.select(*columns)


def served(tables: Mapping[str, Frame], policy: Policy, as_of: int, currency: str) -> Frame:
    """Return the subscriptions with their MRR, from when until when each is paid for: before discounts and pauses."""
    table = tables["subscriptions"]
    rate = currency_rate(tables, "subscriptions", as_of, currency)
    parts, times = interval_months(table, policy)
    found = table.with_columns(
        line=nw.col(NUMBER if NUMBER in names(table) else "subscription_id"),
        start=day_number("start", 0),
        end=day_number("end", FAR) if "end" in names(table) else nw.lit(FAR).cast(nw.Int64),
        _parts=parts,
        _times=times,
        rests=nw.lit(0).cast(nw.Int64),
        cause=_cause(table),
    )
    each = {"amount": nw.col("amount")}
    if "list_amount" in names(table):
        each["listed"] = nw.col("list_amount").fill_null(0)
    found = with_micro(found, rate, **each)
    parts, times = nw.col("_parts"), nw.col("_times")
    found = found.with_columns(
        *(per_month(nw.col(name), parts, times).alias(name) for name in each)
    ).drop("_parts", "_times")
    found = step(found, "monthly", "what each subscription pays a month, in millionths")
    if policy.end == "inclusive":
        found = found.with_columns(end=nw.col("end") + flag(nw.col("end") < FAR))
    if policy.discount == "recurring":
        found = found.with_columns(_second=nw.col("start") + 1)
        found = with_next_billing_day(found, "_second", "_first_due")
    found = with_last_day_paid(found, policy)
    if policy.trial == "excluded" and "trial_end" in names(found):
        found = found.with_columns(
            start=nw.max_horizontal("start", day_number("trial_end", "start"))
        )
    return found


def _cause(table: Frame) -> nw.Expr:
    if "churn_cause" not in names(table):
        return nw.lit(0).cast(nw.Int64)
    cause = nw.col("churn_cause")
    known = nw.when(cause == "involuntary").then(2).otherwise(0)
    return nw.when(cause == "voluntary").then(1).otherwise(known).cast(nw.Int64)


def _paused(found: Frame, columns: Sequence[str], *, keep_balance: bool) -> Frame:
    """Cut the pause out of each piece; with `keep_balance` its MRR rests instead of ending."""
    until = day_number("pause_end", FAR) if "pause_end" in names(found) else nw.lit(FAR)
    found = found.with_columns(_from=day_number("pause_start", FAR), _to=until.cast(nw.Int64))
    last = nw.max_horizontal("start", "end")
    found = found.with_columns(_from=nw.max_horizontal(nw.min_horizontal("_from", last), "start"))
    found = found.with_columns(
        _to=nw.max_horizontal(nw.min_horizontal(nw.col("_to"), last), nw.col("_from"))
    )
    found = step(found, "pauses", "from when until when each is paused")
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
    found = with_month_of(tables["mrr"], "month", "_month", "start")
    found = with_first_day(found.with_columns(_month=nw.col("_month") + 1), "_month", "end")
    found = found.with_columns(
        rests=nw.lit(0).cast(nw.Int64),
        cause=_cause(tables["mrr"]),
    )
    return with_micro(found, rate, amount=nw.col("mrr")).select(*columns)


def _invoices(
    tables: Mapping[str, Frame], policy: Policy, as_of: int, currency: str, columns: Sequence[str]
) -> Frame:
    table = tables["invoices"]
    table = table.with_columns(rests=nw.lit(0).cast(nw.Int64), cause=_cause(table))
    rate = currency_rate(tables, "invoices", as_of, currency)
    found = invoice_pieces(table, policy, rate).select(*columns)
    if policy.usage == "excluded":
        return found
    return nw.concat([found, usage_pieces(table, policy, rate).select(*columns)])


def _latest_wins(found: Frame) -> Frame:
    """Where lines of an entity overlap, keep the one that started last; of several, the last `line`, a number.

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

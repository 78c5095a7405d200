"""Terms of subscriptions where there are no contracts, where the tables are: each interval of a quarter or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.contracts import CATEGORIES, UNKNOWN
from saasmetrics.engine.implied_terms import NOTE, QUARTER, YEAR, short_notes
from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.fetched import number
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.lines import NUMBER
from saasmetrics.engine.portable.renewals.levels import level_at, with_months_later
from saasmetrics.engine.portable.renewals.signed import TERM, Signed
from saasmetrics.engine.portable.whole import FAR, divided, running

if TYPE_CHECKING:
    from saasmetrics.engine.portable.basis import Basis
    from saasmetrics.engine.portable.whole import Frame

_ACCOUNT = ("entity", "_product", "_every")
_RUN = (*_ACCOUNT, "_opens")
_SHORTEST = 28  # days of a month
_DIGITS = 16
_BILLED = ("interval", "start", "product", "interval_count")


def implied(basis: Basis, as_of: int) -> Signed:
    """Return the terms that subscriptions billed by the quarter, the year or longer have begun.

    Parameters
    ----------
    basis
        The tables of the book; MRR comes from subscriptions.
    as_of
        The last day known.

    Notes
    -----
    As `engine.implied_terms` has them: what a customer pays for one product at one interval without a day between is
    one run, and begins a term on its first day and on every anniversary.
    """
    table = basis.numbered()
    lines = table.with_row_index("term", order_by=_order(table))
    lines = held(lines.with_columns(nw.col("term").cast(nw.Int64)), "lines")
    billed = held(_billed(basis), "billed")
    often = billed.filter(nw.col("_every") < QUARTER).select("row").unique()
    many = int(number(often.select(nw.len())) or 0)
    billed = billed.filter(nw.col("_every") >= QUARTER)
    changes = held(_changes(billed), "changes")
    runs = held(_with_row(_runs(changes), billed), "runs")
    terms = held(_terms(runs, changes, basis.entities(), as_of), "terms")
    rows = int(number(terms.select(nw.len())) or 0)
    notes = (NOTE, *short_notes(many))
    told = (rows, basis.count(), False, False, notes)
    return Signed(lines.rename({"subscription_id": "contract_id"}), terms, *told, "subscriptions")


def _billed(basis: Basis) -> Frame:
    """Return the pieces of lines with product (in the order of names, 0 for none), months of the interval, and row.

    Rows have the numbers that those of the table have, as a discount or a trial changes no order in a subscription.
    """
    there = names(basis.tables["subscriptions"])
    used = [name for name in _BILLED if name in there]
    place = {name: f"_by{number}" for number, name in enumerate(used)}
    found = basis.lines(tuple(f"subscriptions.{name}" for name in used))
    found = found.filter(~nw.col("line").is_null())
    interval = nw.col(place["interval"])
    months = nw.when(interval.is_in(["day", "week"])).then(0).otherwise(1)
    for name, many in (("quarter", QUARTER), ("year", YEAR)):
        months = nw.when(interval == name).then(many).otherwise(months)
    count, product = nw.lit(1), nw.lit(0)
    if "interval_count" in place:
        count = nw.col(place["interval_count"]).fill_null(1)
    if "product" in place:
        product = nw.col(place["product"]).rank("dense").fill_null(0)
    found = found.select(
        "entity",
        "line",
        "start",
        "end",
        "amount",
        _begin=nw.col(place["start"]),
        _product=product.cast(nw.Int64),
        _every=(months * count).cast(nw.Int64),
    )
    served = basis.served()
    rows = served.with_row_index("row", order_by=_order(served))
    rows = rows.group_by("line", "start").agg(nw.col("row").min())
    rows = rows.select("line", nw.col("row").cast(nw.Int64), _begin=nw.col("start"))
    return found.join(rows, on=["line", "_begin"])


def _order(lines: Frame) -> list[str]:
    """Return the columns that subscriptions are numbered in the order of."""
    return ["subscription_id", "start", *(name for name in (NUMBER,) if name in names(lines))]


def _changes(billed: Frame) -> Frame:
    """Return by how much what is paid or rests changes, by account and day."""
    starts = billed.select(*_ACCOUNT, day=nw.col("start"), change=nw.col("amount"))
    ends = billed.filter(nw.col("end") < FAR)
    ends = ends.select(*_ACCOUNT, day=nw.col("end"), change=nw.col("amount") * -1)
    found = nw.concat([starts, ends]).group_by(*_ACCOUNT, "day").agg(nw.col("change").sum())
    found = found.with_columns(nw.col("change").cast(nw.Int64))
    return found.filter(nw.col("change") != 0)


def _runs(changes: Frame) -> Frame:
    """Return the first day of each unbroken run of an account, and the day after its last."""
    found = changes.with_columns(_held=running("change", [*_ACCOUNT], "day"))
    over = nw.when(nw.col("_held") <= 0).then(nw.col("day")).otherwise(FAR).cast(nw.Int64)
    found = found.with_columns(_over=over)
    last = nw.col("_over").cum_min(reverse=True).over(*_ACCOUNT, order_by="day")
    found = found.with_columns(_closes=last.cast(nw.Int64))
    begins = (nw.col("_held") > 0) & (nw.col("_held") - nw.col("change") <= 0)
    return found.filter(begins).select(*_ACCOUNT, "_closes", _opens=nw.col("day"))


def _with_row(runs: Frame, billed: Frame) -> Frame:
    """Add the row of the subscription that each run begins with; of several, that with the lowest id."""
    first = billed.group_by(*_ACCOUNT, "start").agg(row=nw.col("row").min())
    return runs.join(first.rename({"start": "_opens"}), on=[*_RUN])


def _terms(runs: Frame, changes: Frame, entities: Frame, as_of: int) -> Frame:
    """Return the terms that each run has begun by the as-of day."""
    over = nw.col("_closes") > as_of
    runs = runs.with_columns(_until=nw.when(over).then(as_of + 1).otherwise(nw.col("_closes")))
    days = nw.col("_until") - nw.col("_opens")
    runs = runs.with_columns(_most=divided(days, nw.col("_every") * _SHORTEST) + 1)
    found = runs.join(_numbers(runs), how="cross").filter(nw.col("_n") < nw.col("_most"))
    found = found.with_columns(_months=nw.col("_n") * nw.col("_every"))
    found = with_months_later(found, "_opens", "_months", "start")
    found = found.filter(nw.col("start") < nw.col("_until"))
    found = found.with_columns(_months=nw.col("_months") + nw.col("_every"))
    found = with_months_later(found, "_opens", "_months", "end")
    found = found.with_row_index("term", order_by=[*_RUN, "_n"])
    eve = nw.min_horizontal("end", "_until") - 1
    found = held(found.with_columns(nw.col("term").cast(nw.Int64), _eve=eve), "terms")
    for day, name in (("start", "arr"), ("_eve", "due")):
        asked = found.select(*_ACCOUNT, day=nw.col(day)).unique()
        level = level_at(changes, asked, *_ACCOUNT).rename({"day": day})
        found = found.join(level, on=[*_ACCOUNT, day])
        found = found.with_columns((nw.col("level") * YEAR).alias(name)).drop("level")
    found = found.join(entities.select("entity", who=nw.col("_rank")), on="entity")
    return found.with_columns(
        signed=nw.col("start"),
        previous=nw.when(nw.col("_n") > 0).then(nw.col("term") - 1),
        auto=nw.lit(UNKNOWN).cast(nw.Int64),
        forecast=nw.lit(UNKNOWN).cast(nw.Int64),
        category=nw.lit(len(CATEGORIES) - 1).cast(nw.Int64),
        lift=nw.col("arr").cast(nw.Float64) * 0,
    ).select(*TERM)


def _numbers(runs: Frame) -> Frame:
    """Return the numbers from 0 up to at least the most terms of a run, as `_n`: not every engine counts up."""
    most = int(number(runs.select(nw.col("_most").max())) or 0)
    one = held(runs.head(1).select(_n=nw.lit(0).cast(nw.Int64)), "one")
    digits = nw.concat([one.with_columns(_n=nw.col("_n") + place) for place in range(_DIGITS)])
    found, size = held(digits, "digits"), _DIGITS
    digits = found.rename({"_n": "_digit"})
    while size < most:
        found = found.join(digits, how="cross")
        found = held(found.select(_n=nw.col("_n") * _DIGITS + nw.col("_digit")), "numbers")
        size *= _DIGITS
    return found

"""How long customers that signed waited for the first contact, where their tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.amounts import names
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.whole import FAR, day_number, flag, summed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame

CELL = ("group", "wait", "met")


def signed_by(contracts: Frame) -> Frame:
    """Return contracts with the day on which each was `signed`, its first day where nobody wrote it down."""
    begin = day_number("start", FAR)
    if "signed_at" not in names(contracts):
        return contracts.with_columns(signed=begin, unsigned=nw.lit(0).cast(nw.Int64))
    missing = nw.col("signed_at").is_null()
    found = contracts.with_columns(_begin=begin, unsigned=flag(missing).cast(nw.Int64))
    return found.with_columns(signed=day_number("signed_at", "_begin"))


def contact_cells(
    engine: PortableEngine, signed: Frame, activities: Frame, by: Sequence[str]
) -> Frame:
    """Return how many customers of each group waited how many days, and whether there was contact then.

    Parameters
    ----------
    engine
        The engine where the tables are.
    signed
        The contracts, from `signed_by`.
    activities
        Those that count as contact.
    by
        Columns by which the engine groups customers.
    """
    who = engine.basis.entities().select("entity", _key=nw.col("entity").cast(nw.String))
    first = signed.group_by("customer_id").agg(_first=nw.col("signed").min())
    first = first.select(nw.col("customer_id").cast(nw.String).alias("_key"), "_first")
    who = held(who.join(first, on="_key").filter(nw.col("_first") <= engine.as_of), "signed")
    done = activities.select(_key=nw.col("customer_id").cast(nw.String), _at=day_number("at", FAR))
    met = done.join(who, on="_key").filter(
        nw.col("_at") >= nw.col("_first"), nw.col("_at") <= engine.as_of
    )
    met = met.group_by("entity").agg(_met=nw.col("_at").min())
    found = engine.basis.with_origin(who, by).join(met, on="entity", how="left")
    until = nw.col("_met").fill_null(engine.as_of)
    found = found.with_columns(
        wait=(until - nw.col("_first")).cast(nw.Int64),
        met=flag(~nw.col("_met").is_null()).cast(nw.Int64),
        n=nw.lit(1).cast(nw.Int64),
    )
    return summed(found, CELL, ("n",))

"""Contracts that renew themselves without a new one, as what is paid after their end says, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.contracts import CATEGORIES, UNKNOWN
from saasmetrics.engine.portable.fetched import number
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.renewals.levels import level_at, with_months_later
from saasmetrics.engine.portable.renewals.links import links
from saasmetrics.engine.portable.renewals.signed import TERM, Signed
from saasmetrics.engine.portable.whole import nearest
from saasmetrics.engine.renewals import Window
from saasmetrics.engine.self_renewal import MONTH

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame


def rolled_on(found: Signed, paid: Frame, as_of: int) -> tuple[Frame, int]:
    """Return the terms with those added that began because nobody cancelled, and how many these are.

    Parameters
    ----------
    found
        The terms that were signed.
    paid
        The changes of what entities pay: entity, day, change.
    as_of
        The last day known.

    Notes
    -----
    Whether a term goes on may depend on one that went on before it, so there is one question for each time that any
    contract goes on; each looks only at those that just did.
    """
    terms = found.terms
    if not found.renewing:
        return terms, 0
    fresh = terms.filter(nw.col("auto") == 1)
    paid = paid.join(fresh.select("entity").unique(), on="entity", how="semi")
    paid = held(paid, "paid", "changes of what customers pay whose contracts renew themselves")
    added, turn = 0, 0
    while True:
        turn += 1
        on = _going_on(terms, fresh.filter(nw.col("end") <= as_of), paid)
        on = held(on, "going_on", "terms that went on because nobody cancelled")
        many = int(number(on.select(nw.len())) or 0)
        if not many:
            return terms, added
        fresh = held(_appended(on, turn * found.rows), "fresh", "the terms that followed them")
        terms = nw.concat([terms.select(*TERM), fresh.select(*TERM)])
        terms = held(terms, "terms", "all terms so far")
        added += many


def _going_on(terms: Frame, fresh: Frame, paid: Frame) -> Frame:
    """Return those that no contract follows, whose customer pays after their end and is bound by no other contract."""
    followed = links(terms, Window(), fresh).select(term="old").unique()
    free = fresh.join(followed, on="term", how="anti")
    paying = level_at(paid, free.select("entity", day=nw.col("end")).unique(), "entity")
    paying = paying.filter(nw.col("level") > 0).select("entity", end=nw.col("day"))
    one = nw.lit(1).cast(nw.Int64)
    bound = nw.concat(
        [
            terms.select("who", day=nw.col("start"), change=one),
            terms.select("who", day=nw.col("end"), change=one * -1),
        ]
    )
    bound = level_at(bound, free.select("who", day=nw.col("end")).unique(), "who")
    unbound = bound.filter(nw.col("level") <= 0).select("who", end=nw.col("day"))
    free = free.join(paying, on=["entity", "end"], how="semi")
    return free.join(unbound, on=["who", "end"], how="semi")


def _appended(on: Frame, offset: int) -> Frame:
    """Return the terms that follow: as long, at the same value, signed on their first day."""
    length = nw.col("end") - nw.col("start")
    found = on.with_columns(_length=length)
    months = nearest(nw.col("_length").cast(nw.Float64) / MONTH)
    found = found.with_columns(_months=months).with_columns(_twice=nw.col("_months") * 2)
    found = with_months_later(found, "start", "_months", "_once")
    found = with_months_later(found, "start", "_twice", "_end")
    whole = nw.col("_once") == nw.col("end")
    end = nw.when(whole).then(nw.col("_end")).otherwise(nw.col("end") + nw.col("_length"))
    found = found.with_columns(
        term=nw.col("row") + offset,
        previous=nw.col("term"),
        start=nw.col("end"),
        signed=nw.col("end"),
        end=end.cast(nw.Int64),
        arr=nw.col("due"),
        forecast=nw.lit(UNKNOWN).cast(nw.Int64),
        category=nw.lit(len(CATEGORIES) - 1).cast(nw.Int64),
    )
    return found.select(*TERM)

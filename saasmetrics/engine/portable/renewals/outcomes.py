"""What became of contract terms as known on a day, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.contracts import MONTH, MULTI_YEAR, UNKNOWN
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.renewals.bundles import shared_out
from saasmetrics.engine.portable.renewals.links import links
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import FAR, flag, nearest, where
from saasmetrics.engine.renewals import EARLY, LATE, LOST, ON_TIME, OPEN, RENEWED

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.engine.renewals import Window

TOLD = 3  # from the third term of a chain on, none is told apart


def outcomes(terms: Frame, as_of: int, window: Window) -> Frame:
    """Return the terms known at the end of a day with what became of them, as `engine.renewals.renewals` says it.

    Parameters
    ----------
    terms
        Every term.
    as_of
        Day number; a term signed later is not known.
    window
        The days of grace and of early renewal.

    Returns
    -------
    Frame
        The columns of terms and outcome, closed (the day of the renewal's signature), timing, final, escalator, next
        (a term that renewed it), turn (the day that one starts), number (up to `TOLD`), returned, long, settled,
        monthly; flags are 1 and 0.
    """
    return became(terms.filter(nw.col("signed") <= as_of), nw.lit(as_of), window)


def became(known: Frame, as_of: nw.Expr, window: Window) -> Frame:
    """Return terms that are known with what became of them, as `outcomes` does.

    Parameters
    ----------
    known
        The terms; a predecessor that is not among them is none.
    as_of
        The day at whose end each is known.
    window
        The days of grace and of early renewal.
    """
    kept = known.select(previous="term").unique()
    before = kept.select("previous", _known=nw.lit(1))
    known = known.join(before, on="previous", how="left")
    named = nw.when(~nw.col("_known").is_null()).then(nw.col("previous"))
    known = known.with_columns(previous=named).drop("_known")
    known = held(known, "known", "the terms that are known on the day")
    olds = known.select(old="term", old_end="end", old_due="due")
    pairs = links(known, window).join(olds, on="old")
    pairs = pairs.with_columns(
        _timely=flag(nw.col("new_signed") <= nw.col("old_end") + window.grace),
        _length=nw.col("new_end") - nw.col("new_start"),
    )
    pairs = held(pairs, "links", "which term is renewed by which, and whether within the grace")
    timely = step(pairs.filter(nw.col("_timely") == 1), "timely", "renewals within the grace")
    late = pairs.filter(nw.col("_timely") == 0).select(term="old").unique()
    found = known.join(_firsts(timely), on="term", how="left")
    found = found.join(shared_out(timely).rename({"old": "term"}), on="term", how="left")
    found = found.join(late.with_columns(_late=nw.lit(1)), on="term", how="left")
    found = found.join(_numbers(known, timely), on="term", how="left")
    return held(_told(found, as_of, window), "became", "what became of each term")


def _firsts(timely: Frame) -> Frame:
    """Return for each term renewed when it was signed, the contract that starts first, and the longest."""
    firsts = timely.with_columns(_starts=nw.col("new_start").min().over("old"))
    firsts = firsts.filter(nw.col("new_start") == nw.col("_starts"))
    following = firsts.group_by("old").agg(next=nw.col("new").min())
    found = timely.group_by("old").agg(
        _closed=nw.col("new_signed").min(),
        _starts=nw.col("new_start").min(),
        _longest=nw.col("_length").max(),
    )
    found = found.join(following, on="old").rename({"old": "term"})
    return step(found, "following", "when each was renewed, and by which term")


def _numbers(known: Frame, timely: Frame) -> Frame:
    """Return which term of its chain each is, from 1 up to `TOLD`."""
    number = known.select("term", number=nw.lit(1).cast(nw.Int64))
    for _ in range(TOLD - 1):
        links = timely.select("new", term="old").join(number, on="term")
        longer = links.group_by("new").agg(_longer=nw.col("number").max())
        found = known.select("term").join(longer, left_on="term", right_on="new", how="left")
        number = found.select("term", number=(nw.col("_longer").fill_null(0) + 1).cast(nw.Int64))
        number = step(number, "chains", "which term of its chain each is")
    return number


def _told(found: Frame, as_of: nw.Expr, window: Window) -> Frame:
    renewed = ~nw.col("_starts").is_null()
    found = found.with_columns(
        _closed=nw.col("_closed").fill_null(FAR).cast(nw.Int64),
        _starts=nw.col("_starts").fill_null(FAR).cast(nw.Int64),
        _longest=nw.col("_longest").fill_null(0).cast(nw.Int64),
        final=nw.col("final").fill_null(0).cast(nw.Int64),
        next=nw.col("next").fill_null(UNKNOWN).cast(nw.Int64),
        settled=nw.col("end") + window.grace,
        monthly=flag(nw.col("end") - nw.col("start") <= MONTH).cast(nw.Int64),
        _renewed=flag(renewed),
    )
    renewed = nw.col("_renewed") == 1
    waits = nw.when(nw.col("settled") > as_of).then(OPEN).otherwise(LOST)
    early = (nw.col("_closed") < nw.col("end") - window.early) | (nw.col("_starts") < nw.col("end"))
    timing = nw.when(early).then(EARLY).otherwise(ON_TIME)
    timing = nw.when(nw.col("_closed") > nw.col("end")).then(LATE).otherwise(timing)
    lift = nearest(nw.col("due").cast(nw.Float64) * nw.col("lift"))
    found = found.with_columns(
        outcome=nw.when(renewed).then(RENEWED).otherwise(waits).cast(nw.Int64),
        timing=nw.when(renewed).then(timing).otherwise(UNKNOWN).cast(nw.Int64),
        closed=nw.when(renewed).then(nw.col("_closed")).otherwise(UNKNOWN).cast(nw.Int64),
        turn=nw.when(renewed).then(nw.col("_starts")).otherwise(UNKNOWN).cast(nw.Int64),
        returned=flag(~nw.col("_late").is_null() & ~renewed).cast(nw.Int64),
        long=flag(renewed & (nw.col("_longest") >= MULTI_YEAR)).cast(nw.Int64),
        _grown=nw.col("final") - nw.col("due"),
        _lift=where(renewed, lift).cast(nw.Int64),
    )
    grown, zero = nw.col("_grown"), nw.lit(0)
    raised = nw.when(nw.col("_lift") < grown).then(nw.col("_lift")).otherwise(grown)
    found = found.with_columns(escalator=nw.when(raised > 0).then(raised).otherwise(zero))
    found = found.with_columns(nw.col("escalator").cast(nw.Int64))
    return found.drop("_closed", "_starts", "_longest", "_renewed", "_late", "_grown", "_lift")

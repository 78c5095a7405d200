"""The sums of terms per group and due period, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.whole import flag, summed, where
from saasmetrics.engine.renewals import EARLY, LATE, LOST, ON_TIME, OPEN, RENEWED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.whole import Frame

MEASURES = (
    *("atr", "renewed", "full", "downsell", "lost", "open", "escalator", "mid_term", "upsell"),
    *("final", "early", "on_time", "late", "multi_year", "terms", "terms_renewed", "terms_lost"),
    *("terms_open", "terms_returned"),
)
HEADS = ("customers", "customers_renewed", "customers_open", "customers_lost")
_CELL = ("group", "period")


def with_kept(found: Frame) -> Frame:
    """Add the value renewed up to the expiring one, as `kept`."""
    less = nw.when(nw.col("final") < nw.col("due")).then(nw.col("final"))
    return found.with_columns(kept=less.otherwise(nw.col("due")).cast(nw.Int64))


def measured(found: Frame) -> Frame:
    """Return terms with their measures, as `Renewals.measures` has them."""
    due, final, kept = (nw.col(name) for name in ("due", "final", "kept"))
    outcome, timing = nw.col("outcome"), nw.col("timing")
    found = with_kept(found)
    return found.with_columns(
        atr=due,
        renewed=kept,
        full=where((outcome == RENEWED) & (final >= due), due),
        downsell=where(outcome == RENEWED, due - kept),
        lost=where(outcome == LOST, due),
        open=where(outcome == OPEN, due),
        upsell=final - kept - nw.col("escalator") - nw.col("mid_term"),
        early=where(timing == EARLY, kept),
        on_time=where(timing == ON_TIME, kept),
        late=where(timing == LATE, kept),
        multi_year=where(nw.col("long") == 1, final),
        terms=nw.lit(1),
        terms_renewed=flag(outcome == RENEWED),
        terms_lost=flag(outcome == LOST),
        terms_open=flag(outcome == OPEN),
        terms_returned=nw.col("returned"),
    )


def sums(found: Frame, bags: Sequence[str] = ()) -> Frame:
    """Return the sums of measures per group and period, and per bag."""
    return summed(measured(found), (*_CELL, *bags), MEASURES)


def heads(found: Frame) -> Frame:
    """Return customers with a term due, renewed (any of their terms), lost (all of them) and open, per cell."""
    outcome = nw.col("outcome")
    worth = nw.when(outcome == RENEWED).then(2).otherwise(flag(outcome == OPEN))
    best = found.with_columns(_worth=worth).group_by(*_CELL, "who").agg(nw.col("_worth").max())
    told = {"customers": nw.lit(1), "customers_renewed": flag(nw.col("_worth") == 2)}
    told |= {"customers_open": flag(nw.col("_worth") == 1)}
    told |= {"customers_lost": flag(nw.col("_worth") == 0)}
    return summed(best.with_columns(**told), _CELL, HEADS)

"""Lifetimes: periods from the first snapshot of a customer to the first one without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.balances import (
    ACCOUNT,
    began,
    changes_at,
    of_entities,
    with_balances,
)
from saasmetrics.engine.portable.whole import FAR, summed, where, with_period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.rates import Rates
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

DIMS = ("duration", "entry", "event", "cause")


def lifetime_cells(
    engine: PortableEngine,
    pieces: Frame,
    freq: str,
    by: Sequence[str],
    left: int | None,
    bags: int = 0,
) -> Frame:
    """Return customers and starting MRR per group, duration, entry, event and cause.

    Parameters
    ----------
    engine, freq, by, bags
        As for `PortableEngine.lifetimes`.
    pieces
        The pieces with the `cause` of the end of each.
    left
        The first period observed; customers won before it enter at the age they had then.
    """
    calendar, last = engine.calendar(freq), engine.extent(freq)[2]
    lives = lifetimes(engine.basis.daily(by, bags), calendar, last)
    lives = lives.join(engine.basis.origins(by, bags), on="entity")
    if engine.basis.curves:
        parts = engine.basis.daily(apart=True)
        lives = _at_first_rates(lives, parts, calendar, engine.basis.rates)
    entry = nw.lit(0) if left is None else nw.max_horizontal(left - nw.col("since"), nw.lit(0))
    lives = lives.with_columns(entry=entry.cast(nw.Int64))
    lives = lives.filter((nw.col("entry") == 0) | (nw.col("duration") > nw.col("entry")))
    lives = lives.with_columns(_gone=nw.col("since") + nw.col("duration"))
    lives = lives.join(causes(pieces, calendar), on=["entity", "_gone"], how="left")
    cause = where(nw.col("event") == 1, nw.col("cause").fill_null(0)).cast(nw.Int64)
    lives = lives.with_columns(cause=cause)
    return lives.group_by("group", *DIMS).agg(
        nw.len().alias("customers"), nw.col("mrr_micro").sum()
    )


def lifetimes(daily: Frame, calendar: Calendar, last: int) -> Frame:
    """Return entity, `since`, `duration`, `event` (1: gone) and MRR at the first snapshot."""
    entities = with_balances(of_entities(changes_at(daily, calendar, events=False)), ["entity"])
    found = entities.join(began(entities), on="entity")
    found = found.filter(nw.col("since") <= last, nw.col("time") >= nw.col("since"))
    gone = (nw.col("held") <= 0) & (nw.col("time") <= last)
    found = found.with_columns(
        _gone=nw.when(gone).then(nw.col("time")).otherwise(FAR),
        mrr_micro=where(nw.col("time") == nw.col("since"), nw.col("mrr")),
    )
    lives = found.group_by("entity", "since").agg(nw.col("_gone").min(), nw.col("mrr_micro").sum())
    ended = nw.col("_gone") < FAR
    return lives.with_columns(
        event=nw.when(ended).then(1).otherwise(0).cast(nw.Int64),
        duration=nw.when(ended).then(nw.col("_gone")).otherwise(last) - nw.col("since"),
    ).drop("_gone")


def _at_first_rates(lives: Frame, parts: Frame, calendar: Calendar, rates: Rates) -> Frame:
    """Return lifetimes with the MRR of the first snapshot at the rates of its period; `parts` are by currency."""
    seen = changes_at(parts, calendar, events=False).join(
        lives.select("entity", "since"), on="entity"
    )
    seen = seen.filter(nw.col("time") <= nw.col("since"))
    seen = summed(seen, (*ACCOUNT, "since"), ("mrr_change",))
    seen = rates.at_end(seen, calendar, "since", ("mrr_change",))
    found = summed(seen, ("entity",), ("mrr_change",)).rename({"mrr_change": "mrr_micro"})
    return lives.drop("mrr_micro").join(found, on="entity")


def causes(pieces: Frame, calendar: Calendar) -> Frame:
    """Return for each entity and period why the last of what ended in it did; a known cause before an unknown one."""
    ended = pieces.filter(nw.col("end") < FAR).select("entity", "end", "cause")
    ended = with_period(ended, calendar, day="end", period="_gone")
    ended = ended.with_columns(_last=nw.col("end").max().over("entity", "_gone"))
    ended = ended.filter(nw.col("end") == nw.col("_last"))
    return ended.group_by("entity", "_gone").agg(nw.col("cause").max())

"""What customers already paid above their contracts when these were renewed, where the tables are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.renewals.levels import level_at
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import nearest

if TYPE_CHECKING:
    from saasmetrics.engine.portable.whole import Frame

_YEAR = 12


def with_growth(found: Frame, paid: Frame, payers: Frame) -> Frame:
    """Add `mid_term` to terms with what became of them, as `engine.uplifts.with_growth` says it.

    Parameters
    ----------
    found
        The terms that are known.
    paid
        The changes of what entities pay: entity, day, change.
    payers
        Every `entity` of the ledger.
    """
    grown = nw.col("final") - nw.col("due") - nw.col("escalator")
    some = found.with_columns(_grown=grown, day=nw.col("end") - 1).filter(nw.col("_grown") > 0)
    some = some.select("term", "who", "entity", "day", "due", "_grown")
    some = some.join(payers.select("entity"), on="entity", how="semi")
    moved = paid.join(some.select("entity").unique(), on="entity", how="semi")
    moved = step(moved, "paid", "changes of what these customers pay")
    level = level_at(moved, some.select("entity", "day").unique(), "entity")
    some = some.join(level.rename({"level": "_paid"}), on=["entity", "day"])
    some = some.join(_in_force(found, some), on=["who", "day"])
    beyond = nw.col("_paid") * _YEAR - nw.col("_bound")
    bound = nw.when(nw.col("_bound") > 0).then(nw.col("_bound")).otherwise(1)
    due = nw.when(nw.col("_bound") > 0).then(nw.col("due")).otherwise(0)
    some = some.with_columns(
        _beyond=nw.when(beyond > 0).then(beyond).otherwise(0).cast(nw.Float64),
        _share=due.cast(nw.Float64) / bound.cast(nw.Float64),
    )
    part = nearest(nw.col("_beyond") * nw.col("_share"))
    some = some.with_columns(_part=part)
    least = nw.when(nw.col("_part") < nw.col("_grown")).then(nw.col("_part"))
    some = some.select("term", mid_term=least.otherwise(nw.col("_grown")))
    some = step(some, "growth", "what was paid above the contracts before")
    found = found.join(some, on="term", how="left")
    return found.with_columns(mid_term=nw.col("mid_term").fill_null(0).cast(nw.Int64))


def _in_force(found: Frame, some: Frame) -> Frame:
    """Return what the contracts of customers in force at the end of days are worth together, as `_bound`."""
    changes = nw.concat(
        [
            found.select("who", day=nw.col("start"), change=nw.col("due")),
            found.select("who", day=nw.col("end"), change=nw.col("due") * -1),
        ]
    )
    level = level_at(changes, some.select("who", "day").unique(), "who")
    return level.rename({"level": "_bound"})

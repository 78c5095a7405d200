"""What customers bought more for, where the tables are: `engine.expansion_causes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.engine.expansion_causes import MID_TERM, NOT_KNOWN, RENEWAL, YEAR, ExpansionCauses
from saasmetrics.engine.portable.balances import (
    began,
    changes_at,
    of_entities,
    with_balances,
)
from saasmetrics.engine.portable.fetched import whole_columns
from saasmetrics.engine.portable.held import held, held_meanwhile
from saasmetrics.engine.portable.reasons.parts import PARTS
from saasmetrics.engine.portable.whole import FAR, divided, flag, summed, with_period
from saasmetrics.engine.reason_sums import EXPANDED
from saasmetrics.engine.renewals import RENEWED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame

_CELL = ("group", "year", "at")
_COUNTS = tuple(f"n{number}" for number in range(len(PARTS)))


def expansion_causes(
    engine: PortableEngine, reasons: Frame, by: Sequence[str], terms: Frame | None
) -> ExpansionCauses:
    """Return the expansion among reasons.

    Parameters
    ----------
    engine, by
        The engine where the tables are, and the columns of the groups.
    reasons
        Those of months.
    terms
        Contract terms with what became of them; None where none are known.
    """
    with held_meanwhile():
        grown = reasons.filter(nw.col("movement") == EXPANDED).select("entity", "period", *PARTS)
        found = held(_with_time(_with_year(engine, grown, by), engine, terms), "expansion")
        seen = {count: flag(nw.col(part) != 0) for count, part in zip(_COUNTS, PARTS, strict=True)}
        sums = [nw.col(part).sum() for part in PARTS]
        once = [nw.col(count).max() for count in _COUNTS]
        each = found.with_columns(**seen).group_by("entity", *_CELL).agg(*sums, *once)
        cells = summed(each, _CELL, (*PARTS, *_COUNTS))
        made = whole_columns(cells, (*_CELL, *PARTS, *_COUNTS))
    many, amount = (np.stack([made[name] for name in all_], axis=1) for all_ in (_COUNTS, PARTS))
    row, cause = np.nonzero(many)
    keys = made["group"][row], made["year"][row], cause, made["at"][row]
    order = np.lexsort(keys[::-1])
    columns = (*keys, amount[row, cause], many[row, cause])
    return ExpansionCauses(*(values[order].astype(np.int64) for values in columns))


def _with_year(engine: PortableEngine, grown: Frame, by: Sequence[str]) -> Frame:
    """Add the group of each customer, and which year of its life a month is in."""
    daily = engine.daily(by)
    entities = with_balances(
        of_entities(changes_at(daily, engine.calendar("M"), events=False)), ["entity"]
    )
    grown = grown.join(engine.basis.origins(by), on="entity").join(
        began(entities), on="entity", how="left"
    )
    since = nw.col("since").fill_null(FAR).cast(nw.Int64)
    months = nw.max_horizontal(nw.col("period") - since, nw.lit(0)).cast(nw.Int64)
    found = held(grown.with_columns(_months=months), "grown")
    return found.with_columns(year=divided(nw.col("_months"), YEAR) + 1)


def _with_time(found: Frame, engine: PortableEngine, terms: Frame | None) -> Frame:
    """Add whether a term of the customer ends in the month, or the one that renews it starts."""
    if terms is None:
        return found.with_columns(at=nw.lit(NOT_KNOWN).cast(nw.Int64))
    done = terms.filter(nw.col("outcome") == RENEWED)
    days = nw.concat([done.select("entity", day=nw.col(name)) for name in ("end", "turn")])
    months = with_period(held(days.unique()), engine.calendar("M"))
    months = months.select("entity", "period").unique().with_columns(_renewed=nw.lit(1))
    found = found.join(months, on=["entity", "period"], how="left")
    at = nw.when(nw.col("_renewed").is_null()).then(MID_TERM).otherwise(RENEWAL)
    return found.with_columns(at=at.cast(nw.Int64))

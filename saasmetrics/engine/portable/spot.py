"""What exchange rates do to MRR where it is no line of its own, where the tables are.

The rules are those of `saasmetrics.engine.spot`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.exchange import ROUNDING
from saasmetrics.engine.movements import KINDS
from saasmetrics.engine.portable.balances import ACCOUNT
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import where

if TYPE_CHECKING:
    from saasmetrics.engine.portable.rates import Rates
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.periods import Calendar

_EFFECTS_ARE = "what rates did to each customer and currency that changes in a period"


def with_closing(moves: Frame) -> Frame:
    """Add as `changed` what an account holds at the end of a period, at its last change in it, else 0."""
    last = nw.col("time").max().over(*ACCOUNT, "period")
    moves = moves.with_columns(_last=last)
    return moves.with_columns(changed=where(nw.col("time") == nw.col("_last"), nw.col("mrr")))


def with_effects(cells: Frame, calendar: Calendar, rates: Rates) -> Frame:
    """Add what rates gave (`gained`) and took (`lost`) of the accounts that change in a period."""
    cells = cells.with_columns(
        _closing=nw.col("changed"),
        _opening=nw.col("changed") - nw.col("change"),
        _before=nw.col("period") - 1,
    )
    cells = rates.at_end(cells, calendar, "period", ("_closing",))
    cells = rates.at_end(cells, calendar, "_before", ("_opening",))
    effect = nw.col("_closing") - nw.col("_opening")
    for name in (*KINDS, "pause", "transfer"):
        effect = effect - nw.col(name)
    cells = cells.with_columns(_effect=effect)
    effect = where(nw.col("_effect").abs() > ROUNDING, nw.col("_effect"))
    cells = cells.with_columns(gained=where(effect > 0, effect), lost=where(effect < 0, effect))
    return step(cells, "effects", _EFFECTS_ARE)

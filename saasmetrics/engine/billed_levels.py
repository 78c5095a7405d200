"""What invoice lines are on single days: whole on those of their invoices, or by the days that they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.billed import KINDS
from saasmetrics.engine.billed import SERVED as PAYING
from saasmetrics.engine.day_sums import Levels, by_day
from saasmetrics.engine.reconciled_cell import DATED, SERVED

if TYPE_CHECKING:
    from saasmetrics.engine.billed import Lines
    from saasmetrics.engine.day_sums import Ints, Segments

KIND_OF = dict(zip(DATED, ("one_off", "usage", "refund", "tax"), strict=True))
"""The kind of the lines of each step."""
_STEP = {name: step for names in (DATED, SERVED) for step, name in names.items()}
_ON_THEIR_DATES = ("invoiced", "rated", *DATED.values())
_AT_CONSTANT_RATES = ("invoiced", "served", "own", "later")


def levels_of(name: str, found: Lines, parts: Segments) -> Levels:
    """Return the levels of some lines, by their name in `reconciled_cell`.

    Parameters
    ----------
    name
        One of `SERVICE`, `DATED` or `SERVED`.
    found
        The lines.
    parts
        The days looked at, whose periods say what was billed in the period that it serves.
    """
    step = _STEP.get(name)
    mine = found.kind < PAYING if step is None else found.kind == KINDS.index(KIND_OF[step])
    amount = found.micro if name in _AT_CONSTANT_RATES else found.rated
    if name in _ON_THEIR_DATES:
        date, customer, currency = found.date[mine], found.customer[mine], found.currency[mine]
        return Levels(customer, currency, date, date + 1, amount[mine])
    whole = by_day(found.levels(mine, amount))
    if name not in ("own", "later"):
        return whole
    opens, closes = (np.tile(edge, 2) for edge in own_period(found.date[mine], parts))
    if name == "later":
        return _clipped(whole, whole.start, opens)
    return _clipped(whole, opens, closes)


def own_period(date: Ints, parts: Segments) -> tuple[Ints, Ints]:
    """Return the days from which until which the period lasts that each date is in; none outside."""
    opens = np.append(parts.bounds[:-1][np.append(True, parts.last[:-1])], parts.bounds[-1])
    at = np.searchsorted(opens, date, side="right")
    # A line dated before all periods was billed before them, one dated after them is billed later.
    opens = np.concatenate([[-(1 << 40)], opens])
    closes = np.append(opens[1:], 1 << 40)
    return opens[at], closes[at]


def _clipped(whole: Levels, start: Ints, end: Ints) -> Levels:
    """Return levels on a part of their days."""
    begin = np.maximum(whole.start, start)
    until = np.maximum(np.minimum(whole.end, end), begin)
    return Levels(whole.customer, whole.currency, begin, until, whole.level)

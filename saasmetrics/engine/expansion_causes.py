"""What customers bought more for: expansion by year of their life, cause, and whether it came when they renewed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.reason_sums import EXPANDED
from saasmetrics.engine.renewals import RENEWED, Window
from saasmetrics.engine.tally import tally
from saasmetrics.errors import MissingTableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.reason_sums import Reasons

    Ints = NDArray[np.int64]

RENEWAL, MID_TERM, NOT_KNOWN = range(3)
YEAR = 12


@dataclass(frozen=True, eq=False)
class ExpansionCauses:
    """Expansion in micro-units and customers per group, year of life, cause and time, each element one of these.

    Years begin with 1; a cause is a place in `reasons.SUBTYPES`, `at` is `RENEWAL`, `MID_TERM` or, without terms,
    `NOT_KNOWN`. Elements are in the order of the four.
    """

    group: Ints
    year: Ints
    cause: Ints
    at: Ints
    amount: Ints
    customers: Ints


def expansion_causes(engine: LocalEngine, found: Reasons, by: Sequence[str]) -> ExpansionCauses:
    """Return the expansion among the reasons of movements by months.

    Parameters
    ----------
    engine, found, by
        The engine, the reasons of its movements, the columns of the groups.
    """
    found = found.pick(found.movement == EXPANDED)
    born = engine.periodic("M").since[found.entity]
    year = np.maximum(found.period - born, 0) // YEAR + 1
    of = engine.origin(by)[found.entity].astype(np.int64)
    keys = np.stack([of, year, found.subtype, _at(engine, found)])
    used, place = np.unique(keys, axis=1, return_inverse=True)
    place = place.reshape(-1).astype(np.int64)
    many = used.shape[1]
    each = np.unique(np.stack([place, found.entity]), axis=1)[0]
    customers = np.bincount(each, minlength=many).astype(np.int64)
    group, year, cause, at = used
    amount = tally(place, found.amount, many)
    return ExpansionCauses(group, year, cause, at, amount, customers)


def _at(engine: LocalEngine, found: Reasons) -> Ints:
    """Return for each expansion whether a term ends in its month, or the one that renews it starts."""
    try:
        done = engine.renewals(Window())
    except MissingTableError:
        return np.full(len(found.period), NOT_KNOWN, np.int64)
    ids = engine.spans.entity_ids
    at = pc.index_in(done.terms.customer_ids.cast(ids.type), value_set=ids)
    entity = np.asarray(pc.fill_null(at, -1), np.int64)[done.terms.customer]
    renewed = np.flatnonzero((done.outcome == RENEWED) & (entity >= 0))
    days = np.concatenate([done.terms.end[renewed], done.terms.start[done.next[renewed]]])
    keys = (np.tile(entity[renewed], 2) << 32) + engine.calendar("M").ordinal(days)
    mine = (found.entity << 32) + found.period
    return np.where(np.isin(mine, keys), RENEWAL, MID_TERM).astype(np.int64)

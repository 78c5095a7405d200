"""What a renewal adds that is no upsell: contracted uplifts, and what the customer already paid during the term."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.columns import has
from saasmetrics.engine.implied_terms import held_at
from saasmetrics.engine.keys import apart, in_one
from saasmetrics.engine.reason_sums import known_lines
from saasmetrics.engine.reasons import SUBTYPES, changes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.renewals import Renewals

_YEAR = 12


def with_uplifts(engine: LocalEngine, found: Renewals) -> Renewals:
    """Return renewals with the contracted uplift that the subscriptions of the customer show on the day of renewal.

    It is at most what the renewal adds to the expiring value; of several renewals on one day the largest takes it.
    """
    data = engine.tables[engine.source].data
    if "contracts" in engine.tables and has(engine.tables["contracts"].data, "escalator"):
        return found
    if engine.source != "subscriptions" or not has(data, "escalator"):
        return found
    whose, when, raised = _raised(engine)
    if not len(whose):
        return found
    entity = _entities(engine, found)
    grown = found.final - found.terms.due
    at = np.flatnonzero((grown > 0) & (found.next >= 0))
    at = at[entity[found.terms.customer[at]] >= 0]
    day = found.terms.start[found.next[at]]
    mine = in_one(entity[found.terms.customer[at]], day)
    order = np.lexsort((-grown[at], mine))
    first = np.append(True, np.diff(mine[order]) != 0)[: len(order)]
    at, mine = at[order][first], mine[order][first]
    key = in_one(whose, when)
    where = np.minimum(np.searchsorted(key, mine), len(key) - 1)
    hit = key[where] == mine
    uplift = found.escalator.copy()
    uplift[at[hit]] = np.minimum(_YEAR * raised[where], grown[at])[hit]
    return replace(found, escalator=uplift)


def _raised(
    engine: LocalEngine,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the customers and days, in order, on which lines with a contracted uplift cost more, and how much.

    Only days count on which the customer, who paid before and pays after, pays more. Exchange rates are the latest
    known on both sides, as everywhere at the desk.
    """
    spans = engine.spans
    days = (spans.start.astype(np.int64), spans.end.astype(np.int64))
    found = changes(spans, known_lines(engine), *days)
    part = found.parts[:, SUBTYPES.index("escalator")]
    daily = engine.entities
    key, change = in_one(found.entity, found.time), in_one(daily.account, daily.time)
    before = daily.before(daily.held)
    grows = (daily.held > before) & (before > 0)
    mine = np.flatnonzero((part > 0) & np.isin(key, change[grows]))
    key, at = np.unique(key[mine], return_inverse=True)
    raised = np.zeros(len(key), np.int64)
    np.add.at(raised, at.reshape(-1), part[mine])
    return *apart(key), raised


def with_growth(engine: LocalEngine, found: Renewals) -> Renewals:
    """Return renewals with what their customers already paid above their contracts on the last day of the term.

    What a customer pays beyond the contracts in force is shared by their value; a renewal that writes it into the next
    contract has not sold it. It is at most what the renewal adds beyond the contracted uplift.
    """
    terms = found.terms
    if terms.source != "contracts":
        return found
    grown = found.final - terms.due - found.escalator
    at = np.flatnonzero(grown > 0)
    entity = _entities(engine, found)[terms.customer]
    at = at[entity[at] >= 0]
    paid = _YEAR * held_at(engine.entities, entity[at], terms.end[at] - 1)
    bound = _in_force(found, at)
    beyond = np.maximum(paid - bound, 0) * np.divide(
        terms.due[at], bound, out=np.zeros(len(at)), where=bound > 0
    )
    already = np.zeros(len(terms), np.int64)
    already[at] = np.minimum(np.rint(beyond).astype(np.int64), grown[at])
    return replace(found, mid_term=already)


def _in_force(found: Renewals, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what the contracts of the customer in force on the last day of some terms are worth together."""
    terms = found.terms
    high = terms.customer << 32

    def until(day: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sum of contracts that began (or ended) by the last day of each term, over all customers before too."""
        key = high + day
        order = np.argsort(key, kind="stable")
        total = np.append(0, np.cumsum(terms.due[order]))
        place = np.searchsorted(key[order], high[at] + terms.end[at] - 1, side="right")
        return np.asarray(total[place])

    return until(terms.start) - until(terms.end)


def _entities(engine: LocalEngine, found: Renewals) -> NDArray[np.int64]:
    """Return the entity of the ledger behind each customer of terms, -1 where there is none."""
    known = engine.spans.entity_ids
    at = pc.index_in(found.terms.customer_ids.cast(known.type), value_set=known)
    return np.asarray(pc.fill_null(at, -1), np.int64)

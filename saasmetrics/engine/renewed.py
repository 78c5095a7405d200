"""How often each customer has renewed the term it began with, and how often it could have by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.columns import days, encode, flat, has, parents
from saasmetrics.errors import DataError
from saasmetrics.money import months_per_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

MONTH_DAYS = 365 / 12


def renewed_lives(engine: LocalEngine) -> dict[str, NDArray[np.int64]]:
    """Return one life per customer in terms: how many renewals were made, and how many have come due.

    Parameters
    ----------
    engine
        The engine; MRR must come from subscriptions.

    Returns
    -------
    dict
        account, since (month of the first payment), term (months), made (terms begun after the first), due (terms
        that would have ended by the last complete month, whether or not the customer was still there).

    Raises
    ------
    DataError
        If the tables do not say how long a term is.

    Notes
    -----
    A term is as long as the first contract of the customer, or else as the billing interval of its first subscription,
    the longest of several that start on that day; a day or a week counts as a month. Changes of seats or price within
    it are no renewals. Only customers seen from their first payment on count.
    """
    term = term_months(engine)
    _, _, full = engine.extent("M")
    lives = engine.lives("M")
    seen = lives["entry"] == 0
    account, cohort, duration, event = (
        lives[name][seen] for name in ("account", "cohort", "duration", "event")
    )
    length = term[account]
    begun = np.where(event == 1, -(-duration // length), duration // length + 1)
    return {
        "account": account.astype(np.int64),
        "since": cohort,
        "term": length,
        "made": begun - 1,
        "due": (full - cohort) // length,
    }


def term_months(engine: LocalEngine) -> NDArray[np.int64]:
    """Return the months of the term that each entity began with, at least 1.

    Raises
    ------
    DataError
        If MRR does not come from subscriptions.
    """
    spans = engine.spans
    check_terms(spans.source)
    data = engine.tables["subscriptions"].data
    names, kind = encode(data["interval"])
    count = np.ones(len(data), np.int64)
    if has(data, "interval_count"):
        count = np.asarray(flat(pc.fill_null(data["interval_count"], 1))).astype(np.int64)
    month = np.array([float(months_per_interval(str(name))) for name in names.to_pylist()])
    of_line = np.maximum(np.rint(month[kind] * count), 1).astype(np.int64)
    owned = np.flatnonzero(spans.lines() >= 0)
    length = of_line[spans.lines()[owned]]
    order = owned[np.lexsort((-length, spans.start[owned], spans.entity[owned]))]
    entity, first = np.unique(spans.entity[order], return_index=True)
    out = np.ones(len(spans.entity_ids), np.int64)
    out[entity] = of_line[spans.lines()[order[first]]]
    return _contracted(engine, out)


def check_terms(source: str) -> None:
    """Refuse a table that MRR comes from and that says nothing of terms."""
    if source != "subscriptions":
        msg = (
            f"The table {source} says what was paid, not how long a term runs: cohorts by renewals need the "
            'table subscriptions with its interval. With freq="Y" a year is a term.'
        )
        raise DataError(msg)


def _contracted(engine: LocalEngine, term: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the terms with those of the first contracts of customers that have any."""
    if "contracts" not in engine.tables or engine.policy.entity == "subscription":
        return term
    data = engine.tables["contracts"].data
    customer = flat(data["customer_id"])
    table = engine.tables.get("customers")
    if engine.policy.entity == "parent" and table is not None and has(table.data, "parent_id"):
        customer = parents(customer, table.data)
    at = pc.index_in(customer.cast(engine.spans.entity_ids.type), value_set=engine.spans.entity_ids)
    entity = np.asarray(flat(pc.fill_null(at, -1))).astype(np.int64)
    start, end = days(data["start"]).astype(np.int64), days(data["end"]).astype(np.int64)
    length = np.rint((end - start) / MONTH_DAYS).astype(np.int64)
    known = np.flatnonzero((entity >= 0) & (length >= 1))
    order = known[np.lexsort((-length[known], start[known], entity[known]))]
    used, first = np.unique(entity[order], return_index=True)
    out = term.copy()
    out[used] = length[order[first]]
    return out

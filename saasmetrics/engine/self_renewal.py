"""Contracts that renew themselves without a new one, as what is paid after their end says."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine.contracts import CATEGORIES, UNKNOWN
from saasmetrics.engine.implied_terms import held_at, months_later
from saasmetrics.engine.renewals import Window, links
from saasmetrics.money import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.contracts import Terms
    from saasmetrics.engine.local import LocalEngine

MONTH = 365.25 / 12  # days


def rolled_on(engine: LocalEngine, terms: Terms) -> Terms:
    """Return terms with those added that began because nobody cancelled.

    Notes
    -----
    A term that renews by itself, that no contract follows, and whose customer pays on the day after it while no other
    contract of the customer runs, went on for as long again at the same value. So did the one after, and so on. The
    term added counts as signed on its first day and names the old one.
    """
    if not (terms.auto == 1).any():
        return terms
    paying = _payers(engine, terms)
    window = Window()
    fresh = terms.auto == 1
    added = 0
    while True:
        followed = np.zeros(len(terms), bool)
        followed[links(terms, window)[0]] = True
        at = np.flatnonzero(fresh & ~followed & (terms.end <= engine.as_of))
        at = at[paying(terms, at) & ~_otherwise_bound(terms, at)]
        if not len(at):
            break
        fresh = np.append(np.zeros(len(terms), bool), np.ones(len(at), bool))
        terms = _appended(terms, at)
        added += len(at)
    return replace(terms, notes=(*terms.notes, *note_of(added)))


def note_of(added: int) -> tuple[str, ...]:
    """Return what the footnote says of terms that were added."""
    if not added:
        return ()
    note = (
        f"{counted(added, 'term')} renewed without a new contract: it renews itself, no other follows, and the "
        "customer pays after its end"
    )
    return (note,)


class _payers:  # noqa: N801
    """Whether the customers of terms pay on the day after their end."""

    def __init__(self, engine: LocalEngine, terms: Terms) -> None:
        import pyarrow.compute as pc

        known = engine.spans.entity_ids
        at = pc.index_in(terms.customer_ids.cast(known.type), value_set=known)
        self.entity = np.asarray(pc.fill_null(at, UNKNOWN), np.int64)
        self.daily = engine.entities

    def __call__(self, terms: Terms, at: NDArray[np.int64]) -> NDArray[np.bool_]:
        entity = self.entity[terms.customer[at]]
        paid = held_at(self.daily, np.maximum(entity, 0), terms.end[at])
        return (entity >= 0) & (paid > 0)


def _otherwise_bound(terms: Terms, at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether another contract of the customer runs on the day after each term."""
    high = terms.customer << 32
    starts, ends = np.sort(high + terms.start), np.sort(high + terms.end)
    moment = high[at] + terms.end[at]
    begun = np.searchsorted(starts, moment, side="right") - np.searchsorted(starts, high[at])
    over = np.searchsorted(ends, moment, side="right") - np.searchsorted(ends, high[at])
    running: NDArray[np.bool_] = begun > over
    return running


def _appended(terms: Terms, at: NDArray[np.int64]) -> Terms:
    """Return the terms with those at some places repeated after their end."""
    months = np.rint(terms.length[at] / MONTH).astype(np.int64)
    end = months_later(terms.start[at], 2 * months)
    whole = months_later(terms.start[at], months) == terms.end[at]
    changed = {
        "start": terms.end[at],
        "end": np.where(whole, end, terms.end[at] + terms.length[at]),
        "signed": terms.end[at],
        "arr": terms.due[at],
        "previous": at,
        "forecast": np.full(len(at), UNKNOWN, np.int64),
        "category": np.full(len(at), len(CATEGORIES) - 1, np.int64),
    }
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(terms, name), changed.get(name, getattr(terms, name)[at])])
        for name in (f.name for f in fields(terms))
        if isinstance(getattr(terms, name), np.ndarray)
    }
    ids = pa.concat_arrays([terms.ids, terms.ids.take(pa.array(at))])
    return replace(terms, ids=ids, **arrays)

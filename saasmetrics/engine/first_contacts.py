"""How long customers that signed a contract waited for the first contact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.columns import days
from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

    Ints = NDArray[np.int64]

_NEVER = 2**31 - 1


@dataclass(frozen=True, eq=False)
class FirstContacts:
    """Customers that signed: the group, how many days they waited, whether there was contact then, and how many.

    `unsigned` counts the contracts without a day of signature.
    """

    group: Ints
    wait: Ints
    met: Ints
    n: Ints
    unsigned: int


def first_contacts(engine: LocalEngine, by: Sequence[str], kind: str | None) -> FirstContacts:
    """Return how long customers waited from their first contract to the first activity after it.

    Parameters
    ----------
    engine
        The engine of a book with contracts and activities that counts customers.
    by
        Columns of the customers.
    kind
        The activities that count; None: all.

    Raises
    ------
    DataError
        If there is no activity of the kind.
    """
    tables = engine.tables
    contracts, done = (tables[name].data for name in ("contracts", "activities"))
    if kind is not None:
        done = done.filter(pc.equal(done["kind"], kind))
        if not len(done):
            raise no_such_kind(kind)
    whole = followed(engine)
    ids = whole.spans.entity_ids.to_pandas().astype(str)
    begin = days(contracts["start"], _NEVER).astype(np.int64)
    signed = begin
    if "signed_at" in contracts.column_names:
        signed = days(contracts["signed_at"], _NEVER).astype(np.int64)
    unsigned = signed == _NEVER
    signed = np.where(unsigned, begin, signed)
    first = _earliest(ids, contracts["customer_id"], signed, np.full(len(ids), -(2**31)))
    contact = _earliest(ids, done["customer_id"], days(done["at"], _NEVER).astype(np.int64), first)
    who = np.flatnonzero(first <= engine.as_of)
    met = contact[who] <= engine.as_of
    wait = np.where(met, contact[who], engine.as_of) - first[who]
    group = whole.origin(by).astype(np.int64)[who] if by else np.zeros(len(who), np.int64)
    one = np.ones(len(who), np.int64)
    return FirstContacts(group, wait, met.astype(np.int64), one, int(unsigned.sum()))


def no_such_kind(kind: str) -> DataError:
    """Return the error that no activity is of a kind."""
    return DataError(f"The activities have none of the kind {kind!r}.")


def _earliest(ids: Any, wanted: Any, day: Ints, least: Ints) -> Ints:
    """Return the first day of each customer, from its own `least` day on."""
    import pandas as pd

    who = pd.Index(ids).get_indexer(pd.Index(wanted.to_pandas()).astype(str)).astype(np.int64)
    keep = who >= 0
    keep[keep] = day[keep] >= least[who[keep]]
    out = np.full(len(ids), _NEVER, np.int64)
    np.minimum.at(out, who[keep], day[keep])
    return out

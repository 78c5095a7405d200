"""How long customers of a connected book waited for the first contact: counted where contracts and activities are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.first_contacts import FirstContacts, no_such_kind
from saasmetrics.engine.portable.fetched import number, whole_columns
from saasmetrics.engine.portable.first_contacts import CELL, contact_cells, signed_by
from saasmetrics.errors import NotPortableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.connected.engine import ConnectedEngine

_WORDS = "Counting first contacts"


def first_contacts_there(
    engine: ConnectedEngine, by: Sequence[str], kind: str | None
) -> FirstContacts | None:
    """Return how many customers waited how long; None if the policy is not counted there.

    Parameters
    ----------
    engine
        The engine of a connected book.
    by
        Columns of the customers.
    kind
        The activities that count; None: all.
    """
    contracts, done = (engine.tables[name].data.frame for name in ("contracts", "activities"))
    with engine.link.counting(_WORDS, _WORDS):
        try:
            there = engine.there
        except NotPortableError:
            return None
        if kind is not None:
            done = done.filter(nw.col("kind") == kind)
            if not number(done.head(1).select(nw.len())):
                raise no_such_kind(kind)
        signed = signed_by(contracts)
        cells = whole_columns(contact_cells(there, signed, done, by), (*CELL, "n"))
        unsigned = int(number(signed.select(nw.col("unsigned").sum())) or 0)
    return FirstContacts(cells["group"], cells["wait"], cells["met"], cells["n"], unsigned)

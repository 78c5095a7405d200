"""Spans and the ledger as Arrow tables that can be kept, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine.columns import flat
from saasmetrics.engine.ledger import Ledger
from saasmetrics.engine.spans import Spans

if TYPE_CHECKING:
    from saasmetrics.cache.entries import Entry

__all__ = ["arrays", "arrays_of"]

_SPANS = ("entity", "start", "end", "amount", "line", "paused")
_LEDGER = ("account", "time", "mrr", "paused")


def arrays(found: Spans, changes: Ledger) -> tuple[dict[str, Any], list[pa.Table]]:
    """Return spans and their ledger as words and tables."""
    said = {
        "source": found.source,
        "notes": list(found.notes),
        "aside": found.aside,
        "accounts": changes.accounts,
        "ledger aside": changes.aside,
    }
    ids = pa.table({"id": found.entity_ids})
    return said, [ids, _table(found, _SPANS), _table(changes, _LEDGER)]


def arrays_of(kept: Entry) -> tuple[Spans, Ledger]:
    """Return the spans and the ledger of what was kept."""
    said, (ids, of_spans, of_ledger) = kept.said, kept.tables
    found = Spans(
        said["source"],
        flat(ids["id"]),
        **_columns(of_spans, _SPANS),
        notes=tuple(said["notes"]),
        aside=said["aside"],
    )
    changes = _columns(of_ledger, _LEDGER)
    return found, Ledger(**changes, accounts=said["accounts"], aside=said["ledger aside"])


def _table(found: Any, names: tuple[str, ...]) -> pa.Table:
    return pa.table(
        {
            name: pa.array(values.view(np.uint8) if values.dtype == np.bool_ else values)
            for name in names
            if (values := getattr(found, name)) is not None
        }
    )


def _columns(table: pa.Table, names: tuple[str, ...]) -> dict[str, Any]:
    out: dict[str, Any] = dict.fromkeys(names)
    for name in table.column_names:
        values = np.asarray(flat(table[name]))
        out[name] = values.view(np.bool_) if values.dtype == np.uint8 else values
    return out

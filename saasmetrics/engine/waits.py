"""How long customers take from signing up to their first payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.columns import days, has

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

    Waits = tuple[NDArray[np.int64], NDArray[np.int64]]


def waits(engine: LocalEngine) -> Waits | None:
    """Return the different numbers of days that customers took, and how many took each; None where none is known."""
    if "customers" not in engine.tables or engine.policy.entity != "customer":
        return None
    data, spans = engine.tables["customers"].data, engine.spans
    if not has(data, "created_at"):
        return None
    first = np.full(len(spans.entity_ids), np.iinfo(np.int32).max, np.int64)
    np.minimum.at(first, spans.entity, spans.start.astype(np.int64))
    ids = spans.entity_ids.cast(data["customer_id"].type)
    at = pc.index_in(data["customer_id"], value_set=ids)
    known = np.asarray(pc.and_(pc.is_valid(at), pc.is_valid(data["created_at"])))
    paid = first[np.asarray(pc.fill_null(at, 0)).astype(np.int64)] if len(first) else first
    known = known & (paid <= engine.as_of) if len(first) else np.zeros(0, bool)
    if not known.any():
        return None
    waited, customers = np.unique((paid - days(data["created_at"]))[known], return_counts=True)
    return waited, customers

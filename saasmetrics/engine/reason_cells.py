"""The reasons of movements as a cube: per group, period, movement and subtype; and the customers behind a period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine.reason_sums import KINDS, Reasons
from saasmetrics.engine.tally import tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ReasonCells:
    """Amounts in micro-units and customers per group, period, movement and subtype: one element each.

    Movements and subtypes are places in `reason_sums.KINDS`; elements are in the order of the four.
    """

    group: Ints
    period: Ints
    movement: Ints
    subtype: Ints
    amount: Ints
    customers: Ints


@dataclass(frozen=True, eq=False)
class ReasonRows:
    """The customers behind reasons, one element per customer, movement and subtype."""

    customer_ids: NDArray[Any]
    movement: Ints
    subtype: Ints
    amount: Ints


def reason_cells(found: Reasons, group: NDArray[Any]) -> ReasonCells:
    """Return the sums of reasons, given the group of each entity."""
    of = group[found.entity].astype(np.int64)
    keys = np.stack([of, found.period, found.movement, found.subtype])
    used, at = np.unique(keys, axis=1, return_inverse=True)
    place = at.reshape(-1)
    sums = tally(place, found.amount, used.shape[1])
    many = np.bincount(place, minlength=used.shape[1]).astype(np.int64)
    return ReasonCells(used[0], used[1], used[2], used[3], sums, many)


def reason_rows(
    engine: LocalEngine, found: Reasons, period: int, by: Sequence[str], group: int | None
) -> ReasonRows:
    """Return the reasons of a period, of one group or of all."""
    keep = found.period == period
    if group is not None:
        of_entity = engine.grouping(by).of_entity
        assert of_entity is not None
        keep &= of_entity[found.entity] == group
    found = found.pick(keep)
    ids = engine.spans.entity_ids.take(pa.array(found.entity))
    names = ids.to_numpy(zero_copy_only=False)
    return ReasonRows(names, found.movement, found.subtype, found.amount)


def elements(
    made: Mapping[str, Ints], amounts: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the row and the subtype of each amount that is not 0, of rows with a movement and a column per subtype."""
    values = np.stack([made[name] for name in amounts], axis=1)
    known = np.array([len(subtypes) for subtypes in KINDS.values()])[made["movement"]]
    there = (values != 0) & (np.arange(len(amounts)) < known[:, None])
    row, subtype = np.nonzero(there)
    return row, subtype.astype(np.int64)

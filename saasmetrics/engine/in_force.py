"""Contracts in force at the ends of periods: their value per year, and how many customers have any."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine.columns import encode
from saasmetrics.engine.expiring import contract_groups, contract_terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.engine.expiring import AskedContracts
    from saasmetrics.tables import Table

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class InForce:
    """The value per year of the contracts in force, and how many customers have any: groups x periods.

    `values` has for each label what the columns hold that make it, where the table is elsewhere.
    """

    labels: list[tuple[str, ...]]
    value: Floats
    customers: Ints
    values: Mapping[tuple[str, ...], list[tuple[Any, ...]]] = field(default_factory=dict)


def in_force(tables: Mapping[str, Table], asked: AskedContracts, periods: Ints) -> InForce:
    """Return the contracts in force at the end of each period, or on the as-of day where that is earlier.

    Parameters
    ----------
    tables
        The tables of the book; `contracts` is among them, and `customers` with the columns.
    asked
        How they are looked at.
    periods
        Numbers of periods, the last of them the one of the as-of day.
    """
    labels, group = contract_groups(tables, asked.columns)
    start, end, value = contract_terms(tables, asked)
    _, who = encode(tables["contracts"].data["customer_id"])
    ends = np.minimum(asked.calendar.last_day(periods), asked.as_of)
    total = np.zeros((len(labels), len(periods)))
    heads = np.zeros(total.shape, np.int64)
    for number, day in enumerate(ends):
        live = (start <= day) & (end > day)
        total[:, number] = np.bincount(group[live], weights=value[live], minlength=len(labels))
        paying = np.unique(who[live], return_index=True)[1]
        heads[:, number] = np.bincount(group[live][paying], minlength=len(labels))
    return InForce(labels, total, heads)


def in_force_on(
    tables: Mapping[str, Table],
    asked: AskedContracts,
    day: int,
    label: tuple[str, ...] | None,
) -> pa.Table:
    """Return customer_id and value per year of the contracts in force on a day, of one group or of all."""
    start, end, value = contract_terms(tables, asked)
    live = (start <= day) & (end > day)
    if label is not None:
        labels, group = contract_groups(tables, asked.columns)
        live &= np.array([known == label for known in labels], bool)[group]
    rows = tables["contracts"].data.select(["customer_id"])
    return rows.append_column("value", pa.array(value)).filter(pa.array(live))

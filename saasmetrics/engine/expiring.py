"""Contracts by the periods in which they start and end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.amounts import currency_rates
from saasmetrics.engine.columns import days, flat, numbers
from saasmetrics.engine.groups import NONE
from saasmetrics.engine.service import FAR
from saasmetrics.money import to_micro

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.periods import Calendar
    from saasmetrics.tables import Table

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Expiring:
    """Contracts that end after they start, each or as many as share a group and the periods of start and end.

    `value` is in micro-units per year, `n` counts contracts; `group` is a place in `labels`. `values` has for each
    label what the columns hold that make it, where the table is elsewhere.
    """

    labels: list[tuple[str, ...]]
    group: Ints
    start: Ints
    end: Ints
    value: Ints
    n: Ints
    values: Mapping[tuple[str, ...], list[tuple[Any, ...]]] = field(default_factory=dict)

    def shown(self, period: int, ahead: int) -> NDArray[np.bool_]:
        """Return which are in force at the end of a period, and end in one of the `ahead` periods after it."""
        return (self.start <= period) & (self.end > period) & (self.end <= period + ahead)


@dataclass(frozen=True)
class AskedContracts:
    """How contracts are looked at: by which columns of customers, in which periods, at the rates of which day."""

    columns: tuple[str, ...]
    calendar: Calendar
    as_of: int
    currency: str


def expiring(tables: Mapping[str, Table], asked: AskedContracts) -> Expiring:
    """Return the contracts by group and the periods in which they start and end.

    Parameters
    ----------
    tables
        The tables of the book; `contracts` is among them, and `customers` with the columns.
    asked
        How they are looked at.
    """
    labels, group = contract_groups(tables, asked.columns)
    start, end, yearly = contract_terms(tables, asked)
    kept, slot, worth = end > start, asked.calendar.ordinal, to_micro(yearly)
    sides = (group, slot(start), slot(end), worth, np.ones(len(worth), np.int64))
    group, first, last, value, n = (np.asarray(side, np.int64)[kept] for side in sides)
    return Expiring(labels, group, first, last, value, n)


def contracts_shown(
    tables: Mapping[str, Table],
    asked: AskedContracts,
    found: Expiring,
    cell: tuple[int, int],
    label: tuple[str, ...] | None,
) -> pa.Table:
    """Return the contracts behind a cell, as `shown_of` does.

    Parameters
    ----------
    tables, asked
        As for `expiring`.
    found
        What it found.
    cell
        The period, and how many periods after it count.
    label
        The group; None: all.
    """
    data = tables["contracts"].data
    kept = days(data["end"], FAR) > days(data["start"])
    mine, shown = kept.copy(), found.shown(*cell)
    if label is not None:
        shown &= found.group == found.labels.index(label)
    mine[kept] = shown
    return shown_of(tables, asked).filter(pa.array(mine))


def shown_of(tables: Mapping[str, Table], asked: AskedContracts) -> pa.Table:
    """Return customer_id, contract_id, end and value (micro-units per year) of contracts."""
    rows = tables["contracts"].data.select(["customer_id", "contract_id", "end"])
    return rows.append_column("value", pa.array(to_micro(contract_terms(tables, asked)[2])))


def contract_terms(
    tables: Mapping[str, Table], asked: AskedContracts
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Return the days on which contracts start and end, and what each is worth per year."""
    data = tables["contracts"].data
    rate = currency_rates(tables, "contracts", asked.as_of, asked.currency)
    start, end = days(data["start"]).astype(np.int64), days(data["end"], FAR).astype(np.int64)
    return start, end, numbers(data["arr"]) * rate


def contract_groups(tables: Mapping[str, Table], columns: Sequence[str]) -> tuple[list[Any], Ints]:
    """Return the labels of the groups, and the group of each contract by columns of its customer."""
    ids = flat(tables["contracts"].data["customer_id"])
    if not columns:
        return [()], np.zeros(len(ids), np.int64)
    table = tables["customers"]
    at = pc.index_in(ids, value_set=flat(table.data["customer_id"]).cast(ids.type))
    return labelled([flat(table.data[name]).take(at) for name in columns])


def labelled(values: Sequence[Any]) -> tuple[list[tuple[str, ...]], Ints]:
    """Return the different rows of some columns as texts, in order, and which of them each row is."""
    texts = [pc.fill_null(value.cast(pa.string()), NONE).to_pylist() for value in values]
    rows = list(zip(*texts, strict=True))
    labels = sorted(set(rows))
    place = {label: number for number, label in enumerate(labels)}
    return labels, np.array([place[row] for row in rows], np.int64)

"""Contracts of a connected book by the periods in which they start and end: counted there, or chosen there."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from saasmetrics.engine.connected.rows import Rows, canonical, is_there
from saasmetrics.engine.expiring import Expiring, labelled, shown_of
from saasmetrics.engine.in_force import InForce
from saasmetrics.engine.portable.expiring import (
    expiring_cells,
    in_force_cells,
    with_days,
    with_terms,
)
from saasmetrics.engine.portable.fetched import fetched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.engine.expiring import AskedContracts
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.tables import Table

_WORDS = "Counting contracts"


def expiring_there(tables: Mapping[str, Table], asked: AskedContracts) -> Expiring | None:
    """Return the contracts by group and the periods in which they start and end; None if an amount is refused.

    Parameters
    ----------
    tables
        The tables of the book.
    asked
        How they are looked at.
    """
    link = tables["contracts"].data.link
    with link.counting(_WORDS, _WORDS):
        told = (asked.columns, asked.calendar, asked.as_of, asked.currency)
        cells = fetched(expiring_cells(_frames(tables), *told))
    whole = {
        name: np.asarray(cells[name]).astype(np.int64)
        for name in ("_first", "_last", "value", "n", "odd")
    }
    if whole["odd"].any():
        return None
    columns = _columns(cells, asked)
    labels: list[tuple[str, ...]] = [()]
    group = np.zeros(len(cells), np.int64)
    if columns:
        labels, group = labelled(columns)
    sides = (whole["_first"], whole["_last"], whole["value"], whole["n"])
    return Expiring(labels, group, *sides, values=_values(columns, labels, group))


def contracts_shown_there(
    tables: Mapping[str, Table],
    asked: AskedContracts,
    found: Expiring,
    cell: tuple[int, int],
    label: tuple[str, ...] | None,
) -> pa.Table:
    """Return the contracts behind a cell, which alone are brought; parameters as for `contracts_shown`."""
    values = None if label is None else found.values[label]
    return shown_of(_chosen(tables, asked, cell, values), asked)


def _chosen(
    tables: Mapping[str, Table],
    asked: AskedContracts,
    cell: tuple[int, int],
    values: list[tuple[Any, ...]] | None,
) -> dict[str, Table]:
    """Return the tables with the contracts behind a cell alone, which come when they are used."""
    period, ahead = cell
    rows: Rows = tables["contracts"].data
    with rows.link.asking(_WORDS):
        found, by = with_terms(_frames(tables), asked.columns, asked.calendar)
        first, last = nw.col("_first"), nw.col("_last")
        found = found.filter(first <= period, last > period, last <= period + ahead)
        if values is not None:
            found = found.filter(_any_of(by, values))
        chosen = rows.part(found.select(*rows.column_names))
    return {**tables, "contracts": replace(tables["contracts"], data=chosen)}


def _any_of(by: list[str], values: list[tuple[Any, ...]]) -> nw.Expr:
    each = [reduce(and_, (_is(c, v) for c, v in zip(by, row, strict=True))) for row in values]
    return reduce(or_, each)


def _is(column: str, value: Any) -> nw.Expr:
    return nw.col(column).is_null() if value is None else nw.col(column) == value


def _columns(cells: pa.Table, asked: AskedContracts) -> list[pa.ChunkedArray]:
    return [
        canonical("customers", pa.table({own: cells[f"_by{at}"]}))[own]
        for at, own in enumerate(asked.columns)
    ]


def in_force_there(
    tables: Mapping[str, Table], asked: AskedContracts, periods: NDArray[np.int64]
) -> InForce:
    """Return the contracts in force at the end of each period; parameters as for `in_force`."""
    with tables["contracts"].data.link.counting(_WORDS, _WORDS):
        told = (asked.columns, asked.calendar, asked.as_of, asked.currency)
        values, customers = (fetched(cells) for cells in in_force_cells(_frames(tables), *told))
    labels: list[tuple[str, ...]] = [()]
    group = np.zeros(len(values) + len(customers), np.int64)
    pairs = zip(_columns(values, asked), _columns(customers, asked), strict=True)
    both = [pa.chunked_array([*a.chunks, *b.chunks], a.type) for a, b in pairs]
    if both:
        labels, group = labelled(both)
    shape = (len(labels), len(periods))
    value, heads = np.zeros(shape), np.zeros(shape, np.int64)
    for out, cells, name, code in (
        (value, values, "value", group[: len(values)]),
        (heads, customers, "customers", group[len(values) :]),
    ):
        first, last = (np.asarray(cells[at]).astype(np.int64) for at in ("_first", "_last"))
        weight = np.asarray(cells[name]).astype(np.float64)
        for number, period in enumerate(periods):
            live = (first <= period) & (last > period)
            out[:, number] = np.bincount(code[live], weight[live], minlength=len(labels))
    return InForce(labels, value, heads, _values(both, labels, group))


def only_in_force(
    tables: Mapping[str, Table],
    asked: AskedContracts,
    day: int,
    values: list[tuple[Any, ...]] | None,
) -> dict[str, Table]:
    """Return the tables with the contracts in force on a day alone, of some values of the columns or of all."""
    rows: Rows = tables["contracts"].data
    with rows.link.asking(_WORDS):
        found, by = with_days(_frames(tables), asked.columns)
        found = found.filter(nw.col("_from") <= day, nw.col("_to") > day)
        if values is not None:
            found = found.filter(_any_of(by, values))
        chosen = rows.part(found.select(*rows.column_names))
    return {**tables, "contracts": replace(tables["contracts"], data=chosen)}


def _values(
    columns: list[pa.ChunkedArray], labels: list[tuple[str, ...]], group: NDArray[np.int64]
) -> dict[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return what the columns hold that makes each label."""
    values: dict[tuple[str, ...], list[tuple[Any, ...]]] = {label: [] for label in labels}
    rows = zip(*(column.to_pylist() for column in columns), strict=True) if columns else ()
    for row, number in dict.fromkeys(zip(rows, group.tolist(), strict=False)):
        values[labels[number]].append(row)
    return values


def _frames(tables: Mapping[str, Table]) -> dict[str, Frame]:
    used = ("contracts", "customers", "fx")
    return {name: tables[name].data.frame for name in used if is_there(tables.get(name))}

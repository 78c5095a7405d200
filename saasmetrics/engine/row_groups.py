"""Groups of the rows of a table about customers: by its own columns, or by those of the customers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.columns import flat
from saasmetrics.engine.groups import encoded, unreserved
from saasmetrics.engine.tally import distinct
from saasmetrics.errors import UnknownNameError, hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.tables import Table


@dataclass(frozen=True)
class RowGroups:
    """The groups that rows fall in: one tuple of labels per group, and the group of each row."""

    by: tuple[str, ...]
    labels: tuple[tuple[Any, ...], ...]
    code: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def column(self, name: str, times: int = 1) -> NDArray[Any]:
        """Return the labels of one by-column, each so many times."""
        at = self.by.index(name)
        return np.repeat(np.array([label[at] for label in self.labels], object), times)


def row_groups(
    tables: Mapping[str, Table], table: str, by: Sequence[str], also: Iterable[str] = ()
) -> RowGroups:
    """Return the groups of the rows of a table; its own columns come before those of customers.

    Raises
    ------
    UnknownNameError
        If neither table has a column of that name, or results have one of their own.
    """
    data = tables[table].data
    if not by:
        return RowGroups((), ((),), np.zeros(data.num_rows, np.int64))
    found = [encoded(_values(tables, table, name, also)) for name in by]
    return grouped_rows(by, found)


def grouped_rows(
    by: Sequence[str], found: Sequence[tuple[list[Any], NDArray[np.int32]]]
) -> RowGroups:
    """Return the groups of rows by columns of which labels and codes are known."""
    sizes = [len(labels) for labels, _ in found]
    code = np.ravel_multi_index([codes for _, codes in found], sizes)
    used, rank = distinct(code, math.prod(sizes))
    cells = np.unravel_index(used, sizes)
    parts = [
        [labels[i] for i in np.asarray(cell)]
        for (labels, _), cell in zip(found, cells, strict=True)
    ]
    return RowGroups(tuple(by), tuple(zip(*parts, strict=True)), rank.astype(np.int64))


def of_customers(tables: Mapping[str, Table], by: Sequence[str]) -> bool:
    """Return whether all by-columns are columns of customers."""
    if "customers" not in tables:
        return not by
    known = set(tables["customers"].data.column_names)
    return {name.removeprefix("customers.") for name in by} <= known


def ambiguous_rows(tables: Mapping[str, Table], table: str, by: Sequence[str]) -> list[str]:
    """Return a sentence for each column that both the customers and the table have."""
    if "customers" not in tables or table not in tables:
        return []
    both = set(tables["customers"].data.column_names) & set(tables[table].data.column_names)
    return [
        f"{name} is that of each row of {table}; customers.{name} groups by the one of customers"
        for name in by
        if name in both - {"customer_id"}
    ]


def _values(tables: Mapping[str, Table], table: str, name: str, also: Iterable[str]) -> Any:
    data, (of, column) = tables[table].data, column_of_rows(tables, table, name, also)
    if of == table:
        return flat(data[column])
    ids, customers = flat(data["customer_id"]), tables[of].data
    at = pc.index_in(ids, value_set=flat(customers["customer_id"]).cast(ids.type))
    return pc.take(flat(customers[column]), at)


def column_of_rows(
    tables: Mapping[str, Table], table: str, name: str, also: Iterable[str] = ()
) -> tuple[str, str]:
    """Return the table and the column that a name stands for; a table's own columns come before those of customers.

    Raises
    ------
    UnknownNameError
        If neither table has a column of that name, or results have one of their own.
    """
    data = tables[table].data
    own, _, column = name.rpartition(".")
    customers = tables["customers"].data if "customers" in tables else None
    if not own:
        unreserved([name], also, table if name in data.column_names else "customers")
    if own in ("", table) and column in data.column_names:
        return table, column
    if own in ("", "customers") and customers is not None and column in customers.column_names:
        return "customers", column
    known = {*data.column_names, *(customers.column_names if customers is not None else ())}
    msg = f"Neither customers nor {table} has a column {name!r} to group by; there are {', '.join(sorted(known))}."
    raise UnknownNameError(msg + hint(name, sorted(known)))

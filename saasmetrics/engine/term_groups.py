"""Groups of contract terms: columns of their customer, columns of their table, and what kind of term they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import flat
from saasmetrics.engine.contracts import MONTH, MULTI_YEAR
from saasmetrics.engine.groups import RESERVED, Groups, encoded
from saasmetrics.engine.tally import distinct
from saasmetrics.errors import UnknownNameError, hint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.renewals import Renewals
    from saasmetrics.tables import Table

KINDS = {
    "term": ("month-to-month", "under a year", "annual", "multi-year"),
    "how": ("not said", "negotiated", "auto-renew"),
    "renewal": ("first", "second", "later"),
}
_YEAR = 360  # days: the shortest annual term
EDGES = (MONTH + 1, _YEAR, MULTI_YEAR)  # days from which on terms are of the next length


def term_groups(by: Sequence[str], found: Renewals, tables: Mapping[str, Table]) -> Groups:
    """Return the groups of terms by some columns; `of_entity` holds one group per term.

    `by` takes columns of customers, then of contracts (or of subscriptions, where the terms come from them), and
    "term" (how long), "how" (auto-renew or negotiated) and "renewal" (first, second, later).

    Raises
    ------
    UnknownNameError
        If there is no such column.
    """
    if not by:
        return Groups((), ((),), of_entity=np.zeros(len(found), np.int32))
    columns = [_column(name, found, tables) for name in by]
    sizes = [len(labels) for labels, _ in columns]
    code = np.ravel_multi_index([codes for _, codes in columns], sizes)
    used, of_term = distinct(np.asarray(code), math.prod(sizes))
    cells = np.unravel_index(used, sizes)
    named = [[labels[i] for i in cell] for (labels, _), cell in zip(columns, cells, strict=True)]
    return Groups(tuple(by), tuple(zip(*named, strict=True)), of_entity=of_term)


def _column(
    name: str, found: Renewals, tables: Mapping[str, Table]
) -> tuple[list[Any], NDArray[np.int32]]:
    terms = found.terms
    source = tables[terms.source].data
    there = {n: tables[n].data.column_names for n in (terms.source, "customers") if n in tables}
    place = column_of(name, there)
    if place is None:
        return list(KINDS[name]), _kind(name, found)
    table, column = place
    if table == "customers":
        ids = flat(source["customer_id"])
        at = pc.index_in(
            ids, value_set=flat(tables["customers"].data["customer_id"]).cast(ids.type)
        )
        values = pc.take(flat(tables["customers"].data[column]), flat(at))
    else:
        values = flat(source[column])
    return encoded(values.take(pa.array(terms.row)))


def column_of(name: str, there: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """Return the table and the column that a name of `by=` stands for; None for one of `KINDS`.

    Parameters
    ----------
    name
        The name.
    there
        The columns of the table of terms, then of the customers, by table.

    Raises
    ------
    UnknownNameError
        If there is no such column.
    """
    known: dict[str, tuple[str, str]] = {}
    for table, columns in there.items():
        for column in columns:
            known[f"{table}.{column}"] = known[column] = (table, column)
    if name in KINDS and name not in known:
        return None
    if name in RESERVED - {"category"} or name not in known:
        short = sorted({n for n in known if "." not in n and n not in RESERVED} | set(KINDS))
        msg = f"Renewals cannot be grouped by {name!r}; there are {', '.join(short)}."
        raise UnknownNameError(msg + hint(name, short))
    return known[name]


def _kind(name: str, found: Renewals) -> NDArray[np.int32]:
    if name == "term":
        return np.searchsorted(EDGES, found.terms.length, side="right").astype(np.int32)
    if name == "how":
        return (found.terms.auto + 1).astype(np.int32)
    return (np.minimum(found.number, 3) - 1).astype(np.int32)

"""Whose customers they are: books of customer success managers on a day, with transfers by a rule that is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.asked import one_of
from saasmetrics.engine.columns import days, flat, has
from saasmetrics.errors import DataError, MissingTableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.book import Book
    from saasmetrics.tables import Table

SCOPES = {"segment": "segment", "pod": "pod_id", "csm": "csm_id"}
OWNED = ("csm_id", "pod_id")
RULES = {
    "start": "a customer counts for its owner at the start of the period",
    "event": "a movement counts for the owner at the end of its month",
    "time": "a movement counts for each owner by the share of the months it had the customer",
}


def scope_of(by: Any) -> tuple[str, tuple[str, ...]]:
    """Return the scope of targets and the by-columns.

    Raises
    ------
    UnknownNameError
        If it is neither None nor a scope.
    """
    if by is None or by == "company":
        return "company", ()
    one_of("scope of targets", by, SCOPES)
    return by, (SCOPES[by],)


def check(book: Book, columns: tuple[str, ...], rule: str) -> None:
    """Refuse scopes that the customers have no column for."""
    one_of("rule of transfers", rule, RULES)
    table = book.tables.get("customers")
    for name in columns:
        if table is None:
            raise MissingTableError.of("customers", f"Targets by {name}")
        if not has(table.data, name):
            msg = f"Targets by {name} need the column {name} of customers; add it to the export."
            raise DataError(msg)


def versioned(book: Book) -> bool:
    """Return whether the tables say who owned a customer when: versions of rows of customers."""
    table = book.history.get("customers")
    return (
        table is not None
        and has(table.data, "recorded_at")
        and len(table.data) > len(book.tables["customers"].data)
    )


def owned(book: Book, day: int) -> Book:
    """Return the book with every customer under the owner it had on a day, or its first one known later."""
    if not versioned(book):
        return book
    then = _owners(book.history["customers"], day)

    def cut(tables: Mapping[str, Table]) -> dict[str, Table]:
        data = tables["customers"].data
        ids = flat(data["customer_id"])
        at = pc.index_in(ids, value_set=then["customer_id"].cast(ids.type))
        for name in OWNED:
            if name in data.column_names:
                place = data.column_names.index(name)
                data = data.set_column(place, name, then[name].take(at))
        return {**tables, "customers": replace(tables["customers"], data=data)}

    return book.part(cut)


def _owners(history: Table, day: int) -> dict[str, pa.Array]:
    """Return per customer the owners of the last version known on a day, else of the first one known later."""
    data = history.data
    known = days(data["recorded_at"], -(2**30)).astype(np.int64)
    ids = flat(data["customer_id"]).dictionary_encode()
    code = np.asarray(ids.indices)
    early = known <= day
    # Of versions known by then the last one is written last; of later ones the first.
    rank = np.where(early, known, -known - 2**31)
    order = np.lexsort((np.arange(len(code)), rank, code))
    last = np.append(code[order][1:] != code[order][:-1], True)[: len(order)]
    row = pa.array(order[last])
    names = [name for name in ("customer_id", *OWNED) if name in data.column_names]
    return {name: flat(data[name]).take(row) for name in names}

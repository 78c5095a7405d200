"""Which customers a definition choice can touch: the others need not be counted again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import flat, has
from saasmetrics.engine.spans import source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from saasmetrics.book import Book
    from saasmetrics.tables import Table

# The columns of a row without which the choice cannot touch it. Choices about several rows of a customer ("several")
# touch customers with more than one row or with something that cuts a row in two.
_CUTS = ("end", "pause_start", "discount_end", "cancel_requested_at", "past_due_since")
_SEVERAL = ("several",)
_COLUMNS: dict[str, tuple[str, ...]] = {
    "view": (*_SEVERAL, *_CUTS),
    "same_period": (*_SEVERAL, *_CUTS),
    "gap_days": (*_SEVERAL, *_CUTS),
    "new_after_days": (*_SEVERAL, *_CUTS),
    "return_price": (*_SEVERAL, *_CUTS),
    "overlap": _SEVERAL,
    "churn_date": ("end", "cancel_requested_at"),
    "past_due": ("past_due_since",),
    "pause": ("pause_start", "discount_end"),
    "discount": ("discount_end", "discount", "list_amount"),
    "trial": ("trial_end",),
    "end": ("end",),
}
_WORDS = {"week": ("interval", "week"), "day": ("interval", "day")}
_INVOICES = {"usage": "usage", "refunds": "refund"}


def touched(book: Book, choices: Iterable[str]) -> dict[str, pa.Array | None]:
    """Return for each data choice the ids of the customers that it can touch; None for all of them.

    Notes
    -----
    It is a safe guess from the columns: a customer that is not named here adds the same to every number, whatever
    the choice says. Choices that are not listed touch everybody.
    """
    source = source_of(book.tables)
    data = book.tables[source].data
    return {choice: _customers(choice, source, data, book) for choice in choices}


def _customers(choice: str, source: str, data: pa.Table, book: Book) -> pa.Array | None:
    if choice in _WORDS:
        column, word = _WORDS[choice]
        if column not in data.column_names:
            return _none(data)
        return _ids(data, pc.fill_null(pc.equal(data[column], word), False))
    if choice == "fx":
        if not has(data, "currency"):
            return _none(data)
        return _ids(data, pc.fill_null(pc.not_equal(data["currency"], book.currency), False))
    if choice in _INVOICES:
        return _of_invoices(_INVOICES[choice], book.tables)
    if choice in ("service_end", "recognition"):
        return None if source == "invoices" else _none(data)
    if choice == "knowledge":
        return (
            None if any(has(t.data, "recorded_at") for t in book.tables.values()) else _none(data)
        )
    if choice not in _COLUMNS:
        return None
    columns = [name for name in _COLUMNS[choice] if name in data.column_names]
    found = [_ids(data, pc.is_valid(data[name])) for name in columns]
    if "several" in _COLUMNS[choice]:
        counts = pc.value_counts(data["customer_id"])
        found.append(counts.field(0).filter(pc.greater(counts.field(1), 1)))
    return _union(found) if found else _none(data)


def _of_invoices(kind: str, tables: Mapping[str, Table]) -> pa.Array | None:
    if "invoices" not in tables or not has(tables["invoices"].data, "kind"):
        return _none(tables[source_of(tables)].data)
    data = tables["invoices"].data
    words = pc.utf8_lower(data["kind"])
    return _ids(data, pc.fill_null(pc.match_substring(words, kind), False))


def _ids(data: pa.Table, keep: Any) -> pa.Array:
    return flat(data["customer_id"].filter(keep).unique())


def _none(data: pa.Table) -> pa.Array:
    return flat(data["customer_id"]).slice(0, 0)


def _union(parts: list[pa.Array]) -> pa.Array:
    kind = parts[0].type
    return flat(pa.chunked_array([part.cast(kind) for part in parts]).unique())


def of_customers(book: Book, ids: pa.Array) -> Book:
    """Return the book of some customers, with those that share a parent with them."""
    whole = _families(book, ids)
    tables = {}
    for name, table in book.tables.items():
        tables[name] = table
        if "customer_id" in table.data.column_names:
            mine = table.data["customer_id"]
            keep = pc.is_in(mine, whole.cast(mine.type))
            tables[name] = replace(table, data=table.data.filter(keep))
    return book.part(tables)


def _families(book: Book, ids: pa.Array) -> pa.Array:
    if "customers" not in book.tables or not has(book.tables["customers"].data, "parent_id"):
        return ids
    data = book.tables["customers"].data
    own = flat(data["customer_id"])
    head = flat(pc.coalesce(flat(data["parent_id"]).cast(own.type), own))
    mine = pc.is_in(own, ids.cast(own.type))
    heads = _union([head.filter(mine), ids.cast(own.type)])
    kin = own.filter(pc.or_(pc.is_in(head, heads), pc.is_in(own, heads)))
    return _union([ids.cast(own.type), kin])

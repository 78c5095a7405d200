"""Which customers a definition choice can touch: the others need not be counted again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import flat, has, parents
from saasmetrics.engine.invoices import REFUND, USAGE, of_kind
from saasmetrics.engine.spans import source_of
from saasmetrics.tables.known import tells_when

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from saasmetrics.book import Book
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Ids: TypeAlias = pa.Array

# The columns of a row without which the choice cannot touch it.
_CUTS = ("end", "pause_start", "discount_end", "cancel_requested_at", "past_due_since")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "view": _CUTS,
    "same_period": _CUTS,
    "gap_days": _CUTS,
    "new_after_days": _CUTS,
    "return_price": _CUTS,
    "overlap": (),
    "churn_date": ("end", "cancel_requested_at"),
    "past_due": ("past_due_since",),
    "pause": ("pause_start", "discount_end"),
    "discount": ("discount_end", "discount", "list_amount"),
    "trial": ("trial_end",),
    "end": ("end",),
}
# Choices about several amounts of one customer, over time or at once.
_SEVERAL = {"view", "same_period", "gap_days", "new_after_days", "return_price", "overlap"}
# Of some choices there are values that differ only where a row has less than the columns above.
_ONLY = (
    ("churn_date", {"ended", "cancel_requested"}, ("cancel_requested_at",)),
    ("discount", {"live", "recurring", "forever_only"}, ("discount_end",)),
)
_WORDS = {"week": ("interval", "week"), "day": ("interval", "day")}
_INVOICES = {"usage": USAGE, "refunds": REFUND}


def touched(book: Book, a: Policy, b: Policy, choices: Iterable[str]) -> dict[str, Ids | None]:
    """Return for each data choice the ids of the customers that it can touch; None for all of them.

    Parameters
    ----------
    book
        The company's tables.
    a, b
        The two policies, which differ on the choices.
    choices
        Names of data choices.

    Notes
    -----
    It is a safe guess from the columns: a customer that is not named here adds the same to every number, whatever
    the choice says. Choices that are not listed touch everybody.
    """
    at = _Source(book, source_of(book.tables), by_parent="parent" in (a.entity, b.entity))
    return {c: at.customers(c, {getattr(a, c), getattr(b, c)}) for c in choices}


@dataclass(frozen=True)
class _Source:
    """The table that MRR comes from, and whether customers are counted at their parents."""

    book: Book
    name: str
    by_parent: bool

    @property
    def data(self) -> pa.Table:
        """The rows."""
        return self.book.tables[self.name].data

    def customers(self, choice: str, said: set[Any]) -> Ids | None:
        """Return the ids of the customers that a choice can touch, given what is said on it."""
        if choice in _WORDS:
            column, word = _WORDS[choice]
            return self.where(column, lambda values: pc.equal(values, word))
        if choice == "fx":
            return self.foreign
        if choice in _INVOICES:
            return self.invoiced(_INVOICES[choice])
        if choice in ("service_end", "recognition"):
            return None if self.name == "invoices" else self.nobody
        if choice == "knowledge":
            return None if any(map(tells_when, self.book.history.values())) else self.nobody
        if choice not in _COLUMNS:
            return None
        columns = _COLUMNS[choice]
        for name, values, fewer in _ONLY:
            if name == choice and said <= values:
                columns = fewer
        found = [self.where(name, pc.is_valid) for name in columns]
        if choice in _SEVERAL:
            found += [self.several, self.foreign, self.invoiced(USAGE)]
        return _union([self.nobody, *found])

    @property
    def nobody(self) -> Ids:
        """No ids."""
        return flat(self.data["customer_id"]).slice(0, 0)

    @property
    def foreign(self) -> Ids:
        """The customers that pay in another currency."""
        return self.where("currency", lambda values: pc.not_equal(values, self.book.currency))

    @property
    def several(self) -> Ids:
        """The customers with more than one row, or with a parent that has."""
        mine = self.data["customer_id"]
        customers = self.book.tables.get("customers")
        if not self.by_parent or customers is None or not has(customers.data, "parent_id"):
            counts = pc.value_counts(mine)
            return counts.field(0).filter(pc.greater(counts.field(1), 1))
        heads = parents(mine, customers.data)
        counts = pc.value_counts(heads)
        many = counts.field(0).filter(pc.greater(counts.field(1), 1))
        return flat(mine.filter(pc.is_in(heads, many)).unique())

    def where(self, column: str, holds: Callable[[Any], Any]) -> Ids:
        """Return the customers with a row for which a column holds something."""
        if not has(self.data, column):
            return self.nobody
        keep = pc.fill_null(holds(self.data[column]), False)
        return flat(self.data["customer_id"].filter(keep).unique())

    def invoiced(self, kinds: tuple[str, ...]) -> Ids:
        """Return the customers with an invoice line of some kinds."""
        if "invoices" not in self.book.tables:
            return self.nobody
        data = self.book.tables["invoices"].data
        return flat(data["customer_id"].filter(pa.array(of_kind(data, kinds))).unique())


def _union(parts: list[Ids]) -> Ids:
    kind = parts[0].type
    return flat(pa.chunked_array([part.cast(kind) for part in parts]).unique())


def divided(book: Book, ids: Ids) -> tuple[Book, Book | None]:
    """Return the book of some customers, with those that share a parent with them, and that of all others.

    The second is None where there are no others.
    """
    whole = families(book.tables, ids)
    mine = book.part(partial(of_ids, ids=whole))
    others = book.part(partial(of_ids, ids=whole, others=True))
    left = len(others.tables[source_of(book.tables)].data)
    return mine, others if left else None


def of_ids(tables: Mapping[str, Table], ids: Ids, *, others: bool = False) -> dict[str, Table]:
    """Return the tables with the rows of some customers, or of all others, as far as they name customers."""
    out = {}
    for name, table in tables.items():
        out[name] = table
        if "customer_id" in table.data.column_names:
            column = table.data["customer_id"]
            keep = pc.is_in(column, ids.cast(column.type))
            keep = pc.invert(keep) if others else keep
            out[name] = replace(table, data=table.data.filter(keep))
    return out


def families(tables: Mapping[str, Table], ids: Ids) -> Ids:
    """Return some customers with those that share a parent with them."""
    if "customers" not in tables or not has(tables["customers"].data, "parent_id"):
        return ids
    data = tables["customers"].data
    own = flat(data["customer_id"])
    head = flat(pc.coalesce(flat(data["parent_id"]).cast(own.type), own))
    mine = pc.is_in(own, ids.cast(own.type))
    heads = _union([head.filter(mine), ids.cast(own.type)])
    kin = own.filter(pc.or_(pc.is_in(head, heads), pc.is_in(own, heads)))
    return _union([ids.cast(own.type), kin])

"""The renewal desk of a connected book: terms are matched there, or contracts are brought and what customers pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.columns import has
from saasmetrics.engine.connected.rows import Rows, is_there
from saasmetrics.engine.contracts import contract_terms
from saasmetrics.engine.portable.brought import BroughtEngine
from saasmetrics.engine.portable.held import keeps
from saasmetrics.engine.portable.renewals import RenewalsThere
from saasmetrics.errors import MissingTableError, NotPortableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.engine.portable import PortableEngine
    from saasmetrics.tables import Table

_FEW = 20_000  # customers that a query can name; of more, everybody's pieces are brought


def desk(there: PortableEngine, tables: Mapping[str, Table]) -> BroughtEngine:
    """Return a local engine that knows the contracts and what their customers pay.

    Parameters
    ----------
    there
        The engine where the tables are.
    tables
        The tables of the book.

    Raises
    ------
    NotPortableError
        If terms or their uplifts are those of single subscriptions, whose rows are needed.
    """
    if "contracts" not in tables:
        raise NotPortableError("Terms of subscriptions follow from their rows.")
    uplifts = has(tables["contracts"].data, "escalator")
    lines = tables[there.source].data.column_names
    if not uplifts and there.source == "subscriptions" and "escalator" in lines:
        raise NotPortableError("Contracted uplifts are those of single subscriptions.")
    found = contract_terms(tables, there.policy, there.as_of, there.currency)
    ids = found.customer_ids.to_pylist()
    if len(ids) > _FEW:
        return BroughtEngine(there, None, tables)
    entities = there.basis.entities()
    some = entities.filter(nw.col("entity").is_in(ids)).select("entity")
    return BroughtEngine(there, some, tables)


def matched(there: PortableEngine, tables: Mapping[str, Table]) -> RenewalsThere:
    """Return what became of contract terms, or of those of subscriptions, matched where the tables are.

    Parameters
    ----------
    there
        The engine where the tables are.
    tables
        The tables of the book.

    Raises
    ------
    MissingTableError
        If there are neither contracts nor subscriptions.
    NotPortableError
        If contracts were picked here; or nothing is kept there between questions; or Spark would plan longer than so
        few take to come.
    """
    contracts = tables.get("contracts")
    source = "subscriptions" if contracts is None else "contracts"
    if contracts is None and there.source != source:
        raise MissingTableError.of("contracts", "The renewal desk")
    if not is_there(tables[source]):
        raise NotPortableError("Rows of contracts were picked here.")
    rows: Rows = tables[source].data
    if rows.frame.implementation.is_pyspark() and rows.num_rows <= there.few:
        raise NotPortableError("So few contracts come sooner than Spark plans the steps.")
    if not keeps(rows.frame):
        raise NotPortableError(
            "No step can be kept, and each would be computed again for every other."
        )
    return RenewalsThere(there, None if contracts is None else rows.frame)

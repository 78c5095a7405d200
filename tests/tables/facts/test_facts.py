"""A fact table that is read in parts is the same table as one that is read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.profile import quick
from tests.tables.facts.panels import RATES, Row, books, panels, table

if TYPE_CHECKING:
    from saasmetrics.book import Book

IDS = ("int", "far", "text")


def findings(book: Book) -> list[tuple[Any, ...]]:
    """Return what the gate finds, but for how many runs were kept."""
    found = book.checks.under(book.policy)
    return sorted(
        (p.severity, p.code, p.table, p.column, p.rule, p.rows)
        for p in found
        if "were read in parts" not in p.rule
    )


def balances(book: Book) -> list[tuple[Any, ...]]:
    """Return every change of every customer."""
    ledger = book.engine.entities
    ids = book.engine.spans.entity_ids.to_pylist()
    who = [ids[n] for n in ledger.account.tolist()]
    return sorted(zip(who, ledger.time.tolist(), ledger.mrr.tolist(), strict=True))


@settings(quick, max_examples=60)
@given(panels(), st.sampled_from(IDS), st.integers(1, 9))
def test_findings_hash_and_days_are_those_of_the_whole(
    rows: list[Row], ids: str, batch: int
) -> None:
    whole, parts = books(table(rows, ids), batch, {"fx": RATES})
    assert parts.data_hash == whole.data_hash
    assert (parts.as_of_day, parts.currency) == (whole.as_of_day, whole.currency)
    assert findings(parts) == findings(whole)


@settings(quick, max_examples=40)
@given(panels(faults=False), st.sampled_from(IDS), st.integers(1, 9), st.data())
def test_every_change_of_every_customer_is_that_of_the_whole(
    rows: list[Row], ids: str, batch: int, data: st.DataObject
) -> None:
    choices = data.draw(
        st.sampled_from(({}, {"overlap": "latest"}, {"fx": "constant"}, {"gap_days": 40}))
    )
    whole, parts = books(table(rows, ids), batch, {"fx": RATES})
    whole, parts = whole.with_policy(**choices), parts.with_policy(**choices)
    assert balances(parts) == balances(whole)
    assert parts.engine.notes == whole.engine.notes
    for by in (None, "plan", "currency"):
        for one, other in zip(_frames(parts, by), _frames(whole, by), strict=True):
            assert one.equals(other)


def _frames(book: Book, by: str | None) -> list[Any]:
    return [book.movements("M", by), book.pairs(3, "M", by), book.triangle("M", by)]

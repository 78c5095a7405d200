"""A number of support is proved from its tickets, or says why it is not."""

from __future__ import annotations

import pytest

import saasmetrics as sm

S = sm.support


@pytest.mark.parametrize(
    "ask", [S.reopens, S.answered, S.unit_cost, S.backlog, S.tank_tickets, S.touches]
)
def test_a_number_follows_from_its_tickets(demo_book: sm.Book, ask) -> None:
    found = ask(demo_book).proof()
    assert found.trace is not None
    assert found.trace.noun == "tickets"
    assert found.recomputed == pytest.approx(found.value)


@pytest.mark.parametrize("ask", [S.load, S.times, S.tiers, lambda b: S.backlog(b, "days")])
def test_what_is_no_sum_over_tickets_says_why(demo_book: sm.Book, ask) -> None:
    result = ask(demo_book)
    cell = {"tier": "1"} if "tier" in result.by else {}
    found = result.proof(**cell)
    assert found.trace is None
    assert found.untraced

"""A page is never empty without a sentence, and a figure that shows 0 is neither good nor bad."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.board import Pack
from saasmetrics.board.figures import said, shown
from saasmetrics.board.model import Quantity
from saasmetrics.board.views import tile_view


def company(end: str | None) -> Pack:
    """A pack of one customer that pays the same until it leaves, if it does."""
    line = {"customer_id": ["Only Ltd"], "start": ["2023-01-15"], "end": [end], "amount": [500.0]}
    book = sm.Book(
        subscriptions={**line, "interval": ["month"], "subscription_id": ["s1"]}, as_of="2026-10-31"
    )
    return sm.board.pack(book)


@pytest.fixture(scope="module")
def still() -> Pack:
    return company(None)


@pytest.fixture(scope="module")
def gone() -> Pack:
    return company("2024-08-01")


@pytest.mark.parametrize("form", ["html", "pdf", "pptx", "xlsx"])
@pytest.mark.parametrize("name", ["still", "gone"])
def test_a_company_in_which_nothing_moves_is_written(
    name: str, form: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    made: Pack = request.getfixturevalue(name)
    assert getattr(made, f"to_{form}")(tmp_path / f"pack.{form}").stat().st_size > 1000


def test_a_chart_of_nothing_is_a_sentence(still: Pack) -> None:
    page = next(page for page in still.pages if page.id == "t9q")
    assert page.charts == ()
    assert "ARR won and lost: 0 throughout (Q3 2024 to Q3 2026)." in page.missing


def test_titles_say_what_there_is(still: Pack, gone: Pack) -> None:
    titles = {page.id: page.title for page in still.pages}
    assert titles["bridge"] == "ARR stayed at $6,000 in Q3 2026"
    left = {page.id: page.title for page in gone.pages}
    assert left["retention"] == "0 customers paid a year before Q3 2026: NRR and GRR have no value"
    assert not gone.lint()


def test_a_difference_that_shows_0_is_neither_good_nor_bad(still: Pack) -> None:
    tiles = {tile.name: tile_view(still, tile) for tile in still.pages[0].tiles}
    delta = tiles["NRR"].deltas[0]
    assert (delta.text, delta.verdict, delta.mark) == ("0.0 pp", "", "")


def test_small_and_large_amounts_keep_digits_to_compare() -> None:
    gap = Quantity("a", "A", -0.0004, "ratio", signed=True)
    assert said(gap, "USD") == "0.0%"
    assert shown(Quantity("a", "A", 4_210_000.0, "money"), "M") == "4.2"
    assert shown(Quantity("a", "A", 0.042, "multiple")) == "0.04x"

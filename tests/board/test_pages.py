"""The pages of a pack say what their numbers are shares of, and at which age."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics import success
from saasmetrics.board import Pack
from saasmetrics.board.model import Page
from saasmetrics.board.views import table_view


def page(pack: Pack, name: str) -> Page:
    return next(page for page in pack.pages if page.id == name)


def test_mrr_and_customers_of_cohorts_are_of_the_same_quarters_at_the_same_age(
    pack: Pack, pack_book: sm.Book
) -> None:
    closed = pack_book.as_of("2026-09-30")
    said = []
    for measure in ("net", "logos"):
        average = sm.retention.cohorts(closed, measure=measure, freq="Q").extra["average"]
        said.append(f"{average.set_index('age').loc[4, 'value']:.1%}")
    assert page(pack, "cohorts").title == (
        f"Cohorts keep {said[0]} of their MRR and {said[1]} of their customers after 4 quarters"
    )


def test_both_numbers_of_the_headline_of_cohorts_stand_in_the_triangle(pack: Pack) -> None:
    cohorts = page(pack, "cohorts")
    averages = [row for row in table_view(pack, cohorts.tables[0]).rows if row.style == "sum"]
    assert [row.cells[5].text in cohorts.title for row in averages] == [True, True]


def test_shares_of_customer_health_say_that_they_are_of_the_scored_customers(pack: Pack) -> None:
    health = page(pack, "health")
    assert "% of the ARR of scored customers, is with customers in danger" in health.title
    assert health.tiles[1].name == "Share of scored customers"
    assert health.tables[0].columns[2] == "Share of scored"
    held = pack.quantities.items()
    shares = [each.label for key, each in held if key.startswith("health") and "share" in key]
    assert len(shares) == 4
    assert all("scored customers" in label for label in shares)


def test_where_nobody_is_in_danger_the_page_of_health_says_so_without_an_empty_table(
    monkeypatch: pytest.MonkeyPatch, pack_book: sm.Book
) -> None:
    asked = success.health

    def well(*args: Any, **options: Any) -> Any:
        made = asked(*args, **options)
        band = made.df["band"].replace("red", "amber")
        return replace(made, df=made.df.assign(band=band))

    monkeypatch.setattr(success, "health", well)
    made = page(sm.board.pack(pack_book, settings={"pages": ["health"]}), "health")
    assert re.match(r"None of the \d+ scored customers is in danger; [\d.]+% of", made.title)
    assert [table.id for table in made.tables] == ["health"]


def test_averages_of_more_cohorts_than_are_shown_say_of_how_many_they_are(pack: Pack) -> None:
    made = page(pack, "cohorts")
    shown = [row for row in made.tables[0].rows if row.style != "sum"]
    assert len(shown) == 12
    of = re.search(r"The latest 12 of (\d+) cohorts are shown", made.footnote)
    assert of is not None
    assert f"Average of all {of[1]} cohorts" in [row.label for row in made.tables[0].rows]

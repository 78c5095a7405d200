"""What charts say of few customers, of nobody and of nothing: no more than there is."""

from __future__ import annotations

import pytest

import saasmetrics as sm


@pytest.fixture(scope="module")
def gone() -> sm.Book:
    """One customer that left in 2022, and one that came in September 2026."""
    rows = [("a", f"2022-{month:02}", 100.0) for month in range(1, 9)]
    rows += [("b", f"2026-{month:02}", 80.0) for month in (9, 10)]
    table = {
        name: [row[at] for row in rows] for at, name in enumerate(("customer_id", "month", "mrr"))
    }
    return sm.Book(mrr=table, currency="EUR", as_of="2026-10-31")


@pytest.fixture(scope="module")
def alone() -> sm.Book:
    """One customer since March 2025."""
    months = [f"2025-{month:02}" for month in range(3, 13)]
    table = {"customer_id": ["a"] * 10, "month": months, "mrr": [100.0] * 10}
    return sm.Book(mrr=table, currency="EUR", as_of="2025-12-31")


@pytest.fixture(scope="module")
def planned() -> sm.Book:
    return sm.demo(customers=50)


def title(result: sm.Result, part: str = "text") -> str:
    return " ".join(result.chart().to_dict()["title"][part])


def test_the_only_cohort_of_quarters_is_named_by_its_quarter(alone: sm.Book) -> None:
    said = str(sm.revenue.layers(alone, freq="Q").chart().to_dict())
    assert "Q1 2025  €100" in said
    assert "Jan 2025" not in said


def test_labels_at_the_ends_of_a_layer_cake_are_not_pushed_into_their_neighbors(
    gone: sm.Book,
) -> None:
    made = sm.revenue.layers(gone, freq="Q").chart().to_dict()
    assert made["layer"][0]["encoding"]["x"]["axis"]["labelFlush"] is False


def test_one_cohort_is_not_called_cohorts(alone: sm.Book) -> None:
    made = sm.retention.cohorts(alone, measure="mrr", freq="Q")
    assert title(made) == "MRR by age of 1 cohort"


def test_the_axis_of_no_money_has_no_cents(gone: sm.Book) -> None:
    made = sm.revenue.mrr(gone.between("2024-01", "2024-12")).chart().to_dict()
    axes = [layer["encoding"]["y"].get("axis") for layer in made["layer"]]
    assert "€5" in str(axes)
    assert "€0." not in str(axes)


def test_the_sentence_over_a_rate_without_a_value_says_so_as_its_text_does(gone: sm.Book) -> None:
    made = sm.retention.nrr(gone)
    assert made.text.startswith("no value")
    assert title(made) == "NRR has no value in Oct 2026; it was 0.0% in Aug 2023"


def test_a_bridge_of_groups_says_that_it_adds_them_up(planned: sm.Book) -> None:
    said = title(sm.revenue.bridge(planned, by="plan", freq="Q"), "subtitle")
    assert "The groups by plan are added up" in said
    assert "USD, by plan" not in said
